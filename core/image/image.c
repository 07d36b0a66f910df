/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening and using images.
 */
#include "core/image/image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/context/context.h"
#include "core/image/container.h"

#define ZERO_CHUNK (256u * 1024u)

static struct image *image_of(struct tarn_io *io)
{
    return (struct image *)(void *)io;
}

/* --- one use of the format's byte store ------------------------------------------------------- */

struct tarn_call *image_enter(struct image *image)
{
    module_enter(image->format.module);
    return &image->call.abi;
}

/* A failure is handed to whoever uses the image; TARN_E_UNSUPPORTED without a text stays
 * without. */
int image_leave(struct image *image, int status, struct tarn_error **error)
{
    module_leave(image->format.module);
    if (status == TARN_OK || image->call.error == NULL) {
        tarn_error_free(image->call.error);
        image->call.error = NULL;
        return status;
    }
    error_set_module(image->call.error, module_name(image->format.module));
    if (image->above != NULL)
        error_while(image->call.error, "reading the backing store %s",
                    image->path != NULL ? image->path : "");
    status = error_pass(error, image->call.error);
    image->call.error = NULL;
    return status;
}

static int32_t facade_end(struct tarn_call *user, struct image *image, int status)
{
    return image_leave(image, status, &call_of(user)->error);
}

static int32_t facade_pread(struct tarn_call *user, struct tarn_io *io, void *buffer,
                            uint64_t length, uint64_t offset)
{
    struct image *image = image_of(io);

    return facade_end(user, image,
                      tarn_io_pread(image_enter(image), image->guest, buffer, length, offset));
}

static int32_t facade_size(struct tarn_call *user, struct tarn_io *io, uint64_t *out)
{
    struct image *image = image_of(io);

    return facade_end(user, image, tarn_io_size(image_enter(image), image->guest, out));
}

static int32_t facade_extents(struct tarn_call *user, struct tarn_io *io, uint64_t offset,
                              uint64_t length, tarn_extent_fn emit, void *arg)
{
    struct image *image = image_of(io);

    return facade_end(user, image,
                      tarn_io_extents(image_enter(image), image->guest, offset, length, emit, arg));
}

/* What tells the content below from an earlier one is its container. */
static int32_t facade_identity(struct tarn_call *user, struct tarn_io *io,
                               struct tarn_identity *out)
{
    return tarn_io_identity(user, image_of(io)->container, out);
}

static int32_t facade_close(struct tarn_call *user, struct tarn_io *io)
{
    return image_close(image_of(io), &call_of(user)->error);
}

/* What a format above sees: an image to read. Only the topmost is written, by the core. */
static void facade_init(struct image *image)
{
    image->facade.struct_size = sizeof(image->facade);
    image->facade.fd = -1;
    image->facade.block_size = image->guest->block_size;
    image->facade.pread = facade_pread;
    image->facade.size = facade_size;
    image->facade.extents = facade_extents;
    image->facade.identity = facade_identity;
    image->facade.close = facade_close;
}

/* --- opening and closing ---------------------------------------------------------------------- */

static const struct call_sink image_sink = { .open_related = image_open_related };

static bool copy_text(char **out, const char *text)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out != NULL;
}

static int copy_place(struct image *image, const struct image_place *place)
{
    image->recorded = place->recorded;
    image->family = place->family;
    return copy_text(&image->path, place->path) && copy_text(&image->root, place->root) &&
                   copy_text(&image->pool, place->pool) &&
                   copy_text(&image->approved, place->approved) &&
                   copy_text(&image->approved_format, place->approved_format)
               ? TARN_OK
               : TARN_E_INTERNAL;
}

static void remember_file(struct image *image)
{
    struct stat known;

    if (image->container->fd >= 0 && fstat(image->container->fd, &known) == 0) {
        image->device = known.st_dev;
        image->inode = known.st_ino;
    }
}

/* What `flags` ask for and the format does not promise. */
static int check_promises(const struct tarn_format *format, uint32_t flags,
                          struct tarn_error **error)
{
    bool fills = (flags & TARN_IMAGE_OPEN_FILL) && (format->capabilities & TARN_FORMAT_FILL);

    if (format->open == NULL)
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s can be described, but not read", format->name);
    if ((flags & TARN_IMAGE_OPEN_WRITE) && !(format->capabilities & TARN_FORMAT_WRITE) && !fills)
        return error_set(error, TARN_E_UNSUPPORTED, 0, "images of the format %s are read-only",
                         format->name);
    if ((flags & TARN_IMAGE_OPEN_COMPRESS) && !(format->capabilities & TARN_FORMAT_COMPRESS))
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s cannot be asked to compress", format->name);
    return TARN_OK;
}

int image_leave_with_reason(struct image *image, int status, struct tarn_error **error)
{
    if (status != TARN_OK && image->call.error == NULL)
        error_set(&image->call.error, status, 0, "the module %s failed without saying why",
                  module_name(image->format.module));
    return image_leave(image, status, error);
}

static int open_guest(struct image *image, uint32_t flags, const char *snapshot,
                      struct tarn_error **error)
{
    const struct tarn_image_open how = { sizeof(how), flags, snapshot };
    const struct tarn_format *format = image->format.format;
    int status = check_promises(format, flags, error);

    if (status != TARN_OK)
        return status;
    status = format->open(image_enter(image), image->container, &how, &image->guest);
    if (status != TARN_OK)
        image->guest = NULL;
    return image_leave_with_reason(image, status, error);
}

int image_prepare(struct image *image, struct operation *operation,
                  const struct format_ref *format, struct tarn_io *container,
                  const struct image_place *place, const struct call_sink *sink, void *sink_arg,
                  struct tarn_error **error)
{
    int status;

