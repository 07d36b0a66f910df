/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * reftable.c - the two levels in which refcounts lie: the refcount table, and the blocks to which
 * it points; and how they grow.
 */
#include "qcow2.h"

#include <string.h>

#include "helpers/be.h"

uint64_t qcow2_refcount_decode(const uint8_t *block, uint32_t order, uint64_t index)
{
    uint32_t shift;

    switch (order) {
    case 3:
        return block[index];
    case 4:
        return be16_load(block + index * 2);
    case 5:
        return be32_load(block + index * 4);
    case 6:
        return be64_load(block + index * 8);
    default:
        shift = (uint32_t)(index << order) & 7;
        return (uint32_t)(block[(index << order) >> 3] >> shift) & ((1u << (1u << order)) - 1);
    }
}

void qcow2_refcount_encode(uint8_t *block, uint32_t order, uint64_t index, uint64_t value)
{
    uint32_t shift;
    uint32_t mask;
    uint8_t *byte;

    switch (order) {
    case 3:
        block[index] = (uint8_t)value;
        return;
    case 4:
        be16_store(block + index * 2, (uint16_t)value);
        return;
    case 5:
        be32_store(block + index * 4, (uint32_t)value);
        return;
    case 6:
        be64_store(block + index * 8, value);
        return;
    default:
        shift = (uint32_t)(index << order) & 7;
        mask = ((1u << (1u << order)) - 1) << shift;
        byte = &block[(index << order) >> 3];
        *byte = (uint8_t)((*byte & ~mask) | ((uint32_t)value << shift & mask));
    }
}

static uint64_t table_entries(const struct qcow2_image *image)
{
    return ((uint64_t)image->header.reftable_clusters << image->header.cluster_bits) / 8;
}

int32_t qcow2_refblock_find(struct tarn_call *call, struct qcow2_image *image, uint64_t cluster,
                            uint64_t *out)
{
    uint64_t index = cluster / qcow2_block_covers(&image->header);
    uint64_t entry = 0;
    int32_t status = TARN_OK;

    if (index < table_entries(image))
        status = qcow2_load64(call, image, QCOW2_PAGE_REFTABLE,
                              image->header.reftable_offset + index * 8, &entry);
    if (status != TARN_OK)
        return status;
    if (entry & (image->cluster_size - 1))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "entry %llu of the refcount table is 0x%llx, which is not the start of a "
                         "cluster: check the image", (unsigned long long)index,
                         (unsigned long long)entry);
    if (entry != 0 && (entry >= image->file_size ||
                       image->cluster_size > image->file_size - entry))
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the refcount block at %llu passes the end of the file at %llu: check "
                         "the image", (unsigned long long)entry,
                         (unsigned long long)image->file_size);
    if (entry != 0 && qcow2_guards_hit(image, entry, image->cluster_size) != NULL)
        return qcow2_mark_corrupt(call, image, "the refcount block at %llu overlaps the %s",
                                  (unsigned long long)entry,
                                  qcow2_guards_hit(image, entry, image->cluster_size));
    *out = entry;
    return TARN_OK;
}

/* The bytes of the page in which the block counts the cluster, and the place within. */
static int32_t refblock_page(struct tarn_call *call, struct qcow2_image *image, uint64_t block,
                             uint64_t cluster, bool write, uint8_t **out_bytes, uint64_t *out_index)
{
    uint64_t per_page = ((uint64_t)image->page_size * 8) >> image->header.refcount_order;
    uint64_t index = cluster % qcow2_block_covers(&image->header);

    *out_index = index % per_page;
    return qcow2_page_at(call, image, QCOW2_PAGE_REFBLOCK,
                         block + index / per_page * image->page_size, write, out_bytes);
}

int32_t qcow2_refblock_get(struct tarn_call *call, struct qcow2_image *image, uint64_t block,
                           uint64_t cluster, uint64_t *out)
{
    uint8_t *bytes;
    uint64_t index;
    int32_t status = refblock_page(call, image, block, cluster, false, &bytes, &index);

    if (status == TARN_OK)
        *out = qcow2_refcount_decode(bytes, image->header.refcount_order, index);
    return status;
}

int32_t qcow2_refblock_set(struct tarn_call *call, struct qcow2_image *image, uint64_t block,
                           uint64_t cluster, uint64_t value)
{
    uint8_t *bytes;
    uint64_t index;
    int32_t status = refblock_page(call, image, block, cluster, true, &bytes, &index);

    if (status == TARN_OK)
        qcow2_refcount_encode(bytes, image->header.refcount_order, index, value);
    return status;
}

int32_t qcow2_reftable_switch(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                              uint32_t clusters)
{
    uint8_t bytes[12];
    int32_t status;

    /* Place and size stand side by side, in one sector: they change together. */
    be64_store(bytes, offset);
    be32_store(bytes + 8, clusters);
    status = qcow2_barrier(call, image);
    if (status == TARN_OK)
        status = qcow2_file_write(call, image, bytes, sizeof(bytes), QCOW2_AT_REFTABLE);
    if (status == TARN_OK)
        status = qcow2_barrier(call, image);
    if (status != TARN_OK)
        return status;
    qcow2_pages_forget(image, image->header.reftable_offset,
                       (uint64_t)image->header.reftable_clusters << image->header.cluster_bits);
    image->header.reftable_offset = offset;
    image->header.reftable_clusters = clusters;
    return qcow2_guards_build(call, image);
}

/* A new, larger table: `blocks` new refcount blocks from `cluster` on, and the table behind them.
 * The blocks count themselves and the table; `cluster` is the first one that the old table could
 * not count. */
