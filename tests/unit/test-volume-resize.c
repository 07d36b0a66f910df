/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changing the capacity of volumes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

static uint64_t capacity(struct tarn_volume *volume)
{
    struct tarn_volume_record *record = NULL;
    struct tarn_error *error = NULL;
    uint64_t bytes = 0;

    /* Without looking: who resized has looked. */
    HOST_OK(tarn_volume_read(&record, volume, UINT32_MAX, &error));
    if (record != NULL)
        bytes = record->capacity;
    tarn_volume_record_free(record);
    return bytes;
}

static void grown_and_shrunk(void)
{
    static const char *const formats[] = { "raw", "qcow2" };
    struct tarn_error *error = NULL;
    struct tarn_volume *volume;
    char byte = '\0';
    size_t index;

    begin();
    for (index = 0; index < 2; index++) {
        volume = host_volume(pool, formats[index], formats[index], 4 * MIB);
        CU_ASSERT(host_guest_write(volume, MIB - 1, "x", 1));
        HOST_OK(tarn_volume_resize(volume, 10 * MIB, 0, NULL, &error));
        CU_ASSERT_EQUAL(capacity(volume), 10 * MIB);
        HOST_OK(tarn_volume_resize(volume, 10 * MIB, 0, NULL, &error)); /* as it is */
        HOST_REFUSED(tarn_volume_resize(volume, MIB, 0, NULL, &error), TARN_E_INVALID,
                     "data would be lost");
        CU_ASSERT_EQUAL(capacity(volume), 10 * MIB);
        HOST_OK(tarn_volume_resize(volume, MIB, TARN_VOLUME_RESIZE_SHRINK, NULL, &error));
        CU_ASSERT_EQUAL(capacity(volume), MIB);
        CU_ASSERT(host_guest_read(volume, MIB - 1, &byte, 1) && byte == 'x');
        HOST_OK(tarn_volume_resize(volume, 2 * MIB, 0, NULL, &error));
        CU_ASSERT(host_guest_read(volume, MIB, &byte, 1) && byte == '\0');
        CU_ASSERT_EQUAL(host_run("qemu-img info -f %s %s | grep -q '(2097152 bytes)'",
                                 formats[index], host_path(&frame, "p/%s", formats[index])), 0);
        tarn_volume_unref(volume);
    }
    CU_ASSERT_EQUAL(host_run("qemu-img check %s", host_path(&frame, "p/qcow2")), 0);
    end();
}

static void by_difference(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume;

    begin();
    volume = host_volume(pool, "a", "raw", 4 * MIB);
    HOST_OK(tarn_volume_resize(volume, MIB, TARN_VOLUME_RESIZE_DELTA, NULL, &error));
    CU_ASSERT_EQUAL(capacity(volume), 5 * MIB);
    HOST_OK(tarn_volume_resize(volume, 2 * MIB,
                               TARN_VOLUME_RESIZE_DELTA | TARN_VOLUME_RESIZE_SHRINK, NULL, &error));
    CU_ASSERT_EQUAL(capacity(volume), 3 * MIB);
    HOST_OK(tarn_volume_resize(volume, 0, TARN_VOLUME_RESIZE_DELTA, NULL, &error));
    CU_ASSERT_EQUAL(capacity(volume), 3 * MIB);
    HOST_REFUSED(tarn_volume_resize(volume, INT64_MAX, TARN_VOLUME_RESIZE_DELTA, NULL, &error),
                 TARN_E_INVALID, "over 2^63-1");
    HOST_REFUSED(tarn_volume_resize(volume, UINT64_MAX, TARN_VOLUME_RESIZE_DELTA, NULL, &error),
                 TARN_E_INVALID, "over 2^63-1");
    HOST_REFUSED(tarn_volume_resize(volume, UINT64_MAX, 0, NULL, &error), TARN_E_INVALID,
                 "over 2^63-1");
    CU_ASSERT_EQUAL(capacity(volume), 3 * MIB);
    tarn_volume_unref(volume);
    end();
}

static void to_nothing(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume;

    begin();
    volume = host_volume(pool, "a", "raw", MIB);
    HOST_REFUSED(tarn_volume_resize(volume, 0, 0, NULL, &error), TARN_E_INVALID, "shall shrink");
    HOST_OK(tarn_volume_resize(volume, 0, TARN_VOLUME_RESIZE_SHRINK, NULL, &error));
    CU_ASSERT_EQUAL(capacity(volume), 0);
    HOST_OK(tarn_volume_resize(volume, MIB, 0, NULL, &error));
    tarn_volume_unref(volume);
    end();
}

static void with_space(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume;
    struct stat known;

    begin();
    volume = host_volume(pool, "a", "raw", MIB);
    HOST_OK(tarn_volume_resize(volume, 3 * MIB, TARN_VOLUME_RESIZE_ALLOCATE, NULL, &error));
    CU_ASSERT_EQUAL(stat(host_path(&frame, "p/a"), &known), 0);
    CU_ASSERT((uint64_t)known.st_blocks * 512 >= 2 * MIB);
    tarn_volume_unref(volume);
    end();
}

/* What a longer backing store holds beyond the old end does not come up. */
static void over_a_longer_backing_store(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *base;
    struct tarn_volume *top = NULL;
    char byte = 'x';

    begin();
    base = host_volume(pool, "base", "raw", 4 * MIB);
    CU_ASSERT(host_guest_write(base, 3 * MIB, "secret", 6));
    top = host_overlay(pool, "top", host_path(&frame, "p/base"), "raw");
    HOST_OK(tarn_volume_resize(top, MIB, TARN_VOLUME_RESIZE_SHRINK, NULL, &error));
    HOST_OK(tarn_volume_resize(top, 4 * MIB, 0, NULL, &error));
    CU_ASSERT(host_guest_read(top, 3 * MIB, &byte, 1) && byte == '\0');
    tarn_volume_unref(top);
    tarn_volume_unref(base);
    end();
}

static void what_has_no_capacity(void)
{
    struct tarn_error *error = NULL;
    struct tarn_volume *volume;

    begin();
    volume = host_volume(pool, "d", "dir", 0);
    HOST_REFUSED(tarn_volume_resize(volume, MIB, 0, NULL, &error), TARN_E_UNSUPPORTED,
                 "holds no image");
    tarn_volume_unref(volume);
    end();
}

static const struct unit_test tests[] = {
    { "a volume grows, and shrinks where that was said", grown_and_shrunk },
    { "a capacity is changed by a difference, within bounds", by_difference },
    { "a capacity of nothing takes the word", to_nothing },
    { "space is reserved where that was asked for", with_space },
    { "growing brings up nothing of a longer backing store", over_a_longer_backing_store },
    { "what has no capacity is not resized", what_has_no_capacity },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("volume-resize", tests);
}
