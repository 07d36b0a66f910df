/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Replacing workers.
 */
#include "core/isolate/seat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/context/context.h"
#include "core/isolate/isolate.h"

#define SECOND INT64_C(1000000000)

bool seat_init(struct seat *seat, struct isolate *isolate, const char *pool)
{
    memset(seat, 0, sizeof(*seat));
    pthread_mutex_init(&seat->mutex, NULL);
    seat->isolate = isolate;
    if (pool == NULL)
        return true;
    seat->pool = strdup(pool);
    return seat->pool != NULL;
}

void seat_clear(struct seat *seat)
{
    size_t i;

    worker_unref(seat->worker);
    for (i = 0; i < SEAT_GHOSTS; i++)
        worker_unref(seat->ghosts[i]);
    free(seat->pool);
    pthread_mutex_destroy(&seat->mutex);
}

/* --- who left --------------------------------------------------------------------------------- */

static bool has_ended(struct worker *worker)
{
    char how[64];
    bool ended;

    pthread_mutex_lock(&worker->mutex);
    ended = worker_await(worker, 0, how, sizeof(how));
    pthread_mutex_unlock(&worker->mutex);
    return ended;
}

static void lay_out_ghosts(struct seat *seat)
{
    size_t i;

    for (i = 0; i < SEAT_GHOSTS; i++) {
        if (seat->ghosts[i] == NULL || !has_ended(seat->ghosts[i]))
            continue;
        worker_unref(seat->ghosts[i]);
        seat->ghosts[i] = NULL;
    }
}

static struct worker **free_place(struct seat *seat)
{
    size_t i;

    for (i = 0; i < SEAT_GHOSTS; i++)
        if (seat->ghosts[i] == NULL)
            return &seat->ghosts[i];
    return NULL;
}

static void note_crash(struct seat *seat, const char *why)
{
    memmove(&seat->crashes[1], &seat->crashes[0], sizeof(seat->crashes) - sizeof(int64_t));
    seat->crashes[0] = clock_monotonic();
    snprintf(seat->why, sizeof(seat->why), "%s", why);
}

/* What was killed and cannot die yet is a ghost; all else that ended by itself has crashed. Beyond
 * the last place it is forgotten: then nothing new is started, so that there are never more. */
static void dismiss(struct seat *seat)
{
    struct worker *worker = seat->worker;
    struct worker **place = free_place(seat);
    bool crashed;

    seat->worker = NULL;
    if (worker == NULL)
        return;
    pthread_mutex_lock(&worker->mutex);
    crashed = worker->crashed;
    if (crashed)
        note_crash(seat, worker->why);
    pthread_mutex_unlock(&worker->mutex);
    if (!crashed && worker->lost && place != NULL)
        *place = worker;
    else
        worker_unref(worker);
}

/* --- who comes -------------------------------------------------------------------------------- */

static int32_t may_start(struct seat *seat, struct tarn_call *call, bool force)
{
    int64_t oldest = seat->crashes[SEAT_CRASHES - 1];
    int64_t newest = seat->crashes[0];
    int64_t window = SEAT_CRASH_WINDOW * SECOND;
    int64_t now = clock_monotonic();

    if (oldest != 0 && newest - oldest < window && now - newest < window)
        return tarn_fail(call, TARN_E_INTERNAL, 0,
                         "the module %s crashed %u times within %d seconds and is left alone for "
                         "%d more (the last time: %s)", seat->isolate->name, SEAT_CRASHES,
                         SEAT_CRASH_WINDOW, (int)((newest + window - now) / SECOND) + 1,
                         seat->why);
    if (free_place(seat) == NULL && !force)
        return tarn_fail(call, TARN_E_TIMEOUT, 0,
                         "the storage does not answer: %u processes of the module %s still wait "
                         "for it and cannot be ended", SEAT_GHOSTS, seat->isolate->name);
    return TARN_OK;
}

static int32_t appoint(struct seat *seat, struct tarn_call *call, bool force)
{
    struct worker *worker = NULL;
    int32_t status = may_start(seat, call, force);

    if (status == TARN_OK)
        status = worker_new(&worker, seat->isolate, seat->pool, call);
    if (status != TARN_OK)
        return status;
    seat->worker = worker;
    status = isolate_prepare(seat->isolate, worker, call);
    if (status == TARN_OK && seat->furnish != NULL)
        status = seat->furnish(seat, worker, call);
    if (status == TARN_OK)
        return TARN_OK;
    worker_lose(worker, "it could not be made ready");
    dismiss(seat);
    return status;
}

static bool is_fit(struct seat *seat)
{
    struct worker *worker = seat->worker;

    if (worker == NULL)
        return false;
    if (worker_is_gone(worker))
        return false;
    if (!atomic_load(&worker->worn))
        return true;
    context_log(seat->isolate->context, TARN_LOG_WARNING,
                "the process of the module %s is replaced: it holds more and more of what it does "
                "not give back", seat->isolate->name);
    return false;
}

int32_t seat_take(struct worker **out, struct seat *seat, struct tarn_call *call, bool force)
{
    int32_t status = TARN_OK;

    pthread_mutex_lock(&seat->mutex);
    lay_out_ghosts(seat);
    if (!is_fit(seat)) {
        dismiss(seat);
        status = appoint(seat, call, force);
    }
    if (status == TARN_OK)
        *out = worker_ref(seat->worker);
    pthread_mutex_unlock(&seat->mutex);
    return status;
}
