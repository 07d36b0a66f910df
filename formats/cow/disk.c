/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disk.c - the guest's disk: where its sectors are, and how more of them are stored. A sector is
 * written first, then made durable, then its bit is written: after a crash the base is read, or the
 * new sector, never anything else.
 */
#include "cow.h"

#include <stdlib.h>

static struct cow_disk *disk_of(struct span_disk *span)
{
    return (struct cow_disk *)(void *)span;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A sector that has a bit and lies behind the end of the file was never written. */
static int32_t place(struct tarn_call *call, const struct cow_disk *disk, uint64_t offset,
                     struct span *out)
{
    out->kind = SPAN_DATA;
    out->file = disk->span.container;
    out->host = disk->head.data_offset + offset;
    if (out->host >= disk->file_size)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "byte %llu of the disk should be at %llu, and the file ends at %llu: it "
                         "was cut off, or its bitmap is damaged", (unsigned long long)offset,
                         (unsigned long long)out->host, (unsigned long long)disk->file_size);
    out->length = least(out->length, disk->file_size - out->host);
    return TARN_OK;
}

static int32_t find(struct tarn_call *call, struct span_disk *span, uint64_t offset,
                    uint64_t length, struct span *out)
{
    struct cow_disk *disk = disk_of(span);
    uint64_t sector = disk->head.sector;
    uint64_t first = offset / sector;
    uint64_t run;
    bool set;
    int32_t status = cow_run(call, disk, first, (offset + length - 1) / sector - first + 1, &run,
                             &set);

    if (status != TARN_OK)
        return status;
    *out = (struct span){ .kind = SPAN_ABSENT };
    out->length = least(length, (first + run) * sector - offset);
    return set ? place(call, disk, offset, out) : TARN_OK;
}

/* As many sectors as have their bits in one page. */
static int32_t store(struct tarn_call *call, struct span_disk *span, uint64_t offset,
                     uint64_t length, const void *bytes, uint64_t *out_stored)
{
    struct cow_disk *disk = disk_of(span);
    uint64_t in_page = COW_PAGE * 8 * disk->head.sector;
    uint64_t first = offset / disk->head.sector;
    uint64_t count;
    int32_t status;

    length = least(length, in_page - offset % in_page);
    count = (length + disk->head.sector - 1) / disk->head.sector;
    if (first + count > disk->head.covered)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the last sectors have no bit in a cow image of version %u, and cannot be "
                         "written: convert it", (unsigned int)disk->head.version);
    status = tarn_io_pwrite(call, span->container, bytes, length,
                            disk->head.data_offset + offset);
    if (status != TARN_OK)
        return status;
    if (disk->file_size < disk->head.data_offset + offset + length)
        disk->file_size = disk->head.data_offset + offset + length;
    *out_stored = length;
    return cow_set(call, disk, first, count);
}

static int32_t flush(struct tarn_call *call, struct span_disk *span)
{
    return cow_commit(call, disk_of(span));
}

static int32_t close_disk(struct tarn_call *call, struct span_disk *span)
{
    struct cow_disk *disk = disk_of(span);
    int32_t status = cow_commit(call, disk);

    cow_pages_free(&disk->pages);
    free(disk);
    return status;
}

static const struct span_ops ops = {
    .find = find, .store = store, .flush = flush, .close = close_disk,
};

/* On failure the caller frees the disk. */
static int32_t open_parts(struct tarn_call *call, struct tarn_io *file, struct cow_disk *disk,
                          uint32_t flags)
{
    struct span_disk *span = &disk->span;
    int32_t status = cow_head_read(call, file, &disk->head, &disk->file_size);

    if (status != TARN_OK)
        return status;
    span->ops = &ops;
    span->format = "cow";
    span->fixed_size = "it has the size of its base; convert it into another image";
    span->container = file;
    span->size = disk->head.size;
    span->unit = disk->head.sector;
    if (flags & TARN_IMAGE_OPEN_NO_BACKING)
        span->no_backing = disk->head.name[0] != '\0';
    else
        status = cow_base_open(call, &disk->head, &span->backing);
    return status == TARN_OK
               ? span_disk_init(call, span, (flags & TARN_IMAGE_OPEN_WRITE) != 0) : status;
}

int32_t cow_open(struct tarn_call *call, struct tarn_io *file, const struct tarn_image_open *how,
                 struct tarn_io **out)
{
    struct cow_disk *disk;
    int32_t status;

    *out = NULL;
    if (how->flags & TARN_IMAGE_OPEN_COMPRESS)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "cow images hold nothing compressed");
    if (how->snapshot != NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "cow images have no snapshot %s",
                         how->snapshot);
    if ((how->flags & TARN_IMAGE_OPEN_WRITE) && !(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the container is open for reading only");
    disk = calloc(1, sizeof(*disk));
    if (disk == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open a cow image");
    status = open_parts(call, file, disk, how->flags);
    if (status != TARN_OK) {
        tarn_io_close(call, disk->span.backing);
        free(disk);
        return status;
    }
    *out = &disk->span.io;
    return TARN_OK;
}
