/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * write.c - grains that are not there yet are stored at the end of their extent's file; their
 * entries wait in the cache of tables for the next commit. Zeros are made in place.
 */
#include "vmdk.h"

#include "helpers/io-zero.h"
#include "helpers/le.h"

int32_t vmdk_begin_write(struct tarn_call *call, struct vmdk_image *image)
{
    struct vmdk_edit edit;
    int32_t status;

    if (image->written)
        return TARN_OK;
    status = vmdk_edit_cid(call, &image->head, &edit);
    if (status == TARN_OK)
        status = vmdk_edit_apply(call, &image->head, &edit);
    if (status != TARN_OK)
        return status;
    image->written = true;
    image->disk.io.pwrite = image->span_write;
    return TARN_OK;
}

int32_t vmdk_mark(struct tarn_call *call, struct vmdk_extent *extent, bool unclean)
{
    uint8_t bytes[4];
    bool cowd = extent->kind == VMDK_EXTENT_COWD;
    int32_t status;

    le32_store(bytes, unclean);
    status = tarn_io_pwrite(call, extent->file, bytes, cowd ? 4 : 1,
                            cowd ? VMDK_COWD_UNCLEAN_AT : VMDK_UNCLEAN_AT);
    if (status != TARN_OK)
        return status;
    extent->marked = unclean;
    return TARN_OK;
}

/* A mark that was there before stays: nobody has checked the extent since. A new one is durable
 * before anything that it explains. */
int32_t vmdk_mark_once(struct tarn_call *call, struct vmdk_extent *extent)
{
    int32_t status;

    if (extent->marked || extent->unclean)
        return TARN_OK;
    status = vmdk_mark(call, extent, true);
    return status == TARN_OK ? tarn_io_flush(call, extent->file) : status;
}

/* --- storing ---------------------------------------------------------------------------------- */

/* Grains are whole on the storage, also the last one of a disk that ends within it. */
static int32_t put_bytes(struct tarn_call *call, struct vmdk_extent *extent, const void *bytes,
                         uint64_t length, uint64_t *out_host)
{
    uint64_t whole = vmdk_round_up(length, extent->grain);
    uint64_t before = extent->file_size;
    int32_t status = vmdk_take(call, extent, whole, extent->grain, out_host);

    if (status != TARN_OK)
        return status;
    status = tarn_io_pwrite(call, extent->file, bytes, length, *out_host);
    if (status == TARN_OK && whole > length)
        status = io_write_zeros(call, extent->file, *out_host + length, whole - length);
    if (status != TARN_OK)
        extent->file_size = before; /* nothing points there */
    else
        extent->unsynced = true;
    return status;
}

/* Points `count` entries of one table to grains in a row, or marks them as zeros if `host` is 0. */
static int32_t set_entries(struct tarn_call *call, struct vmdk_image *image,
                           struct vmdk_extent *extent, uint64_t index, uint64_t count,
                           uint64_t host)
{
    uint32_t entry = (uint32_t)(index % extent->table_entries);
    struct vmdk_table *table;
    int32_t status = vmdk_table_make(call, image, extent, index / extent->table_entries, &table);

    for (uint64_t i = 0; i < count && status == TARN_OK; i++) {
        uint64_t sector = host != 0 ? (host + i * extent->grain) / VMDK_SECTOR : 1;

        vmdk_table_set(image, table, entry + (uint32_t)i, (uint32_t)sector);
    }
    return status;
}

static int32_t store_grains(struct tarn_call *call, struct vmdk_image *image,
                            struct vmdk_extent *extent, uint64_t offset, uint64_t length,
                            const void *bytes, uint64_t *out_stored)
{
    uint64_t index = (offset - extent->start) / extent->grain;
    uint64_t left = extent->table_entries - index % extent->table_entries;
    uint64_t host;
    int32_t status = vmdk_mark_once(call, extent);

    length = vmdk_min(length, left * extent->grain);
    if (status == TARN_OK)
        status = put_bytes(call, extent, bytes, length, &host);
    if (status == TARN_OK)
        status = set_entries(call, image, extent, index, vmdk_divide_up(length, extent->grain),
                             host);
    *out_stored = length;
    return status;
}

int32_t vmdk_store(struct tarn_call *call, struct span_disk *disk, uint64_t offset, uint64_t length,
                   const void *bytes, uint64_t *out_stored)
{
    struct vmdk_image *image = (struct vmdk_image *)disk;
    struct vmdk_extent *extent = vmdk_extent_at(image, offset);
    int32_t status = vmdk_begin_write(call, image);

    if (status != TARN_OK)
        return status;
    length = vmdk_min(length, extent->start + extent->length - offset);
    if (vmdk_extent_sparse(extent))
        return store_grains(call, image, extent, offset, length, bytes, out_stored);
    *out_stored = length;
    return tarn_io_pwrite(call, extent->file, bytes, length,
                          extent->host + (offset - extent->start));
}

/* --- zeros ------------------------------------------------------------------------------------ */

/* Without an own mark for zeros, what lies below the image would show. */
static bool can_erase(struct vmdk_image *image, uint64_t offset, uint64_t end)
{
    if (image->disk.backing == NULL && !image->disk.no_backing)
        return true;
    while (offset < end) {
        const struct vmdk_extent *extent = vmdk_extent_at(image, offset);

        if (vmdk_extent_sparse(extent) && !extent->zero_entries)
            return false;
        offset = extent->start + extent->length;
    }
    return true;
}

static int32_t mark_zeros(struct tarn_call *call, struct vmdk_image *image,
                          struct vmdk_extent *extent, uint64_t offset, uint64_t length)
{
    uint64_t index = (offset - extent->start) / extent->grain;
    uint64_t end = index + vmdk_divide_up(length, extent->grain);
    int32_t status = vmdk_mark_once(call, extent);

    while (index < end && status == TARN_OK) {
        uint64_t left = extent->table_entries - index % extent->table_entries;
        uint64_t count = vmdk_min(end - index, left);

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = set_entries(call, image, extent, index, count, 0);
        index += count;
    }
    return status;
}

static int32_t erase_span(struct tarn_call *call, struct vmdk_image *image,
                          struct vmdk_extent *extent, uint64_t offset, const struct span *span,
                          bool keep_space)
{
    if (span->kind == SPAN_DATA)
        return io_zero(call, span->file, span->host, span->length,
                       keep_space ? 0 : TARN_ZERO_MAY_UNMAP);
    if (span->kind == SPAN_ABSENT && (image->disk.backing != NULL || image->disk.no_backing))
        return mark_zeros(call, image, extent, offset, span->length);
    return TARN_OK;
}

int32_t vmdk_erase(struct tarn_call *call, struct span_disk *disk, uint64_t offset, uint64_t length,
                   bool keep_space)
{
    struct vmdk_image *image = (struct vmdk_image *)disk;
    uint64_t end = offset + length;
    int32_t status;

    if (!can_erase(image, offset, end))
        return TARN_E_UNSUPPORTED;
    status = vmdk_begin_write(call, image);
    while (offset < end && status == TARN_OK) {
        struct span span = { .length = 0 };

        status = vmdk_find(call, disk, offset, end - offset, &span);
        if (status == TARN_OK)
            status = erase_span(call, image, vmdk_extent_at(image, offset), offset, &span,
                                keep_space);
        if (status == TARN_OK)
            status = tarn_interrupted(call);
        offset += span.length;
    }
    return status;
}
