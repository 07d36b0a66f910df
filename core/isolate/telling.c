/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a module says while a call of it runs: each word goes to the same function of the true call
 * that it would have called itself. All of it is read as from a stranger.
 */
#include <stdlib.h>
#include <string.h>

#include "core/isolate/store.h"
#include "core/isolate/telling.h"

#define MOST_SECRET 65536u

/* --- answers ---------------------------------------------------------------------------------- */

static struct wire_writer *answer_begin(const struct message *message, int32_t status)
{
    channel_begin(message->exchange->channel, FRAME_RETURN, (uint32_t)status);
    return &message->exchange->channel->out;
}

static int answer_end(const struct message *message)
{
    channel_end(message->exchange->channel, 0);
    return channel_flush(message->exchange->channel);
}

int message_answer(const struct message *message, int32_t status)
{
    answer_begin(message, status);
    return answer_end(message);
}

/* --- errors, cancellation, progress ----------------------------------------------------------- */

/* Who was told to stop because nobody wants the rest fails, and says so: that is no news. */
static bool is_unwanted(const struct exchange *exchange)
{
    return exchange->refusal != TARN_OK ||
           (exchange->taker != NULL && exchange->taker->status != TARN_OK);
}

static int take_fail(struct message *message)
{
    int32_t system_errno = (int32_t)wire_get_u32(&message->reader);
    const char *text = wire_get_word(&message->reader);

    if (wire_end(&message->reader) && !is_unwanted(message->exchange))
        message->host->fail(message->call, (int32_t)message->word, system_errno, text);
    return 0;
}

/* The process has a clock of its own, and the host's word counts: but a failure is a failure. */
static int take_interrupted(struct message *message)
{
    bool cancelled =
        message->word == TARN_E_CANCELLED && message->exchange->patience.cancelled;

    if (is_unwanted(message->exchange))
        return 0;
    if (message->host->interrupted(message->call) == TARN_OK)
        message->host->fail(message->call, cancelled ? TARN_E_CANCELLED : TARN_E_TIMEOUT, 0,
                            cancelled ? "it was cancelled"
                                      : "it did not end within its deadline: try again with more "
                                        "time");
    return 0;
}

static int take_progress(struct message *message)
{
    uint64_t done = wire_get_u64(&message->reader);
    uint64_t total = wire_get_u64(&message->reader);

    if (wire_end(&message->reader))
        message->host->progress(message->call, done, total);
    return 0;
}

static int take_log(struct message *message)
{
    const char *text = wire_get_word(&message->reader);

    if (wire_end(&message->reader))
        message->host->log(message->call, message->word, text);
    return 0;
}

static int take_notice(struct message *message)
{
    const char *volume = wire_get_text(&message->reader);
    const char *text = wire_get_word(&message->reader);

    if (wire_end(&message->reader))
        message->host->notify(message->call, message->word, volume, text);
    return 0;
}

/* --- questions -------------------------------------------------------------------------------- */

static int take_option(struct message *message)
{
    const char *name = wire_get_word(&message->reader);
    const char *value;
    struct wire_writer *out;
    int why;

    if (!wire_end(&message->reader))
        return CHANNEL_GARBAGE;
    value = message->host->option(message->call, name);
    out = answer_begin(message, TARN_OK);
    wire_put_text(out, value);
    why = answer_end(message);
    if (out->bytes != NULL)
        explicit_bzero(out->bytes, out->room); /* it may be a secret's */
    return why;
}

static int take_query(struct message *message)
{
    uint32_t which = wire_get_u32(&message->reader);
    uint32_t index = wire_get_u32(&message->reader);
    const char *xpath = wire_get_word(&message->reader);

    if (!wire_end(&message->reader))
        return CHANNEL_GARBAGE;
    wire_put_text(answer_begin(message, TARN_OK),
                  message->host->query(message->call, which, xpath, index));
    return answer_end(message);
}

static int take_secret(struct message *message)
{
    uint64_t length = wire_get_u32(&message->reader);
    const char *usage = wire_get_text(&message->reader);
    const char *uuid = wire_get_text(&message->reader);
    struct wire_writer *out;
    void *secret;
    int32_t status;
    int why;

    if (!wire_end(&message->reader) || length > MOST_SECRET)
        return CHANNEL_GARBAGE;
    secret = malloc((size_t)length + 1);
    if (secret == NULL)
        return CHANNEL_MEMORY;
    status = message->host->secret(message->call, usage, uuid, secret, &length);
    out = answer_begin(message, status);
    if (status == TARN_OK)
        wire_put_bytes(out, secret, (size_t)length);
    why = answer_end(message);
    explicit_bzero(secret, (size_t)length + 1);
    if (out->bytes != NULL)
        explicit_bzero(out->bytes, out->room);
    free(secret);
    return why;
}

static int take_amend(struct message *message)
{
    uint32_t part = wire_get_u32(&message->reader);
    const char *value = wire_get_word(&message->reader);

    if (!wire_end(&message->reader))
        return CHANNEL_GARBAGE;
    return message_answer(message, message->host->amend(message->call, part, value));
}

