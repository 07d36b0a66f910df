/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Results of a module's call: volumes and everything else that it pushes.
 */
#include <stdlib.h>
#include <string.h>

#include "core/isolate/store.h"
#include "core/isolate/telling.h"
#include "core/isolate/wire-shapes.h"

/* --- volumes ---------------------------------------------------------------------------------- */

/* The container of a volume that was told: opened when it is needed, which is seldom. */
struct late_store {
    struct tarn_io io; /* first */
    struct worker *worker;
    const char *name;
    uint64_t size;
    struct tarn_io *real;
};

static int32_t late_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                          uint64_t length, uint64_t offset)
{
    struct late_store *late = (struct late_store *)(void *)io;
    int32_t status = TARN_OK;

    if (late->real == NULL)
        status = proxy_open_volume(late->worker, call, late->name, 0, &late->real);
    return status == TARN_OK ? tarn_io_pread(call, late->real, buffer, length, offset) : status;
}

static int32_t late_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = ((struct late_store *)(void *)io)->size;
    return TARN_OK;
}

static int32_t pass_volume(struct message *message, struct tarn_volume_info *volume)
{
    if (volume->status > TARN_VOLUME_VANISHED)
        volume->status = TARN_VOLUME_UNREADABLE;
    return message->host->emit_volume(message->call, volume);
}

/* Nobody waits: the module is beyond this volume already. */
static int32_t take_volume(struct message *message, struct tarn_volume_info *volume)
{
    struct late_store late = {
        .io = { .struct_size = sizeof(late.io), .fd = -1, .pread = late_pread, .size = late_size },
        .worker = message_worker(message),
        .name = volume->name,
        .size = volume->physical,
    };
    bool openable = wire_get_u32(&message->reader) != 0 && volume->name != NULL;
    int32_t status;

    if (!wire_end(&message->reader))
        return CHANNEL_GARBAGE;
    if (openable)
        volume->io = &late.io;
    status = pass_volume(message, volume);
    if (late.real != NULL)
        tarn_io_close(message->call, late.real);
    return status;
}

int message_volume_io(struct message *message)
{
    struct tarn_volume_info volume;
    int32_t status;

    wire_read_struct(&message->reader, &shape_volume_info, &volume);
    volume.io = store_client_new(message->exchange->peer, &message->reader);
    if (!wire_end(&message->reader)) {
        store_client_free(volume.io);
        return CHANNEL_GARBAGE;
    }
    status = pass_volume(message, &volume);
    store_client_free(volume.io);
    return message_answer(message, status);
}

static int take_known(struct message *message)
{
    const char *name = wire_get_word(&message->reader);
    struct doubts *doubts = message->exchange->more;
    struct tarn_identity identity;

    wire_read_struct(&message->reader, &shape_identity, &identity);
    if (!wire_end(&message->reader) || doubts == NULL)
        return CHANNEL_GARBAGE;
    if (message->host->volume_known(message->call, name, &identity))
        return 0;
    if (doubts->count < MOST_DOUBTS && (doubts->names[doubts->count] = strdup(name)) == NULL)
        return CHANNEL_MEMORY;
    doubts->count++;
    return 0;
}

/* --- results ---------------------------------------------------------------------------------- */

union result {
    struct tarn_volume_info volume;
    struct tarn_pool_info pool;
    struct tarn_source source;
    struct tarn_capability capability;
    struct tarn_device_extent free;
    struct tarn_image_info image;
    struct tarn_snapshot snapshot;
    struct tarn_finding finding;
    struct tarn_check_result check;
};

static const struct wire_shape *shape_of(uint32_t op)
{
    switch (op) {
    case FRAME_EMIT_VOLUME:
        return &shape_volume_info;
    case FRAME_EMIT_POOL:
        return &shape_pool_info;
    case FRAME_EMIT_SOURCE:
        return &shape_source;
    case FRAME_EMIT_CAPABILITY:
        return &shape_capability;
    case FRAME_EMIT_FREE:
        return &shape_device_extent;
    case FRAME_EMIT_IMAGE:
        return &shape_image_info;
    case FRAME_EMIT_SNAPSHOT:
        return &shape_snapshot;
    case FRAME_EMIT_FINDING:
        return &shape_finding;
    case FRAME_EMIT_CHECK:
        return &shape_check_result;
    default:
        return NULL;
    }
}

static int32_t pass_result(struct message *message, uint32_t op, union result *result)
{
    const struct tarn_host *host = message->host;

    switch (op) {
    case FRAME_EMIT_POOL:
        if (result->pool.state > TARN_POOL_DEGRADED)
            result->pool.state = TARN_POOL_DEGRADED;
        return host->emit_pool(message->call, &result->pool);
    case FRAME_EMIT_SOURCE:
        return host->emit_source(message->call, &result->source);
    case FRAME_EMIT_CAPABILITY:
        return host->emit_capability(message->call, &result->capability);
    case FRAME_EMIT_FREE:
        return host->emit_free(message->call, &result->free);
    case FRAME_EMIT_IMAGE:
        return host->emit_image(message->call, &result->image);
    case FRAME_EMIT_SNAPSHOT:
        return host->emit_snapshot(message->call, &result->snapshot);
    case FRAME_EMIT_FINDING:
        if (result->finding.kind < TARN_FINDING_LEAK || result->finding.kind > TARN_FINDING_ERROR)
            result->finding.kind = TARN_FINDING_ERROR;
        return host->emit_finding(message->call, &result->finding);
    default:
        return host->emit_check(message->call, &result->check);
    }
}

/* A result that the host does not want ends the call. */
static int refuse(struct message *message, int32_t status)
{
    if (status > TARN_OK && message->exchange->refusal == TARN_OK) {
        message->exchange->refusal = status;
        message->exchange->peer->ops->stop(message->exchange);
    }
    return status < 0 ? status : 0;
}

static int take_result(struct message *message, uint32_t op, const struct wire_shape *shape)
{
    union result result;
    int32_t status;

    wire_read_struct(&message->reader, shape, &result);
    if (message->reader.failed)
        return CHANNEL_GARBAGE;
    if (message->exchange->refusal != TARN_OK)
        return 0;
    if (op == FRAME_EMIT_VOLUME)
        status = take_volume(message, &result.volume);
    else
        status = wire_end(&message->reader) ? pass_result(message, op, &result) : CHANNEL_GARBAGE;
    return refuse(message, status);
}

static int take_claim(struct message *message)
{
    const char *claim = wire_get_word(&message->reader);

    if (!wire_end(&message->reader))
        return CHANNEL_GARBAGE;
    return refuse(message, message->host->emit_claim(message->call, claim));
}

static int take_changed(struct message *message, bool waits)
{
    const char *name = wire_get_text(&message->reader);
    int32_t status;

    if (!wire_end(&message->reader))
        return CHANNEL_GARBAGE;
    status = message->host->emit_changed(message->call, name);
    return waits ? message_answer(message, status) : refuse(message, status);
}

int message_changed_wait(struct message *message)
{
    return take_changed(message, true);
}

int message_result(struct message *message, uint32_t op)
{
    switch (op) {
    case FRAME_KNOWN:
        return take_known(message);
    case FRAME_EMIT_CLAIM:
        return take_claim(message);
    case FRAME_EMIT_CHANGED:
        return take_changed(message, false);
    default:
        return shape_of(op) != NULL ? take_result(message, op, shape_of(op)) : CHANNEL_GARBAGE;
    }
}
