/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-traces.c - see pool-traces.h.
 */
#include "conform/pool-traces.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- lines, sorted ---------------------------------------------------------------------------- */

struct lines {
    struct trial *trial;
    char **list;
    size_t count;
    size_t room;
};

static void lines_add(struct lines *lines, char *line)
{
    if (lines->count == lines->room) {
        lines->room = lines->room * 2 + 16;
        lines->list = realloc(lines->list, lines->room * sizeof(*lines->list));
        trial_require(lines->trial, lines->list != NULL, "the kit itself is out of memory");
    }
    lines->list[lines->count++] = line;
}

static int by_letters(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static char *lines_join(struct lines *lines)
{
    size_t length = 1;
    char *text;
    char *end;

    if (lines->count > 0)
        qsort(lines->list, lines->count, sizeof(*lines->list), by_letters);
    for (size_t index = 0; index < lines->count; index++)
        length += strlen(lines->list[index]) + 1;
    text = trial_alloc(lines->trial, length);
    end = text;
    for (size_t index = 0; index < lines->count; index++) {
        end = stpcpy(stpcpy(end, lines->list[index]), "\n");
        free(lines->list[index]);
    }
    free(lines->list);
    return text;
}

/* The first line of `one` that `other` has not, or NULL. */
static char *line_missing(struct trial *trial, const char *one, const char *other)
{
    while (*one != '\0') {
        size_t length = strcspn(one, "\n");
        size_t other_length = strcspn(other, "\n");
        int order = *other == '\0'          ? -1
                    : length < other_length ? strncmp(one, other, length + 1)
                                            : strncmp(one, other, other_length + 1);

        if (order < 0)
            return trial_text(trial, "%.*s", (int)length, one);
        if (order == 0)
            one += length + 1;
        other += other_length + (*other != '\0');
    }
    return NULL;
}

/* --- files ------------------------------------------------------------------------------------ */

/* What an NFS client makes of a file that is deleted while it is open goes by itself, some time
 * after the file was closed (Linux, fs/nfs/unlink.c: "silly rename"). */
static bool goes_by_itself(const char *name)
{
    return strncmp(name, ".nfs", 4) == 0;
}

static void walk(struct lines *lines, const char *folder)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry;

    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        char *path = trial_text(lines->trial, "%s/%s", folder, entry->d_name);
        struct stat st;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            goes_by_itself(entry->d_name) || lstat(path, &st) < 0) {
            free(path);
            continue;
        }
        if (S_ISDIR(st.st_mode))
            walk(lines, path);
        lines_add(lines, path);
    }
    if (entries != NULL)
        closedir(entries);
}

/* --- descriptors ------------------------------------------------------------------------------ */

static char *descriptors(struct trial *trial)
{
    struct lines lines = { .trial = trial };
    DIR *entries = opendir("/proc/self/fd");
    const struct dirent *entry;

    trial_require(trial, entries != NULL, "the kit cannot read /proc/self/fd");
    while ((entry = readdir(entries)) != NULL) {
        char target[4096];
        ssize_t length = readlinkat(dirfd(entries), entry->d_name, target, sizeof(target) - 1);

        if (length < 0 || atoi(entry->d_name) == dirfd(entries))
            continue;
        target[length] = '\0';
        lines_add(&lines, trial_text(trial, "%s to %s", entry->d_name, target));
    }
    closedir(entries);
    return lines_join(&lines);
}

/* --- all -------------------------------------------------------------------------------------- */

void traces_take(struct traces *out, struct trial *trial)
{
    struct lines lines = { .trial = trial };

    memset(out, 0, sizeof(*out));
    walk(&lines, trial->folder);
    out->files = lines_join(&lines);
    out->descriptors = descriptors(trial);
}

/* Of files on a shared file system the space changes by itself. */
static uint64_t available(struct pool *pool)
{
    if (!(pool->type->flags & TARN_POOL_SIZED_CONTAINERS) ||
        (pool->type->flags & TARN_POOL_VOLUME_IS_FILE) || pool->type->info == NULL)
        return 0;
    pool_must(pool, pool_info(pool), "info");
    return pool->host->results.pool.available;
}

void traces_take_all(struct traces *out, struct pool *pool)
{
    traces_take(out, pool->trial);
    out->list = pool_list(pool);
    out->available = available(pool);
}

static void must_hold(struct trial *trial, const char *one, const char *other, const char *what,
                      const char *how)
{
    char *line = line_missing(trial, one, other);

    if (line != NULL)
        trial_fail(trial, "%s %s %s", what, how, line);
}

void traces_must_equal(struct trial *trial, const struct traces *before,
                       const struct traces *after, const char *what)
{
    const char *how = NULL;

    must_hold(trial, after->descriptors, before->descriptors, what, "left open the descriptor");
    must_hold(trial, before->descriptors, after->descriptors, what, "closed the descriptor");
    must_hold(trial, after->files, before->files, what, "left behind the file");
    must_hold(trial, before->files, after->files, what, "removed the file");
    if (before->list != NULL && after->list != NULL)
        how = listing_difference(trial, before->list, after->list);
    trial_require(trial, how == NULL, "%s changed the pool: %s", what, how);
    trial_require(trial, before->available == after->available,
                  "%s changed the space that is available from %llu to %llu", what,
                  (unsigned long long)before->available, (unsigned long long)after->available);
}
