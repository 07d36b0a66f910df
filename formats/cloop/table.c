/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * table.c - the table of blocks. An image of terabytes has a table of many megabytes, so it is read
 * in pages as it is needed, and its entries are judged one by one.
 */
#include "cloop.h"

#include <stdlib.h>

#include "helpers/be.h"
#include "helpers/le.h"

#define PAGE_ENTRIES ((uint64_t)4096)

/* The highest four bits of an entry of version 4.0 are the codec. */
#define CODEC_SHIFT 60u
#define OFFSET_MASK (UINT64_MAX >> 4)

int32_t cloop_table_init(struct tarn_call *call, struct cloop_table *table, struct tarn_io *file,
                         const struct cloop_header *header)
{
    uint64_t entries = header->blocks < PAGE_ENTRIES ? header->blocks : PAGE_ENTRIES;

    *table = (struct cloop_table){ .file = file, .header = *header };
    table->page = malloc((entries + 1) * header->entry);
    if (table->page == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a cloop image");
    return TARN_OK;
}

void cloop_table_clear(struct cloop_table *table)
{
    free(table->page);
}

static uint64_t load(const struct cloop_header *header, const uint8_t *bytes)
{
    if (header->entry == 4)
        return be32_load(bytes);
    return header->little_endian ? le64_load(bytes) : be64_load(bytes);
}

static uint64_t offset_of(const struct cloop_header *header, uint64_t entry)
{
    return header->version == CLOOP_V4 ? entry & OFFSET_MASK : entry;
}

/* A page holds one entry more than blocks: where the last of them ends. */
static int32_t read_page(struct tarn_call *call, struct cloop_table *table, uint64_t index)
{
    const struct cloop_header *header = &table->header;
    uint64_t first = index - index % PAGE_ENTRIES;
    uint64_t count = header->blocks - first;
    int32_t status;

    count = count < PAGE_ENTRIES ? count : PAGE_ENTRIES;
    table->count = 0;
    status = tarn_io_pread(call, table->file, table->page, (count + 1) * header->entry,
                           header->table + first * header->entry);
    if (status != TARN_OK)
        return status;
    table->first = first;
    table->count = count;
    return TARN_OK;
}

int32_t cloop_table_look(struct tarn_call *call, struct cloop_table *table, uint64_t index,
                         struct cloop_block *out)
{
    const struct cloop_header *header = &table->header;
    const uint8_t *bytes;
    uint64_t entry;
    int32_t status = TARN_OK;

    if (index < table->first || index - table->first >= table->count)
        status = read_page(call, table, index);
    if (status != TARN_OK)
        return status;
    bytes = table->page + (index - table->first) * header->entry;
    entry = load(header, bytes);
    out->offset = offset_of(header, entry);
    out->length = offset_of(header, load(header, bytes + header->entry)) - out->offset;
    out->codec = header->version == CLOOP_V4 ? (uint32_t)(entry >> CODEC_SHIFT) : CLOOP_ZLIB;
    return TARN_OK;
}

int32_t cloop_table_end(struct tarn_call *call, struct cloop_table *table, uint64_t *out)
{
    uint8_t bytes[8];
    const struct cloop_header *header = &table->header;
    int32_t status = tarn_io_pread(call, table->file, bytes, header->entry,
                                   header->table + header->blocks * header->entry);

    *out = status == TARN_OK ? offset_of(header, load(header, bytes)) : 0;
    return status;
}

const char *cloop_block_fault(const struct cloop_header *header, const struct cloop_block *block)
{
    if (block->offset < header->data || block->offset > header->data_end)
        return "begins outside of the image's data";
    if (block->length == 0)
        return "has no bytes";
    if (block->length > header->data_end - block->offset) /* or is negative */
        return "ends before it begins, or behind the image's data";
    /* No codec makes more of a block than this. */
    if (block->length > 2 * header->block + 64)
        return "has far more bytes than it could need";
    if (block->codec == CLOOP_NONE && block->length != header->block)
        return "is stored as it is, but not as long as a block";
    return NULL;
}

const char *cloop_codec_name(uint32_t codec)
{
    static const char *const names[] = { "zlib", "none", "xz", "lz4", "lzo" };

    return codec < CLOOP_CODECS ? names[codec] : "unknown";
}
