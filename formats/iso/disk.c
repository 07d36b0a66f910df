/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disk.c - the guest's disc: the bytes of the container, which are passed on, the descriptor for
 * fast paths included. It is written only to make it, by converting another image.
 */
#include "iso.h"

#include <stdlib.h>
#include <string.h>

struct iso_disk {
    struct tarn_io io; /* first */
    struct tarn_io *file;
};

static struct tarn_io *file_of(struct tarn_io *io)
{
    return ((struct iso_disk *)io)->file;
}

static int32_t disk_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                          uint64_t length, uint64_t offset)
{
    return tarn_io_pread(call, file_of(io), buffer, length, offset);
}

static int32_t disk_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                           uint64_t length, uint64_t offset)
{
    return tarn_io_pwrite(call, file_of(io), buffer, length, offset);
}

static int32_t disk_flush(struct tarn_call *call, struct tarn_io *io)
{
    return tarn_io_flush(call, file_of(io));
}

static int32_t disk_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    return tarn_io_size(call, file_of(io), out);
}

static int32_t disk_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                            uint64_t length, tarn_extent_fn emit, void *arg)
{
    return tarn_io_extents(call, file_of(io), offset, length, emit, arg);
}

static int32_t disk_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                         uint64_t length, uint32_t flags)
{
    return tarn_io_zero(call, file_of(io), offset, length, flags);
}

static int32_t disk_identity(struct tarn_call *call, struct tarn_io *io,
                             struct tarn_identity *out)
{
    return tarn_io_identity(call, file_of(io), out);
}

static int32_t disk_close(struct tarn_call *call, struct tarn_io *io)
{
    (void)call; /* the container is the caller's to close */
    free(io);
    return TARN_OK;
}

/* What is skipped while it is filled shall read as zeros: so it must be blank. */
static int32_t check_blank(struct tarn_call *call, struct tarn_io *file)
{
    uint8_t id[5] = { 0 };
    uint64_t size;
    int32_t status = tarn_io_size(call, file, &size);

    if (status == TARN_OK && size >= ISO_HEAD_SIZE)
        status = tarn_io_pread(call, file, id, sizeof(id), ISO_DESCRIPTORS + 1);
    if (status == TARN_OK && memcmp(id, "CD001", sizeof(id)) == 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "this iso image holds files already: nothing can be converted into it");
    return status;
}

static int32_t check_flags(struct tarn_call *call, struct tarn_io *file,
                           const struct tarn_image_open *how)
{
    if (how->snapshot != NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "iso images have no snapshot %s",
                         how->snapshot);
    if (!(how->flags & TARN_IMAGE_OPEN_WRITE))
        return TARN_OK;
    if (how->flags & TARN_IMAGE_OPEN_COMPRESS)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "iso images hold nothing compressed");
    if (!(how->flags & TARN_IMAGE_OPEN_FILL))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "iso images are read-only: make a new one, or open it as raw");
    if (!(file->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the container is open for reading only");
    return check_blank(call, file);
}

int32_t iso_open(struct tarn_call *call, struct tarn_io *file, const struct tarn_image_open *how,
                 struct tarn_io **out)
{
    struct iso_disk *disk;
    int32_t status = check_flags(call, file, how);

    *out = NULL;
    if (status != TARN_OK)
        return status;
    disk = calloc(1, sizeof(*disk));
    if (disk == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open an iso image");
    disk->file = file;
    disk->io = (struct tarn_io){
        .struct_size = sizeof(disk->io), .flags = file->flags & ~TARN_IO_WRITABLE,
        .fd = file->fd, .block_size = file->block_size,
        .pread = disk_pread, .flush = disk_flush, .size = disk_size, .extents = disk_extents,
        .identity = disk_identity, .close = disk_close,
    };
    if (how->flags & TARN_IMAGE_OPEN_WRITE) {
        disk->io.flags = file->flags;
        disk->io.pwrite = disk_pwrite;
        disk->io.zero = disk_zero;
    }
    *out = &disk->io;
    return TARN_OK;
}
