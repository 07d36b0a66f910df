/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * raw.c - the raw format: the guest's disk is the container, byte for byte.
 */
#include "raw.h"

#include <stdbool.h>

#include "helpers/borrowed-io.h"
#include "helpers/io-zero.h"

static int32_t raw_open(struct tarn_call *call, struct tarn_io *file,
                        const struct tarn_image_open *how, struct tarn_io **out)
{
    bool write = (how->flags & TARN_IMAGE_OPEN_WRITE) != 0;

    *out = NULL;
    if (how->flags & TARN_IMAGE_OPEN_COMPRESS)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "raw images hold nothing compressed");
    if (how->snapshot != NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "raw images have no snapshot %s",
                         how->snapshot);
    if (write && !(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the container is open for reading only");
    *out = borrowed_io(file, write);
    if (*out == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open a raw image");
    return TARN_OK;
}

static int32_t raw_info(struct tarn_call *call, struct tarn_io *file)
{
    struct tarn_image_info info = { .struct_size = sizeof(info) };
    int32_t status = tarn_io_size(call, file, &info.capacity);

    return status == TARN_OK ? call->host->emit_image(call, &info) : status;
}

static int32_t refuse(struct tarn_call *call, const char *what)
{
    return tarn_fail(call, TARN_E_INVALID, 0,
                     "a raw image has no %s: leave it out, or choose another format", what);
}

static int32_t check_spec(struct tarn_call *call, const struct tarn_image_spec *spec)
{
    if (spec->backing_name != NULL)
        return refuse(call, "backing store");
    if (spec->preallocation == TARN_PREALLOC_METADATA)
        return refuse(call, "metadata that could be preallocated");
    if (spec->subformat != NULL)
        return refuse(call, "subformats");
    if (spec->compat != NULL)
        return refuse(call, "compatibility levels");
    if (spec->cluster_size != 0)
        return refuse(call, "clusters");
    if (spec->features != NULL && spec->features[0] != NULL)
        return refuse(call, "features");
    if (spec->capacity > INT64_MAX)
        return tarn_fail(call, TARN_E_INVALID, 0, "no raw image holds %llu bytes",
                         (unsigned long long)spec->capacity);
    return TARN_OK;
}

static int32_t raw_measure(struct tarn_call *call, const struct tarn_image_spec *spec,
                           uint64_t *out)
{
    *out = spec->capacity;
    return check_spec(call, spec);
}

/* A block device or LUN has its size already, and may be larger than what was asked for. */
static int32_t make_size(struct tarn_call *call, struct tarn_io *file, uint64_t capacity)
{
    uint64_t have;
    int32_t status;

    if (!(file->flags & TARN_IO_FIXED_SIZE))
        return tarn_io_truncate(call, file, capacity, 0);
    status = tarn_io_size(call, file, &have);
    if (status == TARN_OK && have < capacity)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the image needs %llu bytes and its container has %llu",
                         (unsigned long long)capacity, (unsigned long long)have);
    return status;
}

/* Without preallocation, `allocation` bytes at the start are still reserved: libvirt's volume XML
 * asks for that with an <allocation> below the <capacity>. */
static int32_t raw_create(struct tarn_call *call, struct tarn_io *file,
                          const struct tarn_image_spec *spec)
{
    uint64_t reserved = spec->allocation < spec->capacity ? spec->allocation : spec->capacity;
    int32_t status = check_spec(call, spec);

    if (status == TARN_OK)
        status = make_size(call, file, spec->capacity);
    if (status != TARN_OK)
        return status;
    switch (spec->preallocation) {
    case TARN_PREALLOC_OFF:
        return io_reserve(call, file, 0, reserved);
    case TARN_PREALLOC_FALLOC:
        return io_reserve(call, file, 0, spec->capacity);
    case TARN_PREALLOC_FULL:
        return io_write_zeros(call, file, 0, spec->capacity);
    default:
        return tarn_fail(call, TARN_E_INVALID, 0, "preallocation %u is unknown",
                         (unsigned int)spec->preallocation);
    }
}

const struct tarn_format raw_format = {
    .struct_size = sizeof(raw_format),
    .capabilities = TARN_FORMAT_READ | TARN_FORMAT_WRITE | TARN_FORMAT_CREATE | TARN_FORMAT_GROW |
                    TARN_FORMAT_SHRINK | TARN_FORMAT_MAP | TARN_FORMAT_TRANSPARENT,
    .name = "raw",
    .summary = "the guest's bytes and nothing else",
    .info = raw_info,
    .measure = raw_measure,
    .create = raw_create,
    .open = raw_open,
};
