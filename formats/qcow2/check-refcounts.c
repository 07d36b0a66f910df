/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check-refcounts.c - the refcounts that the image stores, and whether the structure is sound in
 * which they lie.
 */
#include "check.h"

#include <string.h>

static uint64_t table_entries(const struct qcow2_image *image)
{
    return ((uint64_t)image->header.reftable_clusters << image->header.cluster_bits) / 8;
}

bool check_in_file(const struct qcow2_image *image, uint64_t offset)
{
    return (offset & (image->cluster_size - 1)) == 0 && offset < image->file_size &&
           image->cluster_size <= image->file_size - offset;
}

/* A block has its count in the window, or lies outside, before any is counted. */
static int32_t look_at_place(struct tarn_call *call, struct checker *checker, uint64_t index,
                             uint64_t entry)
{
    const struct qcow2_image *image = checker->image;

    if (check_in_file(image, entry)) {
        tally_at(&checker->tally, entry >> image->header.cluster_bits);
        return TARN_OK;
    }
    checker->rebuild = true;
    return check_corruption(call, checker, (checker->repair & TARN_CHECK_REPAIR_ALL) != 0, entry,
                            image->cluster_size,
                            "entry %llu of the refcount table, 0x%llx, is no place of a block",
                            (unsigned long long)index, (unsigned long long)entry);
}

int32_t check_structure(struct tarn_call *call, struct checker *checker)
{
    struct qcow2_image *image = checker->image;
    uint64_t offset = image->header.reftable_offset;
    uint64_t length = (uint64_t)image->header.reftable_clusters << image->header.cluster_bits;
    int32_t status = check_count(call, checker, offset, length, "refcount table");
    uint64_t i;

    if (length == 0 || offset + length > image->file_size)
        checker->rebuild = true;
    for (i = 0; i < table_entries(image) && status == TARN_OK; i++) {
        uint64_t entry;

        status = qcow2_load64(call, image, QCOW2_PAGE_REFTABLE, offset + i * 8, &entry);
        if (status != TARN_OK)
            break;
        if (entry != 0)
            status = look_at_place(call, checker, i, entry);
        if (status == TARN_OK && (i & 1023) == 0)
            status = tarn_interrupted(call);
    }
    checker->reftable_entries = i;
    checker->rebuild |= status != TARN_OK;
    return check_unreadable(call, checker, status, "refcount table", offset);
}

static int32_t count_block(struct tarn_call *call, struct checker *checker, bool tell,
                           uint64_t entry)
{
    const struct qcow2_image *image = checker->image;
    uint64_t cluster = entry >> image->header.cluster_bits;
    int32_t status = check_count(call, checker, entry, image->cluster_size, "refcount block");

    if (status != TARN_OK || !tell || !tally_knows(&checker->tally, cluster) ||
        tally_get(&checker->tally, cluster) == 1)
        return status;
    checker->rebuild = true;
    return check_corruption(call, checker, (checker->repair & TARN_CHECK_REPAIR_ALL) != 0, entry,
                            image->cluster_size,
                            "the refcount block at %llu is used for something else too",
                            (unsigned long long)entry);
}

int32_t check_blocks(struct tarn_call *call, struct checker *checker, bool tell)
{
    struct qcow2_image *image = checker->image;
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < checker->reftable_entries && status == TARN_OK; i++) {
        uint64_t entry;

        status = qcow2_load64(call, image, QCOW2_PAGE_REFTABLE,
                              image->header.reftable_offset + i * 8, &entry);
        if (status == TARN_OK && entry != 0 && check_in_file(image, entry))
            status = count_block(call, checker, tell, entry);
        if (status == TARN_OK && (i & 1023) == 0)
            status = tarn_interrupted(call);
    }
    return check_unreadable(call, checker, status, "refcount table",
                            image->header.reftable_offset);
}

/* The entry of the refcount table as it stands; 0 where the table cannot be. */
static int32_t load_entry(struct tarn_call *call, struct checker *checker, uint64_t index,
                          uint64_t *out)
{
    struct qcow2_image *image = checker->image;
    uint64_t end = image->header.reftable_offset + (index + 1) * 8;

    *out = 0;
    if (index >= table_entries(image) ||
        qcow2_round_up(end, image->page_size) > image->file_size)
        return TARN_OK;
    return qcow2_load64(call, image, QCOW2_PAGE_REFTABLE, end - 8, out);
}

int32_t check_block_of(struct tarn_call *call, struct checker *checker, uint64_t cluster,
                       uint64_t *out)
{
    int32_t status = load_entry(call, checker,
                                cluster / qcow2_block_covers(&checker->image->header), out);

    if (status == TARN_OK && !check_in_file(checker->image, *out))
        *out = 0;
    return status;
}

