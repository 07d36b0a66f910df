/* SPDX-License-Identifier: BSD-2-Clause
 *
 * span-disk-read.c - reading spans, whatever they are; the last units that were unpacked are kept.
 */
#include "span-disk-internal.h"

#include <stdlib.h>
#include <string.h>

#define CACHED_BYTES ((uint64_t)32 << 20)

/* --- units that were unpacked ----------------------------------------------------------------- */

void span_disk_forget(struct span_disk *disk, uint64_t offset, uint64_t length)
{
    size_t i;

    for (i = 0; i < SPAN_DISK_CACHED; i++)
        if (disk->cache[i].offset < offset + length &&
            offset < disk->cache[i].offset + disk->cache[i].length)
            disk->cache[i].length = 0;
}

/* How many units are kept: large ones would take more memory than a disk should. */
static size_t places(const struct span_disk *disk)
{
    return disk->unpacked_max <= CACHED_BYTES / SPAN_DISK_CACHED ? SPAN_DISK_CACHED : 1;
}

/* The place of the unit, or SPAN_DISK_CACHED. */
static size_t cached(const struct span_disk *disk, const struct span *span)
{
    size_t i = 0;

    while (i < SPAN_DISK_CACHED && (disk->cache[i].offset != span->unit_offset ||
                                    disk->cache[i].length != span->unit_length))
        i++;
    return i;
}

static size_t least_used(const struct span_disk *disk)
{
    size_t least = 0;
    size_t i;

    for (i = 1; i < places(disk); i++)
        if (disk->cache[i].used < disk->cache[least].used)
            least = i;
    return least;
}

static int32_t unpack(struct tarn_call *call, struct span_disk *disk, const struct span *span,
                      const uint8_t **out)
{
    size_t i = cached(disk, span);
    int32_t status = TARN_OK;

    if (i == SPAN_DISK_CACHED) {
        i = least_used(disk);
        disk->cache[i].length = 0;
        if (disk->cache[i].bytes == NULL)
            disk->cache[i].bytes = malloc(disk->unpacked_max);
        if (disk->cache[i].bytes == NULL)
            return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to unpack %llu bytes",
                             (unsigned long long)span->unit_length);
        status = disk->ops->unpack(call, disk, span, disk->cache[i].bytes);
    }
    if (status != TARN_OK)
        return status;
    disk->cache[i].offset = span->unit_offset;
    disk->cache[i].length = span->unit_length;
    disk->cache[i].used = ++disk->uses;
    *out = disk->cache[i].bytes;
    return TARN_OK;
}

static int32_t read_packed(struct tarn_call *call, struct span_disk *disk,
                           const struct span *span, void *buffer, uint64_t offset)
{
    uint64_t within = offset - span->unit_offset;
    const uint8_t *bytes = NULL;
    int32_t status;

    if (offset < span->unit_offset || span->unit_length > disk->unpacked_max ||
        within > span->unit_length || span->length > span->unit_length - within)
        return tarn_fail(call, TARN_E_INTERNAL, 0,
                         "the %s module tells of a packed unit that does not hold byte %llu",
                         disk->format, (unsigned long long)offset);
    status = unpack(call, disk, span, &bytes);
    if (status == TARN_OK)
        memcpy(buffer, bytes + within, span->length);
    return status;
}

/* --- what is below ---------------------------------------------------------------------------- */

static int32_t read_below(struct tarn_call *call, struct span_disk *disk, uint8_t *buffer,
                          uint64_t length, uint64_t offset)
{
    uint64_t there = 0;
    int32_t status = TARN_OK;

    if (disk->no_backing)
        return tarn_fail(call, TARN_E_STATE, 0,
                         "byte %llu lies in the backing store, which was not opened",
                         (unsigned long long)offset);
    if (disk->backing != NULL && offset < disk->backing_size) {
        there = disk->backing_size - offset;
        there = there < length ? there : length;
        status = tarn_io_pread(call, disk->backing, buffer, there, offset);
    }
    memset(buffer + there, 0, length - there);
    return status;
}

static int32_t read_span(struct tarn_call *call, struct span_disk *disk, const struct span *span,
                         void *buffer, uint64_t offset)
{
    switch (span->kind) {
    case SPAN_DATA:
        return tarn_io_pread(call, span->file, buffer, span->length, span->host);
    case SPAN_PACKED:
        return read_packed(call, disk, span, buffer, offset);
    case SPAN_ZERO:
        memset(buffer, 0, span->length);
        return TARN_OK;
    case SPAN_ABSENT:
    default:
        return read_below(call, disk, buffer, span->length, offset);
    }
}

int32_t span_disk_read(struct tarn_call *call, struct tarn_io *io, void *buffer, uint64_t length,
                       uint64_t offset)
{
    struct span_disk *disk = span_disk_of(io);
    uint8_t *to = buffer;
    int32_t status = span_disk_range(call, disk, offset, length);

    while (status == TARN_OK && length > 0) {
        struct span span;

        status = span_disk_find(call, disk, offset, length, &span);
        if (status == TARN_OK)
            status = read_span(call, disk, &span, to, offset);
        if (status == TARN_OK)
            status = tarn_interrupted(call);
        to += span.length;
        offset += span.length;
        length -= span.length;
    }
    return status;
}
