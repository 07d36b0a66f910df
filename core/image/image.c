/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening and using images.
 */
#include "core/image/image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/context/context.h"

#define ZERO_CHUNK (256u * 1024u)

static struct image *image_of(struct tarn_io *io)
{
    return (struct image *)(void *)io;
}

/* --- one use of the format's byte store ------------------------------------------------------- */

static struct tarn_call *use_begin(struct image *image)
{
    module_enter(image->format.module);
    return &image->call.abi;
}

/* A failure is handed to whoever uses the image; TARN_E_UNSUPPORTED without a text stays
 * without. */
static int use_end(struct image *image, int status, struct tarn_error **error)
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
    return use_end(image, status, &call_of(user)->error);
}

static int32_t facade_pread(struct tarn_call *user, struct tarn_io *io, void *buffer,
                            uint64_t length, uint64_t offset)
{
    struct image *image = image_of(io);

    return facade_end(user, image,
                      tarn_io_pread(use_begin(image), image->guest, buffer, length, offset));
}

static int32_t facade_size(struct tarn_call *user, struct tarn_io *io, uint64_t *out)
{
    struct image *image = image_of(io);

    return facade_end(user, image, tarn_io_size(use_begin(image), image->guest, out));
}

static int32_t facade_extents(struct tarn_call *user, struct tarn_io *io, uint64_t offset,
                              uint64_t length, tarn_extent_fn emit, void *arg)
{
    struct image *image = image_of(io);

    return facade_end(user, image,
                      tarn_io_extents(use_begin(image), image->guest, offset, length, emit, arg));
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
    image->facade.close = facade_close;
}

/* --- opening and closing ---------------------------------------------------------------------- */

static const struct call_sink image_sink = { .open_related = image_open_related };

static int copy_place(struct image *image, const struct image_place *place)
{
    image->recorded = place->recorded;
    image->path = place->path != NULL ? strdup(place->path) : NULL;
    image->root = place->root != NULL ? strdup(place->root) : NULL;
    image->approved = place->approved != NULL ? strdup(place->approved) : NULL;
    return (place->path == NULL || image->path != NULL) &&
                   (place->root == NULL || image->root != NULL) &&
                   (place->approved == NULL || image->approved != NULL)
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

static int open_guest(struct image *image, uint32_t flags, const char *snapshot,
                      struct tarn_error **error)
{
    const struct tarn_image_open how = { sizeof(how), flags, snapshot };
    const struct tarn_format *format = image->format.format;
    int status;

    if (format->open == NULL)
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s can be described, but not read", format->name);
    if ((flags & TARN_IMAGE_OPEN_WRITE) && !(format->capabilities & TARN_FORMAT_WRITE))
        return error_set(error, TARN_E_UNSUPPORTED, 0, "images of the format %s are read-only",
                         format->name);
    status = format->open(use_begin(image), image->container, &how, &image->guest);
    if (status != TARN_OK && image->call.error == NULL)
        error_set(&image->call.error, status, 0, "the module %s failed without saying why",
                  module_name(image->format.module));
    return use_end(image, status, error);
}

int image_open(struct image **out, struct operation *operation, const struct format_ref *format,
               struct tarn_io *container, const struct image_place *place, uint32_t flags,
               const char *snapshot, struct image *above, struct tarn_error **error)
{
    struct image *image = calloc(1, sizeof(*image));
    int status;

    if (image == NULL) {
        struct call call;

        call_prepare(&call, operation, NULL);
        tarn_io_close(&call.abi, container);
        call_clear(&call);
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to open an image");
    }
    call_prepare(&image->call, operation, format->module);
    image->call.sink = &image_sink;
    image->call.sink_arg = image;
    image->format = *format;
    image->container = container;
    image->above = above;
    remember_file(image);
    status = copy_place(image, place);
    if (status != TARN_OK)
        error_set(error, status, 0, "no memory to open an image");
    else
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
        status = tarn_io_close(use_begin(image), image->guest);
        status = use_end(image, status, error);
    }
    closed = tarn_io_close(&image->call.abi, image->container);
    if (status == TARN_OK && closed != TARN_OK && image->call.error != NULL) {
        status = error_pass(error, image->call.error);
        image->call.error = NULL;
    }
    if (image->above != NULL && image->above->backing == image)
        image->above->backing = NULL;
    call_clear(&image->call);
    free(image->path);
    free(image->root);
    free(image->approved);
    free(image);
    return status;
}

/* --- the core's uses -------------------------------------------------------------------------- */

int image_size(uint64_t *out, struct image *image, struct tarn_error **error)
{
    return use_end(image, tarn_io_size(use_begin(image), image->guest, out), error);
}

int image_pread(struct image *image, void *buffer, uint64_t length, uint64_t offset,
                struct tarn_error **error)
{
    return use_end(image, tarn_io_pread(use_begin(image), image->guest, buffer, length, offset),
                   error);
}

int image_pwrite(struct image *image, const void *buffer, uint64_t length, uint64_t offset,
                 struct tarn_error **error)
{
    return use_end(image, tarn_io_pwrite(use_begin(image), image->guest, buffer, length, offset),
                   error);
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
    int status =
        use_end(image, tarn_io_zero(use_begin(image), image->guest, offset, length, flags), error);

    if (status != TARN_E_UNSUPPORTED || (flags & TARN_ZERO_FAST_ONLY))
        return status;
    return write_zeros(image, offset, length, error);
}

int image_discard(struct image *image, uint64_t offset, uint64_t length,
                  struct tarn_error **error)
{
    return use_end(image, tarn_io_discard(use_begin(image), image->guest, offset, length), error);
}

int image_flush(struct image *image, struct tarn_error **error)
{
    return use_end(image, tarn_io_flush(use_begin(image), image->guest), error);
}

int image_truncate(struct image *image, uint64_t size, uint32_t flags, struct tarn_error **error)
{
    return use_end(image, tarn_io_truncate(use_begin(image), image->guest, size, flags), error);
}
