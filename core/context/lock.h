/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Locks between threads and between processes, by name. Requests queue in the order in which they
 * came; there is no "busy". One lock file serves all: a name is a byte of it, held with an open
 * file description lock, so that the kernel lets go of what a killed process held.
 *
 * Order, so that nobody waits for somebody who waits for him: definitions, then a pool's state,
 * then a pool's volumes (at most two of them, by lock_order).
 */
#ifndef CORE_LOCK_H
#define CORE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/context/operation.h"

enum lock_kind {
    LOCK_DEFINITIONS, /* which pools there are; for short steps */
    LOCK_STATE,       /* of a pool: shared by all who use it, alone to start, stop or build it */
    LOCK_VOLUME,      /* of a volume: shared to read it, alone to write, make or delete it */
};

enum lock_mode { LOCK_SHARED, LOCK_EXCLUSIVE };

struct locks; /* of a context: its queues */
struct lock_queue;

struct lock {
    struct locks *locks; /* NULL: not held */
    struct lock_queue *queue;
    enum lock_mode mode;
    int fd;
};

int locks_open(struct locks **out, const char *file, struct tarn_error **error);
void locks_close(struct locks *locks);

/* Waits for it, until the operation is cancelled or its deadline has passed, also if that was
 * before: so no operation begins that is over. `pool` and `volume` are NULL where the kind has
 * none. */
int lock_take(struct lock *lock, struct operation *operation, enum lock_kind kind, const char *pool,
              const char *volume, enum lock_mode mode, struct tarn_error **error);
/* Gives it back; nothing for one that is not held (zeroed). */
void lock_release(struct lock *lock);

/* Which of two volumes is locked first: negative, zero (the same) or positive, as strcmp. */
int lock_order(const char *pool_a, const char *volume_a, const char *pool_b, const char *volume_b);

#endif
