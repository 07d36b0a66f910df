/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one place where a name out of an image becomes an open file: the policy.
 *
 * An image may come from anybody, so what it names is opened only as far as the context's `follow`
 * says: beneath the folder of its pool, which openat2(RESOLVE_BENEATH) holds against "..", symbolic
 * links and races; as a regular file or block device; with the format that the image records, since
 * a probed one would be the guest's word. See CVE-2008-2004, CVE-2010-2238, CVE-2022-47951 and
 * CVE-2024-32498 for what happens otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/context/context.h"
#include "core/image/container.h"
#include "core/image/image.h"
#include "core/registry/registry.h"
#include "core/volume/record.h"
#include "sdk/helpers/errno-status.h"
#include "sdk/helpers/file-io.h"

/* Deeper chains than people make, and shallow enough for the stack. */
#define CHAIN_LIMIT 200u

bool name_has_scheme(const char *name)
{
    const char *colon = strchr(name, ':');
    const char *slash = strchr(name, '/');

    return colon != NULL && (slash == NULL || colon < slash);
}

/* The path that the name means: absolute, or relative to the folder of the image. */
char *image_resolve(const char *image_path, const char *name)
{
    const char *slash = image_path != NULL ? strrchr(image_path, '/') : NULL;
    char *path = NULL;

    if (name[0] == '/' || slash == NULL)
        return strdup(name);
    if (asprintf(&path, "%.*s/%s", (int)(slash - image_path), image_path, name) < 0)
        return NULL;
    return path;
}

/* --- may it be followed ----------------------------------------------------------------------- */

/* Is it what tarn's own record, or the caller, names? */
static bool is_approved(const struct image *image, const char *path)
{
    return image->approved != NULL && strcmp(image->approved, path) == 0;
}

static int check_policy(const struct image *image, const char *name, const char *path,
                        struct tarn_error **error)
{
    uint32_t follow = image->call.operation->context->follow;

    if (name[0] == '\0' || name_has_scheme(name))
        return error_set(error, TARN_E_ACCESS, 0,
                         "the image names \"%s\", which is no local path: it is never opened",
                         name);
    if (follow == TARN_FOLLOW_ANYWHERE)
        return TARN_OK;
    if (follow == TARN_FOLLOW_NONE)
        return error_set(error, TARN_E_ACCESS, 0,
                         "the image names \"%s\", and the policy follows no names", name);
    if (follow == TARN_FOLLOW_RECORDED && !image->recorded)
        return error_set(error, TARN_E_ACCESS, 0,
                         "this image names \"%s\", and its own format was only found by probing, which "
                         "anybody who wrote into it could have arranged: give its format, or "
                         "follow names by the policy \"pool\"%s", name,
                         image->path == NULL || image->root == NULL
                             ? ", or \"anywhere\" for an image in no pool"
                             : "");
    if (!is_approved(image, path) && (image->path == NULL || image->root == NULL))
        return error_set(error, TARN_E_ACCESS, 0,
                         "the image names \"%s\" and lies in no pool: use the policy \"anywhere\" "
                         "if you trust it", name);
    return TARN_OK;
}

static int check_depth(const struct image *image, struct tarn_error **error)
{
    unsigned depth = 0;

    for (; image != NULL; image = image->above)
        depth++;
    if (depth >= CHAIN_LIMIT)
        return error_set(error, TARN_E_INVALID, 0,
                         "the chain of backing stores is longer than %u", CHAIN_LIMIT);
    return TARN_OK;
}

/* --- opening it ------------------------------------------------------------------------------- */

/* What of `path` lies beneath `root`, or NULL. By the letters: openat2 judges the rest. */
static const char *beneath(const char *path, const char *root)
{
    size_t length = strlen(root);

    while (length > 1 && root[length - 1] == '/')
        length--;
    if (strncmp(path, root, length) != 0 || path[length] != '/')
        return NULL;
    path += length;
    while (*path == '/')
        path++;
    return *path != '\0' ? path : NULL;
}

