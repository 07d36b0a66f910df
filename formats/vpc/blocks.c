/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * blocks.c - places for blocks, and the order in which they become part of the image:
 *
 *   1. the footer is written behind the new block; the copy at the start holds meanwhile
 *   2. the block's place is made to read as zeros, over the old footer
 *   3. data are written
 *   4. all of that is made durable
 *   5. bitmaps and BAT entries are written
 *
 * 4 and 5 wait for a flush. A crash before leaves the old content, and space that nothing uses.
 */
#include "vpc.h"

#include "helpers/io-zero.h"

/* The data of blocks from this size on begin at a multiple of ALIGNMENT, which costs a part in
 * twenty of the smallest at most. */
#define ALIGNED_BLOCK ((uint64_t)65536)
#define ALIGNMENT     ((uint64_t)4096)

int32_t vpc_block_find(struct tarn_call *call, const struct vpc_disk *disk, uint64_t block,
                       uint64_t *out)
{
    const struct vpc_head *head = &disk->head;

    *out = 0;
    if (disk->bat[block] == VPC_UNUSED_BLOCK)
        return TARN_OK;
    *out = (uint64_t)disk->bat[block] * VPC_SECTOR;
    if (vpc_place_is_free(head, *out, vpc_stride(head)))
        return TARN_OK;
    return tarn_fail(call, TARN_E_CORRUPT, 0,
                     "block %llu begins at %llu, where it passes the end of the file or lies on "
                     "its tables: the file was cut off, or its block table is damaged",
                     (unsigned long long)block, (unsigned long long)*out);
}

static uint64_t alignment_of(uint64_t block_size)
{
    return block_size >= ALIGNED_BLOCK ? ALIGNMENT : VPC_SECTOR;
}

uint64_t vpc_block_room(uint64_t block_size)
{
    uint64_t bitmap = vpc_round_up((block_size / VPC_SECTOR + 7) / 8, VPC_SECTOR);

    return vpc_round_up(bitmap + block_size, alignment_of(block_size));
}

static int32_t move_footer(struct tarn_call *call, struct vpc_head *head, uint64_t offset)
{
    int32_t status = tarn_io_pwrite(call, head->file, head->footer.bytes, VPC_FOOTER_SIZE, offset);

    if (status != TARN_OK)
        return status;
    head->last = VPC_COPY_SOUND;
    head->last_offset = offset;
    head->file_size = vpc_max(head->file_size, offset + VPC_FOOTER_SIZE);
    return TARN_OK;
}

int32_t vpc_room(struct tarn_call *call, struct vpc_disk *disk, uint64_t offset, uint64_t length)
{
    struct vpc_head *head = &disk->head;
    uint64_t end = vpc_round_up(offset + length, VPC_SECTOR);
    uint64_t old = head->file_size;
    int32_t status = TARN_OK;

    if (end > head->last_offset && (head->file->flags & TARN_IO_FIXED_SIZE))
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the container of %llu bytes has no room for another block",
                         (unsigned long long)head->file_size);
    if (end > head->last_offset)
        status = move_footer(call, head, end);
    if (status == TARN_OK && (head->file->flags & TARN_IO_ZERO_NEW))
        length = vpc_min(end, vpc_max(old, offset)) - offset;
    if (status == TARN_OK)
        status = io_zero(call, head->file, offset, length, TARN_ZERO_MAY_UNMAP);
    return status;
}

int32_t vpc_block_allocate(struct tarn_call *call, struct vpc_disk *disk, uint64_t block,
                           uint64_t *out)
{
    const struct vpc_head *head = &disk->head;
    uint64_t alignment = alignment_of(head->header.block_size);
    uint64_t start = vpc_round_up(disk->free + head->bitmap_size, alignment) - head->bitmap_size;
    int32_t status;

    if (start / VPC_SECTOR >= VPC_UNUSED_BLOCK)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the file has %llu bytes, and no VHD can hold a block behind 2 TiB",
                         (unsigned long long)head->file_size);
    status = vpc_room(call, disk, start, vpc_stride(head));
    if (status != TARN_OK)
        return status;
    vpc_table_set(disk, block, (uint32_t)(start / VPC_SECTOR));
    disk->free = start + vpc_stride(head);
    *out = start;
    return TARN_OK;
}

int32_t vpc_commit(struct tarn_call *call, struct vpc_disk *disk)
{
    int32_t status;

    if (!disk->dirty)
        return TARN_OK;
    status = tarn_io_flush(call, disk->head.file);
    if (status == TARN_OK)
        status = vpc_bitmaps_write(call, disk);
    if (status == TARN_OK)
        status = vpc_table_write(call, disk);
    disk->dirty = status != TARN_OK;
    return status;
}
