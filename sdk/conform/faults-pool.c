/* SPDX-License-Identifier: BSD-2-Clause
 *
 * faults-pool.c - a pool whose memory ends, which is cancelled, or whose time is over: at the n-th
 * occasion, for n = 1, 2, … until the operation succeeds. Nothing may be left over, and the pool
 * must go on working.
 */
#include <time.h>

#include "conform/allocations.h"
#include "conform/faults-pool.h"

/* What is made to fail: switched on before an operation, and off after it. */
struct fault {
    const char *what; /* "without memory" */
    int32_t expected; /* TARN_OK: any failure */
    void (*set)(struct pool *pool, uint32_t number);
    /* How many occasions there were; UINT32_MAX: as many as it takes until it succeeds. */
    uint32_t (*reset)(struct pool *pool);
};

/* --- faults ----------------------------------------------------------------------------------- */

static void set_memory(struct pool *pool, uint32_t number)
{
    allocations_watch(pool->trial->subject, number);
}

static uint32_t reset_memory(struct pool *pool)
{
    (void)pool;
    return allocations_seen();
}

static void set_cancel(struct pool *pool, uint32_t number)
{
    pool->host->cancel_at = number;
}

static uint32_t reset_cancel(struct pool *pool)
{
    pool->host->cancel_at = 0;
    return UINT32_MAX;
}

static void set_deadline(struct pool *pool, uint32_t number)
{
    pool->host->time_left = number != 0 ? 0 : -1;
}

static uint32_t reset_deadline(struct pool *pool)
{
    pool->host->time_left = -1;
    return 1;
}

/* --- sweeps ----------------------------------------------------------------------------------- */

#define STEP_SECONDS 2.0 /* after which a sweep takes larger strides */
#define MOST_OCCASIONS 2000u

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void judge(const struct pool *pool, const struct step *step, const struct fault *fault,
                  uint32_t number, int32_t status)
{
    trial_require(pool->trial, fault->expected == TARN_OK || status == fault->expected,
                  "%s %s (the %u.) answered %s (%s), expected %s: pass on what was recorded",
                  step->name, fault->what, number, status_word(status), pool->host->last,
                  status_word(fault->expected));
}

/* True if the operation succeeded in spite of it. */
static bool run_once(struct ground *ground, const struct step *step, const struct fault *fault,
                     uint32_t number, uint32_t *out_occasions)
{
    struct pool *pool = ground->pool;
    int32_t status;

    fault->set(pool, number);
    status = step->run(ground);
    *out_occasions = fault->reset(pool);
    if (status == TARN_OK) {
        if (step->undo != NULL)
            step->undo(ground);
        return true;
    }
    judge(pool, step, fault, number, status);
    return false;
}

static void take(struct traces *out, const struct step *step, struct pool *pool)
{
    if (step->stopped)
        traces_take(out, pool->trial);
    else
        traces_take_all(out, pool);
}

static void sweep(struct ground *ground, const struct step *step, const struct fault *fault)
{
    struct trial *trial = ground->pool->trial;
    double end = now() + STEP_SECONDS;
    struct traces before, after;
    uint32_t occasions, total;
    uint32_t stride = 1;

    run_once(ground, step, fault, 0, &occasions); /* warms up, and counts */
    take(&before, step, ground->pool);
    total = occasions;
    for (uint32_t number = 1; number <= total && number < MOST_OCCASIONS; number += stride) {
        bool succeeded = run_once(ground, step, fault, number, &occasions);

        if (succeeded && total == UINT32_MAX)
            break;
        take(&after, step, ground->pool);
        traces_must_equal(trial, &before, &after,
                          trial_text(trial, "%s %s (the %u.)", step->name, fault->what, number));
        if (now() > end)
            stride = 1 + number / 2;
    }
    if (!run_once(ground, step, fault, 0, &occasions))
        trial_fail(trial, "%s fails after it was run %s: %s", step->name, fault->what,
                   ground->pool->host->text);
}

static void try_step(struct ground *ground, const struct step *step, const struct fault *fault)
{
    if (step->can != NULL && !step->can(ground->pool))
        return;
    if (step->stopped)
        pool_must(ground->pool, pool_stop(ground->pool), "stop");
    sweep(ground, step, fault);
    if (step->stopped)
        pool_must(ground->pool, pool_start(ground->pool), "start");
}

static void try_all(struct trial *trial, const struct fault *fault)
{
    struct ground ground = { .pool = pool_started(trial) };

    ground.name = pool_any_volume(ground.pool);
    ground.buffer = trial_alloc(trial, 4096);
    for (const struct step *step = fault_steps; step->name != NULL; step++)
        try_step(&ground, step, fault);
    pool_end(ground.pool);
}

/* --- checks ----------------------------------------------------------------------------------- */

static void without_memory(struct trial *trial)
{
    static const struct fault fault = { "without memory", TARN_OK, set_memory, reset_memory };

    if (!allocations_can_fail())
        trial_skip(trial, "this kit was built with a sanitizer, whose memory does not end");
    try_all(trial, &fault);
}

static void cancelled(struct trial *trial)
{
    static const struct fault fault = { "when it is cancelled", TARN_E_CANCELLED, set_cancel,
                                        reset_cancel };

    try_all(trial, &fault);
}

static void without_time(struct trial *trial)
{
    static const struct fault fault = { "when its time is over", TARN_E_TIMEOUT, set_deadline,
                                        reset_deadline };

    try_all(trial, &fault);
}

const struct check pool_fault_checks[] = {
    { "faults/pool-memory", "without memory an operation fails, says so, and leaves nothing",
      CHECK_POOL_TYPE, 120, without_memory },
    { "faults/pool-cancel", "an operation that is cancelled ends as if it had not begun",
      CHECK_POOL_TYPE, 120, cancelled },
    { "faults/pool-deadline", "an operation whose time is over ends as if it had not begun",
      CHECK_POOL_TYPE, 120, without_time },
    { 0 },
};
