/* SPDX-License-Identifier: BSD-2-Clause
 *
 * span-disk-write.c - writing: in place where bytes are stored, else whole units, whose other bytes
 * are read first. And zeros, which are written only where no mark will do.
 */
#include "span-disk-internal.h"

#include <stdlib.h>
#include <string.h>

#include "io-zero.h"

/* --- writing ---------------------------------------------------------------------------------- */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int32_t store(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                     uint64_t length, const void *bytes, uint64_t *out_stored)
{
    int32_t status;

    *out_stored = 0;
    span_disk_forget(disk, offset, length);
    status = disk->ops->store(call, disk, offset, length, bytes, out_stored);
    if (status == TARN_OK && (*out_stored == 0 || *out_stored > length))
        return tarn_fail(call, TARN_E_INTERNAL, 0, "the %s module stored %llu bytes of %llu",
                         disk->format, (unsigned long long)*out_stored,
                         (unsigned long long)length);
    return status;
}

/* A part of the unit that holds `offset`, with what the rest of it reads as now. */
static int32_t store_part(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                          uint64_t length, const uint8_t *bytes, uint64_t *out_done)
{
    uint64_t start = offset - offset % disk->unit;
    uint64_t whole = least(disk->unit, disk->size - start);
    uint64_t stored;
    int32_t status;

    *out_done = least(length, start + whole - offset);
    if (disk->bounce == NULL)
        disk->bounce = malloc(disk->unit);
    if (disk->bounce == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a unit of %llu bytes",
                         (unsigned long long)disk->unit);
    status = span_disk_read(call, &disk->io, disk->bounce, whole, start);
    if (status != TARN_OK)
        return status;
    memcpy(disk->bounce + (offset - start), bytes, *out_done);
    return store(call, disk, start, whole, disk->bounce, &stored);
}

/* `length` bytes of one span that is not stored as data. */
static int32_t store_span(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                          uint64_t length, const uint8_t *bytes, uint64_t *out_done)
{
    bool to_the_end = offset + length == disk->size;
    uint64_t whole = to_the_end ? length : length - length % disk->unit;

    if (offset % disk->unit != 0 || whole == 0)
        return store_part(call, disk, offset, length, bytes, out_done);
    return store(call, disk, offset, whole, bytes, out_done);
}

static int32_t write_within(struct tarn_call *call, struct span_disk *disk, const uint8_t *bytes,
                            uint64_t length, uint64_t offset)
{
    int32_t status = TARN_OK;

    while (status == TARN_OK && length > 0) {
        struct span span;
        uint64_t done = 0;

        status = span_disk_find(call, disk, offset, length, &span);
        if (status != TARN_OK)
            break;
        if (span.kind == SPAN_DATA) {
            done = span.length;
            status = tarn_io_pwrite(call, span.file, bytes, done, span.host);
        } else {
            status = store_span(call, disk, offset, span.length, bytes, &done);
        }
        if (status == TARN_OK)
            status = tarn_interrupted(call);
        bytes += done;
        offset += done;
        length -= done;
    }
    return status;
}

static int32_t check_writable(struct tarn_call *call, const struct span_disk *disk)
{
    if (disk->ops->store == NULL || !(disk->io.flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "this %s image is read-only", disk->format);
    return TARN_OK;
}

/* A write behind the end grows the disk, as it does a file; one of a fixed size is full. */
static int32_t reach(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                     uint64_t length)
{
    uint64_t end;
    int32_t status = check_writable(call, disk);

    if (status != TARN_OK)
        return status;
    if (__builtin_add_overflow(offset, length, &end) || end > INT64_MAX)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "no %s disk has a byte %llu", disk->format,
                         (unsigned long long)offset);
    if (end <= disk->size)
        return TARN_OK;
    if (disk->ops->resize == NULL)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "the %s disk ends at byte %llu", disk->format,
                         (unsigned long long)disk->size);
    return span_disk_truncate(call, &disk->io, end, 0);
}

int32_t span_disk_write(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                        uint64_t length, uint64_t offset)
{
    struct span_disk *disk = span_disk_of(io);
    int32_t status = length > 0 ? reach(call, disk, offset, length) : TARN_OK;

    return status == TARN_OK ? write_within(call, disk, buffer, length, offset) : status;
}

/* --- zeros ------------------------------------------------------------------------------------ */

