/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * store.c - where new guest data go: to the end of the file. What a cluster had before stays where
 * it was, and is lost space if nothing points to it any more.
 */
#include "qcow.h"

#include "helpers/io-zero.h"

int32_t qcow_file_reach(struct tarn_call *call, struct tarn_io *file, uint64_t size, uint64_t end)
{
    if (end <= size)
        return TARN_OK;
    return file->flags & TARN_IO_ZERO_NEW ? tarn_io_truncate(call, file, end, 0)
                                          : io_write_zeros(call, file, size, end - size);
}

/* The first multiple of `align` behind all there is. The container is asked each time: a write that
 * failed may have made it longer. */
static int32_t file_end(struct tarn_call *call, struct qcow_image *image, uint64_t align,
                        uint64_t length, uint64_t *out)
{
    uint64_t size;
    int32_t status = tarn_io_size(call, image->disk.container, &size);

    if (status != TARN_OK)
        return status;
    if (size > INT64_MAX - align || length > INT64_MAX - qcow_round_up(size, align))
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "the file cannot become longer than %llu bytes",
                         (unsigned long long)size);
    image->file_size = size;
    image->unsynced = true;
    *out = qcow_round_up(size, align);
    return TARN_OK;
}

/* Makes the range from the end of the file on a part of it. */
static int32_t reach(struct tarn_call *call, struct qcow_image *image, uint64_t end)
{
    int32_t status = qcow_file_reach(call, image->disk.container, image->file_size, end);

    if (status == TARN_OK && image->file_size < end)
        image->file_size = end;
    return status;
}

static int32_t append(struct tarn_call *call, struct qcow_image *image, uint64_t host,
                      const void *bytes, uint64_t length)
{
    int32_t status = tarn_io_pwrite(call, image->disk.container, bytes, length, host);

    if (status == TARN_OK)
        image->file_size = host + length;
    return status;
}

/* The new table is zero on the storage before anything points to it. */
static int32_t new_table(struct tarn_call *call, struct qcow_image *image, uint64_t l1_index,
                         struct qcow_table *table)
{
    uint64_t host;
    int32_t status = file_end(call, image, image->cluster_size, table->bytes, &host);

    if (status == TARN_OK)
        status = reach(call, image, host + table->bytes);
    if (status == TARN_OK)
        status = qcow_tables_add(call, &image->tables, host); /* behind all others */
    if (status == TARN_OK)
        status = qcow_entry_set(call, image, &image->l1, l1_index, host);
    table->offset = host;
    return status;
}

static int32_t table_for(struct tarn_call *call, struct qcow_image *image, uint64_t offset,
                         struct qcow_table *out)
{
    int32_t status = qcow_l2_find(call, image, offset, out);

    if (status == TARN_OK && out->offset == 0)
        status = new_table(call, image, offset / qcow_l1_covers(&image->header), out);
    return status;
}

static uint64_t l2_index(const struct qcow_image *image, uint64_t offset)
{
    return offset % qcow_l1_covers(&image->header) >> image->header.cluster_bits;
}

int32_t qcow_store(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                   uint64_t length, const void *bytes, uint64_t *out_stored)
{
    struct qcow_image *image = qcow_image_of(disk);
    uint64_t covers = qcow_l1_covers(&image->header);
    uint64_t index = l2_index(image, offset);
    struct qcow_table table;
    uint64_t whole;
    uint64_t host = 0;
    int32_t status = table_for(call, image, offset, &table);

    length = qcow_min(length, covers - offset % covers);
    whole = qcow_round_up(length, image->cluster_size);
    if (status == TARN_OK)
        status = file_end(call, image, image->cluster_size, whole, &host);
    if (status == TARN_OK)
        status = append(call, image, host, bytes, length);
    if (status == TARN_OK) /* the disk's last cluster is a whole one in the file */
        status = reach(call, image, host + whole);
    for (uint64_t at = 0; at < whole && status == TARN_OK; at += image->cluster_size)
        status = qcow_entry_set(call, image, &table, index++, host + at);
    *out_stored = length;
    return status;
}

int32_t qcow_store_packed(struct tarn_call *call, struct qcow_image *image, uint64_t offset,
                          const void *packed, uint64_t length)
{
    uint32_t bits = 63 - image->header.cluster_bits;
    struct qcow_table table;
    uint64_t host = 0;
    int32_t status = table_for(call, image, offset, &table);

    if (status == TARN_OK)
        status = file_end(call, image, 1, length, &host);
    if (status == TARN_OK && host >> bits != 0)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "compressed clusters lie within the first %llu bytes of a file, and it "
                         "has %llu", (unsigned long long)1 << bits, (unsigned long long)host);
    if (status == TARN_OK)
        status = append(call, image, host, packed, length);
    if (status == TARN_OK)
        status = qcow_entry_set(call, image, &table, l2_index(image, offset),
                                QCOW_COMPRESSED | length << bits | host);
    return status;
}
