/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The size and the map of the disk of broken-format.c: a part of broken-format-disk.h.
 */
/* --- size and map ----------------------------------------------------------------------------- */

static int32_t disk_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = image_of(io)->size;
    return TARN_OK;
}

/* What is cut off reads as zeros if the disk grows again; without a leaf there is nothing. */
static int32_t cut(struct tarn_call *call, struct image *image, uint64_t size)
{
    int32_t status = TARN_OK;

    for (uint64_t at = size; status == TARN_OK && at < image->size;) {
        uint64_t part = smaller(BOX - at % BOX, image->size - at);
        uint64_t entry;

        status = find_entry(call, image, at / BOX, &entry);
        if (status == TARN_OK && entry == 0 && image->backing == NULL && !image->no_backing)
            part = smaller(PER_TABLE * BOX - at % (PER_TABLE * BOX), image->size - at);
        else if (status == TARN_OK)
            status = zero_box(call, image, part, at);
        at += part;
    }
    return status;
}

static int32_t disk_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                             uint32_t flags)
{
    struct image *image = image_of(io);
    uint64_t old = image->size;
    int32_t status = check_writable(call, image, 0, 0);

    if (status != TARN_OK)
        return status;
    if (size > MOST)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "no disk is that large");
    if (size < old && !(flags & TARN_TRUNCATE_SHRINK) && !FAULT(SHRINKS_UNASKED))
        return tarn_fail(call, TARN_E_INVALID, 0, "bytes would be lost");
    if (size < old)
        status = cut(call, image, size);
    if (status == TARN_OK && FAULT(SHRINKS_TO_RUBBISH))
        status = write_entry(call, image, (old + BOX - 1) / BOX, 0);
    if (status == TARN_OK && FAULT(SHRINKS_TO_RUBBISH) && size < old)
        status = write_entry(call, image, (size + BOX - 1) / BOX, MOST);
    if (status == TARN_OK)
        status = write_number(call, image, AT_CAPACITY, size);
    if (status == TARN_OK)
        image->size = size;
    if (status == TARN_OK && size > old && (image->backing != NULL || image->no_backing) &&
        !FAULT(GROWS_INTO_BACKING))
        status = disk_zero(call, io, old, size - old, 0);
    if (status == TARN_OK && FAULT(GROWS_DIRTY) && size > old && size > 2100224)
        status = write_entry(call, image, (size - 1) / BOX, 'x' << 8 | ENTRY_PACKED);
    return status;
}

static uint32_t kind_of(const struct image *image, uint64_t entry, uint64_t offset)
{
    if (entry & ENTRY_ZERO)
        return TARN_EXTENT_ZERO;
    if (entry != 0)
        return FAULT(DATA_IS_A_HOLE) ? TARN_EXTENT_HOLE : TARN_EXTENT_DATA;
    return image->no_backing || (image->backing != NULL && offset < image->backing_size)
               ? TARN_EXTENT_BACKING : TARN_EXTENT_HOLE;
}

static int32_t disk_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                            uint64_t length, tarn_extent_fn emit, void *arg)
{
    struct image *image = image_of(io);
    uint64_t end = offset + length;
    int32_t status = settle(call, image);

    while (status == TARN_OK && offset < end) {
        struct tarn_extent extent = { .struct_size = sizeof(extent), .offset = offset };
        uint64_t entry;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = read_entry(call, image, offset / BOX, &entry);
        if (status != TARN_OK)
            break;
        extent.kind = kind_of(image, entry, offset);
        extent.length = smaller(end - offset, BOX - offset % BOX);
        if (entry & ENTRY_PACKED)
            extent.flags = TARN_EXTENT_COMPRESSED;
        if (FAULT(MAP_OVERLAPS) && offset % BOX != 0)
            extent.offset--;
        offset += extent.length;
        status = emit(call, &extent, arg);
    }
    return status;
}
