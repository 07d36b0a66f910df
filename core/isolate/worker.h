/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A worker: the process in which a module runs, as the host sees it. Counted; the last reference
 * ends the process. Once lost it is lost for good, and whoever needs one gets another.
 */
#ifndef CORE_ISOLATE_WORKER_H
#define CORE_ISOLATE_WORKER_H

#include <stdatomic.h>
#include <sys/types.h>

#include "core/isolate/exchange.h"

struct isolate;
struct line;
struct seat;

/* Besides CHANNEL_…: it did not answer in time, and not when it was told to stop. */
#define WORKER_GIVEN_UP (-4)

/* What was last written to its standard error. */
struct last_words {
    char text[512];
    size_t used;
};

struct worker {
    struct peer peer; /* first */
    struct isolate *isolate;
    atomic_uint references;
    atomic_bool worn; /* it said so */
    pid_t pid;
    int pid_fd;
    int control_fd;
    int words_fd; /* its standard output and error */
    pthread_mutex_t mutex; /* of all below */
    struct line *idle;
    struct line *busy;
    struct last_words words;
    bool lost;
    bool crashed;    /* by itself, or by its nonsense */
    bool ended;      /* it is not there any more */
    char why[768];   /* it was lost: for errors; empty before */
    uint32_t pool;   /* the number of the pool that is open in it; 0 = none */
    const struct tarn_pool_def *opened; /* with this definition; only to be compared */
};

/* Starts one. `pool` is shown in the list of processes, or NULL. */
int32_t worker_new(struct worker **out, struct isolate *isolate, const char *pool,
                   struct tarn_call *call);
struct worker *worker_ref(struct worker *worker);
void worker_unref(struct worker *worker);

/* Is it lost, or has it died? */
bool worker_is_gone(struct worker *worker);
/* Ends it at once: it will answer nothing more. Only the first reason counts. */
void worker_lose(struct worker *worker, const char *why);

/* --- worker-process.c ------------------------------------------------------------------------- */

/* Starts the process. TARN_OK, or a failure that the call was told. */
int32_t worker_spawn(struct worker *worker, const char *pool, struct tarn_call *call);
/* Gives it a further channel. -1 if that cannot be. */
int worker_pass(struct worker *worker, int socket, int cancel_fd);
/* Logs what it wrote since the last time. */
void worker_listen(struct worker *worker);
void worker_kill(struct worker *worker);
/* Waits up to so many milliseconds for its end, and describes it ("signal 11: …"). False if it is
 * still there. */
bool worker_await(struct worker *worker, int milliseconds, char *how, size_t room);
/* The last line that it wrote, or "". */
const char *worker_last_line(const struct worker *worker, char *room, size_t size);

/* What a request is called in errors: "refresh". */
const char *frame_name(uint32_t op);

/* --- telling.c: what a module says while it works --------------------------------------------- */

/* Volumes that the module thinks are known, and the host does not know; exchange.more of a
 * refresh. */
#define MOST_DOUBTS 64u
struct doubts {
    char *names[MOST_DOUBTS];
    size_t count; /* of all, also those that are not among the names */
};

int telling_serve(struct exchange *exchange, const struct frame *frame);
/* Closes what the module had opened of other files and did not close: all that has this owner. An
 * exchange is the owner of what is opened during it. */
void telling_close_related(struct tarn_call *call, struct worker *worker, const void *owner);

/* --- proxy-volume.c --------------------------------------------------------------------------- */

/* Opens a volume of the pool that is open in the worker. */
int32_t proxy_open_volume(struct worker *worker, struct tarn_call *call, const char *name,
                          uint32_t flags, struct tarn_io **out);

#endif
