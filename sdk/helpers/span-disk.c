/* SPDX-License-Identifier: BSD-2-Clause
 *
 * span-disk.c - the byte store over a format's spans: its life, its size, its map.
 */
#include "span-disk-internal.h"

#include <stdlib.h>

int32_t span_disk_range(struct tarn_call *call, const struct span_disk *disk, uint64_t offset,
                        uint64_t length)
{
    if (offset <= disk->size && length <= disk->size - offset)
        return TARN_OK;
    return tarn_fail(call, TARN_E_INVALID, 0, "%llu bytes at %llu pass the end of the disk at %llu",
                     (unsigned long long)length, (unsigned long long)offset,
                     (unsigned long long)disk->size);
}

int32_t span_disk_find(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                       uint64_t length, struct span *out)
{
    int32_t status;

    *out = (struct span){ .kind = SPAN_ABSENT };
    status = disk->ops->find(call, disk, offset, length, out);
    if (status != TARN_OK)
        return status;
    if (out->length == 0) /* would be asked for ever */
        return tarn_fail(call, TARN_E_INTERNAL, 0, "the %s module tells of no byte at %llu",
                         disk->format, (unsigned long long)offset);
    out->length = out->length < length ? out->length : length;
    return TARN_OK;
}

bool span_is_zero(const struct span_disk *disk, const struct span *span)
{
    return span->kind == SPAN_ZERO ||
           (span->kind == SPAN_ABSENT && disk->backing == NULL && !disk->no_backing);
}

/* --- the map ---------------------------------------------------------------------------------- */

static uint32_t extent_kind(const struct span_disk *disk, const struct span *span)
{
    switch (span->kind) {
    case SPAN_ZERO:
        return TARN_EXTENT_ZERO;
    case SPAN_DATA:
    case SPAN_PACKED:
        return TARN_EXTENT_DATA;
    case SPAN_ABSENT:
    default:
        return span_is_zero(disk, span) ? TARN_EXTENT_HOLE : TARN_EXTENT_BACKING;
    }
}

static int32_t emit_span(struct tarn_call *call, const struct span_disk *disk, uint64_t offset,
                         const struct span *span, tarn_extent_fn emit, void *arg)
{
    struct tarn_extent extent = {
        .struct_size = sizeof(extent),
        .kind = extent_kind(disk, span),
        .offset = offset,
        .length = span->length,
    };

    if (span->kind == SPAN_PACKED) {
        extent.flags = TARN_EXTENT_COMPRESSED;
    } else if (span->kind == SPAN_DATA && span->file == disk->container) {
        extent.flags = TARN_EXTENT_HOST;
        extent.host_offset = span->host;
    }
    return emit(call, &extent, arg);
}

/* Behind the end of a shorter backing store nothing lies below. */
static void end_with_backing(const struct span_disk *disk, uint64_t offset, struct span *span)
{
    if (span->kind != SPAN_ABSENT || disk->backing == NULL)
        return;
    if (offset >= disk->backing_size)
        span->kind = SPAN_ZERO;
    else if (span->length > disk->backing_size - offset)
        span->length = disk->backing_size - offset;
}

int32_t span_disk_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                          uint64_t length, tarn_extent_fn emit, void *arg)
{
    struct span_disk *disk = span_disk_of(io);
    int32_t status = span_disk_range(call, disk, offset, length);

    while (status == TARN_OK && length > 0) {
        struct span span;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = span_disk_find(call, disk, offset, length, &span);
        if (status != TARN_OK)
            break;
        end_with_backing(disk, offset, &span);
        status = emit_span(call, disk, offset, &span, emit, arg);
        offset += span.length;
        length -= span.length;
    }
    return status;
}

/* --- its life --------------------------------------------------------------------------------- */

static int32_t disk_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = span_disk_of(io)->size;
    return TARN_OK;
}

static int32_t disk_flush(struct tarn_call *call, struct tarn_io *io)
{
    struct span_disk *disk = span_disk_of(io);
    int32_t status = disk->ops->flush != NULL ? disk->ops->flush(call, disk) : TARN_OK;

    return status == TARN_OK ? tarn_io_flush(call, disk->container) : status;
}

static int32_t disk_close(struct tarn_call *call, struct tarn_io *io)
{
    struct span_disk *disk = span_disk_of(io);
    int32_t status = tarn_io_close(call, disk->backing);
    int32_t closed;
    size_t i;

    disk->backing = NULL;
    free(disk->bounce);
    for (i = 0; i < SPAN_DISK_CACHED; i++)
        free(disk->cache[i].bytes);
    closed = disk->ops->close(call, disk);
    return closed != TARN_OK ? closed : status;
}

static uint32_t preferred_block(const struct span_disk *disk)
{
    bool power_of_two = disk->unit != 0 && (disk->unit & (disk->unit - 1)) == 0;

    return power_of_two && disk->unit <= UINT32_MAX ? (uint32_t)disk->unit : 0;
}

int32_t span_disk_init(struct tarn_call *call, struct span_disk *disk, bool writable)
{
    disk->io = (struct tarn_io){
        .struct_size = sizeof(disk->io),
        .flags = TARN_IO_ZERO_NEW | (writable ? TARN_IO_WRITABLE : 0) |
                 (disk->ops->resize == NULL ? TARN_IO_FIXED_SIZE : 0),
        .fd = -1,
        .block_size = preferred_block(disk),
        .pread = span_disk_read, .pwrite = span_disk_write, .flush = disk_flush,
        .size = disk_size, .truncate = span_disk_truncate, .extents = span_disk_extents,
        .zero = span_disk_zero, .discard = span_disk_discard, .close = disk_close,
    };
    return disk->backing != NULL ? tarn_io_size(call, disk->backing, &disk->backing_size)
                                 : TARN_OK;
}
