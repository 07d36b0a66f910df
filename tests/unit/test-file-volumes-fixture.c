/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A pool on a scratch directory.
 */
#include "tests/unit/test-file-volumes-fixture.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static void need(bool good, const char *what)
{
    if (!good) {
        perror(what);
        exit(99);
    }
}

void fixture_begin(struct fixture *fixture)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(fixture->top, sizeof(fixture->top), "%.40s/tarn-test-XXXXXX",
             tmp != NULL ? tmp : "/tmp");
    need(mkdtemp(fixture->top) != NULL, "mkdtemp");
    need(chmod(fixture->top, 0755) == 0, "chmod");
    snprintf(fixture->dir, sizeof(fixture->dir), "%s/pool", fixture->top);
    need(mkdir(fixture->dir, 0755) == 0 && chmod(fixture->dir, 0755) == 0, "mkdir");
    fake_pool_host_init(&fixture->host, fixture->dir);
    need(file_volumes_open(&fixture->host.call, &fixture->pool) == TARN_OK, "file_volumes_open");
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

void fixture_end(struct fixture *fixture)
{
    file_volumes_close(fixture->pool);
    fake_pool_host_fini(&fixture->host);
    nftw(fixture->top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fixture_path(struct fixture *fixture, const char *name)
{
    snprintf(fixture->path, sizeof(fixture->path), "%s/%s", fixture->top, name);
    return fixture->path;
}

void fixture_put(struct fixture *fixture, const char *name, const char *content)
{
    FILE *file = fopen(fixture_path(fixture, name), "w");

    need(file != NULL, fixture->path);
    need(fwrite(content, 1, strlen(content), file) == strlen(content), fixture->path);
    need(fclose(file) == 0, fixture->path);
}

const struct fake_volume *fixture_refreshed(struct fixture *fixture, const char *name)
{
    fake_pool_host_forget(&fixture->host);
    CU_ASSERT_EQUAL(file_volumes_refresh(&fixture->host.call, fixture->pool), TARN_OK);
    return fake_pool_host_volume(&fixture->host, name);
}

unsigned fixture_entries(const struct fixture *fixture)
{
    DIR *stream = opendir(fixture->dir);
    unsigned count = 0;

    if (stream == NULL)
        return 0;
    while (readdir(stream) != NULL)
        count++;
    closedir(stream);
    return count - 2; /* "." and ".." */
}

/* Only the effective user changes, so that there is a way back; the kernel takes the capabilities
 * away with it. */
bool become_nobody(void)
{
    return geteuid() == 0 && setegid(NOBODY) == 0 && seteuid(NOBODY) == 0;
}

void become_root(void)
{
    need(seteuid(0) == 0 && setegid(0) == 0, "seteuid");
}
