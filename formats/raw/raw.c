/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * raw.c - the raw format: the guest's disk is the container, byte for byte.
 */
#include "raw.h"

#include <stdbool.h>

#include "helpers/borrowed-io.h"
#include "helpers/plain-image.h"

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

static int32_t raw_measure(struct tarn_call *call, const struct tarn_image_spec *spec,
                           uint64_t *out)
{
    *out = spec->capacity;
    return plain_image_check_spec(call, spec, "a", "raw");
}

static int32_t raw_create(struct tarn_call *call, struct tarn_io *file,
                          const struct tarn_image_spec *spec)
{
    int32_t status = plain_image_check_spec(call, spec, "a", "raw");

    if (status == TARN_OK)
        status = plain_image_set_size(call, file, spec->capacity);
    return status == TARN_OK ? plain_image_take_space(call, file, spec, 0) : status;
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
