/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Is the storage of an active pool there?
 */
#include "tests/unit/truth-frame.h"

static struct truth truth;

static void went_away_before(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume **list = NULL;

    truth_begin(&truth);
    HOST_OK(truth_start(&truth, 0, &error));
    truth_say(&truth, "away", "");
    truth_begin_anew(&truth); /* the machine was started, and its run folder kept */
    HOST_REFUSED(tarn_volume_list(&list, truth.pool, 0, NULL, &error), TARN_E_STATE,
                 "its storage went away");
    CU_ASSERT_FALSE(truth_is_active(&truth));
    CU_ASSERT(truth_is(&truth, TARN_POOL_INACTIVE, "its storage went away"));
    HOST_REFUSED(tarn_pool_refresh(truth.pool, NULL, &error), TARN_E_STATE, "start it first");
    truth_begin_anew(&truth);
    CU_ASSERT(truth_is(&truth, TARN_POOL_INACTIVE, "its storage went away")); /* still told */
    truth_say(&truth, "away", NULL);
    HOST_OK(truth_start(&truth, 0, &error));
    CU_ASSERT(truth_is(&truth, TARN_POOL_RUNNING, NULL));
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    CU_ASSERT(truth_is(&truth, TARN_POOL_INACTIVE, NULL));
    truth_end(&truth);
}

static void went_away_between(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;

    truth_begin(&truth);
    HOST_OK(truth_start(&truth, 0, &error));
    HOST_OK(tarn_pool_refresh(truth.pool, NULL, &error));
    truth_say(&truth, "away", "");
    HOST_REFUSED(tarn_volume_lookup(&volume, truth.pool, "a", &error), TARN_E_STATE,
                 "its storage went away: nothing is mounted there");
    CU_ASSERT(truth_is(&truth, TARN_POOL_INACTIVE, "nothing is mounted there"));
    tarn_event_dispatch(truth.frame.context, NULL);
    CU_ASSERT_EQUAL(truth.stopped, 1);
    truth_end(&truth);
}

/* pool-info is often the first to come. */
static void found_by_asking(void)
{
    struct tarn_error *error = NULL;

    truth_begin(&truth);
    HOST_OK(truth_start(&truth, 0, &error));
    truth_say(&truth, "away", "");
    truth_begin_anew(&truth);
    CU_ASSERT(truth_is(&truth, TARN_POOL_INACTIVE, "its storage went away"));
    truth_end(&truth);
}

static void cannot_be_checked(void)
{
    struct tarn_error *error = NULL;

    truth_begin(&truth);
    HOST_OK(truth_start(&truth, 0, &error));
    truth_say(&truth, "unknown", "");
    truth_begin_anew(&truth);
    HOST_REFUSED(tarn_pool_refresh(truth.pool, NULL, &error), TARN_E_IO, "table of mounts");
    CU_ASSERT(truth_is(&truth, TARN_POOL_IS_DEGRADED, "table of mounts"));
    truth_say(&truth, "unknown", NULL);
    CU_ASSERT(truth_is(&truth, TARN_POOL_RUNNING, NULL));
    truth_say(&truth, "slow", "");
    truth_begin_anew(&truth);
    CU_ASSERT(truth_is(&truth, TARN_POOL_UNRESPONSIVE, "deadline"));
    CU_ASSERT(truth_is_active(&truth));
    truth_say(&truth, "slow", NULL);
    HOST_OK(tarn_pool_refresh(truth.pool, NULL, &error));
    CU_ASSERT(truth_is(&truth, TARN_POOL_RUNNING, NULL));
    truth_end(&truth);
}

static void transient_goes(void)
{
    struct tarn_error *error = NULL;

    truth_begin(&truth);
    HOST_OK(tarn_pool_undefine(truth.pool, &error));
    tarn_pool_unref(truth.pool);
    truth.pool = NULL;
    HOST_OK(tarn_pool_create(&truth.pool, truth.frame.context, truth_xml("/srv"), 0, NULL, &error));
    HOST_OK(tarn_pool_refresh(truth.pool, NULL, &error));
    truth_say(&truth, "away", "");
    HOST_REFUSED(tarn_pool_refresh(truth.pool, NULL, &error), TARN_E_STATE, "went away");
    HOST_REFUSED(tarn_pool_refresh(truth.pool, NULL, &error), TARN_E_STATE, "not active");
    tarn_pool_unref(truth.pool);
    truth.pool = NULL;
    HOST_REFUSED(tarn_pool_lookup(&truth.pool, truth.frame.context, "p", &error), TARN_E_NOT_FOUND,
                 NULL);
    truth_end(&truth);
}

static const struct unit_test tests[] = {
    { "storage that is not there when a process comes: the pool is inactive", went_away_before },
    { "storage that goes between two calls: the pool is inactive", went_away_between },
    { "who asks for sizes finds out that the storage went away", found_by_asking },
    { "a check that fails or hangs lets nobody in, and lets nothing go", cannot_be_checked },
    { "a transient pool whose storage went away is gone", transient_goes },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("pool-presence", tests);
}
