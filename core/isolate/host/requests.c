/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a request of the host to the function of the module that it is for, and back.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/isolate/host/site.h"
#include "core/isolate/store.h"
#include "core/isolate/wire-shapes.h"

int32_t site_broken(struct request *request)
{
    return tarn_fail(&request->call.abi, TARN_E_INTERNAL, 0,
                     "the host sent a request that makes no sense");
}

int32_t site_lend(struct request *request, struct tarn_io *io, struct tarn_io *below)
{
    struct peer *peer = &request->site->peer;
    const void *owner = below != NULL ? (const void *)below : peer;
    store_number number = handles_add(&peer->handles, HANDLE_STORE, io, owner,
                                      (io->flags & TARN_IO_PARALLEL) != 0);

    if (number == 0) {
        tarn_io_close(&request->call.abi, io);
        return tarn_fail(&request->call.abi, TARN_E_INTERNAL, 0, "too many byte stores are open");
    }
    store_describe(&request->reply, number, io, NULL, 0, UINT64_MAX);
    return TARN_OK;
}

/* --- definitions ------------------------------------------------------------------------------ */

/* What the call works on; the opened pool's definition is put in by who finds the pool. */
static void read_definitions(struct request *request)
{
    struct tarn_call *call = &request->call.abi;

    if (wire_get_u32(&request->reader) == DEFINITION_HERE)
        call->pool = wire_get_struct(&request->reader, &shape_pool_def);
    if (wire_get_u32(&request->reader) != 0)
        call->volume = wire_get_struct(&request->reader, &shape_volume_def);
}

/* --- one request ------------------------------------------------------------------------------ */

static int32_t run(struct request *request, uint32_t op)
{
    if (op == FRAME_DESCRIBE)
        return request_describe(request);
    if (request->site->module == NULL)
        return site_broken(request);
    if (op == FRAME_LOAD)
        return request_load(request);
    read_definitions(request);
    if (op >= FRAME_DEFINE && op <= FRAME_OPEN)
        return request_of_type(request, op);
    if (op >= FRAME_CLOSE && op <= FRAME_WATCH_CLOSE)
        return request_of_pool(request, op);
    if (op >= FRAME_NAME_CHECK && op <= FRAME_RESIZE)
        return request_of_volume(request, op);
    if (op >= FRAME_PROBE && op <= FRAME_IMAGE_CHECK)
        return request_of_format(request, op);
    return site_broken(request);
}

static bool is_serial(const struct site *site)
{
    return site->module != NULL && site->module->threads < TARN_THREADS_POOL;
}

static int32_t run_alone(struct request *request, uint32_t op)
{
    struct site *site = request->site;
    bool serial = is_serial(site);
    int32_t status;

    if (serial)
        pthread_mutex_lock(&site->serial);
    status = run(request, op);
    if (serial)
        pthread_mutex_unlock(&site->serial);
    return status;
}

static int answer(struct line *line, struct request *request, int32_t status)
{
    struct channel *channel = &line->channel;

    if (status < TARN_OK || status >= TARN_STATUS_COUNT)
        status = TARN_E_INTERNAL;
    if (status == TARN_OK && request->reply.failed)
        status = tarn_fail(&request->call.abi, TARN_E_INTERNAL, 0, "no memory for the answer");
    if (atomic_fetch_add(&request->site->requests, 1) % 8 == 7 && site_is_worn(request->site)) {
        channel_begin(channel, FRAME_WORN, 0);
        channel_end(channel, 0);
    }
    channel_begin(channel, FRAME_RETURN, (uint32_t)status);
    if (status == TARN_OK)
        wire_put_raw(&channel->out, request->reply.bytes, request->reply.used);
    channel_end(channel, 0);
    return request->fd >= 0 && status == TARN_OK ? channel_send_fd(channel, request->fd)
                                                 : channel_flush(channel);
}

static int serve_module(struct line *line, const struct frame *frame)
{
    struct request request = { .site = line->site, .fd = -1 };
    struct arena *arena = NULL;
    int32_t status;
    int why;

    request.reader = frame_reader(frame, &arena);
    site_call_begin(&request.call, line, frame->word);
    status = run_alone(&request, frame->op);
    site_call_end(&request.call);
    why = answer(line, &request, status);
    free(request.reply.bytes);
    arena_free(arena);
    return why;
}

static int serve_store(struct line *line, const struct frame *frame)
{
    struct site *site = line->site;
    struct site_call call;
    int why;

    site_call_begin(&call, line, frame->word);
    if (is_serial(site))
        pthread_mutex_lock(&site->serial);
    why = store_serve(&call.abi, &site->peer, &line->channel, frame);
    if (is_serial(site))
        pthread_mutex_unlock(&site->serial);
    site_call_end(&call);
    return why;
}

int site_serve(struct line *line, const struct frame *frame)
{
    struct frame kept = *frame;
    unsigned char small[FRAME_SMALL];
    int why;

    atomic_fetch_add(&line->site->running, 1);
    if (frame->op >= FRAME_IO_PREAD && frame->op <= FRAME_IO_CLOSE) {
        why = serve_store(line, frame);
    } else if (frame_keep(&kept, small) != NULL) {
        why = serve_module(line, &kept);
        frame_drop(&kept, small);
    } else {
        why = CHANNEL_MEMORY;
    }
    atomic_fetch_sub(&line->site->running, 1);
    return why;
}
