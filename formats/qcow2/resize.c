/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * resize.c - a larger or a smaller disk. The eight bytes of the header that say how large it is
 * change in one write: growing prepares everything before it, shrinking cleans up behind it, so
 * that a crash leaves the old size or the new one, and what is added always reads as zeros.
 */
#include "qcow2.h"

#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"
#include "helpers/io-zero.h"

#define ZERO_CHUNK ((uint64_t)1 << 20)

static int32_t need_size(struct tarn_call *call, const struct qcow2_snapshot *snapshot, void *arg)
{
    (void)arg;
    if (snapshot->has_size)
        return TARN_OK;
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                     "the snapshot %s does not record the size of its disk, so the disk must keep "
                     "its size: delete the snapshot first", snapshot->id);
}

static int32_t check_snapshots(struct tarn_call *call, struct qcow2_image *image)
{
    if (image->header.snapshot_count > 0 && image->header.version < 3)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "a version 2 image with snapshots must keep its size, as its snapshots "
                         "do not record theirs: delete the snapshots first");
    return qcow2_snapshots_each(call, image->file, image->file_size, &image->header, need_size,
                                NULL, NULL);
}

static int32_t check_resize(struct tarn_call *call, struct qcow2_image *image, uint64_t size,
                            uint32_t flags)
{
    uint64_t needed = qcow2_divide_up(size, qcow2_l1_covers(&image->header));

    if (size < image->size && !(flags & TARN_TRUNCATE_SHRINK))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "%llu bytes are less than the %llu of the disk: data would be lost",
                         (unsigned long long)size, (unsigned long long)image->size);
    if (size > INT64_MAX || needed > QCOW2_MAX_L1_ENTRIES)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "with clusters of %llu bytes a disk has at most %llu bytes, not %llu",
                         (unsigned long long)image->cluster_size,
                         (unsigned long long)(QCOW2_MAX_L1_ENTRIES *
                                              qcow2_l1_covers(&image->header)),
                         (unsigned long long)size);
    if (size > image->size && image->has_backing && image->backing == NULL)
        return tarn_fail(call, TARN_E_STATE, 0,
                         "the disk cannot grow without its backing store, which could show in the "
                         "new part: open it with that");
    return check_snapshots(call, image);
}

static int32_t write_size(struct tarn_call *call, struct qcow2_image *image, uint64_t size)
{
    uint8_t bytes[8];
    int32_t status = qcow2_commit(call, image);

    be64_store(bytes, size);
    if (status == TARN_OK)
        status = qcow2_barrier(call, image);
    if (status == TARN_OK)
        status = qcow2_file_write(call, image, bytes, sizeof(bytes), QCOW2_AT_SIZE);
    if (status == TARN_OK)
        status = qcow2_barrier(call, image);
    if (status == TARN_OK)
        image->size = image->header.size = size;
    return status;
}

/* Points the header to an L1 table that is on the storage already. */
static int32_t switch_l1(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                         uint32_t entries)
{
    uint8_t bytes[12];
    int32_t status = qcow2_barrier(call, image);

    /* Size and place stand side by side, in one sector: they change together. */
    be32_store(bytes, entries);
    be64_store(bytes + 4, offset);
    if (status == TARN_OK)
        status = qcow2_file_write(call, image, bytes, sizeof(bytes), QCOW2_AT_L1_SIZE);
    if (status == TARN_OK)
        status = qcow2_barrier(call, image);
    if (status != TARN_OK)
        return status;
    image->l1_offset = image->header.l1_offset = offset;
    image->l1_size = image->header.l1_size = entries;
    return qcow2_guards_build(call, image);
}

static int32_t copy_l1(struct tarn_call *call, struct qcow2_image *image, uint64_t to,
                       uint64_t clusters)
{
    uint64_t left = image->l1_size * 8;
    uint8_t *buffer;
    int32_t status = qcow2_bounce(call, image, &buffer);

    for (uint64_t i = 0; i < clusters && status == TARN_OK; i++) {
        uint64_t length = qcow2_min(left, image->cluster_size);
        uint64_t at = i << image->header.cluster_bits;

        memset(buffer + length, 0, image->cluster_size - length);
        if (length > 0)
            status = tarn_io_pread(call, image->file, buffer, length, image->l1_offset + at);
        if (status == TARN_OK)
            status = qcow2_file_write(call, image, buffer, image->cluster_size, to + at);
        left -= length;
    }
    return status;
}

