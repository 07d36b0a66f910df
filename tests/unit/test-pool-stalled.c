/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Storage that does not answer: who waits for it waits, with a deadline; everybody else goes on,
 * and is told since when and in which step it hangs.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/context/lock.h"
#include "core/context/operation.h"
#include "tests/unit/host-frame.h"

#define DEADLINE 150 /* milliseconds */
#define AT_ONCE 1000 /* milliseconds: far less than any deadline that does not count here */

static struct host_frame frame;
static struct tarn_pool *pool;  /* stalls */
static struct tarn_pool *other; /* is well */

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void wait_milliseconds(long milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

    nanosleep(&time, NULL);
}

static void stall(bool on)
{
    if (on)
        host_write(host_path(&frame, "stall"), "", 0);
    else
        CU_ASSERT_EQUAL(unlink(host_path(&frame, "stall")), 0);
}

static void begin(void)
{
    struct tarn_error *error = NULL;

    host_prepare(&frame);
    host_fixture(&frame, "stalls", "pool:stalls",
                 host_text("[options]\nwhile = %s\n", host_path(&frame, "stall")));
    frame.deadline = DEADLINE;
    frame.context = host_context(&frame);
    other = host_pool(&frame, frame.context, "well");
    tarn_volume_unref(host_volume(other, "w", "raw", 4096));
    HOST_OK(tarn_pool_define(&pool, frame.context, "<pool type='stalls'><name>ill</name></pool>", 0,
                             &error));
}

static void end(void)
{
    tarn_pool_unref(pool);
    tarn_pool_unref(other);
    host_close(&frame);
}

/* A thread that does something with the pool. */
struct doer {
    int (*deed)(struct tarn_error **error);
    pthread_t thread;
    int status;
    struct tarn_error *error;
    atomic_bool ended;
};

static void *do_it(void *arg)
{
    struct doer *doer = arg;

    doer->status = doer->deed(&doer->error);
    atomic_store(&doer->ended, true);
    return NULL;
}

static void start_doing(struct doer *doer, int (*deed)(struct tarn_error **error))
{
    memset(doer, 0, sizeof(*doer));
    doer->deed = deed;
    pthread_create(&doer->thread, NULL, do_it, doer);
}

static int start_pool(struct tarn_error **error)
{
    return tarn_pool_start(pool, 0, NULL, error);
}

static int refresh_pool(struct tarn_error **error)
{
    return tarn_pool_refresh(pool, NULL, error);
}

