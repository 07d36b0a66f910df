/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is known of a pool: its record, for hosts.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/flags.h"
#include "core/pool/pool-facts.h"
#include "core/pool/pool.h"
#include "core/registry/registry.h"

/* How long the sizes may take, in milliseconds: who asks what a pool is doing wants to be told,
 * also when it hangs in another process. */
#define PATIENCE 5000u

static const struct tarn_property *const no_properties[] = { NULL };

/* A record and its texts live in one arena. */
struct record_holder {
    struct tarn_pool_record record; /* first */
    struct arena *arena;
    struct pool_facts *facts; /* whose properties the record shows */
};

static void holder_free(struct record_holder *holder)
{
    pool_facts_unref(holder->facts);
    arena_free(holder->arena);
}

void tarn_pool_record_free(struct tarn_pool_record *record)
{
    if (record != NULL)
        holder_free((struct record_holder *)(void *)record);
}

static struct record_holder *holder_new(void)
{
    struct arena *arena = arena_new();
    struct record_holder *holder = arena != NULL ? arena_alloc(arena, sizeof(*holder)) : NULL;

    if (holder == NULL) {
        arena_free(arena);
        return NULL;
    }
    holder->arena = arena;
    holder->record.struct_size = sizeof(holder->record);
    holder->record.properties = no_properties;
    return holder;
}

/* --- the record ------------------------------------------------------------------------------- */

static void fill_known(struct record_holder *holder, struct tarn_pool *pool)
{
    struct tarn_pool_record *record = &holder->record;
    const struct pool_text *text;

    pthread_mutex_lock(&pool->mutex);
    text = pool->active != NULL ? pool->active : pool->defined;
    record->name = arena_strdup(holder->arena, pool->name);
    record->persistent = pool->defined != NULL;
    record->autostart = pool->autostart;
    record->state = pool->active != NULL ? TARN_POOL_RUNNING : TARN_POOL_INACTIVE;
    if (text != NULL) {
        record->uuid = arena_strdup(holder->arena, text->head.uuid);
        record->type = arena_strdup(holder->arena, text->head.type);
    }
    if (text != NULL && text->reason != NULL) {
        record->state = TARN_POOL_UNAVAILABLE;
        record->reason = arena_strdup(holder->arena, text->reason);
    }
    pthread_mutex_unlock(&pool->mutex);
}

/* Why it is not active, if it should be. */
static void fill_reason(struct record_holder *holder, const struct tarn_pool *pool)
{
    struct pool_reason reason;

    pool_reason_read(&reason, pool);
    if (reason.text != NULL) {
        holder->record.reason = arena_strdup(holder->arena, reason.text);
        holder->record.since = reason.since;
        holder->record.next_try = reason.next_try;
    }
    pool_reason_clear(&reason);
}

static void fill_sizes(struct record_holder *holder, struct tarn_pool *pool)
{
    struct tarn_pool_record *record = &holder->record;

    pthread_mutex_lock(&pool->mutex);
    record->capacity = pool->sizes.capacity;
    record->allocation = pool->sizes.allocation;
    record->available = pool->sizes.available;
    record->observed = pool->sizes_observed;
    if (pool->reason != NULL && record->state == TARN_POOL_RUNNING) {
        record->state = TARN_POOL_IS_DEGRADED;
        record->reason = arena_strdup(holder->arena, pool->reason);
        record->since = pool->reason_since;
    }
    pthread_mutex_unlock(&pool->mutex);
    pool_facts_unref(holder->facts);
    holder->facts = pool_facts_get(pool);
    record->properties = holder->facts != NULL ? holder->facts->properties : no_properties;
}

/* What is known of a storage that does not answer. */
static void fill_silence(struct record_holder *holder, struct tarn_pool *pool)
{
    struct tarn_pool_record *record = &holder->record;

    pool_seen_recall(pool);
    fill_sizes(holder, pool);
    record->stale = 1;
    pthread_mutex_lock(&pool->mutex);
    if (pool->silence.why != NULL) {
        record->state = TARN_POOL_UNRESPONSIVE;
        record->reason = arena_strdup(holder->arena, pool->silence.why);
        record->since = pool->silence.since;
    }
    pthread_mutex_unlock(&pool->mutex);
}

static void set_problem(struct record_holder *holder, uint32_t state, const char *reason)
{
    holder->record.state = state;
    holder->record.reason = arena_strdup(holder->arena, reason);
    holder->record.since = clock_realtime();
}

static void fill_activity(struct record_holder *holder, const struct pool_activity *activity)
{
    holder->record.state = activity->state;
    holder->record.since = activity->since;
    if (activity->reason[0] != '\0')
        holder->record.reason = arena_strdup(holder->arena, activity->reason);
}