    memset(image, 0, sizeof(*image));
    call_prepare(&image->call, operation, format->module);
    image->call.sink = sink;
    image->call.sink_arg = sink_arg;
    image->format = *format;
    image->container = container;
    image->writable = (container->flags & TARN_IO_WRITABLE) != 0;
    remember_file(image);
    status = copy_place(image, place);
    return status == TARN_OK ? status
                             : error_set(error, status, 0, "no memory to use an image");
}

void image_release(struct image *image)
{
    call_clear(&image->call);
    free(image->path);
    free(image->root);
    free(image->pool);
    free(image->approved);
    free(image->approved_format);
}

int image_open(struct image **out, struct operation *operation, const struct format_ref *format,
               struct tarn_io *container, const struct image_place *place, uint32_t flags,
               const char *snapshot, struct image *above, struct tarn_error **error)
{
    struct image *image = calloc(1, sizeof(*image));
    int status;

    if (image == NULL) {
        container_close(container, operation, NULL);
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to open an image");
    }
    status = image_prepare(image, operation, format, container, place, &image_sink, image, error);
    image->above = above;
    image->writable = (flags & TARN_IMAGE_OPEN_WRITE) != 0;
    if (status == TARN_OK)
        status = open_guest(image, flags, snapshot, error);
    if (status != TARN_OK) {
        image_close(image, NULL);
        return status;
    }
    facade_init(image);
    *out = image;
    return TARN_OK;
}

/* The format closes what it opened: the backing image is closed through its facade, by the
 * format. */
int image_close(struct image *image, struct tarn_error **error)
{
    int status = TARN_OK;
    int closed;

    if (image == NULL)
        return TARN_OK;
    if (image->guest != NULL) {
        status = tarn_io_close(image_enter(image), image->guest);
        status = image_leave(image, status, error);
    }
    closed = tarn_io_close(&image->call.abi, image->container);
    if (status == TARN_OK && closed != TARN_OK && image->call.error != NULL) {
        status = error_pass(error, image->call.error);
        image->call.error = NULL;
    }
    if (image->above != NULL && image->above->backing == image)
        image->above->backing = NULL;
    image_release(image);
    free(image);
    return status;
}

/* --- making ----------------------------------------------------------------------------------- */

static int create_related(void *arg, struct call *call, const char *suffix, uint64_t size,
                          const char **out_name, struct tarn_io **out)
{
    struct image *image = arg;

    if (image->family == NULL)
        return error_set(&call->error, TARN_E_UNSUPPORTED, 0,
                         "an image in several files can only be made where files have names");
    return family_create(image->family, call, suffix, size, out_name, out);
}

static const struct call_sink making_sink = {
    .open_related = image_open_related,
    .create_related = create_related,
};

int image_create(struct operation *operation, const struct format_ref *format,
                 struct tarn_io *container, const struct image_place *place,
                 const struct tarn_image_spec *spec, struct tarn_error **error)
{
    struct image image;
    int status = image_prepare(&image, operation, format, container, place, &making_sink, &image,
                               error);

    if (status == TARN_OK) {
        status = format->format->create(image_enter(&image), container, spec);
        status = image_leave_with_reason(&image, status, error);
    }
    image_release(&image);
    return status;
}

/* --- the core's uses -------------------------------------------------------------------------- */

int image_size(uint64_t *out, struct image *image, struct tarn_error **error)
{
    return image_leave(image, tarn_io_size(image_enter(image), image->guest, out), error);
}

int image_pread(struct image *image, void *buffer, uint64_t length, uint64_t offset,
                struct tarn_error **error)
{
    int status = tarn_io_pread(image_enter(image), image->guest, buffer, length, offset);

    return image_leave(image, status, error);
}

int image_pwrite(struct image *image, const void *buffer, uint64_t length, uint64_t offset,
                 struct tarn_error **error)
{
    int status = tarn_io_pwrite(image_enter(image), image->guest, buffer, length, offset);

    return image_leave(image, status, error);
}

static int write_zeros(struct image *image, uint64_t offset, uint64_t length,
                       struct tarn_error **error)
{
    static const unsigned char zeros[ZERO_CHUNK];
    int status = TARN_OK;

    while (status == TARN_OK && length > 0) {
        uint64_t part = length < ZERO_CHUNK ? length : ZERO_CHUNK;

        status = operation_interrupted(image->call.operation, error);
        if (status == TARN_OK)
            status = image_pwrite(image, zeros, part, offset, error);
        offset += part;
        length -= part;
    }
    return status;
}

int image_zero(struct image *image, uint64_t offset, uint64_t length, uint32_t flags,
               struct tarn_error **error)
{
    int status = tarn_io_zero(image_enter(image), image->guest, offset, length, flags);

    status = image_leave(image, status, error);
    if (status != TARN_E_UNSUPPORTED || (flags & TARN_ZERO_FAST_ONLY))
        return status;
    return write_zeros(image, offset, length, error);
}

int image_discard(struct image *image, uint64_t offset, uint64_t length,
                  struct tarn_error **error)
{
    int status = tarn_io_discard(image_enter(image), image->guest, offset, length);

    return image_leave(image, status, error);
}

int image_flush(struct image *image, struct tarn_error **error)
{
    return image_leave(image, tarn_io_flush(image_enter(image), image->guest), error);
}

int image_truncate(struct image *image, uint64_t size, uint32_t flags, struct tarn_error **error)
{
    int status = tarn_io_truncate(image_enter(image), image->guest, size, flags);

    return image_leave(image, status, error);
}