/* The table fills whole clusters, so that it often can grow where it is. */
static int32_t grow_l1(struct tarn_call *call, struct qcow2_image *image, uint64_t needed)
{
    uint64_t old_offset = image->l1_offset;
    uint64_t old_length = image->l1_size * 8;
    uint64_t room = qcow2_round_up(old_length, image->cluster_size);
    uint64_t length = qcow2_min(qcow2_round_up(needed * 8, image->cluster_size),
                                (uint64_t)QCOW2_MAX_L1_ENTRIES * 8);
    uint64_t clusters = qcow2_divide_up(length, image->cluster_size);
    uint64_t offset;
    int32_t status;

    if (needed <= image->l1_size)
        return TARN_OK;
    status = qcow2_commit(call, image); /* below, the table is read and written as it is stored */
    if (status == TARN_OK && length <= room) {
        status = qcow2_file_zero(call, image, old_offset + old_length, length - old_length);
        return status == TARN_OK ? switch_l1(call, image, old_offset, (uint32_t)(length / 8))
                                 : status;
    }
    if (status == TARN_OK)
        status = qcow2_clusters_take_all(call, image, clusters, &offset);
    if (status != TARN_OK)
        return status;
    status = copy_l1(call, image, offset, clusters);
    if (status != TARN_OK) {
        qcow2_clusters_untake(call, image, offset, clusters);
        return status;
    }
    /* The new table's clusters are counted before the header points to them. */
    status = qcow2_commit(call, image);
    if (status == TARN_OK)
        status = switch_l1(call, image, offset, (uint32_t)(length / 8));
    if (status == TARN_OK && old_length > 0)
        status = qcow2_clusters_release(call, image, old_offset, old_length);
    return status;
}

