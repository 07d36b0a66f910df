/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-publish.c - phase two of a volume's birth: it gets its name, whole and durably, and
 * never in the place of something else; or it is taken back.
 */
#include "helpers/file-volumes-container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "helpers/errno-status.h"

/* AT_EMPTY_PATH needs a capability, the way through /proc needs /proc. 0 or an errno. */
static int link_unnamed(const struct container *container)
{
    char proc[32];

    snprintf(proc, sizeof(proc), "/proc/self/fd/%d", container->fd);
    if (linkat(AT_FDCWD, proc, container->directory, container->name, AT_SYMLINK_FOLLOW) == 0)
        return 0;
    if (errno == ENOENT &&
        linkat(container->fd, "", container->directory, container->name, AT_EMPTY_PATH) == 0)
        return 0;
    return errno;
}

/* Filesystems that know no RENAME_NOREPLACE (NFS, many in user space), and kernels. */
static bool lacks_noreplace(int error)
{
    return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

/* And no hard links either, or a directory: the look before the leap is the best there is. Inside
 * the pool the host lets one at a time use a name. */
static int rename_if_free(const struct container *container)
{
    struct stat st;

    if (fstatat(container->directory, container->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return EEXIST;
    if (errno != ENOENT)
        return errno;
    return renameat(container->directory, container->temporary, container->directory,
                    container->name) == 0 ? 0 : errno;
}

/* A link, unlike rename, never replaces. */
static int link_named(struct tarn_call *call, const struct container *container)
{
    if (container->is_directory)
        return rename_if_free(container);
    if (linkat(container->directory, container->temporary, container->directory, container->name,
               0) < 0)
        return errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS
                   ? rename_if_free(container) : errno;
    if (unlinkat(container->directory, container->temporary, 0) < 0)
        call->host->log(call, TARN_LOG_WARNING,
                        "a new volume kept its temporary name as well; the next start removes it");
    return 0;
}

static int rename_named(struct tarn_call *call, const struct container *container)
{
    if (renameat2(container->directory, container->temporary, container->directory,
                  container->name, RENAME_NOREPLACE) == 0)
        return 0;
    return lacks_noreplace(errno) ? link_named(call, container) : errno;
}

/* Of a file the host has flushed the bytes; nobody but us knows of a directory. 0 or an errno. */
static int give_name(struct tarn_call *call, const struct container *container)
{
    if (container->temporary[0] == '\0')
        return link_unnamed(container);
    if (container->is_directory) {
        int error = target_sync(container->fd);

        if (error != 0)
            return error;
    }
    return rename_named(call, container);
}

int32_t file_volumes_volume_publish(struct tarn_call *call, void *pool, void *opaque)
{
    const struct file_volumes *volumes = pool;
    struct container *container = opaque;
    int error = give_name(call, container);
    int32_t status = TARN_OK;

    if (error == EEXIST) {
        status = tarn_fail(call, TARN_E_EXISTS, error, "the name \"%s\" is taken in %s",
                           container->name, volumes->path);
    } else if (error != 0) {
        status = tarn_fail(call, status_from_errno(error), error,
                           "the new volume cannot get its name \"%s\" in %s", container->name,
                           volumes->path);
    }
    if (status != TARN_OK) {
        container_discard(container);
        return status;
    }
    error = target_sync(container->directory);
    if (error != 0) {
        /* Not durable is not made. */
        unlinkat(container->directory, container->name,
                 container->is_directory ? AT_REMOVEDIR : 0);
        status = tarn_fail(call, status_from_errno(error), error,
                           "the name of the new volume \"%s\" cannot be made durable in %s",
                           container->name, volumes->path);
    }
    container_free(container);
    return status;
}

void file_volumes_volume_abort(struct tarn_call *call, void *pool, void *container)
{
    (void)call;
    (void)pool;
    container_discard(container);
}
