/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An operation: one call of the host API while it runs. It knows its deadline, whether somebody
 * cancelled it, and how far it is; several calls of modules may belong to it.
 */
#ifndef CORE_OPERATION_H
#define CORE_OPERATION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <tarn/tarn.h>

struct marks;

struct operation {
    struct tarn_context *context;
    struct tarn_job *job; /* NULL: nobody watches */
    uint64_t id;
    const char *name;   /* "vol-create"; static */
    const char *pool;   /* live as long as the operation; NULL = none */
    const char *volume;
    int64_t started;    /* nanoseconds since the epoch */
    int64_t deadline;   /* nanoseconds of CLOCK_MONOTONIC; 0 = none */
    const char *step;      /* the module's function it is in, if that may hang; static, or NULL */
    int64_t step_started;  /* nanoseconds since the epoch; both under the list's lock */
    int64_t step_deadline; /* nanoseconds of CLOCK_MONOTONIC; 0 = none */
    _Atomic uint64_t done;
    _Atomic uint64_t total;
    _Atomic int64_t told;  /* when progress was last told, CLOCK_MONOTONIC */
    atomic_bool cancelled; /* it was told so */
    struct marks *marks;   /* what a storage said it is, not recorded yet: core/pool/marks.h */
    struct marks *known;   /* what was recorded of it, once that was needed */
    bool adopt;            /* other storage than was recorded becomes the pool's own */
    struct operation *previous, *next; /* the context's list of running operations */
};

/* Enters it into the context's list. It lives in its caller's frame and is ended there. */
void operation_begin(struct operation *operation, struct tarn_context *context, const char *name,
                     const char *pool, const char *volume, struct tarn_job *job);
void operation_end(struct operation *operation);
/* Once it is known what it works on. NULL leaves what was said. */
void operation_set_names(struct operation *operation, const char *pool, const char *volume);
/* It goes on without its job and the job's deadline: the job's operation is over. */
void operation_leave_job(struct operation *operation);
/* One that lasts (an open image) becomes for a while another one, with that name and job; what it
 * was before is over, or goes on later. Returns the name that it had. */
const char *operation_become(struct operation *operation, const char *name, struct tarn_job *job);

/* Around a function of a pool type that leaves this process (mounts, asks a server): it gets the
 * context's deadline, unless the job has one of its own, and a pool whose step outlives it is told
 * to be unresponsive. */
void operation_step_begin(struct operation *operation, const char *step);
void operation_step_end(struct operation *operation);

/* TARN_OK, TARN_E_CANCELLED or TARN_E_TIMEOUT, with *error set. */
int operation_interrupted(struct operation *operation, struct tarn_error **error);
/* Milliseconds until the deadline, 0 when it has passed, -1 without one. */
int64_t operation_time_left(const struct operation *operation);
/* A descriptor that polls readable once it is cancelled, or -1. */
int operation_cancel_fd(const struct operation *operation);
void operation_progress(struct operation *operation, uint64_t done, uint64_t total);

/* Nanoseconds of the two clocks that the core uses. */
int64_t clock_realtime(void);
int64_t clock_monotonic(void);

#endif
