/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Images as hosts hold them: the open ones, and those that are only looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/flags.h"
#include "core/image/image-file.h"
#include "core/image/image-look.h"
#include "core/volume/volume.h"

/* An open image of a volume or of a file in no pool; its operation lasts as long. */
struct tarn_image {
    struct image *image;
    struct tarn_volume *volume;  /* NULL: of a file */
    struct volume_visit visit;   /* of the volume; its pool's state is not locked */
    struct operation operation;  /* of the file */
};

/* --- opening ---------------------------------------------------------------------------------- */

int tarn_image_open(struct tarn_image **out, struct tarn_context *context, const char *path,
                    const char *format, uint32_t flags, struct tarn_job *job,
                    struct tarn_error **error)
{
    if (flags_unknown(flags, TARN_IMAGE_WRITE, error))
        return TARN_E_INVALID;

    struct tarn_image *image = calloc(1, sizeof(*image));
    int status;

    if (image == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to open an image");
    operation_begin(&image->operation, context, "image-open", NULL, NULL, job);
    status = image_file_open(&image->image, &image->operation, path, format,
                             flags & TARN_IMAGE_WRITE ? TARN_IMAGE_OPEN_WRITE : 0, NULL, error);
    if (status != TARN_OK) {
        operation_end(&image->operation);
        free(image);
        return status;
    }
    operation_leave_job(&image->operation);
    *out = image;
    return TARN_OK;
}

/* The volume stays locked while the image is open; the pool's state does not, or whoever holds an
 * open image and does something else with the pool could wait for himself. */
int tarn_volume_open(struct tarn_image **out, struct tarn_volume *volume, uint32_t flags,
                     struct tarn_job *job, struct tarn_error **error)
{
    if (flags_unknown(flags, TARN_IMAGE_WRITE, error))
        return TARN_E_INVALID;

    bool write = (flags & TARN_IMAGE_WRITE) != 0;
    struct tarn_image *image = calloc(1, sizeof(*image));
    int status;

    if (image == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to open a volume");
    image->volume = tarn_volume_ref(volume);
    status = volume_enter(&image->visit, image->volume, "vol-open",
                          write ? LOCK_EXCLUSIVE : LOCK_SHARED, job, error);
    if (status == TARN_OK) {
        status = volume_image(&image->image, volume->pool, image->visit.pool.session,
                              &image->visit.pool.operation, image->visit.entry,
                              write ? TARN_IMAGE_OPEN_WRITE : 0, error);
        if (status != TARN_OK)
            volume_leave(&image->visit);
    }
    if (status != TARN_OK) {
        tarn_volume_unref(image->volume);
        free(image);
        return status;
    }
    lock_release(&image->visit.pool.state);
    operation_leave_job(&image->visit.pool.operation);
    *out = image;
    return TARN_OK;
}

int tarn_image_close(struct tarn_image *image, struct tarn_error **error)
{
    int status;

    if (image == NULL)
        return TARN_OK;
    status = image_close(image->image, error);
    if (image->volume != NULL) {
        volume_leave(&image->visit);
        tarn_volume_unref(image->volume);
    } else {
        operation_end(&image->operation);
    }
    free(image);
    return status;
}

/* --- using ------------------------------------------------------------------------------------ */

int tarn_image_size(uint64_t *out, struct tarn_image *image, struct tarn_error **error)
{
    return image_size(out, image->image, error);
}

int tarn_image_pread(struct tarn_image *image, void *buffer, uint64_t length, uint64_t offset,
                     struct tarn_error **error)
{
    return image_pread(image->image, buffer, length, offset, error);
}

int tarn_image_pwrite(struct tarn_image *image, const void *buffer, uint64_t length,
                      uint64_t offset, struct tarn_error **error)
{
    return image_pwrite(image->image, buffer, length, offset, error);
}

/* What may take long has a job of its own. */
static const char *begin_long(struct tarn_image *image, const char *name, struct tarn_job *job)
{
    return operation_become(image->image->call.operation, name, job);
}

static int end_long(struct tarn_image *image, const char *before, int status)
{
    operation_become(image->image->call.operation, before, NULL);
    return status;
}

int tarn_image_zero(struct tarn_image *image, uint64_t offset, uint64_t length,
                    struct tarn_job *job, struct tarn_error **error)
{
    const char *before = begin_long(image, "image-zero", job);

    return end_long(image, before,
                    image_zero(image->image, offset, length, TARN_ZERO_MAY_UNMAP, error));
}

int tarn_image_discard(struct tarn_image *image, uint64_t offset, uint64_t length,
                       struct tarn_job *job, struct tarn_error **error)
{
    const char *before = begin_long(image, "image-discard", job);

    return end_long(image, before, image_discard(image->image, offset, length, error));
}

int tarn_image_flush(struct tarn_image *image, struct tarn_error **error)
{
    return image_flush(image->image, error);
}

static int pass_extent(void *arg, const struct tarn_extent *extent)
{
    const struct tarn_image_listener *listener = arg;

    return listener->extent(listener->arg, extent);
}

int tarn_image_map(struct tarn_image *image, uint64_t offset, uint64_t length,
                   const struct tarn_image_listener *listener, struct tarn_job *job,
                   struct tarn_error **error)
{
    const char *before;
    uint64_t size = 0;
    int status;

