/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check.c - the check of a disc's structure: the chain of descriptors, both copies of each number,
 * path tables, directories. What files hold has no checksum anywhere.
 */
#include "iso.h"

#include <stdarg.h>
#include <stdlib.h>

#include "helpers/be.h"
#include "helpers/le.h"

#define MOST_TOLD      100u
#define MAX_PATH_TABLE ((uint64_t)16 << 20) /* 65535 folders have less than 4 MiB of names */

int32_t iso_check_tell(struct tarn_call *call, struct iso_checker *checker, uint32_t kind,
                       uint64_t offset, const char *format, ...)
{
    char text[256];
    struct tarn_finding finding = {
        .struct_size = sizeof(finding), .kind = kind, .offset = offset, .text = text,
    };
    va_list arguments;

    if (kind == TARN_FINDING_CORRUPTION)
        checker->result.corruptions++;
    else
        checker->result.errors++;
    if (++checker->told > MOST_TOLD)
        return TARN_OK;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return call->host->emit_finding(call, &finding);
}

static int32_t corrupt(struct tarn_call *call, struct iso_checker *checker, uint64_t offset,
                       const char *text)
{
    return iso_check_tell(call, checker, TARN_FINDING_CORRUPTION, offset, "%s", text);
}

/* --- path tables ------------------------------------------------------------------------------ */

/* Both tables tell the same folders, one with little-endian and one with big-endian numbers, each
 * record behind its parent's. */
static int32_t compare_records(struct tarn_call *call, struct iso_checker *checker,
                               const struct iso_volume *volume, const uint8_t *little,
                               const uint8_t *big)
{
    uint64_t length = volume->path_table_length;
    uint64_t where = (uint64_t)volume->path_table * volume->block_size;
    uint64_t at = 0;
    uint32_t count = 0;
    int32_t status = TARN_OK;

    while (at < length && status == TARN_OK) {
        uint64_t record = 8u + little[at] + (little[at] & 1u);
        uint32_t block;
        uint32_t parent;

        if (little[at] == 0 || length - at < 8 || length - at < record)
            return corrupt(call, checker, where + at, "the path table is cut off in a record");
        block = le32_load(little + at + 2);
        parent = le16_load(little + at + 6);
        count++;
        if (big[at] != little[at] || be32_load(big + at + 2) != block ||
            be16_load(big + at + 6) != parent)
            return corrupt(call, checker, where + at, "the two path tables differ");
        if ((uint64_t)block * volume->block_size >= checker->file_size)
            status = corrupt(call, checker, where + at,
                             "a folder of the path table is beyond the end of the file");
        if (status == TARN_OK && (parent == 0 || parent > count))
            status = corrupt(call, checker, where + at,
                             "a folder of the path table has a parent that does not come before it");
        at += record;
    }
    return status;
}

static bool inside(const struct iso_checker *checker, const struct iso_volume *volume,
                   uint32_t block, uint64_t length)
{
    uint64_t at = (uint64_t)block * volume->block_size;

    return at <= checker->file_size && length <= checker->file_size - at;
}

