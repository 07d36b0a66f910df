/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gathering what a type tells of a pool, and keeping it.
 */
#include "core/pool/pool-facts.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/sized.h"
#include "core/pool/pool.h"

static const struct tarn_property *const no_properties[] = { NULL };
static const struct tarn_device_extent *const no_extents[] = { NULL };

void pool_gathering_begin(struct pool_gathering *gathering)
{
    memset(gathering, 0, sizeof(*gathering));
    pthread_mutex_init(&gathering->mutex, NULL);
    gathering->arena = arena_new();
}

static const struct tarn_property **copy_properties(struct arena *arena,
                                                    const struct tarn_property *const *told)
{
    const struct tarn_property **list;
    size_t count = 0;
    size_t index;

    while (told[count] != NULL)
        count++;
    list = arena_alloc(arena, (count + 1) * sizeof(struct tarn_property *));
    for (index = 0; list != NULL && index < count; index++) {
        struct tarn_property *copy = arena_alloc(arena, sizeof(*copy));

        if (copy == NULL)
            return NULL;
        sized_copy(copy, sizeof(*copy), told[index]);
        copy->name = arena_strdup(arena, copy->name);
        copy->value = arena_strdup(arena, copy->value);
        list[index] = copy;
    }
    return list;
}

void pool_gather_properties(struct pool_gathering *gathering,
                            const struct tarn_property *const *told)
{
    if (told == NULL || gathering->arena == NULL)
        return;
    pthread_mutex_lock(&gathering->mutex);
    gathering->properties = copy_properties(gathering->arena, told);
    pthread_mutex_unlock(&gathering->mutex);
}

/* Room for one more, and the NULL at the end. */
static int make_room(struct pool_gathering *gathering)
{
    size_t room = gathering->free_room != 0 ? gathering->free_room * 2 : 16;
    const struct tarn_device_extent **list;

    if (gathering->free_count + 1 < gathering->free_room)
        return 1;
    list = arena_alloc(gathering->arena, room * sizeof(struct tarn_device_extent *));
    if (list == NULL)
        return 0;
    if (gathering->free_count > 0)
        memcpy(list, gathering->free_extents,
               gathering->free_count * sizeof(struct tarn_device_extent *));
    gathering->free_extents = list;
    gathering->free_room = room;
    return 1;
}

void pool_gather_free(struct pool_gathering *gathering, const struct tarn_device_extent *told)
{
    struct tarn_device_extent *copy;

    if (gathering->arena == NULL)
        return;
    pthread_mutex_lock(&gathering->mutex);
    copy = make_room(gathering) ? arena_alloc(gathering->arena, sizeof(*copy)) : NULL;
    if (copy != NULL) {
        sized_copy(copy, sizeof(*copy), told);
        copy->device = arena_strdup(gathering->arena, copy->device);
        copy->kind = arena_strdup(gathering->arena, copy->kind);
        gathering->free_extents[gathering->free_count++] = copy;
    }
    pthread_mutex_unlock(&gathering->mutex);
}

static struct pool_facts *facts_of(struct pool_gathering *gathering)
{
    struct pool_facts *facts =
        gathering->arena != NULL ? arena_alloc(gathering->arena, sizeof(*facts)) : NULL;

    if (facts == NULL || arena_failed(gathering->arena)) {
        arena_free(gathering->arena);
        return NULL;
    }
    atomic_init(&facts->references, 1);
    facts->arena = gathering->arena;
    facts->properties = gathering->properties != NULL ? gathering->properties : no_properties;
    facts->free_extents =
        gathering->free_extents != NULL ? gathering->free_extents : no_extents;
    return facts;
}

void pool_gathering_end(struct pool_gathering *gathering, struct tarn_pool *pool)
{
    struct pool_facts *facts = facts_of(gathering);
    struct pool_facts *before = facts;

    if (pool != NULL && facts != NULL) {
        pthread_mutex_lock(&pool->mutex);
        before = pool->facts;
        pool->facts = facts;
        pthread_mutex_unlock(&pool->mutex);
    }
    pool_facts_unref(before);
    pthread_mutex_destroy(&gathering->mutex);
}

struct pool_facts *pool_facts_get(struct tarn_pool *pool)
{
    struct pool_facts *facts;

    pthread_mutex_lock(&pool->mutex);
    facts = pool->facts;
    if (facts != NULL)
        atomic_fetch_add(&facts->references, 1);
    pthread_mutex_unlock(&pool->mutex);
    return facts;
}

void pool_facts_unref(struct pool_facts *facts)
{
    if (facts != NULL && atomic_fetch_sub(&facts->references, 1) == 1)
        arena_free(facts->arena);
}
