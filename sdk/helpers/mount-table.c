/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mount-table.c - what is mounted where, from /proc/self/mountinfo: the kernel's own word, for
 * which no filesystem is asked. A mount point is never touched here, not even by lstat(2): on a
 * network filesystem that alone can wait for the server.
 */
#include "helpers/mount-internal.h"

#include <errno.h>
#include <libmount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "helpers/errno-status.h"

#define TABLE "/proc/self/mountinfo"
#define LINKS_MAX 40 /* that lead to each other, as for the kernel */

/* --- the table -------------------------------------------------------------------------------- */

static int32_t read_table(struct tarn_call *call, struct libmnt_table **out)
{
    struct libmnt_table *table = mnt_new_table();
    int error = table != NULL ? -mnt_table_parse_file(table, TABLE) : ENOMEM;

    if (error != 0) {
        mnt_unref_table(table);
        return tarn_fail(call, status_from_errno(error), error, "%s cannot be read", TABLE);
    }
    *out = table;
    return TARN_OK;
}

/* What is topmost at `path`: what nothing at the same place has as its parent. */
static struct libmnt_fs *topmost(struct libmnt_table *table, const char *path)
{
    struct libmnt_fs *fs = mnt_table_find_target(table, path, MNT_ITER_BACKWARD);
    struct libmnt_fs *above = NULL;

    while (fs != NULL && mnt_table_over_fs(table, fs, &above) == 0 && above != NULL) {
        fs = above;
        above = NULL;
    }
    return fs;
}

/* The last mount that `is` of that number; NULL if none is. */
static struct libmnt_fs *last_with(struct libmnt_table *table,
                                   bool (*is)(struct libmnt_fs *fs, uint64_t number),
                                   uint64_t number)
{
    struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_BACKWARD);
    struct libmnt_fs *fs, *found = NULL;

    while (iter != NULL && found == NULL && mnt_table_next_fs(table, iter, &fs) == 0)
        if (is(fs, number))
            found = fs;
    mnt_free_iter(iter);
    return found;
}

static bool has_id(struct libmnt_fs *fs, uint64_t id)
{
    return (uint64_t)mnt_fs_get_id(fs) == id;
}

/* Some filesystems (btrfs) have a number of their own: then their source's counts. */
static bool is_of_device(struct libmnt_fs *fs, uint64_t device)
{
    const char *source = mnt_fs_get_srcpath(fs);
    struct stat st;

    return mnt_fs_get_devno(fs) == device ||
           (source != NULL && strncmp(source, "/dev/", 5) == 0 && stat(source, &st) == 0 &&
            S_ISBLK(st.st_mode) && st.st_rdev == device);
}

/* --- an entry of it --------------------------------------------------------------------------- */

/* The file behind the loop device `source`; NULL if it is none, or it cannot be told. */
static char *file_behind(const char *source)
{
    char path[64], file[PATH_MAX];
    struct stat st;
    FILE *stream;
    char *line;

    if (strncmp(source, "/dev/loop", 9) != 0 || stat(source, &st) < 0 || !S_ISBLK(st.st_mode))
        return NULL;
    snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/loop/backing_file", major(st.st_rdev),
             minor(st.st_rdev));
    stream = fopen(path, "re");
    if (stream == NULL)
        return NULL;
    line = fgets(file, sizeof(file), stream);
    fclose(stream);
    if (line == NULL)
        return NULL;
    file[strcspn(file, "\n")] = '\0';
    return strdup(file);
}

static char *copy(const char *text)
{
    return strdup(text != NULL ? text : "");
}

static int32_t entry_fill(struct tarn_call *call, struct libmnt_fs *fs, struct mount_entry *out)
{
    const char *source = mnt_fs_get_source(fs);

    *out = (struct mount_entry){
        .id = (uint64_t)mnt_fs_get_id(fs),
        .device = mnt_fs_get_devno(fs),
        .source = source != NULL ? file_behind(source) : NULL,
        .type = copy(mnt_fs_get_fstype(fs)),
        .options = copy(mnt_fs_get_options(fs)),
        .root = copy(mnt_fs_get_root(fs)),
        .target = copy(mnt_fs_get_target(fs)),
    };
    if (out->source == NULL)
        out->source = copy(source);
    if (out->source != NULL && out->type != NULL && out->options != NULL && out->root != NULL &&
        out->target != NULL)
        return TARN_OK;
    mount_entry_clear(out);
    return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for the table of mounts");
}

void mount_entry_clear(struct mount_entry *entry)
{
    free(entry->source);
    free(entry->type);
    free(entry->options);
    free(entry->root);
    free(entry->target);
    *entry = (struct mount_entry){ .id = 0 };
}

