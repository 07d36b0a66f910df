/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Storage that does not answer. Once a step in it was given up nobody waits for it any more: it is
 * tried again now and then, by one caller at a time, and who comes in between is refused at once.
 * Any answer ends it, also "no such volume".
 *
 * A caller that had less patience than the context's deadline says nothing about the storage.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/context/event.h"
#include "core/pool/pool.h"

#define SECOND INT64_C(1000000000)
#define FIRST_PAUSE (2 * SECOND)
#define LONGEST_PAUSE (30 * SECOND)

/* --- what this process is doing with it ------------------------------------------------------- */

static void look_at_operation(struct pool_activity *activity, const struct operation *operation)
{
    if (operation->step_deadline != 0 && clock_monotonic() > operation->step_deadline) {
        activity->state = TARN_POOL_UNRESPONSIVE;
        activity->since = operation->step_started;
        snprintf(activity->reason, sizeof(activity->reason),
                 "%s does not answer: its %s has outlived its deadline", operation->pool,
                 operation->step);
    } else if (activity->state == 0 && operation->step != NULL) {
        if (strcmp(operation->step, "start") == 0)
            activity->state = TARN_POOL_STARTING;
        else if (strcmp(operation->step, "build") == 0)
            activity->state = TARN_POOL_BUILDING;
    }
}

void pool_find_activity(struct pool_activity *activity, struct tarn_pool *pool)
{
    struct tarn_context *context = pool->context;
    const struct operation *operation;

    memset(activity, 0, sizeof(*activity));
    pthread_mutex_lock(&context->operations_lock);
    for (operation = context->operations; operation != NULL; operation = operation->next)
        if (operation->pool != NULL && strcmp(operation->pool, pool->name) == 0)
            look_at_operation(activity, operation);
    pthread_mutex_unlock(&context->operations_lock);
    if (activity->state == TARN_POOL_UNRESPONSIVE && !pool_is_silent(pool))
        pool_no_answer(pool, activity->since, activity->reason);
}

static bool a_step_hangs(struct tarn_pool *pool)
{
    struct pool_activity activity;

    pool_find_activity(&activity, pool);
    return activity.state == TARN_POOL_UNRESPONSIVE;
}

bool pool_hangs(struct tarn_pool *pool)
{
    return a_step_hangs(pool) || pool_is_silent(pool);
}

/* --- silence ---------------------------------------------------------------------------------- */

static void tell(struct tarn_pool *pool, uint32_t kind)
{
    struct pool_text *text;

    if (!events_wanted(pool->context))
        return;
    text = pool_current_text(pool, false);
    event_add(pool->context, kind, pool->name, text != NULL ? text->head.uuid : NULL, NULL,
              NULL);
    pool_text_unref(text);
}

void pool_no_answer(struct tarn_pool *pool, int64_t since, const char *why)
{
    struct pool_silence *silence = &pool->silence;
    int64_t now = clock_monotonic();
    bool begins;

    pthread_mutex_lock(&pool->mutex);
    if (pool->active == NULL) { /* it is being started: that fails, and is told */
        pthread_mutex_unlock(&pool->mutex);
        return;
    }
    begins = silence->why == NULL;
    if (begins) {
        silence->since = since;
        silence->pause = FIRST_PAUSE;
    } else if (now - silence->last_try > silence->pause) { /* not one that waited together */
        silence->pause = silence->pause * 2 < LONGEST_PAUSE ? silence->pause * 2 : LONGEST_PAUSE;
    }
    free(silence->why);
    silence->why = strdup(why);
    silence->last_try = now;
    silence->next_try = now + silence->pause;
    begins = begins && silence->why != NULL;
    pthread_mutex_unlock(&pool->mutex);
    if (begins) {
        context_log(pool->context, TARN_LOG_WARNING, "pool %s does not answer: %s", pool->name,
                    why);
        tell(pool, TARN_EVENT_POOL_UNRESPONSIVE);
    }
}

