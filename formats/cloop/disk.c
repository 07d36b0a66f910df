/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disk.c - the guest's disk in a cloop image, for reading: blocks that are unpacked one by one, and
 * in images of version 4.0 some that lie there as they are.
 */
#include "cloop.h"

#include <stdlib.h>

#include "helpers/span-disk.h"

struct cloop_disk {
    struct span_disk span; /* first */
    struct cloop_table table;
    uint8_t *packed; /* of one block */
    uint64_t room;
};

static struct cloop_disk *disk_of(struct span_disk *span)
{
    return (struct cloop_disk *)span;
}

static int32_t look(struct tarn_call *call, struct cloop_disk *disk, uint64_t index,
                    struct cloop_block *out)
{
    const char *fault;
    int32_t status = cloop_table_look(call, &disk->table, index, out);

    if (status != TARN_OK)
        return status;
    fault = cloop_block_fault(&disk->table.header, out);
    if (fault != NULL)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "block %llu of the cloop image %s: its table is damaged, check the image",
                         (unsigned long long)index, fault);
    if (out->codec > CLOOP_XZ)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "block %llu of the cloop image is packed with %s (codec %u); only zlib "
                         "and xz can be unpacked", (unsigned long long)index,
                         cloop_codec_name(out->codec), (unsigned int)out->codec);
    return TARN_OK;
}

/* Blocks that lie there as they are follow each other without a gap. */
static int32_t find_data(struct tarn_call *call, struct cloop_disk *disk, uint64_t index,
                         uint64_t length, struct span *out)
{
    const struct cloop_header *header = &disk->table.header;
    struct cloop_block next;
    int32_t status = TARN_OK;

    out->kind = SPAN_DATA;
    out->file = disk->span.container;
    while (++index < header->blocks && out->length < length) {
        status = cloop_table_look(call, &disk->table, index, &next);
        if (status != TARN_OK || next.codec != CLOOP_NONE ||
            cloop_block_fault(header, &next) != NULL)
            break;
        out->length += header->block;
    }
    return status;
}

static int32_t cloop_find(struct tarn_call *call, struct span_disk *span, uint64_t offset,
                          uint64_t length, struct span *out)
{
    struct cloop_disk *disk = disk_of(span);
    uint64_t block_size = disk->table.header.block;
    uint64_t within = offset % block_size;
    struct cloop_block block;
    int32_t status = look(call, disk, offset / block_size, &block);

    if (status != TARN_OK)
        return status;
    out->length = block_size - within;
    out->cookie = offset / block_size;
    if (block.codec == CLOOP_NONE) {
        out->host = block.offset + within;
        return find_data(call, disk, out->cookie, length, out);
    }
    out->kind = SPAN_PACKED;
    out->unit_offset = offset - within;
    out->unit_length = block_size;
    return TARN_OK;
}

static int32_t make_room(struct tarn_call *call, struct cloop_disk *disk, uint64_t length)
{
    uint8_t *more;

    if (length <= disk->room)
        return TARN_OK;
    more = realloc(disk->packed, length);
    if (more == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a packed block of %llu bytes",
                         (unsigned long long)length);
    disk->packed = more;
    disk->room = length;
    return TARN_OK;
}

static int32_t cloop_unpack_span(struct tarn_call *call, struct span_disk *span,
                                 const struct span *what, void *buffer)
{
    struct cloop_disk *disk = disk_of(span);
    struct cloop_block block;
    uint64_t used;
    int32_t status = look(call, disk, what->cookie, &block);

    if (status == TARN_OK)
        status = make_room(call, disk, block.length);
    if (status == TARN_OK)
        status = tarn_io_pread(call, disk->table.file, disk->packed, block.length, block.offset);
    if (status == TARN_OK && !cloop_unpack(block.codec, disk->packed, block.length, buffer,
                                           what->unit_length, &used))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "block %llu of the cloop image, at %llu, does not unpack to %llu bytes: "
                         "it is damaged", (unsigned long long)what->cookie,
                         (unsigned long long)block.offset, (unsigned long long)what->unit_length);
    return status;
}

static void free_disk(struct cloop_disk *disk)
{
    cloop_table_clear(&disk->table);
    free(disk->packed);
    free(disk);
}

static int32_t cloop_close(struct tarn_call *call, struct span_disk *span)
{
    (void)call;
    free_disk(disk_of(span));
    return TARN_OK;
}

static const struct span_ops ops = {
    .find = cloop_find,
    .unpack = cloop_unpack_span,
    .close = cloop_close,
};

/* A truncated image is told at once, not when its lost end is read. */
static int32_t check_end(struct tarn_call *call, struct cloop_disk *disk)
{
    uint64_t end;
    int32_t status = cloop_table_end(call, &disk->table, &end);

    if (status == TARN_OK && end > disk->table.header.data_end)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the cloop image's last block ends at %llu, its data at %llu: the file is "
                         "truncated, or its table is damaged", (unsigned long long)end,
                         (unsigned long long)disk->table.header.data_end);
    return status;
}

static int32_t open_disk(struct tarn_call *call, struct tarn_io *file, struct cloop_disk *disk)
{
    struct cloop_header header;
    int32_t status = cloop_header_read(call, file, &header);

    if (status == TARN_OK)
        status = cloop_table_init(call, &disk->table, file, &header);
    if (status == TARN_OK)
        status = check_end(call, disk);
    if (status != TARN_OK)
        return status;
    disk->span.ops = &ops;
    disk->span.format = "cloop";
    disk->span.fixed_size = "cloop images are written once";
    disk->span.container = file;
    disk->span.size = header.block * header.blocks;
    disk->span.unit = header.block;
    disk->span.unpacked_max = header.block;
    return span_disk_init(call, &disk->span, false);
}

int32_t cloop_open(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_open *how, struct tarn_io **out)
{
    struct cloop_disk *disk;
    int32_t status;

    *out = NULL;
    if (how->snapshot != NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "cloop images have no snapshot %s",
                         how->snapshot);
    if (how->flags & TARN_IMAGE_OPEN_WRITE) {
        if (how->flags & TARN_IMAGE_OPEN_FILL)
            return cloop_open_fill(call, file, out);
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "cloop images are written once: convert the disk into a new one");
    }
    disk = calloc(1, sizeof(*disk));
    if (disk == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a cloop image");
    status = open_disk(call, file, disk);
    if (status == TARN_OK)
        *out = &disk->span.io;
    else
        free_disk(disk);
    return status;
}
