/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * open.c - opens the guest's disk. An image that will be written gets its two footers alike first.
 */
#include "vpc.h"

#include <stdlib.h>

static const struct span_ops *ops_of(const struct vpc_footer *footer)
{
    switch ((enum vpc_type)footer->type) {
    case VPC_FIXED:
        return &vpc_fixed_ops;
    case VPC_DYNAMIC:
        return &vpc_dynamic_ops;
    case VPC_DIFFERENCING:
    default:
        return &vpc_differencing_ops;
    }
}

void vpc_disk_free(struct vpc_disk *disk)
{
    free(disk->bat);
    free(disk->bat_dirty);
    free(disk->bitmaps.bytes);
    free(disk->bitmaps.owner);
    free(disk->bitmaps.dirty);
    free(disk);
}

int32_t vpc_disk_new(struct tarn_call *call, const struct vpc_head *head, bool writable,
                     struct vpc_disk **out)
{
    struct vpc_disk *disk = calloc(1, sizeof(*disk));
    int32_t status = TARN_OK;

    *out = NULL;
    if (disk == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open a VHD");
    disk->head = *head;
    disk->writable = writable;
    disk->span.ops = ops_of(&head->footer);
    disk->span.format = "vpc";
    disk->span.fixed_size = "a differencing VHD has the size of its parent; convert it into "
                            "another image to get one of another size";
    disk->span.container = head->file;
    disk->span.size = head->capacity;
    disk->span.unit = VPC_SECTOR;
    if (head->footer.type != VPC_FIXED) {
        status = vpc_table_load(call, disk);
        if (status == TARN_OK)
            status = vpc_bitmaps_new(call, disk);
    }
    if (status != TARN_OK) {
        vpc_disk_free(disk);
        return status;
    }
    *out = disk;
    return TARN_OK;
}

/* A crash while the image grew leaves none at the end; one while it was resized leaves two that
 * differ. */
int32_t vpc_footers_mend(struct tarn_call *call, struct vpc_disk *disk)
{
    struct vpc_head *head = &disk->head;
    uint64_t length = VPC_FOOTER_SIZE;
    int32_t status;

    if (head->first == VPC_COPY_SOUND && head->last == VPC_COPY_SOUND && !head->copies_differ)
        return TARN_OK;
    if (head->last == VPC_COPY_NONE && !(head->file->flags & TARN_IO_FIXED_SIZE))
        head->last_offset = vpc_round_up(head->file_size, VPC_SECTOR);
    if (head->last_offset < disk->free)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "there is no room for a footer at the end of the container: check the "
                         "image, and copy what can be read");
    if (head->last_offset < head->file_size) /* one of 511 bytes stays one */
        length = head->file_size - head->last_offset;
    status = tarn_io_pwrite(call, head->file, head->footer.bytes, VPC_FOOTER_SIZE, 0);
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, head->file, head->footer.bytes, length, head->last_offset);
    if (status != TARN_OK)
        return status;
    head->first = head->last = VPC_COPY_SOUND;
    head->copies_differ = false;
    head->file_size = head->last_offset + length;
    return TARN_OK;
}

/* On failure the caller frees the disk. */
static int32_t open_parts(struct tarn_call *call, struct vpc_disk *disk, uint32_t flags)
{
    bool differencing = disk->head.footer.type == VPC_DIFFERENCING;
    int32_t status = TARN_OK;

    if (disk->writable && disk->head.footer.type != VPC_FIXED)
        status = vpc_table_survey(call, disk);
    disk->span.no_backing = differencing && (flags & TARN_IMAGE_OPEN_NO_BACKING) != 0;
    if (status == TARN_OK && differencing && !disk->span.no_backing)
        status = vpc_parent_open(call, &disk->head, &disk->span.backing);
    if (status == TARN_OK && disk->writable && disk->head.footer.type != VPC_FIXED)
        status = vpc_footers_mend(call, disk);
    if (status == TARN_OK)
        status = span_disk_init(call, &disk->span, disk->writable);
    return status;
}

int32_t vpc_open(struct tarn_call *call, struct tarn_io *file, const struct tarn_image_open *how,
                 struct tarn_io **out)
{
    bool writing = (how->flags & TARN_IMAGE_OPEN_WRITE) != 0;
    struct vpc_disk *disk;
    struct vpc_head head;
    int32_t status;

    *out = NULL;
    if (how->flags & TARN_IMAGE_OPEN_COMPRESS)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "VHDs hold nothing compressed");
    if (how->snapshot != NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "VHDs have no snapshot %s", how->snapshot);
    if (writing && !(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the container is open for reading only");
    status = vpc_head_read(call, file, &head);
    if (status == TARN_OK)
        status = vpc_head_trusted(call, &head);
    if (status == TARN_OK)
        status = vpc_disk_new(call, &head, writing, &disk);
    if (status != TARN_OK)
        return status;
    status = open_parts(call, disk, how->flags);
    if (status != TARN_OK) {
        if (disk->span.backing != NULL)
            tarn_io_close(call, disk->span.backing);
        vpc_disk_free(disk);
        return status;
    }
    *out = &disk->span.io;
    return TARN_OK;
}
