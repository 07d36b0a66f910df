/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two rooms: one is filled by the thread while the other's part is taken.
 */
#include "core/volume/stream.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#define ROOMS 2u

struct stream {
    struct call *call;   /* of who takes */
    struct call reading; /* what fails ahead is nobody's failure yet, and may stay so */
    struct tarn_io *io;
    uint64_t offset;
    uint64_t length; /* of the whole range */
    pthread_t thread;
    bool threaded;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t changed;
    uint64_t filled; /* parts */
    uint64_t taken;  /* parts; the last of them is still in use */
    int status;      /* of the part behind those that are filled */
    bool stop;
    unsigned char *rooms;
};

static uint64_t parts(const struct stream *stream)
{
    return stream->length / STREAM_PART + (stream->length % STREAM_PART != 0);
}

static uint64_t part_length(const struct stream *stream, uint64_t part)
{
    uint64_t left = stream->length - part * STREAM_PART;

    return left < STREAM_PART ? left : STREAM_PART;
}

static void *room_of(const struct stream *stream, uint64_t part)
{
    return stream->rooms + part % ROOMS * STREAM_PART;
}

static int fill(struct stream *stream, uint64_t part)
{
    return tarn_io_pread(&stream->reading.abi, stream->io, room_of(stream, part),
                         part_length(stream, part), stream->offset + part * STREAM_PART);
}

/* --- the thread ------------------------------------------------------------------------------- */

/* Waits until the room of the part is nobody's. False: it is wanted no more. */
static bool wait_for_room(struct stream *stream, uint64_t part)
{
    bool stop;

    pthread_mutex_lock(&stream->mutex);
    while (!stream->stop && part >= ROOMS && part + 1 >= stream->taken + ROOMS)
        pthread_cond_wait(&stream->changed, &stream->mutex);
    stop = stream->stop;
    pthread_mutex_unlock(&stream->mutex);
    return !stop;
}

static void *read_all(void *arg)
{
    struct stream *stream = arg;
    int status = TARN_OK;
    uint64_t part;

    for (part = 0; status == TARN_OK && part < parts(stream) && wait_for_room(stream, part);
         part++) {
        status = fill(stream, part);
        pthread_mutex_lock(&stream->mutex);
        stream->status = status;
        if (status == TARN_OK)
            stream->filled++;
        pthread_cond_signal(&stream->changed);
        pthread_mutex_unlock(&stream->mutex);
    }
    return NULL;
}

/* Signals are for the host's own threads. */
static void start(struct stream *stream)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    stream->threaded = pthread_create(&stream->thread, NULL, read_all, stream) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* --- who takes -------------------------------------------------------------------------------- */

int stream_begin(struct stream **out, struct call *call, struct tarn_io *io, uint64_t offset,
                 uint64_t length)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    unsigned char *rooms = malloc(ROOMS * STREAM_PART);

    *out = NULL;
    if (stream == NULL || rooms == NULL) {
        free(stream);
        free(rooms);
        return tarn_fail(&call->abi, TARN_E_INTERNAL, ENOMEM, "no memory to transfer");
    }
    stream->call = call;
    call_prepare(&stream->reading, call->operation, call->module);
    stream->io = io;
    stream->offset = offset;
    stream->length = length;
    stream->rooms = rooms;
    pthread_mutex_init(&stream->mutex, NULL);
    pthread_cond_init(&stream->changed, NULL);
    if (length > STREAM_PART)
        start(stream);
    *out = stream;
    return TARN_OK;
}

/* Gives the part before back to the thread, and waits for this one. */
static int wait_for_part(struct stream *stream)
{
    int status;

    pthread_mutex_lock(&stream->mutex);
    stream->taken++;
    pthread_cond_signal(&stream->changed);
    while (stream->filled < stream->taken && stream->status == TARN_OK)
        pthread_cond_wait(&stream->changed, &stream->mutex);
    status = stream->filled >= stream->taken ? TARN_OK : stream->status;
    pthread_mutex_unlock(&stream->mutex);
    return status;
}

/* The same, without a thread. */
static int read_part(struct stream *stream)
{
    if (stream->status == TARN_OK)
        stream->status = fill(stream, stream->taken++);
    return stream->status;
}

/* The reading has come to its end: its call is nobody's but ours. */
static int fail(struct stream *stream, int status)
{
    struct tarn_error *why = stream->reading.error;

    stream->reading.error = NULL;
    if (why != NULL)
        error_pass(&stream->call->error, why);
    return status;
}

int stream_next(struct stream *stream, const void **out_part, uint64_t *out_length)
{
    uint64_t part = stream->taken;
    int status;

    *out_length = 0;
    if (part == parts(stream) && stream->status == TARN_OK)
        return TARN_OK;
    status = stream->threaded ? wait_for_part(stream) : read_part(stream);
    if (status != TARN_OK)
        return fail(stream, status);
    *out_part = room_of(stream, part);
    *out_length = part_length(stream, part);
    return TARN_OK;
}

void stream_end(struct stream *stream)
{
    if (stream == NULL)
        return;
    if (stream->threaded) {
        pthread_mutex_lock(&stream->mutex);
        stream->stop = true;
        pthread_cond_signal(&stream->changed);
        pthread_mutex_unlock(&stream->mutex);
        pthread_join(stream->thread, NULL);
    }
    pthread_cond_destroy(&stream->changed);
    pthread_mutex_destroy(&stream->mutex);
    call_clear(&stream->reading);
    free(stream->rooms);
    free(stream);
}
