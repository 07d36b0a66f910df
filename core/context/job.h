/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A job: how a host watches an operation, and how it ends one early.
 */
#ifndef CORE_JOB_H
#define CORE_JOB_H

#include <stdatomic.h>
#include <stdbool.h>

#include <tarn/tarn.h>

struct tarn_job {
    atomic_int references;
    atomic_bool cancelled; /* lock-free: tarn_job_cancel may run in a signal handler */
    int cancel_fd;         /* an eventfd, readable once cancelled */
    uint32_t deadline;     /* milliseconds, 0 = none */
    tarn_progress_fn progress;
    void *progress_arg;
};

bool job_cancelled(const struct tarn_job *job);
int job_cancel_fd(const struct tarn_job *job);
void job_tell(struct tarn_job *job, uint64_t done, uint64_t total);
/* The last word, if there was a first. If the operation was told that it is cancelled, that is
 * over: it was for this one, and the job can serve another. */
void job_finished(struct tarn_job *job, bool was_told, uint64_t done, uint64_t total);

#endif
