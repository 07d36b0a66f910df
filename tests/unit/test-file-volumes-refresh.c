/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of file-volumes-refresh.c and file-volumes-tell.c: what is told of volumes, by a refresh
 * and by a lookup.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/test-file-volumes-fixture.h"
#include "tests/unit/unit.h"

static void plain_file(void)
{
    struct fixture f;
    const struct fake_volume *v;
    struct stat st;

    fixture_begin(&f);
    f.host.read_through_io = true;
    fixture_put(&f, "pool/a", "0123456789");
    chmod(fixture_path(&f, "pool/a"), 0640);
    stat(f.path, &st);
    v = fixture_refreshed(&f, "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    CU_ASSERT_STRING_EQUAL(v->path, f.path);
    CU_ASSERT_STRING_EQUAL(v->type, "file");
    CU_ASSERT_PTR_NULL(v->format);
    CU_ASSERT_EQUAL(v->status, TARN_VOLUME_OK);
    CU_ASSERT_EQUAL(v->capacity, 10);
    CU_ASSERT_EQUAL(v->physical, 10);
    CU_ASSERT_EQUAL(v->allocation, (uint64_t)st.st_blocks * 512);
    CU_ASSERT_EQUAL(v->mode, 0640);
    CU_ASSERT_EQUAL(v->owner, st.st_uid);
    CU_ASSERT_EQUAL(v->head_length, 10);
    CU_ASSERT_EQUAL(memcmp(v->head, "0123456789", 10), 0);
    CU_ASSERT_EQUAL(v->io_size, 10);
    CU_ASSERT_TRUE(v->io_reads);
    CU_ASSERT_EQUAL(v->mtime, st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec);
    CU_ASSERT_EQUAL(v->identity.device, st.st_dev);
    CU_ASSERT_EQUAL(v->identity.inode, st.st_ino);
    CU_ASSERT_EQUAL(v->identity.size, 10);
    CU_ASSERT_EQUAL(v->identity.mtime, v->mtime);
    CU_ASSERT_EQUAL(v->identity.ctime, v->ctime);
    CU_ASSERT_EQUAL(f.host.pool_infos, 1);
    fixture_end(&f);
}

static void empty_file(void)
{
    struct fixture f;
    const struct fake_volume *v;

    fixture_begin(&f);
    f.host.read_through_io = true;
    fixture_put(&f, "pool/a", "");
    v = fixture_refreshed(&f, "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    CU_ASSERT_EQUAL(v->status, TARN_VOLUME_OK);
    CU_ASSERT_EQUAL(v->head_length, 0);
    CU_ASSERT_EQUAL(v->io_size, 0);
    fixture_end(&f);
}

static void large_file_gives_4096_bytes(void)
{
    struct fixture f;
    const struct fake_volume *v;

    fixture_begin(&f);
    f.host.read_through_io = true;
    fixture_put(&f, "pool/a", "x");
    CU_ASSERT_EQUAL(truncate(fixture_path(&f, "pool/a"), 1 << 20), 0);
    v = fixture_refreshed(&f, "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    CU_ASSERT_EQUAL(v->head_length, 4096);
    CU_ASSERT_TRUE(v->io_reads);
    fixture_end(&f);
}

static void sub_directory(void)
{
    struct fixture f;
    const struct fake_volume *v;

    fixture_begin(&f);
    mkdir(fixture_path(&f, "pool/sub"), 0755);
    fixture_put(&f, "pool/sub/inner", "x");
    v = fixture_refreshed(&f, "sub");
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    CU_ASSERT_EQUAL(v->status, TARN_VOLUME_OK);
    CU_ASSERT_STRING_EQUAL(v->type, "dir");
    CU_ASSERT_STRING_EQUAL(v->format, "dir");
    CU_ASSERT_EQUAL(v->capacity + v->allocation + v->physical, 0);
    CU_ASSERT_EQUAL(f.host.volume_count, 1);
    fixture_end(&f);
}

static void hidden_file_is_listed(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "pool/.hidden", "x");
    CU_ASSERT_PTR_NOT_NULL(fixture_refreshed(&f, ".hidden"));
    fixture_end(&f);
}

static void times_beyond_64_bits(void)
{
    struct timespec times[2] = { { INT64_MAX / 4, 0 }, { INT64_MIN / 4, 0 } };
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "pool/a", "x");
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, fixture_path(&f, "pool/a"), times, 0), 0);
    CU_ASSERT_PTR_NOT_NULL(fixture_refreshed(&f, "a"));
    fixture_end(&f);
}

