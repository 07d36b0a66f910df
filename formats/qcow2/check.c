/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check.c - the check of an image: one pass that counts and compares; after a repair a second one,
 * which says what is left.
 */
#include "check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"

static int32_t tell(struct tarn_call *call, const struct checker *checker, uint32_t kind,
                    bool repaired, uint64_t offset, uint64_t length, const char *text)
{
    struct tarn_finding finding = { .struct_size = sizeof(finding), .kind = kind,
                                    .repaired = repaired, .offset = offset, .length = length,
                                    .text = text };

    return checker->silent ? TARN_OK : call->host->emit_finding(call, &finding);
}

int32_t check_leak(struct tarn_call *call, struct checker *checker, uint64_t offset,
                   uint64_t length)
{
    char text[128];

    checker->result.leaks += length >> checker->image->header.cluster_bits;
    snprintf(text, sizeof(text), "%llu bytes at %llu are counted as used more often than they are",
             (unsigned long long)length, (unsigned long long)offset);
    return tell(call, checker, TARN_FINDING_LEAK, checker->repair != 0, offset, length, text);
}

int32_t check_corruption(struct tarn_call *call, struct checker *checker, bool repaired,
                         uint64_t offset, uint64_t length, const char *format, ...)
{
    char text[256];
    va_list arguments;

    checker->result.corruptions++;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return tell(call, checker, TARN_FINDING_CORRUPTION, repaired, offset, length, text);
}

int32_t check_unreadable(struct tarn_call *call, struct checker *checker, int32_t status,
                         const char *what, uint64_t offset)
{
    char text[128];

    if (status != TARN_E_IO && status != TARN_E_CORRUPT && status != TARN_E_INVALID)
        return status;
    call->host->forget(call);
    checker->result.errors++;
    snprintf(text, sizeof(text), "the %s at %llu cannot be read", what,
             (unsigned long long)offset);
    return tell(call, checker, TARN_FINDING_ERROR, false, offset, 0, text);
}

static int32_t too_many(struct tarn_call *call, struct checker *checker, uint64_t cluster)
{
    if (checker->saturated)
        return TARN_OK;
    checker->saturated = true;
    checker->result.errors++;
    return tell(call, checker, TARN_FINDING_ERROR, false,
                cluster << checker->image->header.cluster_bits, checker->image->cluster_size,
                "a cluster has more references than can be counted");
}

int32_t check_count(struct tarn_call *call, struct checker *checker, uint64_t offset,
                    uint64_t length, const char *what)
{
    const struct qcow2_image *image = checker->image;
    uint64_t end;
    uint64_t last;
    int32_t status = TARN_OK;

    if (length == 0)
        return TARN_OK;
    /* The last cluster of the container may be cut: QEMU leaves it so. */
    if (__builtin_add_overflow(offset, length, &end) ||
        (end > image->file_size && end - image->file_size >= image->cluster_size))
        return check_corruption(call, checker, false, offset, length,
                                "the %s at %llu passes the end of the file", what,
                                (unsigned long long)offset);
    last = (end - 1) >> image->header.cluster_bits;
    checker->clusters = qcow2_max(checker->clusters, last + 1);
    for (uint64_t i = offset >> image->header.cluster_bits; i <= last && status == TARN_OK; i++) {
        if (checker->counts[i] == CHECK_COUNT_MAX)
            status = too_many(call, checker, i);
        else
            checker->counts[i]++;
    }
    return status;
}

/* What is wrong with an entry does not keep it from referring to a cluster. */
static int32_t count_damaged(struct tarn_call *call, struct checker *checker, uint64_t at,
                             uint64_t entry, const char *fault)
{
    const struct qcow2_image *image = checker->image;
    struct qcow2_mapping mapping;
    int32_t status = check_corruption(call, checker, false, at, 8,
                                      "the L2 entry 0x%llx at %llu is damaged: %s",
                                      (unsigned long long)entry, (unsigned long long)at, fault);

    entry &= entry & QCOW2_COMPRESSED ? ~QCOW2_COPIED : QCOW2_OFFSET_MASK;
    if (status != TARN_OK || qcow2_external(image) ||
        qcow2_mapping_decode(image, entry, 0, &mapping) != NULL || !mapping.placed)
        return status;
    return check_count(call, checker, mapping.host,
                       mapping.compressed != 0 ? mapping.compressed : image->cluster_size,
                       "cluster");
}

struct fragments {
    bool wanted; /* of the active tables only */
    uint64_t next;
};

static void add_fragment(struct checker *checker, struct fragments *fragments,
                         const struct qcow2_mapping *mapping)
{
    struct tarn_check_result *result = &checker->result;

    if (!fragments->wanted)
        return;
    result->allocated_clusters++;
    if (mapping->compressed != 0) {
        result->compressed_clusters++;
        result->fragmented_clusters++; /* compressed ones never lie in whole clusters */
        return;
    }
    if (fragments->next != 0 && mapping->host != fragments->next)
        result->fragmented_clusters++;
    fragments->next = mapping->host + checker->image->cluster_size;
}

