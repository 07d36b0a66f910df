/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * header.c - the header of a cloop image: bytes to numbers, checked, and back.
 *
 * The script in front differs between producers (insmod or modprobe, with or without an exit), so
 * only its first line and the version in its second count. Versions 1.0 and 0.x, which say less of
 * themselves, must show that their table is what it is taken for: it begins with its own end.
 */
#include "cloop.h"

#include <string.h>

#include "helpers/be.h"
#include "helpers/le.h"

#define VERSION_AT 11u /* behind "#!/bin/sh\n#" */

/* As create_compressed_fs of Debian writes it: a script that mounts itself. */
static const char preamble[] = "#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && "
                               "mount -r -t iso9660 /dev/cloop $1\nexit $?\n";
static const char draft[] = "tarn is filling this cloop image; it is not complete\n";
#define DRAFT_LEVEL_AT 127u

static const char *const version_names[] = { "0.x", "1.0", "2.0", "4.0" };

const char *cloop_version_name(enum cloop_version version)
{
    return version_names[version];
}

static bool contains(const uint8_t *bytes, uint64_t length, const char *text)
{
    return memmem(bytes, length, text, strlen(text)) != NULL;
}

static enum cloop_verdict parse_version(const uint8_t *bytes, enum cloop_version *out)
{
    const uint8_t *text = bytes + VERSION_AT;

    *out = CLOOP_V0;
    if (memcmp(bytes, "#!", 2) != 0)
        return CLOOP_OTHER;
    for (enum cloop_version known = CLOOP_V1; known <= CLOOP_V4; known++) {
        *out = known;
        if (bytes[VERSION_AT - 1] == '#' && text[0] == 'V' &&
            memcmp(text + 1, version_names[known], 3) == 0)
            return CLOOP_GOOD;
    }
    *out = CLOOP_V0;
    if (!contains(bytes, CLOOP_PREAMBLE_SIZE, "cloop"))
        return CLOOP_OTHER;
    if (bytes[VERSION_AT - 1] == '#' && memcmp(text + 4, " Format", 7) == 0)
        return CLOOP_VERSION;
    return CLOOP_GOOD;
}

static enum cloop_verdict check_sizes(const struct cloop_header *header)
{
    uint64_t size;

    if (header->block == 0 || header->block % 512 != 0 || header->block > CLOOP_MAX_BLOCK)
        return CLOOP_BAD_BLOCK;
    if (header->blocks == 0 || header->blocks == UINT32_MAX ||
        __builtin_mul_overflow(header->block, header->blocks, &size))
        return CLOOP_BAD_BLOCKS;
    return CLOOP_GOOD;
}

/* Where table and blocks are. The number of entries is held against the container's size before
 * anything else is done with it. */
static enum cloop_verdict place_table(struct cloop_header *header, uint64_t file_size)
{
    uint64_t length = (header->blocks + 1) * header->entry;

    if (file_size < CLOOP_HEADER_SIZE || length > file_size - CLOOP_HEADER_SIZE)
        return CLOOP_BAD_TABLE;
    if (header->last) {
        header->table = file_size - CLOOP_HEADER_SIZE - length;
        header->data = 0;
        header->data_end = header->table;
    } else {
        header->table = CLOOP_HEADER_SIZE;
        header->data = CLOOP_HEADER_SIZE + length;
        header->data_end = file_size;
    }
    return CLOOP_GOOD;
}

/* `bytes` are the first ones of the table. */
static enum cloop_verdict check_first(struct cloop_header *header, const uint8_t *bytes)
{
    switch (header->version) {
    case CLOOP_V0:
        return be32_load(bytes) == header->data ? CLOOP_GOOD : CLOOP_BAD_FIRST;
    case CLOOP_V1:
        header->little_endian = le64_load(bytes) == header->data;
        return header->little_endian || be64_load(bytes) == header->data ? CLOOP_GOOD
                                                                         : CLOOP_BAD_FIRST;
    case CLOOP_V2:
    case CLOOP_V4:
        break;
    }
    return (be64_load(bytes) & UINT64_MAX >> 4) >= header->data ? CLOOP_GOOD : CLOOP_BAD_FIRST;
}

enum cloop_verdict cloop_header_parse(const uint8_t *bytes, uint64_t length, bool last,
                                      uint64_t file_size, struct cloop_header *out)
{
    enum cloop_verdict verdict;
    int level;

    *out = (struct cloop_header){ .last = last };
    if (length < CLOOP_HEADER_SIZE)
        return CLOOP_OTHER;
    if (!last && cloop_draft_parse(bytes, out, &level))
        return CLOOP_UNFINISHED;
    verdict = parse_version(bytes, &out->version);
    if (last && out->version < CLOOP_V2)
        return CLOOP_OTHER;
    out->entry = out->version == CLOOP_V0 ? 4 : 8;
    out->block = be32_load(bytes + CLOOP_PREAMBLE_SIZE);
    out->blocks = be32_load(bytes + CLOOP_PREAMBLE_SIZE + 4);
    if (verdict == CLOOP_GOOD)
        verdict = check_sizes(out);
    if (verdict == CLOOP_GOOD)
        verdict = place_table(out, file_size);
    if (verdict == CLOOP_GOOD && !last)
        verdict = length >= CLOOP_HEAD_SIZE ? check_first(out, bytes + CLOOP_HEADER_SIZE)
                                            : CLOOP_BAD_TABLE;
    return verdict;
}

