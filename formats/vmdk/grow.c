/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * grow.c - a sparse extent becomes larger. The new grain tables of hosted extents, which are there
 * from the start, go to the end of the file, and so do longer directories, unless their last sector
 * has room; then one write of the header's sector makes them count. Before it the extent is the old
 * one, after it the new one; the disk ends where the descriptor says.
 */
#include "vmdk.h"

#include <stdlib.h>

#include "helpers/io-zero.h"
#include "helpers/le.h"

/* --- what lies behind the old end ------------------------------------------------------------- */

/* The rest of the last grain, and entries that other programs may have left: they must not show. */
static int32_t clear_end(struct tarn_call *call, struct vmdk_image *image,
                         struct vmdk_extent *extent)
{
    uint64_t last = extent->length / extent->grain; /* the first entry that is not all in use */
    uint64_t within = extent->length % extent->grain;
    uint64_t index = last / extent->table_entries;
    struct vmdk_table *table = NULL;
    struct vmdk_grain grain;
    int32_t status = TARN_OK;

    if (index < extent->directory_count)
        status = vmdk_table_get(call, image, extent, index, &table);
    if (status != TARN_OK || table == NULL)
        return status;
    grain = vmdk_grain_decode(extent, table->bytes, (uint32_t)(last % extent->table_entries));
    if (within > 0)
        last++;
    for (uint64_t i = last; i < (index + 1) * extent->table_entries; i++) {
        uint32_t entry = (uint32_t)(i % extent->table_entries);

        if (le32_load(table->bytes + (size_t)entry * 4) != 0)
            vmdk_table_set(image, table, entry, 0);
    }
    if (within > 0 && grain.kind == VMDK_GRAIN_STORED)
        status = io_write_zeros(call, extent->file, grain.host + within, extent->grain - within);
    if (status == TARN_OK && within > 0 && grain.kind == VMDK_GRAIN_STORED)
        extent->file_size = grain.host + extent->grain > extent->file_size
                                ? grain.host + extent->grain : extent->file_size;
    return status;
}

/* --- the new directories ---------------------------------------------------------------------- */

struct place {
    uint64_t directory; /* bytes into the file */
    uint64_t tables;    /* hosted: the new ones in a row */
};

struct growth {
    uint64_t capacity;
    uint64_t count;  /* entries */
    uint64_t before; /* entries of the old directories */
    bool moved;      /* the new ones are elsewhere */
    struct place primary;
    struct place redundant;
};

static uint64_t new_tables(const struct vmdk_extent *extent, const struct growth *growth)
{
    return extent->kind == VMDK_EXTENT_HOSTED ? growth->count - growth->before : 0;
}

/* Takes the places, which read as zeros; nothing if nothing is needed. */
static int32_t take(struct tarn_call *call, struct vmdk_extent *extent,
                    const struct growth *growth, struct place *out)
{
    uint64_t table = vmdk_round_up(vmdk_table_bytes(extent), VMDK_SECTOR);
    uint64_t directory = growth->moved ? vmdk_round_up(growth->count * 4, VMDK_SECTOR) : 0;
    uint64_t tables = new_tables(extent, growth) * table;
    uint64_t place = 0;
    int32_t status = vmdk_take(call, extent, directory + tables, VMDK_SECTOR, &place);
    uint64_t have;

    if (status == TARN_OK)
        status = tarn_io_size(call, extent->file, &have);
    if (status == TARN_OK && have > place) /* of a write that failed */
        status = tarn_io_truncate(call, extent->file, place, TARN_TRUNCATE_SHRINK);
    if (status == TARN_OK)
        status = tarn_io_truncate(call, extent->file, extent->file_size, 0);
    if (status == TARN_OK && !(extent->file->flags & TARN_IO_ZERO_NEW))
        status = io_write_zeros(call, extent->file, place, directory + tables);
    if (growth->moved)
        out->directory = place;
    out->tables = place + directory;
    for (uint64_t i = 0; i < new_tables(extent, growth) && status == TARN_OK; i++)
        status = vmdk_guard_add(call, extent, out->tables + i * table);
    return status;
}

/* One piece of a directory: the old entries, then the new ones. */
static int32_t fill_piece(struct tarn_call *call, struct vmdk_image *image,
                          struct vmdk_extent *extent, const struct growth *growth,
                          enum vmdk_table_kind kind, uint64_t from, uint64_t count, uint8_t *bytes)
{
    const struct place *place = kind == VMDK_TABLE_DIRECTORY ? &growth->primary
                                                             : &growth->redundant;
    uint64_t table = vmdk_round_up(vmdk_table_bytes(extent), VMDK_SECTOR);
    int32_t status = tarn_interrupted(call);

    for (uint64_t i = from; i < from + count && status == TARN_OK; i++) {
        uint64_t at = 0;

        if (i < growth->before)
            status = vmdk_directory_get(call, image, extent, kind, i, &at);
        else if (new_tables(extent, growth) > 0)
            at = place->tables + (i - growth->before) * table;
        le32_store(bytes + (i - from) * 4, (uint32_t)(at / VMDK_SECTOR));
    }
    return status;
}

