/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tables.c - the catalog and the bitmaps, and the order in which they are written.
 *
 * A process that dies leaves a prefix of its writes; a machine that loses power leaves, of the
 * writes since the last flush, any. Both may cost extents that nothing points to, never a sector
 * that seems to be there. So data are flushed before the bits that tell of them are written, and
 * bitmaps, and the zeros of new extents, before the catalog.
 */
#include "bochs.h"

#include <stdlib.h>
#include <string.h>

#include "helpers/le.h"

#define BITMAP_MEMORY ((uint64_t)8 << 20)
#define MOST_SLOTS ((uint64_t)65536)

/* --- the catalog ------------------------------------------------------------------------------ */

static int32_t load_catalog(struct tarn_call *call, struct bochs_image *image)
{
    const struct bochs_header *header = &image->header;
    int32_t status;

    if (bochs_data_offset(header) > image->file_size)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the catalog ends at %llu and the file at %llu: it was cut off, or its "
                         "header is damaged", (unsigned long long)bochs_data_offset(header),
                         (unsigned long long)image->file_size);
    image->catalog = malloc(bochs_catalog_bytes(header));
    if (image->catalog == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for the catalog");
    status = tarn_io_pread(call, image->disk.container, image->catalog,
                           bochs_catalog_bytes(header), header->length);
    for (uint32_t i = 0; i < header->catalog && status == TARN_OK; i++) {
        image->catalog[i] = le32_load(&image->catalog[i]);
        if (image->catalog[i] != BOCHS_ABSENT && image->catalog[i] >= image->next)
            image->next = image->catalog[i] + 1;
    }
    return status;
}

