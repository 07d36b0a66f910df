/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * refcounts.c - which clusters of the container are in use: taking free ones and giving back
 * those that nothing points to any more.
 */
#include "qcow2.h"

#include <stdlib.h>

int32_t qcow2_refcount_get(struct tarn_call *call, struct qcow2_image *image, uint64_t cluster,
                           uint64_t *out)
{
    uint64_t block;
    int32_t status = qcow2_refblock_find(call, image, cluster, &block);

    *out = 0;
    if (status != TARN_OK || block == 0)
        return status;
    return qcow2_refblock_get(call, image, block, cluster, out);
}

int32_t qcow2_refcount_set(struct tarn_call *call, struct qcow2_image *image, uint64_t cluster,
                           uint64_t value)
{
    uint64_t block;
    int32_t status = qcow2_refblock_find(call, image, cluster, &block);

    if (status != TARN_OK)
        return status;
    if (block == 0)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "no refcount block counts the cluster %llu: check the image",
                         (unsigned long long)cluster);
    return qcow2_refblock_set(call, image, block, cluster, value);
}

/* The first free cluster of [from, end), all of one block; `end` if there is none. */
static int32_t scan_block(struct tarn_call *call, struct qcow2_image *image, uint64_t block,
                          uint64_t from, uint64_t end, uint64_t *out)
{
    int32_t status = TARN_OK;
    uint64_t count = 1;

    while (from < end) {
        status = qcow2_refblock_get(call, image, block, from, &count);
        if (status != TARN_OK || count == 0)
            break;
        from++;
    }
    *out = from;
    return status;
}

int32_t qcow2_cluster_find_free(struct tarn_call *call, struct qcow2_image *image, uint64_t limit,
                                uint64_t *out)
{
    uint64_t covers = qcow2_block_covers(&image->header);
    uint64_t at = image->free_hint;

    while (at < limit) {
        uint64_t end = qcow2_min((at / covers + 1) * covers, limit);
        uint64_t block;
        uint64_t found = end;
        int32_t status = tarn_interrupted(call);

        if (status == TARN_OK)
            status = qcow2_refblock_find(call, image, at, &block);
        if (status == TARN_OK && block != 0)
            status = scan_block(call, image, block, at, end, &found);
        if (status != TARN_OK)
            return status;
        at = found;
        if (found < end)
            break;
    }
    *out = qcow2_min(at, limit);
    return TARN_OK;
}

/* The lowest free cluster of all, and the block that counts it; makes blocks where there are none,
 * each in the first cluster of those that it counts. */
static int32_t find_free(struct tarn_call *call, struct qcow2_image *image, uint64_t *out,
                         uint64_t *out_block)
{
    uint64_t covers = qcow2_block_covers(&image->header);
    uint64_t at = image->free_hint;

    for (;;) {
        uint64_t end = (at / covers + 1) * covers;
        int32_t status = tarn_interrupted(call);

        if (status == TARN_OK)
            status = qcow2_refblock_find(call, image, at, out_block);
        if (status == TARN_OK && *out_block == 0) {
            status = qcow2_refblock_make(call, image, at, at);
            if (status != TARN_OK)
                return status;
            continue;
        }
        if (status == TARN_OK)
            status = scan_block(call, image, *out_block, at, end, &at);
        if (status != TARN_OK)
            return status;
        if (at < end)
            break;
    }
    image->free_hint = at;
    *out = at;
    return TARN_OK;
}

/* Refcounts that call a table free are wrong: it would be overwritten. */
static int32_t check_free(struct tarn_call *call, struct qcow2_image *image, uint64_t cluster,
                          uint64_t count)
{
    uint64_t offset = cluster << image->header.cluster_bits;
    uint64_t end = (cluster + count) << image->header.cluster_bits;

    if (end > (QCOW2_OFFSET_MASK & INT64_MAX))
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "the image file cannot become larger");
    if ((image->file->flags & TARN_IO_FIXED_SIZE) && end > image->file_size)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the image has no free cluster left in the %llu bytes of its container: "
                         "make that larger", (unsigned long long)image->file_size);
    return qcow2_guard_write(call, image, offset, count << image->header.cluster_bits, true);
}

static int32_t set_used(struct tarn_call *call, struct qcow2_image *image, uint64_t cluster,
                        uint64_t count)
{
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < count && status == TARN_OK; i++)
        status = qcow2_refcount_set(call, image, cluster + i, 1);
    return status;
}

