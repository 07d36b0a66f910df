/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * formats/qcow2/create.c, prealloc.c
 */
#include <errno.h>
#include <string.h>

#include "tests/unit/test-qcow2-fixture.h"

static void an_empty_image_takes_three_writes(void)
{
    struct tarn_image_spec spec = spec_of((uint64_t)1 << 30);
    struct image image;

    image_make(&image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL(image.file->writes, 3);
    CU_ASSERT_EQUAL(image.file->flushes, 0);
    CU_ASSERT_EQUAL(image.file->size, 4 * 65536);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void the_header_comes_last(void)
{
    struct tarn_image_spec spec = spec_of((uint64_t)1 << 30);
    struct memory_io *empty = memory_io_new(0);
    struct memory_io *before;
    struct image image;

    image_of(&image, &qcow2_format, NULL, 0);
    image.file->record = true;
    CU_ASSERT_EQUAL(qcow2_format.create(&image.host.call, &image.file->io, &spec), TARN_OK);
    before = memory_io_replay(empty, image.file->journal, image.file->journal_length - 1, NULL);
    CU_ASSERT_EQUAL(before->bytes[0], 0);
    memory_io_free(before);
    memory_io_free(empty);
    image_free(&image);
}

static void a_container_with_old_bytes_is_cleared(void)
{
    struct tarn_image_spec spec = spec_of((uint64_t)1 << 30);
    static uint8_t old[2 << 20];
    struct image image;

    memset(old, 0xab, sizeof(old));
    image_of(&image, &qcow2_format, old, sizeof(old));
    image.file->io.flags = TARN_IO_WRITABLE | TARN_IO_FIXED_SIZE;
    CU_ASSERT_EQUAL(qcow2_format.create(&image.host.call, &image.file->io, &spec), TARN_OK);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 100000, 10, 1);
    CU_ASSERT(image_reads(&image, 65536, 100000 - 65536, 0));
    CU_ASSERT(image_reads(&image, 100010, 131072 - 100010, 0));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_container_of_fixed_size_fills_up(void)
{
    struct tarn_image_spec spec = spec_of((uint64_t)1 << 30);
    static uint8_t old[1 << 20];
    struct image image;
    int32_t status = TARN_OK;
    uint64_t written = 0;

    image_of(&image, &qcow2_format, old, sizeof(old));
    image.file->io.flags = TARN_IO_WRITABLE | TARN_IO_FIXED_SIZE;
    CU_ASSERT_EQUAL(qcow2_format.create(&image.host.call, &image.file->io, &spec), TARN_OK);
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    while (status == TARN_OK && written < 100) {
        status = tarn_io_pwrite(&image.host.call, image.disk, "x", 1, written << 16);
        written += status == TARN_OK;
    }
    CU_ASSERT_EQUAL(status, TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(written, 11); /* of 16 clusters, four are tables at the start, and one is L2 */
    image_close(&image);
    CU_ASSERT_EQUAL(image.file->size, sizeof(old));
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_container_that_is_too_small_is_refused(void)
{
    struct tarn_image_spec spec = spec_of((uint64_t)1 << 30);
    static uint8_t old[200000];
    struct image image;

    image_of(&image, &qcow2_format, old, sizeof(old));
    image.file->io.flags = TARN_IO_WRITABLE | TARN_IO_FIXED_SIZE;
    CU_ASSERT_EQUAL(qcow2_format.create(&image.host.call, &image.file->io, &spec),
                    TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(image.file->writes, 0);
    image_free(&image);
}

static void measure_tells_what_create_makes(void)
{
    static const uint64_t capacities[] = { 0, 512, 65536, 1000000, 33554432, 40000000 };
    static const uint64_t clusters[] = { 512, 4096, 65536 };

    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < 6; k++) {
            struct tarn_image_spec spec = spec_of(capacities[i]);
            struct image image;
            uint64_t bytes;

            spec.cluster_size = clusters[k / 2];
            spec.preallocation = k % 2 ? TARN_PREALLOC_METADATA : TARN_PREALLOC_OFF;
            image_make(&image, &qcow2_format, &spec);
            CU_ASSERT_EQUAL(qcow2_format.measure(&image.host.call, &spec, &bytes), TARN_OK);
            CU_ASSERT_EQUAL(bytes, image.file->size);
            CU_ASSERT(image_sound(&image, 0));
            image_free(&image);
        }
    }
}

static void refuse(const struct tarn_image_spec *spec, const char *text)
{
    struct image image;
    uint64_t bytes;

    image_of(&image, &qcow2_format, NULL, 0);
    CU_ASSERT_EQUAL(qcow2_format.create(&image.host.call, &image.file->io, spec), TARN_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, text));
    CU_ASSERT_EQUAL(image.file->size, 0);
    fake_host_reset(&image.host);
    CU_ASSERT_EQUAL(qcow2_format.measure(&image.host.call, spec, &bytes), TARN_E_INVALID);
    image_free(&image);
}

static void what_makes_no_sense_is_refused_before_anything_is_written(void)
{
    const char *const lazy[] = { "lazy_refcounts", NULL };
    struct tarn_image_spec spec = spec_of(1000000);

    spec.compat = "0.10";
    spec.features = lazy;
    refuse(&spec, "needs compat 1.1");
    spec = spec_of(1000000);
    spec.cluster_size = 3000;
    refuse(&spec, "power of two");
    spec = spec_of(UINT64_MAX);
    refuse(&spec, "at most");
    spec = spec_of(1000000);
    spec.preallocation = 7;
    refuse(&spec, "preallocation 7");
    spec = spec_of(1000000);
    spec.subformat = "flat";
    refuse(&spec, "subformat");
    spec = spec_of(1000000);
    spec.backing_name = "";
    spec.backing_format = "raw";
    refuse(&spec, "0 bytes");
}

/* Whatever operation fails, create says so. */
static void a_failing_container_fails_the_create(void)
{
    struct tarn_image_spec spec = spec_of(3000000);
    uint64_t needed;
    struct image image;

    spec.preallocation = TARN_PREALLOC_FULL;
    image_make(&image, &qcow2_format, &spec);
    needed = image.file->operations;
    image_free(&image);
    for (uint64_t at = 1; at <= needed; at++) {
        image_of(&image, &qcow2_format, NULL, 0);
        image.file->fail_at = at;
        image.file->fail_status = TARN_E_NO_SPACE;
        image.file->fail_errno = ENOSPC;
        CU_ASSERT_EQUAL(qcow2_format.create(&image.host.call, &image.file->io, &spec),
                        TARN_E_NO_SPACE);
        image_free(&image);
    }
}

static void a_cancelled_preallocation_ends(void)
{
    struct tarn_image_spec spec = spec_of(300000000);
    struct image image;

    spec.preallocation = TARN_PREALLOC_FULL;
    image_of(&image, &qcow2_format, NULL, 0);
    image.host.cancel_at = 50;
    CU_ASSERT_EQUAL(qcow2_format.create(&image.host.call, &image.file->io, &spec),
                    TARN_E_CANCELLED);
    CU_ASSERT(image.file->size < 100000000);
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "an empty image takes three writes and no flush", an_empty_image_takes_three_writes },
    { "the header comes last", the_header_comes_last },
    { "a container with old bytes is cleared", a_container_with_old_bytes_is_cleared },
    { "a container of fixed size fills up", a_container_of_fixed_size_fills_up },
    { "a container that is too small is refused", a_container_that_is_too_small_is_refused },
    { "measure tells what create makes", measure_tells_what_create_makes },
    { "what makes no sense is refused", what_makes_no_sense_is_refused_before_anything_is_written },
    { "a failing container fails the create", a_failing_container_fails_the_create },
    { "a cancelled preallocation ends", a_cancelled_preallocation_ends },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow2-create", tests);
}
