/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Is the storage the one that the pool had?
 */
#include <string.h>

#include "tests/unit/truth-frame.h"

static struct truth truth;

static void replaced(void)
{
    struct tarn_error *error = NULL;

    truth_begin(&truth);
    truth_say(&truth, "identity", "filesystem one");
    HOST_OK(truth_start(&truth, 0, &error));
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    truth_say(&truth, "identity", "filesystem two");
    HOST_REFUSED(truth_start(&truth, 0, &error), TARN_E_REPLACED, "filesystem one is recorded");
    HOST_REFUSED(truth_start(&truth, 0, &error), TARN_E_REPLACED, "filesystem two is there now");
    HOST_REFUSED(truth_start(&truth, 0, &error), TARN_E_REPLACED,
                 "accept this one (pool-start p --adopt)");
    CU_ASSERT(truth_is(&truth, TARN_POOL_INACTIVE, NULL));
    HOST_OK(truth_start(&truth, TARN_POOL_START_ADOPT, &error));
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    HOST_OK(truth_start(&truth, 0, &error)); /* it is the pool's own now */
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    truth_say(&truth, "identity", "filesystem one");
    HOST_REFUSED(truth_start(&truth, 0, &error), TARN_E_REPLACED, "filesystem two is recorded");
    truth_begin_anew(&truth);
    HOST_REFUSED(truth_start(&truth, 0, &error), TARN_E_REPLACED, "filesystem two is recorded");
    truth_end(&truth);
}

static void replaced_while_active(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume **list = NULL;

    truth_begin(&truth);
    truth_say(&truth, "identity", "unit one");
    HOST_OK(truth_start(&truth, 0, &error));
    truth_say(&truth, "identity", "unit two");
    HOST_REFUSED(tarn_pool_refresh(truth.pool, NULL, &error), TARN_E_REPLACED,
                 "stop the pool and accept");
    HOST_REFUSED(tarn_volume_list(&list, truth.pool, 0, NULL, &error), TARN_E_REPLACED, NULL);
    CU_ASSERT(truth_is(&truth, TARN_POOL_IS_DEGRADED, "unit one is recorded"));
    truth_begin_anew(&truth); /* in which it is checked before anything else is done */
    HOST_REFUSED(tarn_pool_refresh(truth.pool, NULL, &error), TARN_E_REPLACED, NULL);
    CU_ASSERT(truth_is(&truth, TARN_POOL_IS_DEGRADED, "unit one is recorded"));
    truth_say(&truth, "identity", "unit one");
    HOST_OK(tarn_pool_refresh(truth.pool, NULL, &error));
    CU_ASSERT(truth_is(&truth, TARN_POOL_RUNNING, NULL));
    truth_end(&truth);
}

static void recorded_on_success_only(void)
{
    struct tarn_error *error = NULL;

    truth_begin(&truth);
    truth_say(&truth, "identity", "filesystem one");
    truth_say(&truth, "away", "");
    HOST_REFUSED(truth_start(&truth, 0, &error), TARN_E_STATE, "nothing is mounted");
    CU_ASSERT_FALSE(host_exists(host_path(&truth.frame, "var/lib/tarn/pools/p")));
    truth_say(&truth, "away", NULL);
    truth_say(&truth, "identity", "filesystem two");
    HOST_OK(truth_start(&truth, 0, &error));
    CU_ASSERT(host_exists(host_path(&truth.frame, "var/lib/tarn/pools/p")));
    truth_say(&truth, "identity", "label x"); /* of another kind: it comes to the other */
    HOST_OK(tarn_pool_refresh(truth.pool, NULL, &error));
    truth_say(&truth, "identity", "filesystem one");
    HOST_REFUSED(tarn_pool_refresh(truth.pool, NULL, &error), TARN_E_REPLACED, "filesystem two");
    truth_say(&truth, "identity", "label y");
    HOST_REFUSED(tarn_pool_refresh(truth.pool, NULL, &error), TARN_E_REPLACED, "label x");
    truth_end(&truth);
}

static void built_anew(void)
{
    struct tarn_error *error = NULL;

    truth_begin(&truth);
    truth_say(&truth, "identity", "filesystem one");
    HOST_OK(truth_start(&truth, 0, &error));
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    truth_say(&truth, "identity", "filesystem two");
    HOST_OK(tarn_pool_build(truth.pool, 0, NULL, &error));
    HOST_OK(truth_start(&truth, 0, &error));
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    truth_say(&truth, "identity", "filesystem three");
    HOST_OK(truth_start(&truth, TARN_POOL_BUILD, &error));
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    HOST_OK(truth_start(&truth, 0, &error));
    truth_end(&truth);
}