static int32_t write_directory(struct tarn_call *call, struct vmdk_image *image,
                               struct vmdk_extent *extent, const struct growth *growth,
                               enum vmdk_table_kind kind)
{
    uint64_t at = kind == VMDK_TABLE_DIRECTORY ? growth->primary.directory
                                               : growth->redundant.directory;
    uint64_t from = growth->moved ? 0 : growth->before; /* what stays in place is not written */
    uint8_t bytes[VMDK_PIECE];
    int32_t status = TARN_OK;

    for (; from < growth->count && status == TARN_OK; from += VMDK_PIECE / 4) {
        uint64_t count = vmdk_min(growth->count - from, VMDK_PIECE / 4);

        status = fill_piece(call, image, extent, growth, kind, from, count, bytes);
        if (status == TARN_OK)
            status = tarn_io_pwrite(call, extent->file, bytes, count * 4, at + from * 4);
    }
    return status;
}

static int32_t make_directories(struct tarn_call *call, struct vmdk_image *image,
                                struct vmdk_extent *extent, struct growth *growth)
{
    int32_t status = TARN_OK;

    if (extent->redundant != 0)
        status = take(call, extent, growth, &growth->redundant);
    if (status == TARN_OK)
        status = take(call, extent, growth, &growth->primary);
    if (status == TARN_OK && extent->redundant != 0)
        status = write_directory(call, image, extent, growth, VMDK_TABLE_REDUNDANT);
    return status == TARN_OK
               ? write_directory(call, image, extent, growth, VMDK_TABLE_DIRECTORY) : status;
}

/* --- the header ------------------------------------------------------------------------------- */

static void patch_hosted(uint8_t *bytes, const struct growth *growth, bool redundant)
{
    le64_store(bytes + 12, growth->capacity / VMDK_SECTOR);
    bytes[VMDK_UNCLEAN_AT] = 1;
    le64_store(bytes + 56, growth->primary.directory / VMDK_SECTOR);
    if (redundant)
        le64_store(bytes + 48, growth->redundant.directory / VMDK_SECTOR);
}

static void patch_cowd(uint8_t *bytes, const struct growth *growth, uint64_t file_size)
{
    le32_store(bytes + 12, (uint32_t)(growth->capacity / VMDK_SECTOR));
    le32_store(bytes + 20, (uint32_t)(growth->primary.directory / VMDK_SECTOR));
    le32_store(bytes + 24, (uint32_t)growth->count);
    le32_store(bytes + 28, (uint32_t)vmdk_divide_up(file_size, VMDK_SECTOR));
}

static int32_t write_header(struct tarn_call *call, const struct vmdk_extent *extent,
                            const struct growth *growth)
{
    uint8_t bytes[VMDK_SECTOR];
    int32_t status = tarn_io_pread(call, extent->file, bytes, sizeof(bytes), 0);

    if (status != TARN_OK)
        return status;
    if (extent->kind == VMDK_EXTENT_COWD)
        patch_cowd(bytes, growth, extent->file_size);
    else
        patch_hosted(bytes, growth, extent->redundant != 0);
    status = tarn_io_pwrite(call, extent->file, bytes, sizeof(bytes), 0);
    return status == TARN_OK ? tarn_io_flush(call, extent->file) : status;
}

static struct growth plan(const struct vmdk_extent *extent, uint64_t length)
{
    uint64_t covers = extent->grain * extent->table_entries;
    uint64_t before = extent->directory_count;
    struct growth growth = { .capacity = length, .count = vmdk_divide_up(length, covers),
                             .before = before, .primary = { extent->directory, 0 },
                             .redundant = { extent->redundant, 0 } };

    if (growth.capacity < extent->capacity) /* of a growth that was interrupted */
        growth.capacity = extent->capacity;
    if (growth.count < before)
        growth.count = before;
    growth.moved = vmdk_round_up(growth.count * 4, VMDK_SECTOR) >
                   vmdk_round_up(before * 4, VMDK_SECTOR);
    return growth;
}

/* What was written for it is durable before the header, which carries the mark as well. */
int32_t vmdk_extent_grow(struct tarn_call *call, struct vmdk_image *image,
                         struct vmdk_extent *extent, uint64_t length)
{
    struct growth growth = plan(extent, length);
    int32_t status = vmdk_mark_once(call, extent);

    if (status == TARN_OK)
        status = clear_end(call, image, extent);
    if (status == TARN_OK)
        status = vmdk_commit(call, image);
    if (status == TARN_OK && growth.count > growth.before)
        status = make_directories(call, image, extent, &growth);
    if (status == TARN_OK)
        status = tarn_io_flush(call, extent->file);
    if (status == TARN_OK)
        status = write_header(call, extent, &growth);
    if (status != TARN_OK)
        return status;
    vmdk_tables_forget(image, extent);
    extent->capacity = growth.capacity;
    extent->directory_count = growth.count;
    extent->directory = growth.primary.directory;
    extent->redundant = growth.redundant.directory;
    return TARN_OK;
}
