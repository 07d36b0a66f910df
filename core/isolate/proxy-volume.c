/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Volumes of a pool in a worker. Byte stores and containers stay with the worker that made them:
 * they are lost with it, while the pool goes on with another.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/isolate/proxy-pool.h"
#include "core/isolate/store.h"
#include "core/isolate/wire-shapes.h"

struct proxy_container {
    struct worker *worker; /* counted */
    uint32_t number;
};

static int32_t ask_about(struct tarn_call *call, void *pool, uint32_t op, const char *name)
{
    struct exchange exchange;
    int32_t status = proxy_begin(&exchange, call, pool, op, false);

    if (status != TARN_OK)
        return status;
    wire_put_text(exchange.out, name);
    return proxy_finish(&exchange);
}

int32_t proxy_name_check(struct tarn_call *call, void *pool, const char *name)
{
    return ask_about(call, pool, FRAME_NAME_CHECK, name);
}

int32_t proxy_delete(struct tarn_call *call, void *pool, const char *name)
{
    return ask_about(call, pool, FRAME_DELETE, name);
}

int32_t proxy_resize(struct tarn_call *call, void *pool, const char *name, uint64_t size,
                     uint32_t flags)
{
    struct exchange exchange;
    int32_t status = proxy_begin(&exchange, call, pool, FRAME_RESIZE, false);

    if (status != TARN_OK)
        return status;
    wire_put_text(exchange.out, name);
    wire_put_u64(exchange.out, size);
    wire_put_u32(exchange.out, flags);
    return proxy_finish(&exchange);
}

/* --- opening ---------------------------------------------------------------------------------- */

/* The byte store that an answer describes; NULL where it has none. */
static struct tarn_io *get_store(struct exchange *exchange)
{
    return wire_get_u32(&exchange->answer) != 0
               ? store_client_new(exchange->peer, &exchange->answer)
               : NULL;
}

static int32_t finish_open(struct exchange *exchange, const char *name, uint32_t flags,
                           struct tarn_io **out)
{
    struct tarn_io *io = NULL;
    int32_t status;

    wire_put_text(exchange->out, name);
    wire_put_u32(exchange->out, flags);
    status = exchange_run(exchange);
    if (status == TARN_OK)
        io = get_store(exchange);
    status = exchange_end(exchange, status);
    if (status != TARN_OK) {
        store_client_free(io);
        return status;
    }
    *out = io;
    return TARN_OK;
}

int32_t proxy_volume_open(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                          struct tarn_io **out_io)
{
    struct exchange exchange;
    int32_t status = proxy_begin(&exchange, call, pool, FRAME_VOLUME_OPEN, false);

    return status == TARN_OK ? finish_open(&exchange, name, flags, out_io) : status;
}

int32_t proxy_open_volume(struct worker *worker, struct tarn_call *call, const char *name,
                          uint32_t flags, struct tarn_io **out)
{
    struct exchange exchange;
    int32_t status = proxy_begin_in(&exchange, call, worker, FRAME_VOLUME_OPEN);

    if (status == TARN_OK)
        status = finish_open(&exchange, name, flags, out);
    if (status == TARN_OK && *out == NULL)
        status = tarn_fail(call, TARN_E_UNSUPPORTED, 0, "it has no bytes to read");
    return status;
}

/* --- births ----------------------------------------------------------------------------------- */

static int32_t finish_container(struct exchange *exchange, struct proxy_container *container,
                                const struct tarn_container_spec *spec, struct tarn_io **out_io)
{
    struct tarn_io *io = NULL;
    int32_t status;

    wire_put_struct(exchange->out, &shape_container_spec, spec);
    status = exchange_run(exchange);
    if (status == TARN_OK) {
        container->number = wire_get_u32(&exchange->answer);
        io = get_store(exchange);
    }
    status = exchange_end(exchange, status);
    if (status != TARN_OK) {
        store_client_free(io);
        return status;
    }
    *out_io = io;
    return TARN_OK;
}

static int32_t make_container(struct tarn_call *call, void *pool, uint32_t op,
                              const struct tarn_container_spec *spec, void **out_container,
                              struct tarn_io **out_io)
{
    struct proxy_container *container = calloc(1, sizeof(*container));
    struct exchange exchange;
    int32_t status;

    if (container == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to make a volume");
    status = proxy_begin(&exchange, call, pool, op, false);
    if (status == TARN_OK) {
        container->worker = worker_ref((struct worker *)(void *)exchange.peer);
        status = finish_container(&exchange, container, spec, out_io);
    }
    if (status != TARN_OK) {
        worker_unref(container->worker);
        free(container);
        return status;
    }
    *out_container = container;
    return TARN_OK;
}

int32_t proxy_allocate(struct tarn_call *call, void *pool, const struct tarn_container_spec *spec,
                       void **out_container, struct tarn_io **out_io)
{
    return make_container(call, pool, FRAME_ALLOCATE, spec, out_container, out_io);
}

int32_t proxy_clone(struct tarn_call *call, void *pool, const struct tarn_container_spec *spec,
                    void **out_container, struct tarn_io **out_io)
{
    return make_container(call, pool, FRAME_CLONE, spec, out_container, out_io);
}

/* What a lost worker had half made has no name, and is cleared as what a killed process leaves. */
static int32_t end_container(struct tarn_call *call, struct proxy_container *container,
                             uint32_t op)
{
    struct exchange exchange;
    int32_t status = proxy_begin_in(&exchange, call, container->worker, op);

    if (status == TARN_OK) {
        wire_put_u32(exchange.out, container->number);
        status = proxy_finish(&exchange);
    }
    worker_unref(container->worker);
    free(container);
    return status;
}

int32_t proxy_publish(struct tarn_call *call, void *pool, void *container)
{
    (void)pool;
    return end_container(call, container, FRAME_PUBLISH);
}

void proxy_abort(struct tarn_call *call, void *pool, void *container)
{
    (void)pool;
    end_container(call, container, FRAME_ABORT);
}