static int32_t refuse(struct tarn_call *call, enum cloop_verdict verdict,
                      const struct cloop_header *header)
{
    switch (verdict) {
    case CLOOP_GOOD:
        return TARN_OK;
    case CLOOP_UNFINISHED:
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the cloop image was begun and never completed: make it again");
    case CLOOP_VERSION:
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the cloop image is of an unknown version; known are 0.x, 1.0, 2.0 and "
                         "4.0");
    case CLOOP_BAD_BLOCK:
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the block size is %llu, cloop allows multiples of 512 up to %llu: the "
                         "header is damaged", (unsigned long long)header->block,
                         (unsigned long long)CLOOP_MAX_BLOCK);
    case CLOOP_BAD_BLOCKS:
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the number of blocks is %llu: the header is damaged",
                         (unsigned long long)header->blocks);
    case CLOOP_BAD_TABLE:
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the table of %llu blocks does not fit into the file: it is truncated, or "
                         "the header is damaged", (unsigned long long)header->blocks);
    case CLOOP_BAD_FIRST:
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the table of blocks does not begin with an offset of a version %s image: "
                         "the header or the table is damaged",
                         cloop_version_name(header->version));
    case CLOOP_OTHER:
    default:
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "this is no cloop image: there is no cloop header, neither at the start "
                         "nor at the end");
    }
}

static int32_t read_last(struct tarn_call *call, struct tarn_io *file, uint64_t size,
                         struct cloop_header *out, enum cloop_verdict *verdict)
{
    uint8_t bytes[CLOOP_HEADER_SIZE];
    int32_t status;

    if (size < sizeof(bytes))
        return TARN_OK;
    status = tarn_io_pread(call, file, bytes, sizeof(bytes), size - sizeof(bytes));
    if (status == TARN_OK)
        *verdict = cloop_header_parse(bytes, sizeof(bytes), true, size, out);
    return status;
}

int32_t cloop_header_read(struct tarn_call *call, struct tarn_io *file, struct cloop_header *out)
{
    uint8_t bytes[CLOOP_HEAD_SIZE];
    enum cloop_verdict verdict = CLOOP_OTHER;
    uint64_t size;
    uint64_t length;
    int32_t status = tarn_io_size(call, file, &size);

    if (status != TARN_OK)
        return status;
    length = size < sizeof(bytes) ? size : sizeof(bytes);
    status = tarn_io_pread(call, file, bytes, length, 0);
    if (status != TARN_OK)
        return status;
    verdict = cloop_header_parse(bytes, length, false, size, out);
    if (verdict == CLOOP_OTHER)
        status = read_last(call, file, size, out, &verdict);
    return status == TARN_OK ? refuse(call, verdict, out) : status;
}

static void write_numbers(const struct cloop_header *header, uint8_t *bytes)
{
    be32_store(bytes + CLOOP_PREAMBLE_SIZE, (uint32_t)header->block);
    be32_store(bytes + CLOOP_PREAMBLE_SIZE + 4, (uint32_t)header->blocks);
}

void cloop_header_write(const struct cloop_header *header, uint8_t *bytes)
{
    memset(bytes, 0, CLOOP_HEADER_SIZE);
    memcpy(bytes, preamble, sizeof(preamble));
    write_numbers(header, bytes);
}

void cloop_draft_write(const struct cloop_header *header, int level, uint8_t *bytes)
{
    memset(bytes, 0, CLOOP_HEADER_SIZE);
    memcpy(bytes, draft, sizeof(draft));
    bytes[DRAFT_LEVEL_AT] = (uint8_t)level;
    write_numbers(header, bytes);
}

bool cloop_draft_parse(const uint8_t *bytes, struct cloop_header *out, int *out_level)
{
    *out = (struct cloop_header){
        .version = CLOOP_V2,
        .entry = 8,
        .block = be32_load(bytes + CLOOP_PREAMBLE_SIZE),
        .blocks = be32_load(bytes + CLOOP_PREAMBLE_SIZE + 4),
        .table = CLOOP_HEADER_SIZE,
    };
    *out_level = bytes[DRAFT_LEVEL_AT];
    out->data = CLOOP_HEADER_SIZE + (out->blocks + 1) * out->entry;
    return memcmp(bytes, draft, sizeof(draft)) == 0 && *out_level <= 9 &&
           check_sizes(out) == CLOOP_GOOD;
}