/* By its module, or by somebody who is alone with the pool. */
static void take_silence(struct record_holder *holder, struct tarn_pool *pool,
                         const struct tarn_error *why)
{
    bool by_module = why != NULL && tarn_error_module(why) != NULL;

    if (by_module && !pool_is_silent(pool)) /* our patience says enough of a question for sizes */
        pool_no_answer(pool, clock_realtime() - PATIENCE * INT64_C(1000000),
                       tarn_error_message(why));
    fill_silence(holder, pool);
    if (holder->record.state != TARN_POOL_UNRESPONSIVE)
        set_problem(holder, TARN_POOL_UNRESPONSIVE,
                    "another process has been alone with it for seconds: it starts, stops or hangs "
                    "there");
}

static void take_failure(struct record_holder *holder, struct tarn_pool *pool, int status,
                         const struct tarn_error *why)
{
    if (!pool_is_active(pool)) { /* stopped meanwhile, or its storage went away */
        holder->record.state = TARN_POOL_INACTIVE;
        fill_reason(holder, pool);
    } else if (status == TARN_E_TIMEOUT) {
        take_silence(holder, pool, why);
    } else {
        fill_sizes(holder, pool);
        holder->record.stale = 1;
        set_problem(holder, TARN_POOL_IS_DEGRADED,
                    why != NULL ? tarn_error_message(why) : "its storage does not answer");
    }
}

/* Sizes of an active pool, asked of its storage; one that cannot tell them is degraded, not
 * gone. */
static void ask_sizes(struct record_holder *holder, struct tarn_pool *pool)
{
    struct tarn_error *why = NULL;
    struct tarn_job *job = NULL;
    struct pool_visit visit;
    int status = tarn_job_new(&job, pool->context, &why);

    if (status == TARN_OK) {
        tarn_job_set_deadline(job, pool->context->deadline < PATIENCE ? pool->context->deadline
                                                                      : PATIENCE);
        status = pool_enter(&visit, pool, "pool-info", NULL, job, &why);
    }
    if (status == TARN_OK) {
        status = pool_measure(pool, visit.session, &visit.operation, &why);
        if (status == TARN_OK)
            status = pool_keep_marks(pool, visit.session, &visit.operation, &why);
        pool_leave(&visit);
    }
    if (status == TARN_OK)
        fill_sizes(holder, pool);
    else
        take_failure(holder, pool, status, why);
    tarn_job_unref(job);
    tarn_error_free(why);
}

/* Whether its module can be used is only seen by using it. */
static bool ask_module(struct record_holder *holder, struct tarn_pool *pool)
{
    struct pool_session *session = NULL;
    struct tarn_error *why = NULL;
    struct operation operation;
    bool usable;

    operation_begin(&operation, pool->context, "pool-info", pool->name, NULL, NULL);
    usable = pool_session_get(&session, pool, &operation, &why) == TARN_OK;
    if (!usable)
        set_problem(holder, TARN_POOL_UNAVAILABLE,
                    why != NULL ? tarn_error_message(why) : "it cannot be used");
    tarn_error_free(why);
    pool_session_unref(session);
    operation_end(&operation);
    return usable;
}

int tarn_pool_read(struct tarn_pool_record **out, struct tarn_pool *pool, uint32_t flags,
                   struct tarn_error **error)
{
    if (flags_unknown(flags, TARN_READ_SIZES, error))
        return TARN_E_INVALID;

    struct record_holder *holder;
    struct pool_activity activity;
    int status = pool_follow(pool, error);

    if (status == TARN_OK && pool_is_gone(pool))
        status = error_set(error, TARN_E_NOT_FOUND, 0, "there is no pool %s any more", pool->name);
    if (status != TARN_OK)
        return status;
    holder = holder_new();
    if (holder == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the record of a pool");
    fill_known(holder, pool);
    if (holder->record.state == TARN_POOL_INACTIVE)
        fill_reason(holder, pool);
    pool_find_activity(&activity, pool);
    if (holder->record.state == TARN_POOL_UNAVAILABLE) {
        /* its text says why */
    } else if (holder->record.type == NULL) { /* both files went while we looked */
        holder_free(holder);
        return error_set(error, TARN_E_NOT_FOUND, 0, "there is no pool %s any more", pool->name);
    } else if (!registry_provides_type(pool->context->registry, holder->record.type)) {
        set_problem(holder, TARN_POOL_UNAVAILABLE, "no module provides its type: enable or "
                                                   "install one");
    } else if (activity.state != 0) {
        fill_sizes(holder, pool);
        holder->record.stale = activity.state == TARN_POOL_UNRESPONSIVE;
        fill_activity(holder, &activity);
    } else if (!(flags & TARN_READ_SIZES) && pool_is_silent(pool)) {
        fill_silence(holder, pool);
    } else if ((flags & TARN_READ_SIZES) && ask_module(holder, pool) &&
               holder->record.state == TARN_POOL_RUNNING) {
        ask_sizes(holder, pool);
    }
    if (arena_failed(holder->arena)) {
        holder_free(holder);
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the record of a pool");
    }
    *out = &holder->record;
    return TARN_OK;
}
