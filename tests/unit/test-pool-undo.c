/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Letting go by force, taking back what was made, starting again what failed.
 */
#include <pthread.h>
#include <string.h>

#include "tests/unit/truth-frame.h"

static struct truth truth;

static void *refresh_in_thread(void *arg)
{
    tarn_pool_refresh(truth.pool, NULL, NULL);
    return arg;
}

/* A deaf thread is in the pool for as long as it takes; nobody waits for it for ever. */
static void force_past_a_deaf_call(void)
{
    struct tarn_error *error = NULL;
    pthread_t thread;
    int64_t before;

    HOST_OK(truth_start(&truth, 0, &error));
    truth_say(&truth, "deaf", "");
    pthread_create(&thread, NULL, refresh_in_thread, NULL);
    truth_wait(TRUTH_DEADLINE / 4);
    before = truth_now();
    HOST_OK(tarn_pool_stop(truth.pool, TARN_POOL_STOP_FORCE, NULL, &error));
    CU_ASSERT(truth_now() - before >= TRUTH_DEADLINE && truth_now() - before < TRUTH_DEADLINE * 4);
    CU_ASSERT_FALSE(truth_is_active(&truth));
    truth_say(&truth, "deaf", NULL);
    pthread_join(thread, NULL);
    CU_ASSERT_FALSE(truth_is_active(&truth));
    CU_ASSERT(truth_is(&truth, TARN_POOL_INACTIVE, NULL));
    HOST_OK(truth_start(&truth, 0, &error));
    CU_ASSERT_EQUAL(host_count(truth.pool), 2);
    truth_end(&truth);
}

static void force(void)
{
    truth_begin(&truth);
    force_past_a_deaf_call();
    truth_begin_alone(&truth); /* whose stop cannot even be called */
    force_past_a_deaf_call();
}

static void force_despite_the_module(void)
{
    struct tarn_error *error = NULL;
    int64_t before;

    truth_begin(&truth);
    HOST_OK(truth_start(&truth, 0, &error));
    truth_say(&truth, "fail-stop", "");
    HOST_REFUSED(tarn_pool_stop(truth.pool, 0, NULL, &error), TARN_E_BUSY, "told not to stop");
    CU_ASSERT(truth_is_active(&truth));
    HOST_OK(tarn_pool_stop(truth.pool, TARN_POOL_STOP_FORCE, NULL, &error));
    CU_ASSERT_FALSE(truth_is_active(&truth));
    truth_say(&truth, "fail-stop", NULL);
    HOST_OK(truth_start(&truth, 0, &error));
    truth_say(&truth, "slow", "");
    before = truth_now();
    HOST_OK(tarn_pool_stop(truth.pool, TARN_POOL_STOP_FORCE, NULL, &error));
    CU_ASSERT(truth_now() - before < TRUTH_DEADLINE * 3);
    CU_ASSERT(truth_is(&truth, TARN_POOL_INACTIVE, NULL));
    HOST_REFUSED(tarn_pool_stop(truth.pool, TARN_POOL_STOP_FORCE, NULL, &error), TARN_E_STATE,
                 "not active");
    truth_end(&truth);
}

/* --- building as a part of starting ----------------------------------------------------------- */

static void build_is_undone(void)
{
    struct tarn_error *error = NULL;
    const char *made;

    truth_begin_with(&truth, "<pool type='made'><name>p</name></pool>");
    made = host_path(&truth.frame, "truth/made");
    truth_say(&truth, "fail-start", "");
    HOST_REFUSED(truth_start(&truth, TARN_POOL_BUILD, &error), TARN_E_IO, "told not to start");
    CU_ASSERT_FALSE(host_exists(made));
    truth_say(&truth, "made", ""); /* what was there before stays */
    HOST_REFUSED(truth_start(&truth, TARN_POOL_BUILD, &error), TARN_E_IO, NULL);
    CU_ASSERT(host_exists(made));
    truth_say(&truth, "fail-start", NULL);
    HOST_OK(truth_start(&truth, TARN_POOL_BUILD, &error));
    CU_ASSERT(host_exists(made));
    truth_end(&truth);
}

/* --- starting by itself ----------------------------------------------------------------------- */

static void *mend(void *arg)
{
    truth_wait(500);
    truth_say(&truth, "fail-start", NULL);
    return arg;
}

static void autostart_tries_again(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool_record *record;
    unsigned started = 9;
    pthread_t thread;

    truth_begin(&truth);
    HOST_OK(tarn_pool_set_autostart(truth.pool, 1, &error));
    truth_say(&truth, "fail-start", "");
    HOST_OK(tarn_context_autostart(&started, truth.frame.context, 0, NULL, &error));
    CU_ASSERT_EQUAL(started, 0);
    truth_begin_anew(&truth);
    record = truth_read(&truth, 0);
    CU_ASSERT(record->reason != NULL && strstr(record->reason, "told not to start") != NULL);
    CU_ASSERT(record->since > 0 && record->next_try == 0);
    tarn_pool_record_free(record);
    pthread_create(&thread, NULL, mend, NULL);
    HOST_OK(tarn_context_autostart(&started, truth.frame.context, 20000, NULL, &error));
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(started, 1);
    CU_ASSERT(truth_is(&truth, TARN_POOL_RUNNING, NULL));
    truth_end(&truth);
}

static const struct unit_test tests[] = {
    { "a stop by force does not wait for ever for a call that hangs", force },
    { "a stop by force lets go of what its module cannot stop", force_despite_the_module },
    { "a start that fails takes back what its build made", build_is_undone },
    { "what did not start by itself is started again, and says why", autostart_tries_again },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("pool-undo", tests);
}
