/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disk.c - the open image: where the guest's sectors are.
 */
#include "bochs.h"

#include <stdlib.h>

/* --- guest offset -> place -------------------------------------------------------------------- */

/* How far, from `offset` on, no extents are there. */
static uint64_t no_extents(const struct bochs_image *image, uint64_t offset, uint64_t length)
{
    uint64_t extent = image->header.extent;
    uint64_t index = offset / extent;

    while (index * extent < offset + length && image->catalog[index] == BOCHS_ABSENT)
        index++;
    return index * extent - offset;
}

static int32_t find_data(struct tarn_call *call, const struct bochs_image *image, uint64_t host,
                         struct span *out)
{
    if (host >= image->file_size)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "a sector at %llu is behind the end of the file at %llu: the file was "
                         "cut off, or the catalog is damaged", (unsigned long long)host,
                         (unsigned long long)image->file_size);
    out->kind = SPAN_DATA;
    out->length = bochs_min(out->length, image->file_size - host);
    out->file = image->disk.container;
    out->host = host;
    return TARN_OK;
}

static int32_t find(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                    uint64_t length, struct span *out)
{
    struct bochs_image *image = bochs_image_of(disk);
    const struct bochs_header *header = &image->header;
    uint32_t number = image->catalog[offset / header->extent];
    uint64_t within = offset % header->extent;
    uint64_t sector = within / BOCHS_SECTOR;
    uint8_t *bitmap;
    int32_t status;

    *out = (struct span){ .kind = SPAN_ABSENT };
    if (number == BOCHS_ABSENT) {
        out->length = no_extents(image, offset, length);
        return TARN_OK;
    }
    status = bochs_bitmap(call, image, number, false, &bitmap);
    if (status != TARN_OK)
        return status;
    length = bochs_min(length, header->extent - within);
    out->length = bochs_bits_run(bitmap, sector, (within + length - 1) / BOCHS_SECTOR + 1 - sector)
                      * BOCHS_SECTOR - within % BOCHS_SECTOR;
    if (!bochs_bit(bitmap, sector))
        return TARN_OK;
    return find_data(call, image,
                     bochs_extent_at(header, number) + bochs_bitmap_space(header) + within, out);
}

/* --- its life --------------------------------------------------------------------------------- */

static int32_t flush(struct tarn_call *call, struct span_disk *disk)
{
    return bochs_commit(call, bochs_image_of(disk));
}

static int32_t close_image(struct tarn_call *call, struct span_disk *disk)
{
    struct bochs_image *image = bochs_image_of(disk);
    int32_t status = bochs_commit(call, image);

    bochs_image_free(image);
    return status;
}

static const struct span_ops ops = {
    .find = find, .store = bochs_store, .erase = bochs_erase, .resize = bochs_resize,
    .flush = flush, .close = close_image,
};

int32_t bochs_image_new(struct tarn_call *call, struct tarn_io *file,
                        const struct bochs_header *header, uint64_t file_size,
                        struct bochs_image **out)
{
    struct bochs_image *image = calloc(1, sizeof(*image));
    int32_t status;

    *out = image;
    if (image == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open a bochs image");
    image->header = *header;
    image->file_size = file_size;
    image->disk = (struct span_disk){ .ops = &ops, .format = "bochs", .container = file,
                                      .size = header->size, .unit = BOCHS_SECTOR };
    status = bochs_tables_load(call, image);
    if (status != TARN_OK) {
        bochs_image_free(image);
        *out = NULL;
    }
    return status;
}

void bochs_image_free(struct bochs_image *image)
{
    if (image == NULL)
        return;
    free(image->catalog);
    free(image->slot);
    free(image->bitmaps);
    free(image);
}

static int32_t check_openable(struct tarn_call *call, const struct tarn_io *file,
                              const struct bochs_header *header,
                              const struct tarn_image_open *how)
{
    if (how->snapshot != NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "bochs images have no snapshot %s",
                         how->snapshot);
    if (header->subtype != BOCHS_GROWING)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "this redolog (%s) holds only what was written over a flat disk, and "
                         "does not name it: commit it into that disk with bximage, and use that",
                         bochs_subformats[header->subtype]);
    if (how->flags & TARN_IMAGE_OPEN_COMPRESS)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "bochs images hold nothing compressed");
    if ((how->flags & TARN_IMAGE_OPEN_WRITE) && !(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the container is open for reading only");
    return TARN_OK;
}

int32_t bochs_open(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_open *how, struct tarn_io **out)
{
    bool writing = (how->flags & TARN_IMAGE_OPEN_WRITE) != 0;
    struct bochs_image *image = NULL;
    struct bochs_header header;
    uint64_t file_size;
    int32_t status;

    *out = NULL;
    status = bochs_header_read(call, file, &header, &file_size);
    if (status == TARN_OK)
        status = check_openable(call, file, &header, how);
    if (status == TARN_OK)
        status = bochs_image_new(call, file, &header, file_size, &image);
    if (status == TARN_OK && writing)
        status = bochs_catalog_check(call, image);
    if (status == TARN_OK)
        status = span_disk_init(call, &image->disk, writing);
    if (status != TARN_OK) {
        bochs_image_free(image);
        return status;
    }
    *out = &image->disk.io;
    return TARN_OK;
}
