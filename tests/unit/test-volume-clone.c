/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Creating volumes with the bytes of others.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

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

static bool has_format(struct tarn_volume *volume, const char *format)
{
    struct tarn_error *error = NULL;
    struct tarn_volume_record *record = NULL;
    bool same = false;

    HOST_OK(tarn_volume_read(&record, volume, 0, &error));
    if (record != NULL)
        same = record->format != NULL && strcmp(record->format, format) == 0;
    tarn_volume_record_free(record);
    return same;
}

static struct tarn_volume *clone_of(struct tarn_volume *source, struct tarn_pool *into,
                                    const char *name, const char *format, uint32_t flags)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume = NULL;

    HOST_OK(tarn_volume_create_from(&volume, into, host_volume_xml(name, format, 0, NULL), source,
                                    flags, NULL, &error));
    return volume;
}

static void cloned_and_converted(void)
{
    struct tarn_volume *source;
    struct tarn_volume *copy;
    char bytes[8];

    begin();
    source = host_volume(pool, "a", "raw", 8 * MIB);
    CU_ASSERT(host_guest_write(source, 3 * MIB + 100, "content", 8));
    copy = clone_of(source, pool, "same", "raw", 0);
    CU_ASSERT(host_guest_read(copy, 3 * MIB + 100, bytes, 8));
    CU_ASSERT_STRING_EQUAL(bytes, "content");
    tarn_volume_unref(copy);
    copy = clone_of(source, pool, "converted", "qcow2", TARN_VOLUME_SHARE_NEVER);
    CU_ASSERT(has_format(copy, "qcow2"));
    CU_ASSERT(host_guest_read(copy, 3 * MIB + 100, bytes, 8));
    CU_ASSERT_STRING_EQUAL(bytes, "content");
    CU_ASSERT_EQUAL(host_run("qemu-img compare -f raw -F qcow2 %s %s", host_path(&frame, "p/a"),
                             host_path(&frame, "p/converted")), 0);
    tarn_volume_unref(copy);
    tarn_volume_unref(source);
    end();
}

static uint64_t allocation_of(struct tarn_volume *volume)
{
    struct tarn_error *error = NULL;
    struct tarn_volume_record *record = NULL;
    uint64_t allocation = UINT64_MAX;

    HOST_OK(tarn_volume_read(&record, volume, 0, &error));
    if (record != NULL)
        allocation = record->allocation;
    tarn_volume_record_free(record);
    return allocation;
}

/* What lies in the backing store lies below the copy, too. */
static void overlay_cloned_as_overlay(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *base;
    struct tarn_volume *overlay;
    struct tarn_volume *copy = NULL;
    char xml[1024];
    char bytes[6];

    begin();
    base = host_volume(pool, "base", "qcow2", 8 * MIB);
    CU_ASSERT(host_guest_write(base, 1 * MIB, "below", 6));
    CU_ASSERT(host_guest_write(base, 5 * MIB, "under", 6));
    overlay = host_overlay(pool, "overlay", host_path(&frame, "p/base"), "qcow2");
    CU_ASSERT(host_guest_write(overlay, 5 * MIB, "above", 6));
    snprintf(xml, sizeof(xml),
             "<volume><name>copy</name><target><format type='qcow2'/></target><backingStore>"
             "<path>%s</path><format type='qcow2'/></backingStore></volume>",
             host_path(&frame, "p/base"));
    HOST_OK(tarn_volume_create_from(&copy, pool, xml, overlay, 0, NULL, &error));
    CU_ASSERT(host_guest_read(copy, 1 * MIB, bytes, 6));
    CU_ASSERT_STRING_EQUAL(bytes, "below");
    CU_ASSERT(host_guest_read(copy, 5 * MIB, bytes, 6));
    CU_ASSERT_STRING_EQUAL(bytes, "above");
    CU_ASSERT(allocation_of(copy) <= allocation_of(overlay));
    tarn_volume_unref(copy);
    tarn_volume_unref(overlay);
    tarn_volume_unref(base);
    end();
}

/* Behind the source's end are zeros, not what the new backing store has there. */
static void shorter_than_the_backing_store(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *base;
    struct tarn_volume *source;
    struct tarn_volume *copy = NULL;
    char xml[1024];
    char bytes[6];

    begin();
    base = host_volume(pool, "base", "raw", 4 * MIB);
    CU_ASSERT(host_guest_write(base, MIB / 2, "below", 6));
    CU_ASSERT(host_guest_write(base, 3 * MIB, "under", 6));
    source = host_volume(pool, "source", "raw", MIB);
    CU_ASSERT(host_guest_write(source, 1000, "above", 6));
    snprintf(xml, sizeof(xml),
             "<volume><name>copy</name><capacity>%llu</capacity><target><format type='qcow2'/>"
             "</target><backingStore><path>%s</path><format type='raw'/></backingStore></volume>",
             (unsigned long long)(4 * MIB), host_path(&frame, "p/base"));
    HOST_OK(tarn_volume_create_from(&copy, pool, xml, source, 0, NULL, &error));
    CU_ASSERT(host_guest_read(copy, 1000, bytes, 6));
    CU_ASSERT_STRING_EQUAL(bytes, "above");
    CU_ASSERT(host_guest_read(copy, MIB / 2, bytes, 6));
    CU_ASSERT_EQUAL(memcmp(bytes, "\0\0\0\0\0", 6), 0);
    CU_ASSERT(host_guest_read(copy, 3 * MIB, bytes, 6));
    CU_ASSERT_EQUAL(memcmp(bytes, "\0\0\0\0\0", 6), 0);
    tarn_volume_unref(copy);
    tarn_volume_unref(source);
    tarn_volume_unref(base);
    end();
}

