/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Storage that does not answer, and does again.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/truth-frame.h"

static struct truth truth;

static bool lists_stale(unsigned wanted)
{
    struct tarn_error *error = NULL;
    struct tarn_volume **list = NULL;
    struct tarn_volume_record *record = NULL;
    int64_t before = truth_now();
    bool as_wanted = true;
    unsigned count = 0;

    HOST_OK(tarn_volume_list(&list, truth.pool, UINT32_MAX, NULL, &error));
    for (; list != NULL && list[count] != NULL; count++) {
        HOST_OK(tarn_volume_read(&record, list[count], UINT32_MAX, &error));
        as_wanted = as_wanted && record->stale == 1 && record->observed > 0 &&
                    record->capacity == 300 && record->allocation == 200 &&
                    record->physical == 100 && strcmp(record->format, "bits") == 0 &&
                    strcmp(record->path, count == 0 ? "truth:a" : "truth:b\tback\\") == 0;
        tarn_volume_record_free(record);
    }
    tarn_volume_list_free(list);
    return as_wanted && count == wanted && truth_now() - before < TRUTH_DEADLINE * 3;
}

static void stays_unresponsive(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record;
    struct tarn_volume *volume = NULL;
    struct tarn_volume_record *seen = NULL;
    char *xml = NULL;
    int64_t before;

    truth_begin(&truth);
    HOST_OK(truth_start(&truth, 0, &error));
    CU_ASSERT(truth_is(&truth, TARN_POOL_RUNNING, NULL));
    truth_say(&truth, "slow", "");
    before = truth_now();
    HOST_REFUSED(tarn_pool_refresh(truth.pool, NULL, &error), TARN_E_TIMEOUT, "deadline");
    CU_ASSERT(truth_now() - before >= TRUTH_DEADLINE);
    before = truth_now();
    record = truth_read(&truth, TARN_READ_SIZES);
    CU_ASSERT_EQUAL(record->state, TARN_POOL_UNRESPONSIVE);
    CU_ASSERT(record->stale == 1 && record->capacity == 1000 && record->observed > 0);
    CU_ASSERT(record->since > 0 && record->reason != NULL &&
              strstr(record->reason, "pool-refresh, info") != NULL);
    tarn_pool_record_free(record);
    CU_ASSERT(lists_stale(2));
    HOST_OK(tarn_volume_lookup(&volume, truth.pool, "b", &error));
    HOST_OK(tarn_volume_xml(&xml, volume, &error));
    free(xml);
    HOST_OK(tarn_pool_xml(&xml, truth.pool, 0, &error));
    CU_ASSERT(xml != NULL && strstr(xml, ">1000<") != NULL);
    free(xml);
    HOST_REFUSED(tarn_volume_read(&seen, volume, 0, &error), TARN_E_TIMEOUT, "has not answered");
    tarn_volume_unref(volume);
    HOST_REFUSED(tarn_volume_lookup(&volume, truth.pool, "c", &error), TARN_E_TIMEOUT,
                 "pool-refresh");
    CU_ASSERT(truth_now() - before < TRUTH_AT_ONCE);
    tarn_event_dispatch(truth.frame.context, NULL);
    CU_ASSERT(truth.unresponsive == 1 && truth.recovered == 0);
    before = truth_now();
    HOST_REFUSED(tarn_pool_refresh(truth.pool, NULL, &error), TARN_E_TIMEOUT, NULL); /* it tries */
    CU_ASSERT(truth_now() - before >= TRUTH_DEADLINE);
    truth_say(&truth, "slow", NULL);
    HOST_OK(tarn_pool_refresh(truth.pool, NULL, &error));
    record = truth_read(&truth, TARN_READ_SIZES);
    CU_ASSERT(record->state == TARN_POOL_RUNNING && record->stale == 0 && record->reason == NULL);
    tarn_pool_record_free(record);
    tarn_event_dispatch(truth.frame.context, NULL);
    CU_ASSERT(truth.unresponsive == 1 && truth.recovered == 1);
    truth_end(&truth);
}

/* Who comes after a while tries again, one at a time. */
static void recovers_by_itself(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;
    int64_t before;

    truth_begin(&truth);
    HOST_OK(truth_start(&truth, 0, &error));
    truth_say(&truth, "slow", "");
    HOST_REFUSED(tarn_volume_lookup(&volume, truth.pool, "x", &error), TARN_E_TIMEOUT, NULL);
    truth_say(&truth, "slow", NULL);
    before = truth_now();
    HOST_REFUSED(tarn_volume_lookup(&volume, truth.pool, "x", &error), TARN_E_TIMEOUT, NULL);
    CU_ASSERT(truth_now() - before < TRUTH_AT_ONCE);
    CU_ASSERT(truth_is(&truth, TARN_POOL_UNRESPONSIVE, "vol-lookup"));
    truth_wait(2100);
    HOST_REFUSED(tarn_volume_lookup(&volume, truth.pool, "x", &error), TARN_E_NOT_FOUND, NULL);
    CU_ASSERT(truth_is(&truth, TARN_POOL_RUNNING, NULL)); /* "there is none" is an answer */
    truth_end(&truth);
}

/* Who had less patience than the context says nothing about the storage. */
static void impatience(void)
{
    struct tarn_error *error = NULL;
    struct tarn_job *job = NULL;

    truth_begin(&truth);
    HOST_OK(truth_start(&truth, 0, &error));
    truth_say(&truth, "slow", "");
    HOST_OK(tarn_job_new(&job, truth.frame.context, &error));
    tarn_job_set_deadline(job, 20);
    HOST_REFUSED(tarn_pool_refresh(truth.pool, job, &error), TARN_E_TIMEOUT, NULL);
    truth_say(&truth, "slow", NULL);
    CU_ASSERT(truth_is(&truth, TARN_POOL_RUNNING, NULL));
    tarn_job_unref(job);
    truth_end(&truth);
}

static void seen_by_an_earlier_process(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record;

    truth_begin(&truth);
    HOST_OK(truth_start(&truth, 0, &error));
    truth_begin_anew(&truth);
    CU_ASSERT_EQUAL(host_count(truth.pool), 2); /* sees no sizes, and does not lose them */
    truth_say(&truth, "slow", "");
    truth_begin_anew(&truth);
    CU_ASSERT(lists_stale(2));
    record = truth_read(&truth, TARN_READ_SIZES);
    CU_ASSERT(record->state == TARN_POOL_UNRESPONSIVE && record->stale == 1);
    CU_ASSERT(record->capacity == 1000 && record->available == 700 && record->observed > 0);
    tarn_pool_record_free(record);
    truth_say(&truth, "slow", NULL);
    HOST_OK(tarn_pool_refresh(truth.pool, NULL, &error));
    CU_ASSERT_FALSE(lists_stale(2)); /* all seen with these eyes now */
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    CU_ASSERT_FALSE(host_exists(host_path(&truth.frame, "run/tarn/seen/p")));
    truth_end(&truth);
}

static const struct unit_test tests[] = {
    { "after a timeout what is known is told at once, all else is refused at once",
      stays_unresponsive },
    { "who comes later tries again, and any answer ends it", recovers_by_itself },
    { "a caller without patience does not make a pool unresponsive", impatience },
    { "what an earlier process saw is told", seen_by_an_earlier_process },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("pool-silence", tests);
}