int32_t check_stored(struct tarn_call *call, struct checker *checker, uint64_t cluster,
                     uint64_t *out)
{
    uint64_t block;
    int32_t status = check_block_of(call, checker, cluster, &block);

    *out = 0;
    if (status != TARN_OK || block == 0)
        return status;
    return qcow2_refblock_get(call, checker->image, block, cluster, out);
}

/* --- all clusters of a window ----------------------------------------------------------------- */

/* Clusters side by side whose refcounts stand in one page. */
struct piece {
    uint64_t cluster;
    uint64_t count;
    uint64_t stored[TALLY_CHUNK];
};

/* The first of the clusters [from, end) that a block counts, or `end`. */
static int32_t skip_missing(struct tarn_call *call, struct checker *checker, uint64_t from,
                            uint64_t end, uint64_t *out)
{
    uint64_t covers = qcow2_block_covers(&checker->image->header);
    uint64_t index = from / covers;
    uint64_t last = qcow2_min(table_entries(checker->image), qcow2_divide_up(end, covers));
    int32_t status = TARN_OK;

    for (; index < last && status == TARN_OK; index++) {
        uint64_t entry;

        status = load_entry(call, checker, index, &entry);
        if (status != TARN_OK || entry != 0)
            break;
    }
    *out = index < last ? qcow2_max(from, index * covers) : end;
    if (status != TARN_E_IO && status != TARN_E_CORRUPT && status != TARN_E_INVALID)
        return status;
    call->host->forget(call); /* who looks at these clusters fails again */
    return TARN_OK;
}

static int32_t load_piece(struct tarn_call *call, struct checker *checker, uint64_t end,
                          struct piece *piece)
{
    struct qcow2_image *image = checker->image;
    uint32_t order = image->header.refcount_order;
    uint64_t per_page = ((uint64_t)image->page_size * 8) >> order;
    uint64_t index = piece->cluster % qcow2_block_covers(&image->header);
    uint64_t block;
    uint8_t *bytes;
    int32_t status = check_block_of(call, checker, piece->cluster, &block);

    piece->count = qcow2_min(end, (piece->cluster / TALLY_CHUNK + 1) * TALLY_CHUNK);
    piece->count = qcow2_min(piece->count - piece->cluster, per_page - index % per_page);
    memset(piece->stored, 0, sizeof(piece->stored));
    if (status != TARN_OK || block == 0)
        return status;
    status = qcow2_page_at(call, image, QCOW2_PAGE_REFBLOCK,
                           block + index / per_page * image->page_size, false, &bytes);
    for (uint64_t i = 0; i < piece->count && status == TARN_OK; i++)
        piece->stored[i] = qcow2_refcount_decode(bytes, order, index % per_page + i);
    return status;
}

/* `unread` is why the refcounts of the piece could not be read. */
static int32_t visit_piece(struct tarn_call *call, struct checker *checker,
                           const struct piece *piece, int32_t unread, check_cluster_fn visit)
{
    uint32_t bits = checker->image->header.cluster_bits;
    int32_t status = tarn_interrupted(call);

    for (uint64_t i = 0; i < piece->count && status == TARN_OK; i++) {
        uint64_t cluster = piece->cluster + i;
        uint64_t counted = tally_get(&checker->tally, cluster);

        if (unread != TARN_OK)
            status = check_unreadable(call, checker, unread, "refcount of the cluster",
                                      cluster << bits);
        if (status == TARN_OK && (piece->stored[i] != 0 || counted != 0))
            status = visit(call, checker, cluster, piece->stored[i], counted);
    }
    return status;
}

int32_t check_clusters(struct tarn_call *call, struct checker *checker, bool tell,
                       check_cluster_fn visit)
{
    uint64_t end = qcow2_min(checker->clusters, checker->tally.next);
    struct piece piece = { .cluster = checker->tally.low };
    uint64_t kept = 0; /* the first cluster that a block counts, if it lies ahead */
    int32_t status = TARN_OK;

    while (piece.cluster < end && status == TARN_OK) {
        if (kept < piece.cluster)
            status = skip_missing(call, checker, piece.cluster, end, &kept);
        if (kept > piece.cluster)
            piece.cluster = tally_skip(&checker->tally, piece.cluster, kept);
        if (status != TARN_OK || piece.cluster >= end)
            break;
        status = load_piece(call, checker, end, &piece);
        if (status == TARN_OK || tell)
            status = visit_piece(call, checker, &piece, status, visit);
        piece.cluster += piece.count;
    }
    return status;
}
