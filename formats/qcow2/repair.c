/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * repair.c - refcounts made true. Where the blocks that hold them are sound they are corrected in
 * place; else a new refcount table with new blocks is written behind everything else, and one write
 * of the header puts it in force. Then the COPIED flags are made to agree.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"

static int32_t correct_one(struct tarn_call *call, struct checker *checker, uint64_t cluster,
                           uint64_t stored, uint64_t counted)
{
    bool all = (checker->repair & TARN_CHECK_REPAIR_ALL) != 0;

    if (counted == TALLY_MOST || stored == counted || (stored < counted && !all))
        return TARN_OK;
    return qcow2_refcount_set(call, checker->image, cluster, counted);
}

static int32_t correct_window(struct tarn_call *call, struct checker *checker, void *arg)
{
    (void)arg;
    return check_clusters(call, checker, false, correct_one);
}

static int32_t correct_in_place(struct tarn_call *call, struct checker *checker)
{
    int32_t status = check_windows(call, checker, correct_window, NULL);

    return status == TARN_OK ? qcow2_image_finish(call, checker->image) : status;
}

/* --- a new structure -------------------------------------------------------------------------- */

/* A block for each part of the file, also where all is free: they are few. */
struct structure {
    uint64_t start; /* the first cluster behind everything: there lie the blocks, then the table */
    uint64_t blocks;
    uint64_t table; /* clusters */
};

static void plan_structure(const struct checker *checker, struct structure *plan)
{
    const struct qcow2_image *image = checker->image;
    uint64_t covers = qcow2_block_covers(&image->header);
    uint64_t before;

    *plan = (struct structure){ .start = checker->clusters };
    do {
        before = plan->blocks + plan->table;
        plan->blocks = qcow2_divide_up(plan->start + before, covers);
        plan->table = qcow2_divide_up(plan->blocks * 8, image->cluster_size);
    } while (plan->blocks + plan->table != before);
}

/* Clusters are asked for in ascending order: the windows follow them. */
static int32_t new_count(struct tarn_call *call, struct checker *checker,
                         const struct structure *plan, uint64_t cluster, uint64_t *out)
{
    int32_t status = TARN_OK;

    *out = cluster < plan->start + plan->blocks + plan->table;
    if (cluster >= plan->start)
        return TARN_OK;
    if (cluster >= checker->tally.next)
        status = check_count_window(call, checker, checker->tally.next, false);
    *out = tally_get(&checker->tally, cluster);
    return status;
}

static int32_t write_block(struct tarn_call *call, struct checker *checker,
                           const struct structure *plan, uint64_t index, uint8_t *buffer)
{
    struct qcow2_image *image = checker->image;
    uint64_t covers = qcow2_block_covers(&image->header);
    int32_t status = TARN_OK;

    memset(buffer, 0, image->cluster_size);
    for (uint64_t k = 0; k < covers && status == TARN_OK; k++) {
        uint64_t count;

        status = new_count(call, checker, plan, index * covers + k, &count);
        qcow2_refcount_encode(buffer, image->header.refcount_order, k, count);
    }
    if (status != TARN_OK)
        return status;
    return qcow2_file_write(call, image, buffer, image->cluster_size,
                            (plan->start + index) << image->header.cluster_bits);
}

static int32_t write_structure(struct tarn_call *call, struct checker *checker,
                               const struct structure *plan, uint8_t *table)
{
    struct qcow2_image *image = checker->image;
    uint8_t *buffer;
    int32_t status = qcow2_bounce(call, image, &buffer);

    for (uint64_t i = 0; i < plan->blocks && status == TARN_OK; i++) {
        status = write_block(call, checker, plan, i, buffer);
        be64_store(table + i * 8, (plan->start + i) << image->header.cluster_bits);
        if (status == TARN_OK)
            status = tarn_interrupted(call);
    }
    if (status == TARN_OK)
        status = qcow2_file_write(call, image, table, plan->table << image->header.cluster_bits,
                                  (plan->start + plan->blocks) << image->header.cluster_bits);
    return status;
}

static int32_t build_structure(struct tarn_call *call, struct checker *checker)
{
    struct qcow2_image *image = checker->image;
    struct structure plan;
    uint8_t *table;
    int32_t status;

    /* The old table and its blocks have no reference any more. */
    checker->bare = true;
    status = check_count_window(call, checker, 0, false);
    if (status != TARN_OK)
        return status;
    plan_structure(checker, &plan);
    if (plan.table << image->header.cluster_bits > QCOW2_MAX_REFTABLE_BYTES)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "the refcount table would become too large");
    if ((image->file->flags & TARN_IO_FIXED_SIZE) &&
        (plan.start + plan.blocks + plan.table) << image->header.cluster_bits > image->file_size)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the container has no room for new refcounts: make it larger");
    table = calloc(plan.table, image->cluster_size);
    if (table == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a refcount table");
    status = write_structure(call, checker, &plan, table);
    free(table);
    if (status == TARN_OK)
        status = qcow2_reftable_switch(call, image,
                                       (plan.start + plan.blocks) << image->header.cluster_bits,
                                       (uint32_t)plan.table);
    return status;
}

/* What cannot be told by the width of a refcount cannot be repaired. */
static int32_t check_possible(struct tarn_call *call, const struct checker *checker)
{
    const struct qcow2_header *header = &checker->image->header;

    if (checker->references == 0)
        return TARN_OK;
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                     "the cluster at %llu has %llu references, and the refcounts of the image end "
                     "at %llu: copy its data to a new image",
                     (unsigned long long)checker->too_wide << header->cluster_bits,
                     (unsigned long long)checker->references,
                     (unsigned long long)UINT64_MAX >> (64 - (1u << header->refcount_order)));
}

int32_t check_repair(struct tarn_call *call, struct checker *checker)
{
    bool all = (checker->repair & TARN_CHECK_REPAIR_ALL) != 0;
    int32_t status = all ? check_possible(call, checker) : TARN_OK;

    /* A block that is also something else is not written. */
    if (status != TARN_OK || (checker->rebuild && !all))
        return status;
    status = checker->rebuild || (checker->uncounted && all) ? build_structure(call, checker)
                                                             : correct_in_place(call, checker);
    if (status == TARN_OK)
        status = check_copied_repair(call, checker);
    return status == TARN_OK ? qcow2_image_finish(call, checker->image) : status;
}