/* True if it was silent. */
static bool end_silence(struct tarn_pool *pool)
{
    bool was_silent;

    pthread_mutex_lock(&pool->mutex);
    was_silent = pool->silence.why != NULL;
    free(pool->silence.why);
    memset(&pool->silence, 0, sizeof(pool->silence));
    pthread_mutex_unlock(&pool->mutex);
    return was_silent;
}

void pool_forget_silence(struct tarn_pool *pool)
{
    end_silence(pool);
}

bool pool_is_silent(struct tarn_pool *pool)
{
    bool silent;

    pthread_mutex_lock(&pool->mutex);
    silent = pool->silence.why != NULL;
    pthread_mutex_unlock(&pool->mutex);
    return silent;
}

/* --- what calls tell of it -------------------------------------------------------------------- */

static bool was_impatient(const struct call *call)
{
    const struct operation *operation = call->operation;
    int64_t now = clock_monotonic();

    return operation->deadline != 0 && now >= operation->deadline &&
           now - call->began < operation->context->deadline * INT64_C(1000000);
}

static void hear_nothing(const struct call *call)
{
    const struct operation *operation = call->operation;
    char why[1024];

    snprintf(why, sizeof(why), "%s%s%s was not answered: %s", operation->name,
             operation->step != NULL ? ", " : "", operation->step != NULL ? operation->step : "",
             call->error != NULL ? tarn_error_message(call->error) : "its time was over");
    pool_no_answer(call->session->pool,
                   clock_realtime() - (clock_monotonic() - call->began), why);
}

/* Some failures are the host's or the module's own, and no word of the storage. */
static bool is_an_answer(int status)
{
    return status != TARN_E_CANCELLED && status != TARN_E_BUSY && status != TARN_E_INTERNAL;
}

void pool_heard(const struct call *call, int status)
{
    if (status == TARN_E_TIMEOUT) {
        if (!was_impatient(call))
            hear_nothing(call);
    } else if (call->operation->step != NULL && is_an_answer(status) &&
               end_silence(call->session->pool)) {
        tell(call->session->pool, TARN_EVENT_POOL_RECOVERED);
    }
}

/* --- who may ask ------------------------------------------------------------------------------ */

static long long in_seconds(int64_t nanoseconds)
{
    return nanoseconds > 0 ? (nanoseconds + SECOND - 1) / SECOND : 0;
}

static int refuse(const struct tarn_pool *pool, struct tarn_error **error)
{
    const struct pool_silence *silence = &pool->silence;
    int64_t now = clock_monotonic();

    return error_set(error, TARN_E_TIMEOUT, 0,
                     "the storage of the pool %s has not answered for %lld s (%s): it was tried "
                     "%lld s ago and is again in %lld s at the earliest, pool-refresh tries at "
                     "once", pool->name, in_seconds(clock_realtime() - silence->since),
                     silence->why, in_seconds(now - silence->last_try),
                     in_seconds(silence->next_try - now));
}

int pool_may_ask(bool *out_trial, struct tarn_pool *pool, struct tarn_error **error)
{
    struct pool_silence *silence = &pool->silence;
    bool hangs = a_step_hangs(pool);
    int64_t now = clock_monotonic();
    int status = TARN_OK;

    pthread_mutex_lock(&pool->mutex);
    *out_trial = silence->why != NULL && now >= silence->next_try &&
                 (!hangs || silence->next_try == 0); /* a thread that is lost is enough */
    if (*out_trial) /* nobody else meanwhile */
        silence->next_try = now + pool->context->deadline * INT64_C(1000000) + silence->pause;
    else if (silence->why != NULL)
        status = refuse(pool, error);
    pthread_mutex_unlock(&pool->mutex);
    return status;
}

/* One that was cancelled, or ended before it came to a step, proved nothing. */
void pool_trial_ended(struct tarn_pool *pool)
{
    struct pool_silence *silence = &pool->silence;
    int64_t now = clock_monotonic();

    pthread_mutex_lock(&pool->mutex);
    if (silence->why != NULL && silence->next_try > now + silence->pause)
        silence->next_try = now;
    pthread_mutex_unlock(&pool->mutex);
}

void pool_try_now(struct tarn_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->silence.next_try = 0;
    pthread_mutex_unlock(&pool->mutex);
}
