/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changing the capacity of a volume.
 */
#include "core/volume/volume.h"

#include "core/base/flags.h"

/* What the request means, in bytes. */
static int wanted_capacity(uint64_t *out, uint64_t now, uint64_t asked, uint32_t flags,
                           struct tarn_error **error)
{
    if (!(flags & TARN_VOLUME_RESIZE_DELTA)) {
        *out = asked;
    } else if (flags & TARN_VOLUME_RESIZE_SHRINK) {
        *out = asked < now ? now - asked : 0;
    } else if (__builtin_add_overflow(now, asked, out)) {
        *out = UINT64_MAX;
    }
    if (*out > INT64_MAX)
        return error_set(error, TARN_E_INVALID, 0,
                         "the new capacity would be over 2^63-1 bytes");
    return TARN_OK;
}

static int check_direction(const struct tarn_format *format, const char *name, uint64_t now,
                           uint64_t wanted, uint32_t flags, struct tarn_error **error)
{
    if (wanted < now && !(flags & TARN_VOLUME_RESIZE_SHRINK))
        return error_set(error, TARN_E_INVALID, 0,
                         "the volume \"%s\" has %llu bytes, and %llu are less: data would be lost; "
                         "say that it shall shrink", name, (unsigned long long)now,
                         (unsigned long long)wanted);
    /* One that is written, and does not promise to grow or shrink, says why it cannot. */
    if (wanted != now && !(format->capabilities & TARN_FORMAT_WRITE))
        return error_set(error, TARN_E_UNSUPPORTED, 0, "images of the format %s are read-only",
                         format->name);
    return TARN_OK;
}

static uint32_t truncate_flags(uint32_t flags)
{
    return (flags & TARN_VOLUME_RESIZE_SHRINK ? TARN_TRUNCATE_SHRINK : 0) |
           (flags & TARN_VOLUME_RESIZE_ALLOCATE ? TARN_TRUNCATE_ALLOCATE : 0);
}

static int resize_container(struct volume_visit *visit, uint64_t size, uint32_t flags,
                            struct tarn_error **error)
{
    struct pool_session *session = visit->pool.session;
    const struct tarn_pool_type *type = session->type.type;
    struct call call;

    if (type->volume_resize == NULL)
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "volumes in pools of the type %s cannot be resized", type->name);
    pool_call_begin(&call, session, &visit->pool.operation, NULL);
    return pool_call_end(&call, session,
                         type->volume_resize(&call.abi, session->handle, visit->entry->info.name,
                                             size, truncate_flags(flags)),
                         error);
}

/* Growing needs the backing store: what is added reads as zeros, also where the backing store is
 * longer than the image was. Shrinking does not, and it may be missing. */
static int open_to_resize(struct image **out, struct volume_visit *visit, bool shrinks,
                          struct tarn_error **error)
{
    struct pool_visit *pool = &visit->pool;
    uint32_t flags = TARN_IMAGE_OPEN_WRITE | (shrinks ? TARN_IMAGE_OPEN_NO_BACKING : 0);

    return volume_image(out, pool->pool, pool->session, &pool->operation, visit->entry, flags,
                        error);
}

static int resize_image(struct volume_visit *visit, const struct tarn_format *format,
                        uint64_t wanted, uint32_t flags, struct tarn_error **error)
{
    struct image *image = NULL;
    uint64_t now = 0;
    int status =
        open_to_resize(&image, visit, wanted <= visit->entry->info.capacity, error);
    int closed;

    if (status == TARN_OK)
        status = image_size(&now, image, error);
    if (status == TARN_OK)
        status = check_direction(format, visit->entry->info.name, now, wanted, flags, error);
    if (status == TARN_OK)
        status = image_truncate(image, wanted, truncate_flags(flags), error);
    if (status == TARN_OK)
        status = image_flush(image, error);
    closed = image_close(image, status == TARN_OK ? error : NULL);
    return status == TARN_OK ? closed : status;
}

