/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tables.c - the block tables of an image, and the list of all their chunks. Everything that
 * reading relies on is checked here, once: chunks lie within the disk and within the file, raw ones
 * have as many bytes as sectors, packed ones have a bounded size, none overlaps another.
 */
#include "dmg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"

#define MISH_VERSION 1u
#define AT_SECTOR    8u /* first, count */
#define AT_DATA      24u
#define AT_CHECKSUM  64u
#define AT_CHUNKS    200u

/* A chunk as it stands in a table, and where: for messages. */
struct entry {
    uint64_t table;
    uint64_t number;
    uint32_t type;
    uint64_t sector;
    uint64_t count;
    uint64_t offset;
    uint64_t length;
};

bool dmg_is_packed(uint32_t type)
{
    return type >= DMG_ADC && type <= DMG_LZMA;
}

bool dmg_is_zero(uint32_t type)
{
    return type == DMG_ZERO || type == DMG_IGNORE;
}

static int32_t no_memory(struct dmg_fault *fault)
{
    return dmg_fault_set(fault, TARN_E_INTERNAL, "no memory for the block tables");
}

/* Makes room for one more of `size` bytes. */
static bool grow(void **array, uint64_t count, uint64_t *room, size_t size)
{
    uint64_t wanted = *room > 0 ? *room * 2 : 16;
    void *larger;

    if (count < *room)
        return true;
    larger = realloc(*array, wanted * size);
    if (larger == NULL)
        return false;
    *array = larger;
    *room = wanted;
    return true;
}

static int32_t bad_chunk(const struct entry *entry, struct dmg_fault *fault, const char *what)
{
    return dmg_fault_set(fault, TARN_E_CORRUPT,
                         "chunk %" PRIu64 " of block table %" PRIu64 " (type 0x%08" PRIx32 ", %"
                         PRIu64 " sectors, %" PRIu64 " bytes) %s", entry->number, entry->table,
                         entry->type, entry->count, entry->length, what);
}

/* Sectors and bytes: `table` is the table's first sector, then what its offsets count from. */
static int32_t place_chunk(const struct dmg_koly *koly, const struct entry *entry,
                           uint64_t first_sector, uint64_t first_byte, struct dmg_chunk *out,
                           struct dmg_fault *fault)
{
    uint64_t end;

    if (__builtin_add_overflow(first_sector, entry->sector, &out->sector) ||
        __builtin_add_overflow(out->sector, entry->count, &end) || end > koly->sectors)
        return bad_chunk(entry, fault, "passes the end of the disk");
    if (dmg_is_zero(entry->type))
        return TARN_OK;
    if (__builtin_add_overflow(first_byte, entry->offset, &out->offset) ||
        __builtin_add_overflow(out->offset, entry->length, &end) || end > koly->position)
        return bad_chunk(entry, fault, "passes the end of the data");
    return TARN_OK;
}

static int32_t check_sizes(const struct entry *entry, struct dmg_fault *fault)
{
    if (entry->type == DMG_RAW && entry->count != entry->length / DMG_SECTOR)
        return bad_chunk(entry, fault, "has not as many raw bytes as sectors");
    if (entry->type == DMG_RAW && entry->length % DMG_SECTOR != 0)
        return bad_chunk(entry, fault, "ends within a sector");
    if (dmg_is_packed(entry->type) && entry->length == 0)
        return bad_chunk(entry, fault, "has no bytes to unpack");
    if (dmg_is_packed(entry->type) && (entry->count > DMG_PACKED_MAX / DMG_SECTOR ||
                                       entry->length > DMG_PACKED_MAX))
        return bad_chunk(entry, fault, "is packed and larger than 64 MiB");
    return TARN_OK;
}

static int32_t keep_chunk(struct dmg_tables *tables, const struct dmg_chunk *chunk,
                          struct dmg_fault *fault)
{
    void *array = tables->chunk;
    bool good = grow(&array, tables->chunks, &tables->chunk_room, sizeof(*chunk));

    tables->chunk = array;
    if (!good)
        return no_memory(fault);
    tables->chunk[tables->chunks++] = *chunk;
    if (dmg_is_packed(chunk->type)) {
        if (tables->unpacked_max < chunk->count * DMG_SECTOR)
            tables->unpacked_max = chunk->count * DMG_SECTOR;
        if (tables->packed_max < chunk->length)
            tables->packed_max = chunk->length;
    }
    return TARN_OK;
}

static int32_t add_chunk(struct dmg_tables *tables, const struct dmg_koly *koly,
                         const struct entry *entry, uint64_t first_byte, struct dmg_fault *fault)
{
    struct dmg_table *table = &tables->table[entry->table];
    struct dmg_chunk chunk = { .count = entry->count, .length = entry->length,
                               .type = entry->type, .table = (uint32_t)entry->table };
    int32_t status;

    if (table->ended)
        return bad_chunk(entry, fault, "follows the end mark of its table");
    table->ended = entry->type == DMG_END;
    if (entry->type == DMG_END || entry->type == DMG_COMMENT)
        return TARN_OK;
    if (entry->type > DMG_IGNORE && !dmg_is_packed(entry->type))
        return dmg_fault_set(fault, TARN_E_UNSUPPORTED,
                             "chunk %" PRIu64 " of block table %" PRIu64 " is of type 0x%08" PRIx32
                             ", which is unknown", entry->number, entry->table, entry->type);
    if (entry->count == 0)
        return TARN_OK;
    status = place_chunk(koly, entry, table->sector, first_byte, &chunk, fault);
    if (status == TARN_OK)
        status = check_sizes(entry, fault);
    if (status != TARN_OK)
        return status;
    table->chunks++;
    return keep_chunk(tables, &chunk, fault);
}

