/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Visits: working in an active pool, while its state stays as it is.
 */
#include <string.h>

#include "core/pool/pool.h"

int pool_not_active(struct tarn_pool *pool, struct tarn_error **error)
{
    struct pool_reason reason;
    int status;

    pool_reason_read(&reason, pool);
    status = error_set(error, TARN_E_STATE, 0, "the pool %s is not active%s%s%s: start it first",
                       pool->name, reason.text != NULL ? " (" : "",
                       reason.text != NULL ? reason.text : "", reason.text != NULL ? ")" : "");
    pool_reason_clear(&reason);
    return status;
}

/* Nobody waits for the state of a pool whose storage is not to be asked. Its silence ends with it,
 * so its files are looked at first. */
static int may_enter(struct pool_visit *visit, struct tarn_error **error)
{
    struct tarn_pool *pool = visit->pool;
    int status = pool_hangs(pool) ? pool_follow(pool, error) : TARN_OK;

    return status == TARN_OK ? pool_may_ask(&visit->is_trial, pool, error) : status;
}

int pool_enter(struct pool_visit *visit, struct tarn_pool *pool, const char *operation,
               const char *volume, struct tarn_job *job, struct tarn_error **error)
{
    int status;

    memset(visit, 0, sizeof(*visit));
    visit->pool = pool;
    operation_begin(&visit->operation, pool->context, operation, pool->name, volume, job);
    status = may_enter(visit, error);
    if (status == TARN_OK)
        status = lock_take(&visit->state, &visit->operation, LOCK_STATE, pool->name, NULL,
                           LOCK_SHARED, error);
    if (status == TARN_OK)
        status = pool_follow(pool, error);
    if (status == TARN_OK && !pool_is_active(pool))
        status = pool_not_active(pool, error);
    if (status == TARN_OK)
        status = pool_session_get(&visit->session, pool, &visit->operation, error);
    if (status == TARN_OK)
        status = pool_check(visit->session, &visit->operation, error);
    if (status != TARN_OK)
        pool_leave(visit);
    return status;
}

void pool_leave(struct pool_visit *visit)
{
    bool lost = visit->session != NULL && atomic_load(&visit->session->lost);

    lock_release(&visit->state);
    operation_end(&visit->operation);
    if (visit->is_trial)
        pool_trial_ended(visit->pool);
    if (lost)
        pool_let_go_of_lost(visit->pool, visit->session);
    pool_session_unref(visit->session);
}