static int32_t write_zeros(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                           uint64_t length)
{
    uint64_t chunk = qcow2_min(length, ZERO_CHUNK);
    uint8_t *zeros = calloc(1, chunk);
    int32_t status = TARN_OK;

    if (zeros == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for zeros");
    while (length > 0 && status == TARN_OK) {
        uint64_t piece = qcow2_min(length, chunk);

        status = qcow2_write(call, image, zeros, piece, offset);
        offset += piece;
        length -= piece;
    }
    free(zeros);
    return status;
}

/* Makes the range read as zeros, as far as it does not: stored bytes, and those that come from the
 * backing store. */
static int32_t clear(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                     uint64_t end, bool below_too)
{
    int32_t status = TARN_OK;

    while (offset < end && status == TARN_OK) {
        uint64_t length;
        struct qcow2_run run;

        status = qcow2_run_at(call, image, offset, end - offset, &run);
        if (status != TARN_OK)
            return status;
        length = run.length;
        if (run.kind == QCOW2_RUN_UNALLOCATED)
            length = below_too && offset < image->backing_size
                         ? qcow2_min(length, image->backing_size - offset) : 0;
        if (run.kind != QCOW2_RUN_ZERO && length > 0) {
            status = qcow2_zero(call, image, offset, length, TARN_ZERO_MAY_UNMAP);
            if (status == TARN_E_UNSUPPORTED)
                status = write_zeros(call, image, offset, length);
        }
        offset += run.length;
    }
    return status;
}

/* What a raw data file holds behind the end of the disk would be seen. */
static int32_t grow_data_file(struct tarn_call *call, struct qcow2_image *image, uint64_t size,
                              uint32_t flags)
{
    uint64_t have;
    int32_t status;

    if (!qcow2_external(image))
        return TARN_OK;
    status = tarn_io_size(call, image->data, &have);
    image->data_unsynced = true;
    if (status == TARN_OK && qcow2_raw_data(image) && have > image->size)
        status = io_zero(call, image->data, image->size,
                         qcow2_min(have, size) - image->size, TARN_ZERO_MAY_UNMAP);
    if (status != TARN_OK || have >= size)
        return status;
    return tarn_io_truncate(call, image->data, size, flags & TARN_TRUNCATE_ALLOCATE);
}

/* Bytes behind the old end may be stored, by an older shrink or by whoever made the image. */
static int32_t prepare_growth(struct tarn_call *call, struct qcow2_image *image, uint64_t size,
                              uint32_t flags)
{
    uint64_t old = image->size;
    uint64_t old_end = qcow2_round_up(old, image->cluster_size);
    /* A data file ends with the disk. */
    uint64_t clear_end = qcow2_external(image) ? qcow2_min(old_end, size) : old_end;
    int32_t status = grow_l1(call, image, qcow2_divide_up(size, qcow2_l1_covers(&image->header)));

    if (status == TARN_OK)
        status = qcow2_drop_from(call, image, old_end);
    if (status == TARN_OK)
        status = grow_data_file(call, image, size, flags);
    if (status == TARN_OK)
        status = clear(call, image, old,
                       qcow2_max(clear_end, qcow2_min(size, image->backing_size)), true);
    if (status == TARN_OK && ((flags & TARN_TRUNCATE_ALLOCATE) || qcow2_raw_data(image)))
        status = qcow2_preallocate(call, image, old, size - old,
                                   flags & TARN_TRUNCATE_ALLOCATE ? TARN_PREALLOC_FALLOC
                                                                  : TARN_PREALLOC_METADATA);
    return status;
}

/* Gives the end of the container back, as far as nothing lies there. */
static int32_t cut_tail(struct tarn_call *call, struct qcow2_image *image)
{
    uint64_t end;
    int32_t status = qcow2_barrier(call, image);

    if (status != TARN_OK || (image->file->flags & TARN_IO_FIXED_SIZE))
        return status;
    status = qcow2_used_end(call, image, &end);
    if (status != TARN_OK || end >= image->file_size)
        return status;
    status = tarn_io_truncate(call, image->file, end, TARN_TRUNCATE_SHRINK);
    if (status == TARN_OK)
        image->file_size = end;
    return status;
}

static int32_t grow(struct tarn_call *call, struct qcow2_image *image, uint64_t size,
                    uint32_t flags)
{
    uint64_t old = image->size;
    int32_t status = prepare_growth(call, image, size, flags);

    if (status == TARN_OK)
        return write_size(call, image, size);
    /* What was allocated for the new part goes back, so that failing costs nothing. */
    if (flags & TARN_TRUNCATE_ALLOCATE &&
        qcow2_drop_from(call, image, qcow2_round_up(old, image->cluster_size)) == TARN_OK &&
        qcow2_image_finish(call, image) == TARN_OK)
        cut_tail(call, image);
    return status;
}

static int32_t shrink(struct tarn_call *call, struct qcow2_image *image, uint64_t size)
{
    uint64_t end = qcow2_round_up(size, image->cluster_size);
    int32_t status = write_size(call, image, size);

    if (status == TARN_OK)
        status = clear(call, image, size, end, false);
    if (status == TARN_OK)
        status = qcow2_drop_from(call, image, end);
    if (status == TARN_OK)
        status = qcow2_image_finish(call, image);
    if (status == TARN_OK)
        status = cut_tail(call, image);
    if (status == TARN_OK && qcow2_external(image) &&
        !(image->data->flags & TARN_IO_FIXED_SIZE))
        status = tarn_io_truncate(call, image->data, size, TARN_TRUNCATE_SHRINK);
    return status;
}

int32_t qcow2_resize(struct tarn_call *call, struct qcow2_image *image, uint64_t size,
                     uint32_t flags)
{
    int32_t status;

    if (size <= INT64_MAX)
        size = qcow2_round_up(size, 512);
    status = check_resize(call, image, size, flags);
    if (status == TARN_OK)
        status = qcow2_begin_change(call, image);
    if (status != TARN_OK || size == image->size)
        return status;
    return size > image->size ? grow(call, image, size, flags) : shrink(call, image, size);
}