int32_t qcow2_clusters_take(struct tarn_call *call, struct qcow2_image *image, uint64_t wanted,
                            uint64_t *out_offset, uint64_t *out_count)
{
    uint64_t covers = qcow2_block_covers(&image->header);
    uint64_t cluster;
    uint64_t block;
    uint64_t count = 1;
    uint64_t room;
    uint64_t fixed_end;
    int32_t status = find_free(call, image, &cluster, &block);

    if (status != TARN_OK)
        return status;
    room = qcow2_min(wanted, covers - cluster % covers);
    fixed_end = image->file_size >> image->header.cluster_bits;
    if ((image->file->flags & TARN_IO_FIXED_SIZE) && cluster < fixed_end)
        room = qcow2_min(room, fixed_end - cluster);
    while (count < room) {
        uint64_t used;

        status = qcow2_refblock_get(call, image, block, cluster + count, &used);
        if (status != TARN_OK)
            return status;
        if (used != 0)
            break;
        count++;
    }
    status = check_free(call, image, cluster, count);
    if (status == TARN_OK)
        status = set_used(call, image, cluster, count);
    if (status != TARN_OK)
        return status;
    image->free_hint = cluster + count;
    *out_offset = cluster << image->header.cluster_bits;
    *out_count = count;
    return TARN_OK;
}

/* Looks for `count` free clusters behind all that is used. Blocks that are missing on the way go
 * into the lowest free cluster, which may be the first of the run: then the run begins later. */
static int32_t find_run(struct tarn_call *call, struct qcow2_image *image, uint64_t count,
                        uint64_t *out)
{
    uint64_t start = qcow2_divide_up(image->file_size, image->cluster_size);
    uint64_t end = start;
    int32_t status = TARN_OK;

    while (end - start < count) {
        uint64_t block;
        uint64_t at;
        uint64_t used;

        status = qcow2_refblock_find(call, image, end, &block);
        if (status == TARN_OK && block == 0) {
            status = qcow2_cluster_find_free(call, image, end, &at);
            if (status == TARN_OK)
                status = qcow2_refblock_make(call, image, end, at);
            if (status != TARN_OK)
                return status;
            if (at >= start && at < end)
                start = at + 1;
            continue;
        }
        if (status == TARN_OK)
            status = qcow2_refblock_get(call, image, block, end, &used);
        if (status != TARN_OK)
            return status;
        end++;
        if (used != 0)
            start = end;
    }
    *out = start;
    return TARN_OK;
}

int32_t qcow2_clusters_take_all(struct tarn_call *call, struct qcow2_image *image, uint64_t count,
                                uint64_t *out_offset)
{
    uint64_t got;
    uint64_t cluster;
    int32_t status = qcow2_clusters_take(call, image, count, out_offset, &got);

    if (status != TARN_OK || got == count)
        return status;
    qcow2_clusters_untake(call, image, *out_offset, got);
    status = find_run(call, image, count, &cluster);
    if (status == TARN_OK)
        status = check_free(call, image, cluster, count);
    if (status == TARN_OK)
        status = set_used(call, image, cluster, count);
    if (status == TARN_OK)
        *out_offset = cluster << image->header.cluster_bits;
    return status;
}

/* The failure that made this necessary is recorded already; if this fails too, clusters leak. */
void qcow2_clusters_untake(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                           uint64_t count)
{
    uint64_t cluster = offset >> image->header.cluster_bits;

    for (uint64_t i = 0; i < count; i++)
        if (qcow2_refcount_set(call, image, cluster + i, 0) != TARN_OK)
            return;
    image->free_hint = qcow2_min(image->free_hint, cluster);
}

int32_t qcow2_clusters_release(struct tarn_call *call, struct qcow2_image *image,
                               uint64_t offset, uint64_t length)
{
    struct qcow2_releases *releases = &image->releases;
    uint64_t first = offset >> image->header.cluster_bits;
    uint64_t count = ((offset + length - 1) >> image->header.cluster_bits) - first + 1;
    struct qcow2_range *last;

    if (releases->count > 0) {
        last = &releases->ranges[releases->count - 1];
        if (last->cluster + last->count == first) {
            last->count += count;
            return TARN_OK;
        }
    }
    if (releases->count == releases->room) {
        uint64_t room = releases->room != 0 ? releases->room * 2 : 64;
        struct qcow2_range *ranges = realloc(releases->ranges, room * sizeof(*ranges));

        if (ranges == NULL)
            return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to release clusters");
        releases->ranges = ranges;
        releases->room = room;
    }
    releases->ranges[releases->count++] = (struct qcow2_range){ first, count };
    return TARN_OK;
}

