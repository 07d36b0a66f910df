/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An active pool whose storage is not there (the machine was started anew and the run folder kept,
 * somebody unmounted it) is not worked in: it is let go. Its type is asked when a process first
 * uses the pool, and again when one of its functions says that the state is not what it should be.
 */
#include <stdlib.h>
#include <string.h>

#include "core/pool/pool.h"

/* To be alone with the pool for letting it go, in nanoseconds. Who was not leaves it to the next
 * who comes: until then everybody is refused. */
#define PATIENCE INT64_C(1000000000)

static int ask(bool *out, struct pool_session *session, struct operation *operation,
               struct tarn_error **error)
{
    uint32_t active = 0;
    struct call call;
    int status;

    pool_call_begin(&call, session, operation, "check");
    status = session->type.type->check(&call.abi, session->handle, &active);
    status = pool_call_end(&call, session, status, error);
    *out = active != 0;
    return status;
}

static int went_away(struct pool_session *session, const char *how, struct tarn_error **error)
{
    struct tarn_pool *pool = session->pool;

    pthread_mutex_lock(&pool->mutex);
    free(session->lost_how);
    session->lost_how = strdup(how);
    pthread_mutex_unlock(&pool->mutex);
    atomic_store(&session->lost, true);
    return error_set(error, TARN_E_STATE, 0,
                     "the pool %s is not active any more, its storage went away: %s; start it once "
                     "the storage is back", pool->name, how);
}

static int was_not_there(struct pool_session *session, struct tarn_error **error)
{
    const char *place = session->def->abi.target_path;
    char how[1024];

    snprintf(how, sizeof(how), "%s is not there (removed, unmounted, or the machine was started "
             "anew)", place != NULL ? place : "it");
    return went_away(session, how, error);
}

int pool_check(struct pool_session *session, struct operation *operation, struct tarn_error **error)
{
    struct tarn_error *why = NULL;
    bool there;
    int status;

    if (session->type.type->check == NULL || atomic_load(&session->present))
        return TARN_OK;
    status = ask(&there, session, operation, &why);
    if (status == TARN_OK && !there)
        return was_not_there(session, error);
    if (status == TARN_OK) {
        atomic_store(&session->present, true);
        return TARN_OK;
    }
    if (status != TARN_E_TIMEOUT && status != TARN_E_CANCELLED)
        pool_keep_trouble(session->pool, why != NULL ? tarn_error_message(why)
                                                     : "its storage cannot be found");
    return why != NULL ? error_pass(error, why) : status;
}

void pool_check_again(struct pool_session *session, struct operation *operation,
                      struct tarn_error **why)
{
    struct tarn_error *said = *why;
    bool there;

    /* Set while we ask: a check that answers TARN_E_STATE itself is not asked about that. */
    if (session->pool == NULL || session->type.type->check == NULL ||
        atomic_load(&session->lost) || !pool_is_active(session->pool) ||
        !atomic_exchange(&session->present, false))
        return;
    if (ask(&there, session, operation, NULL) != TARN_OK)
        return; /* the next who comes asks again */
    if (there) {
        atomic_store(&session->present, true);
        return;
    }
    *why = NULL;
    went_away(session, said != NULL ? tarn_error_message(said) : "it is not there", why);
    tarn_error_free(said);
}

/* Somebody may have started it again meanwhile, or brought the storage back. */
static bool is_still_lost(struct tarn_pool *pool, struct pool_session *session,
                          struct operation *operation)
{
    struct pool_text *text = pool_current_text(pool, false);
    bool ours = pool_is_active(pool) && text == session->text;
    bool there = true;

    pool_text_unref(text);
    if (!ours || ask(&there, session, operation, NULL) != TARN_OK)
        return false;
    if (there)
        atomic_store(&session->lost, false);
    return !there;
}

static void let_go(struct tarn_pool *pool, struct pool_session *session, struct tarn_error **error)
{
    char reason[1024];

    pthread_mutex_lock(&pool->mutex);
    snprintf(reason, sizeof(reason), "its storage went away: %s",
             session->lost_how != NULL ? session->lost_how : "it is not there");
    pthread_mutex_unlock(&pool->mutex);
    context_log(pool->context, TARN_LOG_INFO, "pool %s is inactive now: %s", pool->name, reason);
    pool_reason_keep(pool, reason, 0);
    pool_deactivate(pool, error);
}

void pool_let_go_of_lost(struct tarn_pool *pool, struct pool_session *session)
{
    struct operation operation;
    struct lock state = { 0 };
    struct tarn_error *why = NULL;

    operation_begin(&operation, pool->context, "pool-stop", pool->name, NULL, NULL);
    operation.deadline = clock_monotonic() + PATIENCE;
    if (lock_take(&state, &operation, LOCK_STATE, pool->name, NULL, LOCK_EXCLUSIVE, &why) ==
            TARN_OK &&
        pool_follow(pool, &why) == TARN_OK && is_still_lost(pool, session, &operation))
        let_go(pool, session, &why);
    if (why != NULL)
        context_log(pool->context, TARN_LOG_WARNING,
                    "the pool %s, whose storage went away, cannot be let go now: %s", pool->name,
                    tarn_error_message(why));
    tarn_error_free(why);
    lock_release(&state);
    operation_end(&operation);
}