static void cloned_between_pools(void)
{
    struct tarn_pool *other;
    struct tarn_volume *source;
    struct tarn_volume *there;
    struct tarn_volume *back;
    char bytes[8];

    begin();
    other = host_pool(&frame, frame.context, "q");
    source = host_volume(pool, "a", "qcow2", 2 * MIB);
    CU_ASSERT(host_guest_write(source, MIB, "content", 8));
    there = clone_of(source, other, "b", "qcow2", 0);
    back = clone_of(there, pool, "c", "raw", 0);
    CU_ASSERT(host_guest_read(back, MIB, bytes, 8));
    CU_ASSERT_STRING_EQUAL(bytes, "content");
    tarn_volume_unref(back);
    tarn_volume_unref(there);
    tarn_volume_unref(source);
    tarn_pool_unref(other);
    end();
}

/* Copies its volume into the other pool, again and again. */
struct traveller {
    struct tarn_volume *volume;
    struct tarn_pool *into;
    unsigned failures;
};

static void *travel(void *arg)
{
    struct traveller *traveller = arg;
    unsigned round;

    for (round = 0; round < 20; round++) {
        struct tarn_volume *copy = NULL;
        int status = tarn_volume_create_from(&copy, traveller->into,
                                             host_volume_xml("copy", "raw", 0, NULL),
                                             traveller->volume, 0, NULL, NULL);

        while (copy != NULL && /* its pool may be stopped just now */
               (status = tarn_volume_delete(copy, TARN_VOLUME_DELETE_FORCE, NULL, NULL)) ==
                   TARN_E_STATE)
            ;
        traveller->failures += status != TARN_OK && status != TARN_E_STATE;
        tarn_volume_unref(copy);
    }
    return NULL;
}

/* Nobody waits for somebody who waits for him, also if a third one wants a pool alone. */
static void cloned_in_both_directions_at_once(void)
{
    struct tarn_pool *other;
    struct traveller travellers[2] = { { .volume = NULL } };
    pthread_t threads[2];
    unsigned index;

    begin();
    other = host_pool(&frame, frame.context, "a-pool");
    travellers[0] = (struct traveller){ host_volume(pool, "v", "raw", MIB), other, 0 };
    travellers[1] = (struct traveller){ host_volume(other, "v", "raw", MIB), pool, 0 };
    for (index = 0; index < 2; index++)
        pthread_create(&threads[index], NULL, travel, &travellers[index]);
    for (index = 0; index < 10; index++) {
        struct tarn_pool *turn = index % 2 ? pool : other;

        CU_ASSERT_EQUAL(tarn_pool_stop(turn, 0, NULL, NULL), TARN_OK);
        CU_ASSERT_EQUAL(tarn_pool_start(turn, 0, NULL, NULL), TARN_OK);
    }
    for (index = 0; index < 2; index++) {
        pthread_join(threads[index], NULL);
        CU_ASSERT_EQUAL(travellers[index].failures, 0);
        tarn_volume_unref(travellers[index].volume);
    }
    tarn_pool_unref(other);
    end();
}

static void sharing_required(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *source;
    struct tarn_volume *copy = NULL;
    int status;

    begin();
    source = host_volume(pool, "a", "raw", MIB);
    if (host_run("cp --reflink=always %s %s 2>/dev/null", host_path(&frame, "p/a"),
                 host_path(&frame, "probe")) == 0) {
        unit_skip("this filesystem shares bytes");
    } else {
        status = tarn_volume_create_from(&copy, pool, host_volume_xml("b", "raw", MIB, NULL),
                                         source, TARN_VOLUME_SHARE_REQUIRE, NULL, &error);
        CU_ASSERT(host_refused(status, &error, TARN_E_UNSUPPORTED, NULL));
        CU_ASSERT_EQUAL(host_count(pool), 1);
    }
    tarn_volume_unref(source);
    end();
}

static const struct unit_test tests[] = {
    { "a clone has the source's bytes, in the same and another format", cloned_and_converted },
    { "a clone upon the same backing store holds only what its source holds itself",
      overlay_cloned_as_overlay },
    { "a copy is its source, also where its backing store is longer",
      shorter_than_the_backing_store },
    { "a clone goes from one pool into another, in both directions", cloned_between_pools },
    { "clones in both directions at once all end", cloned_in_both_directions_at_once },
    { "sharing that cannot be had is refused where it is required", sharing_required },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("volume-clone", tests);
}
