/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A pool type of an isolated module: definitions, handles, and the steps of a pool's life.
 */
#include "core/isolate/proxy-pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/context/call.h"
#include "core/context/context.h"

/* --- requests --------------------------------------------------------------------------------- */

int32_t proxy_begin_in(struct exchange *exchange, struct tarn_call *call, struct worker *worker,
                       uint32_t op)
{
    int32_t status = exchange_begin(exchange, call, &worker->peer, op);

    if (status != TARN_OK)
        return status;
    isolate_put_definitions(exchange->out, call, worker->opened);
    wire_put_u32(exchange->out, worker->pool);
    return TARN_OK;
}

int32_t proxy_begin(struct exchange *exchange, struct tarn_call *call, void *pool, uint32_t op,
                    bool force)
{
    struct proxy_pool *proxy = pool;
    struct worker *worker = NULL;
    int32_t status = seat_take(&worker, &proxy->seat, call, force);

    if (status != TARN_OK)
        return status;
    status = proxy_begin_in(exchange, call, worker, op);
    worker_unref(worker);
    return status;
}

int32_t proxy_finish(struct exchange *exchange)
{
    return exchange_end(exchange, exchange_run(exchange));
}

int32_t proxy_ask(struct tarn_call *call, void *pool, uint32_t op)
{
    struct exchange exchange;
    int32_t status = proxy_begin(&exchange, call, pool, op, false);

    return status == TARN_OK ? proxy_finish(&exchange) : status;
}

/* --- without a handle ------------------------------------------------------------------------- */

/* Which of the module's types the definition is of. */
static int32_t type_number(uint32_t *out, const struct isolate *isolate, struct tarn_call *call)
{
    const struct tarn_pool_type *const *types = isolate->descriptor->pool_types;
    const char *wanted = call->pool != NULL ? call->pool->type : NULL;
    uint32_t number;

    for (number = 0; wanted != NULL && types[number] != NULL; number++) {
        if (strcmp(types[number]->name, wanted) == 0) {
            *out = number;
            return TARN_OK;
        }
    }
    return tarn_fail(call, TARN_E_INTERNAL, 0, "the module %s has no pool type \"%s\"",
                     isolate->name, wanted != NULL ? wanted : "");
}

static int32_t ask_type(struct tarn_call *call, uint32_t op)
{
    struct isolate *isolate = isolate_of(call);
    struct worker *worker = NULL;
    struct exchange exchange;
    uint32_t number = 0;
    int32_t status = type_number(&number, isolate, call);

    if (status == TARN_OK)
        status = seat_take(&worker, &isolate->seat, call, false);
    if (status != TARN_OK)
        return status;
    status = exchange_begin(&exchange, call, &worker->peer, op);
    worker_unref(worker);
    if (status != TARN_OK)
        return status;
    isolate_put_definitions(exchange.out, call, NULL);
    wire_put_u32(exchange.out, number);
    return proxy_finish(&exchange);
}

static int32_t proxy_define(struct tarn_call *call)
{
    return ask_type(call, FRAME_DEFINE);
}

static int32_t proxy_claims(struct tarn_call *call)
{
    return ask_type(call, FRAME_CLAIMS);
}

static int32_t proxy_find_sources(struct tarn_call *call)
{
    return ask_type(call, FRAME_FIND_SOURCES);
}

/* --- handles ---------------------------------------------------------------------------------- */

/* Opens the pool in a worker: the first, or one that takes another's place. */
static int32_t furnish(struct seat *seat, struct worker *worker, struct tarn_call *call)
{
    const struct proxy_pool *proxy = (struct proxy_pool *)(void *)seat;
    struct exchange exchange;
    int32_t status = exchange_begin(&exchange, call, &worker->peer, FRAME_OPEN);

    if (status != TARN_OK)
        return status;
    isolate_put_definitions(exchange.out, call, NULL);
    wire_put_u32(exchange.out, proxy->type);
    status = exchange_run(&exchange);
    if (status == TARN_OK)
        worker->pool = wire_get_u32(&exchange.answer);
    worker->opened = call->pool;
    return exchange_end(&exchange, status);
}

static void proxy_free(struct proxy_pool *proxy)
{
    seat_clear(&proxy->seat);
    free(proxy);
}

