/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * write.c - guest bytes into an image. Three ways, tried in this order:
 *
 *   in place   the clusters are this image's alone and hold data already: the bytes, nothing else
 *   fresh      whole clusters that must be taken anew: many at once, straight from the buffer
 *   part       all the rest, cluster by cluster: the written bytes are completed to subclusters
 *              from what the guest read there before, or to the whole cluster if it was shared
 *              with a snapshot or compressed
 *
 * New data are in their place before the mapping changes, and the old place is released after.
 */
#include "qcow2.h"

#include <string.h>

#include "helpers/be.h"

/* So much at most is written as one fresh run: what a failure or a cancelled call leaves to undo
 * stays small. */
#define FRESH_MAX ((uint64_t)16 << 20)

int32_t qcow2_begin_change(struct tarn_call *call, struct qcow2_image *image)
{
    uint64_t kept = image->header.autoclear & QCOW2_RAW_DATA_FILE;
    uint8_t bytes[8];
    int32_t status = TARN_OK;

    if (image->broken)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "the image was found damaged and is not written any more: check and "
                         "repair it");
    if (image->releases.count > QCOW2_RELEASES_MAX)
        status = qcow2_commit(call, image);
    if (status != TARN_OK || image->changed)
        return status;
    if (image->header.autoclear != kept) {
        if (image->header.autoclear & QCOW2_BITMAPS)
            call->host->log(call, TARN_LOG_WARNING, "the image is written by a program that does "
                            "not keep its dirty bitmaps: they are marked as inconsistent");
        be64_store(bytes, kept);
        status = qcow2_file_write(call, image, bytes, sizeof(bytes), QCOW2_AT_AUTOCLEAR);
        if (status == TARN_OK)
            status = qcow2_barrier(call, image);
        if (status != TARN_OK)
            return status;
        image->header.autoclear = kept;
    }
    image->changed = true;
    return TARN_OK;
}

static int32_t write_data(struct tarn_call *call, struct qcow2_image *image, const void *bytes,
                          uint64_t length, uint64_t host)
{
    if (!qcow2_external(image))
        return qcow2_file_write(call, image, bytes, length, host);
    image->data_unsynced = true;
    return tarn_io_pwrite(call, image->data, bytes, length, host);
}

/* The subclusters that [from, to) of a cluster touches, as bits. */
static uint32_t touched_bits(const struct qcow2_image *image, uint64_t from, uint64_t to)
{
    uint32_t first = (uint32_t)(from / image->subcluster_size);
    uint32_t last = (uint32_t)((to - 1) / image->subcluster_size);

    return (uint32_t)(((uint64_t)2 << last) - ((uint64_t)1 << first));
}

static bool in_place(const struct qcow2_mapping *mapping, uint32_t touched)
{
    return mapping->placed && mapping->copied && (mapping->allocated & touched) == touched;
}

/* How many of the bytes at `guest` can be written in place, at one place. */
static int32_t in_place_run(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                            uint64_t length, uint64_t *out_host, uint64_t *out)
{
    *out = 0;
    while (*out < length) {
        uint64_t from = (guest + *out) & (image->cluster_size - 1);
        uint64_t to = qcow2_min(from + length - *out, image->cluster_size);
        struct qcow2_mapping mapping;
        int32_t status = qcow2_mapping_load(call, image, guest + *out - from, &mapping, NULL);

        if (status != TARN_OK)
            return status;
        if (!in_place(&mapping, touched_bits(image, from, to)))
            break;
        if (*out == 0)
            *out_host = mapping.host + from;
        else if (mapping.host != *out_host + *out)
            break;
        *out += to - from;
    }
    return TARN_OK;
}

static int32_t write_in_place(struct tarn_call *call, struct qcow2_image *image,
                              const void *bytes, uint64_t length, uint64_t host)
{
    int32_t status = TARN_OK;

    if (!qcow2_external(image))
        status = qcow2_guard_write(call, image, host, length, true);
    return status == TARN_OK ? write_data(call, image, bytes, length, host) : status;
}

/* What the guest's cluster used before, after its mapping has changed. */
static int32_t release_old(struct tarn_call *call, struct qcow2_image *image,
                           const struct qcow2_mapping *old)
{
    if (!old->placed || qcow2_external(image))
        return TARN_OK;
    return qcow2_clusters_release(call, image, old->host,
                                  old->compressed != 0 ? old->compressed : image->cluster_size);
}

