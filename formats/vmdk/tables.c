/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tables.c - the cache of grain tables, and of pieces of the directories that find them: at most
 * 128 of 32 KiB, taken as they are used.
 */
#include "vmdk.h"

#include <stdlib.h>

#include "helpers/le.h"

static uint64_t table_size(const struct vmdk_extent *extent, enum vmdk_table_kind kind)
{
    return kind == VMDK_TABLE_GRAINS ? vmdk_table_bytes(extent) : VMDK_PIECE;
}

static struct vmdk_table *set_of(struct vmdk_image *image, const struct vmdk_extent *extent,
                                 enum vmdk_table_kind kind, uint64_t index)
{
    uint64_t mixed = (index + extent->index * 7 + (uint64_t)kind * 13) * 0x9e3779b97f4a7c15u;

    return image->tables.table[mixed >> 59]; /* VMDK_TABLE_SETS of them */
}

static struct vmdk_table *cached(struct vmdk_image *image, const struct vmdk_extent *extent,
                                 enum vmdk_table_kind kind, uint64_t index)
{
    struct vmdk_table *set = set_of(image, extent, kind, index);

    for (uint32_t i = 0; i < VMDK_TABLE_WAYS; i++)
        if (set[i].extent == extent && set[i].kind == kind && set[i].index == index) {
            set[i].used = ++image->tables.clock;
            return &set[i];
        }
    return NULL;
}

static bool dirty(const struct vmdk_table *table)
{
    return table->dirty_from != table->dirty_to;
}

static void drop(struct vmdk_table *table)
{
    free(table->bytes);
    *table = (struct vmdk_table){ .extent = NULL };
}

/* A free place for a table; if all of its set are dirty, everything is committed. */
static int32_t make_place(struct tarn_call *call, struct vmdk_image *image,
                          struct vmdk_extent *extent, enum vmdk_table_kind kind, uint64_t index,
                          struct vmdk_table **out)
{
    struct vmdk_table *set = set_of(image, extent, kind, index);
    struct vmdk_table *oldest = NULL;
    uint8_t *bytes;

    for (uint32_t i = 0; i < VMDK_TABLE_WAYS; i++)
        if (!dirty(&set[i]) && (oldest == NULL || set[i].used < oldest->used))
            oldest = &set[i];
    if (oldest == NULL) {
        int32_t status = vmdk_commit(call, image);

        return status == TARN_OK ? make_place(call, image, extent, kind, index, out) : status;
    }
    bytes = calloc(1, table_size(extent, kind));
    if (bytes == NULL)
        return VMDK_NO_MEMORY(call);
    drop(oldest);
    *oldest = (struct vmdk_table){ .extent = extent, .kind = kind, .index = index, .bytes = bytes,
                                   .used = ++image->tables.clock };
    *out = oldest;
    return TARN_OK;
}

/* Reads `length` bytes at `place` into the cache. */
static int32_t load(struct tarn_call *call, struct vmdk_image *image, struct vmdk_extent *extent,
                    enum vmdk_table_kind kind, uint64_t index, uint64_t place, uint64_t length,
                    struct vmdk_table **out)
{
    int32_t status = make_place(call, image, extent, kind, index, out);

    if (status != TARN_OK)
        return status;
    (*out)->place = place;
    status = tarn_io_pread(call, extent->file, (*out)->bytes, length, place);
    if (status != TARN_OK)
        drop(*out);
    return status;
}

/* --- directories ------------------------------------------------------------------------------ */

/* In seSparse the upper half says that there is a table, the lower one which. */
static int32_t sesparse_table(struct tarn_call *call, const struct vmdk_extent *extent,
                              uint64_t entry, uint64_t *out)
{
    *out = 0;
    if (entry == 0)
        return TARN_OK;
    if (entry >> 32 != 0x10000000u)
        return VMDK_CORRUPT(call, "the grain directory of \"%s\" has the unknown entry 0x%llx: it "
                            "is damaged", extent->line->name, (vmdk_ull)entry);
    *out = extent->tables_base + (entry & UINT32_MAX) * vmdk_table_bytes(extent);
    return TARN_OK;
}

int32_t vmdk_directory_get(struct tarn_call *call, struct vmdk_image *image,
                           struct vmdk_extent *extent, enum vmdk_table_kind kind, uint64_t index,
                           uint64_t *out)
{
    uint64_t per_piece = VMDK_PIECE / extent->entry_size;
    uint64_t piece = index / per_piece;
    uint64_t length = vmdk_min(VMDK_PIECE,
                               (extent->directory_count - piece * per_piece) * extent->entry_size);
    uint64_t directory = kind == VMDK_TABLE_DIRECTORY ? extent->directory : extent->redundant;
    struct vmdk_table *table = cached(image, extent, kind, piece);
    const uint8_t *entry;
    int32_t status = TARN_OK;

    *out = 0;
    if (table == NULL)
        status = load(call, image, extent, kind, piece, directory + piece * VMDK_PIECE, length,
                      &table);
    if (status != TARN_OK)
        return status;
    entry = table->bytes + index % per_piece * extent->entry_size;
    if (extent->entry_size == 8)
        return sesparse_table(call, extent, le64_load(entry), out);
    *out = (uint64_t)le32_load(entry) * VMDK_SECTOR;
    return TARN_OK;
}