struct growth {
    uint64_t cluster;
    uint64_t blocks;
    uint64_t table_clusters;
    uint64_t old_entries;
};

static int32_t plan_growth(struct tarn_call *call, const struct qcow2_image *image, uint64_t index,
                           struct growth *plan)
{
    uint64_t covers = qcow2_block_covers(&image->header);
    uint64_t entries = qcow2_max(index + 1, table_entries(image) * 3 / 2);

    plan->old_entries = table_entries(image);
    plan->cluster = plan->old_entries * covers;
    plan->blocks = 1;
    do {
        entries = qcow2_max(entries, plan->old_entries + plan->blocks);
        plan->table_clusters = qcow2_divide_up(entries * 8, image->cluster_size);
        plan->blocks = qcow2_divide_up(plan->table_clusters, covers - 1);
    } while (plan->old_entries + plan->blocks > entries);
    if (plan->table_clusters << image->header.cluster_bits > QCOW2_MAX_REFTABLE_BYTES)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the refcount table of the image cannot grow beyond %llu bytes",
                         (unsigned long long)QCOW2_MAX_REFTABLE_BYTES);
    if ((image->file->flags & TARN_IO_FIXED_SIZE) &&
        (plan->cluster + plan->blocks + plan->table_clusters) << image->header.cluster_bits >
            image->file_size)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the container has no room for a larger refcount table: make it larger");
    return TARN_OK;
}

static int32_t write_new_blocks(struct tarn_call *call, struct qcow2_image *image,
                                const struct growth *plan, uint8_t *buffer)
{
    uint64_t covers = qcow2_block_covers(&image->header);
    uint64_t used = plan->blocks + plan->table_clusters;
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < plan->blocks && status == TARN_OK; i++) {
        memset(buffer, 0, image->cluster_size);
        for (uint64_t k = 0; k < covers && i * covers + k < used; k++)
            qcow2_refcount_encode(buffer, image->header.refcount_order, k, 1);
        status = qcow2_file_write(call, image, buffer, image->cluster_size,
                                  (plan->cluster + i) << image->header.cluster_bits);
    }
    return status;
}

static int32_t write_new_table(struct tarn_call *call, struct qcow2_image *image,
                               const struct growth *plan, uint8_t *buffer)
{
    uint64_t per_cluster = image->cluster_size / 8;
    uint64_t table = plan->cluster + plan->blocks;
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < plan->table_clusters && status == TARN_OK; i++) {
        memset(buffer, 0, image->cluster_size);
        for (uint64_t k = 0; k < per_cluster && status == TARN_OK; k++) {
            uint64_t index = i * per_cluster + k;
            uint64_t entry = 0;

            if (index < plan->old_entries)
                status = qcow2_load64(call, image, QCOW2_PAGE_REFTABLE,
                                      image->header.reftable_offset + index * 8, &entry);
            else if (index < plan->old_entries + plan->blocks)
                entry = (plan->cluster + index - plan->old_entries) << image->header.cluster_bits;
            be64_store(buffer + k * 8, entry);
        }
        if (status == TARN_OK)
            status = qcow2_file_write(call, image, buffer, image->cluster_size,
                                      (table + i) << image->header.cluster_bits);
    }
    return status;
}

/* Makes the table long enough to have an entry `index`. */
static int32_t grow_table(struct tarn_call *call, struct qcow2_image *image, uint64_t index)
{
    uint64_t old_offset = image->header.reftable_offset;
    uint64_t old_length = (uint64_t)image->header.reftable_clusters << image->header.cluster_bits;
    struct growth plan;
    uint8_t *buffer;
    int32_t status = plan_growth(call, image, index, &plan);

    if (status == TARN_OK)
        status = qcow2_bounce(call, image, &buffer);
    /* The new table will point to blocks that so far are only in the cache. */
    if (status == TARN_OK)
        status = qcow2_commit(call, image);
    if (status == TARN_OK)
        status = write_new_blocks(call, image, &plan, buffer);
    if (status == TARN_OK)
        status = write_new_table(call, image, &plan, buffer);
    if (status == TARN_OK)
        status = qcow2_reftable_switch(call, image,
                                       (plan.cluster + plan.blocks) << image->header.cluster_bits,
                                       (uint32_t)plan.table_clusters);
    if (status == TARN_OK)
        status = qcow2_clusters_release(call, image, old_offset, old_length);
    return status;
}

int32_t qcow2_refblock_make(struct tarn_call *call, struct qcow2_image *image, uint64_t cluster,
                            uint64_t at)
{
    uint64_t covers = qcow2_block_covers(&image->header);
    uint64_t offset = at << image->header.cluster_bits;
    uint64_t home = offset; /* the block that counts the new block */
    int32_t status;

    if (cluster / covers >= table_entries(image))
        return grow_table(call, image, cluster / covers);
    status = qcow2_guard_write(call, image, offset, image->cluster_size, true);
    if (status == TARN_OK && (image->file->flags & TARN_IO_FIXED_SIZE) &&
        offset + image->cluster_size > image->file_size)
        status = tarn_fail(call, TARN_E_NO_SPACE, 0,
                           "the container has no room for another refcount block: make it larger");
    if (status == TARN_OK)
        status = qcow2_file_zero(call, image, offset, image->cluster_size);
    if (status == TARN_OK && at / covers != cluster / covers)
        status = qcow2_refblock_find(call, image, at, &home);
    if (status == TARN_OK)
        status = qcow2_refblock_set(call, image, home, at, 1);
    /* Last: a block that is pointed to is counted. */
    if (status == TARN_OK)
        status = qcow2_store64(call, image, QCOW2_PAGE_REFTABLE,
                               image->header.reftable_offset + cluster / covers * 8, offset);
    return status;
}
