/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-dmg-fixture.c - see test-dmg-fixture.h.
 */
#include "tests/unit/test-dmg-fixture.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "formats/dmg/base64.h"
#include "helpers/be.h"
#include "tests/unit/test-dmg-encode.h"

static void *need(void *memory)
{
    if (memory == NULL)
        exit(99);
    return memory;
}

void maker_init(struct maker *maker)
{
    memset(maker, 0, sizeof(*maker));
    maker_table(maker);
}

void maker_free(struct maker *maker)
{
    free(maker->data);
    free(maker->disk);
    memset(maker, 0, sizeof(*maker));
}

void maker_table(struct maker *maker)
{
    if (maker->tables == MAKER_TABLES)
        exit(99);
    maker->table[maker->tables++] = (struct maker_table){ .sector = maker->sectors, .version = 1 };
}

static void append(struct maker *maker, const void *bytes, uint64_t length)
{
    maker->data = need(realloc(maker->data, maker->length + length + 1));
    if (length > 0)
        memcpy(maker->data + maker->length, bytes, length);
    maker->length += length;
}

/* Adds the chunk, and the plain sectors (NULL = zeros) to what the guest shall read. */
static void add(struct maker *maker, uint32_t type, const uint8_t *plain, uint64_t sectors,
                uint64_t length)
{
    struct maker_table *table = &maker->table[maker->tables - 1];
    uint64_t size = sectors * DMG_SECTOR;
    uint8_t *to;

    if (table->chunks == MAKER_CHUNKS)
        exit(99);
    table->chunk[table->chunks++] = (struct maker_chunk){
        type, maker->sectors - table->sector, sectors, maker->length - length, length,
    };
    maker->disk = need(realloc(maker->disk, (maker->sectors + sectors) * DMG_SECTOR + 1));
    to = maker->disk + maker->sectors * DMG_SECTOR;
    if (plain != NULL)
        memcpy(to, plain, size);
    else
        memset(to, 0, size);
    if (type != DMG_IGNORE)
        table->crc = (uint32_t)crc32(table->crc, to, (uInt)size);
    table->count += sectors;
    maker->sectors += sectors;
}

void maker_packed(struct maker *maker, uint32_t type, const uint8_t *plain, uint64_t sectors,
                  const uint8_t *packed, uint64_t length)
{
    append(maker, packed, length);
    add(maker, type, plain, sectors, length);
}

void maker_chunk(struct maker *maker, uint32_t type, const uint8_t *plain, uint64_t sectors)
{
    uint8_t *packed = need(malloc(encode_room(sectors * DMG_SECTOR)));
    uint64_t length = encode_chunk(type, plain, sectors * DMG_SECTOR, packed);

    maker_packed(maker, type, plain, sectors, packed, length);
    free(packed);
}

void maker_zeros(struct maker *maker, uint32_t type, uint64_t sectors)
{
    add(maker, type, NULL, sectors, 0);
}

/* --- the end ---------------------------------------------------------------------------------- */

static uint64_t write_table(const struct maker_table *table, uint8_t *out)
{
    memset(out, 0, DMG_MISH_SIZE);
    memcpy(out, "mish", 4);
    be32_store(out + 4, table->version);
    be64_store(out + 8, table->sector);
    be64_store(out + 16, table->count);
    dmg_checksum_write(out + 64, table->crc);
    be32_store(out + 200, table->told_chunks != 0 ? table->told_chunks : table->chunks + 1);
    for (uint32_t i = 0; i <= table->chunks; i++) {
        uint8_t *at = out + DMG_MISH_SIZE + (uint64_t)i * DMG_CHUNK_SIZE;
        struct maker_chunk end = { .type = DMG_END, .sector = table->count };
        const struct maker_chunk *chunk = i < table->chunks ? &table->chunk[i] : &end;

        be32_store(at, chunk->type);
        be32_store(at + 4, 0);
        be64_store(at + 8, chunk->sector);
        be64_store(at + 16, chunk->count);
        be64_store(at + 24, chunk->offset);
        be64_store(at + 32, chunk->length);
    }
    return DMG_MISH_SIZE + (uint64_t)(table->chunks + 1) * DMG_CHUNK_SIZE;
}

#define TABLE_ROOM (DMG_MISH_SIZE + (MAKER_CHUNKS + 1) * DMG_CHUNK_SIZE)

static void append_text(struct maker *maker, const char *text)
{
    append(maker, text, strlen(text));
}

static void append_partition(struct maker *maker, uint32_t number)
{
    uint8_t table[TABLE_ROOM];
    uint8_t coded[TABLE_ROOM * 2];
    uint64_t length = write_table(&maker->table[number], table);
    char text[200];

    append_text(maker, "<dict>\n<key>Attributes</key>\n<string>0x0050</string>\n"
                       "<key>Data</key>\n<data>\n");
    dmg_base64_encode(table, length, coded);
    append(maker, coded, (length + 2) / 3 * 4);
    snprintf(text, sizeof(text), "\n</data>\n<key>ID</key>\n<string>%u</string>\n"
             "<key>Name</key>\n<string>part &amp; %u (Apple_HFS : %u)</string>\n</dict>\n",
             (unsigned int)number, (unsigned int)number, (unsigned int)number);
    append_text(maker, text);
}

