/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line: one channel to a worker, and how long it is waited for on it. For worker.c.
 */
#ifndef CORE_ISOLATE_LINE_H
#define CORE_ISOLATE_LINE_H

#include "core/isolate/worker.h"

/* A channel to the worker. One thread uses it at a time, if need be nested: while the worker waits
 * for the host's answer, it serves the host on the same channel. */
struct line {
    struct channel channel; /* first */
    struct worker *worker;
    struct line *next;
    pthread_t owner;
    unsigned depth;
    struct exchange *inner; /* the innermost of the exchanges on it */
    bool broken;            /* of no more use */
};

static inline struct line *line_of(struct channel *channel)
{
    return (struct line *)(void *)channel;
}

/* channel.wait: until the socket is ready, or the worker is given up. It is told to stop when the
 * deadline of the innermost exchange has passed, or its call is cancelled. */
int line_wait(struct channel *channel, short events);
/* Tells the worker to stop what it does for this exchange. */
void line_stop(struct exchange *exchange);
/* To be asked for each message: one who talks without pause is never waited for. 0, or
 * WORKER_GIVEN_UP. */
int line_look_up(struct exchange *exchange);

#endif