static int32_t count_entry(struct tarn_call *call, struct checker *checker, uint64_t at,
                           struct fragments *fragments)
{
    struct qcow2_image *image = checker->image;
    struct qcow2_mapping mapping;
    uint64_t entry;
    uint64_t bitmap = 0;
    const char *fault;
    int32_t status = qcow2_load64(call, image, QCOW2_PAGE_L2, at, &entry);

    if (status == TARN_OK && image->subclusters > 1)
        status = qcow2_load64(call, image, QCOW2_PAGE_L2, at + 8, &bitmap);
    if (status != TARN_OK)
        return status;
    fault = qcow2_mapping_decode(image, entry, bitmap, &mapping);
    if (fault != NULL)
        return count_damaged(call, checker, at, entry, fault);
    if (!mapping.placed)
        return TARN_OK;
    add_fragment(checker, fragments, &mapping);
    if (qcow2_external(image))
        return TARN_OK;
    return check_count(call, checker, mapping.host,
                       mapping.compressed != 0 ? mapping.compressed : image->cluster_size,
                       "cluster");
}

/* A table that passes the end of the file is counted as corrupt, and has no entries to look at. */
static int32_t count_l2(struct tarn_call *call, struct checker *checker, uint64_t table,
                        bool active)
{
    struct qcow2_image *image = checker->image;
    uint64_t entry_size = qcow2_l2_entry_size(&image->header);
    struct fragments fragments = { active, 0 };
    int32_t status = check_count(call, checker, table, image->cluster_size, "L2 table");

    if (status != TARN_OK || table >= image->file_size ||
        image->cluster_size > image->file_size - table)
        return status;
    for (uint64_t i = 0; i < qcow2_l2_entries(&image->header) && status == TARN_OK; i++)
        status = count_entry(call, checker, table + i * entry_size, &fragments);
    return check_unreadable(call, checker, status, "L2 table", table);
}

static int32_t count_l1(struct tarn_call *call, struct checker *checker, uint64_t offset,
                        uint64_t entries, bool active)
{
    struct qcow2_image *image = checker->image;
    int32_t status = check_count(call, checker, offset, entries * 8, "L1 table");

    if (entries * 8 > image->file_size || offset > image->file_size - entries * 8)
        return status; /* told by check_count, or by what follows if it is just cut */
    for (uint64_t i = 0; i < entries && status == TARN_OK; i++) {
        uint64_t entry;
        uint64_t table;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = qcow2_load64(call, image, QCOW2_PAGE_L1, offset + i * 8, &entry);
        if (status != TARN_OK || entry == 0)
            continue;
        table = entry & QCOW2_OFFSET_MASK;
        if ((entry & ~(QCOW2_OFFSET_MASK | QCOW2_COPIED)) || (table & (image->cluster_size - 1)))
            status = check_corruption(call, checker, false, offset + i * 8, 8,
                                      "the L1 entry 0x%llx at %llu is damaged",
                                      (unsigned long long)entry,
                                      (unsigned long long)(offset + i * 8));
        if (status == TARN_OK && (table & (image->cluster_size - 1)) == 0)
            status = count_l2(call, checker, table, active);
        if (active)
            call->host->progress(call, i + 1, entries);
    }
    return check_unreadable(call, checker, status, "L1 table", offset);
}

static int32_t count_snapshot(struct tarn_call *call, const struct qcow2_snapshot *snapshot,
                              void *arg)
{
    return count_l1(call, arg, snapshot->l1_offset, snapshot->l1_size, false);
}

static int32_t count_snapshots(struct tarn_call *call, struct checker *checker)
{
    const struct qcow2_image *image = checker->image;
    uint64_t length;
    int32_t status = qcow2_snapshots_each(call, image->file, image->file_size, &image->header,
                                          count_snapshot, checker, &length);

    if (status == TARN_E_CORRUPT) {
        call->host->forget(call);
        return check_corruption(call, checker, false, image->header.snapshots_offset, 0,
                                "the snapshot table is damaged");
    }
    return status == TARN_OK ? check_count(call, checker, image->header.snapshots_offset, length,
                                           "snapshot table")
                             : status;
}

int32_t check_count_all(struct tarn_call *call, struct checker *checker)
{
    const struct qcow2_image *image = checker->image;
    int32_t status = check_count(call, checker, 0, image->cluster_size, "header");

    if (status == TARN_OK)
        status = count_l1(call, checker, image->header.l1_offset, image->header.l1_size, true);
    if (status == TARN_OK)
        status = count_snapshots(call, checker);
    if (status == TARN_OK)
        status = check_count(call, checker, image->crypto_offset, image->crypto_length,
                             "encryption header");
    if (status == TARN_OK && image->bitmap_count > 0 &&
        (image->header.autoclear & QCOW2_BITMAPS))
        status = check_count_bitmaps(call, checker);
    return status;
}

