/* SPDX-License-Identifier: BSD-2-Clause
 *
 * faults-format.c - what a format asks for and does not get: memory, the bytes of its container,
 * room in it, the time to end.
 */
#include <errno.h>
#include <string.h>

#include "conform/allocations.h"
#include "conform/check.h"
#include "conform/faults-format.h"
#include "conform/format-checks.h"
#include "conform/format-step.h"

static struct sweep sweep_new(struct trial *trial, const char *what)
{
    struct host *host = format_host(trial);

    return (struct sweep){ .trial = trial, .host = host, .what = what,
                           .image = image_with_data(trial, host) };
}

static void expect_nothing_left(struct sweep *sweep, const struct deed *deed, uint32_t n)
{
    trial_require(sweep->trial, allocations_left() == 0,
                  "when %s %u in %s, %u pieces of memory are left after all is closed", sweep->what,
                  n, deed->name, allocations_left());
}

static void expect_status(struct sweep *sweep, const struct deed *deed, uint32_t n, int32_t status,
                          int32_t expected)
{
    trial_require(sweep->trial, status == expected,
                  "when %s %u, %s answered %s%s%s: %s is what it has to pass on", sweep->what, n,
                  deed->name, status_word(status), status != TARN_OK ? ": " : "",
                  status != TARN_OK ? sweep->host->text : "", status_word(expected));
}

/* --- memory ----------------------------------------------------------------------------------- */

static void refuse_memory(struct sweep *sweep, struct image *image, uint32_t n)
{
    (void)image;
    allocations_watch(sweep->trial->subject, n);
}

static bool memory_refused(struct sweep *sweep, struct image *image, uint32_t n)
{
    (void)sweep;
    (void)image;
    return allocations_seen() >= n;
}

/* That it failed is not asked for: it may have done without. */
static void judge_memory(struct sweep *sweep, struct image *image, const struct deed *deed,
                         uint32_t n, int32_t status)
{
    (void)image;
    (void)status;
    expect_nothing_left(sweep, deed, n);
}

void check_allocations(struct trial *trial)
{
    struct sweep sweep = sweep_new(trial, "it does not get the memory that it asks for as number");

    if (!allocations_can_fail())
        trial_skip(trial, "memory cannot be refused in a sanitised build");
    sweep.arm = refuse_memory;
    sweep.disarm = memory_refused;
    sweep.judge = judge_memory;
    sweep_run(&sweep);
}

/* --- the container ---------------------------------------------------------------------------- */

static uint32_t counted;
static int32_t answered;
static int errno_of;
static bool in_part;
static bool for_good;

static void break_store(struct sweep *sweep, struct image *image, uint32_t n)
{
    (void)image;
    allocations_watch(sweep->trial->subject, 0);
    memset(&sweep->faults, 0, sizeof(sweep->faults));
    sweep->faults.counts = counted;
    sweep->faults.status = answered;
    sweep->faults.system_errno = errno_of;
    sweep->faults.part_written = in_part;
    sweep->faults.lasting = for_good;
    sweep->faults.at = n;
}

static bool store_broke(struct sweep *sweep, struct image *image, uint32_t n)
{
    (void)image;
    (void)n;
    allocations_seen();
    return atomic_load(&sweep->faults.fired) != 0;
}

/* A check goes on, and counts what it could not look at. */
static bool counted_as_error(const struct image *image, const struct deed *deed, int32_t status)
{
    return status == TARN_OK && deed->promise == TARN_FORMAT_CHECK &&
           image->host->results.check.errors > 0;
}

static void judge_failure(struct sweep *sweep, struct image *image, const struct deed *deed,
                          uint32_t n, int32_t status)
{
    if (!counted_as_error(image, deed, status))
        expect_status(sweep, deed, n, status, answered);
    expect_nothing_left(sweep, deed, n);
}

static void sweep_store(struct sweep *sweep, uint32_t counts, int32_t status, int system_errno)
{
    counted = counts;
    answered = status;
    errno_of = system_errno;
    sweep->arm = break_store;
    sweep->disarm = store_broke;
    sweep_run(sweep);
}

