/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Operations: the list of what is running, deadlines, progress.
 */
#include "core/context/operation.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/context/context.h"
#include "core/base/error.h"
#include "core/context/job.h"
#include "core/pool/marks.h"

#define NANOSECONDS_PER_SECOND INT64_C(1000000000)
#define NANOSECONDS_PER_MILLISECOND INT64_C(1000000)
/* People see no more than some 20 pictures a second. */
#define PROGRESS_INTERVAL (50 * NANOSECONDS_PER_MILLISECOND)

static int64_t clock_read(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * NANOSECONDS_PER_SECOND + now.tv_nsec;
}

int64_t clock_realtime(void)
{
    return clock_read(CLOCK_REALTIME);
}

int64_t clock_monotonic(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

static void take_job(struct operation *operation, struct tarn_job *job)
{
    uint32_t limit = job != NULL ? job->deadline : 0;

    operation->job = job;
    operation->deadline =
        limit != 0 ? clock_monotonic() + limit * NANOSECONDS_PER_MILLISECOND : 0;
}

void operation_begin(struct operation *operation, struct tarn_context *context, const char *name,
                     const char *pool, const char *volume, struct tarn_job *job)
{
    memset(operation, 0, sizeof(*operation));
    operation->context = context;
    operation->name = name;
    operation->pool = pool;
    operation->volume = volume;
    operation->started = clock_realtime();
    take_job(operation, job);
    pthread_mutex_lock(&context->operations_lock);
    operation->id = ++context->next_operation;
    operation->next = context->operations;
    if (context->operations != NULL)
        context->operations->previous = operation;
    context->operations = operation;
    pthread_mutex_unlock(&context->operations_lock);
}

void operation_set_names(struct operation *operation, const char *pool, const char *volume)
{
    struct tarn_context *context = operation->context;

    pthread_mutex_lock(&context->operations_lock);
    if (pool != NULL)
        operation->pool = pool;
    if (volume != NULL)
        operation->volume = volume;
    pthread_mutex_unlock(&context->operations_lock);
}

void operation_leave_job(struct operation *operation)
{
    struct tarn_job *job = operation->job;

    operation->job = NULL;
    operation->deadline = 0;
    if (job != NULL)
        job_finished(job, atomic_load(&operation->cancelled), atomic_load(&operation->done),
                     atomic_load(&operation->total));
}

const char *operation_become(struct operation *operation, const char *name, struct tarn_job *job)
{
    const char *before = operation->name;

    operation_leave_job(operation);
    atomic_store(&operation->cancelled, false);
    atomic_store(&operation->done, 0);
    atomic_store(&operation->total, 0);
    pthread_mutex_lock(&operation->context->operations_lock);
    operation->name = name;
    pthread_mutex_unlock(&operation->context->operations_lock);
    take_job(operation, job);
    return before;
}

void operation_end(struct operation *operation)
{
    struct tarn_context *context = operation->context;

    pthread_mutex_lock(&context->operations_lock);
    if (operation->previous != NULL)
        operation->previous->next = operation->next;
    else
        context->operations = operation->next;
    if (operation->next != NULL)
        operation->next->previous = operation->previous;
    pthread_mutex_unlock(&context->operations_lock);
    operation_leave_job(operation);
    marks_free(operation->marks);
    marks_free(operation->known);
}

void operation_step_begin(struct operation *operation, const char *step)
{
    struct tarn_context *context = operation->context;
    int64_t deadline = operation->deadline;

    if (deadline == 0)
        deadline = clock_monotonic() + context->deadline * NANOSECONDS_PER_MILLISECOND;
    pthread_mutex_lock(&context->operations_lock);
    operation->step = step;
    operation->step_started = clock_realtime();
    operation->step_deadline = deadline;
    pthread_mutex_unlock(&context->operations_lock);
}

void operation_step_end(struct operation *operation)
{
    pthread_mutex_lock(&operation->context->operations_lock);
    operation->step = NULL;
    operation->step_deadline = 0;
    pthread_mutex_unlock(&operation->context->operations_lock);
}

/* The nearer of the two deadlines, 0 without any. The thread that asks set both itself, or began
 * after that. */
static int64_t deadline_of(const struct operation *operation)
{
    if (operation->deadline == 0 || operation->step_deadline == 0)
        return operation->deadline + operation->step_deadline;
    return operation->deadline < operation->step_deadline ? operation->deadline
                                                          : operation->step_deadline;
}

int operation_interrupted(struct operation *operation, struct tarn_error **error)
{
    int64_t deadline = deadline_of(operation);

    if (operation->job != NULL && job_cancelled(operation->job)) {
        atomic_store(&operation->cancelled, true);
        return error_set(error, TARN_E_CANCELLED, 0, "%s was cancelled", operation->name);
    }
    if (deadline != 0 && clock_monotonic() >= deadline)
        return error_set(error, TARN_E_TIMEOUT, 0,
                         "%s did not end within its deadline: try again with more time",
                         operation->name);
    return TARN_OK;
}

int64_t operation_time_left(const struct operation *operation)
{
    int64_t deadline = deadline_of(operation);
    int64_t left;

    if (deadline == 0)
        return -1;
    left = (deadline - clock_monotonic()) / NANOSECONDS_PER_MILLISECOND;
    return left > 0 ? left : 0;
}

int operation_cancel_fd(const struct operation *operation)
{
    return operation->job != NULL ? job_cancel_fd(operation->job) : -1;
}

void operation_progress(struct operation *operation, uint64_t done, uint64_t total)
{
    int64_t told;
    int64_t now;

    atomic_store_explicit(&operation->done, done, memory_order_relaxed);
    atomic_store_explicit(&operation->total, total, memory_order_relaxed);
    if (operation->job == NULL)
        return;
    now = clock_monotonic();
    told = atomic_load(&operation->told);
    /* Of several threads of a module that get here at once, one tells. */
    if (now - told < PROGRESS_INTERVAL ||
        !atomic_compare_exchange_strong(&operation->told, &told, now))
        return;
    job_tell(operation->job, done, total);
}
