/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool.c - the life of a pool under the fake host, in the order in which the core goes through it.
 */
#include "conform/pool.h"

#include <time.h>

/* Which storage it is may be told in these steps. */
#define TELLS_ITSELF HOST_MAY_IDENTIFY

void pool_must(struct pool *pool, int32_t status, const char *step)
{
    trial_require(pool->trial, status == TARN_OK, "%s answered %s: %s", step, status_word(status),
                  pool->host->text);
}

/* --- steps ------------------------------------------------------------------------------------ */

int32_t pool_define(struct host *host)
{
    if (host->trial->type->define == NULL)
        return TARN_OK;
    host_begin(host, "define", HOST_MAY_AMEND);
    return host_end(host, host->trial->type->define(&host->call));
}

int32_t pool_open(struct pool *pool)
{
    int32_t status;

    host_begin(pool->host, "open", HOST_TAKES_NOTHING);
    status = host_end(pool->host, pool->type->open(&pool->host->call, &pool->handle));
    if (status != TARN_OK)
        pool->handle = NULL;
    return status;
}

void pool_close(struct pool *pool)
{
    if (pool->type->close != NULL)
        pool->type->close(pool->handle);
    pool->handle = NULL;
}

int32_t pool_check(struct pool *pool, bool *out_active)
{
    uint32_t active = 2;
    int32_t status;

    host_begin(pool->host, "check", TELLS_ITSELF);
    status = host_end(pool->host, pool->type->check(&pool->host->call, pool->handle, &active));
    trial_require(pool->trial, status != TARN_OK || active <= 1,
                  "check stored %u in *out_active: 1 if the storage is available, else 0", active);
    *out_active = status == TARN_OK && active == 1;
    return status;
}

int32_t pool_build_so(struct pool *pool, uint32_t flags)
{
    host_begin(pool->host, "build", TELLS_ITSELF);
    return host_end(pool->host, pool->type->build(&pool->host->call, pool->handle, flags));
}

int32_t pool_build(struct pool *pool)
{
    return pool_build_so(pool, pool_build_flags(pool->trial));
}

int32_t pool_start(struct pool *pool)
{
    if (pool->type->start == NULL)
        return TARN_OK;
    host_begin(pool->host, "start", TELLS_ITSELF);
    return host_end(pool->host, pool->type->start(&pool->host->call, pool->handle));
}

int32_t pool_recover(struct pool *pool)
{
    if (pool->type->recover == NULL)
        return TARN_OK;
    host_begin(pool->host, "recover", HOST_MAY_IDENTIFY);
    return host_end(pool->host, pool->type->recover(&pool->host->call, pool->handle));
}

/* udev looks into what is new, and for that moment it is in use. */
int32_t pool_stop(struct pool *pool)
{
    int32_t status = TARN_E_BUSY;

    if (pool->type->stop == NULL)
        return TARN_OK;
    for (unsigned round = 0; status == TARN_E_BUSY && round < 50; round++) {
        if (round > 0)
            nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
        host_begin(pool->host, "stop", HOST_MAY_IDENTIFY);
        status = host_end(pool->host, pool->type->stop(&pool->host->call, pool->handle, 0));
    }
    return status;
}

int32_t pool_remove(struct pool *pool)
{
    host_begin(pool->host, "remove", HOST_MAY_IDENTIFY);
    return host_end(pool->host, pool->type->remove(&pool->host->call, pool->handle));
}

/* --- the way to a running pool ---------------------------------------------------------------- */

struct pool *pool_defined(struct trial *trial)
{
    struct pool *pool = trial_alloc(trial, sizeof(*pool));

    pool->trial = trial;
    pool->type = trial->type;
    pool->host = host_new(trial);
    pool->size = pool_volume_size(trial);
    pool_must(pool, pool_define(pool->host), "define");
    return pool;
}

struct pool *pool_opened(struct trial *trial)
{
    struct pool *pool = pool_defined(trial);

    pool_must(pool, pool_open(pool), "open");
    return pool;
}

struct pool *pool_built(struct trial *trial)
{
    struct pool *pool = pool_opened(trial);

    if (pool_builds(trial))
        pool_must(pool, pool_build(pool), "build");
    return pool;
}

struct pool *pool_started(struct trial *trial)
{
    struct pool *pool = pool_built(trial);

    pool_must(pool, pool_start(pool), "start");
    pool_must(pool, pool_recover(pool), "recover");
    pool_narrow(pool);
    return pool;
}

static void must_make_volumes(struct trial *trial, const struct tarn_pool_type *type)
{
    if (type->volume_allocate == NULL || type->volume_publish == NULL)
        trial_skip(trial, "it makes no volumes");
}

struct pool *pool_of_births(struct trial *trial)
{
    struct pool *pool;

    must_make_volumes(trial, trial->type); /* for which no storage need be started */
    pool = pool_started(trial);
    must_make_volumes(trial, pool->type);
    return pool;
}

struct pool *pool_again(const struct pool *pool)
{
    struct pool *other = trial_alloc(pool->trial, sizeof(*other));

    *other = *pool;
    other->handle = NULL;
    pool_must(other, pool_open(other), "open");
    return other;
}

void pool_end(struct pool *pool)
{
    pool_must(pool, pool_stop(pool), "stop");
    pool_close(pool);
    host_unload(pool->host);
}
