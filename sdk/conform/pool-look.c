/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-look.c - what a pool tells of its volumes, and how two listings differ.
 */
#include <string.h>

#include "conform/pool.h"

int32_t pool_info(struct pool *pool)
{
    host_begin(pool->host, "info", HOST_TAKES_POOL | HOST_MAY_IDENTIFY);
    return host_end(pool->host, pool->type->info(&pool->host->call, pool->handle));
}

int32_t pool_refresh(struct pool *pool)
{
    host_begin(pool->host, "refresh", HOST_TAKES_VOLUMES | HOST_TAKES_POOL | HOST_MAY_IDENTIFY);
    return host_end(pool->host, pool->type->refresh(&pool->host->call, pool->handle));
}

int32_t pool_lookup(struct pool *pool, const char *name)
{
    int32_t status;

    if (pool->type->volume_lookup != NULL) {
        host_begin(pool->host, "volume_lookup", HOST_TAKES_VOLUMES | HOST_MAY_IDENTIFY);
        return host_end(pool->host,
                        pool->type->volume_lookup(&pool->host->call, pool->handle, name));
    }
    status = pool_refresh(pool);
    return status == TARN_OK && results_volume(&pool->host->results, name) == NULL
               ? TARN_E_NOT_FOUND
               : status;
}

const struct results *pool_list(struct pool *pool)
{
    struct results *list = trial_alloc(pool->trial, sizeof(*list));

    pool_must(pool, pool_refresh(pool), "refresh");
    *list = pool->host->results;
    memset(&pool->host->results, 0, sizeof(pool->host->results));
    return list;
}

bool pool_has(struct pool *pool, const char *name)
{
    int32_t status = pool_lookup(pool, name);

    if (status != TARN_E_NOT_FOUND)
        pool_must(pool, status, "volume_lookup");
    return status == TARN_OK;
}

const struct result_volume *pool_need(struct pool *pool, const char *name)
{
    const struct result_volume *volume;

    pool_must(pool, pool_lookup(pool, name), "volume_lookup");
    volume = results_volume(&pool->host->results, name);
    trial_require(pool->trial, volume != NULL,
                  "volume_lookup of \"%s\" answered ok and told no volume of that name: emit it, "
                  "or answer not-found", name);
    return volume;
}

/* --- listings --------------------------------------------------------------------------------- */

static const char *missing_in(struct trial *trial, const struct results *from,
                              const struct results *in, const char *how)
{
    for (size_t index = 0; index < from->volume_count; index++) {
        const char *name = from->volumes[index].info.name;

        if (name != NULL && results_volume(in, name) == NULL)
            return trial_text(trial, "the volume \"%s\" %s", name, how);
    }
    return NULL;
}

static const char *changed(struct trial *trial, const struct tarn_volume_info *one,
                           const struct tarn_volume_info *other)
{
    if (one->status != other->status)
        return trial_text(trial, "the volume \"%s\" had the status %u and has %u", one->name,
                          one->status, other->status);
    if (one->capacity != other->capacity)
        return trial_text(trial, "the volume \"%s\" had a capacity of %llu and has %llu", one->name,
                          (unsigned long long)one->capacity, (unsigned long long)other->capacity);
    return NULL;
}

const char *listing_difference(struct trial *trial, const struct results *before,
                               const struct results *after)
{
    const char *how = missing_in(trial, before, after, "is gone");

    if (how == NULL)
        how = missing_in(trial, after, before, "came");
    for (size_t index = 0; how == NULL && index < before->volume_count; index++) {
        const struct tarn_volume_info *one = &before->volumes[index].info;
        const struct result_volume *other = results_volume(after, one->name);

        if (other != NULL)
            how = changed(trial, one, &other->info);
    }
    return how;
}