static void forgotten(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *again = NULL;

    truth_begin(&truth);
    truth_say(&truth, "identity", "filesystem one");
    HOST_OK(truth_start(&truth, 0, &error));
    /* A definition over another source waits, and the record is not its. */
    HOST_OK(tarn_pool_define(&again, truth.frame.context, truth_xml("/other"), 0, &error));
    tarn_pool_unref(again);
    HOST_OK(tarn_pool_refresh(truth.pool, NULL, &error));
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    truth_say(&truth, "identity", "filesystem two");
    HOST_OK(truth_start(&truth, 0, &error));
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    HOST_OK(tarn_pool_undefine(truth.pool, &error));
    CU_ASSERT_FALSE(host_exists(host_path(&truth.frame, "var/lib/tarn/pools/p")));
    tarn_pool_unref(truth.pool);
    truth.pool = NULL;
    truth_say(&truth, "identity", "filesystem three");
    HOST_OK(tarn_pool_create(&truth.pool, truth.frame.context, truth_xml("/srv"), 0, NULL, &error));
    truth_say(&truth, "identity", "filesystem four");
    HOST_REFUSED(tarn_pool_refresh(truth.pool, NULL, &error), TARN_E_REPLACED, "three");
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    CU_ASSERT_FALSE(host_exists(host_path(&truth.frame, "var/lib/tarn/pools/p")));
    truth_end(&truth);
}

static void damaged_record(void)
{
    struct tarn_error *error = NULL;

    truth_begin(&truth);
    truth_say(&truth, "identity", "filesystem one");
    host_write(host_path(&truth.frame, "var/lib/tarn/pools/p"), "rubbish", 7);
    HOST_REFUSED(truth_start(&truth, 0, &error), TARN_E_CORRUPT, "is damaged");
    HOST_OK(truth_start(&truth, TARN_POOL_START_ADOPT, &error));
    HOST_OK(tarn_pool_refresh(truth.pool, NULL, &error));
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    truth_say(&truth, "identity", "bad\1kind x");
    HOST_REFUSED(truth_start(&truth, 0, &error), TARN_E_INVALID, "short lines");
    truth_end(&truth);
}

/* --- one unit of many ------------------------------------------------------------------------- */

static bool volume_says(const char *name, uint32_t status, const char *text)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;
    struct tarn_volume_record *record = NULL;
    bool is;

    HOST_OK(tarn_volume_lookup(&volume, truth.pool, name, &error));
    HOST_OK(tarn_volume_read(&record, volume, 0, &error));
    is = record != NULL && record->status == status &&
         (text == NULL || (record->status_text != NULL && strstr(record->status_text, text)));
    tarn_volume_record_free(record);
    tarn_volume_unref(volume);
    return is;
}

static void another_unit(void)
{
    struct tarn_error *error = NULL;

    truth_begin(&truth);
    truth_say(&truth, "mark", "disk one");
    HOST_OK(truth_start(&truth, 0, &error));
    CU_ASSERT(volume_says("a", TARN_VOLUME_OK, NULL));
    truth_say(&truth, "mark", "disk two");
    HOST_OK(tarn_pool_refresh(truth.pool, NULL, &error));
    CU_ASSERT(truth_is(&truth, TARN_POOL_RUNNING, NULL));
    CU_ASSERT(volume_says("a", TARN_VOLUME_UNREADABLE, "it is another disk"));
    CU_ASSERT(volume_says("b", TARN_VOLUME_OK, NULL));
    truth_say(&truth, "mark", "disk one");
    HOST_OK(tarn_pool_refresh(truth.pool, NULL, &error));
    CU_ASSERT(volume_says("a", TARN_VOLUME_OK, NULL));
    truth_end(&truth);
}

static void another_unit_adopted(void)
{
    struct tarn_error *error = NULL;

    truth_begin(&truth);
    truth_say(&truth, "mark", "disk one");
    HOST_OK(truth_start(&truth, 0, &error));
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    truth_say(&truth, "mark", "disk two");
    HOST_OK(truth_start(&truth, 0, &error)); /* the others can be worked with */
    CU_ASSERT(volume_says("a", TARN_VOLUME_UNREADABLE, "--adopt"));
    HOST_OK(tarn_pool_stop(truth.pool, 0, NULL, &error));
    HOST_OK(truth_start(&truth, TARN_POOL_START_ADOPT, &error));
    CU_ASSERT(volume_says("a", TARN_VOLUME_OK, NULL));
    truth_say(&truth, "mark", "disk one");
    CU_ASSERT(volume_says("a", TARN_VOLUME_UNREADABLE, "it is another disk"));
    truth_end(&truth);
}

static const struct unit_test tests[] = {
    { "other storage than before is refused, until it is adopted", replaced },
    { "other storage under an active pool is refused, too", replaced_while_active },
    { "what a storage is, is recorded once the operation has succeeded", recorded_on_success_only },
    { "storage that was built anew is the pool's own", built_anew },
    { "undefining forgets what the storage was, and so does another source", forgotten },
    { "a damaged record is told, and replaced by adopting", damaged_record },
    { "a unit that is another than before is listed, and not to be used", another_unit },
    { "until the pool is started to adopt it", another_unit_adopted },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("pool-identity", tests);
}
