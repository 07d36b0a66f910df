/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pages.c - the bitmap: read a page at a time as it is needed, written when the image is flushed.
 */
#include "cow.h"

#include <stdlib.h>
#include <string.h>

#define BITS_IN_PAGE (COW_PAGE * 8)

void cow_pages_free(struct cow_pages *pages)
{
    for (uint64_t i = 0; i < COW_SLOTS; i++)
        free(pages->bytes[i]);
}

static uint64_t page_length(const struct cow_disk *disk, uint64_t page)
{
    uint64_t left = disk->head.bitmap_length - page * COW_PAGE;

    return left < COW_PAGE ? left : COW_PAGE;
}

static int32_t load(struct tarn_call *call, struct cow_disk *disk, uint64_t page, uint8_t **out)
{
    struct cow_pages *pages = &disk->pages;
    uint64_t slot = page % COW_SLOTS;
    int32_t status = TARN_OK;

    if (pages->bytes[slot] == NULL)
        pages->bytes[slot] = malloc(COW_PAGE);
    *out = pages->bytes[slot];
    if (*out == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a page of the bitmap");
    if (pages->owner[slot] == page + 1)
        return TARN_OK;
    if (pages->dirty[slot])
        status = cow_commit(call, disk);
    if (status != TARN_OK)
        return status;
    pages->owner[slot] = 0;
    status = tarn_io_pread(call, disk->span.container, *out, page_length(disk, page),
                           disk->head.bitmap_offset + page * COW_PAGE);
    if (status == TARN_OK)
        pages->owner[slot] = page + 1;
    return status;
}

static bool bit(const uint8_t *bits, uint64_t i)
{
    return bits[i / 8] >> (i % 8) & 1;
}

static uint64_t run_of(const uint8_t *bits, uint64_t first, uint64_t count)
{
    bool set = bit(bits, first);
    uint8_t whole = set ? 0xff : 0;
    uint64_t end = first + count;
    uint64_t i = first;

    while (i < end) {
        if (i % 8 == 0 && end - i >= 8 && bits[i / 8] == whole)
            i += 8;
        else if (bit(bits, i) == set)
            i++;
        else
            break;
    }
    return i - first;
}

/* Runs may go on in the next page. */
int32_t cow_run(struct tarn_call *call, struct cow_disk *disk, uint64_t first, uint64_t count,
                uint64_t *out_run, bool *out_set)
{
    uint64_t within = first % BITS_IN_PAGE;
    uint8_t *bits;
    int32_t status;

    *out_run = count;
    *out_set = false;
    if (first >= disk->head.covered)
        return TARN_OK;
    if (count > disk->head.covered - first)
        count = disk->head.covered - first;
    if (count > BITS_IN_PAGE - within)
        count = BITS_IN_PAGE - within;
    status = load(call, disk, first / BITS_IN_PAGE, &bits);
    if (status != TARN_OK)
        return status;
    *out_set = bit(bits, within);
    *out_run = run_of(bits, within, count);
    return TARN_OK;
}

int32_t cow_set(struct tarn_call *call, struct cow_disk *disk, uint64_t first, uint64_t count)
{
    uint64_t page = first / BITS_IN_PAGE;
    uint64_t within = first % BITS_IN_PAGE;
    uint8_t *bits;
    int32_t status = load(call, disk, page, &bits);

    if (status != TARN_OK)
        return status;
    for (uint64_t i = within; i < within + count; i++)
        bits[i / 8] |= (uint8_t)(1u << i % 8);
    disk->pages.dirty[page % COW_SLOTS] = true;
    disk->pages.any_dirty = true;
    return TARN_OK;
}

int32_t cow_commit(struct tarn_call *call, struct cow_disk *disk)
{
    struct cow_pages *pages = &disk->pages;
    int32_t status;

    if (!pages->any_dirty)
        return TARN_OK;
    status = tarn_io_flush(call, disk->span.container);
    for (uint64_t slot = 0; slot < COW_SLOTS && status == TARN_OK; slot++) {
        uint64_t page = pages->owner[slot] - 1;

        if (!pages->dirty[slot])
            continue;
        status = tarn_io_pwrite(call, disk->span.container, pages->bytes[slot],
                                page_length(disk, page),
                                disk->head.bitmap_offset + page * COW_PAGE);
        pages->dirty[slot] = status != TARN_OK;
    }
    pages->any_dirty = status != TARN_OK;
    return status;
}
