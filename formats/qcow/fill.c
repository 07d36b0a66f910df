/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fill.c - an image that is written once, in ascending order, and compressed on the way.
 */
#include "qcow.h"

#include <stdlib.h>

#include "helpers/fill-disk.h"

struct filling {
    struct qcow_image *image; /* owned; its disk is what lies below */
    void *zeros; /* a cluster of them, packed; made when the first is needed */
    uint64_t zeros_length;
};

static uint64_t pack(const void *arg, const void *bytes, uint64_t length, void *out)
{
    (void)arg;
    return qcow_pack(bytes, length, out);
}

static int32_t make_zeros(struct tarn_call *call, struct filling *filling)
{
    uint64_t cluster_size = filling->image->cluster_size;
    void *plain = calloc(1, cluster_size);

    filling->zeros = malloc(cluster_size);
    if (plain != NULL && filling->zeros != NULL)
        filling->zeros_length = qcow_pack(plain, cluster_size, filling->zeros);
    free(plain);
    return filling->zeros_length > 0
               ? TARN_OK : tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to compress a cluster");
}

/* Is there nothing that would be seen at `offset`, and how far? */
static int32_t find_nothing(struct tarn_call *call, struct qcow_image *image, uint64_t offset,
                            uint64_t end, bool *out_nothing, uint64_t *out_next)
{
    struct span_disk *disk = &image->disk;
    bool below = disk->no_backing || (disk->backing != NULL && offset < disk->backing_size);
    uint64_t wanted = below ? qcow_min(image->cluster_size, end - offset) : end - offset;
    struct span span;
    int32_t status = disk->ops->find(call, disk, offset, wanted, &span);

    *out_nothing = status == TARN_OK && !below && span.kind == SPAN_ABSENT;
    *out_next = offset + (*out_nothing ? qcow_round_up(span.length, image->cluster_size)
                                       : image->cluster_size);
    return status;
}

/* The format has no mark for zeros: they are stored where something else would be seen. */
static int32_t put_zeros(struct tarn_call *call, struct filling *filling,
                         const struct fill_unit *run)
{
    struct qcow_image *image = filling->image;
    uint64_t offset = run->index * image->cluster_size;
    uint64_t end = qcow_min(offset + run->count * image->cluster_size, image->disk.size);
    int32_t status = filling->zeros == NULL ? make_zeros(call, filling) : TARN_OK;

    while (offset < end && status == TARN_OK) {
        bool nothing = false;
        uint64_t next = end;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = find_nothing(call, image, offset, end, &nothing, &next);
        if (status == TARN_OK && !nothing)
            status = qcow_store_packed(call, image, offset, filling->zeros,
                                       filling->zeros_length);
        offset = next;
    }
    return status;
}

static int32_t put(struct tarn_call *call, void *arg, const struct fill_unit *unit)
{
    struct filling *filling = arg;
    uint64_t offset = unit->index * filling->image->cluster_size;
    uint64_t stored;

    switch (unit->kind) {
    case FILL_ZERO:
        return put_zeros(call, filling, unit);
    case FILL_PACKED:
        return qcow_store_packed(call, filling->image, offset, unit->packed, unit->packed_length);
    case FILL_PLAIN:
        return qcow_store(call, &filling->image->disk, offset, unit->plain_length, unit->plain,
                          &stored);
    case FILL_SKIPPED:
    default:
        return TARN_OK;
    }
}

static int32_t finish(struct tarn_call *call, void *arg)
{
    struct filling *filling = arg;

    return tarn_io_flush(call, &filling->image->disk.io);
}

static int32_t close_filling(struct tarn_call *call, void *arg)
{
    struct filling *filling = arg;
    int32_t status = tarn_io_close(call, &filling->image->disk.io);

    free(filling->zeros);
    free(filling);
    return status;
}

int32_t qcow_fill_open(struct tarn_call *call, struct qcow_image *image, struct tarn_io **out)
{
    struct filling *filling = calloc(1, sizeof(*filling));
    struct fill_plan plan = {
        .arg = filling, .size = image->disk.size, .unit = image->cluster_size,
        .packed_room = image->cluster_size, .pad = 1, .base = &image->disk.io, .pack = pack,
        .put = put, .finish = finish, .close = close_filling,
    };
    int32_t status;

    if (filling == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to write a qcow image");
    filling->image = image;
    status = fill_disk_open(call, &plan, out);
    if (status != TARN_OK)
        free(filling);
    return status;
}
