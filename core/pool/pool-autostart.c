/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Starting the pools that start by themselves, again and again where that fails: after a boot disks
 * and servers turn up when they like.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/pool/pool.h"
#include "core/registry/registry.h"

#define SECOND INT64_C(1000000000)
#define FIRST_PAUSE SECOND
#define LONGEST_PAUSE (30 * SECOND)

/* One that is to be started. Times are of CLOCK_MONOTONIC. */
struct candidate {
    struct tarn_pool *pool; /* the list's */
    bool remote;            /* its storage may be another machine's */
    bool done;
    int64_t next_try;
    int64_t pause;
    char *reason; /* of the last failure */
};

struct autostart {
    struct tarn_context *context;
    struct tarn_job *job;
    struct candidate *list;
    size_t count;
    int64_t end;
    unsigned started;
};

/* --- one pool --------------------------------------------------------------------------------- */

static void note_failure(struct autostart *autostart, struct candidate *candidate,
                         const char *reason)
{
    int64_t now = clock_monotonic();

    candidate->next_try = now + candidate->pause;
    candidate->pause = candidate->pause * 2 < LONGEST_PAUSE ? candidate->pause * 2 : LONGEST_PAUSE;
    candidate->done = candidate->next_try > autostart->end;
    if (candidate->reason == NULL || strcmp(candidate->reason, reason) != 0)
        context_log(autostart->context, TARN_LOG_ERROR, "pool %s did not start by itself: %s",
                    candidate->pool->name, reason);
    free(candidate->reason);
    candidate->reason = strdup(reason);
    pool_reason_keep(candidate->pool, reason,
                     candidate->done ? 0 : clock_realtime() + candidate->next_try - now);
}

/* Only a cancelled job is a failure. */
static int start_one(struct autostart *autostart, struct candidate *candidate,
                     struct tarn_error **error)
{
    struct tarn_pool *pool = candidate->pool;
    struct tarn_error *why = NULL;
    int status = tarn_pool_start(pool, 0, autostart->job, &why);

    if (status == TARN_E_CANCELLED && why != NULL)
        return error_pass(error, why);
    if (status == TARN_OK)
        autostart->started++;
    if (status == TARN_OK || pool_is_active(pool) || pool_is_gone(pool)) /* by somebody else */
        candidate->done = true;
    else
        note_failure(autostart, candidate, why != NULL ? tarn_error_message(why) : "unknown");
    tarn_error_free(why);
    return TARN_OK;
}

/* --- all of them ------------------------------------------------------------------------------ */

static bool is_remote(struct tarn_pool *pool)
{
    struct pool_text *text = pool_current_text(pool, false);
    struct type_ref type;
    bool remote = text != NULL && text->head.type != NULL &&
                  registry_type(&type, pool->context->registry, text->head.type, NULL) == TARN_OK &&
                  (type.type->source_parts & TARN_SOURCE_HOST) != 0;

    pool_text_unref(text);
    return remote;
}

static int start_due(struct autostart *autostart, bool remote, struct tarn_error **error)
{
    size_t index;
    int status = TARN_OK;

    for (index = 0; status == TARN_OK && index < autostart->count; index++) {
        struct candidate *candidate = &autostart->list[index];

        if (!candidate->done && candidate->remote == remote &&
            clock_monotonic() >= candidate->next_try)
            status = start_one(autostart, candidate, error);
    }
    return status;
}

/* Until the next one is due; TARN_E_NOT_FOUND if there is none. */
static int nap(const struct autostart *autostart, struct tarn_error **error)
{
    struct operation operation;
    struct pollfd cancel;
    int64_t until = INT64_MAX;
    int64_t left;
    size_t index;
    int status;

    for (index = 0; index < autostart->count; index++)
        if (!autostart->list[index].done && autostart->list[index].next_try < until)
            until = autostart->list[index].next_try;
    if (until == INT64_MAX)
        return TARN_E_NOT_FOUND;
    operation_begin(&operation, autostart->context, "autostart", NULL, NULL, autostart->job);
    operation.deadline = 0; /* the job's is for each start */
    cancel = (struct pollfd){ .fd = operation_cancel_fd(&operation), .events = POLLIN };
    left = until - clock_monotonic();
    if (left > 0)
        poll(&cancel, 1, (int)(left / 1000000) + 1); /* a signal only makes it look early */
    status = operation_interrupted(&operation, error);
    operation_end(&operation);
    return status;
}

static int start_all(struct autostart *autostart, struct tarn_error **error)
{
    int status = TARN_OK;

    while (status == TARN_OK) {
        status = start_due(autostart, false, error);
        if (status == TARN_OK)
            status = start_due(autostart, true, error);
        if (status == TARN_OK)
            status = nap(autostart, error);
    }
    return status == TARN_E_NOT_FOUND ? TARN_OK : status;
}

int tarn_context_autostart(unsigned *out, struct tarn_context *context, uint32_t patience,
                           struct tarn_job *job, struct tarn_error **error)
{
    struct autostart autostart = { .context = context, .job = job };
    struct tarn_pool **pools = NULL;
    size_t index;
    int status =
        tarn_pool_list(&pools, context, TARN_LIST_INACTIVE | TARN_LIST_AUTOSTART, error);

    if (status != TARN_OK)
        return status;
    while (pools[autostart.count] != NULL)
        autostart.count++;
    autostart.end = clock_monotonic() + patience * INT64_C(1000000);
    autostart.list = calloc(autostart.count + 1, sizeof(*autostart.list));
    if (autostart.list == NULL) {
        tarn_pool_list_free(pools);
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to start pools");
    }
    for (index = 0; index < autostart.count; index++)
        autostart.list[index] = (struct candidate){ .pool = pools[index], .pause = FIRST_PAUSE,
                                                    .remote = is_remote(pools[index]) };
    status = start_all(&autostart, error);
    while (autostart.count > 0)
        free(autostart.list[--autostart.count].reason);
    free(autostart.list);
    tarn_pool_list_free(pools);
    if (status == TARN_OK)
        *out = autostart.started;
    return status;
}
