/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is known of a pool: its record, for hosts.
 */
#include <stdlib.h>
#include <string.h>

#include "core/pool/pool.h"
#include "core/registry/registry.h"

/* How long the sizes may take, in milliseconds: who asks what a pool is doing wants to be told,
 * also when it hangs in another process. */
#define PATIENCE 5000u

/* A record and its texts live in one arena. */
struct record_holder {
    struct tarn_pool_record record; /* first */
    struct arena *arena;
};

void tarn_pool_record_free(struct tarn_pool_record *record)
{
    if (record != NULL)
        arena_free(((struct record_holder *)(void *)record)->arena);
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
    return holder;
}

/* --- what this process is doing with it ------------------------------------------------------- */

struct activity {
    uint32_t state;     /* TARN_POOL_STARTING, BUILDING, UNRESPONSIVE, or 0 */
    char reason[128];
    int64_t since;
};

static void look_at_operation(struct activity *activity, const struct operation *operation)
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

/* Asks nobody, so it answers while a module hangs. */
static void find_activity(struct activity *activity, const struct tarn_pool *pool)
{
    struct tarn_context *context = pool->context;
    const struct operation *operation;

    memset(activity, 0, sizeof(*activity));
    pthread_mutex_lock(&context->operations_lock);
    for (operation = context->operations; operation != NULL; operation = operation->next)
        if (operation->pool != NULL && strcmp(operation->pool, pool->name) == 0)
            look_at_operation(activity, operation);
    pthread_mutex_unlock(&context->operations_lock);
}

bool pool_hangs(const struct tarn_pool *pool)
{
    struct activity activity;

    find_activity(&activity, pool);
    return activity.state == TARN_POOL_UNRESPONSIVE;
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
    if (pool->active == NULL && pool->reason != NULL && !pool->degraded) { /* did not start */
        record->reason = arena_strdup(holder->arena, pool->reason);
        record->since = pool->reason_since;
    }
    if (text != NULL && text->reason != NULL) {
        record->state = TARN_POOL_UNAVAILABLE;
        record->reason = arena_strdup(holder->arena, text->reason);
    }
    pthread_mutex_unlock(&pool->mutex);
}

static void fill_sizes(struct record_holder *holder, struct tarn_pool *pool)
{
    struct tarn_pool_record *record = &holder->record;

    pthread_mutex_lock(&pool->mutex);
    record->capacity = pool->sizes.capacity;
    record->allocation = pool->sizes.allocation;
    record->available = pool->sizes.available;
    record->observed = pool->sizes_observed;
    if (pool->degraded && record->state == TARN_POOL_RUNNING) {
        record->state = TARN_POOL_IS_DEGRADED;
        record->reason = arena_strdup(holder->arena, pool->reason);
        record->since = pool->reason_since;
    }
    pthread_mutex_unlock(&pool->mutex);
}

static void set_problem(struct record_holder *holder, uint32_t state, const char *reason)
{
    holder->record.state = state;
    holder->record.reason = arena_strdup(holder->arena, reason);
    holder->record.since = clock_realtime();
}

static void fill_activity(struct record_holder *holder, const struct activity *activity)
{
    if (activity->state == 0)
        return;
    holder->record.state = activity->state;
    holder->record.since = activity->since;
    if (activity->reason[0] != '\0')
        holder->record.reason = arena_strdup(holder->arena, activity->reason);
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
        pool_leave(&visit);
        fill_sizes(holder, pool);
        holder->record.stale = status != TARN_OK;
        if (status != TARN_OK)
            set_problem(holder, TARN_POOL_IS_DEGRADED,
                        why != NULL ? tarn_error_message(why) : "its storage does not answer");
    } else if (status == TARN_E_STATE) { /* stopped meanwhile */
        holder->record.state = TARN_POOL_INACTIVE;
    } else if (status == TARN_E_TIMEOUT) {
        fill_sizes(holder, pool);
        holder->record.stale = 1;
        set_problem(holder, TARN_POOL_UNRESPONSIVE,
                    "another process has been alone with it for seconds: it starts, stops or hangs "
                    "there");
    } else {
        set_problem(holder, TARN_POOL_UNAVAILABLE,
                    why != NULL ? tarn_error_message(why) : "it cannot be used");
    }
    tarn_job_unref(job);
    tarn_error_free(why);
}

/* Whether its module can be used is only seen by using it. */
static void ask_module(struct record_holder *holder, struct tarn_pool *pool)
{
    struct pool_session *session = NULL;
    struct tarn_error *why = NULL;
    struct operation operation;

    operation_begin(&operation, pool->context, "pool-info", pool->name, NULL, NULL);
    if (pool_session_get(&session, pool, &operation, &why) != TARN_OK)
        set_problem(holder, TARN_POOL_UNAVAILABLE,
                    why != NULL ? tarn_error_message(why) : "it cannot be used");
    tarn_error_free(why);
    pool_session_unref(session);
    operation_end(&operation);
}

int tarn_pool_read(struct tarn_pool_record **out, struct tarn_pool *pool, uint32_t flags,
                   struct tarn_error **error)
{
    struct record_holder *holder;
    struct activity activity;
    int status = pool_follow(pool, error);

    if (status == TARN_OK && pool_is_gone(pool))
        status = error_set(error, TARN_E_NOT_FOUND, 0, "there is no pool %s any more", pool->name);
    if (status != TARN_OK)
        return status;
    holder = holder_new();
    if (holder == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the record of a pool");
    fill_known(holder, pool);
    find_activity(&activity, pool);
    if (holder->record.state == TARN_POOL_UNAVAILABLE) {
        /* its text says why */
    } else if (holder->record.type == NULL) { /* both files went while we looked */
        arena_free(holder->arena);
        return error_set(error, TARN_E_NOT_FOUND, 0, "there is no pool %s any more", pool->name);
    } else if (!registry_provides_type(pool->context->registry, holder->record.type)) {
        set_problem(holder, TARN_POOL_UNAVAILABLE, "no module provides its type: enable or "
                                                   "install one");
    } else if (activity.state != 0) {
        fill_sizes(holder, pool);
        holder->record.stale = activity.state == TARN_POOL_UNRESPONSIVE;
        fill_activity(holder, &activity);
    } else if (flags & TARN_READ_SIZES) {
        if (holder->record.state == TARN_POOL_RUNNING)
            ask_sizes(holder, pool);
        else
            ask_module(holder, pool);
    }
    if (arena_failed(holder->arena)) {
        arena_free(holder->arena);
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the record of a pool");
    }
    *out = &holder->record;
    return TARN_OK;
}
