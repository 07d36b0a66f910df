/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Jobs, and the list of what is running.
 */
#include "core/context/job.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <errno.h>

#include "core/base/arena.h"
#include "core/context/context.h"
#include "core/base/error.h"

_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "tarn_job_cancel is safe in a signal handler");

int tarn_job_new(struct tarn_job **out, struct tarn_context *context, struct tarn_error **error)
{
    struct tarn_job *job = calloc(1, sizeof(*job));

    (void)context;
    if (job == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for a job");
    job->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (job->cancel_fd < 0) {
        free(job);
        return error_set(error, TARN_E_INTERNAL, errno, "no descriptor for a job");
    }
    atomic_init(&job->references, 1);
    *out = job;
    return TARN_OK;
}

void tarn_job_unref(struct tarn_job *job)
{
    if (job == NULL || atomic_fetch_sub(&job->references, 1) != 1)
        return;
    close(job->cancel_fd);
    free(job);
}

void tarn_job_set_progress(struct tarn_job *job, tarn_progress_fn progress, void *arg)
{
    job->progress = progress;
    job->progress_arg = arg;
}

void tarn_job_set_deadline(struct tarn_job *job, uint32_t milliseconds)
{
    job->deadline = milliseconds;
}

void tarn_job_cancel(struct tarn_job *job)
{
    const uint64_t one = 1;
    int saved = errno;

    atomic_store(&job->cancelled, true);
    /* Fails only when the counter is full, and then it is readable already. */
    if (write(job->cancel_fd, &one, sizeof(one)) < 0)
        errno = saved;
}

bool job_cancelled(const struct tarn_job *job)
{
    return atomic_load_explicit(&job->cancelled, memory_order_relaxed);
}

int job_cancel_fd(const struct tarn_job *job)
{
    return job->cancel_fd;
}

void job_tell(struct tarn_job *job, uint64_t done, uint64_t total)
{
    if (job->progress != NULL)
        job->progress(job->progress_arg, done, total);
}

void job_finished(struct tarn_job *job, bool was_told, uint64_t done, uint64_t total)
{
    uint64_t count;

    if (was_told) {
        atomic_store(&job->cancelled, false);
        /* Empties the counter at once; fails only if somebody else did. */
        if (read(job->cancel_fd, &count, sizeof(count)) < 0)
            count = 0;
    }
    if (done != 0 || total != 0)
        job_tell(job, done, total);
}

/* --- what is running -------------------------------------------------------------------------- */

/* A record and its texts in one arena, which the record's list frees. */
struct job_entry {
    struct tarn_job_record record;
    struct arena *arena;
};

static struct tarn_job_record *record_new(const struct operation *operation)
{
    struct arena *arena = arena_new();
    struct job_entry *entry = arena != NULL ? arena_alloc(arena, sizeof(*entry)) : NULL;

    if (entry == NULL) {
        arena_free(arena);
        return NULL;
    }
    entry->arena = arena;
    entry->record.struct_size = sizeof(entry->record);
    entry->record.id = operation->id;
    entry->record.operation = operation->name;
    entry->record.pool = arena_strdup(arena, operation->pool);
    entry->record.volume = arena_strdup(arena, operation->volume);
    entry->record.started = operation->started;
    entry->record.done = atomic_load(&operation->done);
    entry->record.total = atomic_load(&operation->total);
    return &entry->record;
}

int tarn_job_list(struct tarn_job_record ***out, struct tarn_context *context,
                  struct tarn_error **error)
{
    struct tarn_job_record **list;
    const struct operation *operation;
    size_t count = 0;
    size_t filled = 0;

    pthread_mutex_lock(&context->operations_lock);
    for (operation = context->operations; operation != NULL; operation = operation->next)
        count++;
    list = calloc(count + 1, sizeof(*list));
    operation = list != NULL ? context->operations : NULL;
    for (; operation != NULL; operation = operation->next) {
        list[filled] = record_new(operation);
        if (list[filled] == NULL)
            break;
        filled++;
    }
    pthread_mutex_unlock(&context->operations_lock);
    if (list == NULL || filled != count) {
        tarn_job_list_free(list);
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the list of jobs");
    }
    *out = list;
    return TARN_OK;
}

void tarn_job_list_free(struct tarn_job_record **list)
{
    size_t index;

    for (index = 0; list != NULL && list[index] != NULL; index++)
        arena_free(((struct job_entry *)(void *)list[index])->arena);
    free(list);
}
