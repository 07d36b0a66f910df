/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * prealloc.c - clusters that are mapped before the guest writes them.
 */
#include "qcow2.h"

#include "helpers/io-zero.h"

/* Several progress steps, and a bounded loss when it is cancelled. */
#define RUN_MAX ((uint64_t)64 << 20)

/* Does this cluster read as zeros? Then its new place holds zeros, and is mapped as data. If not,
 * the backing store shows through, and only extended L2 can reserve a place and say so. */
static bool reads_zero(const struct qcow2_image *image, const struct qcow2_mapping *mapping,
                       uint64_t guest)
{
    return !image->has_backing || mapping->zero != 0 ||
           (image->backing != NULL && guest >= image->backing_size);
}

static bool wanted(const struct qcow2_image *image, const struct qcow2_mapping *mapping,
                   uint64_t guest)
{
    return !mapping->placed && (reads_zero(image, mapping, guest) || image->subclusters > 1);
}

/* How many clusters from `guest` on, of one L2 table, are wanted, or, if the first is not, are to
 * be skipped. */
static int32_t count_alike(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                           uint64_t end, bool *out_wanted, uint64_t *out)
{
    uint64_t covers = qcow2_l1_covers(&image->header);
    uint64_t at = guest;

    end = qcow2_min(qcow2_min(end, guest - guest % covers + covers),
                    guest + qcow2_max(RUN_MAX, image->cluster_size));
    while (at < end) {
        struct qcow2_mapping mapping;
        int32_t status = qcow2_mapping_load(call, image, at, &mapping, NULL);
        bool want;

        if (status != TARN_OK)
            return status;
        want = wanted(image, &mapping, at);
        if (at == guest)
            *out_wanted = want;
        else if (want != *out_wanted)
            break;
        at += image->cluster_size;
    }
    *out = (at - guest) >> image->header.cluster_bits;
    return TARN_OK;
}

/* A data file ends where the disk does, `end`. */
static int32_t fill(struct tarn_call *call, struct qcow2_image *image, uint64_t host,
                    uint64_t length, uint64_t end, uint32_t preallocation)
{
    int32_t status = TARN_OK;

    if (!qcow2_external(image))
        status = qcow2_file_zero(call, image, host, length);
    else
        length = qcow2_min(length, end - host);
    if (status == TARN_OK && preallocation == TARN_PREALLOC_FALLOC)
        status = io_reserve(call, image->data, host, length);
    if (status == TARN_OK && preallocation == TARN_PREALLOC_FULL)
        status = io_write_zeros(call, image->data, host, length);
    return status;
}

static int32_t map(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                   uint64_t host, uint64_t count)
{
    uint32_t all = image->subclusters == 1 ? 1u : UINT32_MAX;
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < count && status == TARN_OK; i++) {
        uint64_t shift = i << image->header.cluster_bits;
        struct qcow2_mapping mapping;

        status = qcow2_mapping_load(call, image, guest + shift, &mapping, NULL);
        if (status != TARN_OK)
            return status;
        mapping.allocated = reads_zero(image, &mapping, guest + shift) ? all : 0;
        mapping.zero = 0;
        mapping.host = host + shift;
        mapping.placed = mapping.copied = true;
        status = qcow2_mapping_store(call, image, guest + shift, &mapping);
    }
    return status;
}

static int32_t place(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                     uint64_t end, uint64_t *count, uint32_t preallocation)
{
    uint64_t host = guest;
    int32_t status = qcow2_mapping_prepare(call, image, guest);

    if (status == TARN_OK && !qcow2_external(image))
        status = qcow2_clusters_take(call, image, *count, &host, count);
    if (status != TARN_OK)
        return status;
    status = fill(call, image, host, *count << image->header.cluster_bits, end, preallocation);
    if (status == TARN_OK)
        return map(call, image, guest, host, *count);
    if (!qcow2_external(image))
        qcow2_clusters_untake(call, image, host, *count);
    return status;
}

int32_t qcow2_preallocate(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                          uint64_t length, uint32_t preallocation)
{
    uint64_t start = offset & ~(image->cluster_size - 1);
    uint64_t end = offset + length;
    uint64_t at = start;
    int32_t status = TARN_OK;

    while (at < end && status == TARN_OK) {
        uint64_t count = 0;
        bool want = false;

        status = qcow2_begin_change(call, image);
        if (status == TARN_OK)
            status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = count_alike(call, image, at, end, &want, &count);
        if (status == TARN_OK && want)
            status = place(call, image, at, end, &count, preallocation);
        at += count << image->header.cluster_bits;
        call->host->progress(call, at - start, end - start);
    }
    return status;
}