static void append_plist(struct maker *maker)
{
    append_text(maker, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC "
                       "\"-//Apple//DTD PLIST 1.0//EN\" "
                       "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
                       "<plist version=\"1.0\">\n<dict>\n<key>resource-fork</key>\n<dict>\n"
                       "<key>blkx</key>\n<array>\n");
    for (uint32_t i = 0; i < maker->tables; i++)
        append_partition(maker, i);
    append_text(maker, "</array>\n</dict>\n</dict>\n</plist>\n");
}

/* The map: of one type, "blkx", where each resource begins in the data. */
static void append_map(struct maker *maker, const uint32_t *starts)
{
    uint8_t map[38 + 12 * MAKER_TABLES] = { 0 };

    be16_store(map + 24, 28);
    be16_store(map + 26, (uint16_t)(38 + 12 * maker->tables));
    memcpy(map + 30, "blkx", 4);
    be16_store(map + 34, (uint16_t)(maker->tables - 1));
    be16_store(map + 36, 10);
    for (uint32_t i = 0; i < maker->tables; i++) {
        uint8_t *at = map + 38 + (uint64_t)12 * i;

        be16_store(at, (uint16_t)i);
        be16_store(at + 2, UINT16_MAX);
        be32_store(at + 4, starts[i]);
    }
    append(maker, map, 38 + (uint64_t)12 * maker->tables);
}

static void append_resource(struct maker *maker, const void *bytes, uint32_t length)
{
    uint8_t size[4];

    be32_store(size, length);
    append(maker, size, sizeof(size));
    append(maker, bytes, length);
}

static void append_fork(struct maker *maker)
{
    uint8_t table[TABLE_ROOM];
    uint8_t header[256] = { 0 };
    uint32_t starts[MAKER_TABLES];
    uint64_t start = maker->length;
    uint64_t map;

    append(maker, header, sizeof(header));
    for (uint32_t i = 0; i < maker->tables; i++) {
        starts[i] = (uint32_t)(maker->length - start - sizeof(header));
        append_resource(maker, table, (uint32_t)write_table(&maker->table[i], table));
    }
    append_resource(maker, "plst", 4);
    map = maker->length - start;
    append_map(maker, starts);
    be32_store(header, sizeof(header));
    be32_store(header + 4, (uint32_t)map);
    be32_store(header + 8, (uint32_t)(map - sizeof(header)));
    be32_store(header + 12, (uint32_t)(maker->length - start - map));
    memcpy(maker->data + start, header, 16);
}

uint8_t *maker_end(struct maker *maker, uint64_t *out_length)
{
    struct dmg_koly *koly = &maker->koly;
    uint8_t bytes[DMG_KOLY_SIZE];
    uint8_t *out;

    koly->flags = koly->variant = 1;
    koly->data_length = maker->length;
    koly->data_checksum.crc32 = (uint32_t)crc32(0, maker->data, (uInt)maker->length);
    for (uint32_t i = 0; i < maker->tables; i++) {
        be32_store(bytes, maker->table[i].crc);
        koly->master_checksum.crc32 = (uint32_t)crc32(koly->master_checksum.crc32, bytes, 4);
    }
    if (!maker->fork || maker->both) {
        koly->plist_offset = maker->length;
        append_plist(maker);
        koly->plist_length = maker->length - koly->plist_offset;
    }
    if (maker->fork || maker->both) {
        koly->fork_offset = maker->length;
        append_fork(maker);
        koly->fork_length = maker->length - koly->fork_offset;
    }
    koly->sectors = maker->sectors;
    dmg_koly_write(bytes, koly);
    append(maker, bytes, sizeof(bytes));
    out = maker->data;
    *out_length = maker->length;
    maker->data = NULL;
    return out;
}

/* --- content ---------------------------------------------------------------------------------- */

void maker_text(uint8_t *out, uint64_t length, uint32_t seed)
{
    static const char *const words[] = { "disk ", "sector ", "a ", "the quick ", "0123456789 ",
                                         "chunk\n", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "\xc3\xa9" };
    uint64_t at = 0;

    while (at < length) {
        seed = seed * 1103515245u + 12345u;
        if (seed >> 28 < 3) { /* a byte by chance, or what came a while ago */
            out[at++] = (uint8_t)(seed >> 16);
        } else if (seed >> 28 == 3 && at > 3000) {
            uint64_t back = 1500 + (seed >> 8) % (at - 2000);

            for (uint32_t i = 0; i < 200 && at < length; i++, at++)
                out[at] = out[at - back];
        } else {
            const char *word = words[(seed >> 20) % 8];

            for (size_t i = 0; word[i] != '\0' && at < length; i++)
                out[at++] = (uint8_t)word[i];
        }
    }
}

void maker_everything(struct maker *maker)
{
    static const uint32_t types[] = { DMG_ZLIB, DMG_RAW, DMG_ADC, DMG_BZIP2, DMG_LZFSE, DMG_LZMA };
    uint8_t *text = need(malloc(200 * DMG_SECTOR));

    for (uint32_t i = 0; i < 12; i++) {
        uint64_t sectors = 1 + i * 17;

        if (i == 6)
            maker_table(maker);
        maker_text(text, sectors * DMG_SECTOR, i + 1);
        maker_chunk(maker, types[i % 6], text, sectors);
        if (i % 4 == 3)
            maker_zeros(maker, i < 6 ? DMG_ZERO : DMG_IGNORE, 5);
    }
    free(text);
}
