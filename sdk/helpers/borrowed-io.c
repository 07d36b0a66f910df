/* SPDX-License-Identifier: BSD-2-Clause
 *
 * borrowed-io.c - see borrowed-io.h.
 */
#include "borrowed-io.h"

#include <stdlib.h>

#include <tarn/call.h>

struct borrowed {
    struct tarn_io io; /* first */
    struct tarn_io *owned;
};

static struct tarn_io *owned_of(struct tarn_io *io)
{
    return ((struct borrowed *)(void *)io)->owned;
}

static int32_t borrowed_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                              uint64_t length, uint64_t offset)
{
    return tarn_io_pread(call, owned_of(io), buffer, length, offset);
}

static int32_t borrowed_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                               uint64_t length, uint64_t offset)
{
    return tarn_io_pwrite(call, owned_of(io), buffer, length, offset);
}

static int32_t borrowed_flush(struct tarn_call *call, struct tarn_io *io)
{
    return tarn_io_flush(call, owned_of(io));
}

static int32_t borrowed_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    return tarn_io_size(call, owned_of(io), out);
}

static int32_t borrowed_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                                 uint32_t flags)
{
    return tarn_io_truncate(call, owned_of(io), size, flags);
}

static int32_t borrowed_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                                uint64_t length, tarn_extent_fn emit, void *arg)
{
    return tarn_io_extents(call, owned_of(io), offset, length, emit, arg);
}

static int32_t borrowed_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                             uint64_t length, uint32_t flags)
{
    return tarn_io_zero(call, owned_of(io), offset, length, flags);
}

static int32_t borrowed_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                                uint64_t length)
{
    return tarn_io_discard(call, owned_of(io), offset, length);
}

static int32_t borrowed_allocate(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                                 uint64_t length)
{
    return tarn_io_allocate(call, owned_of(io), offset, length);
}

static int32_t borrowed_identity(struct tarn_call *call, struct tarn_io *io,
                                 struct tarn_identity *out)
{
    return tarn_io_identity(call, owned_of(io), out);
}

static int32_t borrowed_close(struct tarn_call *call, struct tarn_io *io)
{
    (void)call;
    free(io);
    return TARN_OK;
}

struct tarn_io *borrowed_io(struct tarn_io *owned, bool writable)
{
    struct borrowed *borrowed = malloc(sizeof(*borrowed));
    uint32_t flags = owned->flags & (writable ? UINT32_MAX : ~TARN_IO_WRITABLE);

    if (borrowed == NULL)
        return NULL;
    borrowed->owned = owned;
    borrowed->io = (struct tarn_io){
        .struct_size = sizeof(borrowed->io), .flags = flags, .fd = owned->fd,
        .block_size = owned->block_size,
        .pread = borrowed_pread, .pwrite = borrowed_pwrite, .flush = borrowed_flush,
        .size = borrowed_size, .truncate = borrowed_truncate, .extents = borrowed_extents,
        .zero = borrowed_zero, .discard = borrowed_discard, .allocate = borrowed_allocate,
        .identity = borrowed_identity, .close = borrowed_close,
    };
    return &borrowed->io;
}
