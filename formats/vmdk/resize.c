/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * resize.c - the disk grows by its last extent: the extent's file first, the descriptor last, so
 * that at every moment the descriptor tells of no more than there is.
 */
#include "vmdk.h"

#include <stdlib.h>

#include "helpers/io-zero.h"

#define TWO_GB ((uint64_t)2 << 30)

/* --- may it ----------------------------------------------------------------------------------- */

static int32_t check_resize(struct tarn_call *call, const struct vmdk_image *image, uint64_t size)
{
    const char *type = image->head.descriptor.value[VMDK_KEY_CREATE_TYPE];
    const struct vmdk_extent *last;

    if (size < image->disk.size)
        return VMDK_REFUSE(call, "a vmdk image cannot shrink: convert it into a smaller one");
    if (size % VMDK_SECTOR != 0 || size > INT64_MAX)
        return tarn_fail(call, TARN_E_INVALID, 0, "a vmdk disk has whole sectors of 512 bytes, and "
                         "%llu bytes were asked for", (vmdk_ull)size);
    if (vmdk_has_parent(&image->head.descriptor))
        return VMDK_REFUSE(call, "a vmdk image with a parent keeps the parent's size: convert it, "
                           "or grow the parent and make a new one");
    if (image->count == 0)
        return VMDK_REFUSE(call, "the image has no extent that could grow");
    last = &image->extents[image->count - 1];
    if (strncmp(type, "twoGbMaxExtent", 14) == 0 && size - last->start > TWO_GB)
        return VMDK_REFUSE(call, "the extents of %s have at most 2 GiB, and growing adds none: "
                           "this disk can have %llu bytes; convert it into a larger one", type,
                           (vmdk_ull)(last->start + TWO_GB));
    if (last->kind == VMDK_EXTENT_COWD && size - last->start > (uint64_t)UINT32_MAX * VMDK_SECTOR)
        return VMDK_REFUSE(call, "an extent of vmfsSparse has less than 2 TiB");
    return TARN_OK;
}

/* --- the extent ------------------------------------------------------------------------------- */

/* What the file holds behind the old end is not the disk's. */
static int32_t grow_flat(struct tarn_call *call, struct vmdk_extent *extent, uint64_t length,
                         uint32_t flags)
{
    uint64_t from = extent->host + extent->length;
    uint64_t to = extent->host + length;
    uint64_t have;
    int32_t status = tarn_io_size(call, extent->file, &have);

    if (status == TARN_OK && have > from)
        status = io_zero(call, extent->file, from, vmdk_min(have, to) - from, 0);
    if (status == TARN_OK && have < to)
        status = tarn_io_truncate(call, extent->file, to, 0);
    if (status == TARN_OK && (flags & TARN_TRUNCATE_ALLOCATE))
        status = io_reserve(call, extent->file, from, to - from);
    if (status != TARN_OK)
        return status;
    extent->file_size = to > have ? to : have;
    return tarn_io_flush(call, extent->file);
}

/* Stores zeros in all grains that are not there. */
static int32_t allocate(struct tarn_call *call, struct vmdk_image *image, uint64_t from)
{
    uint64_t unit = image->disk.unit;
    void *zeros = calloc(1, unit);
    int32_t status = zeros != NULL ? TARN_OK : VMDK_NO_MEMORY(call);

    from -= from % unit;
    while (from < image->disk.size && status == TARN_OK) {
        uint64_t length = vmdk_min(unit, image->disk.size - from);
        struct span span;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = vmdk_find(call, &image->disk, from, length, &span);
        if (status == TARN_OK && span.kind == SPAN_DATA)
            length = span.length;
        else if (status == TARN_OK)
            status = vmdk_store(call, &image->disk, from, length, zeros, &length);
        from += length;
    }
    free(zeros);
    return status;
}

static int32_t grow_extent(struct tarn_call *call, struct vmdk_image *image,
                           struct vmdk_extent *extent, uint64_t length, uint32_t flags)
{
    return vmdk_extent_sparse(extent) ? vmdk_extent_grow(call, image, extent, length)
                                      : grow_flat(call, extent, length, flags);
}

/* --- all of it -------------------------------------------------------------------------------- */

/* The line changes in the storage, then here. */
static int32_t tell_descriptor(struct tarn_call *call, struct vmdk_image *image,
                               struct vmdk_extent *extent, uint64_t length)
{
    struct vmdk_descriptor *descriptor = &image->head.descriptor;
    struct vmdk_line *line = &descriptor->lines[extent->index];
    struct vmdk_edit edit;
    int32_t status = vmdk_edit_sectors(call, &image->head, line, length / VMDK_SECTOR, &edit);

    if (status == TARN_OK)
        status = vmdk_edit_apply(call, &image->head, &edit);
    if (status != TARN_OK)
        return status;
    descriptor->sectors += length / VMDK_SECTOR - line->sectors;
    line->sectors = length / VMDK_SECTOR;
    while (descriptor->text[line->sectors_at + line->sectors_digits] >= '0' &&
           descriptor->text[line->sectors_at + line->sectors_digits] <= '9')
        line->sectors_digits++;
    image->disk.size += length - extent->length;
    extent->length = length;
    if (vmdk_extent_sparse(extent))
        extent->grain_count = vmdk_divide_up(length, extent->grain);
    return TARN_OK;
}

int32_t vmdk_resize(struct tarn_call *call, struct span_disk *disk, uint64_t size, uint32_t flags)
{
    struct vmdk_image *image = (struct vmdk_image *)disk;
    uint64_t old_size = disk->size;
    struct vmdk_extent *last;
    struct vmdk_edit edit;
    uint64_t length;
    int32_t status = check_resize(call, image, size);

    if (status != TARN_OK)
        return status;
    last = &image->extents[image->count - 1];
    length = size - last->start;
    status = vmdk_edit_sectors(call, &image->head, last->line, length / VMDK_SECTOR, &edit);
    if (status == TARN_OK)
        status = vmdk_check_aliases(call, image, last, length);
    if (status == TARN_OK)
        status = vmdk_begin_write(call, image);
    if (status == TARN_OK)
        status = grow_extent(call, image, last, length, flags);
    if (status == TARN_OK)
        status = tell_descriptor(call, image, last, length);
    if (status == TARN_OK && (flags & TARN_TRUNCATE_ALLOCATE) && vmdk_extent_sparse(last))
        status = allocate(call, image, old_size);
    return status;
}
