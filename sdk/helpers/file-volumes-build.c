/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-build.c - making a pool's directory, and the directories above it.
 */
#include "helpers/file-volumes-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helpers/errno-status.h"

#define PARENT_MODE 0755  /* what mkdir -p makes with the usual umask, but with any */
#define TARGET_MODE 0711

/* tarn_pool_def.cow */
#define COW_UNSET 0u
#define COW_YES 1u

/* Where in the path the components begin that this build made; they are the last ones. */
struct build {
    char *path;       /* a copy that may be cut */
    mode_t mode;      /* that the last one gets; its owner may do all until that is settled */
    size_t made_from; /* length of the path to the first one's slash; SIZE_MAX = none was made */
};

/* Opens `name` in `parent` as a directory, made if it is missing. A descriptor, or -1 and errno. */
static int enter(int parent, const char *name, mode_t mode, bool *out_made)
{
    int made = mkdirat(parent, name, mode);
    int child;

    *out_made = made == 0;
    if (made < 0 && errno != EEXIST) {
        /* EROFS, EACCES come before EEXIST on some filesystems. */
        int error = errno;

        child = openat(parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (child < 0)
            errno = error;
        return child;
    }
    return openat(parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* O_PATH descriptors cannot be synced; one for reading may be forbidden, then the parent is left
 * to the kernel's leisure. */
static int sync_parent(int parent)
{
    int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error;

    if (fd < 0)
        return errno == EACCES ? 0 : errno;
    error = target_sync(fd);
    close(fd);
    return error;
}

/* A parent gets its mode on the descriptor as well: the umask has no say. An inherited set-group-id
 * bit stays. */
static int settle_parent(int child)
{
    int fd = openat(child, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    int error = 0;

    if (fd < 0)
        return errno;
    if (fstat(fd, &st) < 0 || fchmod(fd, (st.st_mode & 07000) | PARENT_MODE) < 0)
        error = errno;
    close(fd);
    return error;
}

/* Goes down one component, which ends at `end`. *parent is replaced. 0 or an errno. */
static int descend(struct build *build, int *parent, size_t start, size_t end, bool last)
{
    char saved = build->path[end];
    int child, error = 0;
    bool made;

    build->path[end] = '\0';
    child = enter(*parent, build->path + start, last ? build->mode | S_IRWXU : PARENT_MODE, &made);
    error = child >= 0 ? 0 : errno;
    build->path[end] = saved;
    if (made && build->made_from == SIZE_MAX)
        build->made_from = start - 1;
    if (error == 0 && made && !last)
        error = settle_parent(child);
    if (error == 0 && made)
        error = sync_parent(*parent);
    close(*parent);
    *parent = child;
    return error;
}

/* Walks and makes all components. *out_fd is the last one, an O_PATH descriptor or -1. */
static int make_path(struct build *build, int *out_fd)
{
    size_t length = strlen(build->path);
    size_t start = 0, end;
    int error = 0;

    *out_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*out_fd < 0)
        return errno;
    while (error == 0 && start < length) {
        start += strspn(build->path + start, "/");
        end = start + strcspn(build->path + start, "/");
        if (end > start)
            error = descend(build, out_fd, start, end,
                            build->path[end + strspn(build->path + end, "/")] == '\0');
        start = end;
    }
    return error;
}

static size_t without_slashes(const char *path, size_t length)
{
    while (length > 0 && path[length - 1] == '/')
        length--;
    return length;
}

/* Takes back what was made, from the last component up; what could not be made is no obstacle. */
static void unmake_path(struct build *build)
{
    size_t length = without_slashes(build->path, strlen(build->path));

    while (build->made_from != SIZE_MAX && length > build->made_from) {
        build->path[length] = '\0';
        if (rmdir(build->path) < 0 && errno != ENOENT)
            return;
        while (length > 0 && build->path[length - 1] != '/')
            length--;
        length = without_slashes(build->path, length);
    }
}

static int32_t apply_copy_on_write(struct tarn_call *call, int fd, const char *path)
{
    uint32_t cow = call->pool->cow;
    int error = cow == COW_UNSET ? 0 : copy_on_write_set(fd, cow == COW_YES);

    if (error == 0)
        return TARN_OK;
    if (error == EOPNOTSUPP)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "<cow> can be switched only on btrfs, and %s lies on another filesystem: "
                         "leave it out", path);
    return tarn_fail(call, status_from_errno(error), error,
                     "copy-on-write cannot be switched for %s", path);
}

/* Only what was asked for is changed of a directory that was there before. */
static int32_t settle_target(struct tarn_call *call, int path_fd, const char *path, bool made)
{
    int fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int32_t status;
    int error;

    if (fd < 0)
        return target_fail(call, path, errno);
    status = apply_copy_on_write(call, fd, path);
    if (status == TARN_OK)
        status = permissions_apply(call, fd, call->pool->permissions,
                                   made ? TARGET_MODE : TARN_MODE_UNSET, path);
    error = status == TARN_OK ? target_sync(fd) : 0;
    if (error != 0)
        status = tarn_fail(call, status_from_errno(error), error, "%s cannot be made durable",
                           path);
    close(fd);
    return status;
}

int32_t file_volumes_build(struct tarn_call *call, void *pool, uint32_t flags)
{
    const struct file_volumes *volumes = pool;
    uint32_t mode = call->pool->permissions->mode;
    struct build build = { .mode = mode != TARN_MODE_UNSET ? mode : TARGET_MODE,
                           .made_from = SIZE_MAX };
    int32_t status;
    int fd, error;

    if (flags != 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "building %s only makes a directory: there is no device that could be "
                         "overwritten or not, so leave that flag out", volumes->path);
    build.path = strdup(volumes->path);
    if (build.path == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to build %s", volumes->path);
    error = make_path(&build, &fd);
    status = error != 0 ? target_fail_make(call, volumes->path, error)
                        : settle_target(call, fd, volumes->path, build.made_from != SIZE_MAX);
    if (status != TARN_OK)
        unmake_path(&build);
    if (fd >= 0)
        close(fd);
    free(build.path);
    return status;
}
