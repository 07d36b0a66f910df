/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check-refcounts.c - what the image says of its clusters against what was counted.
 */
#include "check.h"

static uint64_t table_entries(const struct qcow2_image *image)
{
    return ((uint64_t)image->header.reftable_clusters << image->header.cluster_bits) / 8;
}

static bool good_block(const struct qcow2_image *image, uint64_t entry)
{
    return (entry & (image->cluster_size - 1)) == 0 && entry < image->file_size &&
           image->cluster_size <= image->file_size - entry;
}

static int32_t load_table(struct tarn_call *call, struct checker *checker, uint64_t index,
                          uint64_t *out)
{
    struct qcow2_image *image = checker->image;
    int32_t status = qcow2_load64(call, image, QCOW2_PAGE_REFTABLE,
                                  image->header.reftable_offset + index * 8, out);

    if (status == TARN_OK)
        return TARN_OK;
    *out = 0;
    checker->rebuild = true;
    return check_unreadable(call, checker, status, "refcount table",
                            image->header.reftable_offset);
}

static int32_t check_block(struct tarn_call *call, struct checker *checker, uint64_t index,
                           uint64_t entry)
{
    struct qcow2_image *image = checker->image;
    bool repaired = (checker->repair & TARN_CHECK_REPAIR_ALL) != 0;
    int32_t status;

    if (!good_block(image, entry)) {
        checker->rebuild = true;
        return check_corruption(call, checker, repaired, entry, image->cluster_size,
                                "entry %llu of the refcount table, 0x%llx, is no place of a block",
                                (unsigned long long)index, (unsigned long long)entry);
    }
    status = check_count(call, checker, entry, image->cluster_size, "refcount block");
    if (status != TARN_OK || checker->counts[entry >> image->header.cluster_bits] == 1)
        return status;
    checker->rebuild = true;
    return check_corruption(call, checker, repaired, entry, image->cluster_size,
                            "the refcount block at %llu is used for something else too",
                            (unsigned long long)entry);
}

int32_t check_structure(struct tarn_call *call, struct checker *checker)
{
    const struct qcow2_image *image = checker->image;
    uint64_t length = (uint64_t)image->header.reftable_clusters << image->header.cluster_bits;
    int32_t status = check_count(call, checker, image->header.reftable_offset, length,
                                 "refcount table");

    if (length == 0 || image->header.reftable_offset + length > image->file_size)
        checker->rebuild = true;
    for (uint64_t i = 0; i < table_entries(image) && status == TARN_OK; i++) {
        uint64_t entry;

        status = load_table(call, checker, i, &entry);
        if (status == TARN_OK && entry != 0)
            status = check_block(call, checker, i, entry);
        if (status == TARN_OK && (i & 1023) == 0)
            status = tarn_interrupted(call);
        if (checker->result.errors > 0 && checker->rebuild)
            break; /* the table cannot be read: once is enough */
    }
    return status;
}

int32_t check_stored(struct tarn_call *call, struct checker *checker, uint64_t cluster,
                     uint64_t *out)
{
    struct qcow2_image *image = checker->image;
    uint64_t index = cluster / qcow2_block_covers(&image->header);
    uint64_t table_end = image->header.reftable_offset + (index + 1) * 8;
    uint64_t entry;
    int32_t status;

    *out = 0;
    if (index >= table_entries(image) ||
        qcow2_round_up(table_end, image->page_size) > image->file_size)
        return TARN_OK;
    status = qcow2_load64(call, image, QCOW2_PAGE_REFTABLE, table_end - 8, &entry);
    if (status != TARN_OK || entry == 0 || !good_block(image, entry))
        return status;
    return qcow2_refblock_get(call, image, entry, cluster, out);
}

/* Leaks side by side are one finding. */
struct leak {
    uint64_t cluster;
    uint64_t count;
};

static int32_t end_leak(struct tarn_call *call, struct checker *checker, struct leak *leak)
{
    uint32_t bits = checker->image->header.cluster_bits;
    int32_t status = leak->count > 0
                         ? check_leak(call, checker, leak->cluster << bits, leak->count << bits)
                         : TARN_OK;

    leak->count = 0;
    return status;
}

static int32_t compare_one(struct tarn_call *call, struct checker *checker, uint64_t cluster,
                           uint64_t stored, struct leak *leak)
{
    const struct qcow2_image *image = checker->image;
    uint64_t counted = checker->counts[cluster];
    int32_t status;

    if (stored > counted && counted != CHECK_COUNT_MAX) {
        if (leak->count == 0)
            leak->cluster = cluster;
        leak->count++;
        return TARN_OK;
    }
    status = end_leak(call, checker, leak);
    if (status != TARN_OK || stored >= counted)
        return status;
    checker->wrong_counts = true;
    return check_corruption(call, checker, (checker->repair & TARN_CHECK_REPAIR_ALL) != 0,
                            cluster << image->header.cluster_bits, image->cluster_size,
                            "the cluster at %llu has the refcount %llu, but %llu references",
                            (unsigned long long)cluster << image->header.cluster_bits,
                            (unsigned long long)stored, (unsigned long long)counted);
}

