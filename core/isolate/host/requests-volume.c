/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests about a pool's volumes.
 */
#include "core/isolate/host/site.h"
#include "core/isolate/wire-shapes.h"

/* Whether there are bytes at all, and if so the store. */
static int32_t reply_store(struct request *request, struct tarn_io *io)
{
    wire_put_u32(&request->reply, io != NULL);
    return io != NULL ? site_lend(request, io, NULL) : TARN_OK;
}

static int32_t open_volume(struct request *request, struct site_pool *pool)
{
    const char *name = wire_get_word(&request->reader);
    uint32_t flags = wire_get_u32(&request->reader);
    struct tarn_io *io = NULL;
    int32_t status;

    if (!wire_end(&request->reader))
        return site_broken(request);
    status = pool->type->volume_open(&request->call.abi, pool->handle, name, flags, &io);
    return status == TARN_OK ? reply_store(request, io) : status;
}

/* --- births ----------------------------------------------------------------------------------- */

static int32_t make_container(struct request *request, struct site_pool *pool, uint32_t op)
{
    struct handles *handles = &request->site->peer.handles;
    struct tarn_call *call = &request->call.abi;
    const struct tarn_container_spec *spec =
        wire_get_struct(&request->reader, &shape_container_spec);
    void *container = NULL;
    struct tarn_io *io = NULL;
    uint32_t number;
    int32_t status;

    if (spec == NULL || !wire_end(&request->reader))
        return site_broken(request);
    status = op == FRAME_CLONE
                 ? pool->type->volume_clone(call, pool->handle, spec, &container, &io)
                 : pool->type->volume_allocate(call, pool->handle, spec, &container, &io);
    if (status != TARN_OK)
        return status;
    number = handles_add(handles, HANDLE_CONTAINER, container, NULL, false);
    wire_put_u32(&request->reply, number);
    if (number != 0)
        status = reply_store(request, io);
    else if (io != NULL)
        tarn_io_close(call, io);
    if (number != 0 && status == TARN_OK)
        return TARN_OK;
    handles_remove(handles, HANDLE_CONTAINER, number);
    pool->type->volume_abort(call, pool->handle, container);
    return tarn_fail(call, TARN_E_INTERNAL, 0, "too many volumes are being made");
}

static int32_t end_container(struct request *request, struct site_pool *pool, uint32_t op)
{
    uint32_t number = wire_get_u32(&request->reader);
    void *container = handles_remove(&request->site->peer.handles, HANDLE_CONTAINER, number);

    if (container == NULL)
        return site_broken(request);
    if (op == FRAME_PUBLISH)
        return pool->type->volume_publish(&request->call.abi, pool->handle, container);
    pool->type->volume_abort(&request->call.abi, pool->handle, container);
    return TARN_OK;
}

/* --- by name ---------------------------------------------------------------------------------- */

static int32_t resize(struct request *request, struct site_pool *pool)
{
    const char *name = wire_get_word(&request->reader);
    uint64_t size = wire_get_u64(&request->reader);
    uint32_t flags = wire_get_u32(&request->reader);

    if (!wire_end(&request->reader))
        return site_broken(request);
    return pool->type->volume_resize(&request->call.abi, pool->handle, name, size, flags);
}

static int32_t act(struct request *request, struct site_pool *pool, uint32_t op)
{
    const struct tarn_pool_type *type = pool->type;
    struct tarn_call *call = &request->call.abi;

    switch (op) {
    case FRAME_NAME_CHECK:
        return type->volume_name_check(call, pool->handle, wire_get_word(&request->reader));
    case FRAME_ALLOCATE:
    case FRAME_CLONE:
        return make_container(request, pool, op);
    case FRAME_PUBLISH:
    case FRAME_ABORT:
        return end_container(request, pool, op);
    case FRAME_VOLUME_OPEN:
        return open_volume(request, pool);
    case FRAME_DELETE:
        return type->volume_delete(call, pool->handle, wire_get_word(&request->reader));
    default:
        return resize(request, pool);
    }
}

static bool has(const struct tarn_pool_type *type, uint32_t op)
{
    switch (op) {
    case FRAME_NAME_CHECK:
        return type->volume_name_check != NULL;
    case FRAME_ALLOCATE:
        return type->volume_allocate != NULL;
    case FRAME_CLONE:
        return type->volume_clone != NULL;
    case FRAME_VOLUME_OPEN:
        return type->volume_open != NULL;
    case FRAME_DELETE:
        return type->volume_delete != NULL;
    case FRAME_RESIZE:
        return type->volume_resize != NULL;
    default:
        return true; /* who has containers can end them */
    }
}

int32_t request_of_volume(struct request *request, uint32_t op)
{
    struct handles *handles = &request->site->peer.handles;
    uint32_t number = wire_get_u32(&request->reader);
    struct site_pool *pool = handles_use(handles, HANDLE_POOL, number);
    int32_t status;

    if (pool == NULL)
        return site_broken(request);
    if (request->call.abi.pool == NULL)
        request->call.abi.pool = pool->def;
    request->call.pool = pool;
    request->call.type = pool->type;
    status = has(pool->type, op) ? act(request, pool, op) : site_broken(request);
    handles_done(handles, number);
    return status;
}