static int32_t proxy_open(struct tarn_call *call, void **out_pool)
{
    struct isolate *isolate = isolate_of(call);
    struct proxy_pool *proxy = calloc(1, sizeof(*proxy));
    struct worker *worker = NULL;
    int32_t status;

    if (proxy == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a pool");
    status = seat_init(&proxy->seat, isolate, call->pool != NULL ? call->pool->name : NULL)
                 ? type_number(&proxy->type, isolate, call)
                 : tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a pool");
    proxy->seat.furnish = furnish;
    if (status == TARN_OK)
        status = seat_take(&worker, &proxy->seat, call, false);
    worker_unref(worker);
    if (status != TARN_OK) {
        proxy_free(proxy);
        return status;
    }
    *out_pool = proxy;
    return TARN_OK;
}

/* There is no call: one is made, so that the module's close is waited for no longer than any. */
static void close_in(struct worker *worker)
{
    struct operation operation;
    struct exchange exchange;
    struct call call;

    operation_begin(&operation, worker->isolate->context, "pool-close", NULL, NULL, NULL);
    operation_step_begin(&operation, "close");
    call_begin(&call, &operation, NULL);
    if (proxy_begin_in(&exchange, &call.abi, worker, FRAME_CLOSE) == TARN_OK)
        proxy_finish(&exchange);
    call_end(&call, TARN_OK, NULL);
    operation_step_end(&operation);
    operation_end(&operation);
}

static void proxy_close(void *pool)
{
    struct proxy_pool *proxy = pool;

    if (proxy->seat.worker != NULL && !worker_is_gone(proxy->seat.worker))
        close_in(proxy->seat.worker);
    proxy_free(proxy);
}

/* --- the pool --------------------------------------------------------------------------------- */

static int32_t proxy_check(struct tarn_call *call, void *pool, uint32_t *out_active)
{
    struct exchange exchange;
    int32_t status = proxy_begin(&exchange, call, pool, FRAME_CHECK, false);

    if (status != TARN_OK)
        return status;
    status = exchange_run(&exchange);
    if (status == TARN_OK)
        *out_active = wire_get_u32(&exchange.answer) != 0;
    return exchange_end(&exchange, status);
}

static int32_t ask_with_flags(struct tarn_call *call, void *pool, uint32_t op, uint32_t flags,
                              bool force)
{
    struct exchange exchange;
    int32_t status = proxy_begin(&exchange, call, pool, op, force);

    if (status != TARN_OK)
        return status;
    wire_put_u32(exchange.out, flags);
    return proxy_finish(&exchange);
}

static int32_t proxy_build(struct tarn_call *call, void *pool, uint32_t flags)
{
    return ask_with_flags(call, pool, FRAME_BUILD, flags, false);
}

static int32_t proxy_start(struct tarn_call *call, void *pool)
{
    return proxy_ask(call, pool, FRAME_START);
}

static int32_t proxy_stop(struct tarn_call *call, void *pool, uint32_t flags)
{
    return ask_with_flags(call, pool, FRAME_STOP, flags, (flags & TARN_STOP_FORCE) != 0);
}

static int32_t proxy_remove(struct tarn_call *call, void *pool)
{
    return proxy_ask(call, pool, FRAME_REMOVE);
}

static int32_t proxy_recover(struct tarn_call *call, void *pool)
{
    return proxy_ask(call, pool, FRAME_RECOVER);
}

static int32_t proxy_capabilities(struct tarn_call *call, void *pool)
{
    return proxy_ask(call, pool, FRAME_CAPABILITIES);
}

static int32_t proxy_info(struct tarn_call *call, void *pool)
{
    return proxy_ask(call, pool, FRAME_INFO);
}

const struct tarn_pool_type proxy_pool_type = {
    .define = proxy_define,
    .claims = proxy_claims,
    .find_sources = proxy_find_sources,
    .open = proxy_open,
    .close = proxy_close,
    .check = proxy_check,
    .build = proxy_build,
    .start = proxy_start,
    .stop = proxy_stop,
    .remove = proxy_remove,
    .recover = proxy_recover,
    .capabilities = proxy_capabilities,
    .info = proxy_info,
    .refresh = proxy_refresh,
    .volume_lookup = proxy_lookup,
    .watch_open = proxy_watch_open,
    .watch_read = proxy_watch_read,
    .watch_close = proxy_watch_close,
    .volume_name_check = proxy_name_check,
    .volume_allocate = proxy_allocate,
    .volume_clone = proxy_clone,
    .volume_publish = proxy_publish,
    .volume_abort = proxy_abort,
    .volume_open = proxy_volume_open,
    .volume_delete = proxy_delete,
    .volume_resize = proxy_resize,
};
