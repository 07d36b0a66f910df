/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * packed.c - the places of compressed bytes: one behind the other, across the borders of clusters,
 * so that a host cluster is shared by several of the guest's and has a reference from each. It is
 * shared by no more than its refcount can count; with refcounts of one bit, by none.
 */
#include "qcow2.h"

static uint64_t largest_count(const struct qcow2_image *image)
{
    return UINT64_MAX >> (64 - (1u << image->header.refcount_order));
}

static uint64_t cluster_of(const struct qcow2_image *image, uint64_t offset)
{
    return offset >> image->header.cluster_bits;
}

/* The bytes that are left in the cluster taken last, if it can have one more reference. */
static int32_t find_room(struct tarn_call *call, struct qcow2_image *image, uint64_t *out_count,
                         uint64_t *out_room)
{
    int32_t status;

    *out_room = *out_count = 0;
    if (image->packed_end == 0)
        return TARN_OK;
    status = qcow2_refcount_get(call, image, cluster_of(image, image->packed_end), out_count);
    if (status == TARN_OK && *out_count < largest_count(image))
        *out_room = image->cluster_size - (image->packed_end & (image->cluster_size - 1));
    return status;
}

/* An L2 entry has fewer bits for the place of compressed bytes than for a cluster's. */
static int32_t check_reach(struct tarn_call *call, const struct qcow2_image *image, uint64_t end)
{
    if (end >> (62 - (image->header.cluster_bits - 8)) == 0)
        return TARN_OK;
    return tarn_fail(call, TARN_E_NO_SPACE, 0,
                     "compressed clusters cannot lie at %llu of an image with clusters of %llu "
                     "bytes: do without compression", (unsigned long long)end,
                     (unsigned long long)image->cluster_size);
}

int32_t qcow2_packed_take(struct tarn_call *call, struct qcow2_image *image, uint64_t length,
                          uint64_t *out_offset)
{
    uint64_t at = image->packed_end;
    uint64_t count;
    uint64_t room;
    uint64_t next = 0;
    uint64_t taken;
    int32_t status = find_room(call, image, &count, &room);

    if (status == TARN_OK && room < length)
        status = qcow2_clusters_take(call, image, 1, &next, &taken);
    if (status != TARN_OK)
        return status;
    if (next != 0 && (room == 0 || at + room != next)) {
        at = next; /* what is left of the cluster before stays empty */
        room = 0;
    }
    status = check_reach(call, image, at + length);
    if (status == TARN_OK && room > 0)
        status = qcow2_refcount_set(call, image, cluster_of(image, at), count + 1);
    if (status != TARN_OK) {
        if (next != 0)
            qcow2_clusters_untake(call, image, next, 1);
        return status;
    }
    *out_offset = at;
    at += length;
    image->packed_end = (at & (image->cluster_size - 1)) != 0 ? at : 0;
    return TARN_OK;
}

void qcow2_packed_untake(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                         uint64_t length)
{
    image->packed_end = 0;
    for (uint64_t i = cluster_of(image, offset); i <= cluster_of(image, offset + length - 1); i++) {
        uint64_t count;

        if (qcow2_refcount_get(call, image, i, &count) != TARN_OK || count == 0 ||
            qcow2_refcount_set(call, image, i, count - 1) != TARN_OK)
            return; /* the failure that made this necessary is recorded; clusters leak */
        if (count == 1)
            image->free_hint = qcow2_min(image->free_hint, i);
    }
}
