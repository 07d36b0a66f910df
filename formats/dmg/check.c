/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check.c - the check of an image: the rules of its tables that reading does not depend on, all its
 * chunks unpacked, and the three kinds of checksums: of the data fork, of each table's content, and
 * of the tables' checksums.
 */
#include "dmg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <zlib.h>

#include "helpers/be.h"

#define FINDINGS_TOLD 100u
#define PIECE         ((uint64_t)1 << 20)

struct checker {
    struct dmg_image image;
    struct tarn_check_result result;
    uint64_t findings;
    uint8_t *packed;
    uint8_t *unpacked; /* a chunk, or a piece of the file */
    uint32_t *crc;     /* of each table, as far as its chunks were read */
    bool *unread;      /* a chunk of the table is damaged: its checksum says nothing more */
};

static int32_t tell(struct tarn_call *call, struct checker *checker, uint32_t kind,
                    uint64_t offset, uint64_t length, const char *format, ...) TARN_PRINTF(6, 7);

static int32_t tell(struct tarn_call *call, struct checker *checker, uint32_t kind,
                    uint64_t offset, uint64_t length, const char *format, ...)
{
    struct tarn_finding finding = { .struct_size = sizeof(finding), .kind = kind,
                                    .offset = offset, .length = length };
    char text[400];
    va_list arguments;

    if (kind == TARN_FINDING_CORRUPTION)
        checker->result.corruptions++;
    else
        checker->result.errors++;
    if (checker->findings++ >= FINDINGS_TOLD)
        return TARN_OK;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    finding.text = text;
    return call->host->emit_finding(call, &finding);
}

/* --- tables ----------------------------------------------------------------------------------- */

static int32_t check_place(struct tarn_call *call, struct checker *checker,
                           const struct dmg_chunk *chunk)
{
    const struct dmg_koly *koly = &checker->image.koly;
    const struct dmg_table *table = &checker->image.tables.table[chunk->table];
    int32_t status = TARN_OK;

    if (chunk->sector + chunk->count - table->sector > table->count)
        status = tell(call, checker, TARN_FINDING_CORRUPTION, chunk->offset, chunk->length,
                      "sectors %" PRIu64 " to %" PRIu64 " pass the end of their block table %"
                      PRIu32, chunk->sector, chunk->sector + chunk->count - 1, chunk->table);
    if (status == TARN_OK && !dmg_is_zero(chunk->type) &&
        (chunk->offset < koly->data_offset ||
         chunk->offset + chunk->length - koly->data_offset > koly->data_length))
        status = tell(call, checker, TARN_FINDING_CORRUPTION, chunk->offset, chunk->length,
                      "the bytes of sectors %" PRIu64 " to %" PRIu64 " lie outside the data fork",
                      chunk->sector, chunk->sector + chunk->count - 1);
    return status;
}

/* Reading takes for zeros what no table tells of; whoever wrote the image told of everything. */
static int32_t check_gap(struct tarn_call *call, struct checker *checker, uint64_t start,
                         uint64_t end)
{
    if (start == end)
        return TARN_OK;
    return tell(call, checker, TARN_FINDING_CORRUPTION, 0, 0,
                "sectors %" PRIu64 " to %" PRIu64 " are in no block table: they read as zeros",
                start, end - 1);
}

static int32_t check_tables(struct tarn_call *call, struct checker *checker)
{
    const struct dmg_tables *tables = &checker->image.tables;
    uint64_t sector = 0;
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < tables->count && status == TARN_OK; i++)
        if (!tables->table[i].ended)
            status = tell(call, checker, TARN_FINDING_CORRUPTION, 0, 0,
                          "block table %" PRIu64 " has no end mark", i);
    for (uint64_t i = 0; i < tables->chunks && status == TARN_OK; i++) {
        status = check_gap(call, checker, sector, tables->chunk[i].sector);
        if (status == TARN_OK)
            status = check_place(call, checker, &tables->chunk[i]);
        sector = tables->chunk[i].sector + tables->chunk[i].count;
    }
    if (status == TARN_OK)
        status = check_gap(call, checker, sector, checker->image.koly.sectors);
    return status;
}

