/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Visits: working in an active pool, while its state stays as it is.
 */
#include <string.h>

#include "core/pool/pool.h"

int pool_not_active(const struct tarn_pool *pool, struct tarn_error **error)
{
    return error_set(error, TARN_E_STATE, 0, "the pool %s is not active: start it first",
                     pool->name);
}

int pool_enter(struct pool_visit *visit, struct tarn_pool *pool, const char *operation,
               const char *volume, struct tarn_job *job, struct tarn_error **error)
{
    int status;

    memset(visit, 0, sizeof(*visit));
    visit->pool = pool;
    operation_begin(&visit->operation, pool->context, operation, pool->name, volume, job);
    status = lock_take(&visit->state, &visit->operation, LOCK_STATE, pool->name, NULL, LOCK_SHARED,
                       error);
    if (status == TARN_OK)
        status = pool_follow(pool, error);
    if (status == TARN_OK && !pool_is_active(pool))
        status = pool_not_active(pool, error);
    if (status == TARN_OK)
        status = pool_session_get(&visit->session, pool, &visit->operation, error);
    if (status != TARN_OK)
        pool_leave(visit);
    return status;
}

void pool_leave(struct pool_visit *visit)
{
    pool_session_unref(visit->session);
    lock_release(&visit->state);
    operation_end(&visit->operation);
}