static struct tarn_pool_record *read_pool(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record = NULL;

    HOST_OK(tarn_pool_read(&record, pool, TARN_READ_SIZES, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    return record;
}

static void others_go_on(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool **list = NULL;
    int64_t before = now();

    CU_ASSERT_EQUAL(host_count(other), 1);
    CU_ASSERT(host_has(other, "w"));
    tarn_volume_unref(host_volume(other, "x", "qcow2", 1 << 20));
    CU_ASSERT_EQUAL(host_count(other), 2);
    HOST_OK(tarn_pool_list(&list, frame.context, 0, &error));
    CU_ASSERT(list != NULL && list[0] != NULL && list[1] != NULL);
    tarn_pool_list_free(list);
    CU_ASSERT(now() - before < AT_ONCE);
}

static void stalled_refresh(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record;
    struct tarn_volume **volumes = NULL;
    struct doer doer;
    int64_t before;

    begin();
    HOST_OK(tarn_pool_start(pool, 0, NULL, &error));
    record = read_pool();
    CU_ASSERT(record->state == TARN_POOL_RUNNING && record->capacity == 1000);
    tarn_pool_record_free(record);
    stall(true);
    start_doing(&doer, refresh_pool);
    wait_milliseconds(DEADLINE * 2);
    CU_ASSERT_FALSE(atomic_load(&doer.ended));
    before = now();
    record = read_pool();
    CU_ASSERT(now() - before < AT_ONCE);
    CU_ASSERT_EQUAL(record->state, TARN_POOL_UNRESPONSIVE);
    CU_ASSERT_EQUAL(record->stale, 1);
    CU_ASSERT(record->reason != NULL && strstr(record->reason, "info") != NULL);
    CU_ASSERT((time(NULL) - record->since / 1000000000) < 10);
    CU_ASSERT_EQUAL(record->capacity, 1000); /* what was known */
    tarn_pool_record_free(record);
    HOST_OK(tarn_volume_list(&volumes, pool, UINT32_MAX, NULL, &error));
    CU_ASSERT(volumes[0] != NULL && strcmp(tarn_volume_name(volumes[0]), "v") == 0);
    tarn_volume_list_free(volumes);
    others_go_on();
    stall(false);
    pthread_join(doer.thread, NULL);
    CU_ASSERT(host_ok(doer.status, &doer.error)); /* it was late, and has answered */
    record = read_pool();
    CU_ASSERT_EQUAL(record->state, TARN_POOL_RUNNING);
    CU_ASSERT_EQUAL(record->stale, 0);
    tarn_pool_record_free(record);
    CU_ASSERT_EQUAL(host_count(pool), 1);
    end();
}

static void stalled_start(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record;
    struct doer doer;

    begin();
    stall(true);
    start_doing(&doer, start_pool);
    wait_milliseconds(DEADLINE * 2);
    record = read_pool();
    CU_ASSERT_EQUAL(record->state, TARN_POOL_UNRESPONSIVE);
    tarn_pool_record_free(record);
    others_go_on();
    stall(false);
    pthread_join(doer.thread, NULL);
    tarn_error_free(doer.error);
    if (doer.status != TARN_OK)
        HOST_OK(tarn_pool_start(pool, 0, NULL, &error));
    CU_ASSERT_EQUAL(host_state(pool, true), TARN_POOL_RUNNING);
    end();
}

/* A module that asks gives up by itself, and nothing remains. */
static void start_times_out(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *hanging = NULL;
    struct tarn_job *job = NULL;
    int64_t before;

    host_prepare(&frame);
    host_fixture(&frame, "hangs", "pool:hangs", NULL);
    frame.deadline = DEADLINE;
    frame.context = host_context(&frame);
    HOST_OK(tarn_pool_define(&hanging, frame.context, "<pool type='hangs'><name>h</name></pool>", 0,
                             &error));
    before = now();
    HOST_REFUSED(tarn_pool_start(hanging, 0, NULL, &error), TARN_E_TIMEOUT, "its deadline");
    CU_ASSERT(now() - before >= DEADLINE && now() - before < AT_ONCE);
    CU_ASSERT_EQUAL(host_state(hanging, true), TARN_POOL_INACTIVE);
    HOST_OK(tarn_job_new(&job, frame.context, &error));
    tarn_job_set_deadline(job, 20);
    before = now();
    HOST_REFUSED(tarn_pool_start(hanging, 0, job, &error), TARN_E_TIMEOUT, NULL);
    CU_ASSERT(now() - before < DEADLINE);
    tarn_job_unref(job);
    tarn_pool_unref(hanging);
    host_close(&frame);
}

/* And a dependency check in another pool waits for it no longer than its deadline. */
static void delete_elsewhere(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;
    struct doer doer;

    begin();
    HOST_OK(tarn_pool_start(pool, 0, NULL, &error));
    HOST_OK(tarn_volume_lookup(&volume, other, "w", &error));
    stall(true);
    start_doing(&doer, refresh_pool);
    wait_milliseconds(DEADLINE * 2);
    HOST_OK(tarn_volume_delete(volume, 0, NULL, &error)); /* comes back although "ill" is stalled */
    stall(false);
    pthread_join(doer.thread, NULL);
    tarn_error_free(doer.error);
    tarn_volume_unref(volume);
    end();
}

/* A second context stands for a second process: they know each other only through the lock file. */
static void alone_elsewhere(void)
{
    struct tarn_context *second;
    struct tarn_pool *seen = NULL;
    struct tarn_pool_record *record = NULL;
    struct tarn_error *error = NULL;
    struct operation operation;
    struct lock state;

    begin();
    second = host_context(&frame);
    HOST_OK(tarn_pool_lookup(&seen, second, "well", &error));
    operation_begin(&operation, frame.context, "pool-stop", "well", NULL, NULL);
    HOST_OK(lock_take(&state, &operation, LOCK_STATE, "well", NULL, LOCK_EXCLUSIVE, &error));
    HOST_OK(tarn_pool_read(&record, seen, TARN_READ_SIZES, &error));
    CU_ASSERT_EQUAL(record->state, TARN_POOL_UNRESPONSIVE);
    CU_ASSERT_EQUAL(record->stale, 1);
    tarn_pool_record_free(record);
    lock_release(&state);
    operation_end(&operation);
    HOST_OK(tarn_pool_read(&record, seen, TARN_READ_SIZES, &error));
    CU_ASSERT_EQUAL(record->state, TARN_POOL_RUNNING);
    tarn_pool_record_free(record);
    tarn_pool_unref(seen);
    tarn_context_close(second);
    end();
}

static const struct unit_test tests[] = {
    { "a stalled refresh stops nobody else, is told, and passes", stalled_refresh },
    { "a stalled start is told, and succeeds when the storage is back", stalled_start },
    { "a start that hangs ends with its deadline", start_times_out },
    { "a pool with which another process is alone is told to be unresponsive", alone_elsewhere },
    { "a volume elsewhere is deleted although a pool is stalled", delete_elsewhere },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("pool-stalled", tests);
}
