/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check-compare.c - the refcounts that the image stores against what was counted.
 */
#include "check.h"

static int32_t end_leak(struct tarn_call *call, struct checker *checker)
{
    uint32_t bits = checker->image->header.cluster_bits;
    struct qcow2_range leak = checker->leak;

    checker->leak.count = 0;
    return leak.count > 0 ? check_leak(call, checker, leak.cluster << bits, leak.count << bits)
                          : TARN_OK;
}

static int32_t add_leak(struct tarn_call *call, struct checker *checker, uint64_t cluster)
{
    struct qcow2_range *leak = &checker->leak;
    int32_t status = leak->cluster + leak->count != cluster ? end_leak(call, checker) : TARN_OK;

    if (leak->count == 0)
        leak->cluster = cluster;
    leak->count++;
    return status;
}

/* What a repair needs to know before it changes anything. */
static int32_t note(struct tarn_call *call, struct checker *checker, uint64_t cluster,
                    uint64_t counted)
{
    const struct qcow2_header *header = &checker->image->header;
    uint64_t block;
    int32_t status;

    if (counted > UINT64_MAX >> (64 - (1u << header->refcount_order)) && checker->references == 0) {
        checker->too_wide = cluster;
        checker->references = counted;
    }
    if (checker->uncounted)
        return TARN_OK;
    status = check_block_of(call, checker, cluster, &block);
    checker->uncounted = block == 0;
    return check_unreadable(call, checker, status, "refcount of the cluster",
                            cluster << header->cluster_bits);
}

static int32_t compare_one(struct tarn_call *call, struct checker *checker, uint64_t cluster,
                           uint64_t stored, uint64_t counted)
{
    const struct qcow2_image *image = checker->image;
    int32_t status;

    checker->result.image_end = (cluster + 1) << image->header.cluster_bits;
    if (stored > counted && counted != TALLY_MOST)
        return add_leak(call, checker, cluster);
    if (stored >= counted)
        return TARN_OK;
    status = end_leak(call, checker);
    if (status == TARN_OK)
        status = note(call, checker, cluster, counted);
    if (status != TARN_OK)
        return status;
    return check_corruption(call, checker, (checker->repair & TARN_CHECK_REPAIR_ALL) != 0,
                            cluster << image->header.cluster_bits, image->cluster_size,
                            "the cluster at %llu has the refcount %llu, but %llu references",
                            (unsigned long long)cluster << image->header.cluster_bits,
                            (unsigned long long)stored, (unsigned long long)counted);
}

int32_t check_compare(struct tarn_call *call, struct checker *checker)
{
    return check_clusters(call, checker, true, compare_one);
}

int32_t check_compare_end(struct tarn_call *call, struct checker *checker)
{
    return end_leak(call, checker);
}
