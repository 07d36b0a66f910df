/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Starting, stopping, building and deleting pools, and storage that goes away under them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tarn/result.h>

#include "tests/unit/host-frame.h"

static struct host_frame frame;

static struct tarn_pool_record *read_pool(struct tarn_pool *pool, uint32_t flags)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record = NULL;

    HOST_OK(tarn_pool_read(&record, pool, flags, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    return record;
}

static struct tarn_pool *define(const char *name)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *pool = NULL;

    HOST_OK(tarn_pool_define(&pool, frame.context, host_pool_xml(&frame, name), 0, &error));
    CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
    return pool;
}

static void whole_life(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record;
    struct tarn_pool *pool;

    host_open(&frame);
    pool = define("p");
    HOST_REFUSED(tarn_pool_start(pool, 0, NULL, &error), TARN_E_NOT_FOUND, NULL);
    CU_ASSERT_EQUAL(host_state(pool, true), TARN_POOL_INACTIVE);
    HOST_OK(tarn_pool_build(pool, 0, NULL, &error));
    HOST_REFUSED(tarn_pool_build(pool, TARN_POOL_BUILD_OVERWRITE | TARN_POOL_BUILD_NO_OVERWRITE,
                                 NULL, &error), TARN_E_INVALID, "exclude each other");
    HOST_OK(tarn_pool_start(pool, 0, NULL, &error));
    HOST_REFUSED(tarn_pool_start(pool, 0, NULL, &error), TARN_E_STATE, "active already");
    HOST_REFUSED(tarn_pool_build(pool, 0, NULL, &error), TARN_E_STATE, "stop it first");
    HOST_REFUSED(tarn_pool_delete(pool, NULL, &error), TARN_E_STATE, "stop it first");
    record = read_pool(pool, TARN_READ_SIZES);
    CU_ASSERT_EQUAL(record->state, TARN_POOL_RUNNING);
    CU_ASSERT(record->capacity > 0 && record->observed > 0 && record->stale == 0);
    CU_ASSERT_EQUAL(record->allocation + record->available, record->capacity);
    tarn_pool_record_free(record);
    HOST_OK(tarn_pool_refresh(pool, NULL, &error));
    HOST_OK(tarn_pool_stop(pool, 0, NULL, &error));
    HOST_REFUSED(tarn_pool_stop(pool, 0, NULL, &error), TARN_E_STATE, "not active");
    HOST_REFUSED(tarn_pool_refresh(pool, NULL, &error), TARN_E_STATE, "start it first");
    HOST_OK(tarn_pool_delete(pool, NULL, &error));
    CU_ASSERT_FALSE(host_exists(host_path(&frame, "p")));
    CU_ASSERT_EQUAL(host_state(pool, false), TARN_POOL_INACTIVE);
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void full_folder_is_not_deleted(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *pool;

    host_open(&frame);
    pool = host_pool(&frame, frame.context, "p");
    tarn_volume_unref(host_volume(pool, "v", "raw", 4096));
    HOST_OK(tarn_pool_stop(pool, 0, NULL, &error));
    CU_ASSERT_NOT_EQUAL(tarn_pool_delete(pool, NULL, NULL), TARN_OK);
    CU_ASSERT(host_exists(host_path(&frame, "p/v")));
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void transient(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record = NULL;
    struct tarn_pool *pool = NULL;
    struct tarn_pool *second = NULL;

    host_open(&frame);
    HOST_REFUSED(tarn_pool_create(&pool, frame.context, host_pool_xml(&frame, "t"), 0, NULL, &error),
                 TARN_E_NOT_FOUND, NULL);
    CU_ASSERT_EQUAL(tarn_pool_lookup(&second, frame.context, "t", NULL), TARN_E_NOT_FOUND);
    HOST_OK(tarn_pool_create(&pool, frame.context, host_pool_xml(&frame, "t"), TARN_POOL_BUILD, NULL,
                             &error));
    record = read_pool(pool, 0);
    CU_ASSERT(record->persistent == 0 && record->state == TARN_POOL_RUNNING);
    tarn_pool_record_free(record);
    HOST_REFUSED(tarn_pool_create(&second, frame.context, host_pool_xml(&frame, "t"), 0, NULL,
                                  &error), TARN_E_EXISTS, "active already");
    HOST_REFUSED(tarn_pool_set_autostart(pool, 1, &error), TARN_E_STATE, "transient");
    HOST_REFUSED(tarn_pool_undefine(pool, &error), TARN_E_STATE, "stop it first");
    HOST_OK(tarn_pool_stop(pool, 0, NULL, &error));
    record = NULL;
    HOST_REFUSED(tarn_pool_read(&record, pool, 0, &error), TARN_E_NOT_FOUND, "any more");
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void outlives_the_context(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *pool;

    host_open(&frame);
    pool = host_pool(&frame, frame.context, "p");
    tarn_pool_unref(pool);
    host_reopen(&frame);
    HOST_OK(tarn_pool_lookup(&pool, frame.context, "p", &error));
    CU_ASSERT_EQUAL(host_state(pool, false), TARN_POOL_RUNNING);
    CU_ASSERT_EQUAL(host_count(pool), 0);
    HOST_OK(tarn_pool_stop(pool, 0, NULL, &error));
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void autostart(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record;
    struct tarn_pool *pools[3];
    unsigned started = 99;
    unsigned index;

    host_open(&frame);
    for (index = 0; index < 3; index++) {
        pools[index] = define(host_text("p%u", index));
        if (index != 1)
            HOST_OK(tarn_pool_build(pools[index], 0, NULL, &error));
        if (index != 2)
            HOST_OK(tarn_pool_set_autostart(pools[index], 1, &error));
    }
    HOST_OK(tarn_context_autostart(&started, frame.context, 0, NULL, &error));
    CU_ASSERT_EQUAL(started, 1);
    CU_ASSERT_EQUAL(host_state(pools[0], false), TARN_POOL_RUNNING);
    CU_ASSERT_EQUAL(host_state(pools[2], false), TARN_POOL_INACTIVE);
    record = read_pool(pools[1], 0);
    CU_ASSERT_EQUAL(record->state, TARN_POOL_INACTIVE);
    CU_ASSERT(record->autostart == 1 && record->since > 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(record->reason);
    CU_ASSERT_PTR_NOT_NULL(strstr(record->reason, host_path(&frame, "p1")));
    tarn_pool_record_free(record);
    /* The reason goes with its cause. */
    HOST_OK(tarn_pool_build(pools[1], 0, NULL, &error));
    HOST_OK(tarn_context_autostart(&started, frame.context, 0, NULL, &error));
    CU_ASSERT_EQUAL(started, 1);
    record = read_pool(pools[1], TARN_READ_SIZES);
    CU_ASSERT_EQUAL(record->state, TARN_POOL_RUNNING);
    CU_ASSERT_PTR_NULL(record->reason);
    tarn_pool_record_free(record);
    HOST_OK(tarn_pool_set_autostart(pools[1], 0, &error));
    HOST_OK(tarn_pool_set_autostart(pools[1], 0, &error));
    record = read_pool(pools[1], 0);
    CU_ASSERT_EQUAL(record->autostart, 0);
    tarn_pool_record_free(record);
    for (index = 0; index < 3; index++)
        tarn_pool_unref(pools[index]);
    host_close(&frame);
}

static void cancelled_autostart(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *pools[2];
    struct tarn_job *job = NULL;
    unsigned started = 0;
    unsigned index;

    host_open(&frame);
    for (index = 0; index < 2; index++) {
        pools[index] = define(host_text("p%u", index));
        HOST_OK(tarn_pool_build(pools[index], 0, NULL, &error));
        HOST_OK(tarn_pool_set_autostart(pools[index], 1, &error));
    }
    HOST_OK(tarn_job_new(&job, frame.context, &error));
    tarn_job_cancel(job);
    HOST_REFUSED(tarn_context_autostart(&started, frame.context, 0, job, &error),
                 TARN_E_CANCELLED, NULL);
    for (index = 0; index < 2; index++) {
        CU_ASSERT_EQUAL(host_state(pools[index], false), TARN_POOL_INACTIVE);
        tarn_pool_unref(pools[index]);
    }
    tarn_job_unref(job);
    host_close(&frame);
}

static void vanished_folder(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record;
    struct tarn_volume **list = NULL;
    struct tarn_pool *pool;

    host_open(&frame);
    pool = host_pool(&frame, frame.context, "p");
    tarn_volume_unref(host_volume(pool, "v", "raw", 4096));
    CU_ASSERT_EQUAL(host_count(pool), 1);
    CU_ASSERT_EQUAL(rename(host_path(&frame, "p"), host_path(&frame, "away")), 0);
    HOST_REFUSED(tarn_volume_list(&list, pool, 0, NULL, &error), TARN_E_NOT_FOUND, NULL);
    HOST_REFUSED(tarn_pool_refresh(pool, NULL, &error), TARN_E_NOT_FOUND, NULL);
    record = read_pool(pool, TARN_READ_SIZES);
    CU_ASSERT_EQUAL(record->state, TARN_POOL_IS_DEGRADED);
    CU_ASSERT_EQUAL(record->stale, 1);
    CU_ASSERT(record->reason != NULL && record->capacity > 0);
    tarn_pool_record_free(record);
    HOST_OK(tarn_volume_list(&list, pool, UINT32_MAX, NULL, &error)); /* what was known */
    CU_ASSERT_PTR_NOT_NULL(list[0]);
    tarn_volume_list_free(list);
    CU_ASSERT_EQUAL(rename(host_path(&frame, "away"), host_path(&frame, "p")), 0);
    record = read_pool(pool, TARN_READ_SIZES);
    CU_ASSERT_EQUAL(record->state, TARN_POOL_RUNNING);
    CU_ASSERT_EQUAL(record->stale, 0);
    tarn_pool_record_free(record);
    CU_ASSERT_EQUAL(host_count(pool), 1);
    HOST_OK(tarn_pool_stop(pool, 0, NULL, &error));
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void degraded(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record;
    struct tarn_pool *pool = NULL;

    host_prepare(&frame);
    host_fixture(&frame, "good", "pool:memory format:plain", "[options]\nhealth = degraded\n");
    frame.context = host_context(&frame);
    HOST_OK(tarn_pool_create(&pool, frame.context, "<pool type='memory'><name>m</name></pool>", 0,
                             NULL, &error));
    record = read_pool(pool, TARN_READ_SIZES);
    CU_ASSERT_EQUAL(record->state, TARN_POOL_IS_DEGRADED);
    CU_ASSERT(record->reason != NULL && strstr(record->reason, "told to be degraded") != NULL);
    tarn_pool_record_free(record);
    tarn_pool_unref(pool);
    host_close(&frame);
}

/* Whatever step of starting fails, the pool is inactive, and starts the next time. */
static void start_fails(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *pool = NULL;
    unsigned step;

    for (step = 1; step <= 2; step++) { /* start, refresh */
        host_prepare(&frame);
        host_fixture(&frame, "good", "pool:memory format:plain",
                     host_text("[options]\nfail-at = %u\n", step));
        frame.context = host_context(&frame);
        HOST_OK(tarn_pool_define(&pool, frame.context, "<pool type='memory'><name>m</name></pool>",
                                 0, &error));
        HOST_REFUSED(tarn_pool_start(pool, 0, NULL, &error), TARN_E_IO, "told to fail");
        CU_ASSERT_EQUAL(host_state(pool, true), TARN_POOL_INACTIVE);
        HOST_OK(tarn_pool_start(pool, 0, NULL, &error));
        CU_ASSERT_EQUAL(host_state(pool, true), TARN_POOL_RUNNING);
        tarn_pool_unref(pool);
        host_close(&frame);
    }
}

/* A pool whose module has gone can at least be let go. */
static void stopped_by_force(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *pool;

    host_open(&frame);
    pool = host_pool(&frame, frame.context, "p");
    tarn_pool_unref(pool);
    CU_ASSERT_EQUAL(unlink(host_path(&frame, "plugins/dir.conf")), 0);
    host_reopen(&frame);
    HOST_OK(tarn_pool_lookup(&pool, frame.context, "p", &error));
    CU_ASSERT_EQUAL(host_state(pool, false), TARN_POOL_UNAVAILABLE);
    HOST_REFUSED(tarn_pool_stop(pool, 0, NULL, &error), TARN_E_NO_MODULE, NULL);
    HOST_OK(tarn_pool_stop(pool, TARN_POOL_STOP_FORCE, NULL, &error));
    HOST_OK(tarn_pool_undefine(pool, &error));
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void seen_by_another_context(void)
{
    struct tarn_error *error = NULL;
    struct tarn_context *other;
    struct tarn_pool *here;
    struct tarn_pool *there = NULL;
    struct tarn_volume *volume;
    struct tarn_volume_record *record = NULL;

    host_open(&frame);
    other = host_context(&frame);
    here = define("p");
    HOST_OK(tarn_pool_lookup(&there, other, "p", &error));
    HOST_OK(tarn_pool_start(there, TARN_POOL_BUILD, NULL, &error));
    CU_ASSERT_EQUAL(host_state(here, false), TARN_POOL_RUNNING);
    volume = host_volume(here, "v", "raw", 4096);
    CU_ASSERT(host_has(there, "v"));
    HOST_OK(tarn_pool_stop(there, 0, NULL, &error));
    CU_ASSERT_EQUAL(host_state(here, true), TARN_POOL_INACTIVE);
    /* What was known of the volumes went with the pool. */
    HOST_REFUSED(tarn_volume_read(&record, volume, UINT32_MAX, &error), TARN_E_STATE,
                 "start it first");
    HOST_OK(tarn_pool_undefine(there, &error));
    HOST_REFUSED(tarn_pool_start(here, 0, NULL, &error), TARN_E_NOT_FOUND, "any more");
    tarn_volume_unref(volume);
    tarn_pool_unref(here);
    tarn_pool_unref(there);
    tarn_context_close(other);
    host_close(&frame);
}

static const struct unit_test tests[] = {
    { "a pool is built, started, refreshed, stopped and deleted, in this order", whole_life },
    { "a folder with volumes is not deleted", full_folder_is_not_deleted },
    { "a transient pool is gone when it is stopped, or did not start", transient },
    { "an active pool outlives the context", outlives_the_context },
    { "what starts by itself does, or says why not", autostart },
    { "a cancelled job starts nothing more", cancelled_autostart },
    { "a vanished folder is told, and the pool recovers with it", vanished_folder },
    { "a degraded pool says why", degraded },
    { "a start that fails leaves an inactive pool", start_fails },
    { "a pool without its module is stopped by force", stopped_by_force },
    { "another context sees what this one did", seen_by_another_context },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("pool-life", tests);
}
