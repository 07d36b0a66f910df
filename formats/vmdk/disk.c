/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disk.c - an image becomes the byte store of the guest's disk.
 */
#include "vmdk.h"

#include <stdlib.h>

/* --- the first write -------------------------------------------------------------------------- */

/* Until the first write this stands before the store's own; span-disk writes data in place without
 * asking the format. */
static int32_t first_write(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                           uint64_t length, uint64_t offset)
{
    struct vmdk_image *image = (struct vmdk_image *)io;
    int32_t status = length > 0 ? vmdk_begin_write(call, image) : TARN_OK;

    return status == TARN_OK ? image->span_write(call, io, buffer, length, offset) : status;
}

/* --- may it be written ------------------------------------------------------------------------ */

static int32_t refuse_write(struct tarn_call *call, const struct vmdk_extent *extent,
                            const char *why)
{
    return VMDK_REFUSE(call, "the extent \"%s\" %s: the image can only be read",
                       extent->line->name != NULL ? extent->line->name : extent->line->type, why);
}

static int32_t check_extent(struct tarn_call *call, const struct vmdk_image *image,
                            const struct vmdk_extent *extent)
{
    uint64_t unit = image->disk.unit;
    uint64_t end = extent->start + extent->length;

    if (extent->line->access != VMDK_RW)
        return refuse_write(call, extent, "is RDONLY");
    switch (extent->kind) {
    case VMDK_EXTENT_STREAM:
        return refuse_write(call, extent, "has compressed grains, which are written once");
    case VMDK_EXTENT_SESPARSE:
        return refuse_write(call, extent, "is of the type seSparse");
    case VMDK_EXTENT_ZERO:
        return refuse_write(call, extent, "holds nothing but zeros");
    case VMDK_EXTENT_HOSTED:
        if (extent->version > 2)
            return refuse_write(call, extent, "is of version 3");
        break;
    case VMDK_EXTENT_FLAT:
    case VMDK_EXTENT_COWD:
    default:
        break;
    }
    if (vmdk_extent_sparse(extent) &&
        (extent->start % unit != 0 || (end % unit != 0 && end != image->disk.size)))
        return refuse_write(call, extent, "does not consist of whole grains");
    return TARN_OK;
}

/* Everything that would stop a write later is found here, before anything is touched. */
static int32_t check_writable(struct tarn_call *call, struct vmdk_image *image)
{
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < image->count && status == TARN_OK; i++)
        status = check_extent(call, image, &image->extents[i]);
    if (status == TARN_OK)
        status = vmdk_check_aliases(call, image, NULL, 0);
    for (uint64_t i = 0; i < image->count && status == TARN_OK; i++)
        if (vmdk_extent_sparse(&image->extents[i]))
            status = vmdk_guard_build(call, image, &image->extents[i]);
    return status;
}

/* --- the end ---------------------------------------------------------------------------------- */

static int32_t vmdk_flush(struct tarn_call *call, struct span_disk *disk)
{
    struct vmdk_image *image = (struct vmdk_image *)disk;
    int32_t status = vmdk_commit(call, image);

    if (status != TARN_OK || !image->written)
        return status;
    return vmdk_image_flush_extents(call, image);
}

static bool any_marked(const struct vmdk_image *image)
{
    for (uint64_t i = 0; i < image->count; i++)
        if (image->extents[i].marked)
            return true;
    return false;
}

/* Everything is there before the mark goes that says it might not be. */
static int32_t end_writing(struct tarn_call *call, struct vmdk_image *image)
{
    int32_t status = vmdk_commit(call, image);

    if (status != TARN_OK || !any_marked(image))
        return status;
    status = vmdk_image_flush_extents(call, image);
    if (status == TARN_OK)
        status = tarn_io_flush(call, image->disk.container);
    for (uint64_t i = 0; i < image->count && status == TARN_OK; i++)
        if (image->extents[i].marked)
            status = vmdk_mark(call, &image->extents[i], false);
    return status;
}

