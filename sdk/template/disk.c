/* SPDX-License-Identifier: BSD-2-Clause
 *
 * disk.c - the guest's disk of an image: a byte store in front of the container's.
 */
#include <errno.h>
#include <stdlib.h>

#include "format.h"

/* --- room in the container -------------------------------------------------------------------- */

static int32_t write_zeros(struct tarn_call *call, struct tarn_io *io, uint64_t from, uint64_t to)
{
    static const uint8_t zeros[65536];
    int32_t status = TARN_OK;

    while (status == TARN_OK && from < to) {
        uint64_t part = to - from < sizeof(zeros) ? to - from : sizeof(zeros);

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = tarn_io_pwrite(call, io, zeros, part, from);
        from += part;
    }
    return status;
}

int32_t shelf_make_room(struct tarn_call *call, struct tarn_io *io, uint64_t from, uint64_t to)
{
    uint64_t size = 0;
    int32_t status = tarn_io_size(call, io, &size);

    if (status != TARN_OK)
        return status;
    if (size < to && (io->flags & TARN_IO_FIXED_SIZE))
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the image needs %llu bytes, and there is room for %llu",
                         (unsigned long long)to, (unsigned long long)size);
    if (size < to) {
        status = tarn_io_truncate(call, io, to, 0);
        if (io->flags & TARN_IO_ZERO_NEW)
            to = size;
    }
    if (status != TARN_OK || from >= to)
        return status;
    status = tarn_io_zero(call, io, from, to - from, TARN_ZERO_MAY_UNMAP);
    return status == TARN_E_UNSUPPORTED ? write_zeros(call, io, from, to) : status;
}

int32_t shelf_reserve(struct tarn_call *call, struct tarn_io *io,
                      const struct tarn_image_spec *spec)
{
    uint64_t length = spec->preallocation >= TARN_PREALLOC_FALLOC ? spec->capacity
                                                                  : spec->allocation;
    int32_t status = TARN_E_UNSUPPORTED;

    length = length < spec->capacity ? length : spec->capacity;
    if (length == 0)
        return TARN_OK;
    if (spec->preallocation < TARN_PREALLOC_FULL)
        status = tarn_io_allocate(call, io, HEADER, length);
    return status == TARN_E_UNSUPPORTED ? write_zeros(call, io, HEADER, HEADER + length) : status;
}

/* --- the byte store --------------------------------------------------------------------------- */

struct disk {
    struct tarn_io io; /* first: the host's pointer to it is ours to the whole */
    struct tarn_io *container;
    uint64_t capacity;
};

static struct disk *disk_of(struct tarn_io *io)
{
    return (struct disk *)(void *)io;
}

/* A sum that does not fit is no sum. */
static int passes_end(const struct disk *disk, uint64_t length, uint64_t offset)
{
    return offset > disk->capacity || length > disk->capacity - offset;
}

static int32_t disk_pread(struct tarn_call *call, struct tarn_io *io, void *buffer, uint64_t length,
                          uint64_t offset)
{
    if (passes_end(disk_of(io), length, offset))
        return tarn_fail(call, TARN_E_INVALID, 0, "a read passes the end of the disk");
    return tarn_io_pread(call, disk_of(io)->container, buffer, length, HEADER + offset);
}

/* Room first, and the number last: whoever is killed between the two has lost nothing. */
static int32_t set_capacity(struct tarn_call *call, struct disk *disk, uint64_t capacity)
{
    uint8_t number[8];
    int32_t status = TARN_OK;

    if (capacity > CAPACITY_MAX)
        return tarn_fail(call, TARN_E_INVALID, 0, "no disk has %llu bytes",
                         (unsigned long long)capacity);
    if (capacity > disk->capacity)
        status = shelf_make_room(call, disk->container, HEADER + disk->capacity, HEADER + capacity);
    store(number, capacity, 8);
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, disk->container, number, sizeof(number), AT_CAPACITY);
    if (status == TARN_OK && capacity < disk->capacity &&
        !(disk->container->flags & TARN_IO_FIXED_SIZE))
        status = tarn_io_truncate(call, disk->container, HEADER + capacity, TARN_TRUNCATE_SHRINK);
    if (status == TARN_OK)
        disk->capacity = capacity;
    return status;
}

static int32_t disk_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                           uint64_t length, uint64_t offset)
{
    struct disk *disk = disk_of(io);
    int32_t status = TARN_OK;

    if (!(io->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the disk is open for reading only");
    if (offset > CAPACITY_MAX || length > CAPACITY_MAX - offset)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "no disk is as large as this write wants");
    if (length > 0 && passes_end(disk, length, offset))
        status = set_capacity(call, disk, offset + length);
    if (status != TARN_OK)
        return status;
    return tarn_io_pwrite(call, disk->container, buffer, length, HEADER + offset);
}

static int32_t disk_flush(struct tarn_call *call, struct tarn_io *io)
{
    return tarn_io_flush(call, disk_of(io)->container);
}

static int32_t disk_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = disk_of(io)->capacity;
    return TARN_OK;
}

static int32_t disk_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                             uint32_t flags)
{
    struct disk *disk = disk_of(io);

    if (size < disk->capacity && !(flags & TARN_TRUNCATE_SHRINK))
        return tarn_fail(call, TARN_E_INVALID, 0, "the disk would lose bytes");
    if (flags & TARN_TRUNCATE_ALLOCATE)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "growing reserves no space in these images");
    return set_capacity(call, disk, size);
}

static int32_t disk_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                         uint64_t length, uint32_t flags)
{
    if (passes_end(disk_of(io), length, offset))
        return tarn_fail(call, TARN_E_INVALID, 0, "zeroing would pass the end of the disk");
    return tarn_io_zero(call, disk_of(io)->container, HEADER + offset, length, flags);
}

static int32_t disk_close(struct tarn_call *call, struct tarn_io *io)
{
    (void)call;
    free(io); /* the container stays its owner's */
    return TARN_OK;
}

int32_t shelf_disk_new(struct tarn_call *call, struct tarn_io *container, uint64_t capacity,
                       uint32_t writable, struct tarn_io **out)
{
    struct disk *disk = calloc(1, sizeof(*disk));

    if (disk == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open an image");
    disk->container = container;
    disk->capacity = capacity;
    disk->io = (struct tarn_io){
        .struct_size = sizeof(disk->io),
        .flags = TARN_IO_ZERO_NEW | (writable ? TARN_IO_WRITABLE : 0),
        .fd = -1, /* the container's bytes are at other offsets */
        .block_size = container->block_size,
        .pread = disk_pread,
        .pwrite = disk_pwrite,
        .flush = disk_flush,
        .size = disk_size,
        .truncate = disk_truncate,
        .zero = disk_zero,
        .close = disk_close,
    };
    *out = &disk->io;
    return TARN_OK;
}
