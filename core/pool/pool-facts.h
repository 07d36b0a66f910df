/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a type tells of a pool besides its sizes: facts for people, and what is free on its devices.
 * They are gathered during one look and kept when it has succeeded.
 */
#ifndef CORE_POOL_FACTS_H
#define CORE_POOL_FACTS_H

#include <pthread.h>
#include <stdatomic.h>

#include <tarn/result.h>

#include "core/base/arena.h"

struct tarn_pool;

/* Never changes. Both lists end with NULL. */
struct pool_facts {
    atomic_int references;
    struct arena *arena;
    const struct tarn_property *const *properties;
    const struct tarn_device_extent *const *free_extents;
};

/* In the frame of who looks. A module may tell from several threads. */
struct pool_gathering {
    pthread_mutex_t mutex;
    struct arena *arena; /* NULL: no memory */
    const struct tarn_property **properties;
    const struct tarn_device_extent **free_extents;
    size_t free_count;
    size_t free_room;
};

void pool_gathering_begin(struct pool_gathering *gathering);
void pool_gather_properties(struct pool_gathering *gathering,
                            const struct tarn_property *const *told);
void pool_gather_free(struct pool_gathering *gathering, const struct tarn_device_extent *told);
/* Ends it. `pool` gets what was gathered; NULL: nobody does. */
void pool_gathering_end(struct pool_gathering *gathering, struct tarn_pool *pool);

/* What the last look told, counted; NULL if there was none. */
struct pool_facts *pool_facts_get(struct tarn_pool *pool);
void pool_facts_unref(struct pool_facts *facts);

#endif
