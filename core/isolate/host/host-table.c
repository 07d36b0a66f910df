/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The host as the module sees it: errors and progress are told, questions are asked, and whether
 * the call shall stop is known here.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "core/isolate/host/site.h"
#include "core/isolate/store.h"
#include "core/isolate/wire-shapes.h"
#include "core/registry/params.h"

#define MILLISECOND INT64_C(1000000)
/* The host is told that the module works, if nothing else tells it. */
#define PULSE (500 * MILLISECOND)
/* As often as people look. */
#define PROGRESS (50 * MILLISECOND)

static struct site_call *call_of(struct tarn_call *abi)
{
    return (struct site_call *)(void *)abi;
}

static struct peer *peer_of(struct tarn_call *abi)
{
    return &call_of(abi)->line->site->peer;
}

/* The end of what site_tell began. */
static void said(struct site_call *call)
{
    channel_end(&call->line->channel, 0);
    channel_leave(&call->line->channel);
}

static void send_now(struct site_call *call)
{
    channel_enter(&call->line->channel);
    channel_flush(&call->line->channel);
    channel_leave(&call->line->channel);
    call->spoke = site_clock();
}

/* --- errors, cancellation, progress ----------------------------------------------------------- */

static int32_t fail(struct tarn_call *abi, int32_t status, int32_t system_errno, const char *text)
{
    struct site_call *call = call_of(abi);
    struct wire_writer *out;

    if (status <= TARN_OK || status >= TARN_STATUS_COUNT)
        status = TARN_E_INTERNAL;
    out = site_tell(call, FRAME_FAIL, (uint32_t)status);
    wire_put_u32(out, (uint32_t)system_errno);
    wire_put_text(out, text);
    said(call);
    return status;
}

static void forget(struct tarn_call *abi)
{
    site_tell(call_of(abi), FRAME_FORGET, 0);
    said(call_of(abi));
}

static bool is_cancelled(const struct site_call *call)
{
    struct pollfd cancel = { .fd = call->line->channel.cancel_fd, .events = POLLIN };

    return poll(&cancel, 1, 0) > 0;
}

static int32_t interrupted(struct tarn_call *abi)
{
    struct site_call *call = call_of(abi);
    int64_t now = site_clock();
    int32_t status = TARN_OK;

    if (is_cancelled(call))
        status = TARN_E_CANCELLED;
    else if (call->deadline != 0 && now >= call->deadline)
        status = TARN_E_TIMEOUT;
    if (status != TARN_OK && !call->told_interrupted) {
        call->told_interrupted = true;
        site_tell(call, FRAME_INTERRUPTED, (uint32_t)status);
        said(call);
    } else if (status == TARN_OK && now - call->spoke >= PULSE) {
        site_tell(call, FRAME_PULSE, 0);
        said(call);
        send_now(call);
    }
    return status;
}

static int32_t cancel_fd(struct tarn_call *abi)
{
    return call_of(abi)->line->channel.cancel_fd;
}

static int64_t time_left(struct tarn_call *abi)
{
    const struct site_call *call = call_of(abi);
    int64_t left;

    if (call->deadline == 0)
        return -1;
    left = (call->deadline - site_clock()) / MILLISECOND;
    return left > 0 ? left : 0;
}

static void tell_progress(struct site_call *call)
{
    struct wire_writer *out = site_tell(call, FRAME_PROGRESS, 0);

    wire_put_u64(out, call->done);
    wire_put_u64(out, call->total);
    said(call);
    call->progress_pending = false;
}

static void progress(struct tarn_call *abi, uint64_t done, uint64_t total)
{
    struct site_call *call = call_of(abi);
    int64_t now = site_clock();

    call->done = done;
    call->total = total;
    call->progress_pending = true;
    if (now - call->progress_told < PROGRESS)
        return;
    call->progress_told = now;
    tell_progress(call);
    send_now(call);
}

static void log_text(struct tarn_call *abi, uint32_t level, const char *text)
{
    struct site_call *call = call_of(abi);

    wire_put_text(site_tell(call, FRAME_LOG, level), text);
    said(call);
}

static void notify(struct tarn_call *abi, uint32_t kind, const char *volume, const char *text)
{
    struct site_call *call = call_of(abi);
    struct wire_writer *out = site_tell(call, FRAME_NOTIFY, kind);

    wire_put_text(out, volume);
    wire_put_text(out, text);
    said(call);
}

/* --- questions -------------------------------------------------------------------------------- */

static const char *keep_in(struct arena **arena, const char *text)
{
    if (*arena == NULL)
        *arena = arena_new();
    return *arena != NULL ? arena_strdup(*arena, text) : NULL;
}

