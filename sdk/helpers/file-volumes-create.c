/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-create.c - phase one of a volume's birth: a container that nobody sees, with its
 * permissions on it from the start.
 */
#include "helpers/file-volumes-container.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "helpers/errno-status.h"
#include "helpers/file-io.h"
#include "helpers/image-lock.h"

#define NAME_ATTEMPTS 16
#define FILE_MODE 0600
#define DIRECTORY_MODE 0700

void container_free(struct container *container)
{
    if (container->fd >= 0)
        close(container->fd);
    if (container->directory >= 0)
        close(container->directory);
    free(container);
}

/* The name goes before the lock, so that no recovery sees it without. */
void container_discard(struct container *container)
{
    if (container->temporary[0] != '\0')
        unlinkat(container->directory, container->temporary,
                 container->is_directory ? AT_REMOVEDIR : 0);
    container_free(container);
}

/* Makes and opens the file or directory of that name, which must not exist. */
static int make_named(const struct container *container)
{
    int fd, error;

    if (!container->is_directory)
        return openat(container->directory, container->temporary,
                      O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (mkdirat(container->directory, container->temporary, DIRECTORY_MODE) < 0)
        return -1;
    fd = openat(container->directory, container->temporary,
                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    error = errno;
    if (fd < 0)
        unlinkat(container->directory, container->temporary, AT_REMOVEDIR);
    errno = error;
    return fd;
}

/* Between the making and the lock a recovery may have taken it for a leftover; then another one is
 * made. 0 or an errno. */
static int make_temporary(struct container *container)
{
    int attempt, error = EEXIST;

    for (attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
        error = temporary_name_make(container->temporary);
        if (error != 0)
            break;
        container->fd = make_named(container);
        error = container->fd >= 0 ? part_lock(container->fd) : errno;
        if (container->fd >= 0 && error != EWOULDBLOCK &&
            part_is(container->directory, container->temporary, container->fd))
            return 0;
        if (container->fd >= 0)
            close(container->fd);
        else if (error != EEXIST && error != ENOENT)
            break;
        container->fd = -1;
    }
    container->temporary[0] = '\0';
    return error != 0 ? error : EAGAIN;
}

/* What filesystems (and kernels) say that do not know O_TMPFILE; if it was something else, the
 * second attempt says so again. */
static bool lacks_unnamed_files(int error)
{
    return error == EOPNOTSUPP || error == EISDIR || error == ENOENT || error == EINVAL ||
           error == ENOSYS;
}

int container_make_file(struct container *container)
{
    container->fd = openat(container->directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_MODE);
    if (container->fd >= 0)
        return 0;
    return lacks_unnamed_files(errno) ? make_temporary(container) : errno;
}

/* A name that is taken is told now rather than after the last byte was copied. */
static int32_t refuse_taken(struct tarn_call *call, const struct container *container,
                            const char *path)
{
    char shown[SHOWN_NAME_SIZE];
    struct stat st;

    if (fstatat(container->directory, container->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return tarn_fail(call, TARN_E_EXISTS, EEXIST, "the name \"%s\" is taken in %s",
                         entry_name_show(shown, container->name), path);
    return TARN_OK;
}

/* Where there is no copy-on-write, <nocow/> has what it wants. */
static int32_t apply_nocow(struct tarn_call *call, const struct tarn_container_spec *spec, int fd)
{
    int error = spec->nocow ? copy_on_write_set(fd, false) : 0;

    if (error == 0 || error == EOPNOTSUPP)
        return TARN_OK;
    return tarn_fail(call, status_from_errno(error), error,
                     "copy-on-write cannot be switched off for the new volume \"%s\"", spec->name);
}

static int32_t container_name(struct tarn_call *call, void *pool,
                              const struct tarn_container_spec *spec, char out[NAME_MAX + 1])
{
    int length = snprintf(out, NAME_MAX + 1, "%s", spec->name);

    if (length > NAME_MAX)
        return tarn_fail(call, TARN_E_INVALID, ENAMETOOLONG,
                         "\"%s\" is too long for the name of a volume", spec->name);
    return file_volumes_volume_name_check(call, pool, out);
}

static struct container *container_new(struct tarn_call *call,
                                       const struct tarn_container_spec *spec)
{
    struct container *container = calloc(1, sizeof(*container));

    if (container == NULL) {
        tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to make a volume");
        return NULL;
    }
    container->fd = container->directory = -1;
    container->is_directory = spec->format != NULL && strcmp(spec->format, "dir") == 0;
    return container;
}

static int32_t container_fill_in(struct tarn_call *call, void *pool,
                                 const struct tarn_container_spec *spec,
                                 struct container *container)
{
    struct file_volumes *volumes = pool;
    char what[SHOWN_NAME_SIZE + 32];
    int32_t status = container_name(call, pool, spec, container->name);
    int error;

    if (status == TARN_OK)
        status = target_open(call, volumes, &container->directory);
    if (status == TARN_OK)
        status = refuse_taken(call, container, volumes->path);
    if (status != TARN_OK)
        return status;
    error = container->is_directory ? make_temporary(container) : container_make_file(container);
    if (error == EROFS)
        return tarn_fail(call, TARN_E_ACCESS, error,
                         "the volume \"%s\" cannot be made: what lies on %s is mounted read-only",
                         container->name, volumes->path);
    if (error != 0)
        return tarn_fail(call, status_from_errno(error), error,
                         "cannot make the volume \"%s\" in %s", container->name, volumes->path);
    status = apply_nocow(call, spec, container->fd);
    snprintf(what, sizeof(what), "the new volume \"%s\"", container->name);
    if (status == TARN_OK)
        status = permissions_apply(call, container->fd, spec->permissions,
                                   container->is_directory ? DIRECTORY_MODE : FILE_MODE, what);
    return status;
}

static int32_t container_make(struct tarn_call *call, void *pool,
                              const struct tarn_container_spec *spec, struct container **out)
{
    struct container *container = container_new(call, spec);
    int32_t status;

    if (container == NULL)
        return TARN_E_INTERNAL;
    status = container_fill_in(call, pool, spec, container);
    if (status != TARN_OK)
        container_discard(container);
    else
        *out = container;
    return status;
}

/* The byte store gets a descriptor of its own: the host closes it before it publishes. */
static int32_t hand_out(struct tarn_call *call, struct container *container, void **out_container,
                        struct tarn_io **out_io)
{
    int32_t status;
    int fd;

    *out_io = NULL;
    if (!container->is_directory) {
        fd = fcntl(container->fd, F_DUPFD_CLOEXEC, 0);
        status = fd >= 0 ? file_io_open_fd(call, fd, TARN_IO_WRITABLE, out_io)
                         : tarn_fail(call, status_from_errno(errno), errno,
                                     "cannot open the new volume \"%s\"", container->name);
        if (status != TARN_OK) {
            container_discard(container);
            return status;
        }
    }
    *out_container = container;
    return TARN_OK;
}

int32_t file_volumes_volume_allocate(struct tarn_call *call, void *pool,
                                     const struct tarn_container_spec *spec,
                                     void **out_container, struct tarn_io **out_io)
{
    struct container *container;
    int32_t status = container_make(call, pool, spec, &container);

    return status == TARN_OK ? hand_out(call, container, out_container, out_io) : status;
}

/* EINVAL: the two differ in their copy-on-write switch or block size, or the filesystem was made
 * without sharing (ioctl_ficlonerange(2)). */
static bool cannot_share(int error)
{
    return error == EOPNOTSUPP || error == ENOTTY || error == EXDEV || error == EINVAL ||
           error == ENOSYS;
}

static int32_t share_bytes(struct tarn_call *call, struct container *container, int source,
                           const char *source_name)
{
    char shown[SHOWN_NAME_SIZE];

    if (ioctl(container->fd, FICLONE, source) == 0)
        return TARN_OK;
    if (cannot_share(errno))
        return tarn_fail(call, TARN_E_UNSUPPORTED, errno,
                         "the filesystem cannot let \"%s\" share the bytes of \"%s\": copy them",
                         container->name, entry_name_show(shown, source_name));
    return tarn_fail(call, status_from_errno(errno), errno,
                     "cannot share the bytes of \"%s\" with \"%s\"",
                     entry_name_show(shown, source_name), container->name);
}

int32_t file_volumes_volume_clone(struct tarn_call *call, void *pool,
                                  const struct tarn_container_spec *spec, void **out_container,
                                  struct tarn_io **out_io)
{
    struct container *container;
    struct tarn_io *source;
    int32_t status;

    if (spec->clone_of == NULL || (spec->format != NULL && strcmp(spec->format, "dir") == 0))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "a folder has no bytes to share");
    status = file_volumes_volume_open(call, pool, spec->clone_of, 0, &source);
    if (status != TARN_OK)
        return status;
    status = image_lock(call, source->fd, false);
    if (status == TARN_OK)
        status = container_make(call, pool, spec, &container);
    if (status == TARN_OK) {
        status = share_bytes(call, container, source->fd, spec->clone_of);
        if (status == TARN_OK)
            status = hand_out(call, container, out_container, out_io);
        else
            container_discard(container);
    }
    tarn_io_close(call, source);
    return status;
}