/* One reference less; *out_free says whether that was the last. */
static int32_t count_down(struct tarn_call *call, struct qcow2_image *image, uint64_t cluster,
                          bool *out_free)
{
    uint64_t count;
    int32_t status = qcow2_refcount_get(call, image, cluster, &count);

    if (status != TARN_OK)
        return status;
    if (count == 0)
        return qcow2_mark_corrupt(call, image, "the cluster %llu is in use, but its refcount is 0",
                                  (unsigned long long)cluster);
    *out_free = count == 1;
    return qcow2_refcount_set(call, image, cluster, count - 1);
}

/* What held tables is forgotten by the cache, and the storage gets its space back. */
static int32_t give_back(struct tarn_call *call, struct qcow2_image *image, uint64_t cluster,
                         uint64_t count)
{
    uint64_t offset = cluster << image->header.cluster_bits;
    uint64_t length = count << image->header.cluster_bits;

    if (count == 0)
        return TARN_OK;
    qcow2_pages_forget(image, offset, length);
    image->free_hint = qcow2_min(image->free_hint, cluster);
    if (offset >= image->file_size)
        return TARN_OK;
    return tarn_io_discard(call, image->file, offset, qcow2_min(length, image->file_size - offset));
}

/* Counts the range down from its end, so that what is left of it is again a range. */
static int32_t apply(struct tarn_call *call, struct qcow2_image *image, struct qcow2_range *range)
{
    uint64_t freed = 0;
    int32_t status = TARN_OK;

    while (range->count > 0 && status == TARN_OK) {
        uint64_t cluster = range->cluster + range->count - 1;
        bool is_free = false;

        status = count_down(call, image, cluster, &is_free);
        if (status != TARN_OK)
            break;
        range->count--;
        if (is_free) {
            freed++;
            continue;
        }
        status = give_back(call, image, cluster + 1, freed);
        freed = 0;
    }
    if (freed > 0) {
        int32_t given = give_back(call, image, range->cluster + range->count, freed);

        status = status != TARN_OK ? status : given;
    }
    return status;
}

int32_t qcow2_releases_apply(struct tarn_call *call, struct qcow2_image *image)
{
    struct qcow2_releases *releases = &image->releases;
    int32_t status = TARN_OK;

    while (releases->count > 0 && status == TARN_OK) {
        status = apply(call, image, &releases->ranges[releases->count - 1]);
        if (status == TARN_OK || image->broken) /* what is wrong stays so: don't try it again */
            releases->count--;
    }
    return status;
}

/* The end of what the block counts as used; its first cluster if nothing is. */
static int32_t block_used_end(struct tarn_call *call, struct qcow2_image *image, uint64_t block,
                              uint64_t first, uint64_t *out)
{
    uint64_t end = first + qcow2_block_covers(&image->header);
    uint64_t count = 0;
    int32_t status = TARN_OK;

    while (end > first && status == TARN_OK && count == 0) {
        status = qcow2_refblock_get(call, image, block, end - 1, &count);
        if (count == 0)
            end--;
    }
    *out = end;
    return status;
}

int32_t qcow2_used_end(struct tarn_call *call, struct qcow2_image *image, uint64_t *out)
{
    uint64_t covers = qcow2_block_covers(&image->header);
    uint64_t index = ((uint64_t)image->header.reftable_clusters << image->header.cluster_bits) / 8;
    int32_t status = TARN_OK;

    *out = 0;
    while (index-- > 0 && status == TARN_OK) {
        uint64_t block;
        uint64_t end;

        status = qcow2_refblock_find(call, image, index * covers, &block);
        if (status != TARN_OK || block == 0)
            continue;
        status = block_used_end(call, image, block, index * covers, &end);
        if (status == TARN_OK && end > index * covers) {
            *out = end << image->header.cluster_bits;
            return TARN_OK;
        }
    }
    return status;
}
