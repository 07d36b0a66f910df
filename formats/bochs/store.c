/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * store.c - sectors that come into being, and sectors that cease to be.
 */
#include "bochs.h"

#include "helpers/io-zero.h"

/* --- new extents ------------------------------------------------------------------------------ */

/* What a crash or a failure left behind the last extent that is used is not zero. */
static int32_t clear(struct tarn_call *call, struct bochs_image *image, uint64_t offset,
                     uint64_t end)
{
    struct tarn_io *file = image->disk.container;
    uint64_t size;
    int32_t status = tarn_io_size(call, file, &size);

    if (status == TARN_OK && size < end && (file->flags & TARN_IO_FIXED_SIZE))
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the next extent ends at %llu and the container, whose size is fixed, at "
                         "%llu", (unsigned long long)end, (unsigned long long)size);
    image->unsynced = true;
    if (status == TARN_OK && offset < size)
        status = io_zero(call, file, offset, bochs_min(end, size) - offset,
                         TARN_ZERO_MAY_UNMAP);
    if (status == TARN_OK && size < end)
        status = file->flags & TARN_IO_ZERO_NEW ? tarn_io_truncate(call, file, end, 0)
                                                : io_write_zeros(call, file, size, end - size);
    if (status == TARN_OK)
        image->file_size = size < end ? end : size;
    return status;
}

/* The extent for a catalog entry, made if it is not there: empty, all sectors absent. */
static int32_t extent_for(struct tarn_call *call, struct bochs_image *image, uint32_t index,
                          uint32_t *out)
{
    const struct bochs_header *header = &image->header;
    uint64_t offset = bochs_extent_at(header, image->next);
    int32_t status;

    *out = image->catalog[index];
    if (*out != BOCHS_ABSENT)
        return TARN_OK;
    if (image->next >= header->catalog)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "all %u extents that the catalog can name are used: copy the image into "
                         "a new one", header->catalog);
    status = clear(call, image, offset, offset + bochs_stride(header));
    if (status != TARN_OK)
        return status;
    *out = image->next++;
    bochs_catalog_set(image, index, *out);
    return TARN_OK;
}

int32_t bochs_store(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                    uint64_t length, const void *bytes, uint64_t *out_stored)
{
    struct bochs_image *image = bochs_image_of(disk);
    const struct bochs_header *header = &image->header;
    uint64_t within = offset % header->extent;
    uint32_t number;
    uint8_t *bitmap;
    int32_t status = extent_for(call, image, (uint32_t)(offset / header->extent), &number);

    length = bochs_min(length, header->extent - within);
    *out_stored = length;
    if (status == TARN_OK) {
        image->unsynced = true;
        status = tarn_io_pwrite(call, disk->container, bytes, length,
                                bochs_extent_at(header, number) + bochs_bitmap_space(header) +
                                    within);
    }
    if (status == TARN_OK)
        status = bochs_bitmap(call, image, number, true, &bitmap);
    if (status == TARN_OK)
        bochs_bits_set(bitmap, within / BOCHS_SECTOR, length / BOCHS_SECTOR, true);
    return status;
}

int32_t bochs_reserve(struct tarn_call *call, struct bochs_image *image, uint64_t offset,
                      uint64_t length)
{
    const struct bochs_header *header = &image->header;
    uint64_t end = offset + length;
    int32_t status = TARN_OK;

    for (uint64_t i = offset / header->extent; i * header->extent < end && status == TARN_OK;
         i++) {
        uint32_t number;

        status = tarn_interrupted(call);
        if (status == TARN_OK && image->catalog[i] == BOCHS_ABSENT) {
            status = extent_for(call, image, (uint32_t)i, &number);
            if (status == TARN_OK)
                status = io_reserve(call, image->disk.container,
                                    bochs_extent_at(header, number), bochs_stride(header));
        }
    }
    return status;
}

/* --- zeros ------------------------------------------------------------------------------------ */

/* Sectors of one extent. The space of an extent is never given back by the format, but that of its
 * bytes is, by the storage. Should the bits still be set after a crash, the bytes are zero, as was
 * asked for. */
static int32_t erase_within(struct tarn_call *call, struct bochs_image *image, uint32_t number,
                            uint64_t within, uint64_t length, bool keep_space)
{
    const struct bochs_header *header = &image->header;
    uint64_t host = bochs_extent_at(header, number) + bochs_bitmap_space(header) + within;
    uint64_t sector = within / BOCHS_SECTOR;
    uint64_t count = length / BOCHS_SECTOR;
    uint8_t *bitmap;
    int32_t status = bochs_bitmap(call, image, number, false, &bitmap);

    if (status != TARN_OK ||
        (!bochs_bit(bitmap, sector) && bochs_bits_run(bitmap, sector, count) == count))
        return status;
    status = bochs_bitmap(call, image, number, true, &bitmap);
    if (status != TARN_OK)
        return status;
    bochs_bits_set(bitmap, sector, count, false);
    if (keep_space || host >= image->file_size)
        return TARN_OK;
    status = tarn_io_zero(call, image->disk.container, host,
                          bochs_min(length, image->file_size - host),
                          TARN_ZERO_MAY_UNMAP | TARN_ZERO_FAST_ONLY);
    return status == TARN_E_UNSUPPORTED ? TARN_OK : status;
}

int32_t bochs_erase(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                    uint64_t length, bool keep_space)
{
    struct bochs_image *image = bochs_image_of(disk);
    uint64_t extent = image->header.extent;
    uint64_t end = offset + length;
    int32_t status = TARN_OK;

    while (offset < end && status == TARN_OK) {
        uint32_t number = image->catalog[offset / extent];
        uint64_t piece = bochs_min(end - offset, extent - offset % extent);

        if (number != BOCHS_ABSENT)
            status = erase_within(call, image, number, offset % extent, piece, keep_space);
        if (status == TARN_OK)
            status = tarn_interrupted(call);
        offset += piece;
    }
    return status;
}
