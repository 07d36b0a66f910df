/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plain-image.c - see plain-image.h.
 */
#include "plain-image.h"

#include "io-room.h"
#include "io-zero.h"

/* What the spec asks for and such an image has not, or NULL. */
static const char *foreign_part(const struct tarn_image_spec *spec)
{
    if (spec->backing_name != NULL)
        return "backing store";
    if (spec->preallocation == TARN_PREALLOC_METADATA)
        return "metadata that could be preallocated";
    if (spec->subformat != NULL)
        return "subformats";
    if (spec->compat != NULL)
        return "compatibility levels";
    if (spec->cluster_size != 0)
        return "clusters";
    return spec->features != NULL && spec->features[0] != NULL ? "features" : NULL;
}

int32_t plain_image_check_spec(struct tarn_call *call, const struct tarn_image_spec *spec,
                               const char *article, const char *format)
{
    const char *what = foreign_part(spec);

    if (what != NULL)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "%s %s image has no %s: leave it out, or choose another format", article,
                         format, what);
    if (spec->capacity > INT64_MAX)
        return tarn_fail(call, TARN_E_INVALID, 0, "no %s image holds %llu bytes", format,
                         (unsigned long long)spec->capacity);
    return TARN_OK;
}

int32_t plain_image_set_size(struct tarn_call *call, struct tarn_io *file, uint64_t size)
{
    uint64_t have;

    if (!(file->flags & TARN_IO_FIXED_SIZE))
        return tarn_io_truncate(call, file, size, 0);
    return io_room(call, file, size, &have);
}

int32_t plain_image_take_space(struct tarn_call *call, struct tarn_io *file,
                               const struct tarn_image_spec *spec, uint64_t start)
{
    uint64_t end = spec->capacity;

    if (spec->preallocation == TARN_PREALLOC_OFF && spec->allocation < end)
        end = spec->allocation;
    end = end > start ? end : start;
    switch (spec->preallocation) {
    case TARN_PREALLOC_OFF:
    case TARN_PREALLOC_FALLOC:
        return io_reserve(call, file, start, end - start);
    case TARN_PREALLOC_FULL:
        return io_write_zeros(call, file, start, end - start);
    default:
        return tarn_fail(call, TARN_E_INVALID, 0, "preallocation %u is unknown",
                         (unsigned int)spec->preallocation);
    }
}