static void odd_names(void)
{
    static const char *const names[] = { "line\nbreak", "\x01", "bad\xff\xfeutf", " ", "-n", "a:b",
                                         ".tarn-x.part", "caf\xc3\xa9" };
    char longest[NAME_MAX + 1], path[NAME_MAX + 16];
    struct fixture f;
    size_t i;

    fixture_begin(&f);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "pool/%s", names[i]);
        fixture_put(&f, path, "x");
    }
    memset(longest, 'n', NAME_MAX);
    longest[NAME_MAX] = '\0';
    snprintf(path, sizeof(path), "pool/%s", longest);
    fixture_put(&f, path, "x");
    fixture_refreshed(&f, "");
    CU_ASSERT_EQUAL(f.host.volume_count, i + 1);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CU_ASSERT_PTR_NOT_NULL(fake_pool_host_volume(&f.host, names[i]));
    CU_ASSERT_PTR_NOT_NULL(fake_pool_host_volume(&f.host, longest));
    fixture_end(&f);
}

static void temporary_names_are_hidden(void)
{
    static const char name[] = ".tarn-0123456789abcdef.part";
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "pool/.tarn-0123456789abcdef.part", "x");
    fixture_refreshed(&f, "");
    CU_ASSERT_EQUAL(f.host.volume_count, 0);
    CU_ASSERT_EQUAL(file_volumes_volume_lookup(&f.host.call, f.pool, name), TARN_E_NOT_FOUND);
    fixture_end(&f);
}

static void second_refresh_asks_only_stat(void)
{
    struct fixture f;
    const struct fake_volume *v;

    fixture_begin(&f);
    fixture_put(&f, "pool/a", "x");
    fixture_put(&f, "pool/b", "x");
    mkdir(fixture_path(&f, "pool/sub"), 0700);
    CU_ASSERT_EQUAL(symlink("a", fixture_path(&f, "pool/link")), 0);
    fixture_refreshed(&f, "");
    CU_ASSERT_EQUAL(f.host.volume_count, 4);
    fake_pool_host_learn(&f.host);
    CU_ASSERT_EQUAL(file_volumes_refresh(&f.host.call, f.pool), TARN_OK);
    CU_ASSERT_EQUAL(f.host.volume_count, 0);
    CU_ASSERT_EQUAL(f.host.known_hits, 4);
    CU_ASSERT_EQUAL(truncate(fixture_path(&f, "pool/b"), 7), 0);
    v = fixture_refreshed(&f, "b");
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    CU_ASSERT_EQUAL(v->capacity, 7);
    CU_ASSERT_EQUAL(f.host.volume_count, 1);
    fixture_end(&f);
}

static void unlink_others(struct fake_pool_host *host, const char *name)
{
    char path[PATH_MAX];
    int i;

    for (i = 0; i < 100; i++) {
        snprintf(path, sizeof(path), "%s/v%d", host->pool.target_path, i);
        if (strcmp(strrchr(path, '/') + 1, name) != 0)
            unlink(path);
    }
}

static void files_that_vanish_meanwhile(void)
{
    struct fixture f;
    char name[16];
    int i;

    fixture_begin(&f);
    for (i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "pool/v%d", i);
        fixture_put(&f, name, "x");
    }
    f.host.on_emit = unlink_others;
    CU_ASSERT_EQUAL(file_volumes_refresh(&f.host.call, f.pool), TARN_OK);
    CU_ASSERT_EQUAL(f.host.volume_count, 1);
    fixture_end(&f);
}

