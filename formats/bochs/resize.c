/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * resize.c - another size within what the catalog has room for. In any state that a crash can
 * leave, sectors behind the end of the disk are harmless, and growing finds none.
 */
#include "bochs.h"

#include "helpers/le.h"

static int32_t write_size(struct tarn_call *call, struct bochs_image *image, uint64_t size)
{
    uint8_t bytes[8];
    int32_t status;

    le64_store(bytes, size);
    image->unsynced = true;
    status = tarn_io_pwrite(call, image->disk.container, bytes, sizeof(bytes),
                            bochs_size_at(&image->header));
    if (status == TARN_OK)
        image->disk.size = image->header.size = size;
    return status;
}

static int32_t sync(struct tarn_call *call, struct bochs_image *image)
{
    int32_t status = bochs_commit(call, image);

    return status == TARN_OK ? tarn_io_flush(call, image->disk.container) : status;
}

/* First nothing is left where the disk will be, then it is there. */
static int32_t grow(struct tarn_call *call, struct bochs_image *image, uint64_t size,
                    uint32_t flags)
{
    uint64_t old = image->disk.size;
    int32_t status = bochs_erase(call, &image->disk, old, size - old, true);

    if (status == TARN_OK && (flags & TARN_TRUNCATE_ALLOCATE))
        status = bochs_reserve(call, image, old, size - old);
    if (status == TARN_OK)
        status = sync(call, image);
    return status == TARN_OK ? write_size(call, image, size) : status;
}

/* Extents behind the end keep their place in the file, without a sector: the next ones to grow into
 * them have them already. */
static int32_t shrink(struct tarn_call *call, struct bochs_image *image, uint64_t size)
{
    uint64_t old = image->disk.size;
    int32_t status = write_size(call, image, size);

    if (status == TARN_OK)
        status = sync(call, image);
    return status == TARN_OK ? bochs_erase(call, &image->disk, size, old - size, false) : status;
}

int32_t bochs_resize(struct tarn_call *call, struct span_disk *disk, uint64_t size,
                     uint32_t flags)
{
    struct bochs_image *image = bochs_image_of(disk);
    uint64_t most = bochs_most(&image->header);

    if (size == 0 || size > most)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the catalog of this bochs image has room for a disk of 1 to %llu bytes, "
                         "and %llu were asked for: copy it into %s", (unsigned long long)most,
                         (unsigned long long)size, size == 0 ? "another format"
                                                             : "a new, larger image");
    size = bochs_round_up(size, BOCHS_SECTOR);
    if (size == disk->size)
        return TARN_OK;
    return size > disk->size ? grow(call, image, size, flags) : shrink(call, image, size);
}
