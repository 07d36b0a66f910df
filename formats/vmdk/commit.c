/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * commit.c - changes of grain tables reach the storage, in an order that a crash at any point
 * survives: grains are durable before the entries that point to them, and new tables before the
 * directory does. A crash leaves space that nothing points to, or two tables of which the redundant
 * one knows more; never a pointer to bytes that are not there.
 */
#include "vmdk.h"

#include "helpers/le.h"

/* COWD counts what is used; ESX allocates behind it. */
static int32_t write_free_sector(struct tarn_call *call, const struct vmdk_extent *extent)
{
    uint8_t bytes[4];

    if (extent->kind != VMDK_EXTENT_COWD)
        return TARN_OK;
    le32_store(bytes, (uint32_t)vmdk_divide_up(extent->file_size, VMDK_SECTOR));
    return tarn_io_pwrite(call, extent->file, bytes, sizeof(bytes), VMDK_COWD_FREE_AT);
}

static int32_t sync_extents(struct tarn_call *call, struct vmdk_image *image)
{
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < image->count && status == TARN_OK; i++) {
        struct vmdk_extent *extent = &image->extents[i];

        if (!extent->unsynced)
            continue;
        status = write_free_sector(call, extent);
        if (status == TARN_OK)
            status = tarn_io_flush(call, extent->file);
        if (status == TARN_OK)
            extent->unsynced = false;
    }
    return status;
}

/* Where a crash may have left another copy, the copy is written as a whole. */
static int32_t write_table(struct tarn_call *call, const struct vmdk_table *table)
{
    uint64_t from = (uint64_t)table->dirty_from * table->extent->entry_size;
    uint64_t length = (uint64_t)table->dirty_to * table->extent->entry_size - from;
    int32_t status = TARN_OK;

    if (table->second != 0 && table->extent->unclean)
        status = tarn_io_pwrite(call, table->extent->file, table->bytes,
                                vmdk_table_bytes(table->extent), table->second);
    else if (table->second != 0)
        status = tarn_io_pwrite(call, table->extent->file, table->bytes + from, length,
                                table->second + from);
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, table->extent->file, table->bytes + from, length,
                                table->place + from);
    return status;
}

/* One entry of a directory, on the storage and in the cache. */
static int32_t set_directory(struct tarn_call *call, struct vmdk_image *image,
                             const struct vmdk_table *table, enum vmdk_table_kind kind)
{
    struct vmdk_extent *extent = table->extent;
    bool primary = kind == VMDK_TABLE_DIRECTORY;
    uint64_t at = (primary ? extent->directory : extent->redundant) + table->index * 4;
    uint8_t bytes[4];
    int32_t status;

    le32_store(bytes, (uint32_t)((primary ? table->place : table->second) / VMDK_SECTOR));
    status = tarn_io_pwrite(call, extent->file, bytes, sizeof(bytes), at);
    for (uint32_t i = 0; i < VMDK_TABLE_SETS && status == TARN_OK; i++)
        for (uint32_t k = 0; k < VMDK_TABLE_WAYS; k++) {
            struct vmdk_table *piece = &image->tables.table[i][k];

            if (piece->extent == extent && piece->kind == kind &&
                piece->index == table->index / (VMDK_PIECE / 4))
                memcpy(piece->bytes + table->index % (VMDK_PIECE / 4) * 4, bytes, 4);
        }
    return status;
}

typedef int32_t (*step_fn)(struct tarn_call *call, struct vmdk_image *image,
                           struct vmdk_table *table);

static int32_t step_write(struct tarn_call *call, struct vmdk_image *image,
                          struct vmdk_table *table)
{
    int32_t status = write_table(call, table);

    (void)image;
    if (status == TARN_OK && table->fresh)
        table->extent->unsynced = true;
    return status;
}

static int32_t step_link(struct tarn_call *call, struct vmdk_image *image,
                         struct vmdk_table *table)
{
    int32_t status = TARN_OK;

    if (!table->fresh)
        return TARN_OK;
    if (table->second != 0)
        status = set_directory(call, image, table, VMDK_TABLE_REDUNDANT);
    if (status == TARN_OK)
        status = set_directory(call, image, table, VMDK_TABLE_DIRECTORY);
    if (status == TARN_OK)
        table->fresh = false;
    return status;
}

static int32_t step_clean(struct tarn_call *call, struct vmdk_image *image,
                          struct vmdk_table *table)
{
    (void)call;
    table->dirty_from = table->dirty_to = 0;
    image->tables.dirty--;
    return TARN_OK;
}

static int32_t each_dirty(struct tarn_call *call, struct vmdk_image *image, step_fn step)
{
    int32_t status = TARN_OK;

    for (uint32_t i = 0; i < VMDK_TABLE_SETS; i++)
        for (uint32_t k = 0; k < VMDK_TABLE_WAYS && status == TARN_OK; k++) {
            struct vmdk_table *table = &image->tables.table[i][k];

            if (table->extent != NULL && table->dirty_from != table->dirty_to)
                status = step(call, image, table);
        }
    return status;
}

int32_t vmdk_commit(struct tarn_call *call, struct vmdk_image *image)
{
    int32_t status;

    if (image->tables.dirty == 0)
        return TARN_OK;
    status = sync_extents(call, image);
    if (status == TARN_OK)
        status = each_dirty(call, image, step_write);
    if (status == TARN_OK) /* only where there are fresh ones */
        status = sync_extents(call, image);
    if (status == TARN_OK)
        status = each_dirty(call, image, step_link);
    return status == TARN_OK ? each_dirty(call, image, step_clean) : status;
}
