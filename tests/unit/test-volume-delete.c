/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Deleting volumes, and volumes that others rest on.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/host-frame.h"

#define MIB (UINT64_C(1) << 20)

static struct host_frame frame;
static struct tarn_pool *pool;

static void begin(void)
{
    host_open(&frame);
    pool = host_pool(&frame, frame.context, "p");
}

static void end(void)
{
    tarn_pool_unref(pool);
    host_close(&frame);
}

static void deleted(void)
{
    static const char *const formats[] = { "raw", "qcow2", "dir" };
    struct tarn_error *error = NULL;
    struct tarn_volume *volume;
    size_t index;

    begin();
    for (index = 0; index < 3; index++) {
        volume = host_volume(pool, "a", formats[index], index < 2 ? MIB : 0);
        HOST_OK(tarn_volume_delete(volume, 0, NULL, &error));
        CU_ASSERT_FALSE(host_exists(host_path(&frame, "p/a")));
        CU_ASSERT_FALSE(host_exists(host_path(&frame, "var/lib/tarn/volumes/p/a")));
        CU_ASSERT_FALSE(host_has(pool, "a"));
        tarn_volume_unref(volume);
    }
    end();
}

static void dependents_are_named(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *base;
    struct tarn_volume *over;

    begin();
    base = host_volume(pool, "base", "qcow2", MIB);
    over = host_overlay(pool, "over", host_path(&frame, "p/base"), "qcow2");
    HOST_REFUSED(tarn_volume_delete(base, 0, NULL, &error), TARN_E_BUSY,
                 "is needed by \"over\" in p: delete or rebase");
    CU_ASSERT(host_has(pool, "base"));
    HOST_OK(tarn_volume_delete(over, 0, NULL, &error));
    HOST_OK(tarn_volume_delete(base, 0, NULL, &error));
    tarn_volume_unref(over);
    tarn_volume_unref(base);
    end();
}

static void by_force(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *base;

    begin();
    base = host_volume(pool, "base", "qcow2", MIB);
    tarn_volume_unref(host_overlay(pool, "over", host_path(&frame, "p/base"), "qcow2"));
    HOST_OK(tarn_volume_delete(base, TARN_VOLUME_DELETE_FORCE, NULL, &error));
    CU_ASSERT_EQUAL(host_count(pool), 1);
    tarn_volume_unref(base);
    end();
}

/* However the name is written in the image. */
static void other_spellings(void)
{
    static const char *const names[] = { "base", "./base", ".//base", "../p/base", "x/../base" };
    struct tarn_error *error = NULL;
    struct tarn_volume *base;
    size_t index;

    begin();
    base = host_volume(pool, "base", "raw", MIB);
    for (index = 0; index < sizeof(names) / sizeof(names[0]); index++) {
        CU_ASSERT_EQUAL(host_run("cd %s && qemu-img create -u -f qcow2 -b %s -F raw over 1M",
                                 host_path(&frame, "p"), names[index]), 0);
        HOST_REFUSED(tarn_volume_delete(base, 0, NULL, &error), TARN_E_BUSY, "\"over\" in p");
        CU_ASSERT_EQUAL(unlink(host_path(&frame, "p/over")), 0);
    }
    HOST_OK(tarn_volume_delete(base, 0, NULL, &error));
    tarn_volume_unref(base);
    end();
}

/* Also those in pools that this context has never looked at. */
static void in_another_pool(void)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *other;
    struct tarn_volume *base;

    begin();
    other = host_pool(&frame, frame.context, "other");
    tarn_volume_unref(host_volume(pool, "base", "qcow2", MIB));
    tarn_volume_unref(host_overlay(other, "over", host_path(&frame, "p/base"), "qcow2"));
    tarn_pool_unref(pool);
    tarn_pool_unref(other);
    host_reopen(&frame);
    HOST_OK(tarn_pool_lookup(&pool, frame.context, "p", &error));
    HOST_OK(tarn_volume_lookup(&base, pool, "base", &error));
    HOST_REFUSED(tarn_volume_delete(base, 0, NULL, &error), TARN_E_BUSY, "\"over\" in other");
    tarn_volume_unref(base);
    end();
}

static void many_dependents(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *base;
    unsigned index;

    begin();
    base = host_volume(pool, "base", "qcow2", MIB);
    for (index = 0; index < 7; index++)
        tarn_volume_unref(host_overlay(pool, host_text("over%u", index),
                                       host_path(&frame, "p/base"), "qcow2"));
    HOST_REFUSED(tarn_volume_delete(base, 0, NULL, &error), TARN_E_BUSY, "\"over4\" in p and more");
    tarn_volume_unref(base);
    end();
}

static void *rest_on_it(void *arg)
{
    struct tarn_volume *volume = NULL;
    int *status = arg;
    const char *xml = host_text("<volume><name>over</name><target><format type='qcow2'/></target>"
                                "<backingStore><path>%s</path><format type='raw'/></backingStore>"
                                "</volume>", host_path(&frame, "p/base"));

    *status = tarn_volume_create(&volume, pool, xml, 0, NULL, NULL);
    tarn_volume_unref(volume);
    return NULL;
}

/* Who deletes it and who rests something on it, at once: one of them is refused. */
static void while_something_is_rested_on_it(void)
{
    unsigned round;

    begin();
    for (round = 0; round < 60; round++) {
        struct tarn_volume *base = host_volume(pool, "base", "raw", 4096);
        struct tarn_volume *over = NULL;
        pthread_t thread;
        int created = -1;
        int deleted;

        pthread_create(&thread, NULL, rest_on_it, &created);
        deleted = tarn_volume_delete(base, 0, NULL, NULL);
        pthread_join(thread, NULL);
        CU_ASSERT((created == TARN_OK && deleted == TARN_E_BUSY) ||
                  (deleted == TARN_OK && (created == TARN_E_NOT_FOUND || created == TARN_E_ACCESS)));
        if (tarn_volume_lookup(&over, pool, "over", NULL) == TARN_OK)
            CU_ASSERT_EQUAL(tarn_volume_delete(over, 0, NULL, NULL), TARN_OK);
        if (deleted != TARN_OK)
            CU_ASSERT_EQUAL(tarn_volume_delete(base, 0, NULL, NULL), TARN_OK);
        tarn_volume_unref(over);
        tarn_volume_unref(base);
    }
    end();
}

static void while_it_is_open(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume;
    struct tarn_image *image = NULL;
    struct tarn_job *job = NULL;

    begin();
    volume = host_volume(pool, "a", "raw", MIB);
    HOST_OK(tarn_volume_open(&image, volume, 0, NULL, &error));
    HOST_OK(tarn_job_new(&job, frame.context, &error));
    tarn_job_set_deadline(job, 100);
    HOST_REFUSED(tarn_volume_delete(volume, 0, job, &error), TARN_E_TIMEOUT, NULL); /* it queues */
    HOST_OK(tarn_image_close(image, &error));
    HOST_OK(tarn_volume_delete(volume, 0, job, &error));
    tarn_job_unref(job);
    tarn_volume_unref(volume);
    end();
}

static const struct unit_test tests[] = {
    { "a deleted volume is gone, and its record", deleted },
    { "what others rest on is not deleted, and they are named", dependents_are_named },
    { "unless by force", by_force },
    { "however the image spells the name", other_spellings },
    { "also where the others are in a pool that was never looked at", in_another_pool },
    { "of many dependents a few are named", many_dependents },
    { "nothing comes to rest on what is being deleted", while_something_is_rested_on_it },
    { "a volume that is open is deleted when it is closed", while_it_is_open },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("volume-delete", tests);
}