/* The other description, for programs that know only that, has to tell the same. */
static int32_t check_fork(struct tarn_call *call, struct checker *checker)
{
    struct dmg_image other = checker->image;
    const struct dmg_tables *tables = &checker->image.tables;
    struct dmg_fault fault;
    bool same;
    int32_t status;

    if (other.koly.plist_length == 0 || other.koly.fork_length == 0)
        return TARN_OK;
    other.koly.plist_length = 0;
    other.tables = (struct dmg_tables){ .count = 0 };
    status = dmg_image_load(call, &other, &fault);
    same = status == TARN_OK && other.tables.chunks == tables->chunks;
    for (uint64_t i = 0; same && i < tables->chunks; i++) {
        const struct dmg_chunk *a = &tables->chunk[i];
        const struct dmg_chunk *b = &other.tables.chunk[i];

        same = a->sector == b->sector && a->count == b->count && a->type == b->type &&
               a->offset == b->offset && a->length == b->length;
    }
    dmg_image_clear(&other);
    if (status != TARN_OK && fault.status == TARN_OK)
        return status;
    return same ? TARN_OK
                : tell(call, checker, TARN_FINDING_CORRUPTION, other.koly.fork_offset,
                       other.koly.fork_length,
                       "the resource fork describes another disk than the property list");
}

/* --- content ---------------------------------------------------------------------------------- */

/* The CRC-32 of a part of the file, which may be longer than memory. */
static int32_t sum_file(struct tarn_call *call, struct checker *checker, uint64_t offset,
                        uint64_t length, uint32_t *crc)
{
    int32_t status = TARN_OK;

    while (length > 0 && status == TARN_OK) {
        uint64_t piece = dmg_min(length, PIECE);

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = tarn_io_pread(call, checker->image.file, checker->unpacked, piece, offset);
        if (status == TARN_OK)
            *crc = (uint32_t)crc32(*crc, checker->unpacked, (uInt)piece);
        offset += piece;
        length -= piece;
    }
    return status;
}

static int32_t sum_packed(struct tarn_call *call, struct checker *checker,
                          const struct dmg_chunk *chunk, uint32_t *crc)
{
    struct dmg_fault fault;
    int32_t status = dmg_image_unpack(call, &checker->image, chunk, checker->packed,
                                      checker->unpacked, &fault);

    if (status == TARN_OK) {
        *crc = (uint32_t)crc32(*crc, checker->unpacked, (uInt)(chunk->count * DMG_SECTOR));
        return status;
    }
    checker->unread[chunk->table] = true;
    if (fault.status == TARN_E_CORRUPT || fault.status == TARN_E_UNSUPPORTED)
        return tell(call, checker, fault.status == TARN_E_CORRUPT ? TARN_FINDING_CORRUPTION
                                                                  : TARN_FINDING_ERROR,
                    chunk->offset, chunk->length, "%s", fault.text);
    return fault.status != TARN_OK ? dmg_fault_fail(call, &fault) : status;
}

/* Free space is in no checksum. */
static int32_t sum_chunk(struct tarn_call *call, struct checker *checker,
                         const struct dmg_chunk *chunk)
{
    uint32_t *crc = &checker->crc[chunk->table];

    switch (chunk->type) {
    case DMG_IGNORE:
        return TARN_OK;
    case DMG_ZERO:
        *crc = dmg_crc_zeros(*crc, chunk->count * DMG_SECTOR);
        return TARN_OK;
    case DMG_RAW:
        checker->result.allocated_clusters++;
        return sum_file(call, checker, chunk->offset, chunk->length, crc);
    default:
        checker->result.allocated_clusters++;
        checker->result.compressed_clusters++;
        return sum_packed(call, checker, chunk, crc);
    }
}

static int32_t sum_chunks(struct tarn_call *call, struct checker *checker)
{
    const struct dmg_tables *tables = &checker->image.tables;
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < tables->chunks && status == TARN_OK; i++) {
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = sum_chunk(call, checker, &tables->chunk[i]);
        call->host->progress(call, tables->chunk[i].sector + tables->chunk[i].count,
                             checker->image.koly.sectors);
    }
    return status;
}

/* --- checksums -------------------------------------------------------------------------------- */

