/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * folder.c - the files of a folder, put into an image in the order of the bytes of their names.
 * Symbolic links go into it as links; what they point to is never read. What else is no file and no
 * folder is refused, so that an image is never less than its folder.
 */
#include "iso.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers/errno-status.h"
#include "writer.h"

#define MAX_ENTRIES 100000u
#define CHUNK       ((size_t)256 << 10)
/* Eight levels, the root among them. What lies deeper would have to be moved elsewhere in the image,
 * and libarchive (3.6.2) can crash doing that. */
#define MAX_DEPTH 8u

struct walk {
    struct tarn_call *call;
    struct iso_writer *writer;
    uint32_t entries;
    uint32_t depth;
    uint8_t *buffer;
    char path[PATH_MAX]; /* in the image, of what is being added; "" = the folder itself */
};

/* --- files ------------------------------------------------------------------------------------ */

static int32_t fail_file(struct walk *walk, const char *what)
{
    return tarn_fail(walk->call, status_from_errno(errno), errno, "cannot %s %s in the folder",
                     what, walk->path);
}

static int32_t add_link(struct walk *walk, int folder, const char *name,
                        const struct stat *facts)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(folder, name, target, sizeof(target) - 1);

    if (length < 0)
        return fail_file(walk, "read the link");
    target[length] = '\0';
    return iso_writer_add(walk->writer, walk->path, facts, target);
}

/* As many bytes as the file had when it was looked at. */
static int32_t add_content(struct walk *walk, int fd, uint64_t size)
{
    while (size > 0) {
        ssize_t got = read(fd, walk->buffer, size < CHUNK ? size : CHUNK);
        int32_t status = tarn_interrupted(walk->call);

        if (status != TARN_OK)
            return status;
        if (got < 0)
            return fail_file(walk, "read");
        if (got == 0)
            return tarn_fail(walk->call, TARN_E_BUSY, 0,
                             "%s became shorter while it was read: try again when nobody writes to "
                             "the folder", walk->path);
        status = iso_writer_data(walk->writer, walk->path, walk->buffer, (uint64_t)got);
        if (status != TARN_OK)
            return status;
        size -= (uint64_t)got;
    }
    return TARN_OK;
}

static int32_t add_file(struct walk *walk, int fd, const struct stat *facts)
{
    int32_t status = iso_writer_add(walk->writer, walk->path, facts, NULL);

    return status == TARN_OK ? add_content(walk, fd, (uint64_t)facts->st_size) : status;
}

/* --- folders ---------------------------------------------------------------------------------- */

static int32_t add_folder(struct walk *walk, int fd);

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static int32_t keep_name(struct walk *walk, char ***names, size_t count, const char *name)
{
    char **more = *names;

    if (++walk->entries > MAX_ENTRIES)
        return tarn_fail(walk->call, TARN_E_INVALID, 0,
                         "the folder holds more than %u files and folders: an image that large is "
                         "made with xorriso", MAX_ENTRIES);
    if ((count & (count - 1)) == 0) /* the room doubles */
        more = realloc(*names, (count > 0 ? count * 2 : 1) * sizeof(*more));
    if (more == NULL || (*names = more, more[count] = strdup(name)) == NULL)
        return tarn_fail(walk->call, TARN_E_INTERNAL, 0, "no memory to list a folder");
    return TARN_OK;
}

