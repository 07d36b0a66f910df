/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every operation of the guarded store, between module_enter and module_leave. The extents that a
 * store tells are taken while its module is entered: a thread may enter again what it has entered.
 */
#include "core/image/io-guard.h"

#include <stdlib.h>

#include <tarn/call.h>

struct guard {
    struct tarn_io io; /* first */
    struct tarn_io *below;
    struct module *module;
};

static struct tarn_io *enter(struct tarn_io *io)
{
    struct guard *guard = (struct guard *)(void *)io;

    module_enter(guard->module);
    return guard->below;
}

static int32_t leave(struct tarn_io *io, int32_t status)
{
    module_leave(((struct guard *)(void *)io)->module);
    return status;
}

static int32_t guarded_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                             uint64_t length, uint64_t offset)
{
    return leave(io, tarn_io_pread(call, enter(io), buffer, length, offset));
}

static int32_t guarded_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                              uint64_t length, uint64_t offset)
{
    return leave(io, tarn_io_pwrite(call, enter(io), buffer, length, offset));
}

static int32_t guarded_flush(struct tarn_call *call, struct tarn_io *io)
{
    return leave(io, tarn_io_flush(call, enter(io)));
}

static int32_t guarded_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    return leave(io, tarn_io_size(call, enter(io), out));
}

static int32_t guarded_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                                uint32_t flags)
{
    return leave(io, tarn_io_truncate(call, enter(io), size, flags));
}

static int32_t guarded_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                               uint64_t length, tarn_extent_fn emit, void *arg)
{
    return leave(io, tarn_io_extents(call, enter(io), offset, length, emit, arg));
}

static int32_t guarded_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                            uint64_t length, uint32_t flags)
{
    return leave(io, tarn_io_zero(call, enter(io), offset, length, flags));
}

static int32_t guarded_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                               uint64_t length)
{
    return leave(io, tarn_io_discard(call, enter(io), offset, length));
}

static int32_t guarded_allocate(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                                uint64_t length)
{
    return leave(io, tarn_io_allocate(call, enter(io), offset, length));
}

static int32_t guarded_identity(struct tarn_call *call, struct tarn_io *io,
                                struct tarn_identity *out)
{
    return leave(io, tarn_io_identity(call, enter(io), out));
}

static int32_t guarded_close(struct tarn_call *call, struct tarn_io *io)
{
    int32_t status = leave(io, tarn_io_close(call, enter(io)));

    free(io);
    return status;
}

int io_guard(struct tarn_io **io, struct module *module, struct tarn_error **error)
{
    struct guard *guard;

    if (module_descriptor(module)->threads > TARN_THREADS_MODULE)
        return TARN_OK;
    guard = calloc(1, sizeof(*guard));
    if (guard == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to open a volume");
    guard->below = *io;
    guard->module = module;
    guard->io = (struct tarn_io){
        .struct_size = sizeof(guard->io),
        .flags = (*io)->flags & ~TARN_IO_PARALLEL,
        .fd = (*io)->fd,
        .block_size = (*io)->block_size,
        .pread = guarded_pread,
        .pwrite = guarded_pwrite,
        .flush = guarded_flush,
        .size = guarded_size,
        .truncate = guarded_truncate,
        .extents = guarded_extents,
        .zero = guarded_zero,
        .discard = guarded_discard,
        .allocate = guarded_allocate,
        .identity = guarded_identity,
        .close = guarded_close,
    };
    *io = &guard->io;
    return TARN_OK;
}
