/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * zero.c - zeros without writing them, and unmapping.
 *
 * Version 3 can say of a cluster, or with extended L2 of a subcluster, that it reads as zeros.
 * Version 2 can only unmap, which reads as zeros if nothing lies below.
 */
#include "qcow2.h"

#include <stdlib.h>

static uint32_t all_bits(const struct qcow2_image *image)
{
    return image->subclusters == 1 ? 1u : UINT32_MAX;
}

static int32_t change(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                      const struct qcow2_mapping *old, const struct qcow2_mapping *now)
{
    int32_t status = qcow2_mapping_prepare(call, image, guest);

    if (status == TARN_OK)
        status = qcow2_mapping_store(call, image, guest, now);
    if (status != TARN_OK || !old->placed || now->placed || qcow2_external(image))
        return status;
    return qcow2_clusters_release(call, image, old->host,
                                  old->compressed != 0 ? old->compressed : image->cluster_size);
}

/* Makes the subclusters `bits` of a cluster read as zeros. With `unmap` a whole cluster loses its
 * place, else it keeps it if it is this image's alone. */
static int32_t zero_bits(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                         uint32_t bits, bool unmap)
{
    struct qcow2_mapping old;
    struct qcow2_mapping now;
    bool whole = bits == all_bits(image);
    int32_t status = qcow2_mapping_load(call, image, guest, &old, NULL);

    if (status != TARN_OK)
        return status;
    now = old;
    now.allocated &= ~bits;
    if (image->header.version >= 3)
        now.zero |= bits;
    if (whole && (unmap || !old.copied || old.compressed != 0) && !qcow2_external(image))
        now = (struct qcow2_mapping){ .zero = now.zero };
    if (now.placed == old.placed && now.allocated == old.allocated &&
        (now.zero == old.zero || (!old.placed && !image->has_backing)))
        return TARN_OK;
    return change(call, image, guest, &old, &now);
}

