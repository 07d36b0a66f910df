/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Converting a file that is in no pool: a new image beside the target's name, put in its place
 * whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/context/context.h"
#include "core/image/copy.h"
#include "core/image/image-file.h"
#include "core/registry/params.h"
#include "core/registry/registry.h"
#include "sdk/helpers/errno-status.h"
#include "sdk/helpers/file-io.h"

struct conversion {
    struct operation operation;
    struct image *from;
    struct format_ref format;
    struct arena *arena;
    struct tarn_image_spec spec;
    char *folder;
    const char *name;
    int fd; /* of the unnamed target; -1 once it is a byte store's */
};

static int split_target(struct conversion *conversion, const char *path, struct tarn_error **error)
{
    const char *slash = strrchr(path, '/');

    conversion->name = slash != NULL ? slash + 1 : path;
    conversion->folder = slash == NULL   ? strdup(".")
                         : slash == path ? strdup("/")
                                         : strndup(path, (size_t)(slash - path));
    if (conversion->folder == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to convert an image");
    if (conversion->name[0] == '\0')
        return error_set(error, TARN_E_INVALID, 0, "%s is a folder: name the target file", path);
    if (access(path, F_OK) == 0)
        return error_set(error, TARN_E_EXISTS, 0, "%s exists: choose another name, or remove it",
                         path);
    return TARN_OK;
}

/* "name=value" texts become checked properties. */
static int take_options(struct conversion *conversion, const char *const *options,
                        struct tarn_error **error)
{
    struct tarn_property **list;
    size_t count = 0;
    size_t index;

    while (options != NULL && options[count] != NULL)
        count++;
    list = arena_alloc(conversion->arena, (count + 1) * sizeof(struct tarn_property *));
    for (index = 0; list != NULL && index < count; index++) {
        const char *equals = strchr(options[index], '=');

        if (equals == NULL)
            return error_set(error, TARN_E_INVALID, 0, "the option \"%s\" has no value: name=value",
                             options[index]);
        list[index] = arena_alloc(conversion->arena, sizeof(**list));
        if (list[index] == NULL)
            break;
        list[index]->struct_size = sizeof(**list);
        list[index]->name = arena_strndup(conversion->arena, options[index],
                                          (size_t)(equals - options[index]));
        list[index]->value = arena_strdup(conversion->arena, equals + 1);
    }
    if (arena_failed(conversion->arena))
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to convert an image");
    return params_check(&conversion->spec.options, conversion->arena,
                        conversion->format.format->params,
                        (const struct tarn_property *const *)list,
                        arena_printf(conversion->arena, "the format %s",
                                     conversion->format.format->name),
                        error);
}

static int open_both(struct conversion *conversion, const char *source, const char *source_format,
                     const char *target_format, const char *const *options,
                     struct tarn_error **error)
{
    struct tarn_context *context = conversion->operation.context;
    int status = image_file_open(&conversion->from, &conversion->operation, source, source_format,
                                 0, error);

    if (status == TARN_OK)
        status = registry_format(&conversion->format, context->registry, target_format, error);
    if (status == TARN_OK && conversion->format.format->create == NULL)
        status = error_set(error, TARN_E_UNSUPPORTED, 0,
                           "images of the format %s cannot be created", target_format);
    conversion->spec.struct_size = sizeof(conversion->spec);
    if (status == TARN_OK)
        status = image_size(&conversion->spec.capacity, conversion->from, error);
    if (status == TARN_OK)
        status = take_options(conversion, options, error);
    if (status != TARN_OK)
        return status;
    conversion->fd = open(conversion->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    if (conversion->fd < 0)
        return error_set(error, status_from_errno(errno), errno, "cannot make a file in %s",
                         conversion->folder);
    return TARN_OK;
}

static int create_target(struct conversion *conversion, struct tarn_io **out,
                         struct tarn_error **error)
{
    int fd = fcntl(conversion->fd, F_DUPFD_CLOEXEC, 0);
    struct call call;
    int status;

    if (fd < 0)
        return error_set(error, TARN_E_INTERNAL, errno, "no descriptor to convert an image");
    call_begin(&call, &conversion->operation, NULL);
    status = call_end(&call, file_io_open_fd(&call.abi, fd, TARN_IO_WRITABLE, out), error);
    if (status != TARN_OK)
        return status;
    call_begin(&call, &conversion->operation, conversion->format.module);
    return call_end(&call,
                    conversion->format.format->create(&call.abi, *out, &conversion->spec), error);
}

static int write_target(struct conversion *conversion, struct tarn_error **error)
{
    struct image_place place = { NULL, NULL, NULL, true };
    struct tarn_io *container = NULL;
    struct image *to = NULL;
    struct call call;
    int closed;
    int status = create_target(conversion, &container, error);

    if (status != TARN_OK) {
        call_begin(&call, &conversion->operation, NULL);
        call_end(&call, tarn_io_close(&call.abi, container), NULL);
        return status;
    }
    status = image_open(&to, &conversion->operation, &conversion->format, container, &place,
                        TARN_IMAGE_OPEN_WRITE, NULL, NULL, error);
    if (status == TARN_OK)
        status = image_copy(to, conversion->from, conversion->spec.capacity, error);
    if (status == TARN_OK)
        status = image_flush(to, error);
    closed = image_close(to, status == TARN_OK ? error : NULL);
    return status == TARN_OK ? closed : status;
}

static int publish(struct conversion *conversion, const char *path, struct tarn_error **error)
{
    char from[64];

    snprintf(from, sizeof(from), "/proc/self/fd/%d", conversion->fd);
    if (fsync(conversion->fd) < 0 ||
        linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0)
        return error_set(error, status_from_errno(errno), errno, "cannot write %s", path);
    return TARN_OK;
}

int tarn_image_convert(struct tarn_context *context, const char *source_path,
                       const char *source_format, const char *target_path,
                       const char *target_format, const char *const *options,
                       struct tarn_job *job, struct tarn_error **error)
{
    struct conversion conversion = { .fd = -1 };
    int status;

    operation_begin(&conversion.operation, context, "image-convert", NULL, NULL, job);
    conversion.arena = arena_new();
    status = conversion.arena != NULL
                 ? split_target(&conversion, target_path, error)
                 : error_set(error, TARN_E_INTERNAL, 0, "no memory to convert an image");
    if (status == TARN_OK)
        status = open_both(&conversion, source_path, source_format, target_format, options, error);
    if (status == TARN_OK)
        status = write_target(&conversion, error);
    if (status == TARN_OK)
        status = publish(&conversion, target_path, error);
    if (conversion.fd >= 0)
        close(conversion.fd);
    image_close(conversion.from, NULL);
    free(conversion.folder);
    arena_free(conversion.arena);
    operation_end(&conversion.operation);
    return status;
}