int32_t check_compare(struct tarn_call *call, struct checker *checker)
{
    uint32_t bits = checker->image->header.cluster_bits;
    struct leak leak = { 0, 0 };
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < checker->clusters && status == TARN_OK; i++) {
        uint64_t stored;

        status = check_stored(call, checker, i, &stored);
        status = check_unreadable(call, checker, status, "refcount of the cluster", i << bits);
        if (status != TARN_OK)
            break;
        if (stored > 0 || checker->counts[i] > 0)
            checker->result.image_end = (i + 1) << bits;
        status = compare_one(call, checker, i, stored, &leak);
        if (status == TARN_OK && (i & 0xffff) == 0)
            status = tarn_interrupted(call);
    }
    return status == TARN_OK ? end_leak(call, checker, &leak) : status;
}

static uint64_t counted(const struct checker *checker, uint64_t host)
{
    uint64_t cluster = host >> checker->image->header.cluster_bits;

    return cluster < checker->room ? checker->counts[cluster] : 0;
}

/* Looks at one flag, and sets it right if that is asked for. A repair of leaks alone also brings
 * refcounts down to 1, whose flags then must be set. */
static int32_t check_flag(struct tarn_call *call, struct checker *checker,
                          enum qcow2_page_kind kind, uint64_t at, uint64_t entry, uint64_t host,
                          uint32_t repair)
{
    struct qcow2_image *image = checker->image;
    uint64_t stored;
    int32_t status = check_stored(call, checker, host >> image->header.cluster_bits, &stored);

    if (status != TARN_OK || (stored == 1) == ((entry & QCOW2_COPIED) != 0))
        return check_unreadable(call, checker, status, "refcount of the cluster", host);
    if (repair == TARN_CHECK_REPAIR_LEAKS &&
        (stored != 1 || counted(checker, host) != 1))
        return TARN_OK;
    if (repair != 0)
        return qcow2_store64(call, image, kind, at, entry ^ QCOW2_COPIED);
    checker->wrong_counts = true;
    return check_corruption(call, checker, (checker->repair & TARN_CHECK_REPAIR_ALL) != 0, at, 8,
                            "the entry 0x%llx at %llu has a COPIED flag that is wrong for the "
                            "refcount %llu", (unsigned long long)entry, (unsigned long long)at,
                            (unsigned long long)stored);
}

static int32_t check_l2_flags(struct tarn_call *call, struct checker *checker, uint64_t table,
                              uint32_t repair)
{
    struct qcow2_image *image = checker->image;
    uint64_t entry_size = qcow2_l2_entry_size(&image->header);
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < qcow2_l2_entries(&image->header) && status == TARN_OK; i++) {
        uint64_t at = table + i * entry_size;
        struct qcow2_mapping mapping;
        uint64_t entry;

        status = qcow2_load64(call, image, QCOW2_PAGE_L2, at, &entry);
        if (status != TARN_OK || (entry & QCOW2_COMPRESSED) ||
            qcow2_mapping_decode(image, entry, 0, &mapping) != NULL || !mapping.placed)
            continue;
        status = check_flag(call, checker, QCOW2_PAGE_L2, at, entry, mapping.host, repair);
    }
    return check_unreadable(call, checker, status, "L2 table", table);
}

int32_t check_copied(struct tarn_call *call, struct checker *checker, uint32_t repair)
{
    struct qcow2_image *image = checker->image;
    uint64_t length = (uint64_t)image->header.l1_size * 8;
    int32_t status = TARN_OK;

    if (length > image->file_size || image->header.l1_offset > image->file_size - length)
        return TARN_OK; /* told before */
    for (uint64_t i = 0; i < image->header.l1_size && status == TARN_OK; i++) {
        uint64_t at = image->header.l1_offset + i * 8;
        uint64_t entry;
        uint64_t table;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = qcow2_load64(call, image, QCOW2_PAGE_L1, at, &entry);
        table = status == TARN_OK ? entry & QCOW2_OFFSET_MASK : 0;
        if (status != TARN_OK || table == 0)
            continue;
        /* A table with several references is a snapshot's too, or damage: it is not touched. */
        if (good_block(image, table) && !qcow2_external(image) &&
            (repair == 0 || counted(checker, table) == 1))
            status = check_l2_flags(call, checker, table, repair);
        if (status == TARN_OK)
            status = check_flag(call, checker, QCOW2_PAGE_L1, at, entry, table, repair);
    }
    return check_unreadable(call, checker, status, "L1 table", image->header.l1_offset);
}
