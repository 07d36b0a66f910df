/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * writer.c - see writer.h.
 */
#include "writer.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base64.h"
#include "helpers/be.h"
#include "helpers/io-room.h"

/* Apple's name for a disk whose partitions are not told of one by one. */
#define DISK_NAME "whole disk (unknown partition : 0)"
/* The bytes of a line of base64, and of what it stands for. */
#define LINE_CODED 76u
#define LINE_PLAIN (LINE_CODED / 4 * 3)
/* Readers want to know how large their buffer must be; Apple's say a little more than a chunk. */
#define BUFFER_SLACK 8u
#define FLATTENED    1u /* all is in one fork */
#define VARIANT_DISK 1u

static const char before[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
    "<plist version=\"1.0\">\n<dict>\n<key>resource-fork</key>\n<dict>\n<key>blkx</key>\n<array>\n"
    "<dict>\n<key>Attributes</key>\n<string>0x0050</string>\n"
    "<key>CFName</key>\n<string>" DISK_NAME "</string>\n<key>Data</key>\n<data>\n";
static const char after[] =
    "</data>\n<key>ID</key>\n<string>0</string>\n"
    "<key>Name</key>\n<string>" DISK_NAME "</string>\n</dict>\n</array>\n</dict>\n</dict>\n"
    "</plist>\n";

void dmg_writer_init(struct dmg_writer *writer, struct tarn_io *file, uint64_t sectors,
                     uint32_t type, uint32_t unit)
{
    *writer = (struct dmg_writer){ .file = file, .sectors = sectors, .unit = unit, .type = type };
}

void dmg_writer_clear(struct dmg_writer *writer)
{
    free(writer->table);
    writer->table = NULL;
}

/* The place of the next chunk in the table, behind its header. */
static uint8_t *next_chunk(const struct dmg_writer *writer)
{
    return writer->table + DMG_MISH_SIZE + writer->chunks * DMG_CHUNK_SIZE;
}

static int32_t make_room(struct tarn_call *call, struct dmg_writer *writer)
{
    uint64_t needed = DMG_MISH_SIZE + (writer->chunks + 1) * DMG_CHUNK_SIZE;
    uint64_t room = writer->room > 0 ? writer->room : 4096;
    uint8_t *larger;

    while (room < needed)
        room *= 2;
    if (room == writer->room)
        return TARN_OK;
    larger = realloc(writer->table, room);
    if (larger == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for the block table");
    writer->table = larger;
    writer->room = room;
    return TARN_OK;
}

static int32_t add_chunk(struct tarn_call *call, struct dmg_writer *writer, uint32_t type,
                         uint64_t sectors, uint64_t length)
{
    int32_t status = make_room(call, writer);
    uint8_t *at;

    if (status != TARN_OK)
        return status;
    if (writer->chunks == DMG_CHUNKS_MAX && type != DMG_END)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the image would have more than %u chunks of %llu bytes: choose a larger "
                         "cluster size", DMG_CHUNKS_MAX,
                         (unsigned long long)writer->unit * DMG_SECTOR);
    at = next_chunk(writer);
    memset(at, 0, DMG_CHUNK_SIZE);
    be32_store(at, type);
    be64_store(at + 8, writer->sector);
    be64_store(at + 16, sectors);
    be64_store(at + 24, writer->position);
    be64_store(at + 32, length);
    writer->chunks++;
    writer->zeros = type == DMG_ZERO;
    return TARN_OK;
}

int32_t dmg_writer_zeros(struct tarn_call *call, struct dmg_writer *writer, uint64_t sectors)
{
    int32_t status = TARN_OK;

    if (sectors == 0)
        return TARN_OK;
    if (writer->zeros) {
        uint8_t *count = next_chunk(writer) - DMG_CHUNK_SIZE + 16;

        be64_store(count, be64_load(count) + sectors);
    } else {
        status = add_chunk(call, writer, DMG_ZERO, sectors, 0);
    }
    writer->disk_crc = dmg_crc_zeros(writer->disk_crc, sectors * DMG_SECTOR);
    writer->sector += sectors;
    return status;
}

int32_t dmg_writer_chunk(struct tarn_call *call, struct dmg_writer *writer, uint32_t type,
                         const uint8_t *plain, uint64_t plain_length, const uint8_t *bytes,
                         uint64_t length)
{
    uint64_t sectors = plain_length / DMG_SECTOR;
    int32_t status = tarn_io_pwrite(call, writer->file, bytes, length, writer->position);

    if (status == TARN_OK)
        status = add_chunk(call, writer, type, sectors, length);
    if (status != TARN_OK)
        return status;
    writer->disk_crc = (uint32_t)crc32(writer->disk_crc, plain, (uInt)plain_length);
    writer->data_crc = (uint32_t)crc32(writer->data_crc, bytes, (uInt)length);
    writer->position += length;
    writer->sector += sectors;
    return TARN_OK;
}

/* --- the end ---------------------------------------------------------------------------------- */

static uint64_t table_size(uint64_t chunks)
{
    return DMG_MISH_SIZE + chunks * DMG_CHUNK_SIZE;
}

/* Base64 in lines. */
static uint64_t coded_size(uint64_t length)
{
    return (length + 2) / 3 * 4 + (length + LINE_PLAIN - 1) / LINE_PLAIN;
}

static uint64_t plist_size(uint64_t chunks)
{
    return sizeof(before) - 1 + coded_size(table_size(chunks)) + sizeof(after) - 1;
}

uint64_t dmg_writer_overhead(uint64_t chunks)
{
    return plist_size(chunks + 1) + DMG_KOLY_SIZE;
}

static void complete_table(struct dmg_writer *writer)
{
    uint8_t *mish = writer->table;

    memset(mish, 0, DMG_MISH_SIZE);
    memcpy(mish, "mish", 4);
    be32_store(mish + 4, 1);
    be64_store(mish + 16, writer->sectors);
    be32_store(mish + 32, writer->unit + BUFFER_SLACK);
    dmg_checksum_write(mish + 64, writer->disk_crc);
    be32_store(mish + 200, (uint32_t)writer->chunks);
}

static uint8_t *put_text(uint8_t *to, const char *text, uint64_t length)
{
    memcpy(to, text, length);
    return to + length;
}

static uint8_t *make_plist(const struct dmg_writer *writer)
{
    uint64_t left = table_size(writer->chunks);
    const uint8_t *from = writer->table;
    uint8_t *plist = malloc(plist_size(writer->chunks));
    uint8_t *to;

    if (plist == NULL)
        return NULL;
    to = put_text(plist, before, sizeof(before) - 1);
    while (left > 0) {
        uint64_t piece = dmg_min(left, LINE_PLAIN);

        dmg_base64_encode(from, piece, to);
        to += (piece + 2) / 3 * 4;
        *to++ = '\n';
        from += piece;
        left -= piece;
    }
    put_text(to, after, sizeof(after) - 1);
    return plist;
}

/* The trailer is the last thing of its container: behind the plist, or, where the size of the
 * container is given, at its end. */
static int32_t place_trailer(struct tarn_call *call, const struct dmg_writer *writer, uint64_t end,
                             uint64_t *out)
{
    uint64_t size;
    int32_t status;

    *out = end;
    if (!(writer->file->flags & TARN_IO_FIXED_SIZE))
        return TARN_OK;
    status = io_room(call, writer->file, end + DMG_KOLY_SIZE, &size);
    *out = size - DMG_KOLY_SIZE;
    return status;
}

static int32_t write_end(struct tarn_call *call, struct dmg_writer *writer, const uint8_t *plist,
                         bool fresh)
{
    uint8_t crc[4];
    uint8_t bytes[DMG_KOLY_SIZE];
    uint64_t length = plist_size(writer->chunks);
    struct dmg_koly koly = {
        .flags = FLATTENED, .data_length = writer->position, .plist_offset = writer->position,
        .plist_length = length, .segment = 1, .segments = 1,
        .data_checksum.crc32 = writer->data_crc, .variant = VARIANT_DISK,
        .sectors = writer->sectors, .fill_type = fresh ? writer->type : 0,
        .fill_unit = fresh ? writer->unit : 0,
    };
    uint64_t at;
    int32_t status = place_trailer(call, writer, writer->position + length, &at);

    be32_store(crc, writer->disk_crc);
    koly.master_checksum.crc32 = (uint32_t)crc32(0, crc, sizeof(crc));
    dmg_koly_write(bytes, &koly);
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, writer->file, plist, length, writer->position);
    return status == TARN_OK ? tarn_io_pwrite(call, writer->file, bytes, sizeof(bytes), at)
                             : status;
}

int32_t dmg_writer_finish(struct tarn_call *call, struct dmg_writer *writer, bool fresh)
{
    uint8_t *plist;
    int32_t status = add_chunk(call, writer, DMG_END, 0, 0);

    if (status != TARN_OK)
        return status;
    complete_table(writer);
    plist = make_plist(writer);
    if (plist == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for the property list");
    status = write_end(call, writer, plist, fresh);
    free(plist);
    return status;
}
