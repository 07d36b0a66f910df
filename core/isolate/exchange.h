/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An exchange: one question to the other process, until its answer, with all that is asked and told
 * in between. The same on both sides; what differs is in struct peer_ops.
 *
 *     struct exchange exchange;
 *     int32_t status = exchange_begin(&exchange, call, peer, FRAME_CHECK);
 *
 *     if (status == TARN_OK) {
 *         wire_put_u32(exchange.out, number);
 *         status = exchange_run(&exchange);
 *         if (status == TARN_OK)
 *             *out = wire_get_u32(&exchange.answer);
 *         status = exchange_end(&exchange, status);
 *     }
 *     return status;
 */
#ifndef CORE_ISOLATE_EXCHANGE_H
#define CORE_ISOLATE_EXCHANGE_H

#include <tarn/call.h>

#include "core/isolate/channel.h"
#include "core/isolate/handles.h"

struct exchange;
struct peer;

struct peer_ops {
    /* Finds the channel. TARN_OK, or a failure that the call was told. */
    int32_t (*begin)(struct exchange *exchange);
    /* The word of the request. */
    uint32_t (*word)(const struct exchange *exchange);
    /* Something that the other side asks or tells, which is neither of a byte store nor
     * FRAME_EXTENTS. 0, or CHANNEL_…. */
    int (*serve)(struct exchange *exchange, const struct frame *frame);
    /* The other end is lost, `why` being CHANNEL_… or what `wait` answered: the failure, which the
     * call was told. */
    int32_t (*lost)(struct exchange *exchange, int why);
    /* Gives the channel back. */
    void (*end)(struct exchange *exchange);
    /* What is told is wanted no more; NULL: it is passed over. */
    void (*stop)(struct exchange *exchange);
    /* A byte store of ours was closed by the other side; NULL: nothing hangs on it. */
    void (*closed)(struct peer *peer, const void *owner);
    /* An exchange and a byte store keep their peer. */
    void (*keep)(struct peer *peer);
    void (*let_go)(struct peer *peer);
};

/* The other process, as seen from here. */
struct peer {
    const struct peer_ops *ops;
    struct handles handles; /* what it may use of ours */
};

/* Where extents that the other side tells go. */
struct extent_taker {
    tarn_extent_fn emit;
    void *arg;
    uint64_t next; /* the offset of the next, and where they end */
    uint64_t end;
    int32_t status; /* of `emit`, or why what was told is no list of extents */
};

struct exchange {
    struct tarn_call *call;
    struct peer *peer;
    struct channel *channel;
    uint32_t op;
    struct wire_writer *out; /* the question's body, between begin and run */
    const void *bulk;        /* that goes behind it */
    size_t bulk_length;
    void *answer_bulk;       /* where the answer's goes, which is as long */
    size_t answer_length;
    struct extent_taker *taker;
    struct wire_reader answer; /* after run with TARN_OK; until the channel's next use */
    struct arena *arena;       /* of the answer, and of what is told */
    bool lost;
    bool asked;                /* the other side waits while this one serves it */
    int32_t refusal;           /* of a result: then it is the call's status */
    void *more;                /* of who serves: what is told besides results */
    unsigned served;           /* how many messages */
    struct exchange *outer;    /* the side's own: the exchange within which this one is */
    struct patience {          /* the host's: nanoseconds of CLOCK_MONOTONIC */
        int64_t deadline;      /* 0: none, only silence counts */
        int64_t silence;       /* how long it may last */
        int64_t heard;         /* when it began */
        int64_t end;           /* once it was told to stop: when it is given up */
        int cancel_fd;
        bool cancelled;
    } patience;
};

/* TARN_OK, or a failure that the call was told: then nothing is to be ended. */
int32_t exchange_begin(struct exchange *exchange, struct tarn_call *call, struct peer *peer,
                       uint32_t op);
/* The status of the answer, or a failure that the call was told. */
int32_t exchange_run(struct exchange *exchange);
/* Returns the status; a failure if it was TARN_OK and the answer was not all read, or wrong. */
int32_t exchange_end(struct exchange *exchange, int32_t status);

/* For who serves: a copy of the frame's body, which stays while the channel is used. NULL without
 * memory. `small` has room for FRAME_SMALL bytes. */
#define FRAME_SMALL 512u
unsigned char *frame_keep(struct frame *frame, unsigned char *small);
void frame_drop(struct frame *frame, const unsigned char *small);

#endif
