/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-access.c - opening the bytes of a volume that is there, and deleting one.
 */
#include "helpers/file-volumes-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "helpers/errno-status.h"
#include "helpers/file-io.h"

/* O_NONBLOCK lasts for the open only: see file_io_open_fd. */
#define OPEN_FLAGS (O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static int32_t fail_volume(struct tarn_call *call, const struct file_volumes *volumes,
                           const char *name, int error, const char *what)
{
    char shown[SHOWN_NAME_SIZE];

    entry_name_show(shown, name);
    if (error == ENOENT)
        return tarn_fail(call, TARN_E_NOT_FOUND, error, "there is no volume \"%s\" in %s", shown,
                         volumes->path);
    return tarn_fail(call, status_from_errno(error), error, "the volume \"%s\" in %s cannot be %s",
                     shown, volumes->path, what);
}

static int32_t fail_kind(struct tarn_call *call, const struct file_volumes *volumes,
                         const char *name, const char *why)
{
    char shown[SHOWN_NAME_SIZE];

    return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "\"%s\" in %s %s", entry_name_show(shown, name),
                     volumes->path, why);
}

int entry_open(const struct file_volumes *volumes, int directory, const char *name, int flags)
{
    int fd = openat(directory, name, flags | O_NOFOLLOW);

    if (fd >= 0 || errno != EACCES || volumes->open_denied == NULL)
        return fd;
    return volumes->open_denied(volumes, directory, name, flags | O_NOFOLLOW);
}

static bool has_bytes(mode_t mode)
{
    return S_ISREG(mode) || S_ISBLK(mode);
}

static int32_t open_link_target(struct tarn_call *call, const struct file_volumes *volumes,
                                int directory, const char *name,
                                const struct link_target *target, int flags, int *out_fd)
{
    char shown[SHOWN_NAME_SIZE], shown_target[SHOWN_NAME_SIZE];
    struct stat st;

    if (target->outside && !link_outside_allowed(directory))
        return tarn_fail(call, TARN_E_ACCESS, 0,
                         "\"%s\" in %s is a link out of the pool, to %s, and others than root and "
                         "the caller may write to the pool's directory: move the file into the "
                         "pool, or let only the owner write there", entry_name_show(shown, name),
                         volumes->path, entry_name_show(shown_target, target->path));
    if (fstat(target->fd, &st) < 0)
        return fail_volume(call, volumes, name, errno, "looked at");
    if (!has_bytes(st.st_mode))
        return fail_kind(call, volumes, name, "is a link to neither a file nor a block device");
    *out_fd = path_fd_reopen(target->fd, flags);
    return *out_fd >= 0 ? TARN_OK : fail_volume(call, volumes, name, errno, "opened");
}

static int32_t open_link(struct tarn_call *call, const struct file_volumes *volumes,
                         int directory, const char *name, int flags, int *out_fd)
{
    char shown[SHOWN_NAME_SIZE];
    struct link_target target;
    int error = link_resolve(directory, name, &target);
    int32_t status;

    if (error == ENOENT)
        return tarn_fail(call, TARN_E_NOT_FOUND, error,
                         "what the link \"%s\" in %s leads to is not there",
                         entry_name_show(shown, name), volumes->path);
    if (error != 0)
        return fail_volume(call, volumes, name, error, "followed, being a link");
    status = open_link_target(call, volumes, directory, name, &target, flags, out_fd);
    close(target.fd);
    return status;
}

/* Looks before it opens: the mere open of some devices does something. */
static int32_t open_entry(struct tarn_call *call, const struct file_volumes *volumes,
                          int directory, const char *name, int flags, int *out_fd)
{
    struct stat st;

    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_volume(call, volumes, name, errno, "looked at");
    if (S_ISLNK(st.st_mode))
        return open_link(call, volumes, directory, name, flags, out_fd);
    if (!has_bytes(st.st_mode))
        return fail_kind(call, volumes, name, S_ISDIR(st.st_mode)
                                                  ? "is a directory: it has no bytes to open"
                                                  : "is neither a file nor a block device");
    *out_fd = entry_open(volumes, directory, name, flags);
    return *out_fd >= 0 ? TARN_OK : fail_volume(call, volumes, name, errno, "opened");
}

int32_t file_volumes_volume_open(struct tarn_call *call, void *pool, const char *name,
                                 uint32_t flags, struct tarn_io **out_io)
{
    struct file_volumes *volumes = pool;
    bool writable = flags & TARN_OPEN_WRITE;
    int directory, fd;
    int32_t status = entry_name_require(call, name);

    if (status == TARN_OK)
        status = target_open(call, volumes, &directory);
    if (status != TARN_OK)
        return status;
    status = open_entry(call, volumes, directory, name, OPEN_FLAGS | (writable ? O_RDWR : O_RDONLY),
                        &fd);
    close(directory);
    if (status != TARN_OK)
        return status;
    return file_io_open_fd(call, fd, writable ? TARN_IO_WRITABLE : 0, out_io);
}

static int32_t delete_entry(struct tarn_call *call, const struct file_volumes *volumes,
                            int directory, const char *name)
{
    char shown[SHOWN_NAME_SIZE];
    struct stat st;
    int error;

    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_volume(call, volumes, name, errno, "looked at");
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode))
        return fail_kind(call, volumes, name, "was not made by a pool (a device, a FIFO or a "
                                              "socket): remove it with rm if it may go");
    if (unlinkat(directory, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0) {
        if (errno == ENOTEMPTY || errno == EEXIST)
            return tarn_fail(call, TARN_E_STATE, errno,
                             "the directory \"%s\" in %s still holds something: empty it first",
                             entry_name_show(shown, name), volumes->path);
        return fail_volume(call, volumes, name, errno, "deleted");
    }
    error = target_sync(directory);
    return error == 0 ? TARN_OK : fail_volume(call, volumes, name, error, "deleted durably");
}

int32_t file_volumes_volume_delete(struct tarn_call *call, void *pool, const char *name)
{
    struct file_volumes *volumes = pool;
    int directory;
    int32_t status = entry_name_require(call, name);

    if (status == TARN_OK)
        status = target_open(call, volumes, &directory);
    if (status != TARN_OK)
        return status;
    status = delete_entry(call, volumes, directory, name);
    close(directory);
    return status;
}
