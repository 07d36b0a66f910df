/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Stopping pools, and letting go of those that cannot be stopped.
 *
 * Without force a stop waits until nobody works in the pool, and leaves it active if its module
 * cannot stop it. With force it waits for seconds only, first for those who work there and then for
 * the module, and the pool is inactive at the end: what hangs in there, hangs in storage that is
 * nobody's any more. That is safe for the state, which is one file that is there or not; who still
 * works in there fails, or succeeds, as on a storage whose cable is pulled.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/flags.h"
#include "core/pool/inventory.h"
#include "core/pool/marks.h"
#include "core/pool/pool.h"

/* For each of the two waits, in milliseconds; less if the context's deadline is. */
#define PATIENCE 5000u

int pool_step_stop(struct pool_session *session, uint32_t how, struct operation *operation,
                   struct tarn_error **error)
{
    struct call call;

    if (session->type.type->stop == NULL)
        return TARN_OK;
    pool_call_begin(&call, session, operation, "stop");
    return pool_call_end(&call, session,
                         session->type.type->stop(&call.abi, session->handle, how), error);
}

int pool_deactivate(struct tarn_pool *pool, struct tarn_error **error)
{
    struct pool_session *session;
    struct tarn_error *why = NULL;
    int status = pool_store_active(pool, NULL, &why);

    if (status == TARN_E_NOT_FOUND) /* another process did it meanwhile */
        status = pool_follow(pool, error);
    else if (why != NULL)
        return error_pass(error, why);
    tarn_error_free(why);
    if (status != TARN_OK)
        return status;
    pthread_mutex_lock(&pool->session_mutex);
    session = pool->session;
    pool->session = NULL;
    pthread_mutex_unlock(&pool->session_mutex);
    pool_session_unref(session);
    pool_seen_drop(pool);
    pool_news_drop(pool);
    if (!pool_is_gone(pool))
        return TARN_OK;
    pool_reason_drop(pool); /* it was transient */
    return marks_forget(pool->context, pool->name, error);
}

/* --- kindly ----------------------------------------------------------------------------------- */

static int stop(struct tarn_pool *pool, struct operation *operation, struct tarn_error **error)
{
    struct pool_session *session = NULL;
    int status = pool_session_get(&session, pool, operation, error);

    if (status == TARN_OK)
        status = pool_step_stop(session, 0, operation, error);
    pool_session_unref(session);
    return status;
}

static int stop_kindly(struct tarn_pool *pool, struct tarn_job *job, struct tarn_error **error)
{
    struct solo solo;
    int status = solo_begin(&solo, pool, "pool-stop", job, error);

    if (status != TARN_OK)
        return status;
    if (!pool_is_active(pool))
        status = pool_not_active(pool, error);
    if (status == TARN_OK)
        status = stop(pool, &solo.operation, error);
    if (status == TARN_OK)
        status = pool_deactivate(pool, error);
    if (status == TARN_OK)
        pool_reason_drop(pool);
    solo_end(&solo);
    return status;
}

/* --- by force --------------------------------------------------------------------------------- */

/* `whole` is the deadline that the caller gave. */
static void limit(struct operation *operation, int64_t whole)
{
    uint32_t milliseconds =
        operation->context->deadline < PATIENCE ? operation->context->deadline : PATIENCE;
    int64_t deadline = clock_monotonic() + milliseconds * INT64_C(1000000);

    operation->deadline = whole != 0 && whole < deadline ? whole : deadline;
}

/* A module that lets one caller in at a time is not asked while a call hangs in it: whoever asked
 * would hang, too, before any deadline counts. */
static bool module_is_blocked(const struct pool_session *session, const struct operation *ours)
{
    struct tarn_context *context = session->context;
    const struct operation *operation;
    bool blocked = false;

    if (module_descriptor(session->type.module)->threads == TARN_THREADS_PARALLEL)
        return false;
    pthread_mutex_lock(&context->operations_lock);
    for (operation = context->operations; operation != NULL; operation = operation->next)
        blocked = blocked || (operation != ours && operation->step != NULL);
    pthread_mutex_unlock(&context->operations_lock);
    return blocked;
}

/* Also what no module knows any more: a pool whose module is gone could never be stopped. */
static int ask_module(struct tarn_pool *pool, struct operation *operation,
                      struct tarn_error **error)
{
    struct pool_session *session = NULL;
    int status = pool_session_get(&session, pool, operation, error);

    if (status == TARN_OK && module_is_blocked(session, operation))
        status = error_set(error, TARN_E_BUSY, 0, "another call hangs in its module");
    if (status == TARN_OK)
        status = pool_step_stop(session, TARN_STOP_FORCE, operation, error);
    pool_session_unref(session);
    return status;
}

static void warn(struct tarn_pool *pool, const char *what, struct tarn_error *why)
{
    context_log(pool->context, TARN_LOG_WARNING, "pool %s is let go by force: %s (%s)", pool->name,
                what, why != NULL ? tarn_error_message(why) : "unknown");
    tarn_error_free(why);
}

/* Only who cancels it keeps it active. */
static int let_go(struct tarn_pool *pool, struct operation *operation, struct tarn_error **error)
{
    struct tarn_error *why = NULL;
    int status = ask_module(pool, operation, &why);

    if (status == TARN_E_CANCELLED && why != NULL)
        return error_pass(error, why);
    if (status != TARN_OK)
        warn(pool, "its module could not stop it, so a mount, a login or devices may be left "
                   "behind", why);
    status = pool_deactivate(pool, error);
    if (status == TARN_OK)
        pool_reason_drop(pool);
    return status;
}

static int stop_by_force(struct tarn_pool *pool, struct tarn_job *job, struct tarn_error **error)
{
    struct operation operation;
    struct lock state = { 0 };
    struct tarn_error *why = NULL;
    int64_t whole;
    int status;

    operation_begin(&operation, pool->context, "pool-stop", pool->name, NULL, job);
    whole = operation.deadline;
    limit(&operation, whole);
    status = lock_take(&state, &operation, LOCK_STATE, pool->name, NULL, LOCK_EXCLUSIVE, &why);
    if (status == TARN_E_TIMEOUT) {
        warn(pool, "somebody still works in it, here or in another process, and is given up", why);
        status = TARN_OK;
    } else if (why != NULL) {
        error_pass(error, why);
    }
    limit(&operation, whole);
    if (status == TARN_OK)
        status = pool_follow(pool, error);
    if (status == TARN_OK && !pool_is_active(pool))
        status = pool_not_active(pool, error);
    if (status == TARN_OK)
        status = let_go(pool, &operation, error);
    lock_release(&state);
    operation_end(&operation);
    return status;
}

int tarn_pool_stop(struct tarn_pool *pool, uint32_t flags, struct tarn_job *job,
                   struct tarn_error **error)
{
    if (flags_unknown(flags, TARN_POOL_STOP_FORCE, error))
        return TARN_E_INVALID;
    return flags & TARN_POOL_STOP_FORCE ? stop_by_force(pool, job, error)
                                        : stop_kindly(pool, job, error);
}