static const char *keep_text(struct site_call *call, const char *text)
{
    return keep_in(&call->arena, text);
}

/* An option of the pool: which it has, the host knows. Any may be a secret. */
static const char *ask_option(struct tarn_call *abi, const char *name)
{
    struct exchange exchange;
    const char *text = NULL;
    int32_t status = exchange_begin(&exchange, abi, peer_of(abi), FRAME_OPTION);

    if (status != TARN_OK)
        return NULL;
    wire_put_text(exchange.out, name);
    status = exchange_run(&exchange);
    if (status == TARN_OK) {
        const char *told = wire_get_text(&exchange.answer);

        text = keep_in(&call_of(abi)->secrets, told);
        if (told != NULL)
            explicit_bzero((char *)(uintptr_t)told, strlen(told));
    }
    return exchange_end(&exchange, status) == TARN_OK ? text : NULL;
}

static const char *option(struct tarn_call *abi, const char *name)
{
    const struct tarn_pool_type *type = call_of(abi)->type;

    if (type != NULL && params_find(type->params, name) != NULL)
        return ask_option(abi, name);
    return params_get(call_of(abi)->line->site->options, name);
}

static const char *query(struct tarn_call *abi, uint32_t which, const char *xpath, uint32_t index)
{
    struct exchange exchange;
    const char *text = NULL;
    int32_t status = exchange_begin(&exchange, abi, peer_of(abi), FRAME_QUERY);

    if (status != TARN_OK)
        return NULL;
    wire_put_u32(exchange.out, which);
    wire_put_u32(exchange.out, index);
    wire_put_text(exchange.out, xpath);
    status = exchange_run(&exchange);
    if (status == TARN_OK)
        text = keep_text(call_of(abi), wire_get_text(&exchange.answer));
    return exchange_end(&exchange, status) == TARN_OK ? text : NULL;
}

static int32_t secret(struct tarn_call *abi, const char *usage, const char *uuid, void *buffer,
                      uint64_t *length)
{
    struct exchange exchange;
    int32_t status = exchange_begin(&exchange, abi, peer_of(abi), FRAME_SECRET);

    if (status != TARN_OK)
        return status;
    wire_put_u32(exchange.out, *length < UINT32_MAX ? (uint32_t)*length : UINT32_MAX);
    wire_put_text(exchange.out, usage);
    wire_put_text(exchange.out, uuid);
    status = exchange_run(&exchange);
    if (status == TARN_OK) {
        size_t got;
        const void *bytes = wire_get_bytes(&exchange.answer, &got);

        if (bytes != NULL && got <= *length) {
            memcpy(buffer, bytes, got);
            explicit_bzero((void *)(uintptr_t)bytes, got);
            *length = got;
        }
    }
    return exchange_end(&exchange, status);
}

static int32_t amend(struct tarn_call *abi, uint32_t part, const char *value)
{
    struct exchange exchange;
    int32_t status = exchange_begin(&exchange, abi, peer_of(abi), FRAME_AMEND);

    if (status != TARN_OK)
        return status;
    wire_put_u32(exchange.out, part);
    wire_put_text(exchange.out, value);
    return exchange_end(&exchange, exchange_run(&exchange));
}

static int32_t identify(struct tarn_call *abi, const char *kind, const char *id, uint32_t flags)
{
    struct exchange exchange;
    int32_t status = exchange_begin(&exchange, abi, peer_of(abi), FRAME_IDENTIFY);

    if (status != TARN_OK)
        return status;
    wire_put_u32(exchange.out, flags);
    wire_put_text(exchange.out, kind);
    wire_put_text(exchange.out, id);
    return exchange_end(&exchange, exchange_run(&exchange));
}

/* --- other files ------------------------------------------------------------------------------ */

/* The answer to both: a name, or none, and a byte store. */
static int32_t finish_related(struct exchange *exchange, const char **out_name,
                              struct tarn_io **out)
{
    struct site_call *call = call_of(exchange->call);
    struct tarn_io *io = NULL;
    int32_t status = exchange_run(exchange);

    if (status == TARN_OK) {
        const char *name = wire_get_text(&exchange->answer);

        if (name != NULL && out_name != NULL)
            *out_name = keep_text(call, name);
        io = store_client_new(exchange->peer, &exchange->answer);
    }
    status = exchange_end(exchange, status);
    if (status != TARN_OK)
        store_client_free(io);
    else
        *out = io;
    return status;
}