static int32_t make_counts(struct tarn_call *call, struct checker *checker)
{
    const struct qcow2_image *image = checker->image;

    checker->clusters = qcow2_divide_up(image->file_size, image->cluster_size);
    checker->room = checker->clusters + 1;
    if (checker->room > CHECK_CLUSTERS_MAX)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the file has %llu clusters; at most %llu can be checked",
                         (unsigned long long)checker->clusters,
                         (unsigned long long)CHECK_CLUSTERS_MAX);
    /* Zero pages of a large allocation are taken only when they are written. */
    checker->counts = calloc(checker->room, sizeof(*checker->counts));
    if (checker->counts == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to count %llu clusters",
                         (unsigned long long)checker->clusters);
    return TARN_OK;
}

/* Everything that is found out about the image as it is now. */
static int32_t pass(struct tarn_call *call, struct checker *checker)
{
    const struct qcow2_image *image = checker->image;
    int32_t status;

    free(checker->counts);
    checker->counts = NULL;
    checker->rebuild = checker->saturated = checker->wrong_counts = false;
    memset(&checker->result, 0, sizeof(checker->result));
    checker->result.struct_size = sizeof(checker->result);
    checker->result.total_clusters = qcow2_divide_up(image->header.size & ~(uint64_t)511,
                                                     image->cluster_size);
    status = make_counts(call, checker);
    if (status == TARN_OK)
        status = check_count_all(call, checker);
    if (status == TARN_OK)
        status = check_structure(call, checker);
    if (status == TARN_OK)
        status = check_compare(call, checker);
    if (status == TARN_OK)
        status = check_copied(call, checker, 0);
    return status;
}

/* Nothing is wrong any more, so the image need not say so. */
static int32_t clear_marks(struct tarn_call *call, struct qcow2_image *image)
{
    uint64_t marks = QCOW2_DIRTY | QCOW2_CORRUPT;
    uint8_t bytes[8];
    int32_t status = TARN_OK;

    if (!(image->header.incompatible & marks))
        return TARN_OK;
    image->header.incompatible &= ~marks;
    be64_store(bytes, image->header.incompatible);
    status = qcow2_barrier(call, image);
    if (status == TARN_OK)
        status = qcow2_file_write(call, image, bytes, sizeof(bytes), QCOW2_AT_INCOMPATIBLE);
    return status == TARN_OK ? qcow2_barrier(call, image) : status;
}

static int32_t repair_and_look_again(struct tarn_call *call, struct checker *checker)
{
    uint64_t leaks = checker->result.leaks;
    uint64_t corruptions = checker->result.corruptions;
    struct tarn_check_result *result = &checker->result;
    int32_t status = TARN_OK;

    if (leaks + corruptions > 0) {
        status = check_repair(call, checker);
        checker->repair = 0; /* what is found from now on stays */
        if (status == TARN_OK)
            status = pass(call, checker);
        result->leaks_fixed = leaks - qcow2_min(leaks, result->leaks);
        result->corruptions_fixed = corruptions - qcow2_min(corruptions, result->corruptions);
    }
    if (status == TARN_OK && result->corruptions == 0 && result->errors == 0)
        status = clear_marks(call, checker->image);
    return status;
}

static int32_t run(struct tarn_call *call, struct tarn_io *file, uint32_t flags, bool silent,
                   struct tarn_check_result *out)
{
    struct checker checker = { .repair = flags, .silent = silent };
    struct qcow2_head head;
    int32_t status;

    if (flags != 0 && !(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "a repair needs a container open for writing");
    status = qcow2_head_read(call, file, &head);
    if (status == TARN_OK)
        status = qcow2_image_new(call, &head, flags != 0, &checker.image);
    if (status != TARN_OK)
        return status;
    checker.image->checking = true;
    status = pass(call, &checker);
    if (status == TARN_OK && flags != 0)
        status = repair_and_look_again(call, &checker);
    *out = checker.result;
    free(checker.counts);
    qcow2_image_free(checker.image);
    return status;
}

int32_t qcow2_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags)
{
    struct tarn_check_result result;
    int32_t status = run(call, file, flags & (TARN_CHECK_REPAIR_LEAKS | TARN_CHECK_REPAIR_ALL),
                         false, &result);

    return status == TARN_OK ? call->host->emit_check(call, &result) : status;
}

int32_t qcow2_mend(struct tarn_call *call, struct tarn_io *file)
{
    struct tarn_check_result result;
    int32_t status = run(call, file, TARN_CHECK_REPAIR_ALL, true, &result);

    if (status == TARN_OK && (result.corruptions != 0 || result.errors != 0))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the image was not closed cleanly and is damaged in %llu places that "
                         "cannot be repaired: check it",
                         (unsigned long long)(result.corruptions + result.errors));
    return status;
}