static void directory_that_is_gone(void)
{
    struct fixture f;

    fixture_begin(&f);
    rmdir(f.dir);
    CU_ASSERT_EQUAL(file_volumes_refresh(&f.host.call, f.pool), TARN_E_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "/pool is gone: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "/pool does not exist"));
    CU_ASSERT_EQUAL(f.host.system_errno, ENOENT);
    mkdir(f.dir, 0755);
    fixture_put(&f, "pool/a", "x");
    CU_ASSERT_PTR_NOT_NULL(fixture_refreshed(&f, "a"));
    fixture_end(&f);
}

static void lookup_of_one(void)
{
    struct fixture f;

    fixture_begin(&f);
    fixture_put(&f, "pool/a", "x");
    fixture_put(&f, "pool/b", "x");
    CU_ASSERT_EQUAL(file_volumes_volume_lookup(&f.host.call, f.pool, "a"), TARN_OK);
    CU_ASSERT_EQUAL(f.host.volume_count, 1);
    CU_ASSERT_EQUAL(file_volumes_volume_lookup(&f.host.call, f.pool, "c"), TARN_E_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.host.text, "there is no volume \"c\""));
    fixture_end(&f);
}

static void lookup_never_leaves_the_directory(void)
{
    static const char *const names[] = { "../elsewhere", "..", ".", "", "/etc/passwd",
                                         "sub/inner" };
    struct fixture f;
    size_t i;

    fixture_begin(&f);
    fixture_put(&f, "elsewhere", "x");
    mkdir(fixture_path(&f, "pool/sub"), 0700);
    fixture_put(&f, "pool/sub/inner", "x");
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CU_ASSERT_EQUAL(file_volumes_volume_lookup(&f.host.call, f.pool, names[i]),
                        TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(f.host.volume_count, 0);
    fixture_end(&f);
}

static void ten_thousand_files(void)
{
    struct fixture f;
    int i, fd, directory;
    char name[32];

    fixture_begin(&f);
    directory = open(f.dir, O_PATH | O_CLOEXEC);
    for (i = 0; i < 10000; i++) {
        snprintf(name, sizeof(name), "volume-%d", i);
        fd = openat(directory, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        close(fd);
    }
    close(directory);
    CU_ASSERT_EQUAL(file_volumes_refresh(&f.host.call, f.pool), TARN_OK);
    CU_ASSERT_EQUAL(f.host.volume_count, 10000);
    fixture_end(&f);
}

static void cancelled(void)
{
    struct fixture f;
    char name[16];
    int i;

    fixture_begin(&f);
    for (i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "pool/v%d", i);
        fixture_put(&f, name, "x");
    }
    f.host.interrupt_after = 3;
    CU_ASSERT_EQUAL(file_volumes_refresh(&f.host.call, f.pool), TARN_E_CANCELLED);
    CU_ASSERT_TRUE(f.host.volume_count < 200);
    fixture_end(&f);
}

static const struct unit_test tests[] = {
    { "a file is told with sizes, permissions, times, identity and head", plain_file },
    { "an empty file is a volume", empty_file },
    { "of a large file the first 4096 bytes come along", large_file_gives_4096_bytes },
    { "a sub-directory is a volume without size, and is not descended", sub_directory },
    { "a hidden file is listed", hidden_file_is_listed },
    { "times that 64 bits cannot hold do no harm", times_beyond_64_bits },
    { "names of all kinds of bytes are listed as they are", odd_names },
    { "temporary names are never seen", temporary_names_are_hidden },
    { "what the host knows is not opened again, what has changed is",
      second_refresh_asks_only_stat },
    { "files that vanish meanwhile are left out", files_that_vanish_meanwhile },
    { "a directory that is gone is told, and found again when it is back", directory_that_is_gone },
    { "a lookup tells one volume, or that there is none", lookup_of_one },
    { "a lookup never leaves the directory", lookup_never_leaves_the_directory },
    { "10,000 files are 10,000 volumes", ten_thousand_files },
    { "a refresh can be cancelled", cancelled },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("file-volumes-refresh", tests);
}