int32_t bochs_tables_load(struct tarn_call *call, struct bochs_image *image)
{
    const struct bochs_header *header = &image->header;
    uint64_t slots = bochs_min(BITMAP_MEMORY / header->bitmap, MOST_SLOTS);
    int32_t status = load_catalog(call, image);

    if (status != TARN_OK)
        return status;
    image->slots = (uint32_t)bochs_min(slots, header->catalog);
    image->slot = calloc(image->slots, sizeof(*image->slot));
    image->bitmaps = calloc(image->slots, header->bitmap);
    if (image->slot == NULL || image->bitmaps == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for bitmaps");
    return TARN_OK;
}

int32_t bochs_catalog_check(struct tarn_call *call, const struct bochs_image *image)
{
    uint32_t entries = image->header.catalog;
    uint8_t *seen = calloc(1, entries / 8 + 1);
    int32_t status = TARN_OK;

    if (seen == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to check the catalog");
    for (uint32_t i = 0; i < entries && status == TARN_OK; i++) {
        uint32_t number = image->catalog[i];

        if (number == BOCHS_ABSENT)
            continue;
        if (number >= entries || bochs_bit(seen, number))
            status = tarn_fail(call, TARN_E_CORRUPT, 0,
                               "catalog entry %u names extent %u, which %s: the image is damaged "
                               "and can only be read; check it", i, number,
                               number >= entries ? "cannot be" : "belongs to another entry");
        else
            bochs_bits_set(seen, number, 1, true);
    }
    free(seen);
    return status;
}

void bochs_catalog_set(struct bochs_image *image, uint32_t index, uint32_t number)
{
    image->catalog[index] = number;
    image->dirty_pages[index / BOCHS_PAGE] = image->dirty = true;
}

/* --- bitmaps ---------------------------------------------------------------------------------- */

bool bochs_bits_set(uint8_t *bitmap, uint64_t first, uint64_t count, bool value)
{
    bool changed = false;

    for (uint64_t i = first; i < first + count; i++) {
        uint8_t mask = (uint8_t)(1u << (i % 8));
        uint8_t before = bitmap[i / 8];

        bitmap[i / 8] = (uint8_t)(value ? before | mask : before & ~mask);
        changed |= bitmap[i / 8] != before;
    }
    return changed;
}

uint64_t bochs_bits_run(const uint8_t *bitmap, uint64_t first, uint64_t count)
{
    bool value = bochs_bit(bitmap, first);
    uint8_t whole = value ? 0xff : 0;
    uint64_t run = 1;

    while (run < count) {
        uint64_t next = first + run;

        if (next % 8 == 0 && bitmap[next / 8] == whole)
            run += 8;
        else if (bochs_bit(bitmap, next) == value)
            run++;
        else
            break;
    }
    return bochs_min(run, count);
}

static uint8_t *bytes_of(const struct bochs_image *image, uint32_t slot)
{
    return image->bitmaps + (uint64_t)slot * image->header.bitmap;
}

static int32_t load_bitmap(struct tarn_call *call, struct bochs_image *image, uint32_t number,
                           uint32_t slot)
{
    uint64_t offset = bochs_extent_at(&image->header, number);
    int32_t status;

    if (offset > image->file_size || image->header.bitmap > image->file_size - offset)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "extent %u begins at %llu and the file ends at %llu: it was cut off, or "
                         "the catalog is damaged", number, (unsigned long long)offset,
                         (unsigned long long)image->file_size);
    image->slot[slot].full = false;
    status = tarn_io_pread(call, image->disk.container, bytes_of(image, slot),
                           image->header.bitmap, offset);
    if (status == TARN_OK)
        image->slot[slot] = (struct bochs_bitmap){ .number = number, .full = true };
    return status;
}

int32_t bochs_bitmap(struct tarn_call *call, struct bochs_image *image, uint32_t number,
                     bool change, uint8_t **out)
{
    uint32_t index = number % image->slots;
    struct bochs_bitmap *slot = &image->slot[index];
    int32_t status = TARN_OK;

    *out = bytes_of(image, index);
    if (!slot->full || slot->number != number) {
        if (slot->dirty)
            status = bochs_commit(call, image);
        if (status == TARN_OK)
            status = load_bitmap(call, image, number, index);
    }
    if (status == TARN_OK && change)
        slot->dirty = image->dirty = true;
    return status;
}

/* --- the order of writes ---------------------------------------------------------------------- */

static int32_t barrier(struct tarn_call *call, struct bochs_image *image)
{
    int32_t status = image->unsynced ? tarn_io_flush(call, image->disk.container) : TARN_OK;

    if (status == TARN_OK)
        image->unsynced = false;
    return status;
}

static int32_t write_bitmaps(struct tarn_call *call, struct bochs_image *image)
{
    int32_t status = TARN_OK;

    for (uint32_t i = 0; i < image->slots && status == TARN_OK; i++) {
        struct bochs_bitmap *slot = &image->slot[i];

        if (!slot->dirty)
            continue;
        image->unsynced = true;
        status = tarn_io_pwrite(call, image->disk.container, bytes_of(image, i),
                                image->header.bitmap,
                                bochs_extent_at(&image->header, slot->number));
        if (status == TARN_OK)
            slot->dirty = false;
    }
    return status;
}

static int32_t write_page(struct tarn_call *call, struct bochs_image *image, uint32_t first)
{
    uint32_t count = (uint32_t)bochs_min(BOCHS_PAGE, image->header.catalog - first);
    uint8_t bytes[BOCHS_PAGE * 4];

    for (uint32_t i = 0; i < count; i++)
        le32_store(bytes + (size_t)i * 4, image->catalog[first + i]);
    image->unsynced = true;
    return tarn_io_pwrite(call, image->disk.container, bytes, (uint64_t)count * 4,
                          image->header.length + (uint64_t)first * 4);
}

static int32_t write_catalog(struct tarn_call *call, struct bochs_image *image)
{
    bool synced = false;
    int32_t status = TARN_OK;

    for (uint32_t first = 0; first < image->header.catalog && status == TARN_OK;
         first += BOCHS_PAGE) {
        bool *dirty = &image->dirty_pages[first / BOCHS_PAGE];

        if (*dirty && !synced)
            status = barrier(call, image);
        synced |= *dirty;
        if (status == TARN_OK && *dirty)
            status = write_page(call, image, first);
        if (status == TARN_OK)
            *dirty = false;
    }
    return status;
}

int32_t bochs_commit(struct tarn_call *call, struct bochs_image *image)
{
    int32_t status;

    if (!image->dirty)
        return TARN_OK;
    status = barrier(call, image);
    if (status == TARN_OK)
        status = write_bitmaps(call, image);
    if (status == TARN_OK)
        status = write_catalog(call, image);
    if (status == TARN_OK)
        image->dirty = false;
    return status;
}
