/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * spans.c - where the guest's bytes are, and how more of them are stored.
 */
#include "vpc.h"

#include "helpers/io-zero.h"

static struct vpc_disk *disk_of(struct span_disk *span)
{
    return (struct vpc_disk *)(void *)span;
}

/* --- fixed: the guest's bytes are the file's -------------------------------------------------- */

static int32_t fixed_find(struct tarn_call *call, struct span_disk *span, uint64_t offset,
                          uint64_t length, struct span *out)
{
    (void)call;
    *out = (struct span){ .kind = SPAN_DATA, .length = length, .file = span->container,
                          .host = offset };
    return TARN_OK;
}

static int32_t fixed_store(struct tarn_call *call, struct span_disk *span, uint64_t offset,
                           uint64_t length, const void *bytes, uint64_t *out_stored)
{
    *out_stored = length;
    return tarn_io_pwrite(call, span->container, bytes, length, offset);
}

static int32_t fixed_erase(struct tarn_call *call, struct span_disk *span, uint64_t offset,
                           uint64_t length, bool keep_space)
{
    return tarn_io_zero(call, span->container, offset, length,
                        keep_space ? 0 : TARN_ZERO_MAY_UNMAP);
}

/* --- dynamic and differencing: blocks --------------------------------------------------------- */

/* The part of a range that lies in one block. */
struct piece {
    uint64_t block;
    uint64_t within; /* bytes from the block's first */
    uint64_t length;
    uint64_t start;  /* of the block in the file; 0 = not stored */
    uint8_t *bitmap; /* if it is stored */
};

/* Where the piece's bytes are in the file. */
static uint64_t host_of(const struct vpc_disk *disk, const struct piece *piece)
{
    return piece->start + disk->head.bitmap_size + piece->within;
}

static int32_t first_piece(struct tarn_call *call, struct vpc_disk *disk, uint64_t offset,
                           uint64_t length, struct piece *out)
{
    uint64_t size = disk->head.header.block_size;
    int32_t status;

    out->block = offset / size;
    out->within = offset % size;
    out->length = vpc_min(length, size - out->within);
    status = vpc_block_find(call, disk, out->block, &out->start);
    if (status == TARN_OK && out->start != 0)
        status = vpc_bitmap_load(call, disk, out->block, out->start, &out->bitmap);
    return status;
}

static void find_in_block(const struct vpc_disk *disk, const struct piece *piece, uint64_t length,
                          struct span *out)
{
    uint64_t first = piece->within / VPC_SECTOR;
    uint64_t last = (piece->within + piece->length - 1) / VPC_SECTOR;
    bool set;
    uint64_t run = vpc_bitmap_run(piece->bitmap, first, last - first + 1, &set);

    *out = (struct span){ .kind = set ? SPAN_DATA : SPAN_ABSENT };
    out->length = vpc_min((first + run) * VPC_SECTOR - piece->within, length);
    if (set) {
        out->file = disk->head.file;
        out->host = host_of(disk, piece);
    }
}

static int32_t blocks_find(struct tarn_call *call, struct span_disk *span, uint64_t offset,
                           uint64_t length, struct span *out)
{
    struct vpc_disk *disk = disk_of(span);
    uint64_t block = disk->head.header.block_size;
    struct piece piece;
    int32_t status = first_piece(call, disk, offset, length, &piece);

    if (status != TARN_OK)
        return status;
    if (piece.start != 0) {
        find_in_block(disk, &piece, length, out);
        return TARN_OK;
    }
    *out = (struct span){ .kind = SPAN_ABSENT, .length = piece.length };
    while (out->length < length &&
           disk->bat[(offset + out->length) / block] == VPC_UNUSED_BLOCK)
        out->length += vpc_min(block, length - out->length);
    return TARN_OK;
}

static int32_t blocks_store(struct tarn_call *call, struct span_disk *span, uint64_t offset,
                            uint64_t length, const void *bytes, uint64_t *out_stored)
{
    struct vpc_disk *disk = disk_of(span);
    struct piece piece;
    int32_t status = first_piece(call, disk, offset, length, &piece);

    if (status == TARN_OK && piece.start == 0) {
        status = vpc_block_allocate(call, disk, piece.block, &piece.start);
        if (status == TARN_OK)
            status = vpc_bitmap_load(call, disk, piece.block, piece.start, &piece.bitmap);
    }
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, disk->head.file, bytes, piece.length,
                                host_of(disk, &piece));
    if (status != TARN_OK)
        return status;
    vpc_bitmap_change(disk, piece.block, piece.bitmap, piece.within / VPC_SECTOR,
                      piece.length / VPC_SECTOR, true);
    *out_stored = piece.length;
    return TARN_OK;
}

/* Zeros in the file, for those who ignore the bitmap; and a bit that says so, for the others. Not
 * in a differencing image, where a bit of 0 means the parent. */
static int32_t dynamic_erase(struct tarn_call *call, struct span_disk *span, uint64_t offset,
                             uint64_t length, bool keep_space)
{
    struct vpc_disk *disk = disk_of(span);
    int32_t status = TARN_OK;

    while (length > 0 && status == TARN_OK) {
        struct piece piece;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = first_piece(call, disk, offset, length, &piece);
        if (status != TARN_OK)
            return status;
        if (piece.start != 0) {
            status = tarn_io_zero(call, disk->head.file, host_of(disk, &piece), piece.length,
                                  keep_space ? 0 : TARN_ZERO_MAY_UNMAP);
            if (status != TARN_OK)
                return status;
            vpc_bitmap_change(disk, piece.block, piece.bitmap, piece.within / VPC_SECTOR,
                              piece.length / VPC_SECTOR, false);
        }
        offset += piece.length;
        length -= piece.length;
    }
    return status;
}

/* --- both ------------------------------------------------------------------------------------- */

static int32_t flush(struct tarn_call *call, struct span_disk *span)
{
    return vpc_commit(call, disk_of(span));
}

static int32_t close_disk(struct tarn_call *call, struct span_disk *span)
{
    struct vpc_disk *disk = disk_of(span);
    int32_t status = vpc_commit(call, disk);

    vpc_disk_free(disk);
    return status;
}

const struct span_ops vpc_fixed_ops = {
    .find = fixed_find, .store = fixed_store, .erase = fixed_erase, .resize = vpc_fixed_resize,
    .flush = flush, .close = close_disk,
};

const struct span_ops vpc_dynamic_ops = {
    .find = blocks_find, .store = blocks_store, .erase = dynamic_erase,
    .resize = vpc_dynamic_resize, .flush = flush, .close = close_disk,
};

const struct span_ops vpc_differencing_ops = {
    .find = blocks_find, .store = blocks_store, .flush = flush, .close = close_disk,
};
