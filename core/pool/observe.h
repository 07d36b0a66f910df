/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Observing: turning what a pool type tells of a container into an inventory entry, with what the
 * format says of the image inside.
 */
#ifndef CORE_OBSERVE_H
#define CORE_OBSERVE_H

#include "core/pool/inventory.h"
#include "core/pool/pool-facts.h"
#include "core/pool/pool.h"

/* One look: at everything, or at one volume. Serves as sink_arg of a call with observer_sink. */
struct observer {
    struct tarn_pool *pool;
    struct pool_session *session;
    struct operation *operation;
    uint64_t generation;        /* of the look */
    bool single;                /* at one volume, not at everything */
    bool records;               /* the pool may have records */
    bool tell;                  /* somebody listens to events */
    atomic_bool changed;        /* volumes came, went or are not what they were */
    struct pool_gathering *gathering; /* of a look at everything; else NULL */
    struct volume_entry *found; /* of a look at one volume; counted */
};

extern const struct call_sink observer_sink;

/* Looks at everything. The state is locked; runs beside everything else in the pool. */
int pool_observe_all(struct tarn_pool *pool, struct pool_session *session,
                     struct operation *operation, struct tarn_error **error);
/* Looks at one volume. *out is a new reference. TARN_E_NOT_FOUND, also if it is no volume at
 * all. */
int pool_observe_one(struct volume_entry **out, struct tarn_pool *pool,
                     struct pool_session *session, struct operation *operation, const char *name,
                     struct tarn_error **error);
/* The same, without looking if it was looked at within `max_age` milliseconds. */
int pool_volume_entry(struct volume_entry **out, struct tarn_pool *pool,
                      struct pool_session *session, struct operation *operation, const char *name,
                      uint32_t max_age, struct tarn_error **error);

/* Fills an empty entry with what a module told: complete, whatever size the module's structure has,
 * and the entry's own. */
void volume_entry_fill(struct volume_entry *entry, const struct tarn_volume_info *told);

/* Tells listeners what became of a volume. */
void tell_volume(struct tarn_pool *pool, uint32_t kind, const char *volume);

#endif
