/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A pool's sizes and health.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/sized.h"
#include "core/pool/observe.h"
#include "core/pool/pool-facts.h"
#include "core/pool/pool.h"

void pool_keep_sizes(struct tarn_pool *pool, const struct tarn_pool_info *info)
{
    struct tarn_pool_info own;
    char *reason = NULL;

    sized_copy(&own, sizeof(own), info);
    if (own.state == TARN_POOL_DEGRADED)
        reason = strdup(own.state_text != NULL ? own.state_text : "degraded");
    own.state_text = NULL;
    pthread_mutex_lock(&pool->mutex);
    free(pool->label);
    pool->label = NULL;
    pool->has_permissions = own.permissions != NULL;
    if (own.permissions != NULL) {
        sized_copy(&pool->permissions, sizeof(pool->permissions), own.permissions);
        if (pool->permissions.label != NULL)
            pool->label = strdup(pool->permissions.label);
        pool->permissions.label = pool->label;
    }
    own.permissions = NULL;
    if (pool->reason == NULL)
        pool->reason_since = clock_realtime();
    free(pool->reason);
    pool->reason = reason;
    pool->sizes = own;
    pool->sizes_observed = clock_realtime();
    pthread_mutex_unlock(&pool->mutex);
}

void pool_keep_trouble(struct tarn_pool *pool, const char *reason)
{
    pthread_mutex_lock(&pool->mutex);
    if (pool->reason == NULL)
        pool->reason_since = clock_realtime();
    free(pool->reason);
    pool->reason = strdup(reason);
    pthread_mutex_unlock(&pool->mutex);
}

struct measure {
    struct tarn_pool *pool;
    struct pool_gathering gathering;
};

static int take_pool(void *arg, const struct tarn_pool_info *info)
{
    struct measure *measure = arg;

    pool_keep_sizes(measure->pool, info);
    pool_gather_properties(&measure->gathering, info->properties);
    return TARN_OK;
}

static int take_free_extent(void *arg, const struct tarn_device_extent *extent)
{
    struct measure *measure = arg;

    pool_gather_free(&measure->gathering, extent);
    return TARN_OK;
}

int pool_measure(struct tarn_pool *pool, struct pool_session *session, struct operation *operation,
                 struct tarn_error **error)
{
    static const struct call_sink sink = { .pool = take_pool, .free_extent = take_free_extent };
    struct measure measure = { .pool = pool };
    struct call call;
    int status;

    if (session->type.type->info == NULL) /* then its refresh tells the sizes */
        return pool_observe_all(pool, session, operation, error);
    pool_call_begin(&call, session, operation, "info");
    call.sink = &sink;
    call.sink_arg = &measure;
    pool_gathering_begin(&measure.gathering);
    status = session->type.type->info(&call.abi, session->handle);
    status = pool_call_end(&call, session, status, error);
    pool_gathering_end(&measure.gathering, status == TARN_OK ? pool : NULL);
    return status;
}