/* Takes the descriptor. */
static int32_t list_folder(struct walk *walk, int fd, char ***out, size_t *out_count)
{
    DIR *folder = fdopendir(fd);
    struct dirent *entry;
    int32_t status = TARN_OK;

    *out = NULL;
    *out_count = 0;
    if (folder == NULL) {
        status = fail_file(walk, "list");
        close(fd);
        return status;
    }
    while (status == TARN_OK && (errno = 0, entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        status = keep_name(walk, out, *out_count, entry->d_name);
        *out_count += status == TARN_OK;
    }
    if (status == TARN_OK && errno != 0)
        status = fail_file(walk, "list");
    closedir(folder);
    if (status == TARN_OK && *out_count > 1)
        qsort(*out, *out_count, sizeof(**out), by_bytes);
    return status;
}

/* Opened without following links or waiting for anybody, and looked at again once it is open. */
static int32_t add_opened(struct walk *walk, int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat facts;
    int32_t status;

    if (fd < 0 || fstat(fd, &facts) < 0)
        status = fail_file(walk, "open");
    else if (S_ISDIR(facts.st_mode) && walk->depth < MAX_DEPTH) {
        status = iso_writer_add(walk->writer, walk->path, &facts, NULL);
        if (status == TARN_OK)
            status = add_folder(walk, fd);
    } else if (S_ISREG(facts.st_mode))
        status = add_file(walk, fd, &facts);
    else
        status = tarn_fail(walk->call, TARN_E_BUSY, 0, "%s was replaced while it was read",
                           walk->path);
    if (fd >= 0)
        close(fd);
    return status;
}

static int32_t add_entry(struct walk *walk, int folder, const char *name)
{
    struct stat facts;

    if (fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_file(walk, "look at");
    if (S_ISLNK(facts.st_mode))
        return add_link(walk, folder, name, &facts);
    if (S_ISDIR(facts.st_mode) && walk->depth == MAX_DEPTH)
        return tarn_fail(walk->call, TARN_E_INVALID, 0,
                         "%s in the folder lies deeper than the %u levels that ISO 9660 has: move "
                         "it up", walk->path, MAX_DEPTH);
    if (S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode))
        return add_opened(walk, folder, name);
    return tarn_fail(walk->call, TARN_E_INVALID, 0,
                     "%s in the folder is no file, folder or link: take it out of there",
                     walk->path);
}

/* Appends "/name" to the path, calls add_entry, and takes it off again. */
static int32_t add_named(struct walk *walk, int folder, const char *name)
{
    size_t before = strlen(walk->path);
    int added = snprintf(walk->path + before, sizeof(walk->path) - before, "%s%s",
                         before > 0 ? "/" : "", name);
    int32_t status = tarn_interrupted(walk->call);

    if (status == TARN_OK && (size_t)added >= sizeof(walk->path) - before)
        status = tarn_fail(walk->call, TARN_E_INVALID, 0,
                           "a path in the folder is longer than %u bytes", PATH_MAX);
    if (status == TARN_OK && mbstowcs(NULL, name, 0) == (size_t)-1) {
        walk->path[before] = '\0'; /* what is shown shall be text */
        status = tarn_fail(walk->call, TARN_E_INVALID, 0,
                           "a name in the folder%s%s is no UTF-8: rename it",
                           before > 0 ? ", under " : "", walk->path);
    }
    if (status == TARN_OK)
        status = add_entry(walk, folder, name);
    walk->path[before] = '\0';
    return status;
}

/* Everything in it; the descriptor stays the caller's. */
static int32_t add_folder(struct walk *walk, int fd)
{
    char **names = NULL;
    size_t count = 0;
    int copy;
    int32_t status;

    copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return fail_file(walk, "list");
    walk->depth++;
    status = list_folder(walk, copy, &names, &count);
    for (size_t i = 0; i < count && status == TARN_OK; i++)
        status = add_named(walk, fd, names[i]);
    walk->depth--;
    free_names(names, count);
    return status;
}

/* --- the image -------------------------------------------------------------------------------- */

static int32_t add_all(struct walk *walk, const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int32_t status;

    if (fd < 0)
        return tarn_fail(walk->call, status_from_errno(errno), errno, "cannot open the folder %s",
                         folder);
    status = add_folder(walk, fd);
    close(fd);
    return status;
}

static int32_t make_image(struct walk *walk, struct tarn_io *file, const char *folder,
                          const char *label, uint64_t room, uint64_t *out_length)
{
    int32_t status = iso_writer_open(walk->call, file, label, room, &walk->writer);

    if (status == TARN_OK)
        status = add_all(walk, folder);
    if (status == TARN_OK)
        status = iso_writer_finish(walk->writer, out_length);
    iso_writer_free(walk->writer);
    return status;
}

/* Names are UTF-8 whatever the application's locale is; only this thread sees that. */
int32_t iso_master(struct tarn_call *call, struct tarn_io *file, const char *folder,
                   const char *volume_id, uint64_t room, uint64_t *out_length)
{
    struct walk *walk = calloc(1, sizeof(*walk));
    uint8_t *buffer = malloc(CHUNK);
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before;
    int32_t status;

    *out_length = 0;
    if (walk == NULL || buffer == NULL || utf8 == (locale_t)0) {
        status = tarn_fail(call, TARN_E_INTERNAL, 0,
                           "no memory to make an iso image, or no locale C.UTF-8");
    } else {
        walk->call = call;
        walk->buffer = buffer;
        before = uselocale(utf8);
        status = make_image(walk, file, folder, volume_id, room, out_length);
        uselocale(before);
    }
    if (utf8 != (locale_t)0)
        freelocale(utf8);
    free(buffer);
    free(walk);
    return status;
}
