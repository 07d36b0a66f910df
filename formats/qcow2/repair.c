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

static uint64_t largest_count(const struct qcow2_image *image)
{
    return UINT64_MAX >> (64 - (1u << image->header.refcount_order));
}

/* Is there a block for each cluster that needs one, and does no count exceed its width? */
static int32_t check_possible(struct tarn_call *call, struct checker *checker)
{
    struct qcow2_image *image = checker->image;
    uint64_t most = largest_count(image);

    for (uint64_t i = 0; i < checker->clusters; i++) {
        uint64_t block;
        int32_t status;

        if (checker->counts[i] == 0)
            continue;
        if (checker->counts[i] > most)
            return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                             "the cluster at %llu has %u references, and the refcounts of the "
                             "image end at %llu: copy its data to a new image",
                             (unsigned long long)i << image->header.cluster_bits,
                             (unsigned int)checker->counts[i], (unsigned long long)most);
        if (checker->rebuild)
            continue;
        status = qcow2_refblock_find(call, image, i, &block);
        if (status != TARN_OK)
            return status;
        checker->rebuild |= block == 0;
    }
    return TARN_OK;
}

static int32_t correct_in_place(struct tarn_call *call, struct checker *checker)
{
    bool all = (checker->repair & TARN_CHECK_REPAIR_ALL) != 0;
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < checker->clusters && status == TARN_OK; i++) {
        uint64_t counted = checker->counts[i];
        uint64_t stored;

        status = check_stored(call, checker, i, &stored);
        if (status == TARN_OK && counted != CHECK_COUNT_MAX &&
            (stored > counted || (all && stored < counted)))
            status = qcow2_refcount_set(call, checker->image, i, counted);
        if (status == TARN_OK && (i & 0xffff) == 0)
            status = tarn_interrupted(call);
    }
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

static uint64_t new_count(const struct checker *checker, const struct structure *plan,
                          uint64_t cluster)
{
    if (cluster >= plan->start)
        return cluster < plan->start + plan->blocks + plan->table;
    return cluster < checker->clusters ? checker->counts[cluster] : 0;
}

static int32_t write_block(struct tarn_call *call, struct checker *checker,
                           const struct structure *plan, uint64_t index, uint8_t *buffer)
{
    struct qcow2_image *image = checker->image;
    uint64_t covers = qcow2_block_covers(&image->header);

    memset(buffer, 0, image->cluster_size);
    for (uint64_t k = 0; k < covers; k++)
        qcow2_refcount_encode(buffer, image->header.refcount_order, k,
                              new_count(checker, plan, index * covers + k));
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

/* The old table and its blocks have no reference any more: they are left out of the count. */
static int32_t recount(struct tarn_call *call, struct checker *checker)
{
    bool silent = checker->silent;
    struct tarn_check_result result = checker->result;
    int32_t status;

    checker->silent = true;
    memset(checker->counts, 0, checker->room * sizeof(*checker->counts));
    status = check_count_all(call, checker);
    checker->silent = silent;
    checker->result = result;
    return status;
}

static int32_t build_structure(struct tarn_call *call, struct checker *checker)
{
    struct qcow2_image *image = checker->image;
    struct structure plan;
    uint8_t *table;
    int32_t status = recount(call, checker);

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

int32_t check_repair(struct tarn_call *call, struct checker *checker)
{
    bool all = (checker->repair & TARN_CHECK_REPAIR_ALL) != 0;
    int32_t status = all ? check_possible(call, checker) : TARN_OK;

    /* A block that is also something else is not written. */
    if (status != TARN_OK || (checker->rebuild && !all))
        return status;
    status = checker->rebuild ? build_structure(call, checker)
                              : correct_in_place(call, checker);
    if (status == TARN_OK)
        status = check_copied(call, checker, checker->repair);
    return status == TARN_OK ? qcow2_image_finish(call, checker->image) : status;
}
