/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check-count.c - counts every reference to every cluster of the window but those of the refcount
 * structure: header, L1 and L2 tables, snapshots, bitmaps, and what they point to.
 */
#include "check.h"

#include "helpers/be.h"

/* Clusters outside of the window are met, no more. */
static int32_t count_clusters(struct tarn_call *call, struct checker *checker, uint64_t first,
                              uint64_t last)
{
    int32_t status = TARN_OK;

    for (uint64_t i = first; i <= last && status == TARN_OK; i++) {
        uint16_t *count = tally_at(&checker->tally, i);

        if (count == NULL)
            break;
        if (*count < TALLY_MOST)
            ++*count;
        else if (checker->saturated == TALLY_NONE)
            checker->saturated = i;
        if ((i & 0xffff) == 0xffff)
            status = tarn_interrupted(call);
    }
    return status;
}

int32_t check_count(struct tarn_call *call, struct checker *checker, uint64_t offset,
                    uint64_t length, const char *what)
{
    const struct qcow2_image *image = checker->image;
    uint64_t first = offset >> image->header.cluster_bits;
    uint64_t end;
    uint64_t last;

    if (length == 0)
        return TARN_OK;
    /* The last cluster of the container may be cut: QEMU leaves it so. */
    if (__builtin_add_overflow(offset, length, &end) ||
        (end > checker->file_size && end - checker->file_size >= image->cluster_size))
        return check_corruption(call, checker, false, offset, length,
                                "the %s at %llu passes the end of the file", what,
                                (unsigned long long)offset);
    last = (end - 1) >> image->header.cluster_bits;
    checker->clusters = qcow2_max(checker->clusters, last + 1);
    return last < checker->tally.low
               ? TARN_OK
               : count_clusters(call, checker, qcow2_max(first, checker->tally.low), last);
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

/* In an external data file the guest's bytes lie where the guest sees them. */
static int32_t check_external(struct tarn_call *call, struct checker *checker, uint64_t at,
                              uint64_t guest, uint64_t host)
{
    if (host == guest)
        return TARN_OK;
    return check_corruption(call, checker, false, at, 8,
                            "the L2 entry at %llu maps %llu of the disk to %llu of the data file; "
                            "they must be equal", (unsigned long long)at,
                            (unsigned long long)guest, (unsigned long long)host);
}

static int32_t count_entry(struct tarn_call *call, struct checker *checker, uint64_t at,
                           uint64_t guest, const uint8_t *bytes, struct fragments *fragments)
{
    struct qcow2_image *image = checker->image;
    struct qcow2_mapping mapping;
    uint64_t entry = be64_load(bytes);
    uint64_t bitmap = image->subclusters > 1 ? be64_load(bytes + 8) : 0;
    const char *fault;

    if (entry == 0 && bitmap == 0)
        return TARN_OK;
    fault = qcow2_mapping_decode(image, entry, bitmap, &mapping);
    if (fault != NULL)
        return count_damaged(call, checker, at, entry, fault);
    if (!mapping.placed)
        return TARN_OK;
    add_fragment(checker, fragments, &mapping);
    if (qcow2_external(image))
        return check_external(call, checker, at, guest, mapping.host);
    return check_count(call, checker, mapping.host,
                       mapping.compressed != 0 ? mapping.compressed : image->cluster_size,
                       "cluster");
}

/* Counting does not use the cache, so that a page of it can be gone through. */
static int32_t count_page(struct tarn_call *call, struct checker *checker, uint64_t page,
                          uint64_t guest, struct fragments *fragments)
{
    struct qcow2_image *image = checker->image;
    uint64_t entry_size = qcow2_l2_entry_size(&image->header);
    uint8_t *bytes;
    int32_t status = qcow2_page_at(call, image, QCOW2_PAGE_L2, page, false, &bytes);

    for (uint64_t i = 0; i < image->page_size && status == TARN_OK; i += entry_size)
        status = count_entry(call, checker, page + i,
                             guest + (i / entry_size << image->header.cluster_bits), bytes + i,
                             fragments);
    return status;
}

/* A table that passes the end of the file is counted as corrupt, and has no entries to look at. */
static int32_t count_l2(struct tarn_call *call, struct checker *checker, uint64_t table,
                        uint64_t guest, bool active)
{
    struct qcow2_image *image = checker->image;
    uint64_t entry_size = qcow2_l2_entry_size(&image->header);
    struct fragments fragments = { active, 0 };
    int32_t status = check_count(call, checker, table, image->cluster_size, "L2 table");

    if (status != TARN_OK || table >= checker->file_size ||
        image->cluster_size > checker->file_size - table)
        return status;
    for (uint64_t i = 0; i < image->cluster_size && status == TARN_OK; i += image->page_size)
        status = count_page(call, checker, table + i,
                            guest + (i / entry_size << image->header.cluster_bits), &fragments);
    return check_unreadable(call, checker, status, "L2 table", table);
}

static int32_t count_l1(struct tarn_call *call, struct checker *checker, uint64_t offset,
                        uint64_t entries, bool active)
{
    struct qcow2_image *image = checker->image;
    int32_t status = check_count(call, checker, offset, entries * 8, "L1 table");

    if (entries * 8 > checker->file_size || offset > checker->file_size - entries * 8)
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
            status = count_l2(call, checker, table, i * qcow2_l1_covers(&image->header), active);
        if (active && checker->tally.low == 0)
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
    int32_t status = qcow2_snapshots_each(call, image->file, checker->file_size, &image->header,
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