/* --- grain tables ----------------------------------------------------------------------------- */

static int32_t check_place(struct tarn_call *call, const struct vmdk_extent *extent,
                           uint64_t index, uint64_t place)
{
    if (place >= VMDK_SECTOR && place <= extent->file_size &&
        extent->file_size - place >= vmdk_table_bytes(extent))
        return TARN_OK;
    return VMDK_CORRUPT(call, "grain table %llu of \"%s\" would be at %llu, and the file has %llu "
                        "bytes: the grain directory is damaged", (vmdk_ull)index,
                        extent->line->name, (vmdk_ull)place, (vmdk_ull)extent->file_size);
}

/* The redundant twin is needed when the table changes. */
static int32_t find_second(struct tarn_call *call, struct vmdk_image *image,
                           struct vmdk_extent *extent, uint64_t index, uint64_t *out)
{
    int32_t status;

    *out = 0;
    if (extent->redundant == 0 || !(image->disk.io.flags & TARN_IO_WRITABLE))
        return TARN_OK;
    status = vmdk_directory_get(call, image, extent, VMDK_TABLE_REDUNDANT, index, out);
    return status == TARN_OK && *out != 0 ? check_place(call, extent, index, *out) : status;
}

int32_t vmdk_table_get(struct tarn_call *call, struct vmdk_image *image,
                       struct vmdk_extent *extent, uint64_t index, struct vmdk_table **out)
{
    uint64_t place = 0;
    uint64_t second = 0;
    int32_t status;

    *out = cached(image, extent, VMDK_TABLE_GRAINS, index);
    if (*out != NULL)
        return TARN_OK;
    status = vmdk_directory_get(call, image, extent, VMDK_TABLE_DIRECTORY, index, &place);
    if (status != TARN_OK || place == 0)
        return status;
    status = check_place(call, extent, index, place);
    if (status == TARN_OK)
        status = find_second(call, image, extent, index, &second);
    if (status == TARN_OK)
        status = load(call, image, extent, VMDK_TABLE_GRAINS, index, place,
                      vmdk_table_bytes(extent), out);
    if (status == TARN_OK)
        (*out)->second = second;
    return status;
}

int32_t vmdk_take(struct tarn_call *call, struct vmdk_extent *extent, uint64_t length,
                  uint64_t align, uint64_t *out_offset)
{
    uint64_t offset = vmdk_round_up(extent->file_size, align);

    if (length > (uint64_t)UINT32_MAX * VMDK_SECTOR ||
        offset > (uint64_t)UINT32_MAX * VMDK_SECTOR - length)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "the extent \"%s\" is full: no sector behind 2 "
                         "TiB of its file can be addressed", extent->line->name);
    extent->file_size = offset + length;
    *out_offset = offset;
    return TARN_OK;
}

int32_t vmdk_table_make(struct tarn_call *call, struct vmdk_image *image,
                        struct vmdk_extent *extent, uint64_t index, struct vmdk_table **out)
{
    uint64_t length = vmdk_round_up(vmdk_table_bytes(extent), VMDK_SECTOR);
    uint64_t place = 0;
    uint64_t second = 0;
    int32_t status = vmdk_table_get(call, image, extent, index, out);

    if (status != TARN_OK || *out != NULL)
        return status;
    if (extent->redundant != 0)
        status = vmdk_take(call, extent, length, VMDK_SECTOR, &second);
    if (status == TARN_OK)
        status = vmdk_take(call, extent, length, VMDK_SECTOR, &place);
    if (status == TARN_OK)
        status = make_place(call, image, extent, VMDK_TABLE_GRAINS, index, out);
    if (status == TARN_OK && second != 0)
        status = vmdk_guard_add(call, extent, second);
    if (status == TARN_OK)
        status = vmdk_guard_add(call, extent, place);
    if (status != TARN_OK)
        return status;
    (*out)->fresh = true;
    (*out)->place = place;
    (*out)->second = second;
    (*out)->dirty_to = extent->table_entries;
    image->tables.dirty++;
    return TARN_OK;
}

void vmdk_table_set(struct vmdk_image *image, struct vmdk_table *table, uint32_t entry,
                    uint32_t value)
{
    le32_store(table->bytes + (size_t)entry * 4, value);
    if (!dirty(table)) {
        image->tables.dirty++;
        table->dirty_from = entry;
        table->dirty_to = entry + 1;
        return;
    }
    if (entry < table->dirty_from)
        table->dirty_from = entry;
    if (entry >= table->dirty_to)
        table->dirty_to = entry + 1;
}

void vmdk_tables_forget(struct vmdk_image *image, const struct vmdk_extent *extent)
{
    for (uint32_t i = 0; i < VMDK_TABLE_SETS; i++)
        for (uint32_t k = 0; k < VMDK_TABLE_WAYS; k++)
            if (image->tables.table[i][k].extent == extent)
                drop(&image->tables.table[i][k]);
}

void vmdk_tables_free(struct vmdk_image *image)
{
    for (uint32_t i = 0; i < VMDK_TABLE_SETS; i++)
        for (uint32_t k = 0; k < VMDK_TABLE_WAYS; k++)
            drop(&image->tables.table[i][k]);
}