void check_store_failures(struct trial *trial)
{
    struct sweep sweep = sweep_new(trial, "the container fails to read as operation");

    sweep.judge = judge_failure;
    sweep_store(&sweep, STORE_READS, TARN_E_IO, EIO);
    sweep.what = "the container fails to write as operation";
    sweep_store(&sweep, STORE_WRITES, TARN_E_IO, EIO);
    sweep.what = "the container fails to flush as operation";
    sweep_store(&sweep, STORE_FLUSH, TARN_E_IO, EIO);
}

static void judge_full(struct sweep *sweep, struct image *image, const struct deed *deed,
                       uint32_t n, int32_t status)
{
    (void)image;
    expect_status(sweep, deed, n, status, answered);
}

void check_full_store(struct trial *trial)
{
    struct sweep sweep = sweep_new(trial, "the container is full at write");

    if (!makes_images(trial))
        trial_skip(trial, "it writes no images");
    sweep.judge = judge_full;
    sweep_store(&sweep, STORE_WRITES, TARN_E_NO_SPACE, ENOSPC);
}

/* --- what is left of the image ---------------------------------------------------------------- */

static void judge_data(struct sweep *sweep, struct image *image, const struct deed *deed,
                       uint32_t n, int32_t status)
{
    (void)status;
    sweep_expect_data(sweep, image, deed, n);
}

void check_half_writes(struct trial *trial)
{
    struct sweep sweep = sweep_new(trial, "the container fails at half of write");

    if (!sweep.image->writable)
        trial_skip(trial, "it makes no images that can be written");
    sweep.judge = judge_data;
    in_part = true;
    sweep_store(&sweep, STORE_WRITES, TARN_E_IO, EIO);
    in_part = false;
    sweep.what = "the container fails at write";
    sweep_store(&sweep, STORE_WRITES, TARN_E_IO, EIO);
    for_good = true; /* as when its writer is killed there */
    sweep.what = "the container takes nothing more from write";
    sweep_store(&sweep, STORE_WRITES, TARN_E_IO, EIO);
    for_good = false;
}

/* --- the time to end -------------------------------------------------------------------------- */

static void cancel(struct sweep *sweep, struct image *image, uint32_t n)
{
    (void)image;
    allocations_watch(sweep->trial->subject, 0);
    sweep->host->cancel_at = n;
}

static bool cancelled(struct sweep *sweep, struct image *image, uint32_t n)
{
    (void)image;
    allocations_seen();
    return atomic_load(&sweep->host->questions) >= n;
}

static void judge_cancelled(struct sweep *sweep, struct image *image, const struct deed *deed,
                            uint32_t n, int32_t status)
{
    expect_status(sweep, deed, n, status, TARN_E_CANCELLED);
    expect_nothing_left(sweep, deed, n);
    sweep_expect_data(sweep, image, deed, n);
}

void check_cancelled(struct trial *trial)
{
    struct sweep sweep = sweep_new(trial, "it is told that it is cancelled at question");

    sweep.arm = cancel;
    sweep.disarm = cancelled;
    sweep.judge = judge_cancelled;
    sweep.skips_close = true;
    sweep_run(&sweep);
}

const struct check format_fault_checks[] = {
    { "faults/format-memory", "without memory its operations fail with a text, and leave nothing",
      CHECK_FORMAT, 0, check_allocations },
    { "faults/format-container", "what the container answers its operations pass on, and leave "
      "nothing", CHECK_FORMAT, 0, check_store_failures },
    { "faults/format-full", "a full container is told as no space", CHECK_FORMAT, 0,
      check_full_store },
    { "faults/format-data", "a write that fails, or half of it, harms no bytes but those that it "
      "was for", CHECK_FORMAT, 0, check_half_writes },
    { "faults/format-cancel", "an operation that is cancelled ends as cancelled, and leaves "
      "nothing", CHECK_FORMAT, 0, check_cancelled },
    { 0 },
};
