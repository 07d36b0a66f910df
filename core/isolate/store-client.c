/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A byte store of the other process. It has no descriptor: what lies behind it may be a server that
 * is dead, and only its own process shall wait for that.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/isolate/store.h"
#include "core/isolate/wire-shapes.h"

struct store_client {
    struct tarn_io io; /* first */
    struct peer *peer;
    store_number number;
    bool unflushed;
    store_closed_fn closed;
    void *closed_arg;
    uint64_t size; /* UINT64_MAX: it is asked */
    uint64_t head_length;
    unsigned char head[];
};

static struct store_client *client_of(struct tarn_io *io)
{
    return (struct store_client *)(void *)io;
}

/* --- one question ----------------------------------------------------------------------------- */

static int32_t begin(struct exchange *exchange, struct tarn_call *call, struct tarn_io *io,
                     uint32_t op)
{
    struct store_client *client = client_of(io);
    int32_t status = exchange_begin(exchange, call, client->peer, op);

    if (status == TARN_OK)
        wire_put_u32(exchange->out, client->number);
    return status;
}

static int32_t finish(struct exchange *exchange)
{
    return exchange_end(exchange, exchange_run(exchange));
}

/* A question about a range. */
static int32_t ask_range(struct tarn_call *call, struct tarn_io *io, uint32_t op, uint64_t offset,
                         uint64_t length, uint32_t flags)
{
    struct exchange exchange;
    int32_t status = begin(&exchange, call, io, op);

    if (status != TARN_OK)
        return status;
    wire_put_u64(exchange.out, offset);
    wire_put_u64(exchange.out, length);
    wire_put_u32(exchange.out, flags);
    return finish(&exchange);
}

/* --- the operations --------------------------------------------------------------------------- */

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int32_t read_part(struct tarn_call *call, struct tarn_io *io, void *buffer, uint64_t length,
                         uint64_t offset)
{
    struct exchange exchange;
    int32_t status = begin(&exchange, call, io, FRAME_IO_PREAD);

    if (status != TARN_OK)
        return status;
    wire_put_u64(exchange.out, offset);
    wire_put_u32(exchange.out, (uint32_t)length);
    exchange.answer_bulk = buffer;
    exchange.answer_length = (size_t)length;
    return finish(&exchange);
}

static int32_t client_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                            uint64_t length, uint64_t offset)
{
    const struct store_client *client = client_of(io);
    unsigned char *to = buffer;
    int32_t status = TARN_OK;

    if (offset <= client->head_length && length <= client->head_length - offset) {
        if (length > 0)
            memcpy(to, client->head + offset, (size_t)length);
        return TARN_OK;
    }
    while (status == TARN_OK && length > 0) {
        uint64_t part = smaller(length, FRAME_MOST_BULK);

        status = read_part(call, io, to, part, offset);
        to += part;
        offset += part;
        length -= part;
    }
    return status;
}

static int32_t write_part(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                          uint64_t length, uint64_t offset)
{
    struct exchange exchange;
    int32_t status = begin(&exchange, call, io, FRAME_IO_PWRITE);

    if (status != TARN_OK)
        return status;
    wire_put_u64(exchange.out, offset);
    exchange.bulk = buffer;
    exchange.bulk_length = (size_t)length;
    return finish(&exchange);
}

static int32_t client_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                             uint64_t length, uint64_t offset)
{
    const unsigned char *from = buffer;
    int32_t status = TARN_OK;

    client_of(io)->unflushed = true;
    while (status == TARN_OK && length > 0) {
        uint64_t part = smaller(length, FRAME_MOST_BULK);

        status = write_part(call, io, from, part, offset);
        from += part;
        offset += part;
        length -= part;
    }
    return status;
}

static int32_t client_flush(struct tarn_call *call, struct tarn_io *io)
{
    struct exchange exchange;
    int32_t status = begin(&exchange, call, io, FRAME_IO_FLUSH);

    if (status == TARN_OK)
        status = finish(&exchange);
    if (status == TARN_OK)
        client_of(io)->unflushed = false;
    return status;
}

static int32_t client_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    struct exchange exchange;
    int32_t status;

    if (client_of(io)->size != UINT64_MAX) {
        *out = client_of(io)->size;
        return TARN_OK;
    }
    status = begin(&exchange, call, io, FRAME_IO_SIZE);
    if (status != TARN_OK)
        return status;
    status = exchange_run(&exchange);
    if (status == TARN_OK)
        *out = wire_get_u64(&exchange.answer);
    return exchange_end(&exchange, status);
}

static int32_t client_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                               uint32_t flags)
{
    client_of(io)->unflushed = true;
    return ask_range(call, io, FRAME_IO_TRUNCATE, 0, size, flags);
}

