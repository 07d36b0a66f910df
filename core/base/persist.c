/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Temp file, fsync, rename, fsync of the folder. The temp file has a name only where it replaces an
 * old one, for the moment between linkat and rename: an O_TMPFILE file cannot take a name that is
 * in use. File systems that know no files without a name (overlayfs, NFS, FUSE) get one from the
 * start.
 */
#include "core/base/persist.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "sdk/helpers/errno-status.h"

#define TEMPORARY_PREFIX ".tarn-"
#define TEMPORARY_SUFFIX ".new"

static int failed(struct tarn_error **error, int system_errno, const char *what,
                  const char *folder, const char *name)
{
    return error_set(error, status_from_errno(system_errno), system_errno, "cannot %s %s/%s", what,
                     folder, name);
}

static int open_folder(const char *folder)
{
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

/* A name that no other thread or process uses: ours is in it, twice. */
static void temporary_name(char *name, size_t size, const void *unique)
{
    snprintf(name, size, TEMPORARY_PREFIX "%ld-%lx" TEMPORARY_SUFFIX, (long)getpid(),
             (unsigned long)unique);
}

/* Takes a name back after a failure, which errno goes on telling. */
static int take_back(int folder_fd, const char *name)
{
    int saved = errno;

    unlinkat(folder_fd, name, 0);
    errno = saved;
    return -1;
}

/* A file that is being written. */
struct draft {
    int folder_fd;
    int fd;
    char name[64]; /* while it has one; "" = none */
};

static int draft_open(struct draft *draft)
{
    draft->name[0] = '\0';
    draft->fd = openat(draft->folder_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (draft->fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return draft->fd;
    temporary_name(draft->name, sizeof(draft->name), draft);
    unlinkat(draft->folder_fd, draft->name, 0);
    draft->fd = openat(draft->folder_fd, draft->name,
                       O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    return draft->fd;
}

/* Without a name yet. */
static int draft_link(const struct draft *draft, const char *name)
{
    char from[64];

    snprintf(from, sizeof(from), "/proc/self/fd/%d", draft->fd);
    return linkat(AT_FDCWD, from, draft->folder_fd, name, AT_SYMLINK_FOLLOW);
}

/* Gives it its name; where that is taken, another first, and with it the place of the old one. A new
 * name that cannot be made durable is taken back; for an old one it is too late, and where a name
 * came from the start nobody knows which it is. */
static int put_in_place(struct draft *draft, const char *name, bool durable)
{
    int folder_fd = draft->folder_fd;

    if (draft->name[0] == '\0') {
        if (draft_link(draft, name) == 0)
            return !durable || fsync(folder_fd) == 0 ? 0 : take_back(folder_fd, name);
        if (errno != EEXIST)
            return -1;
        temporary_name(draft->name, sizeof(draft->name), draft);
        unlinkat(folder_fd, draft->name, 0);
        if (draft_link(draft, draft->name) < 0)
            return -1;
    }
    if (renameat(folder_fd, draft->name, folder_fd, name) < 0)
        return -1;
    draft->name[0] = '\0';
    return durable ? fsync(folder_fd) : 0;
}

static int write_file(const char *folder, const char *name, const void *bytes, size_t length,
                      bool durable, struct tarn_error **error)
{
    struct draft draft = { .folder_fd = open_folder(folder), .fd = -1 };
    int status = TARN_OK;

    if (draft.folder_fd < 0 || draft_open(&draft) < 0 || write_all(draft.fd, bytes, length) < 0 ||
        (durable && fsync(draft.fd) < 0) || put_in_place(&draft, name, durable) < 0)
        status = failed(error, errno, "write", folder, name);
    if (draft.fd >= 0)
        close(draft.fd);
    if (draft.name[0] != '\0') /* it was not put in place */
        unlinkat(draft.folder_fd, draft.name, 0);
    if (draft.folder_fd >= 0)
        close(draft.folder_fd);
    return status;
}

int persist_write(const char *folder, const char *name, const void *bytes, size_t length,
                  struct tarn_error **error)
{
    return write_file(folder, name, bytes, length, true, error);
}

int persist_write_fleeting(const char *folder, const char *name, const void *bytes, size_t length,
                           struct tarn_error **error)
{
    return write_file(folder, name, bytes, length, false, error);
}

static ssize_t read_all(int fd, char *buffer, size_t length)
{
    size_t done = 0;

    while (done < length) {
        ssize_t got = read(fd, buffer + done, length - done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

int persist_read(char **out, size_t *out_length, const char *folder, const char *name, size_t limit,
                 struct tarn_error **error)
{
    int folder_fd = open_folder(folder);
    int fd = folder_fd < 0 ? -1
                           : openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat known;
    ssize_t length = -1;
    char *text = NULL;
    int status = TARN_OK;

    if (fd < 0 || fstat(fd, &known) < 0)
        status = failed(error, errno, "read", folder, name);
    else if (!S_ISREG(known.st_mode))
        status = error_set(error, TARN_E_INVALID, 0, "%s/%s is no regular file", folder, name);
    else if ((unsigned long long)known.st_size > limit)
        status = error_set(error, TARN_E_INVALID, 0, "%s/%s has %lld bytes, at most %zu are read",
                           folder, name, (long long)known.st_size, limit);
    if (status == TARN_OK) {
        text = malloc((size_t)known.st_size + 1);
        length = text != NULL ? read_all(fd, text, (size_t)known.st_size) : -1;
        if (length < 0)
            status = failed(error, text != NULL ? errno : ENOMEM, "read", folder, name);
    }
    if (fd >= 0)
        close(fd);
    if (folder_fd >= 0)
        close(folder_fd);
    if (status != TARN_OK) {
        free(text);
        return status;
    }
    text[length] = '\0';
    *out = text;
    *out_length = (size_t)length;
    return TARN_OK;
}

int persist_remove(const char *folder, const char *name, struct tarn_error **error)
{
    int folder_fd = open_folder(folder);
    int status = TARN_OK;

    if (folder_fd < 0 || unlinkat(folder_fd, name, 0) < 0 || fsync(folder_fd) < 0)
        status = failed(error, errno, "remove", folder, name);
    if (folder_fd >= 0)
        close(folder_fd);
    return status;
}

int persist_link(const char *folder, const char *name, const char *target,
                 struct tarn_error **error)
{
    int folder_fd = open_folder(folder);
    char temporary[64];
    int status = TARN_OK;

    temporary_name(temporary, sizeof(temporary), &folder_fd);
    if (folder_fd >= 0)
        unlinkat(folder_fd, temporary, 0);
    if (folder_fd < 0 || symlinkat(target, folder_fd, temporary) < 0 ||
        (renameat(folder_fd, temporary, folder_fd, name) < 0 &&
         take_back(folder_fd, temporary) < 0) ||
        fsync(folder_fd) < 0)
        status = failed(error, errno, "link", folder, name);
    if (folder_fd >= 0)
        close(folder_fd);
    return status;
}

int persist_clean(const char *folder, struct tarn_error **error)
{
    DIR *listing = opendir(folder);
    struct dirent *entry;
    int status = TARN_OK;

    if (listing == NULL)
        return errno == ENOENT ? TARN_OK : failed(error, errno, "list", folder, "");
    while ((entry = readdir(listing)) != NULL)
        if (persist_is_temporary(entry->d_name) &&
            unlinkat(dirfd(listing), entry->d_name, 0) < 0 && errno != ENOENT)
            status = failed(error, errno, "remove", folder, entry->d_name);
    closedir(listing);
    return status;
}

bool persist_needs_clean(const char *folder)
{
    DIR *listing = opendir(folder);
    struct dirent *entry;
    bool found = false;

    while (listing != NULL && !found && (entry = readdir(listing)) != NULL)
        found = persist_is_temporary(entry->d_name);
    if (listing != NULL)
        closedir(listing);
    return found;
}

/* Exactly what temporary_name makes: a volume may be called ".tarn-x", and its record bears its
 * name. */
bool persist_is_temporary(const char *name)
{
    const size_t prefix = sizeof(TEMPORARY_PREFIX) - 1;
    size_t digits;

    if (strncmp(name, TEMPORARY_PREFIX, prefix) != 0)
        return false;
    name += prefix;
    digits = strspn(name, "0123456789");
    if (digits == 0 || name[digits] != '-')
        return false;
    name += digits + 1;
    digits = strspn(name, "0123456789abcdef");
    return digits > 0 && strcmp(name + digits, TEMPORARY_SUFFIX) == 0;
}