/* What a container of fixed size must have for an image of `wanted` bytes, which is there. */
static int measure(uint64_t *out, struct volume_visit *visit, const struct format_ref *format,
                   uint64_t wanted, struct tarn_error **error)
{
    const struct tarn_image_info *image = &visit->entry->image;
    const struct tarn_image_spec spec = {
        .struct_size = sizeof(spec),
        .preallocation = TARN_PREALLOC_FALLOC, /* room for all of it */
        .capacity = wanted,
        .subformat = image->subformat,
        .compat = image->compat,
        .cluster_size = image->cluster_size,
        .features = image->features,
    };
    struct call call;

    *out = wanted;
    if (format->format->measure == NULL)
        return TARN_OK;
    call_begin(&call, &visit->pool.operation, format->module);
    return call_end(&call, format->format->measure(&call.abi, &spec, out), error);
}

/* An image grows after its container. When it shrinks the container stays: where in it the clusters
 * lie is the format's affair. */
static int resize_sized(struct volume_visit *visit, uint64_t wanted, uint32_t flags,
                        struct tarn_error **error)
{
    const struct tarn_volume_info *info = &visit->entry->info;
    struct format_ref format = { 0 };
    uint64_t needed = 0;
    int status;

    if (info->format != NULL || visit->entry->format == NULL)
        return resize_container(visit, wanted, flags, error);
    status = volume_format(&format, visit->pool.pool->context, visit->entry, error);
    if (status == TARN_OK && (format.format->capabilities & TARN_FORMAT_TRANSPARENT))
        return resize_container(visit, wanted, flags, error);
    if (status == TARN_OK)
        status = check_direction(format.format, info->name, info->capacity, wanted, flags, error);
    if (status == TARN_OK)
        status = measure(&needed, visit, &format, wanted, error);
    if (status == TARN_OK && wanted > info->capacity && needed > info->physical)
        status = resize_container(visit, needed, flags & ~TARN_VOLUME_RESIZE_SHRINK, error);
    return status == TARN_OK ? resize_image(visit, format.format, wanted, flags, error) : status;
}

static int resize(struct volume_visit *visit, uint64_t asked, uint32_t flags,
                  struct tarn_error **error)
{
    bool fixed = (visit->pool.session->type.type->flags & TARN_POOL_SIZED_CONTAINERS) != 0;
    struct format_ref format = { 0 };
    uint64_t now = visit->entry->info.capacity;
    uint64_t wanted = 0;
    int status = wanted_capacity(&wanted, now, asked, flags, error);

    if (status != TARN_OK)
        return status;
    if (asked == 0 && !(flags & (TARN_VOLUME_RESIZE_DELTA | TARN_VOLUME_RESIZE_SHRINK)))
        return error_set(error, TARN_E_INVALID, 0,
                         "a capacity of 0 takes the word that the volume shall shrink");
    if (fixed)
        return resize_sized(visit, wanted, flags, error);
    status = volume_format(&format, visit->pool.pool->context, visit->entry, error);
    if (status == TARN_OK)
        status = check_direction(format.format, visit->entry->info.name, now, wanted, flags, error);
    if (status == TARN_OK)
        status = resize_image(visit, format.format, wanted, flags, error);
    return status;
}

int tarn_volume_resize(struct tarn_volume *volume, uint64_t capacity, uint32_t flags,
                       struct tarn_job *job, struct tarn_error **error)
{
    if (flags_unknown(flags, TARN_VOLUME_RESIZE_ALLOCATE | TARN_VOLUME_RESIZE_DELTA |
                      TARN_VOLUME_RESIZE_SHRINK, error))
        return TARN_E_INVALID;

    struct volume_visit visit;
    int status = volume_enter(&visit, volume, "vol-resize", LOCK_EXCLUSIVE, job, error);

    if (status != TARN_OK)
        return status;
    status = resize(&visit, capacity, flags, error);
    volume_changed(&visit);
    volume_leave(&visit);
    return status;
}
