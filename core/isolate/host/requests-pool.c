/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests to a pool type: without a handle, opening one, and the steps of a pool's life.
 */
#include <stdlib.h>
#include <string.h>

#include "core/isolate/host/site.h"
#include "core/isolate/wire-shapes.h"

/* --- handles ---------------------------------------------------------------------------------- */

static void pool_free(struct site_pool *pool)
{
    if (pool == NULL)
        return;
    known_free(pool->known);
    arena_free(pool->arena);
    free(pool->body);
    free(pool);
}

/* The request's definition stays as long as the pool is open. */
static struct site_pool *pool_new(struct request *request, const struct tarn_pool_type *type)
{
    struct site_pool *pool = calloc(1, sizeof(*pool));
    struct wire_writer copy = { 0 };
    struct wire_reader reader;

    if (pool == NULL)
        return NULL;
    pool->type = type;
    pool->known = known_new();
    if (request->call.abi.pool == NULL)
        return pool;
    wire_put_struct(&copy, &shape_pool_def, request->call.abi.pool);
    pool->body = copy.bytes;
    reader = (struct wire_reader){ copy.bytes, copy.bytes + copy.used, &pool->arena, false };
    if (!copy.failed)
        pool->def = wire_get_struct(&reader, &shape_pool_def);
    if (pool->def != NULL)
        return pool;
    pool_free(pool);
    return NULL;
}

/* As in the host's own process: what is NULL is not closed. */
static void close_handle(struct site_pool *pool)
{
    if (pool->handle != NULL)
        pool->type->close(pool->handle);
}

static int32_t open_pool(struct request *request, const struct tarn_pool_type *type)
{
    struct site_pool *pool = pool_new(request, type);
    uint32_t number = 0;
    int32_t status;

    if (pool == NULL)
        return tarn_fail(&request->call.abi, TARN_E_INTERNAL, 0, "no memory to open a pool");
    if (pool->def != NULL)
        request->call.abi.pool = pool->def; /* a module may keep it while the pool is open */
    status = type->open(&request->call.abi, &pool->handle);
    if (status == TARN_OK) {
        number = handles_add(&request->site->peer.handles, HANDLE_POOL, pool, NULL, true);
        if (number == 0) {
            close_handle(pool);
            status = tarn_fail(&request->call.abi, TARN_E_INTERNAL, 0, "too many pools are open");
        }
    }
    if (status != TARN_OK) {
        pool_free(pool);
        return status;
    }
    wire_put_u32(&request->reply, number);
    return TARN_OK;
}

int32_t request_of_type(struct request *request, uint32_t op)
{
    const struct tarn_pool_type *const *types = request->site->module->pool_types;
    uint32_t number = wire_get_u32(&request->reader);
    const struct tarn_pool_type *type = NULL;
    uint32_t i;

    for (i = 0; types != NULL && types[i] != NULL; i++)
        if (i == number)
            type = types[i];
    if (type == NULL || !wire_end(&request->reader))
        return site_broken(request);
    request->call.type = type;
    if (op == FRAME_OPEN)
        return open_pool(request, type);
    if (op == FRAME_DEFINE && type->define != NULL)
        return type->define(&request->call.abi);
    if (op == FRAME_CLAIMS && type->claims != NULL)
        return type->claims(&request->call.abi);
    if (op == FRAME_FIND_SOURCES && type->find_sources != NULL)
        return type->find_sources(&request->call.abi);
    return site_broken(request);
}

/* --- watching --------------------------------------------------------------------------------- */

static int32_t watch_open(struct request *request, struct site_pool *pool)
{
    struct handles *handles = &request->site->peer.handles;
    void *watch = NULL;
    int32_t fd = -1;
    uint32_t number;
    int32_t status = pool->type->watch_open(&request->call.abi, pool->handle, &watch, &fd);

    if (status != TARN_OK)
        return status;
    request->fd = fd;
    number = handles_add(handles, HANDLE_WATCH, watch, NULL, false);
    if (number == 0) {
        pool->type->watch_close(pool->handle, watch);
        return tarn_fail(&request->call.abi, TARN_E_INTERNAL, 0, "too many watches are open");
    }
    wire_put_u32(&request->reply, number);
    return TARN_OK;
}

static int32_t watch_read(struct request *request, struct site_pool *pool)
{
    struct handles *handles = &request->site->peer.handles;
    uint32_t number = wire_get_u32(&request->reader);
    void *watch = handles_use(handles, HANDLE_WATCH, number);
    int32_t status;

    if (watch == NULL)
        return site_broken(request);
    status = pool->type->watch_read(&request->call.abi, pool->handle, watch);
    handles_done(handles, number);
    return status;
}

