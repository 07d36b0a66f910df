/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A seat: the place of a worker. Who sits there is replaced when lost, and not for ever: a module
 * that only crashes, or a server whose waiting processes cannot even be killed, would otherwise
 * cost a process a call.
 */
#ifndef CORE_ISOLATE_SEAT_H
#define CORE_ISOLATE_SEAT_H

#include "core/isolate/worker.h"

#define SEAT_CRASHES 5u          /* so many ... */
#define SEAT_CRASH_WINDOW 60     /* ... within so many seconds, and for as long none is started */
#define SEAT_GHOSTS 8u           /* processes that were given up and are still there */

struct seat {
    pthread_mutex_t mutex;
    struct isolate *isolate;
    char *pool; /* its name, for people; NULL = of no pool */
    /* Opens in a new process what the seat is for; NULL: nothing. */
    int32_t (*furnish)(struct seat *seat, struct worker *worker, struct tarn_call *call);
    struct worker *worker;
    int64_t crashes[SEAT_CRASHES]; /* the last ones; nanoseconds of CLOCK_MONOTONIC, 0 = none */
    char why[768];                 /* of the last */
    struct worker *ghosts[SEAT_GHOSTS];
};

/* `pool` is copied. False without memory. */
bool seat_init(struct seat *seat, struct isolate *isolate, const char *pool);
/* Ends who sits there. */
void seat_clear(struct seat *seat);
/* A reference to a worker that is ready. TARN_OK, or a failure that the call was told. With `force`
 * also beside so many ghosts that otherwise it would be refused. */
int32_t seat_take(struct worker **out, struct seat *seat, struct tarn_call *call, bool force);

#endif