/* How many whole clusters at `guest`, of one L2 table, need a new place. */
static int32_t count_fresh(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                           uint64_t length, uint64_t *out)
{
    uint64_t covers = qcow2_l1_covers(&image->header);
    uint64_t end = qcow2_min(guest + qcow2_min(length, FRESH_MAX), guest - guest % covers + covers);
    uint64_t at = guest;

    while (end - at >= image->cluster_size) {
        struct qcow2_mapping mapping;
        uint64_t covered;
        int32_t status = qcow2_mapping_load(call, image, at, &mapping, &covered);

        if (status != TARN_OK)
            return status;
        if (mapping.placed && mapping.copied)
            break;
        at += qcow2_min(covered, (end - at) & ~(image->cluster_size - 1));
    }
    *out = (at - guest) >> image->header.cluster_bits;
    return TARN_OK;
}

static int32_t map_fresh(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                         uint64_t host, uint64_t count)
{
    struct qcow2_mapping fresh = { .placed = true, .copied = true,
                                   .allocated = image->subclusters == 1 ? 1u : UINT32_MAX };
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < count && status == TARN_OK; i++) {
        uint64_t at = guest + (i << image->header.cluster_bits);
        struct qcow2_mapping old;

        fresh.host = host + (i << image->header.cluster_bits);
        status = qcow2_mapping_load(call, image, at, &old, NULL);
        if (status == TARN_OK)
            status = qcow2_mapping_store(call, image, at, &fresh);
        if (status == TARN_OK)
            status = release_old(call, image, &old);
    }
    return status;
}

static int32_t write_fresh(struct tarn_call *call, struct qcow2_image *image, const void *bytes,
                           uint64_t wanted, uint64_t guest, uint64_t *out)
{
    uint64_t host = guest;
    uint64_t count = wanted;
    int32_t status = qcow2_mapping_prepare(call, image, guest);

    if (status == TARN_OK && !qcow2_external(image))
        status = qcow2_clusters_take(call, image, wanted, &host, &count);
    if (status != TARN_OK)
        return status;
    *out = count << image->header.cluster_bits;
    status = write_data(call, image, bytes, *out, host);
    if (status != TARN_OK && !qcow2_external(image)) {
        qcow2_clusters_untake(call, image, host, count);
        return status;
    }
    return status == TARN_OK ? map_fresh(call, image, guest, host, count) : status;
}

/* Bytes of one cluster on their way to their place. */
struct part {
    uint64_t guest; /* of the cluster */
    uint64_t from;  /* what the guest writes, within the cluster */
    uint64_t to;
    uint64_t start; /* what is written for that */
    uint64_t end;
    uint32_t touched; /* subclusters that the guest writes */
    uint32_t kept;    /* subclusters whose data move to the new place */
    bool reuse;       /* the cluster stays where it is */
    struct qcow2_mapping old;
};

/* Does the guest read zeros in all that would complete the part? */
static bool completed_by_zeros(const struct qcow2_image *image, const struct part *part)
{
    uint64_t below = image->has_backing && image->backing == NULL ? UINT64_MAX
                                                                  : image->backing_size;

    if (part->kept != 0 || part->reuse)
        return false;
    return !image->has_backing || part->guest + part->start >= below ||
           (part->old.zero & part->touched) == part->touched;
}

static void plan_part(const struct qcow2_image *image, struct part *part)
{
    const struct qcow2_mapping *old = &part->old;
    uint32_t all = image->subclusters == 1 ? 1u : UINT32_MAX;

    part->touched = touched_bits(image, part->from, part->to);
    part->reuse = (old->placed && old->copied) || qcow2_external(image);
    part->kept = part->reuse ? 0 : old->compressed != 0 ? all : old->allocated;
    part->start = part->from & ~(image->subcluster_size - 1);
    part->end = qcow2_round_up(part->to, image->subcluster_size);
    if ((part->kept & ~part->touched) != 0) {
        part->start = 0;
        part->end = image->cluster_size;
    }
}

/* Fills [from, to) of the cluster with what must stand there. Behind the end of the disk that is
 * zeros, whatever lies below: the disk may grow. */
static int32_t complete(struct tarn_call *call, struct qcow2_image *image, const struct part *part,
                        uint8_t *cluster, uint64_t from, uint64_t to)
{
    uint64_t size = image->size > part->guest ? image->size - part->guest : 0;
    int32_t status = TARN_OK;

    while (from < to && status == TARN_OK) {
        uint64_t end = qcow2_min(to, (from | (image->subcluster_size - 1)) + 1);
        uint64_t there = from < size ? qcow2_min(end, size) : from;
        uint32_t bit = 1u << (from / image->subcluster_size);

        if (!((part->touched | part->kept) & bit))
            there = from;
        memset(cluster + there, 0, end - there);
        status = qcow2_read(call, image, cluster + from, there - from, part->guest + from);
        from = end;
    }
    return status;
}