static int32_t watch_close(struct request *request, struct site_pool *pool)
{
    uint32_t number = wire_get_u32(&request->reader);
    void *watch = handles_remove(&request->site->peer.handles, HANDLE_WATCH, number);

    if (watch == NULL)
        return site_broken(request);
    pool->type->watch_close(pool->handle, watch);
    return TARN_OK;
}

/* --- steps ------------------------------------------------------------------------------------ */

static int32_t check(struct request *request, struct site_pool *pool)
{
    uint32_t active = 0;
    int32_t status = pool->type->check(&request->call.abi, pool->handle, &active);

    wire_put_u32(&request->reply, active);
    return status;
}

static int32_t refresh(struct request *request, struct site_pool *pool)
{
    bool anew = wire_get_u32(&request->reader) != 0;
    int32_t status;

    known_begin(pool->known, anew);
    request->call.refreshing = true;
    status = pool->type->refresh(&request->call.abi, pool->handle);
    if (status == TARN_OK)
        known_end(pool->known);
    return status;
}

static int32_t lookup(struct request *request, struct site_pool *pool)
{
    const char *name = wire_get_word(&request->reader);
    int32_t status = pool->type->volume_lookup(&request->call.abi, pool->handle, name);

    if (status == TARN_E_NOT_FOUND)
        known_keep(pool->known, name, NULL);
    return status;
}

/* What a host asks for without the module having it. */
static bool has(const struct tarn_pool_type *type, uint32_t op)
{
    switch (op) {
    case FRAME_CHECK:
        return type->check != NULL;
    case FRAME_BUILD:
        return type->build != NULL;
    case FRAME_START:
        return type->start != NULL;
    case FRAME_STOP:
        return type->stop != NULL;
    case FRAME_REMOVE:
        return type->remove != NULL;
    case FRAME_RECOVER:
        return type->recover != NULL;
    case FRAME_CAPABILITIES:
        return type->capabilities != NULL;
    case FRAME_INFO:
        return type->info != NULL;
    case FRAME_LOOKUP:
        return type->volume_lookup != NULL;
    case FRAME_WATCH_OPEN:
    case FRAME_WATCH_READ:
    case FRAME_WATCH_CLOSE:
        return type->watch_open != NULL;
    default:
        return true; /* close and refresh are never missing */
    }
}

static int32_t step(struct request *request, struct site_pool *pool, uint32_t op)
{
    const struct tarn_pool_type *type = pool->type;
    struct tarn_call *call = &request->call.abi;

    switch (op) {
    case FRAME_CHECK:
        return check(request, pool);
    case FRAME_BUILD:
        return type->build(call, pool->handle, wire_get_u32(&request->reader));
    case FRAME_START:
        return type->start(call, pool->handle);
    case FRAME_STOP:
        return type->stop(call, pool->handle, wire_get_u32(&request->reader));
    case FRAME_REMOVE:
        return type->remove(call, pool->handle);
    case FRAME_RECOVER:
        return type->recover(call, pool->handle);
    case FRAME_CAPABILITIES:
        return type->capabilities(call, pool->handle);
    case FRAME_INFO:
        return type->info(call, pool->handle);
    case FRAME_REFRESH:
        return refresh(request, pool);
    case FRAME_LOOKUP:
        return lookup(request, pool);
    case FRAME_WATCH_OPEN:
        return watch_open(request, pool);
    case FRAME_WATCH_READ:
        return watch_read(request, pool);
    default:
        return watch_close(request, pool);
    }
}

static int32_t close_pool(struct request *request, uint32_t number)
{
    struct site_pool *pool = handles_remove(&request->site->peer.handles, HANDLE_POOL, number);

    if (pool == NULL)
        return site_broken(request);
    close_handle(pool);
    pool_free(pool);
    return TARN_OK;
}

int32_t request_of_pool(struct request *request, uint32_t op)
{
    struct handles *handles = &request->site->peer.handles;
    uint32_t number = wire_get_u32(&request->reader);
    struct site_pool *pool;
    int32_t status;

    if (op == FRAME_CLOSE)
        return close_pool(request, number);
    pool = handles_use(handles, HANDLE_POOL, number);
    if (pool == NULL)
        return site_broken(request);
    if (request->call.abi.pool == NULL)
        request->call.abi.pool = pool->def;
    request->call.pool = pool;
    request->call.type = pool->type;
    status = has(pool->type, op) ? step(request, pool, op) : site_broken(request);
    handles_done(handles, number);
    return status;
}
