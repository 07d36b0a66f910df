/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host.h - the fake host: what a module meets in place of the core. It keeps what it is told,
 * answers from the configuration, can cancel at the n-th question, and notices what no host would
 * allow: a result that the operation does not have, a structure without a size, a failure without a
 * word.
 *
 *     struct host *host = host_new(trial);
 *
 *     host_begin(host, "refresh", HOST_TAKES_VOLUMES);
 *     status = type->refresh(&host->call, pool);
 *     host_end(host, status);
 */
#ifndef CONFORM_HOST_H
#define CONFORM_HOST_H

#include <stdatomic.h>
#include <stdbool.h>

#include <tarn/module.h>

#include "conform/results.h"
#include "conform/trial.h"

/* host_begin: the results that the operation may have. An absent one is no fault
 * of the module's. */
#define HOST_TAKES_NOTHING   0u
#define HOST_TAKES_VOLUMES   0x0001u /* and volume_known */
#define HOST_TAKES_POOL      0x0002u /* and emit_free */
#define HOST_TAKES_SOURCES   0x0004u
#define HOST_TAKES_CLAIMS    0x0008u
#define HOST_TAKES_CHANGES   0x0010u
#define HOST_TAKES_IMAGE     0x0020u /* and snapshots */
#define HOST_TAKES_CHECK     0x0040u /* and findings */
#define HOST_MAY_AMEND       0x0080u
#define HOST_MAY_RELATE      0x0100u /* open_related, and create_related */
#define HOST_MAY_IDENTIFY    0x0200u
#define HOST_TAKES_ABILITIES 0x0400u /* emit_capability */

struct definition;

struct host {
    struct tarn_call call; /* first: what the module sees */
    struct tarn_host table;
    struct trial *trial;
    const char *operation; /* NULL between two */
    uint32_t takes;

    uint32_t failures;     /* since host_begin; the next three are of the first */
    int32_t status;
    int32_t system_errno;
    char text[1024];
    char last[1024]; /* the text of the last operation that failed, also after others */

    atomic_uint questions; /* how often interrupted() was asked since host_begin */
    uint32_t cancel_at;    /* it says cancelled from this question on; 0 = never */
    int64_t time_left;     /* milliseconds; -1 = no deadline */
    atomic_uint logged;    /* lines of the log */

    struct results results; /* of the operation */
    struct results known;   /* what volume_known knows: see host_learn */
    struct definition *definition; /* of the pool; NULL for formats */
    char *misuse;           /* the first thing that no host would allow, or NULL */

    /* What open_related and create_related answer; NULL = TARN_E_UNSUPPORTED. */
    int32_t (*open_related)(struct host *host, uint32_t role, const char *name, const char *format,
                            uint32_t flags, struct tarn_io **out);
    int32_t (*create_related)(struct host *host, const char *suffix, uint64_t size,
                              const char **out_name, struct tarn_io **out);
    void *related_arg;
};

/* A host with the module loaded in it (its load hook was called): as the core makes one for a
 * context. Lives as long as the trial; a fault in loading is the trial's failure. */
struct host *host_new(struct trial *trial);
/* Another call of the same context, and of the same pool: what another thread has. */
struct host *host_beside(const struct host *host);
/* The unload hook. */
void host_unload(struct host *host);

/* Forgets errors and results, and from now on the module may call. */
void host_begin(struct host *host, const char *operation, uint32_t takes);
/* Nothing may be called any more. Fails the trial for a misuse, for a status that is none, for a
 * failure without an error recorded, or recorded with another status; gives `status` back. */
int32_t host_end(struct host *host, int32_t status);
/* host_end, and the trial fails unless it is TARN_OK. */
void host_must(struct host *host, int32_t status);
/* host_end, and the trial fails unless it is one of two statuses (give one twice where there is
 * one); `what` completes "… must be refused with". */
void host_refuses(struct host *host, int32_t status, int32_t expected, int32_t or_else,
                  const char *what);

/* What was emitted becomes what volume_known knows. */
void host_learn(struct host *host);
/* The word for a status: "not-found". */
const char *status_word(int32_t status);
/* Notes what no host would allow; the first one counts. */
void host_misuse(struct host *host, const char *format, ...) TARN_PRINTF(2, 3);

/* The module is in the midst of an operation: trial->during. */
static inline void host_is_asked(struct host *host, const char *volume)
{
    if (host->trial->during != NULL)
        host->trial->during(host->trial, volume);
}

static inline struct host *host_of(struct tarn_call *call)
{
    return (struct host *)(void *)call;
}

/* The part of the table that takes results: results.c. */
void host_set_results(struct tarn_host *table);
/* The part that answers questions about definitions and options: host-answers.c. */
void host_set_answers(struct tarn_host *table);

#endif