static int32_t check_header(const uint8_t *mish, uint64_t length, uint64_t number,
                            struct dmg_fault *fault)
{
    if (length < DMG_MISH_SIZE || memcmp(mish, "mish", 4) != 0)
        return dmg_fault_set(fault, TARN_E_CORRUPT,
                             "block table %" PRIu64 " has %" PRIu64 " bytes and is none: the "
                             "description of the image is damaged", number, length);
    if (be32_load(mish + 4) != MISH_VERSION)
        return dmg_fault_set(fault, TARN_E_UNSUPPORTED,
                             "block table %" PRIu64 " is of version %" PRIu32 ", only version %u "
                             "is known", number, be32_load(mish + 4), MISH_VERSION);
    if (be32_load(mish + AT_CHUNKS) > (length - DMG_MISH_SIZE) / DMG_CHUNK_SIZE)
        return dmg_fault_set(fault, TARN_E_CORRUPT,
                             "block table %" PRIu64 " tells of %" PRIu32 " chunks and has %" PRIu64,
                             number, be32_load(mish + AT_CHUNKS),
                             (length - DMG_MISH_SIZE) / DMG_CHUNK_SIZE);
    return TARN_OK;
}

int32_t dmg_tables_add(struct dmg_tables *tables, const struct dmg_koly *koly, const void *bytes,
                       uint64_t length, const char *name, struct dmg_fault *fault)
{
    const uint8_t *mish = bytes;
    void *array = tables->table;
    uint64_t first_byte;
    int32_t status = check_header(mish, length, tables->count, fault);

    if (status != TARN_OK)
        return status;
    if (__builtin_add_overflow(koly->data_offset, be64_load(mish + AT_DATA), &first_byte))
        return dmg_fault_set(fault, TARN_E_CORRUPT, "the data of block table %" PRIu64
                             " begin beyond every file", tables->count);
    if (!grow(&array, tables->count, &tables->room, sizeof(*tables->table)))
        return no_memory(fault);
    tables->table = array;
    tables->table[tables->count] = (struct dmg_table){
        .sector = be64_load(mish + AT_SECTOR), .count = be64_load(mish + AT_SECTOR + 8),
        .checksum = dmg_checksum_read(mish + AT_CHECKSUM),
    };
    snprintf(tables->table[tables->count].name, DMG_NAME_MAX, "%s", name);
    for (uint32_t i = 0; i < be32_load(mish + AT_CHUNKS) && status == TARN_OK; i++) {
        const uint8_t *at = mish + DMG_MISH_SIZE + (uint64_t)i * DMG_CHUNK_SIZE;
        struct entry entry = {
            .table = tables->count, .number = i, .type = be32_load(at),
            .sector = be64_load(at + 8), .count = be64_load(at + 16),
            .offset = be64_load(at + 24), .length = be64_load(at + 32),
        };

        status = add_chunk(tables, koly, &entry, first_byte, fault);
    }
    tables->count++;
    return status;
}

static int compare(const void *a, const void *b)
{
    const struct dmg_chunk *left = a;
    const struct dmg_chunk *right = b;

    return left->sector < right->sector ? -1 : left->sector > right->sector;
}

int32_t dmg_tables_finish(struct dmg_tables *tables, struct dmg_fault *fault)
{
    const struct dmg_chunk *chunk = tables->chunk;
    uint64_t i = 1;

    while (i < tables->chunks && chunk[i - 1].sector < chunk[i].sector)
        i++;
    if (i < tables->chunks)
        qsort(tables->chunk, tables->chunks, sizeof(*chunk), compare);
    for (i = 1; i < tables->chunks; i++)
        if (chunk[i].sector - chunk[i - 1].sector < chunk[i - 1].count)
            return dmg_fault_set(fault, TARN_E_CORRUPT,
                                 "sector %" PRIu64 " is told of by block tables %" PRIu32 " and %"
                                 PRIu32 " at once: one of them is damaged", chunk[i].sector,
                                 chunk[i - 1].table, chunk[i].table);
    return TARN_OK;
}

void dmg_tables_free(struct dmg_tables *tables)
{
    free(tables->table);
    free(tables->chunk);
    *tables = (struct dmg_tables){ .count = 0 };
}

uint64_t dmg_tables_find(const struct dmg_tables *tables, uint64_t sector)
{
    uint64_t low = 0;
    uint64_t high = tables->chunks; /* all from here on begin behind the sector */

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (tables->chunk[middle].sector <= sector)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? low - 1 : tables->chunks;
}
