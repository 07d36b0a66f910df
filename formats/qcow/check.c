/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check.c - the check of an image: does each pointer stay within the file, and is nothing used
 * twice? Nothing is repaired: no second copy of anything says what would be right.
 */
#include "qcow.h"

#include <stdarg.h>
#include <stdlib.h>

#include "claims.h"
#include "helpers/be.h"

#define MOST_TOLD 100u

struct checker {
    struct qcow_image *image;
    struct tarn_check_result result;
    struct claims claims;
    uint8_t *table;  /* one L2 table */
    bool again;      /* a later pass over the tables: their entries are counted already */
    uint64_t told;
};

static int32_t tell(struct tarn_call *call, struct checker *checker, uint32_t kind,
                    uint64_t offset, uint64_t length, const char *format, ...)
    TARN_PRINTF(6, 7);

static int32_t tell(struct tarn_call *call, struct checker *checker, uint32_t kind,
                    uint64_t offset, uint64_t length, const char *format, ...)
{
    char text[256];
    struct tarn_finding finding = { .struct_size = sizeof(finding), .kind = kind,
                                    .offset = offset, .length = length, .text = text };
    va_list arguments;

    if (checker->told++ >= MOST_TOLD)
        return tarn_interrupted(call);
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return call->host->emit_finding(call, &finding);
}

/* --- bytes that are used twice, or never ------------------------------------------------------ */

static int32_t tell_twice(struct tarn_call *call, struct checker *checker, uint64_t offset,
                          uint64_t length)
{
    checker->result.corruptions += qcow_divide_up(length, checker->image->cluster_size);
    return tell(call, checker, TARN_FINDING_CORRUPTION, offset, length,
                "%llu bytes at %llu are used twice: by two clusters, or by a cluster and a table",
                (unsigned long long)length, (unsigned long long)offset);
}

/* What is lost up to the next cluster's start is no leak: data are aligned. Nor is what fills the
 * L1 table's last sector. */
static int32_t tell_unused(struct tarn_call *call, struct checker *checker, uint64_t offset,
                           uint64_t length)
{
    const struct qcow_table *l1 = &checker->image->l1;
    uint64_t cluster_size = checker->image->cluster_size;
    uint64_t last = (offset + length) / cluster_size;
    uint64_t first;

    if (offset == l1->offset + l1->bytes)
        offset = l1->offset + qcow_round_up(l1->bytes, QCOW_SECTOR);
    first = qcow_divide_up(offset, cluster_size);
    if (first >= last)
        return TARN_OK;
    checker->result.leaks += last - first;
    return tell(call, checker, TARN_FINDING_LEAK, first * cluster_size,
                (last - first) * cluster_size, "%llu clusters at %llu are used by nothing",
                (unsigned long long)(last - first), (unsigned long long)(first * cluster_size));
}

static int32_t judge(struct tarn_call *call, void *arg, uint64_t offset, uint64_t length,
                     bool twice)
{
    return twice ? tell_twice(call, arg, offset, length) : tell_unused(call, arg, offset, length);
}

/* What passes the end of the file is a fault of its own, and the rest of it is used. */
static int32_t claim(struct tarn_call *call, struct checker *checker, uint64_t offset,
                     uint64_t length)
{
    uint64_t size = checker->image->file_size;
    struct tarn_check_result *result = &checker->result;

    if (offset >= size)
        return TARN_OK;
    length = qcow_min(length, size - offset);
    if (result->image_end < offset + length)
        result->image_end = offset + length;
    return claims_add(call, &checker->claims, offset, length);
}

/* --- the L1 table ----------------------------------------------------------------------------- */

static int32_t take_l1_entry(struct tarn_call *call, void *arg, uint64_t index, uint64_t entry)
{
    struct checker *checker = arg;
    struct qcow_image *image = checker->image;
    uint64_t bytes = qcow_l2_bytes(&image->header);
    const char *hit = NULL;

    if (qcow_within(image, entry, bytes)) {
        hit = qcow_hits_head(image, entry, bytes);
        if (hit == NULL)
            return qcow_tables_add(call, &image->tables, entry);
    }
    checker->result.corruptions++;
    return tell(call, checker, TARN_FINDING_CORRUPTION, image->l1.offset + index * 8, 8,
                "the L1 entry %llu points to %llu: its table %s %s", (unsigned long long)index,
                (unsigned long long)entry, hit != NULL ? "overlaps the" : "passes the end of the",
                hit != NULL ? hit : "file");
}

/* Tables that overlap another one are told and left out, so that no entry is looked at twice. */
static int32_t drop_overlapping(struct tarn_call *call, struct checker *checker)
{
    struct qcow_tables *tables = &checker->image->tables;
    uint64_t bytes = qcow_l2_bytes(&checker->image->header);
    uint64_t kept = 0;
    int32_t status = TARN_OK;

    qcow_tables_sort(tables);
    for (uint64_t i = 0; i < tables->count && status == TARN_OK; i++) {
        if (kept == 0 || tables->offset[i] - tables->offset[kept - 1] >= bytes) {
            tables->offset[kept++] = tables->offset[i];
            continue;
        }
        checker->result.corruptions++;
        status = tell(call, checker, TARN_FINDING_CORRUPTION, tables->offset[i], bytes,
                      "two L1 entries use the bytes at %llu for their tables",
                      (unsigned long long)tables->offset[i]);
    }
    tables->count = kept;
    return status;
}

/* --- L2 tables -------------------------------------------------------------------------------- */