/* --- names ------------------------------------------------------------------------------------ */

/* The folder that `path` lies in, resolved, and its last component: what has to be known of a mount
 * point without touching it. False, with errno, if there is no such folder. */
static bool resolve_parent(const char *path, char out[PATH_MAX])
{
    char parent[PATH_MAX], folder[PATH_MAX];
    const char *last = strrchr(path, '/');
    int length;

    if (last == NULL || last[1] == '\0' || strcmp(last, "/.") == 0 || strcmp(last, "/..") == 0)
        return realpath(path, out) != NULL;
    length = snprintf(parent, sizeof(parent), "%.*s", (int)(last - path), path);
    if (length >= (int)sizeof(parent)) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (realpath(length > 0 ? parent : "/", folder) == NULL)
        return false;
    length = snprintf(out, PATH_MAX, "%s%s", strcmp(folder, "/") == 0 ? "" : folder, last);
    if (length < PATH_MAX)
        return true;
    errno = ENAMETOOLONG;
    return false;
}

/* Where the link `path` leads; false if it is none. */
static bool follow_link(const char *path, char out[PATH_MAX])
{
    char text[PATH_MAX];
    ssize_t length = readlink(path, text, sizeof(text) - 1);
    int written;

    if (length <= 0)
        return false;
    text[length] = '\0';
    if (text[0] == '/')
        written = snprintf(out, PATH_MAX, "%s", text);
    else
        written = snprintf(out, PATH_MAX, "%.*s/%s", (int)(strrchr(path, '/') - path), path, text);
    return written < PATH_MAX;
}

/* Finds what is mounted at `target` whatever links lead there; NULL if nothing is. Only what is in
 * the table is a mount point, and only what is none is looked at. */
static struct libmnt_fs *find(struct libmnt_table *table, const char *target)
{
    char path[PATH_MAX], next[PATH_MAX];
    struct libmnt_fs *fs = NULL;
    int links;

    if (snprintf(next, sizeof(next), "%s", target) >= (int)sizeof(next))
        return NULL;
    for (links = 0; links < LINKS_MAX; links++) {
        if (!resolve_parent(next, path))
            return NULL;
        fs = topmost(table, path);
        if (fs != NULL || !follow_link(path, next))
            return fs;
    }
    return NULL;
}

/* --- what others ask -------------------------------------------------------------------------- */

static int32_t find_with(struct tarn_call *call, bool (*is)(struct libmnt_fs *fs, uint64_t number),
                         uint64_t number, struct mount_entry *out, bool *out_found)
{
    struct libmnt_table *table;
    struct libmnt_fs *fs;
    int32_t status = read_table(call, &table);

    *out = (struct mount_entry){ .id = 0 };
    *out_found = false;
    if (status != TARN_OK)
        return status;
    fs = last_with(table, is, number);
    *out_found = fs != NULL;
    if (fs != NULL)
        status = entry_fill(call, fs, out);
    mnt_unref_table(table);
    return status;
}

int32_t mount_find_id(struct tarn_call *call, uint64_t id, struct mount_entry *out, bool *out_found)
{
    return find_with(call, has_id, id, out, out_found);
}

int32_t mount_find_device(struct tarn_call *call, uint64_t device, struct mount_entry *out,
                          bool *out_found)
{
    return find_with(call, is_of_device, device, out, out_found);
}

int32_t mount_find(struct tarn_call *call, const char *target, struct mount_entry *out,
                   bool *out_found)
{
    struct libmnt_table *table;
    struct libmnt_fs *fs;
    int32_t status = read_table(call, &table);

    *out = (struct mount_entry){ .id = 0 };
    *out_found = false;
    if (status != TARN_OK)
        return status;
    fs = find(table, target);
    *out_found = fs != NULL;
    if (fs != NULL)
        status = entry_fill(call, fs, out);
    mnt_unref_table(table);
    return status;
}

int32_t mount_each_beneath(struct tarn_call *call, uint64_t id,
                           bool (*tell)(void *arg, const char *path), void *arg)
{
    struct libmnt_table *table;
    struct libmnt_iter *iter;
    struct libmnt_fs *fs;
    bool more = true;
    int32_t status = read_table(call, &table);

    if (status != TARN_OK)
        return status;
    iter = mnt_new_iter(MNT_ITER_FORWARD);
    if (iter == NULL)
        status = tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for the table of mounts");
    while (iter != NULL && more && mnt_table_next_fs(table, iter, &fs) == 0)
        if ((uint64_t)mnt_fs_get_parent_id(fs) == id)
            more = tell(arg, mnt_fs_get_target(fs));
    mnt_free_iter(iter);
    mnt_unref_table(table);
    return status;
}
