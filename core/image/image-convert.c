/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Converting a file that is in no pool: a new image beside the target's name, and its further files
 * if it has any, put in their places whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/flags.h"
#include "core/base/sized.h"
#include "core/context/context.h"
#include "core/image/container.h"
#include "core/image/copy.h"
#include "core/image/image-file.h"
#include "core/registry/params.h"
#include "core/registry/registry.h"
#include "sdk/helpers/errno-status.h"
#include "sdk/helpers/file-io.h"

struct conversion {
    struct operation operation;
    struct tarn_conversion asked;
    struct arena *arena;
    struct image *from;
    struct format_ref format;
    struct tarn_image_spec spec;
    struct family family;
    char *folder; /* of the target, absolute */
    char *path;   /* of the target, absolute */
    char *backing; /* absolute; NULL without one */
    int fd;       /* of the unnamed target */
};

static int no_memory(struct tarn_error **error)
{
    return error_set(error, TARN_E_INTERNAL, 0, "no memory to convert an image");
}

/* --- the target's place ----------------------------------------------------------------------- */

static int find_folder(struct conversion *conversion, const char *path, const char *slash,
                       struct tarn_error **error)
{
    char *given = slash == NULL   ? strdup(".")
                  : slash == path ? strdup("/")
                                  : strndup(path, (size_t)(slash - path));
    int status = TARN_OK;

    if (given == NULL)
        return no_memory(error);
    conversion->folder = realpath(given, NULL);
    if (conversion->folder == NULL)
        status = error_set(error, status_from_errno(errno), errno,
                           "cannot write into the folder %s", given);
    free(given);
    return status;
}

static int find_target(struct conversion *conversion, struct tarn_error **error)
{
    const char *path = conversion->asked.target_path;
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    int status;

    if (name[0] == '\0')
        return error_set(error, TARN_E_INVALID, 0, "%s is a folder: name the target file", path);
    if (access(path, F_OK) == 0)
        return error_set(error, TARN_E_EXISTS, 0, "%s exists: choose another name, or remove it",
                         path);
    status = find_folder(conversion, path, slash, error);
    if (status == TARN_OK &&
        asprintf(&conversion->path, "%s/%s", conversion->folder, name) < 0)
        status = no_memory(error);
    if (status != TARN_OK)
        return status;
    conversion->family.image = strrchr(conversion->path, '/') + 1;
    return TARN_OK;
}

/* --- what is asked for ------------------------------------------------------------------------ */

/* "name=value" texts become checked properties. */
static int take_options(struct conversion *conversion, struct tarn_error **error)
{
    const char *const *options = conversion->asked.options;
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
        return no_memory(error);
    return params_check(&conversion->spec.options, conversion->arena,
                        conversion->format.format->params,
                        (const struct tarn_property *const *)list,
                        arena_printf(conversion->arena, "the format %s",
                                     conversion->format.format->name),
                        error);
}

static int take_backing(struct conversion *conversion, struct tarn_error **error)
{
    const struct tarn_conversion *asked = &conversion->asked;

    if (asked->backing_path == NULL)
        return TARN_OK;
    if (!(conversion->format.format->capabilities & TARN_FORMAT_BACKING))
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s have no backing store", asked->target_format);
    if (asked->backing_format == NULL)
        return error_set(error, TARN_E_INVALID, 0,
                         "the format of the backing store %s is not given, and it is not guessed",
                         asked->backing_path);
    if (name_has_scheme(asked->backing_path))
        return error_set(error, TARN_E_INVALID, 0, "the backing store \"%s\" is no local path",
                         asked->backing_path);
    conversion->backing = image_resolve(conversion->path, asked->backing_path);
    return conversion->backing != NULL ? TARN_OK : no_memory(error);
}