/* Where the bytes of an entry lie, or NULL and what is wrong with it. */
static const char *decode(const struct qcow_image *image, uint64_t entry, uint64_t *out_offset,
                          uint64_t *out_length)
{
    bool packed = (entry & QCOW_COMPRESSED) != 0;

    *out_offset = packed ? qcow_packed_offset(&image->header, entry) : entry;
    *out_length = packed ? qcow_packed_length(&image->header, entry) : image->cluster_size;
    if (*out_length == 0)
        return "has no bytes";
    return qcow_within(image, *out_offset, *out_length) ? NULL : "passes the end of the file";
}

static int32_t count_entry(struct tarn_call *call, struct checker *checker, uint64_t at,
                           uint64_t entry, uint64_t *next)
{
    struct tarn_check_result *result = &checker->result;
    bool packed = (entry & QCOW_COMPRESSED) != 0;
    uint64_t offset;
    uint64_t length;
    const char *fault = decode(checker->image, entry, &offset, &length);
    int32_t status = TARN_OK;

    if (!checker->again) {
        result->allocated_clusters++;
        result->compressed_clusters += packed;
        result->fragmented_clusters += packed || (*next != 0 && *next != offset);
        *next = packed ? *next : offset + length;
        if (fault != NULL) {
            result->corruptions++;
            status = tell(call, checker, TARN_FINDING_CORRUPTION, at, 8,
                          "the L2 entry 0x%llx at %llu points to %llu: its cluster %s",
                          (unsigned long long)entry, (unsigned long long)at,
                          (unsigned long long)offset, fault);
        }
    }
    return status == TARN_OK ? claim(call, checker, offset, length) : status;
}

static int32_t count_table(struct tarn_call *call, struct checker *checker, uint64_t table)
{
    struct qcow_image *image = checker->image;
    uint64_t bytes = qcow_l2_bytes(&image->header);
    uint64_t next = 0;
    int32_t status = tarn_interrupted(call);

    if (status == TARN_OK)
        status = claim(call, checker, table, bytes);
    if (status == TARN_OK)
        status = tarn_io_pread(call, image->disk.container, checker->table, bytes, table);
    for (uint64_t i = 0; i < bytes && status == TARN_OK; i += 8) {
        uint64_t entry = be64_load(checker->table + i);

        if (entry != 0)
            status = count_entry(call, checker, table + i, entry, &next);
    }
    return status;
}

/* One pass over all tables, which judges one window of the file. */
static int32_t pass(struct tarn_call *call, struct checker *checker, bool *out_more)
{
    struct qcow_image *image = checker->image;
    const struct qcow_tables *tables = &image->tables;
    int32_t status = claim(call, checker, 0, QCOW_HEADER_SIZE);

    if (status == TARN_OK && image->header.backing_offset != 0)
        status = claim(call, checker, image->header.backing_offset, image->header.backing_length);
    if (status == TARN_OK)
        status = claim(call, checker, image->l1.offset, image->l1.bytes);
    for (uint64_t i = 0; i < tables->count && status == TARN_OK; i++) {
        status = count_table(call, checker, tables->offset[i]);
        call->host->progress(call, i + 1, tables->count);
    }
    *out_more = false;
    return status == TARN_OK ? claims_next(call, &checker->claims, image->file_size, out_more)
                             : status;
}

/* --- all of it -------------------------------------------------------------------------------- */

static int32_t look_at_l1(struct tarn_call *call, struct checker *checker)
{
    struct qcow_image *image = checker->image;
    int32_t status;

    if (!qcow_within(image, image->l1.offset, image->l1.bytes)) {
        checker->result.corruptions++;
        return tell(call, checker, TARN_FINDING_CORRUPTION, image->l1.offset, image->l1.bytes,
                    "the L1 table of %llu bytes at %llu passes the end of the file",
                    (unsigned long long)image->l1.bytes, (unsigned long long)image->l1.offset);
    }
    status = qcow_l1_each(call, image, take_l1_entry, checker);
    return status == TARN_OK ? drop_overlapping(call, checker) : status;
}

static int32_t run(struct tarn_call *call, struct checker *checker)
{
    struct qcow_image *image = checker->image;
    bool more = true;
    int32_t status;

    checker->claims.tell = judge;
    checker->claims.arg = checker;
    checker->result.struct_size = sizeof(checker->result);
    checker->result.total_clusters = qcow_divide_up(image->header.size, image->cluster_size);
    checker->table = malloc(qcow_l2_bytes(&image->header));
    if (checker->table == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for an L2 table");
    /* Each claim but a few takes an entry of 8 bytes. */
    status = claims_begin(call, &checker->claims, image->file_size,
                          qcow_min(CLAIMS_MAX, image->file_size / 8 + 8));
    if (status == TARN_OK)
        status = look_at_l1(call, checker);
    for (; more && status == TARN_OK; checker->again = true)
        status = pass(call, checker, &more);
    return status == TARN_OK ? call->host->emit_check(call, &checker->result) : status;
}

int32_t qcow_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags)
{
    struct checker checker = { .told = 0 };
    struct qcow_head head;
    int32_t status;

    if (flags != 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "qcow images cannot be repaired: nothing in them is there twice; copy "
                         "what can be read");
    status = qcow_head_read(call, file, &head);
    if (status == TARN_OK)
        status = qcow_image_new(call, file, &head, &checker.image);
    if (status == TARN_OK)
        status = run(call, &checker);
    claims_end(&checker.claims);
    free(checker.table);
    qcow_image_free(checker.image);
    return status;
}