static int32_t write_completed(struct tarn_call *call, struct qcow2_image *image,
                               const struct part *part, const void *bytes, uint64_t host)
{
    uint8_t *cluster;
    int32_t status;

    if (part->start == part->from && part->end == part->to)
        return write_data(call, image, bytes, part->to - part->from, host + part->from);
    /* A new place at the end of the file reads as zeros anyway. */
    if (completed_by_zeros(image, part) && host >= image->file_size &&
        (image->file->flags & TARN_IO_ZERO_NEW)) {
        status = qcow2_file_reach(call, image, host + image->cluster_size);
        return status == TARN_OK ? write_data(call, image, bytes, part->to - part->from,
                                              host + part->from)
                                 : status;
    }
    status = qcow2_bounce(call, image, &cluster);
    if (status == TARN_OK)
        status = complete(call, image, part, cluster, part->start, part->from);
    if (status == TARN_OK)
        status = complete(call, image, part, cluster, part->to, part->end);
    if (status != TARN_OK)
        return status;
    memcpy(cluster + part->from, bytes, part->to - part->from);
    return write_data(call, image, cluster + part->start, part->end - part->start,
                      host + part->start);
}

static int32_t map_part(struct tarn_call *call, struct qcow2_image *image,
                        const struct part *part, uint64_t host)
{
    const struct qcow2_mapping *old = &part->old;
    struct qcow2_mapping now = { .host = host, .placed = true, .copied = true };
    int32_t status;

    now.allocated = (part->reuse ? old->allocated : part->kept) | part->touched;
    now.zero = old->zero & ~part->touched;
    status = qcow2_mapping_store(call, image, part->guest, &now);
    return status == TARN_OK && !part->reuse ? release_old(call, image, old) : status;
}

static int32_t write_part(struct tarn_call *call, struct qcow2_image *image, const void *bytes,
                          uint64_t length, uint64_t guest, uint64_t *out)
{
    struct part part = { .guest = guest & ~(image->cluster_size - 1) };
    uint64_t count;
    uint64_t host;
    int32_t status;

    part.from = guest - part.guest;
    part.to = qcow2_min(part.from + length, image->cluster_size);
    *out = part.to - part.from;
    status = qcow2_mapping_load(call, image, part.guest, &part.old, NULL);
    if (status == TARN_OK)
        status = qcow2_mapping_prepare(call, image, part.guest);
    if (status != TARN_OK)
        return status;
    plan_part(image, &part);
    host = qcow2_external(image) ? part.guest : part.old.host;
    if (!part.reuse)
        status = qcow2_clusters_take(call, image, 1, &host, &count);
    else if (!qcow2_external(image))
        status = qcow2_guard_write(call, image, host, image->cluster_size, true);
    if (status != TARN_OK)
        return status;
    status = write_completed(call, image, &part, bytes, host);
    if (status == TARN_OK)
        return map_part(call, image, &part, host);
    if (!part.reuse)
        qcow2_clusters_untake(call, image, host, 1);
    return status;
}

static int32_t write_some(struct tarn_call *call, struct qcow2_image *image, const void *bytes,
                          uint64_t length, uint64_t guest, uint64_t *out)
{
    uint64_t host;
    uint64_t clusters;
    int32_t status = in_place_run(call, image, guest, length, &host, out);

    if (status != TARN_OK)
        return status;
    if (*out > 0)
        return write_in_place(call, image, bytes, *out, host);
    if ((guest & (image->cluster_size - 1)) == 0 && length >= image->cluster_size) {
        status = count_fresh(call, image, guest, length, &clusters);
        if (status != TARN_OK)
            return status;
        if (clusters > 0)
            return write_fresh(call, image, bytes, clusters, guest, out);
    }
    return write_part(call, image, bytes, length, guest, out);
}

int32_t qcow2_write(struct tarn_call *call, struct qcow2_image *image, const void *buffer,
                    uint64_t length, uint64_t offset)
{
    const uint8_t *from = buffer;
    int32_t status = TARN_OK;

    while (length > 0 && status == TARN_OK) {
        uint64_t done = 0;

        status = qcow2_begin_change(call, image);
        if (status == TARN_OK)
            status = write_some(call, image, from, length, offset, &done);
        from += done;
        offset += done;
        length -= done;
        if (length > 0 && status == TARN_OK)
            status = tarn_interrupted(call);
    }
    return status;
}
