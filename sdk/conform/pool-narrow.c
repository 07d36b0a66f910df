/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-narrow.c - one pool may be able to do less than its type: its storage is read-only, or what
 * serves it is old. Whether it really refuses what it says that it cannot do, pool/abilities looks at;
 * all other checks are spared it here, in one place, by a type that lacks the functions.
 */
#include <string.h>

#include "conform/pool.h"

#define MEMBER(member) offsetof(struct tarn_pool_type, member)

/* A function of the type, and what it is for: none of it, no function. */
static const struct {
    size_t member;
    const char *operations[2];
} functions[] = {
    { MEMBER(volume_allocate), { TARN_OPERATION_CREATE, NULL } },
    { MEMBER(volume_clone), { TARN_OPERATION_CLONE, NULL } },
    { MEMBER(volume_open), { TARN_OPERATION_UPLOAD, TARN_OPERATION_DOWNLOAD } },
    { MEMBER(volume_resize), { TARN_OPERATION_GROW, TARN_OPERATION_SHRINK } },
    { MEMBER(volume_delete), { TARN_OPERATION_REMOVE, NULL } },
    { MEMBER(watch_open), { TARN_OPERATION_WATCH, NULL } },
    { MEMBER(remove), { TARN_OPERATION_DELETE, NULL } },
};

/* Lives as long as the trial; nothing of a type that tells nothing. */
static const struct results *ask(struct pool *pool)
{
    struct results *told = trial_alloc(pool->trial, sizeof(*told));

    if (pool->type->capabilities == NULL)
        return told;
    host_begin(pool->host, "capabilities", HOST_TAKES_ABILITIES | HOST_MAY_IDENTIFY);
    host_must(pool->host, pool->type->capabilities(&pool->host->call, pool->handle));
    *told = pool->host->results;
    memset(&pool->host->results, 0, sizeof(pool->host->results));
    return told;
}

static bool is_none(const struct pool *pool, const char *operation)
{
    const struct tarn_capability *told =
        pool->told != NULL ? results_capability(pool->told, operation) : NULL;

    return told != NULL && told->support == TARN_SUPPORT_NONE;
}

/* By operations that make a volume in a way of their own. */
static bool makes(const char *operation)
{
    return strcmp(operation, TARN_OPERATION_THIN) == 0 ||
           strcmp(operation, TARN_OPERATION_SNAPSHOT) == 0 ||
           strcmp(operation, TARN_OPERATION_CLONE) == 0;
}

bool pool_cannot(const struct pool *pool, const char *operation)
{
    return is_none(pool, operation) || (makes(operation) && is_none(pool, TARN_OPERATION_CREATE));
}

static void drop(struct tarn_pool_type *type, size_t member)
{
    void (*const nothing)(void) = NULL;

    memcpy((char *)type + member, &nothing, sizeof(nothing));
}

void pool_narrow(struct pool *pool)
{
    struct tarn_pool_type *type = trial_alloc(pool->trial, sizeof(*type));

    pool->told = ask(pool);
    *type = *pool->type;
    for (size_t index = 0; index < sizeof(functions) / sizeof(functions[0]); index++) {
        const char *const *operations = functions[index].operations;

        if (pool_cannot(pool, operations[0]) &&
            (operations[1] == NULL || pool_cannot(pool, operations[1])))
            drop(type, functions[index].member);
    }
    if (pool_cannot(pool, TARN_OPERATION_SNAPSHOT))
        type->flags &= ~TARN_POOL_SNAPSHOTS;
    pool->type = type;
}
