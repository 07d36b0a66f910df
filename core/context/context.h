/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The context: one instance of the library. It holds the parts together and does nothing itself.
 */
#ifndef CORE_CONTEXT_H
#define CORE_CONTEXT_H

#include <pthread.h>

#include <tarn/abi.h>

#include "core/base/uuid-text.h"
#include "core/context/folders.h"
#include "core/context/operation.h"

struct events;
struct locks;
struct pools;
struct registry;

struct tarn_context {
    struct folders folders;
    struct registry *registry;
    struct pools *pools;
    struct events *events;
    struct locks *locks;
    uint32_t follow;
    uint32_t deadline; /* milliseconds */
    tarn_log_fn log;
    void *log_arg;
    tarn_secret_fn secret;
    void *secret_arg;
    pthread_mutex_t operations_lock; /* the list of running operations, and next_operation */
    struct operation *operations;
    uint64_t next_operation;
    char id[UUID_TEXT_SIZE]; /* no other context's: tells its own news from others' */
};

/* One line for the host's log; `level` as in tarn_log_fn. */
void context_log(struct tarn_context *context, unsigned level, const char *format, ...)
    TARN_PRINTF(3, 4);

#endif