static int32_t vmdk_close(struct tarn_call *call, struct span_disk *disk)
{
    struct vmdk_image *image = (struct vmdk_image *)disk;
    int32_t status = end_writing(call, image);

    for (uint64_t i = 0; i < image->count; i++) {
        struct vmdk_extent *extent = &image->extents[i];
        int32_t closed = extent->own_file ? tarn_io_close(call, extent->file) : TARN_OK;

        extent->own_file = false;
        if (status == TARN_OK)
            status = closed;
    }
    vmdk_image_free(call, image);
    return status;
}

/* --- opening ---------------------------------------------------------------------------------- */

static const struct span_ops ops = {
    .find = vmdk_find,
    .unpack = vmdk_unpack,
    .store = vmdk_store,
    .erase = vmdk_erase,
    .resize = vmdk_resize,
    .flush = vmdk_flush,
    .close = vmdk_close,
};

static int32_t open_parent(struct tarn_call *call, struct vmdk_image *image, uint32_t flags)
{
    const struct vmdk_descriptor *descriptor = &image->head.descriptor;
    int32_t status;

    if (!vmdk_has_parent(descriptor))
        return TARN_OK;
    if (flags & TARN_IMAGE_OPEN_NO_BACKING) {
        image->disk.no_backing = true;
        return TARN_OK;
    }
    status = vmdk_parent_check(call, descriptor);
    if (status != TARN_OK)
        return status;
    return call->host->open_related(call, TARN_RELATED_BACKING,
                                    descriptor->value[VMDK_KEY_PARENT_HINT], "vmdk", 0,
                                    &image->disk.backing);
}

static int32_t make_disk(struct tarn_call *call, struct vmdk_image *image, uint32_t flags,
                         struct tarn_io **out)
{
    bool writable = (flags & TARN_IMAGE_OPEN_WRITE) != 0;
    int32_t status;

    image->disk.ops = &ops;
    image->disk.format = "vmdk";
    status = open_parent(call, image, flags);
    if (status == TARN_OK)
        status = span_disk_init(call, &image->disk, writable);
    if (status == TARN_OK && writable)
        status = check_writable(call, image);
    if (status != TARN_OK) {
        tarn_io_close(call, image->disk.backing);
        return status;
    }
    image->span_write = image->disk.io.pwrite;
    if (writable)
        image->disk.io.pwrite = first_write;
    *out = &image->disk.io;
    return TARN_OK;
}

static bool is_stream(const struct vmdk_image *image)
{
    return image->count == 1 && image->extents[0].kind == VMDK_EXTENT_STREAM;
}

int32_t vmdk_open(struct tarn_call *call, struct tarn_io *file, const struct tarn_image_open *how,
                  struct tarn_io **out)
{
    bool writable = (how->flags & TARN_IMAGE_OPEN_WRITE) != 0;
    bool packs = (how->flags & (TARN_IMAGE_OPEN_FILL | TARN_IMAGE_OPEN_COMPRESS)) != 0;
    struct vmdk_image *image;
    int32_t status;

    *out = NULL;
    if (how->snapshot != NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "vmdk images hold no snapshots, and none is "
                         "named %s", how->snapshot);
    if (writable && !(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the container is open for reading only");
    status = vmdk_image_load(call, file, writable, NULL, NULL, &image);
    if (status != TARN_OK)
        return status;
    if (writable && packs && is_stream(image))
        status = vmdk_stream_open(call, image, out);
    else if (how->flags & TARN_IMAGE_OPEN_COMPRESS)
        status = VMDK_REFUSE(call, "a vmdk image of the type %s holds nothing compressed: take "
                             "streamOptimized", image->head.descriptor.value[VMDK_KEY_CREATE_TYPE]);
    else
        status = make_disk(call, image, how->flags, out);
    if (status != TARN_OK)
        vmdk_image_free(call, image);
    return status;
}
