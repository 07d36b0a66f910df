/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * image.c - an image in memory, and how it changes its container.
 */
#include "qcow2.h"

#include <stdlib.h>

#include "helpers/io-zero.h"

int32_t qcow2_image_new(struct tarn_call *call, const struct qcow2_head *head, bool writable,
                        struct qcow2_image **out)
{
    struct qcow2_image *image = calloc(1, sizeof(*image));
    const struct qcow2_header *header = &head->header;

    *out = NULL;
    if (image == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open a qcow2 image");
    image->file = image->data = head->file;
    image->file_size = head->file_size;
    image->header = *header;
    image->writable = writable;
    image->cluster_size = qcow2_cluster_size(header);
    image->subclusters = qcow2_extended(header) ? QCOW2_SUBCLUSTERS : 1;
    image->subcluster_size = image->cluster_size / image->subclusters;
    image->page_size = (uint32_t)qcow2_min(image->cluster_size, QCOW2_PAGE_SIZE);
    image->l1_offset = header->l1_offset;
    image->l1_size = header->l1_size;
    image->size = header->size;
    image->has_backing = head->backing_name[0] != '\0';
    image->bitmap_count = head->bitmap_count;
    image->bitmaps_offset = head->bitmaps_offset;
    image->bitmaps_length = head->bitmaps_length;
    image->crypto_offset = head->crypto_offset;
    image->crypto_length = head->crypto_length;
    *out = image;
    return TARN_OK;
}

static bool anything_left(const struct qcow2_image *image)
{
    for (uint32_t kind = 0; kind < QCOW2_PAGE_KINDS; kind++)
        if (image->pages.dirty[kind] > 0)
            return true;
    return image->releases.count > 0;
}

int32_t qcow2_image_finish(struct tarn_call *call, struct qcow2_image *image)
{
    int32_t status = TARN_OK;

    while (status == TARN_OK && anything_left(image))
        status = qcow2_commit(call, image);
    return status;
}

void qcow2_image_free(struct qcow2_image *image)
{
    if (image == NULL)
        return;
    qcow2_pages_free(image);
    qcow2_decoder_free(image->decoder);
    free(image->releases.ranges);
    free(image->guards.entries);
    free(image->bounce);
    free(image);
}

int32_t qcow2_bounce(struct tarn_call *call, struct qcow2_image *image, uint8_t **out)
{
    if (image->bounce == NULL)
        image->bounce = malloc(image->cluster_size);
    if (image->bounce == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a cluster");
    *out = image->bounce;
    return TARN_OK;
}

int32_t qcow2_file_write(struct tarn_call *call, struct qcow2_image *image, const void *bytes,
                         uint64_t length, uint64_t offset)
{
    int32_t status;

    image->unsynced = true;
    status = tarn_io_pwrite(call, image->file, bytes, length, offset);
    if (status == TARN_OK)
        image->file_size = qcow2_max(image->file_size, offset + length);
    return status;
}

int32_t qcow2_file_reach(struct tarn_call *call, struct qcow2_image *image, uint64_t end)
{
    int32_t status;

    if (end <= image->file_size)
        return TARN_OK;
    image->unsynced = true;
    status = tarn_io_truncate(call, image->file, end, 0);
    if (status == TARN_OK)
        image->file_size = end;
    return status;
}

int32_t qcow2_file_zero(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                        uint64_t length)
{
    uint64_t end = offset + length;
    uint64_t there = end;
    int32_t status;

    /* What growing adds is zero already, for most containers. */
    if (image->file->flags & TARN_IO_ZERO_NEW)
        there = qcow2_max(offset, qcow2_min(end, image->file_size));
    image->unsynced = true;
    qcow2_pages_forget(image, offset, length);
    status = qcow2_file_reach(call, image, end);
    if (status == TARN_OK && there > offset)
        status = io_zero(call, image->file, offset, there - offset, TARN_ZERO_MAY_UNMAP);
    return status;
}
