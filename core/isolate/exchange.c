/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asking, and serving until the answer comes.
 */
#include "core/isolate/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "core/isolate/store.h"
#include "core/isolate/wire-shapes.h"

int32_t exchange_begin(struct exchange *exchange, struct tarn_call *call, struct peer *peer,
                       uint32_t op)
{
    int32_t status;

    memset(exchange, 0, sizeof(*exchange));
    exchange->call = call;
    exchange->peer = peer;
    exchange->op = op;
    peer->ops->keep(peer);
    status = peer->ops->begin(exchange);
    if (status != TARN_OK) {
        peer->ops->let_go(peer);
        return status;
    }
    exchange->out = &exchange->channel->out;
    channel_begin(exchange->channel, op, peer->ops->word(exchange));
    return TARN_OK;
}

/* --- extents that are told -------------------------------------------------------------------- */

static bool is_next(const struct extent_taker *taker, const struct tarn_extent *extent)
{
    return extent->offset == taker->next && extent->length > 0 &&
           extent->length <= taker->end - taker->next && extent->kind >= TARN_EXTENT_DATA &&
           extent->kind <= TARN_EXTENT_BACKING;
}

static bool take_each(struct exchange *exchange, struct wire_reader *reader)
{
    struct extent_taker *taker = exchange->taker;

    while (reader->at < reader->end && taker->status == TARN_OK) {
        struct tarn_extent extent;

        wire_read_struct(reader, &shape_extent, &extent);
        if (reader->failed || !is_next(taker, &extent))
            return false;
        taker->next += extent.length;
        taker->status = taker->emit(exchange->call, &extent, taker->arg);
    }
    return true;
}

static int take_extents(struct exchange *exchange, const struct frame *frame)
{
    struct channel *channel = exchange->channel;
    struct frame kept = *frame;
    unsigned char small[FRAME_SMALL];
    struct wire_reader reader;
    bool fine;

    if (exchange->taker == NULL)
        return CHANNEL_GARBAGE;
    if (frame_keep(&kept, small) == NULL)
        return CHANNEL_MEMORY;
    reader = frame_reader(&kept, &exchange->arena);
    fine = take_each(exchange, &reader);
    frame_drop(&kept, small);
    if (!fine)
        return CHANNEL_GARBAGE;
    /* What ended it may be any number: it stays here. */
    channel_begin(channel, FRAME_RETURN,
                  exchange->taker->status == TARN_OK ? TARN_OK : TARN_E_CANCELLED);
    channel_end(channel, 0);
    return channel_flush(channel);
}

/* --- the loop --------------------------------------------------------------------------------- */

static int serve(struct exchange *exchange, const struct frame *frame)
{
    int why;

    exchange->asked = !(frame->op & FRAME_ONE_WAY);
    if (frame->op == FRAME_EXTENTS)
        why = take_extents(exchange, frame);
    else if (frame->op >= FRAME_IO_PREAD && frame->op <= FRAME_IO_CLOSE)
        why = store_serve(exchange->call, exchange->peer, exchange->channel, frame);
    else
        why = exchange->peer->ops->serve(exchange, frame);
    exchange->asked = false;
    return why;
}

static int take_answer(struct exchange *exchange, const struct frame *frame, int32_t *out_status)
{
    size_t wanted;

    *out_status = (int32_t)frame->word;
    if (*out_status < TARN_OK || *out_status >= TARN_STATUS_COUNT)
        return CHANNEL_GARBAGE;
    /* Who was told to stop because it was silent for too long says that it was cancelled. */
    if (*out_status == TARN_E_CANCELLED && exchange->patience.end != 0 &&
        !exchange->patience.cancelled)
        *out_status = TARN_E_TIMEOUT;
    wanted = *out_status == TARN_OK ? exchange->answer_length : 0;
    if (frame->bulk != wanted)
        return CHANNEL_GARBAGE;
    exchange->answer = frame_reader(frame, &exchange->arena);
    return wanted > 0 ? channel_take_bulk(exchange->channel, exchange->answer_bulk, wanted) : 0;
}

int32_t exchange_run(struct exchange *exchange)
{
    struct channel *channel = exchange->channel;
    struct frame frame;
    int32_t status = TARN_E_INTERNAL;
    int why;

    channel_end(channel, (uint32_t)exchange->bulk_length);
    why = channel_send_bulk(channel, exchange->bulk, exchange->bulk_length);
    while (why == 0) {
        why = channel_receive(channel, &frame);
        if (why == 0 && frame.op == FRAME_RETURN) {
            why = take_answer(exchange, &frame, &status);
            break;
        }
        if (why == 0)
            why = serve(exchange, &frame);
    }
    if (why == 0)
        return exchange->refusal != TARN_OK ? exchange->refusal : status;
    exchange->lost = true;
    return exchange->peer->ops->lost(exchange, why);
}

int32_t exchange_end(struct exchange *exchange, int32_t status)
{
    if (status == TARN_OK && !exchange->lost && !wire_end(&exchange->answer)) {
        exchange->lost = true;
        status = exchange->peer->ops->lost(exchange, CHANNEL_GARBAGE);
    }
    exchange->peer->ops->end(exchange);
    exchange->peer->ops->let_go(exchange->peer);
    arena_free(exchange->arena);
    return status;
}

unsigned char *frame_keep(struct frame *frame, unsigned char *small)
{
    unsigned char *copy = frame->length <= FRAME_SMALL ? small : malloc(frame->length);

    if (copy != NULL && frame->length > 0)
        memcpy(copy, frame->body, frame->length);
    frame->body = copy;
    return copy;
}

void frame_drop(struct frame *frame, const unsigned char *small)
{
    if (frame->body != small)
        free((void *)(uintptr_t)frame->body);
}