static int take_identify(struct message *message)
{
    uint32_t flags = wire_get_u32(&message->reader);
    const char *kind = wire_get_word(&message->reader);
    const char *id = wire_get_word(&message->reader);

    if (!wire_end(&message->reader))
        return CHANNEL_GARBAGE;
    return message_answer(message, message->host->identify(message->call, kind, id, flags));
}

/* --- other files ------------------------------------------------------------------------------ */

/* Lends a byte store that was just opened; the module closes it, or the end of the call does. */
static int answer_store(const struct message *message, int32_t status, struct tarn_io *io,
                        const char *name)
{
    struct worker *worker = message_worker(message);
    struct wire_writer *out;
    store_number number = 0;

    if (status == TARN_OK) {
        number = handles_add(&worker->peer.handles, HANDLE_STORE, io, message->exchange,
                             (io->flags & TARN_IO_PARALLEL) != 0);
        if (number == 0) {
            tarn_io_close(message->call, io);
            status = tarn_fail(message->call, TARN_E_INTERNAL, 0, "too many files are open");
        }
    }
    out = answer_begin(message, status);
    if (status == TARN_OK) {
        wire_put_text(out, name);
        store_describe(out, number, io, NULL, 0, UINT64_MAX);
    }
    return answer_end(message);
}

static int take_open_related(struct message *message)
{
    uint32_t role = wire_get_u32(&message->reader);
    uint32_t flags = wire_get_u32(&message->reader);
    const char *name = wire_get_word(&message->reader);
    const char *format = wire_get_text(&message->reader);
    struct tarn_io *io = NULL;
    int32_t status;

    if (!wire_end(&message->reader))
        return CHANNEL_GARBAGE;
    status = message->host->open_related(message->call, role, name, format, flags, &io);
    return answer_store(message, status, io, NULL);
}

static int take_create_related(struct message *message)
{
    uint64_t size = wire_get_u64(&message->reader);
    const char *suffix = wire_get_word(&message->reader);
    const char *name = NULL;
    struct tarn_io *io = NULL;
    int32_t status;

    if (!wire_end(&message->reader))
        return CHANNEL_GARBAGE;
    status = message->host->create_related(message->call, suffix, size, &name, &io);
    return answer_store(message, status, io, name);
}

void telling_close_related(struct tarn_call *call, struct worker *worker, const void *owner)
{
    uint32_t number;

    while ((number = handles_find(&worker->peer.handles, owner)) != 0)
        tarn_io_close(call, handles_remove(&worker->peer.handles, HANDLE_STORE, number));
}

/* --- all of them ------------------------------------------------------------------------------ */

static int take_one_way(struct message *message, uint32_t op)
{
    switch (op) {
    case FRAME_FAIL:
        return take_fail(message);
    case FRAME_FORGET:
        message->host->forget(message->call);
        return 0;
    case FRAME_INTERRUPTED:
        return take_interrupted(message);
    case FRAME_PULSE:
        return 0;
    case FRAME_WORN:
        atomic_store(&message_worker(message)->worn, true);
        return 0;
    case FRAME_PROGRESS:
        return take_progress(message);
    case FRAME_LOG:
        return take_log(message);
    case FRAME_NOTIFY:
        return take_notice(message);
    default:
        return message_result(message, op);
    }
}

static int take_question(struct message *message, uint32_t op)
{
    switch (op) {
    case FRAME_OPTION:
        return take_option(message);
    case FRAME_QUERY:
        return take_query(message);
    case FRAME_SECRET:
        return take_secret(message);
    case FRAME_AMEND:
        return take_amend(message);
    case FRAME_IDENTIFY:
        return take_identify(message);
    case FRAME_OPEN_RELATED:
        return take_open_related(message);
    case FRAME_CREATE_RELATED:
        return take_create_related(message);
    case FRAME_EMIT_VOLUME_IO:
        return message_volume_io(message);
    case FRAME_EMIT_CHANGED_WAIT:
        return message_changed_wait(message);
    default:
        return CHANNEL_GARBAGE;
    }
}

int telling_serve(struct exchange *exchange, const struct frame *frame)
{
    struct frame kept = *frame;
    unsigned char small[FRAME_SMALL];
    struct message message = { .exchange = exchange, .call = exchange->call,
                               .host = exchange->call->host, .word = frame->word };
    bool asked = !(frame->op & FRAME_ONE_WAY);
    int why;

    /* While a question is answered the channel may be used again. */
    if (asked && frame_keep(&kept, small) == NULL)
        return CHANNEL_MEMORY;
    message.reader = frame_reader(&kept, &exchange->arena);
    why = asked ? take_question(&message, frame->op) : take_one_way(&message, frame->op);
    if (asked)
        frame_drop(&kept, small);
    arena_free(exchange->arena);
    exchange->arena = NULL;
    return why;
}