static int32_t compare(struct tarn_call *call, struct checker *checker,
                       const struct dmg_checksum *stored, uint32_t crc, const char *what)
{
    if (stored->type == DMG_CHECKSUM_NONE)
        return TARN_OK;
    if (stored->type != DMG_CHECKSUM_CRC32)
        return tell(call, checker, TARN_FINDING_ERROR, 0, 0,
                    "the checksum of %s is of type %" PRIu32 ", which is unknown: it was not "
                    "checked", what, stored->type);
    if (stored->crc32 == crc)
        return TARN_OK;
    return tell(call, checker, TARN_FINDING_CORRUPTION, 0, 0,
                "the checksum of %s is 0x%08" PRIx32 ", its content gives 0x%08" PRIx32, what,
                stored->crc32, crc);
}

static int32_t check_data_fork(struct tarn_call *call, struct checker *checker)
{
    const struct dmg_koly *koly = &checker->image.koly;
    uint32_t crc = 0;
    int32_t status = TARN_OK;

    if (koly->data_checksum.type == DMG_CHECKSUM_CRC32)
        status = sum_file(call, checker, koly->data_offset, koly->data_length, &crc);
    if (status == TARN_OK)
        status = compare(call, checker, &koly->data_checksum, crc, "the data fork");
    return status;
}

static int32_t check_sums(struct tarn_call *call, struct checker *checker)
{
    const struct dmg_tables *tables = &checker->image.tables;
    uint32_t master = 0;
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < tables->count && status == TARN_OK; i++) {
        uint8_t stored[4];
        char what[48];

        be32_store(stored, tables->table[i].checksum.crc32);
        master = (uint32_t)crc32(master, stored, sizeof(stored));
        snprintf(what, sizeof(what), "block table %" PRIu64, i);
        if (!checker->unread[i])
            status = compare(call, checker, &tables->table[i].checksum, checker->crc[i], what);
    }
    if (status == TARN_OK)
        status = compare(call, checker, &checker->image.koly.master_checksum, master,
                         "all block tables");
    return status;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int32_t make_room(struct tarn_call *call, struct checker *checker)
{
    const struct dmg_tables *tables = &checker->image.tables;

    checker->unpacked = malloc(tables->unpacked_max > PIECE ? tables->unpacked_max : PIECE);
    checker->packed = malloc(tables->packed_max + 1);
    checker->crc = calloc(tables->count + 1, sizeof(*checker->crc));
    checker->unread = calloc(tables->count + 1, sizeof(*checker->unread));
    if (checker->unpacked != NULL && checker->packed != NULL && checker->crc != NULL &&
        checker->unread != NULL)
        return TARN_OK;
    return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to check a dmg image");
}

static int32_t check_all(struct tarn_call *call, struct checker *checker)
{
    int32_t status = make_room(call, checker);

    checker->result.total_clusters = checker->image.tables.chunks;
    if (status == TARN_OK)
        status = check_tables(call, checker);
    if (status == TARN_OK)
        status = check_fork(call, checker);
    if (status == TARN_OK)
        status = check_data_fork(call, checker);
    if (status == TARN_OK)
        status = sum_chunks(call, checker);
    return status == TARN_OK ? check_sums(call, checker) : status;
}

int32_t dmg_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags)
{
    struct checker checker = { .result = { .struct_size = sizeof(checker.result) } };
    struct dmg_fault fault;
    int32_t status;

    if (flags != 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "dmg images cannot be changed, so they cannot be repaired");
    status = dmg_image_identify(call, file, &checker.image);
    if (status != TARN_OK)
        return status;
    checker.result.image_end = checker.image.file_size;
    status = dmg_image_load(call, &checker.image, &fault);
    if (status == TARN_OK)
        status = check_all(call, &checker);
    else if (fault.status == TARN_E_CORRUPT)
        status = tell(call, &checker, TARN_FINDING_CORRUPTION, 0, 0, "%s", fault.text);
    else if (fault.status != TARN_OK)
        status = dmg_fault_fail(call, &fault);
    if (status == TARN_OK)
        status = call->host->emit_check(call, &checker.result);
    dmg_image_clear(&checker.image);
    free(checker.unpacked);
    free(checker.packed);
    free(checker.crc);
    free(checker.unread);
    return status;
}