static int32_t erase(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                     uint64_t length, bool keep_space)
{
    if (length == 0)
        return TARN_OK;
    if (disk->ops->erase == NULL)
        return TARN_E_UNSUPPORTED;
    span_disk_forget(disk, offset, length);
    return disk->ops->erase(call, disk, offset, length, keep_space);
}

/* Writes zeros, though not where there are zeros anyway. */
static int32_t write_zeros(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                           uint64_t length, bool fast_only)
{
    int32_t status = TARN_OK;

    while (status == TARN_OK && length > 0) {
        struct span span;

        status = span_disk_find(call, disk, offset, length, &span);
        if (status != TARN_OK)
            return status;
        if (!span_is_zero(disk, &span))
            status = fast_only ? TARN_E_UNSUPPORTED
                               : io_write_zeros(call, &disk->io, offset, span.length);
        if (status == TARN_OK)
            status = tarn_interrupted(call);
        offset += span.length;
        length -= span.length;
    }
    return status;
}

/* The whole units within a range; the last one may end with the disk. */
static void whole_units(const struct span_disk *disk, uint64_t offset, uint64_t length,
                        uint64_t *out_start, uint64_t *out_end)
{
    uint64_t end = offset + length;
    uint64_t before = offset % disk->unit;

    *out_start = before == 0 ? offset : least(end, offset + (disk->unit - before));
    if (end != disk->size)
        end -= end % disk->unit;
    *out_end = end > *out_start ? end : *out_start;
}

int32_t span_disk_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                       uint64_t length, uint32_t flags)
{
    struct span_disk *disk = span_disk_of(io);
    bool keep_space = !(flags & TARN_ZERO_MAY_UNMAP);
    bool fast_only = (flags & TARN_ZERO_FAST_ONLY) != 0;
    int32_t status = length > 0 ? reach(call, disk, offset, length) : check_writable(call, disk);
    uint64_t start;
    uint64_t end;

    if (status != TARN_OK)
        return status;
    whole_units(disk, offset, length, &start, &end);
    status = erase(call, disk, start, end - start, keep_space);
    if (status == TARN_E_UNSUPPORTED)
        status = write_zeros(call, disk, start, end - start, fast_only);
    if (status == TARN_OK) /* less than a unit on either side: as fast as it gets */
        status = write_zeros(call, disk, offset, start - offset, false);
    if (status == TARN_OK)
        status = write_zeros(call, disk, end, offset + length - end, false);
    return status;
}

int32_t span_disk_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                          uint64_t length)
{
    struct span_disk *disk = span_disk_of(io);
    int32_t status = span_disk_range(call, disk, offset, length);
    uint64_t start;
    uint64_t end;

    if (status == TARN_OK)
        status = check_writable(call, disk);
    if (status != TARN_OK)
        return status;
    whole_units(disk, offset, length, &start, &end);
    status = erase(call, disk, start, end - start, false);
    return status == TARN_E_UNSUPPORTED ? TARN_OK : status; /* the bytes stay: that is allowed */
}

/* --- the size --------------------------------------------------------------------------------- */

/* What growing adds reads as zeros, also where the backing store is longer than the disk was. */
static int32_t hide_backing(struct tarn_call *call, struct span_disk *disk, uint64_t old_size)
{
    uint64_t end = least(disk->size, disk->backing_size);

    if (disk->backing == NULL || end <= old_size)
        return TARN_OK;
    return span_disk_zero(call, &disk->io, old_size, end - old_size, TARN_ZERO_MAY_UNMAP);
}

int32_t span_disk_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                           uint32_t flags)
{
    struct span_disk *disk = span_disk_of(io);
    uint64_t old_size = disk->size;
    int32_t status = check_writable(call, disk);

    if (status != TARN_OK || size == old_size)
        return status;
    if (disk->ops->resize == NULL)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "the size of a %s image cannot change: %s",
                         disk->format, disk->fixed_size);
    if (size < old_size && !(flags & TARN_TRUNCATE_SHRINK))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "%llu bytes are less than the disk's %llu: data would be lost; say that "
                         "it shall shrink", (unsigned long long)size, (unsigned long long)old_size);
    status = disk->ops->resize(call, disk, size, flags);
    if (status == TARN_OK && size < old_size)
        span_disk_forget(disk, size, old_size - size);
    if (status == TARN_OK && size > old_size)
        status = hide_backing(call, disk, old_size);
    return status;
}
