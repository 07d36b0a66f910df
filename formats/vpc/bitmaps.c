/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * bitmaps.c - the sector bitmaps at the front of blocks: read as they are needed, held in memory,
 * and written when the image is flushed.
 */
#include "vpc.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_SIZE ((uint64_t)1 << 20)
#define LEAST_SLOTS 16u

int32_t vpc_bitmaps_new(struct tarn_call *call, struct vpc_disk *disk)
{
    struct vpc_bitmaps *bitmaps = &disk->bitmaps;
    uint64_t slots = vpc_max(CACHE_SIZE / disk->head.bitmap_size, LEAST_SLOTS);

    bitmaps->slots = vpc_max(vpc_min(slots, disk->head.entries), 1);
    bitmaps->bytes = calloc(bitmaps->slots, disk->head.bitmap_size);
    bitmaps->owner = calloc(bitmaps->slots, sizeof(*bitmaps->owner));
    bitmaps->dirty = calloc(bitmaps->slots, sizeof(*bitmaps->dirty));
    if (bitmaps->bytes == NULL || bitmaps->owner == NULL || bitmaps->dirty == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for sector bitmaps");
    return TARN_OK;
}

int32_t vpc_bitmap_load(struct tarn_call *call, struct vpc_disk *disk, uint64_t block,
                        uint64_t start, uint8_t **out)
{
    struct vpc_bitmaps *bitmaps = &disk->bitmaps;
    uint64_t slot = block % bitmaps->slots;
    int32_t status = TARN_OK;

    *out = bitmaps->bytes + slot * disk->head.bitmap_size;
    if (bitmaps->owner[slot] == block + 1)
        return TARN_OK;
    if (bitmaps->dirty[slot])
        status = vpc_commit(call, disk);
    if (status != TARN_OK)
        return status;
    bitmaps->owner[slot] = 0;
    status = tarn_io_pread(call, disk->head.file, *out, disk->head.bitmap_size, start);
    if (status == TARN_OK)
        bitmaps->owner[slot] = block + 1;
    return status;
}

static bool bit(const uint8_t *bitmap, uint64_t i)
{
    return bitmap[i / 8] >> (7 - i % 8) & 1;
}

uint64_t vpc_bitmap_run(const uint8_t *bitmap, uint64_t first, uint64_t count, bool *out_set)
{
    bool set = bit(bitmap, first);
    uint8_t whole = set ? 0xff : 0;
    uint64_t end = first + count;
    uint64_t i = first;

    *out_set = set;
    while (i < end) {
        if (i % 8 == 0 && end - i >= 8 && bitmap[i / 8] == whole)
            i += 8;
        else if (bit(bitmap, i) == set)
            i++;
        else
            break;
    }
    return i - first;
}

void vpc_bitmap_change(struct vpc_disk *disk, uint64_t block, uint8_t *bitmap, uint64_t first,
                       uint64_t count, bool set)
{
    for (uint64_t i = first; i < first + count; i++) {
        uint8_t mask = (uint8_t)(0x80u >> i % 8);

        if (set)
            bitmap[i / 8] |= mask;
        else
            bitmap[i / 8] &= (uint8_t)~mask;
    }
    disk->bitmaps.dirty[block % disk->bitmaps.slots] = true;
    disk->dirty = true;
}

int32_t vpc_bitmaps_write(struct tarn_call *call, struct vpc_disk *disk)
{
    struct vpc_bitmaps *bitmaps = &disk->bitmaps;
    uint64_t size = disk->head.bitmap_size;
    int32_t status = TARN_OK;

    for (uint64_t slot = 0; slot < bitmaps->slots && status == TARN_OK; slot++) {
        uint64_t start = 0;

        if (!bitmaps->dirty[slot])
            continue;
        status = vpc_block_find(call, disk, bitmaps->owner[slot] - 1, &start);
        if (status == TARN_OK)
            status = tarn_io_pwrite(call, disk->head.file, bitmaps->bytes + slot * size, size,
                                    start);
        if (status == TARN_OK)
            bitmaps->dirty[slot] = false;
    }
    return status;
}
