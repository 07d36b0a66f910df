/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the module tells goes to the host in batches: while the host looks at one volume, the module
 * is at the next but fifty.
 */
#include "core/isolate/host/site.h"
#include "core/isolate/store.h"
#include "core/isolate/wire-shapes.h"

static struct site_call *call_of(struct tarn_call *abi)
{
    return (struct site_call *)(void *)abi;
}

struct wire_writer *site_tell(struct site_call *call, uint32_t op, uint32_t word)
{
    channel_enter(&call->line->channel);
    channel_begin(&call->line->channel, op, word);
    return &call->line->channel.out;
}

int32_t site_told(struct site_call *call)
{
    struct channel *channel = &call->line->channel;
    bool full;

    channel_end(channel, 0);
    full = channel->out.used >= CHANNEL_BATCH;
    if (full)
        channel_flush(channel);
    channel_leave(channel);
    return full ? call->abi.host->interrupted(&call->abi) : TARN_OK;
}

static int32_t tell(struct tarn_call *abi, uint32_t op, const struct wire_shape *shape,
                    const void *result)
{
    struct site_call *call = call_of(abi);

    wire_put_struct(site_tell(call, op, 0), shape, result);
    return site_told(call);
}

/* --- volumes ---------------------------------------------------------------------------------- */

int32_t site_volume_known(struct tarn_call *abi, const char *name,
                          const struct tarn_identity *identity)
{
    struct site_call *call = call_of(abi);
    struct wire_writer *out;

    if (!call->refreshing || !known_is(call->pool->known, name, identity))
        return 0;
    out = site_tell(call, FRAME_KNOWN, 0);
    wire_put_text(out, name);
    wire_put_struct(out, &shape_identity, identity);
    site_told(call);
    return 1;
}

/* The host may open it itself if it wants more than the head. */
static bool can_be_opened_beside(const struct site_call *call)
{
    return call->line->site->module->threads >= TARN_THREADS_PARALLEL && call->pool != NULL &&
           call->pool->type->volume_open != NULL;
}

static int32_t tell_and_wait(struct tarn_call *abi, const struct tarn_volume_info *volume)
{
    struct site *site = call_of(abi)->line->site;
    store_number number =
        handles_add(&site->peer.handles, HANDLE_STORE, volume->io, NULL, false);
    struct exchange exchange;
    int32_t status;

    if (number == 0)
        return tarn_fail(abi, TARN_E_INTERNAL, 0, "too many byte stores are open");
    status = exchange_begin(&exchange, abi, &site->peer, FRAME_EMIT_VOLUME_IO);
    if (status == TARN_OK) {
        wire_put_struct(exchange.out, &shape_volume_info, volume);
        store_describe(exchange.out, number, volume->io, NULL, 0, UINT64_MAX);
        status = exchange_end(&exchange, exchange_run(&exchange));
    }
    handles_remove(&site->peer.handles, HANDLE_STORE, number);
    return status;
}

int32_t site_emit_volume(struct tarn_call *abi, const struct tarn_volume_info *volume)
{
    struct site_call *call = call_of(abi);
    /* One that cannot be read may be readable the next time, although it is the same. */
    const struct tarn_identity *identity =
        TARN_REACHES(volume, struct tarn_volume_info, identity) &&
                volume->status == TARN_VOLUME_OK
            ? volume->identity
            : NULL;
    bool open = TARN_HAS(volume, struct tarn_volume_info, io);
    struct wire_writer *out;

    if (call->pool != NULL && TARN_REACHES(volume, struct tarn_volume_info, name))
        known_keep(call->pool->known, volume->name, identity);
    if (open && !can_be_opened_beside(call))
        return tell_and_wait(abi, volume);
    out = site_tell(call, FRAME_EMIT_VOLUME, 0);
    wire_put_struct(out, &shape_volume_info, volume);
    wire_put_u32(out, open);
    return site_told(call);
}

/* --- the others ------------------------------------------------------------------------------- */

int32_t site_emit_pool(struct tarn_call *abi, const struct tarn_pool_info *info)
{
    return tell(abi, FRAME_EMIT_POOL, &shape_pool_info, info);
}

int32_t site_emit_source(struct tarn_call *abi, const struct tarn_source *source)
{
    return tell(abi, FRAME_EMIT_SOURCE, &shape_source, source);
}

int32_t site_emit_capability(struct tarn_call *abi, const struct tarn_capability *capability)
{
    return tell(abi, FRAME_EMIT_CAPABILITY, &shape_capability, capability);
}

int32_t site_emit_free(struct tarn_call *abi, const struct tarn_device_extent *extent)
{
    return tell(abi, FRAME_EMIT_FREE, &shape_device_extent, extent);
}

int32_t site_emit_claim(struct tarn_call *abi, const char *claim)
{
    struct site_call *call = call_of(abi);

    wire_put_text(site_tell(call, FRAME_EMIT_CLAIM, 0), claim);
    return site_told(call);
}

/* The host looks at the volume at once, by another call of the module: while this one waits for it
 * to read on, that one must not wait for this. */
int32_t site_emit_changed(struct tarn_call *abi, const char *volume_name)
{
    struct site_call *call = call_of(abi);
    struct exchange exchange;
    int32_t status;

    if (call->line->site->module->threads >= TARN_THREADS_PARALLEL) {
        wire_put_text(site_tell(call, FRAME_EMIT_CHANGED, 0), volume_name);
        return site_told(call);
    }
    status = exchange_begin(&exchange, abi, &call->line->site->peer, FRAME_EMIT_CHANGED_WAIT);
    if (status != TARN_OK)
        return status;
    wire_put_text(exchange.out, volume_name);
    return exchange_end(&exchange, exchange_run(&exchange));
}

int32_t site_emit_image(struct tarn_call *abi, const struct tarn_image_info *info)
{
    return tell(abi, FRAME_EMIT_IMAGE, &shape_image_info, info);
}

int32_t site_emit_snapshot(struct tarn_call *abi, const struct tarn_snapshot *snapshot)
{
    return tell(abi, FRAME_EMIT_SNAPSHOT, &shape_snapshot, snapshot);
}

int32_t site_emit_finding(struct tarn_call *abi, const struct tarn_finding *finding)
{
    return tell(abi, FRAME_EMIT_FINDING, &shape_finding, finding);
}

int32_t site_emit_check(struct tarn_call *abi, const struct tarn_check_result *result)
{
    return tell(abi, FRAME_EMIT_CHECK, &shape_check_result, result);
}