static int take_request(struct conversion *conversion, struct tarn_error **error)
{
    const struct tarn_conversion *asked = &conversion->asked;
    uint32_t promised;
    int status = registry_format(&conversion->format, conversion->operation.context->registry,
                                 asked->target_format, error);

    if (status != TARN_OK)
        return status;
    promised = conversion->format.format->capabilities;
    if (conversion->format.format->create == NULL ||
        !(promised & (TARN_FORMAT_WRITE | TARN_FORMAT_FILL)))
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "nothing can be converted into the format %s", asked->target_format);
    if ((asked->flags & TARN_CONVERT_COMPRESS) && !(promised & TARN_FORMAT_COMPRESS))
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s cannot be asked to compress",
                         asked->target_format);
    conversion->spec = (struct tarn_image_spec){
        .struct_size = sizeof(conversion->spec),
        .backing_name = asked->backing_path,
        .backing_format = asked->backing_format,
        .subformat = asked->subformat,
        .compat = asked->compat,
        .cluster_size = asked->cluster_size,
        .features = asked->features,
    };
    status = take_backing(conversion, error);
    return status == TARN_OK ? take_options(conversion, error) : status;
}

/* --- files without a name --------------------------------------------------------------------- */

static int open_unnamed(int *out, struct conversion *conversion, struct tarn_error **error)
{
    *out = open(conversion->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    if (*out < 0)
        return error_set(error, status_from_errno(errno), errno, "cannot make a file in %s",
                         conversion->folder);
    return TARN_OK;
}

/* A byte store over the file, which stays open. */
static int store_of(struct tarn_io **out, struct conversion *conversion, int file,
                    struct tarn_error **error)
{
    int fd = fcntl(file, F_DUPFD_CLOEXEC, 0);
    struct call call;

    if (fd < 0)
        return error_set(error, TARN_E_INTERNAL, errno, "no descriptor to convert an image");
    call_begin(&call, &conversion->operation, NULL);
    return call_end(&call, file_io_open_fd(&call.abi, fd, TARN_IO_WRITABLE, out), error);
}

/* A further file's container is its descriptor, in memory of its own. */
static int make_further(void *arg, const char *name, uint64_t size, void **out_container,
                        struct tarn_io **out_io, struct tarn_error **error)
{
    struct conversion *conversion = arg;
    char *path = image_resolve(conversion->path, name);
    int *file = malloc(sizeof(*file));
    int status = TARN_OK;

    if (path == NULL || file == NULL)
        status = no_memory(error);
    else if (access(path, F_OK) == 0)
        status = error_set(error, TARN_E_EXISTS, 0,
                           "%s exists, which the image would need: choose another name for it, or "
                           "remove that file", path);
    else
        status = open_unnamed(file, conversion, error);
    free(path);
    if (status == TARN_OK && ftruncate(*file, (off_t)size) < 0)
        status = error_set(error, status_from_errno(errno), errno, "cannot make the file %s", name);
    else if (status != TARN_OK && file != NULL)
        *file = -1;
    if (status == TARN_OK)
        status = store_of(out_io, conversion, *file, error);
    if (status == TARN_OK) {
        *out_container = file;
        return TARN_OK;
    }
    if (file != NULL && *file >= 0)
        close(*file);
    free(file);
    return status;
}

/* --- filling ---------------------------------------------------------------------------------- */

static uint32_t fill_flags(const struct conversion *conversion)
{
    return TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL |
           (conversion->asked.flags & TARN_CONVERT_COMPRESS ? TARN_IMAGE_OPEN_COMPRESS : 0);
}

static int write_target(struct conversion *conversion, struct tarn_error **error)
{
    struct operation *operation = &conversion->operation;
    const struct image_place place = {
        .path = conversion->path,
        .approved = conversion->backing,
        .approved_format = conversion->asked.backing_format,
        .recorded = true,
        .family = &conversion->family,
    };
    struct tarn_io *container = NULL;
    struct image *to = NULL;
    int closed;
    int status = store_of(&container, conversion, conversion->fd, error);

    if (status != TARN_OK)
        return status;
    status = image_create(operation, &conversion->format, container, &place, &conversion->spec,
                          error);
    if (status != TARN_OK) {
        container_close(container, operation, NULL);
        return status;
    }
    status = image_open(&to, operation, &conversion->format, container, &place,
                        fill_flags(conversion), NULL, NULL, error);
    if (status == TARN_OK)
        status = image_copy(to, conversion->from, conversion->spec.capacity, error);
    if (status == TARN_OK)
        status = image_flush(to, error);
    closed = image_close(to, status == TARN_OK ? error : NULL);
    return status == TARN_OK ? closed : status;
}

/* --- publishing ------------------------------------------------------------------------------- */

static int give_name(int file, const char *path, struct tarn_error **error)
{
    char from[64];

    snprintf(from, sizeof(from), "/proc/self/fd/%d", file);
    if (fsync(file) < 0 || linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0)
        return error_set(error, status_from_errno(errno), errno, "cannot write %s", path);
    return TARN_OK;
}

static void take_names_back(struct conversion *conversion, size_t count)
{
    while (count > 0) {
        char *path = image_resolve(conversion->path, conversion->family.members[--count].name);

        if (path != NULL)
            unlink(path);
        free(path);
    }
}

/* The image's own name comes last: who sees it sees all of it. */
static int publish(struct conversion *conversion, struct tarn_error **error)
{
    struct family *family = &conversion->family;
    size_t named = 0;
    int status = family_close(family, true, error);

    while (status == TARN_OK && named < family->count) {
        const struct family_member *member = &family->members[named];
        char *path = image_resolve(conversion->path, member->name);

        status = path != NULL ? give_name(*(int *)member->container, path, error)
                              : no_memory(error);
        named += status == TARN_OK;
        free(path);
    }
    if (status == TARN_OK)
        status = give_name(conversion->fd, conversion->path, error);
    if (status != TARN_OK)
        take_names_back(conversion, named);
    return status;
}

/* --- the whole -------------------------------------------------------------------------------- */

static void end(struct conversion *conversion)
{
    size_t i;

    if (conversion->fd >= 0)
        close(conversion->fd);
    image_close(conversion->from, NULL);
    for (i = 0; i < conversion->family.count; i++) {
        int *file = conversion->family.members[i].container;

        close(*file);
        free(file);
    }
    family_clear(&conversion->family);
    free(conversion->folder);
    free(conversion->path);
    free(conversion->backing);
    arena_free(conversion->arena);
    operation_end(&conversion->operation);
}

static int check_asked(const struct tarn_conversion *asked, struct tarn_error **error)
{
    if (asked->source_path == NULL || asked->target_path == NULL || asked->target_format == NULL)
        return error_set(error, TARN_E_INVALID, 0,
                         "a conversion needs source_path, target_path and target_format");
    return TARN_OK;
}

int tarn_image_convert(struct tarn_context *context, const struct tarn_conversion *asked,
                       struct tarn_job *job, struct tarn_error **error)
{
    struct conversion conversion = { .fd = -1 };
    int status;

    sized_copy_host(&conversion.asked, sizeof(conversion.asked), asked);
    if (flags_unknown(conversion.asked.flags, TARN_CONVERT_COMPRESS, error))
        return TARN_E_INVALID;
    operation_begin(&conversion.operation, context, "image-convert", NULL, NULL, job);
    conversion.family.make = make_further;
    conversion.family.arg = &conversion;
    conversion.family.operation = &conversion.operation;
    conversion.arena = arena_new();
    status = conversion.arena != NULL ? check_asked(&conversion.asked, error) : no_memory(error);
    if (status == TARN_OK)
        status = find_target(&conversion, error);
    if (status == TARN_OK)
        status = take_request(&conversion, error);
    if (status == TARN_OK)
        status = image_file_open(&conversion.from, &conversion.operation,
                                 conversion.asked.source_path, conversion.asked.source_format, 0,
                                 conversion.asked.snapshot, error);
    if (status == TARN_OK)
        status = image_size(&conversion.spec.capacity, conversion.from, error);
    if (status == TARN_OK)
        status = open_unnamed(&conversion.fd, &conversion, error);
    if (status == TARN_OK)
        status = write_target(&conversion, error);
    if (status == TARN_OK)
        status = publish(&conversion, error);
    end(&conversion);
    return status;
}
