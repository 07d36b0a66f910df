/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Serving a byte store of ours to the other process.
 */
#include <stdlib.h>

#include "core/isolate/store.h"
#include "core/isolate/wire-shapes.h"
#include "sdk/helpers/image-lock.h"

/* --- describing ------------------------------------------------------------------------------- */

static uint32_t operations(const struct tarn_io *io)
{
    uint32_t has = 0;

#define ADD(bit, member) has |= TARN_HAS(io, struct tarn_io, member) ? (bit) : 0
    ADD(STORE_PREAD, pread);
    ADD(STORE_PWRITE, pwrite);
    ADD(STORE_FLUSH, flush);
    ADD(STORE_SIZE, size);
    ADD(STORE_TRUNCATE, truncate);
    ADD(STORE_EXTENTS, extents);
    ADD(STORE_ZERO, zero);
    ADD(STORE_DISCARD, discard);
    ADD(STORE_ALLOCATE, allocate);
    ADD(STORE_IDENTITY, identity);
    ADD(STORE_CLOSE, close);
#undef ADD
    return has;
}

void store_describe(struct wire_writer *writer, store_number number, const struct tarn_io *io,
                    const void *head, uint64_t head_length, uint64_t size)
{
    wire_put_u32(writer, number);
    wire_put_u32(writer, io->flags);
    wire_put_u32(writer, io->block_size);
    wire_put_u32(writer, operations(io));
    wire_put_u64(writer, size);
    wire_put_bytes(writer, head, head != NULL ? (size_t)head_length : 0);
}

/* --- serving ---------------------------------------------------------------------------------- */

struct service {
    struct tarn_call *call;
    struct peer *peer;
    struct channel *channel;
    const struct frame *frame;
    struct tarn_io *io;
    uint64_t offset;
    uint64_t length;
    uint32_t flags;
};

/* Whatever the store answered, what goes out is a status. */
static int32_t begin_answer(struct service *service, int32_t status)
{
    if (status < TARN_OK || status >= TARN_STATUS_COUNT)
        status = TARN_E_INTERNAL;
    channel_begin(service->channel, FRAME_RETURN, (uint32_t)status);
    return status;
}

static int answer(struct service *service, int32_t status)
{
    begin_answer(service, status);
    channel_end(service->channel, 0);
    return channel_flush(service->channel);
}

static int serve_pread(struct service *service)
{
    void *room = service->length <= FRAME_MOST_BULK ? channel_lend(service->channel) : NULL;
    int32_t status;
    int why;

    if (room == NULL)
        return service->length <= FRAME_MOST_BULK ? CHANNEL_MEMORY : CHANNEL_GARBAGE;
    status = tarn_io_pread(service->call, service->io, room, service->length, service->offset);
    status = begin_answer(service, status);
    channel_end(service->channel, status == TARN_OK ? (uint32_t)service->length : 0);
    why = status == TARN_OK ? channel_send_bulk(service->channel, room, (size_t)service->length)
                            : channel_flush(service->channel);
    channel_return(service->channel, room);
    return why;
}

static int serve_pwrite(struct service *service)
{
    void *room = channel_lend(service->channel);
    uint32_t length = service->frame->bulk;
    int why = room != NULL ? 0 : CHANNEL_MEMORY;

    if (why == 0 && length > 0)
        why = channel_take_bulk(service->channel, room, length);
    if (why == 0)
        why = answer(service, tarn_io_pwrite(service->call, service->io, room, length,
                                             service->offset));
    channel_return(service->channel, room);
    return why;
}

static int serve_size(struct service *service)
{
    uint64_t size = 0;
    int32_t status = tarn_io_size(service->call, service->io, &size);

    begin_answer(service, status);
    wire_put_u64(&service->channel->out, size);
    channel_end(service->channel, 0);
    return channel_flush(service->channel);
}

static int serve_identity(struct service *service)
{
    struct tarn_identity identity = { .struct_size = sizeof(identity) };
    int32_t status = tarn_io_identity(service->call, service->io, &identity);

    begin_answer(service, status);
    wire_put_struct(&service->channel->out, &shape_identity, &identity);
    channel_end(service->channel, 0);
    return channel_flush(service->channel);
}

/* The first batch is small: many want but one extent. */
#define FIRST_BATCH 2048u

struct gathering {
    struct peer *peer;
    struct wire_writer extents;
    size_t most;
};

