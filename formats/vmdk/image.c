/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * image.c - the extents of an image, opened, as one disk; and its parent below it.
 */
#include "vmdk.h"

#include <stdlib.h>

/* --- what can be opened at all ---------------------------------------------------------------- */

/* Disks of the host and raw mappings of LUNs are no images; others are not known. */
static int32_t check_type(struct tarn_call *call, const struct vmdk_head *head)
{
    static const char *const known[] = { "monolithicSparse", "monolithicFlat",
                                         "twoGbMaxExtentSparse", "twoGbMaxExtentFlat",
                                         "streamOptimized", "vmfs", "vmfsSparse", "seSparse" };
    const char *type = head->descriptor.value[VMDK_KEY_CREATE_TYPE];
    const char *filters = head->descriptor.value[VMDK_KEY_FILTERS];

    if (head->descriptor.value[VMDK_KEY_KEY_SAFE] != NULL ||
        (filters != NULL && strstr(filters, "vmwarevmcrypt") != NULL))
        return VMDK_REFUSE(call, "the image is encrypted by VMware: it cannot be read without its "
                           "key");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(type, known[i]) == 0)
            return TARN_OK;
    return VMDK_REFUSE(call, "images of the type \"%s\" are not read: their data are on a disk or "
                       "LUN, or laid out in a way that is not known", type);
}

static int32_t check_head(struct tarn_call *call, const struct vmdk_head *head)
{
    const struct vmdk_descriptor *descriptor = &head->descriptor;

    if (!head->has_descriptor)
        return VMDK_REFUSE(call, "this file is one extent of an image, without a descriptor: open "
                           "the descriptor that names it");
    if (vmdk_head_monolithic(head) &&
        (descriptor->line_count != 1 || strcmp(descriptor->lines[0].type, "SPARSE") != 0))
        return VMDK_CORRUPT(call, "the file is a sparse extent, and its descriptor tells of %llu "
                            "extents, not of this one: it is damaged",
                            (vmdk_ull)descriptor->line_count);
    return check_type(call, head);
}

/* --- extents ---------------------------------------------------------------------------------- */

/* What the header of a sparse extent must be. */
static int32_t check_magic(struct tarn_call *call, const struct vmdk_line *line,
                           enum vmdk_head_kind kind)
{
    bool fits = kind == VMDK_HEAD_COWD;

    if (strcmp(line->type, "SPARSE") == 0)
        fits = kind == VMDK_HEAD_HOSTED || kind == VMDK_HEAD_COWD;
    else if (strcmp(line->type, "SESPARSE") == 0)
        fits = kind == VMDK_HEAD_SESPARSE;
    return fits ? TARN_OK
                : VMDK_CORRUPT(call, "the file \"%s\" is not the %s extent that the descriptor "
                               "says it is", line->name, line->type);
}

static int32_t open_sparse(struct tarn_call *call, struct vmdk_extent *extent,
                           const struct vmdk_head *own)
{
    struct vmdk_head head;
    int32_t status;

    if (extent->line->offset != 0)
        return VMDK_REFUSE(call, "the %s extent \"%s\" has an offset, which only flat ones have",
                           extent->line->type, extent->line->name);
    if (!extent->own_file)
        return vmdk_extent_attach(call, extent, own);
    status = vmdk_head_read_extent(call, extent->file, &head);
    if (status == TARN_OK)
        status = check_magic(call, extent->line, head.kind);
    return status == TARN_OK ? vmdk_extent_attach(call, extent, &head) : status;
}

static int32_t open_flat(struct tarn_call *call, struct vmdk_extent *extent)
{
    uint64_t end;

    extent->kind = VMDK_EXTENT_FLAT;
    if (__builtin_mul_overflow(extent->line->offset, VMDK_SECTOR, &extent->host) ||
        __builtin_add_overflow(extent->host, extent->length, &end) || end > extent->file_size)
        return VMDK_CORRUPT(call, "the file \"%s\" has %llu bytes, and the descriptor wants %llu "
                            "from sector %llu on: it is truncated, or another file",
                            extent->line->name, (vmdk_ull)extent->file_size,
                            (vmdk_ull)extent->length, (vmdk_ull)extent->line->offset);
    return TARN_OK;
}

static bool is_flat(const struct vmdk_line *line)
{
    return strcmp(line->type, "FLAT") == 0 || strcmp(line->type, "VMFS") == 0;
}

static bool is_sparse(const struct vmdk_line *line)
{
    return strcmp(line->type, "SPARSE") == 0 || strcmp(line->type, "VMFSSPARSE") == 0 ||
           strcmp(line->type, "SESPARSE") == 0;
}

