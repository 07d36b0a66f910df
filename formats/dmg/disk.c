/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disk.c - the guest's disk of an image: raw chunks are read where they lie, packed ones unpacked
 * as a whole, and what no chunk tells of is zero.
 */
#include "dmg.h"

#include <stdlib.h>

#include "helpers/span-disk.h"

struct dmg_disk {
    struct span_disk span; /* first */
    struct dmg_image image;
    uint8_t *packed; /* a chunk as it is stored; made when the first is read */
};

static struct dmg_disk *disk_of(struct span_disk *span)
{
    return (struct dmg_disk *)(void *)span;
}

/* Where the sectors between two chunks, or behind the last, end. */
static uint64_t gap_end(const struct dmg_image *image, uint64_t next)
{
    return (next < image->tables.chunks ? image->tables.chunk[next].sector : image->koly.sectors) *
           DMG_SECTOR;
}

static void describe_chunk(const struct dmg_image *image, const struct dmg_chunk *chunk,
                           uint64_t number, uint64_t offset, struct span *out)
{
    uint64_t start = chunk->sector * DMG_SECTOR;
    uint64_t length = chunk->count * DMG_SECTOR;

    *out = (struct span){ .kind = SPAN_ZERO, .length = length - (offset - start) };
    if (chunk->type == DMG_RAW) {
        out->kind = SPAN_DATA;
        out->file = image->file;
        out->host = chunk->offset + (offset - start);
    } else if (dmg_is_packed(chunk->type)) {
        out->kind = SPAN_PACKED;
        out->unit_offset = start;
        out->unit_length = length;
        out->cookie = number;
    }
}

/* What lies at `offset`; *number is the chunk there or before, or tables.chunks. */
static void describe(const struct dmg_image *image, uint64_t number, uint64_t offset,
                     struct span *out)
{
    const struct dmg_tables *tables = &image->tables;
    uint64_t sector = offset / DMG_SECTOR;

    if (number < tables->chunks &&
        sector - tables->chunk[number].sector < tables->chunk[number].count) {
        describe_chunk(image, &tables->chunk[number], number, offset, out);
        return;
    }
    number = number < tables->chunks ? number + 1 : 0;
    *out = (struct span){ .kind = SPAN_ZERO, .length = gap_end(image, number) - offset };
}

static bool continues(const struct span *span, const struct span *next)
{
    return next->kind == span->kind &&
           (span->kind == SPAN_ZERO ||
            (span->kind == SPAN_DATA && next->host == span->host + span->length));
}

static int32_t disk_find(struct tarn_call *call, struct span_disk *span, uint64_t offset,
                         uint64_t length, struct span *out)
{
    const struct dmg_image *image = &disk_of(span)->image;
    const struct dmg_tables *tables = &image->tables;
    uint64_t number = dmg_tables_find(tables, offset / DMG_SECTOR);
    int32_t status = TARN_OK;

    describe(image, number, offset, out);
    while (out->length < length && status == TARN_OK) {
        uint64_t at = offset + out->length;
        uint64_t next = number < tables->chunks ? number + 1 : 0;
        struct span more;

        if (next < tables->chunks && tables->chunk[next].sector <= at / DMG_SECTOR)
            number = next;
        describe(image, number, at, &more);
        if (!continues(out, &more))
            break;
        out->length += more.length;
        status = tarn_interrupted(call);
    }
    return status;
}

static int32_t disk_unpack(struct tarn_call *call, struct span_disk *span, const struct span *what,
                           void *buffer)
{
    struct dmg_disk *disk = disk_of(span);
    const struct dmg_chunk *chunk = &disk->image.tables.chunk[what->cookie];
    struct dmg_fault fault;
    int32_t status;

    if (disk->packed == NULL)
        disk->packed = malloc(disk->image.tables.packed_max);
    if (disk->packed == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a packed chunk of %llu bytes",
                         (unsigned long long)disk->image.tables.packed_max);
    status = dmg_image_unpack(call, &disk->image, chunk, disk->packed, buffer, &fault);
    return fault.status != TARN_OK ? dmg_fault_fail(call, &fault) : status;
}

static int32_t disk_close(struct tarn_call *call, struct span_disk *span)
{
    struct dmg_disk *disk = disk_of(span);

    (void)call;
    dmg_image_clear(&disk->image);
    free(disk->packed);
    free(disk);
    return TARN_OK;
}

static const struct span_ops ops = {
    .find = disk_find,
    .unpack = disk_unpack,
    .close = disk_close,
};

static int32_t open_disk(struct tarn_call *call, struct tarn_io *file, struct dmg_disk *disk)
{
    struct dmg_fault fault;
    int32_t status = dmg_image_identify(call, file, &disk->image);

    if (status != TARN_OK)
        return status;
    status = dmg_image_load(call, &disk->image, &fault);
    if (status != TARN_OK)
        return fault.status != TARN_OK ? dmg_fault_fail(call, &fault) : status;
    disk->span.ops = &ops;
    disk->span.format = "dmg";
    disk->span.fixed_size = "the size of a dmg image is fixed when it is made";
    disk->span.container = file;
    disk->span.size = disk->image.koly.sectors * DMG_SECTOR;
    disk->span.unit = DMG_SECTOR;
    disk->span.unpacked_max = disk->image.tables.unpacked_max;
    return span_disk_init(call, &disk->span, false);
}

int32_t dmg_open(struct tarn_call *call, struct tarn_io *file, const struct tarn_image_open *how,
                 struct tarn_io **out)
{
    struct dmg_disk *disk;
    int32_t status;

    *out = NULL;
    if (how->snapshot != NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "dmg images have no snapshot %s",
                         how->snapshot);
    if ((how->flags & TARN_IMAGE_OPEN_WRITE) && (how->flags & TARN_IMAGE_OPEN_FILL))
        return dmg_fill_open(call, file, out);
    if (how->flags & (TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_COMPRESS))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "dmg images cannot be changed: convert it into a format that can");
    disk = calloc(1, sizeof(*disk));
    if (disk == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open a dmg image");
    status = open_disk(call, file, disk);
    if (status == TARN_OK) {
        *out = &disk->span.io;
        return TARN_OK;
    }
    dmg_image_clear(&disk->image);
    free(disk);
    return status;
}