static int32_t check_path_tables(struct tarn_call *call, struct iso_checker *checker,
                                 const struct iso_volume *volume)
{
    uint64_t length = volume->path_table_length;
    uint8_t *tables;
    int32_t status;

    if (length == 0 || !inside(checker, volume, volume->path_table, length) ||
        !inside(checker, volume, volume->path_table_big, length))
        return corrupt(call, checker, volume->at, "a path table is empty, or beyond the end of the "
                                                  "file");
    if (length > MAX_PATH_TABLE)
        return corrupt(call, checker, volume->at, "a path table is longer than any can be");
    tables = malloc(2 * length);
    if (tables == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to check path tables");
    status = tarn_io_pread(call, checker->file, tables, length,
                           (uint64_t)volume->path_table * volume->block_size);
    if (status == TARN_OK)
        status = tarn_io_pread(call, checker->file, tables + length, length,
                               (uint64_t)volume->path_table_big * volume->block_size);
    if (status == TARN_OK)
        status = compare_records(call, checker, volume, tables, tables + length);
    free(tables);
    return status;
}

/* --- volumes ---------------------------------------------------------------------------------- */

static int32_t check_volume(struct tarn_call *call, struct iso_checker *checker,
                            const struct iso_volume *volume)
{
    uint64_t size = (uint64_t)volume->blocks * volume->block_size;
    int32_t status = TARN_OK;

    if (!iso_block_size_good(volume->block_size))
        return iso_check_tell(call, checker, TARN_FINDING_CORRUPTION, volume->at,
                              "the block size is %u; it can be 512, 1024 or 2048",
                              (unsigned int)volume->block_size);
    if (volume->differs != NULL)
        status = iso_check_tell(call, checker, TARN_FINDING_CORRUPTION, volume->at,
                                "the two copies of the %s differ", volume->differs);
    if (status == TARN_OK && size > checker->file_size)
        status = iso_check_tell(call, checker, TARN_FINDING_CORRUPTION, volume->at,
                                "the volume has %llu bytes, the file %llu: it is truncated",
                                (unsigned long long)size,
                                (unsigned long long)checker->file_size);
    if (size > checker->end)
        checker->end = size;
    if (status == TARN_OK)
        status = check_path_tables(call, checker, volume);
    return status == TARN_OK ? iso_check_tree(call, checker, volume) : status;
}

static int32_t check_discs(struct tarn_call *call, struct iso_checker *checker,
                           const struct iso_discs *discs)
{
    int32_t status = TARN_OK;

    if (discs->high_sierra)
        return iso_check_tell(call, checker, TARN_FINDING_ERROR, ISO_DESCRIPTORS,
                              "a disc of the High Sierra standard cannot be checked");
    if (discs->count == 0)
        return corrupt(call, checker, ISO_DESCRIPTORS, "there is no volume descriptor of ISO 9660");
    if (!discs->terminated)
        status = iso_check_tell(call, checker, TARN_FINDING_CORRUPTION, ISO_DESCRIPTORS,
                                "the volume descriptors do not end within %u sectors, or before "
                                "something else", ISO_MAX_DESCRIPTORS);
    if (status == TARN_OK && discs->primary.at == 0)
        return corrupt(call, checker, ISO_DESCRIPTORS, "there is no primary volume descriptor");
    if (status == TARN_OK && discs->el_torito &&
        (uint64_t)discs->boot_catalogue * ISO_SECTOR >= checker->file_size)
        status = corrupt(call, checker, ISO_DESCRIPTORS,
                         "the boot catalogue is beyond the end of the file");
    if (status == TARN_OK)
        status = check_volume(call, checker, &discs->primary);
    for (uint32_t i = 0; i < discs->supplementaries && status == TARN_OK; i++)
        if (discs->supplementary[i].root != discs->primary.root) /* else it shares the tree */
            status = check_volume(call, checker, &discs->supplementary[i]);
    return status;
}

int32_t iso_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags)
{
    struct iso_checker checker = { .file = file,
                                   .result = { .struct_size = sizeof(checker.result) } };
    struct iso_discs discs;
    int32_t status;

    if (flags != 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "iso images cannot be repaired: make the image again");
    status = tarn_io_size(call, file, &checker.file_size);
    if (status == TARN_OK)
        status = iso_discs_read(call, file, checker.file_size, &discs);
    if (status == TARN_OK)
        status = check_discs(call, &checker, &discs);
    if (status != TARN_OK)
        return status;
    checker.result.total_clusters = checker.file_size / ISO_SECTOR;
    checker.result.allocated_clusters = checker.result.total_clusters;
    checker.result.image_end = checker.end < checker.file_size ? checker.end : checker.file_size;
    return call->host->emit_check(call, &checker.result);
}