    if (!TARN_HAS(listener, struct tarn_image_listener, extent))
        return error_set(error, TARN_E_INVALID, 0, "the listener takes no extents");
    status = image_size(&size, image->image, error);
    if (status == TARN_OK && (offset > size || length > size - offset))
        status = error_set(error, TARN_E_INVALID, 0,
                           "the image has %llu bytes, and the range ends beyond them",
                           (unsigned long long)size);
    if (status != TARN_OK)
        return status;
    before = begin_long(image, "image-map", job);
    status = image_map(image->image, offset, length, pass_extent, (void *)(uintptr_t)listener,
                       error);
    return end_long(image, before, status);
}

/* --- looking ---------------------------------------------------------------------------------- */

/* A check of what somebody else changes meanwhile would find faults that are none. */
static enum container_use look_use(bool check, uint32_t flags)
{
    if (!check)
        return CONTAINER_LOOK;
    return flags != 0 ? CONTAINER_WRITE : CONTAINER_READ;
}

/* Describes or checks what a volume holds. */
static int look_at_volume(struct tarn_volume *volume, const char *operation, bool check,
                          uint32_t flags, const struct tarn_image_listener *listener,
                          struct tarn_job *job, struct tarn_error **error)
{
    struct pool_visit *pool;
    struct volume_place place = { .record = { 0 } };
    struct volume_visit visit;
    struct format_ref format;
    struct tarn_io *io = NULL;
    int status = volume_enter(&visit, volume, operation, flags != 0 ? LOCK_EXCLUSIVE : LOCK_SHARED,
                              job, error);

    if (status != TARN_OK)
        return status;
    pool = &visit.pool;
    status = volume_format(&format, volume->pool->context, visit.entry, error);
    if (status == TARN_OK)
        status = volume_container(&io, pool->session, &pool->operation, volume->name,
                                  look_use(check, flags), error);
    if (status == TARN_OK && check)
        status = volume_place_find(&place, volume->pool, pool->session, visit.entry, error);
    if (status == TARN_OK && check)
        status = image_check(&pool->operation, &format, io, &place.place, flags, listener, error);
    else if (status == TARN_OK)
        status = image_describe(&pool->operation, &format, io, listener, error);
    record_clear(&place.record);
    container_close(io, &pool->operation, status == TARN_OK ? error : NULL);
    if (flags != 0)
        volume_changed(&visit);
    volume_leave(&visit);
    return status;
}

int tarn_volume_describe(struct tarn_volume *volume, const struct tarn_image_listener *listener,
                         struct tarn_error **error)
{
    return look_at_volume(volume, "vol-info", false, 0, listener, NULL, error);
}

int tarn_volume_check(struct tarn_volume *volume, uint32_t flags,
                      const struct tarn_image_listener *listener, struct tarn_job *job,
                      struct tarn_error **error)
{
    if (flags_unknown(flags, TARN_IMAGE_REPAIR_LEAKS | TARN_IMAGE_REPAIR_ALL, error))
        return TARN_E_INVALID;
    return look_at_volume(volume, "vol-check", true, flags, listener, job, error);
}

static int look_at_file(struct tarn_context *context, const char *operation_name, const char *path,
                        const char *format_name, bool check, uint32_t flags,
                        const struct tarn_image_listener *listener, struct tarn_job *job,
                        struct tarn_error **error)
{
    char *real = realpath(path, NULL);
    struct image_place place = { .path = real, .recorded = format_name != NULL };
    struct operation operation;
    struct format_ref format;
    struct tarn_io *io = NULL;
    int status;

    operation_begin(&operation, context, operation_name, NULL, NULL, job);
    status = image_file_container(&io, &format, &operation, path, format_name,
                                  look_use(check, flags), error);
    if (status == TARN_OK && check)
        status = image_check(&operation, &format, io, &place, flags, listener, error);
    else if (status == TARN_OK)
        status = image_describe(&operation, &format, io, listener, error);
    container_close(io, &operation, status == TARN_OK ? error : NULL);
    operation_end(&operation);
    free(real);
    return status;
}

int tarn_image_describe(struct tarn_context *context, const char *path, const char *format,
                        const struct tarn_image_listener *listener, struct tarn_error **error)
{
    return look_at_file(context, "image-info", path, format, false, 0, listener, NULL, error);
}

int tarn_image_check(struct tarn_context *context, const char *path, const char *format,
                     uint32_t flags, const struct tarn_image_listener *listener,
                     struct tarn_job *job, struct tarn_error **error)
{
    if (flags_unknown(flags, TARN_IMAGE_REPAIR_LEAKS | TARN_IMAGE_REPAIR_ALL, error))
        return TARN_E_INVALID;
    return look_at_file(context, "image-check", path, format, true, flags, listener, job, error);
}
