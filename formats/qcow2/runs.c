/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * runs.c - adjacent guest bytes of one kind, and the map that is made of them.
 */
#include "qcow2.h"

/* The rest of the subcluster at `in_cluster`. */
static void piece_of(const struct qcow2_image *image, const struct qcow2_mapping *mapping,
                     uint64_t in_cluster, struct qcow2_run *out)
{
    uint32_t bit = 1u << (in_cluster / image->subcluster_size);

    *out = (struct qcow2_run){ .placed = mapping->placed, .host = mapping->host + in_cluster };
    out->length = image->subcluster_size - in_cluster % image->subcluster_size;
    if (mapping->compressed != 0) {
        *out = (struct qcow2_run){ .kind = QCOW2_RUN_COMPRESSED, .host = mapping->host,
                                   .compressed = mapping->compressed,
                                   .length = image->cluster_size - in_cluster };
    } else if (mapping->allocated & bit) {
        out->kind = QCOW2_RUN_DATA;
    } else {
        out->kind = mapping->zero & bit ? QCOW2_RUN_ZERO : QCOW2_RUN_UNALLOCATED;
    }
}

static bool continues(const struct qcow2_run *run, const struct qcow2_run *next)
{
    return run->kind == next->kind && run->kind != QCOW2_RUN_COMPRESSED &&
           run->placed == next->placed &&
           (!run->placed || run->host + run->length == next->host);
}

/* Adds the pieces of one cluster; false when the run has ended. */
static bool add_cluster(const struct qcow2_image *image, const struct qcow2_mapping *mapping,
                        uint64_t guest, uint64_t end, struct qcow2_run *run)
{
    uint64_t stop = qcow2_min(end, (guest | (image->cluster_size - 1)) + 1);

    while (guest < stop) {
        struct qcow2_run piece;

        piece_of(image, mapping, guest & (image->cluster_size - 1), &piece);
        piece.length = qcow2_min(piece.length, stop - guest);
        if (run->length == 0)
            *run = piece;
        else if (continues(run, &piece))
            run->length += piece.length;
        else
            return false;
        guest += piece.length;
    }
    return run->kind != QCOW2_RUN_COMPRESSED;
}

int32_t qcow2_run_at(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                     uint64_t limit, struct qcow2_run *out)
{
    uint64_t end = guest + limit;
    uint64_t clusters = 0;
    bool more = true;

    *out = (struct qcow2_run){ 0 };
    while (more && guest + out->length < end) {
        uint64_t at = guest + out->length;
        uint64_t cluster = at & ~(image->cluster_size - 1);
        struct qcow2_mapping mapping;
        uint64_t covered;
        int32_t status = (++clusters & 1023) == 0 ? tarn_interrupted(call) : TARN_OK;

        if (status == TARN_OK)
            status = qcow2_mapping_load(call, image, cluster, &mapping, &covered);
        if (status != TARN_OK)
            return status;
        if (covered > image->cluster_size &&
            (out->length == 0 || (out->kind == QCOW2_RUN_UNALLOCATED && !out->placed))) {
            out->kind = QCOW2_RUN_UNALLOCATED;
            out->length += qcow2_min(cluster + covered, end) - at;
        } else {
            more = add_cluster(image, &mapping, at, end, out);
        }
    }
    return TARN_OK;
}

/* Extents are told when the next one is of another kind. */
struct pending {
    struct tarn_extent extent;
    tarn_extent_fn emit;
    void *arg;
};

static int32_t tell_pending(struct tarn_call *call, struct pending *pending)
{
    return pending->extent.length > 0 ? pending->emit(call, &pending->extent, pending->arg)
                                      : TARN_OK;
}

static int32_t add_extent(struct tarn_call *call, struct pending *pending,
                          const struct tarn_extent *next)
{
    struct tarn_extent *last = &pending->extent;
    int32_t status;

    if (last->length > 0 && last->kind == next->kind && last->flags == next->flags &&
        (!(last->flags & TARN_EXTENT_HOST) ||
         last->host_offset + last->length == next->host_offset)) {
        last->length += next->length;
        return TARN_OK;
    }
    status = tell_pending(call, pending);
    *last = *next;
    return status;
}

/* What is not allocated comes from the backing store as far as that reaches. With extended L2 a
 * place may be reserved for it all the same, which is told where nothing lies below. */
static int32_t add_unallocated(struct tarn_call *call, const struct qcow2_image *image,
                               struct pending *pending, struct tarn_extent *extent)
{
    uint64_t end = extent->offset + extent->length;
    uint32_t flags = extent->flags;
    uint64_t start = extent->offset;
    uint64_t below = 0;
    int32_t status = TARN_OK;

    if (image->has_backing)
        below = image->backing != NULL ? qcow2_min(image->backing_size, end) : end;
    if (below > extent->offset) {
        extent->kind = TARN_EXTENT_BACKING;
        extent->flags = 0;
        extent->length = below - extent->offset;
        status = add_extent(call, pending, extent);
        extent->offset = below;
    }
    if (status != TARN_OK || extent->offset >= end)
        return status;
    extent->kind = TARN_EXTENT_HOLE;
    extent->flags = flags;
    extent->host_offset += extent->offset - start;
    extent->length = end - extent->offset;
    return add_extent(call, pending, extent);
}

static int32_t add_run(struct tarn_call *call, const struct qcow2_image *image,
                       struct pending *pending, uint64_t offset, const struct qcow2_run *run)
{
    struct tarn_extent extent = { .struct_size = sizeof(extent), .offset = offset,
                                  .length = run->length };

    if (run->kind == QCOW2_RUN_COMPRESSED) {
        extent.flags = TARN_EXTENT_COMPRESSED;
    } else if (run->placed && !qcow2_external(image)) {
        extent.flags = TARN_EXTENT_HOST;
        extent.host_offset = run->host;
    }
    if (run->kind == QCOW2_RUN_UNALLOCATED)
        return add_unallocated(call, image, pending, &extent);
    extent.kind = run->kind == QCOW2_RUN_ZERO ? TARN_EXTENT_ZERO : TARN_EXTENT_DATA;
    return add_extent(call, pending, &extent);
}

int32_t qcow2_extents(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                      uint64_t length, tarn_extent_fn emit, void *arg)
{
    struct pending pending = { .emit = emit, .arg = arg };
    int32_t status = TARN_OK;

    while (length > 0 && status == TARN_OK) {
        struct qcow2_run run;

        status = qcow2_run_at(call, image, offset, length, &run);
        if (status == TARN_OK)
            status = add_run(call, image, &pending, offset, &run);
        offset += run.length;
        length -= run.length;
        if (status == TARN_OK)
            status = tarn_interrupted(call);
    }
    return status == TARN_OK ? tell_pending(call, &pending) : status;
}