/* The consumer's refusal comes first: what the other side says after that is its echo. */
static int32_t client_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                              uint64_t length, tarn_extent_fn emit, void *arg)
{
    struct extent_taker taker = { emit, arg, offset, offset + length, TARN_OK };
    struct exchange exchange;
    int32_t status;

    if (length > UINT64_MAX - offset)
        return tarn_fail(call, TARN_E_INVALID, 0, "no store has %llu bytes at %llu",
                         (unsigned long long)length, (unsigned long long)offset);
    status = begin(&exchange, call, io, FRAME_IO_EXTENTS);
    if (status != TARN_OK)
        return status;
    wire_put_u64(exchange.out, offset);
    wire_put_u64(exchange.out, length);
    wire_put_u32(exchange.out, 0);
    exchange.taker = &taker;
    status = finish(&exchange);
    return taker.status != TARN_OK ? taker.status : status;
}

static int32_t client_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                           uint64_t length, uint32_t flags)
{
    client_of(io)->unflushed = true;
    return ask_range(call, io, FRAME_IO_ZERO, offset, length, flags);
}

static int32_t client_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                              uint64_t length)
{
    client_of(io)->unflushed = true;
    return ask_range(call, io, FRAME_IO_DISCARD, offset, length, 0);
}

static int32_t client_allocate(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                               uint64_t length)
{
    client_of(io)->unflushed = true;
    return ask_range(call, io, FRAME_IO_ALLOCATE, offset, length, 0);
}

static int32_t client_identity(struct tarn_call *call, struct tarn_io *io,
                               struct tarn_identity *out)
{
    struct exchange exchange;
    int32_t status = begin(&exchange, call, io, FRAME_IO_IDENTITY);

    if (status != TARN_OK)
        return status;
    status = exchange_run(&exchange);
    if (status == TARN_OK)
        wire_read_struct(&exchange.answer, &shape_identity, out);
    return exchange_end(&exchange, status);
}

/* Reading ends well whatever became of the other process. */
static int32_t client_close(struct tarn_call *call, struct tarn_io *io)
{
    struct store_client *client = client_of(io);
    bool matters = client->unflushed;
    struct exchange exchange;
    int32_t status = begin(&exchange, call, io, FRAME_IO_CLOSE);
    bool lost = status != TARN_OK;

    if (!lost) {
        status = finish(&exchange);
        lost = exchange.lost;
    }
    if (lost && !matters) {
        call->host->forget(call);
        status = TARN_OK;
    }
    if (client->closed != NULL)
        client->closed(call, io, client->closed_arg);
    store_client_free(io);
    return status;
}

int32_t store_lock(struct tarn_call *call, struct tarn_io *io, bool write)
{
    struct exchange exchange;
    int32_t status;

    if (io->close != client_close)
        return TARN_OK;
    status = begin(&exchange, call, io, FRAME_IO_LOCK);
    if (status != TARN_OK)
        return status;
    wire_put_u32(exchange.out, write);
    return finish(&exchange);
}

/* --- making one ------------------------------------------------------------------------------- */

static void set_operations(struct tarn_io *io, uint32_t has)
{
    io->pread = has & STORE_PREAD ? client_pread : NULL;
    io->pwrite = has & STORE_PWRITE ? client_pwrite : NULL;
    io->flush = has & STORE_FLUSH ? client_flush : NULL;
    io->size = has & STORE_SIZE ? client_size : NULL;
    io->truncate = has & STORE_TRUNCATE ? client_truncate : NULL;
    io->extents = has & STORE_EXTENTS ? client_extents : NULL;
    io->zero = has & STORE_ZERO ? client_zero : NULL;
    io->discard = has & STORE_DISCARD ? client_discard : NULL;
    io->allocate = has & STORE_ALLOCATE ? client_allocate : NULL;
    io->identity = has & STORE_IDENTITY ? client_identity : NULL;
    io->close = has & STORE_CLOSE ? client_close : NULL;
}

/* Users divide by it. */
static uint32_t power_of_two(uint32_t size)
{
    return (size & (size - 1)) == 0 ? size : 0;
}

struct tarn_io *store_client_new(struct peer *peer, struct wire_reader *reader)
{
    store_number number = wire_get_u32(reader);
    uint32_t flags = wire_get_u32(reader);
    uint32_t block_size = wire_get_u32(reader);
    uint32_t has = wire_get_u32(reader);
    uint64_t size = wire_get_u64(reader);
    size_t length;
    const void *head = wire_get_bytes(reader, &length);
    struct store_client *client = NULL;

    if (!reader->failed && number != 0)
        client = calloc(1, sizeof(*client) + length);
    if (client == NULL) {
        reader->failed = true;
        return NULL;
    }
    client->io.struct_size = sizeof(client->io);
    client->io.flags = flags;
    client->io.fd = -1;
    client->io.block_size = power_of_two(block_size);
    set_operations(&client->io, has);
    client->peer = peer;
    client->number = number;
    client->size = size;
    client->head_length = length;
    if (length > 0)
        memcpy(client->head, head, length);
    peer->ops->keep(peer);
    return &client->io;
}

void store_client_on_close(struct tarn_io *io, store_closed_fn closed, void *arg)
{
    client_of(io)->closed = closed;
    client_of(io)->closed_arg = arg;
}

void store_client_free(struct tarn_io *io)
{
    struct store_client *client = io != NULL ? client_of(io) : NULL;

    if (client == NULL)
        return;
    client->peer->ops->let_go(client->peer);
    free(client);
}