static int32_t open_related(struct tarn_call *abi, uint32_t role, const char *name,
                            const char *format, uint32_t flags, struct tarn_io **out)
{
    struct exchange exchange;
    int32_t status = exchange_begin(&exchange, abi, peer_of(abi), FRAME_OPEN_RELATED);

    if (status != TARN_OK)
        return status;
    wire_put_u32(exchange.out, role);
    wire_put_u32(exchange.out, flags);
    wire_put_text(exchange.out, name);
    wire_put_text(exchange.out, format);
    return finish_related(&exchange, NULL, out);
}

static int32_t create_related(struct tarn_call *abi, const char *suffix, uint64_t size,
                              const char **out_name, struct tarn_io **out)
{
    struct exchange exchange;
    int32_t status = exchange_begin(&exchange, abi, peer_of(abi), FRAME_CREATE_RELATED);

    if (status != TARN_OK)
        return status;
    wire_put_u64(exchange.out, size);
    wire_put_text(exchange.out, suffix);
    return finish_related(&exchange, out_name, out);
}

/* --- libraries that no two threads may use at once -------------------------------------------- */

/* The module is the only one in this process, so one lock will do for whatever it names. */
static int32_t domain_enter(struct tarn_call *abi, const char *name)
{
    (void)name;
    pthread_mutex_lock(&call_of(abi)->line->site->serial);
    return TARN_OK;
}

static void domain_leave(struct tarn_call *abi, const char *name)
{
    (void)name;
    pthread_mutex_unlock(&call_of(abi)->line->site->serial);
}

static const struct tarn_host host = {
    .struct_size = sizeof(struct tarn_host),
    .abi_version = TARN_ABI_VERSION,
    .fail = fail,
    .forget = forget,
    .interrupted = interrupted,
    .cancel_fd = cancel_fd,
    .time_left = time_left,
    .progress = progress,
    .log = log_text,
    .option = option,
    .query = query,
    .secret = secret,
    .amend = amend,
    .identify = identify,
    .notify = notify,
    .volume_known = site_volume_known,
    .open_related = open_related,
    .create_related = create_related,
    .emit_volume = site_emit_volume,
    .emit_pool = site_emit_pool,
    .emit_source = site_emit_source,
    .emit_capability = site_emit_capability,
    .emit_free = site_emit_free,
    .emit_claim = site_emit_claim,
    .emit_changed = site_emit_changed,
    .emit_image = site_emit_image,
    .emit_snapshot = site_emit_snapshot,
    .emit_finding = site_emit_finding,
    .emit_check = site_emit_check,
    .domain_enter = domain_enter,
    .domain_leave = domain_leave,
};

/* --- calls ------------------------------------------------------------------------------------ */

void site_call_begin(struct site_call *call, struct line *line, uint32_t limit)
{
    memset(call, 0, sizeof(*call));
    call->abi.struct_size = sizeof(call->abi);
    call->abi.host = &host;
    call->abi.module_state = line->site->state;
    call->line = line;
    call->spoke = site_clock();
    if (limit != FRAME_NO_LIMIT)
        call->deadline = call->spoke + limit * MILLISECOND;
}

void site_call_end(struct site_call *call)
{
    if (call->progress_pending)
        tell_progress(call);
    arena_wipe(call->secrets);
    arena_free(call->secrets);
    arena_free(call->arena);
}

/* --- the host as a peer ----------------------------------------------------------------------- */

static int32_t begin(struct exchange *exchange)
{
    exchange->channel = &call_of(exchange->call)->line->channel;
    channel_enter(exchange->channel);
    return TARN_OK;
}

static uint32_t word(const struct exchange *exchange)
{
    (void)exchange;
    return FRAME_NO_LIMIT;
}

/* The host asks while we wait for it: in the same thread, so that locks of the module's own are no
 * obstacle. */
static int serve(struct exchange *exchange, const struct frame *frame)
{
    return site_serve(call_of(exchange->call)->line, frame);
}

/* Without a host there is nobody to tell, and this process is about to end. */
static int32_t lost(struct exchange *exchange, int why)
{
    (void)exchange;
    (void)why;
    return TARN_E_INTERNAL;
}

static void end(struct exchange *exchange)
{
    call_of(exchange->call)->spoke = site_clock();
    channel_leave(exchange->channel);
}

static void closed(struct peer *peer, const void *owner)
{
    if (owner != peer)
        store_client_free((struct tarn_io *)(uintptr_t)owner);
}

static void stay(struct peer *peer)
{
    (void)peer;
}

const struct peer_ops site_peer_ops = {
    .begin = begin,
    .word = word,
    .serve = serve,
    .lost = lost,
    .end = end,
    .closed = closed,
    .keep = stay,
    .let_go = stay,
};