/* Written out: a piece of a subcluster, or of a compressed cluster. */
static int32_t write_zeros(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                           uint64_t length)
{
    struct qcow2_run run;
    void *zeros;
    int32_t status = qcow2_run_at(call, image, offset, length, &run);

    if (status != TARN_OK ||
        (run.length == length && (run.kind == QCOW2_RUN_ZERO ||
                                  (run.kind == QCOW2_RUN_UNALLOCATED && !image->has_backing))))
        return status;
    zeros = calloc(1, length);
    if (zeros == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for zeros");
    status = qcow2_write(call, image, zeros, length, offset);
    free(zeros);
    return status;
}

/* The bits of [first, end), of at most 32. */
static uint32_t units_between(uint64_t first, uint64_t end)
{
    return (uint32_t)(((uint64_t)1 << end) - ((uint64_t)1 << first));
}

/* Zeros [from, to) within one cluster. What lies behind the end of the disk may be zeroed too. */
static int32_t zero_in_cluster(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                               uint64_t from, uint64_t to, bool unmap)
{
    uint64_t unit = image->subcluster_size;
    uint64_t first;
    uint64_t end;
    struct qcow2_mapping mapping;
    int32_t status;

    if (guest + to == image->size && !qcow2_external(image))
        to = image->cluster_size;
    first = qcow2_round_up(from, unit);
    end = to & ~(unit - 1);
    status = qcow2_mapping_load(call, image, guest, &mapping, NULL);
    if (status == TARN_OK && (first >= end || (mapping.compressed != 0 && end - first <
                                               image->cluster_size)))
        return write_zeros(call, image, guest + from, to - from);
    if (status == TARN_OK && from < first)
        status = write_zeros(call, image, guest + from, first - from);
    if (status == TARN_OK && end < to)
        status = write_zeros(call, image, guest + end, to - end);
    if (status == TARN_OK)
        status = zero_bits(call, image, guest, units_between(first / unit, end / unit), unmap);
    return status;
}

static bool aligned(const struct qcow2_image *image, uint64_t offset)
{
    return (offset & (image->subcluster_size - 1)) == 0 || offset == image->size;
}

/* Can it be done by marks alone? */
static bool can_mark(const struct qcow2_image *image, uint64_t offset, uint64_t length,
                     uint32_t flags)
{
    if ((flags & TARN_ZERO_FAST_ONLY) && (!aligned(image, offset) ||
                                          !aligned(image, offset + length)))
        return false;
    return image->header.version >= 3 || (!image->has_backing && (flags & TARN_ZERO_MAY_UNMAP));
}

/* Zeros as much of [from, end) as is done at once: what has no L2 table in one go, even above a
 * backing store; else one cluster. */
static int32_t zero_next(struct tarn_call *call, struct qcow2_image *image, uint64_t from,
                         uint64_t end, bool unmap, uint64_t *out_to)
{
    uint64_t guest = from & ~(image->cluster_size - 1);
    struct qcow2_mapping mapping;
    uint64_t covered;
    int32_t status = qcow2_mapping_load(call, image, guest, &mapping, &covered);

    *out_to = qcow2_min(guest + image->cluster_size, end);
    if (status != TARN_OK)
        return status;
    if (covered > image->cluster_size && !image->has_backing) {
        *out_to = qcow2_min(guest + covered, end); /* there is nothing at all */
        return TARN_OK;
    }
    if (covered == qcow2_l1_covers(&image->header) && from == guest &&
        image->header.version >= 3 && (end == image->size || end >= guest + covered)) {
        *out_to = qcow2_min(guest + covered, end);
        return qcow2_mapping_mark_table(call, image, guest,
                                        qcow2_divide_up(*out_to - guest, image->cluster_size));
    }
    return zero_in_cluster(call, image, guest, from - guest, *out_to - guest, unmap);
}

int32_t qcow2_zero(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                   uint64_t length, uint32_t flags)
{
    uint64_t end = offset + length;
    int32_t status = TARN_OK;

    if (!can_mark(image, offset, length, flags))
        return TARN_E_UNSUPPORTED;
    /* With autoclear bit 1 the data file must by itself be what the guest sees. */
    if (qcow2_external(image)) {
        status = tarn_io_zero(call, image->data, offset, length, flags);
        image->data_unsynced = true;
    }
    while (offset < end && status == TARN_OK) {
        status = qcow2_begin_change(call, image);
        if (status == TARN_OK)
            status = zero_next(call, image, offset, end, (flags & TARN_ZERO_MAY_UNMAP) != 0,
                               &offset);
        if (status == TARN_OK)
            status = tarn_interrupted(call);
    }
    return status;
}

static int32_t discard_cluster(struct tarn_call *call, struct qcow2_image *image, uint64_t guest)
{
    struct qcow2_mapping old;
    struct qcow2_mapping now = { .zero = 0 };
    int32_t status = qcow2_mapping_load(call, image, guest, &old, NULL);

    if (status != TARN_OK || !old.placed)
        return status;
    /* What lies below must not show through: it is older than what is discarded. */
    if (image->has_backing || old.zero != 0)
        now.zero = all_bits(image);
    return change(call, image, guest, &old, &now);
}

int32_t qcow2_discard(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                      uint64_t length)
{
    uint64_t end = offset + length;
    uint64_t guest = qcow2_round_up(offset, image->cluster_size);
    int32_t status = TARN_OK;

    if (qcow2_external(image))
        return tarn_io_discard(call, image->data, offset, length);
    if (image->header.version < 3 && image->has_backing)
        return TARN_OK;
    if (end == image->size)
        end = qcow2_round_up(end, image->cluster_size);
    while (status == TARN_OK && guest + image->cluster_size <= end) {
        struct qcow2_mapping mapping;
        uint64_t covered = 0;

        status = qcow2_begin_change(call, image);
        if (status == TARN_OK)
            status = qcow2_mapping_load(call, image, guest, &mapping, &covered);
        if (status == TARN_OK && covered == image->cluster_size)
            status = discard_cluster(call, image, guest);
        guest += covered;
        if (status == TARN_OK)
            status = tarn_interrupted(call);
    }
    return status;
}

/* Takes a whole L2 table away, and with it the references to all that it maps. */
static int32_t drop_table(struct tarn_call *call, struct qcow2_image *image, uint64_t index,
                          uint64_t l1_entry)
{
    uint64_t entry_size = qcow2_l2_entry_size(&image->header);
    uint64_t table = l1_entry & QCOW2_OFFSET_MASK;
    int32_t status = qcow2_store64(call, image, QCOW2_PAGE_L1, image->l1_offset + index * 8, 0);

    for (uint64_t i = 0; i < qcow2_l2_entries(&image->header) && status == TARN_OK; i++) {
        struct qcow2_mapping mapping;
        uint64_t entry;

        status = qcow2_load64(call, image, QCOW2_PAGE_L2, table + i * entry_size, &entry);
        if (status != TARN_OK || (entry & ~QCOW2_ZERO) == 0)
            continue;
        /* A damaged entry holds nothing that could be released. */
        if (qcow2_mapping_decode(image, entry, 0, &mapping) != NULL || !mapping.placed ||
            qcow2_external(image))
            continue;
        status = qcow2_clusters_release(call, image, mapping.host,
                                        mapping.compressed != 0 ? mapping.compressed
                                                                : image->cluster_size);
    }
    return status == TARN_OK ? qcow2_clusters_release(call, image, table, image->cluster_size)
                             : status;
}

static int32_t drop_part(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                         uint64_t end)
{
    int32_t status = TARN_OK;

    for (; guest < end && status == TARN_OK; guest += image->cluster_size) {
        const struct qcow2_mapping none = { .zero = 0 };
        struct qcow2_mapping old;

        status = qcow2_mapping_load(call, image, guest, &old, NULL);
        if (status == TARN_OK && (old.placed || old.zero != 0 || old.allocated != 0))
            status = change(call, image, guest, &old, &none);
    }
    return status;
}

int32_t qcow2_drop_from(struct tarn_call *call, struct qcow2_image *image, uint64_t offset)
{
    uint64_t covers = qcow2_l1_covers(&image->header);
    int32_t status = TARN_OK;

    for (uint64_t index = offset / covers; index < image->l1_size && status == TARN_OK; index++) {
        uint64_t first = index * covers;
        struct qcow2_mapping mapping;
        uint64_t covered;
        uint64_t entry;

        status = qcow2_begin_change(call, image);
        if (status == TARN_OK)
            status = tarn_interrupted(call);
        if (status == TARN_OK) /* which also checks the entry */
            status = qcow2_mapping_load(call, image, qcow2_max(first, offset), &mapping, &covered);
        if (status == TARN_OK)
            status = qcow2_load64(call, image, QCOW2_PAGE_L1, image->l1_offset + index * 8,
                                  &entry);
        if (status != TARN_OK || entry == 0)
            continue;
        status = first >= offset ? drop_table(call, image, index, entry)
                                 : drop_part(call, image, offset, first + covers);
    }
    return status;
}