static int32_t hand_over(struct tarn_call *call, struct gathering *gathering)
{
    struct wire_writer *extents = &gathering->extents;
    struct exchange exchange;
    int32_t status;

    if (extents->failed)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to map a volume");
    if (extents->used == 0)
        return TARN_OK;
    status = exchange_begin(&exchange, call, gathering->peer, FRAME_EXTENTS);
    if (status != TARN_OK)
        return status;
    wire_put_raw(exchange.out, extents->bytes, extents->used);
    extents->used = 0;
    if (gathering->most < CHANNEL_BATCH)
        gathering->most *= 4;
    return exchange_end(&exchange, exchange_run(&exchange));
}

static int32_t gather(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct gathering *gathering = arg;

    wire_put_struct(&gathering->extents, &shape_extent, extent);
    return gathering->extents.used < gathering->most ? TARN_OK : hand_over(call, gathering);
}

static int serve_extents(struct service *service)
{
    struct gathering gathering = { service->peer, { 0 }, FIRST_BATCH };
    int32_t status = tarn_io_extents(service->call, service->io, service->offset, service->length,
                                     gather, &gathering);

    if (status == TARN_OK)
        status = hand_over(service->call, &gathering);
    free(gathering.extents.bytes);
    return answer(service, status);
}

static int32_t lock(struct service *service)
{
    if (service->io->fd < 0)
        return TARN_OK;
    return image_lock(service->call, service->io->fd, service->flags != 0);
}

static int serve_one(struct service *service)
{
    struct tarn_call *call = service->call;
    struct tarn_io *io = service->io;

    switch (service->frame->op) {
    case FRAME_IO_PREAD:
        return serve_pread(service);
    case FRAME_IO_PWRITE:
        return serve_pwrite(service);
    case FRAME_IO_FLUSH:
        return answer(service, tarn_io_flush(call, io));
    case FRAME_IO_SIZE:
        return serve_size(service);
    case FRAME_IO_TRUNCATE:
        return answer(service, tarn_io_truncate(call, io, service->length, service->flags));
    case FRAME_IO_EXTENTS:
        return serve_extents(service);
    case FRAME_IO_ZERO:
        return answer(service, tarn_io_zero(call, io, service->offset, service->length,
                                            service->flags));
    case FRAME_IO_DISCARD:
        return answer(service, tarn_io_discard(call, io, service->offset, service->length));
    case FRAME_IO_ALLOCATE:
        return answer(service, tarn_io_allocate(call, io, service->offset, service->length));
    case FRAME_IO_LOCK:
        return answer(service, lock(service));
    default:
        return serve_identity(service);
    }
}

/* What follows the number of the store. False if it is not that. */
static bool read_question(struct service *service, struct wire_reader *reader)
{
    uint32_t op = service->frame->op;

    if (op == FRAME_IO_PREAD || op == FRAME_IO_PWRITE)
        service->offset = wire_get_u64(reader);
    if (op == FRAME_IO_PREAD)
        service->length = wire_get_u32(reader);
    if (op == FRAME_IO_TRUNCATE || op == FRAME_IO_EXTENTS || op == FRAME_IO_ZERO ||
        op == FRAME_IO_DISCARD || op == FRAME_IO_ALLOCATE) {
        service->offset = wire_get_u64(reader);
        service->length = wire_get_u64(reader);
        service->flags = wire_get_u32(reader);
    }
    if (op == FRAME_IO_LOCK)
        service->flags = wire_get_u32(reader);
    return wire_end(reader);
}

static int serve_close(struct service *service, store_number number)
{
    struct peer *peer = service->peer;
    const void *owner = NULL;
    int32_t status;

    service->io = handles_take(&peer->handles, HANDLE_STORE, number, &owner);
    if (service->io == NULL)
        return CHANNEL_GARBAGE;
    status = tarn_io_close(service->call, service->io);
    if (peer->ops->closed != NULL)
        peer->ops->closed(peer, owner);
    return answer(service, status);
}

int store_serve(struct tarn_call *call, struct peer *peer, struct channel *channel,
                const struct frame *frame)
{
    struct service service = { call, peer, channel, frame, NULL, 0, 0, 0 };
    struct arena *arena = NULL; /* no structure is in these questions */
    struct wire_reader reader = frame_reader(frame, &arena);
    store_number number = wire_get_u32(&reader);
    int why;

    if (!read_question(&service, &reader))
        return CHANNEL_GARBAGE;
    if (frame->op == FRAME_IO_CLOSE)
        return serve_close(&service, number);
    service.io = handles_use(&peer->handles, HANDLE_STORE, number);
    if (service.io == NULL)
        return CHANNEL_GARBAGE;
    why = serve_one(&service);
    handles_done(&peer->handles, number);
    return why;
}
