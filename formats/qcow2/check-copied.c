/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check-copied.c - the COPIED flags of the active tables: each says that a refcount is exactly 1.
 */
#include "check.h"

#include <stdlib.h>

/* One walk through the active tables. */
struct walk {
    uint32_t repair; /* TARN_CHECK_REPAIR_…; 0 = the flags are only looked at */
    uint8_t *alone;  /* a bit for each L1 entry whose table has no other reference */
};

static bool is_alone(const struct walk *walk, uint64_t index)
{
    return (walk->alone[index / 8] >> index % 8 & 1) != 0;
}

/* Looks at one flag, and sets it right if that is asked for. A repair of leaks alone also brings
 * refcounts down to 1, whose flags then must be set. A repair goes by windows: each flag is looked
 * at in that of its cluster. */
static int32_t check_flag(struct tarn_call *call, struct checker *checker,
                          enum qcow2_page_kind kind, uint64_t at, uint64_t entry, uint64_t host,
                          uint32_t repair)
{
    struct qcow2_image *image = checker->image;
    uint64_t cluster = host >> image->header.cluster_bits;
    uint64_t stored;
    int32_t status;

    if (repair != 0 && !tally_knows(&checker->tally, cluster))
        return TARN_OK;
    status = check_stored(call, checker, cluster, &stored);
    if (status != TARN_OK || (stored == 1) == ((entry & QCOW2_COPIED) != 0))
        return check_unreadable(call, checker, status, "refcount of the cluster", host);
    if (repair == TARN_CHECK_REPAIR_LEAKS &&
        (stored != 1 || tally_get(&checker->tally, cluster) != 1))
        return TARN_OK;
    if (repair != 0)
        return qcow2_store64(call, image, kind, at, entry ^ QCOW2_COPIED);
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

/* What a walk does with an L1 entry that points to a table. */
typedef int32_t (*l1_fn)(struct tarn_call *call, struct checker *checker, uint64_t index,
                         uint64_t at, uint64_t entry, struct walk *walk);

static int32_t each_l1(struct tarn_call *call, struct checker *checker, l1_fn visit,
                       struct walk *walk)
{
    struct qcow2_image *image = checker->image;
    uint64_t length = (uint64_t)image->header.l1_size * 8;
    int32_t status = TARN_OK;

    if (length > image->file_size || image->header.l1_offset > image->file_size - length)
        return TARN_OK; /* told before */
    for (uint64_t i = 0; i < image->header.l1_size && status == TARN_OK; i++) {
        uint64_t at = image->header.l1_offset + i * 8;
        uint64_t entry;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = qcow2_load64(call, image, QCOW2_PAGE_L1, at, &entry);
        if (status == TARN_OK && (entry & QCOW2_OFFSET_MASK) != 0)
            status = visit(call, checker, i, at, entry, walk);
    }
    return check_unreadable(call, checker, status, "L1 table", image->header.l1_offset);
}

/* A table with several references is a snapshot's too, or damage: it is not touched. */
static int32_t check_l1_flags(struct tarn_call *call, struct checker *checker, uint64_t index,
                              uint64_t at, uint64_t entry, struct walk *walk)
{
    const struct qcow2_image *image = checker->image;
    uint64_t table = entry & QCOW2_OFFSET_MASK;
    int32_t status = TARN_OK;

    if (check_in_file(image, table) && !qcow2_external(image) &&
        (walk->repair == 0 || is_alone(walk, index)))
        status = check_l2_flags(call, checker, table, walk->repair);
    return status == TARN_OK ? check_flag(call, checker, QCOW2_PAGE_L1, at, entry, table,
                                          walk->repair)
                             : status;
}

int32_t check_copied(struct tarn_call *call, struct checker *checker)
{
    struct walk walk = { .repair = 0 };

    return each_l1(call, checker, check_l1_flags, &walk);
}

static int32_t note_alone(struct tarn_call *call, struct checker *checker, uint64_t index,
                          uint64_t at, uint64_t entry, struct walk *walk)
{
    uint64_t cluster = (entry & QCOW2_OFFSET_MASK) >> checker->image->header.cluster_bits;

    (void)call;
    (void)at;
    if (tally_get(&checker->tally, cluster) == 1)
        walk->alone[index / 8] |= (uint8_t)(1u << index % 8);
    return TARN_OK;
}

static int32_t find_alone(struct tarn_call *call, struct checker *checker, void *arg)
{
    return each_l1(call, checker, note_alone, arg);
}

static int32_t repair_window(struct tarn_call *call, struct checker *checker, void *arg)
{
    return each_l1(call, checker, check_l1_flags, arg);
}

int32_t check_copied_repair(struct tarn_call *call, struct checker *checker)
{
    uint64_t entries = checker->image->header.l1_size;
    struct walk walk = { .repair = checker->repair, .alone = calloc(1, entries / 8 + 1) };
    int32_t status;

    if (walk.alone == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to look at %llu tables",
                         (unsigned long long)entries);
    status = check_windows(call, checker, find_alone, &walk);
    if (status == TARN_OK)
        status = check_windows(call, checker, repair_window, &walk);
    free(walk.alone);
    return status;
}
