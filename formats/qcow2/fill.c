/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fill.c - a disk that is written once, in ascending order, and stored compressed. What does not
 * become smaller is stored as it is, what is zero is marked. Each cluster's bytes are in their
 * place before the mapping changes, and the old place is released after, as in write.c.
 */
#include "qcow2.h"

#include <stdlib.h>

#include "helpers/fill-disk.h"

struct fill {
    struct qcow2_image *image;
    struct qcow2_packer *packer;
    uint8_t *zeros; /* a cluster of them, packed; made when an image has no other way */
    uint64_t zeros_length;
};

static uint64_t pack(const void *arg, const void *bytes, uint64_t length, void *out)
{
    const struct fill *fill = arg;

    (void)length; /* always a cluster: the last one is padded */
    return qcow2_pack(fill->packer, bytes, out);
}

static int32_t store_packed(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                            const uint8_t *bytes, uint64_t length)
{
    struct qcow2_mapping now = { .placed = true, .compressed = length };
    struct qcow2_mapping old;
    int32_t status = qcow2_mapping_load(call, image, guest, &old, NULL);

    /* First: a new L2 table would else lie between two compressed clusters. */
    if (status == TARN_OK)
        status = qcow2_mapping_prepare(call, image, guest);
    if (status == TARN_OK)
        status = qcow2_packed_take(call, image, length, &now.host);
    if (status != TARN_OK)
        return status;
    status = qcow2_file_write(call, image, bytes, length, now.host);
    if (status == TARN_OK)
        status = qcow2_mapping_store(call, image, guest, &now);
    if (status != TARN_OK) {
        qcow2_packed_untake(call, image, now.host, length);
        return status;
    }
    if (!old.placed)
        return TARN_OK;
    return qcow2_clusters_release(call, image, old.host,
                                  old.compressed != 0 ? old.compressed : image->cluster_size);
}

static int32_t put_packed(struct tarn_call *call, struct fill *fill, uint64_t index,
                          const uint8_t *bytes, uint64_t length)
{
    struct qcow2_image *image = fill->image;
    int32_t status = qcow2_begin_change(call, image);

    return status == TARN_OK ? store_packed(call, image, index << image->header.cluster_bits,
                                            bytes, length)
                             : status;
}

static int32_t pack_zeros(struct tarn_call *call, struct fill *fill)
{
    uint64_t size = fill->image->cluster_size;
    uint8_t *cluster;

    if (fill->zeros != NULL)
        return TARN_OK;
    cluster = calloc(1, size);
    fill->zeros = malloc(size);
    if (cluster != NULL && fill->zeros != NULL)
        fill->zeros_length = qcow2_pack(fill->packer, cluster, fill->zeros);
    free(cluster);
    return fill->zeros_length != 0 ? TARN_OK
                                   : tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for zeros");
}

/* Version 2 has no mark for zeros above a backing store: there they are stored. */
static int32_t put_zeros(struct tarn_call *call, struct fill *fill, const struct fill_unit *unit)
{
    struct qcow2_image *image = fill->image;
    uint64_t guest = unit->index << image->header.cluster_bits;
    int32_t status = qcow2_zero(call, image, guest,
                                qcow2_min(unit->plain_length, image->size - guest),
                                TARN_ZERO_MAY_UNMAP);

    if (status != TARN_E_UNSUPPORTED)
        return status;
    status = pack_zeros(call, fill);
    for (uint64_t i = 0; i < unit->count && status == TARN_OK; i++) {
        status = put_packed(call, fill, unit->index + i, fill->zeros, fill->zeros_length);
        if (status == TARN_OK)
            status = tarn_interrupted(call);
    }
    return status;
}

static int32_t put(struct tarn_call *call, void *arg, const struct fill_unit *unit)
{
    struct fill *fill = arg;

    switch (unit->kind) {
    case FILL_ZERO:
        return put_zeros(call, fill, unit);
    case FILL_PLAIN:
        return qcow2_write(call, fill->image, unit->plain, unit->plain_length,
                           unit->index << fill->image->header.cluster_bits);
    case FILL_PACKED:
        return put_packed(call, fill, unit->index, unit->packed, unit->packed_length);
    case FILL_SKIPPED:
        break;
    }
    return TARN_OK;
}

/* Compressed bytes are read by sectors: so much of them is there. */
static int32_t finish(struct tarn_call *call, void *arg)
{
    struct qcow2_image *image = ((struct fill *)arg)->image;
    int32_t status = qcow2_file_reach(call, image, qcow2_round_up(image->file_size, 512));

    if (status == TARN_OK)
        status = qcow2_image_finish(call, image);
    image->unordered = false;
    return status == TARN_OK ? qcow2_barrier(call, image) : status;
}

static void fill_free(struct fill *fill)
{
    qcow2_packer_free(fill->packer);
    free(fill->zeros);
    free(fill);
}

static int32_t fill_close(struct tarn_call *call, void *arg)
{
    struct fill *fill = arg;
    int32_t status = tarn_io_close(call, &fill->image->io);

    fill_free(fill);
    return status;
}

int32_t qcow2_fill_open(struct tarn_call *call, struct qcow2_image *image, uint32_t flags,
                        struct tarn_io **out)
{
    bool is_new = (flags & TARN_IMAGE_OPEN_FILL) != 0;
    struct fill *fill = calloc(1, sizeof(*fill));
    struct fill_plan plan = {
        .arg = fill, .size = image->size, .unit = image->cluster_size,
        .packed_room = image->cluster_size - 1, .pad = 1,
        /* What is not written stays what the guest reads now. */
        .base = is_new && !image->has_backing ? NULL : &image->io,
        .pack = pack, .put = put, .finish = finish, .close = fill_close,
    };
    int32_t status;

    if (fill == NULL || (fill->packer = qcow2_packer_new(&image->header)) == NULL) {
        free(fill);
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to compress clusters");
    }
    fill->image = image;
    status = fill_disk_open(call, &plan, out);
    if (status != TARN_OK)
        fill_free(fill);
    else
        image->unordered = is_new; /* before the flush it is no image yet */
    return status;
}