/* A handle that can be looked at, while nothing is opened yet: opening alone would wake the writer
 * of a FIFO, or start what some devices do when they are opened. */
static int find_beneath(const char *root, const char *rest)
{
    struct open_how how = {
        .flags = O_PATH | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd;
    int saved;

    if (folder < 0)
        return -1;
    fd = (int)syscall(SYS_openat2, folder, rest, &how, sizeof(how));
    saved = errno;
    close(folder);
    errno = saved;
    return fd;
}

static int find_file(int *out, const struct image *image, const char *path,
                     struct tarn_error **error)
{
    bool anywhere = image->call.operation->context->follow == TARN_FOLLOW_ANYWHERE ||
                    is_approved(image, path);
    const char *rest = anywhere ? NULL : beneath(path, image->root);
    int fd;

    if (!anywhere && rest == NULL)
        return error_set(error, TARN_E_ACCESS, 0,
                         "the image names %s, which lies outside of the pool's folder %s: it is "
                         "not opened", path, image->root);
    fd = anywhere ? open(path, O_PATH | O_CLOEXEC) : find_beneath(image->root, rest);
    if (fd < 0 && errno == EXDEV)
        return error_set(error, TARN_E_ACCESS, 0,
                         "the image names %s, which leads out of the pool's folder %s: it is not "
                         "opened", path, image->root);
    if (fd < 0)
        return error_set(error, status_from_errno(errno), errno,
                         "the file %s that the image names cannot be opened", path);
    *out = fd;
    return TARN_OK;
}

/* Files there are doors into the kernel and into processes, /proc/self/mem into this one. */
static bool is_made_up(int fd)
{
    struct statfs known;

    return fstatfs(fd, &known) == 0 &&
           (known.f_type == PROC_SUPER_MAGIC || known.f_type == SYSFS_MAGIC);
}

/* Neither a loop, nor anything but a file or a block device. */
static int check_file(int fd, const struct image *image, const char *path,
                      struct tarn_error **error)
{
    struct stat known;

    if (fstat(fd, &known) < 0)
        return error_set(error, status_from_errno(errno), errno, "cannot look at %s", path);
    if ((!S_ISREG(known.st_mode) && !S_ISBLK(known.st_mode)) || is_made_up(fd))
        return error_set(error, TARN_E_INVALID, 0,
                         "the image names %s, which is neither a regular file nor a block device",
                         path);
    for (; image != NULL; image = image->above)
        if (image->device == known.st_dev && image->inode == known.st_ino)
            return error_set(error, TARN_E_CORRUPT, 0,
                             "the chain of backing stores comes back to %s: it has no end", path);
    return TARN_OK;
}

/* Opens what the handle is of, whatever has its name by now. */
static int open_found(int *out, int found, const char *path, int access, struct tarn_error **error)
{
    char self[64];
    int fd;

    snprintf(self, sizeof(self), "/proc/self/fd/%d", found);
    fd = open(self, access | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return error_set(error, status_from_errno(errno), errno,
                         "the file %s that the image names cannot be opened", path);
    *out = fd;
    return TARN_OK;
}

static int open_container(struct tarn_io **out, struct image *image, const char *path,
                          uint32_t flags, struct tarn_error **error)
{
    bool write = (flags & TARN_IMAGE_OPEN_WRITE) != 0;
    struct tarn_io *io = NULL;
    struct call call;
    int found = -1;
    int fd = -1;
    int status = find_file(&found, image, path, error);

    if (status != TARN_OK)
        return status;
    status = check_file(found, image, path, error);
    if (status == TARN_OK)
        status = open_found(&fd, found, path, write ? O_RDWR : O_RDONLY, error);
    close(found);
    if (status != TARN_OK)
        return status;
    call_begin(&call, image->call.operation, NULL);
    status = call_end(&call, file_io_open_fd(&call.abi, fd, write ? TARN_IO_WRITABLE : 0, &io),
                      error);
    if (status == TARN_OK)
        status = container_lock(io, image->call.operation,
                                write ? CONTAINER_WRITE : CONTAINER_READ, error);
    if (status == TARN_OK)
        *out = io;
    else
        container_close(io, image->call.operation, NULL);
    return status;
}

/* What is recorded of the backing store, if it is a volume of the same pool. */
static int read_record(struct volume_record *out, const struct image *image, const char *path,
                       struct tarn_error **error)
{
    const char *name = image->pool != NULL && image->root != NULL ? beneath(path, image->root)
                                                                  : NULL;

    memset(out, 0, sizeof(*out));
    if (name == NULL || strchr(name, '/') != NULL)
        return TARN_OK;
    return record_read(out, image->call.operation->context, image->pool, name, error);
}

static int open_image(struct image **out, struct image *above, const struct format_ref *format,
                      struct tarn_io *container, const char *path, struct tarn_error **error)
{
    struct operation *operation = above->call.operation;
    struct volume_record record;
    struct image_place place;
    int status = read_record(&record, above, path, error);

    if (status != TARN_OK) {
        container_close(container, operation, NULL);
        return status;
    }
    place = (struct image_place){
        .path = path,
        .root = above->root,
        .pool = above->pool,
        .approved = record.backing_path,
        .approved_format = record.backing_format,
        .recorded = above->recorded,
    };
    status = image_open(out, operation, format, container, &place, 0, NULL, above, error);
    record_clear(&record);
    return status;
}

static int open_backing(struct image *image, const char *path, const char *format,
                        struct tarn_io **out, struct tarn_error **error)
{
    struct tarn_context *context = image->call.operation->context;
    struct tarn_io *container = NULL;
    struct format_ref found;
    struct image *backing = NULL;
    int status;

    if (format == NULL && is_approved(image, path))
        format = image->approved_format;
    if (format == NULL)
        return error_set(error, TARN_E_ACCESS, 0,
                         "the image does not record the format of its backing store %s, and it is "
                         "not guessed: record it (rebase the image with a backing format)", path);
    status = registry_format(&found, context->registry, format, error);
    if (status == TARN_OK)
        status = open_container(&container, image, path, 0, error);
    if (status == TARN_OK)
        status = open_image(&backing, image, &found, container, path, error);
    if (status != TARN_OK)
        return status;
    image->backing = backing;
    *out = &backing->facade;
    return TARN_OK;
}

/* A file that was made with the image, and has no name yet. */
static int open_new(struct tarn_io **out, struct image *image, uint32_t role, const char *name)
{
    *out = image->family != NULL && role == TARN_RELATED_DATA_FILE
               ? family_open(image->family, name)
               : NULL;
    return *out != NULL;
}

int image_open_related(void *arg, struct call *call, uint32_t role, const char *name,
                       const char *format, uint32_t flags, struct tarn_io **out)
{
    struct image *image = arg;
    struct tarn_error **error = &call->error;
    char *path = NULL;
    int status;

    if (open_new(out, image, role, name))
        return TARN_OK;
    path = image_resolve(image->path, name);
    if (path == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to open \"%s\"", name);
    status = check_policy(image, name, path, error);
    if (status == TARN_OK && (flags & TARN_IMAGE_OPEN_WRITE) &&
        (role != TARN_RELATED_DATA_FILE || !image->writable))
        status = error_set(error, TARN_E_INTERNAL, 0,
                           "the module would write to \"%s\", which is only to be read", name);
    if (status == TARN_OK)
        status = check_depth(image, error);
    if (status == TARN_OK && role == TARN_RELATED_BACKING)
        status = open_backing(image, path, format, out, error);
    else if (status == TARN_OK)
        status = open_container(out, image, path, flags, error);
    free(path);
    return status;
}
