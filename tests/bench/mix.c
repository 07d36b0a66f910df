/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Many images out of a few: copies of every file of a folder.
 */
#include "tests/bench/mix.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_SAMPLES 64

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Holes stay holes. */
static void copy(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    struct stat known;
    off_t data = 0;

    if (in < 0 || out < 0 || fstat(in, &known) < 0 || ftruncate(out, known.st_size) < 0)
        fail(to);
    while ((data = lseek(in, data, SEEK_DATA)) >= 0) {
        off_t hole = lseek(in, data, SEEK_HOLE);
        off_t at = data;

        while (data < hole)
            if (copy_file_range(in, &data, out, &at, (size_t)(hole - data), 0) <= 0)
                fail(to);
    }
    close(in);
    close(out);
}

/* A base has its own name in the images that rest on it, and is there once. */
static int is_base(const char *name)
{
    return strstr(name, "-base.") != NULL;
}

void mix_fill(const char *folder, const char *samples, unsigned count)
{
    struct dirent **entries;
    char from[600];
    char to[600];
    int total = scandir(samples, &entries, is_visible, alphasort);
    unsigned made = 0;
    int index = 0;

    if (total <= 0 || total > MOST_SAMPLES)
        fail(samples);
    while (made < count) {
        const char *name = entries[index]->d_name;
        int once = is_base(name);

        snprintf(from, sizeof(from), "%s/%s", samples, name);
        if (once)
            snprintf(to, sizeof(to), "%s/%s", folder, name);
        else
            snprintf(to, sizeof(to), "%s/vol%05u.%s", folder, made, name);
        if (!once || access(to, F_OK) < 0) {
            copy(from, to);
            made++;
        }
        index = (index + 1) % total;
    }
    while (total > 0)
        free(entries[--total]);
    free(entries);
}