static int32_t open_extent(struct tarn_call *call, struct vmdk_image *image,
                           struct vmdk_extent *extent, bool writable)
{
    const struct vmdk_line *line = extent->line;
    int32_t status = TARN_OK;

    if (line->access == VMDK_NOACCESS)
        return VMDK_REFUSE(call, "the descriptor allows no access to the extent \"%s\"",
                           line->name != NULL ? line->name : line->type);
    if (strcmp(line->type, "ZERO") == 0) {
        extent->kind = VMDK_EXTENT_ZERO;
        return TARN_OK;
    }
    if (!is_flat(line) && !is_sparse(line))
        return VMDK_REFUSE(call, "extents of the type %s are not read: \"%s\" is on a disk or LUN, "
                           "or of a kind that is not known", line->type, line->name);
    if (vmdk_head_monolithic(&image->head)) {
        extent->file = image->head.file;
    } else {
        status = call->host->open_related(call, TARN_RELATED_DATA_FILE, line->name, "raw",
                                          writable ? TARN_IMAGE_OPEN_WRITE : 0, &extent->file);
        extent->own_file = status == TARN_OK;
    }
    if (status == TARN_OK)
        status = tarn_io_size(call, extent->file, &extent->file_size);
    if (status != TARN_OK)
        return status;
    return is_flat(line) ? open_flat(call, extent) : open_sparse(call, extent, &image->head);
}

static void close_extent(struct tarn_call *call, struct vmdk_extent *extent)
{
    if (extent->own_file)
        tarn_io_close(call, extent->file);
    free(extent->guarded);
    extent->guarded = NULL;
    extent->file = NULL;
    extent->own_file = false;
}

static int32_t open_extents(struct tarn_call *call, struct vmdk_image *image, bool writable,
                            vmdk_fault_fn on_fault, void *arg)
{
    const struct vmdk_descriptor *descriptor = &image->head.descriptor;
    int32_t status = TARN_OK;

    image->extents = calloc(descriptor->line_count + 1, sizeof(*image->extents));
    if (image->extents == NULL)
        return VMDK_NO_MEMORY(call);
    for (; image->count < descriptor->line_count && status == TARN_OK; image->count++) {
        struct vmdk_extent *extent = &image->extents[image->count];

        extent->line = &descriptor->lines[image->count];
        extent->index = image->count;
        extent->start = image->disk.size;
        extent->length = extent->line->sectors * VMDK_SECTOR;
        image->disk.size += extent->length;
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = open_extent(call, image, extent, writable);
        if (status != TARN_OK && on_fault != NULL) {
            close_extent(call, extent);
            status = on_fault(call, extent->line, status, arg);
        }
    }
    return status;
}

/* The largest grain is what the disk is written in. */
static void choose_unit(struct vmdk_image *image)
{
    image->disk.unit = VMDK_SECTOR;
    for (uint64_t i = 0; i < image->count; i++) {
        const struct vmdk_extent *extent = &image->extents[i];

        if (vmdk_extent_sparse(extent) && extent->grain > image->disk.unit)
            image->disk.unit = extent->grain;
        if (extent->kind == VMDK_EXTENT_STREAM && extent->grain > image->disk.unpacked_max)
            image->disk.unpacked_max = extent->grain;
    }
}

int32_t vmdk_image_load(struct tarn_call *call, struct tarn_io *file, bool writable,
                        vmdk_fault_fn on_fault, void *arg, struct vmdk_image **out)
{
    struct vmdk_image *image = calloc(1, sizeof(*image));
    int32_t status;

    *out = NULL;
    if (image == NULL)
        return VMDK_NO_MEMORY(call);
    status = vmdk_head_read(call, file, &image->head);
    if (status == TARN_OK)
        status = check_head(call, &image->head);
    if (status == TARN_OK)
        status = open_extents(call, image, writable, on_fault, arg);
    if (status != TARN_OK) {
        vmdk_image_free(call, image);
        return status;
    }
    choose_unit(image);
    image->disk.container = file;
    *out = image;
    return TARN_OK;
}

void vmdk_image_free(struct tarn_call *call, struct vmdk_image *image)
{
    for (uint64_t i = 0; i < image->count; i++)
        close_extent(call, &image->extents[i]);
    vmdk_tables_free(image);
    vmdk_head_free(&image->head);
    free(image->extents);
    free(image->packed);
    free(image);
}

int32_t vmdk_image_flush_extents(struct tarn_call *call, struct vmdk_image *image)
{
    int32_t status = TARN_OK;

    for (uint64_t i = 0; i < image->count && status == TARN_OK; i++) {
        if (image->extents[i].own_file && (image->extents[i].file->flags & TARN_IO_WRITABLE))
            status = tarn_io_flush(call, image->extents[i].file);
    }
    return status;
}
