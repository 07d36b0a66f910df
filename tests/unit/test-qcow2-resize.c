/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * formats/qcow2/resize.c
 */
#include <errno.h>
#include <string.h>

#include "tests/unit/test-qcow2-fixture.h"

#define CLUSTER ((uint64_t)65536)

static int32_t resize(struct image *image, uint64_t size, uint32_t flags)
{
    fake_host_reset(&image->host);
    return tarn_io_truncate(&image->host.call, image->disk, size, flags);
}

static uint64_t size_of(struct image *image)
{
    uint64_t size = 0;

    CU_ASSERT_EQUAL(tarn_io_size(&image->host.call, image->disk, &size), TARN_OK);
    return size;
}

static void make_open(struct image *image, uint64_t capacity, uint64_t cluster_size)
{
    struct tarn_image_spec spec = spec_of(capacity);

    spec.cluster_size = cluster_size;
    image_make(image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
}

static void growing_adds_zeros(void)
{
    struct image image;

    make_open(&image, 1000, 0);
    image_write(&image, 0, 1024, 1);
    CU_ASSERT_EQUAL(resize(&image, 500001, 0), TARN_OK);
    CU_ASSERT_EQUAL(size_of(&image), 500224);
    CU_ASSERT(image_reads(&image, 0, 1024, 1));
    CU_ASSERT(image_reads(&image, 1024, 499200, 0));
    image_close(&image);
    CU_ASSERT_EQUAL(image_get64(&image, 24), 500224);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_larger_l1_table_moves_when_it_must(void)
{
    struct image image;
    uint64_t old;

    make_open(&image, 1000000, 512);
    image_write(&image, 0, 1000000, 1);
    old = image_get64(&image, 40);
    CU_ASSERT_EQUAL(resize(&image, 2000384, 0), TARN_OK);
    CU_ASSERT_EQUAL(image_get64(&image, 40), old); /* 64 entries are a cluster: room enough */
    CU_ASSERT_EQUAL(resize(&image, (uint64_t)1 << 30, 0), TARN_OK);
    CU_ASSERT_NOT_EQUAL(image_get64(&image, 40), old);
    CU_ASSERT(image_reads(&image, 0, 1000000, 1));
    CU_ASSERT(image_reads(&image, 1000448, 2000000, 0));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void shrinking_must_be_asked_for(void)
{
    struct image image;

    make_open(&image, 1000000, 0);
    CU_ASSERT_EQUAL(resize(&image, 1000, 0), TARN_E_INVALID);
    CU_ASSERT_EQUAL(size_of(&image), 1000448);
    CU_ASSERT_EQUAL(resize(&image, 1000, TARN_TRUNCATE_SHRINK), TARN_OK);
    CU_ASSERT_EQUAL(size_of(&image), 1024);
    image_free(&image);
}

static void shrinking_gives_space_back_and_forgets(void)
{
    struct image image;
    uint64_t before;

    make_open(&image, 100 * CLUSTER, 0);
    image_write(&image, 0, 100 * CLUSTER, 1);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    before = image.file->size;
    CU_ASSERT_EQUAL(resize(&image, 10 * CLUSTER + 512, TARN_TRUNCATE_SHRINK), TARN_OK);
    CU_ASSERT_EQUAL(before - image.file->size, 89 * CLUSTER);
    CU_ASSERT_EQUAL(resize(&image, 100 * CLUSTER, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 10 * CLUSTER + 512, 1));
    CU_ASSERT(image_reads(&image, 10 * CLUSTER + 512, 90 * CLUSTER - 512, 0));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_disk_has_a_largest_size(void)
{
    struct image image;

    make_open(&image, 1000000, 512);
    CU_ASSERT_EQUAL(resize(&image, ((uint64_t)1 << 37) + 1, 0), TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(resize(&image, UINT64_MAX, 0), TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(size_of(&image), 1000448);
    image_free(&image);
}

static void the_size_is_old_or_new_whatever_fails(void)
{
    for (uint64_t at = 1; at < 80; at++) {
        struct image image;
        int32_t status;

        make_open(&image, 1000000, 512);
        image_write(&image, 0, 1000000, 1);
        image.file->fail_status = TARN_E_NO_SPACE;
        image.file->fail_errno = ENOSPC;
        image.file->fail_at = image.file->operations + at;
        status = resize(&image, 5000192, TARN_TRUNCATE_ALLOCATE);
        image.file->fail_at = 0;
        if (status != TARN_OK)
            CU_ASSERT_EQUAL(size_of(&image), 1000448);
        CU_ASSERT(image_reads(&image, 0, 1000000, 1));
        image_close(&image);
        image_check(&image, 0);
        CU_ASSERT_EQUAL(image.host.check.corruptions, 0);
        CU_ASSERT(image_get64(&image, 24) == 1000448 || image_get64(&image, 24) == 5000192);
        image_free(&image);
    }
}

static void growing_with_allocation_that_fails_costs_nothing(void)
{
    struct image image;
    uint64_t before;

    make_open(&image, 1000000, 0);
    before = image.file->size;
    image.file->limit = 5000000;
    CU_ASSERT_EQUAL(resize(&image, 20000256, TARN_TRUNCATE_ALLOCATE), TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(size_of(&image), 1000448);
    CU_ASSERT(image.file->size <= before + 65536);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void version_2_with_snapshots_keeps_its_size(void)
{
    struct tarn_image_spec spec = spec_of(1000000);
    struct image image;

    spec.compat = "0.10";
    image_make(&image, &qcow2_format, &spec);
    image_snapshot(&image, "1", "before");
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(resize(&image, 2000384, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "snapshots"));
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "growing adds zeros", growing_adds_zeros },
    { "a larger L1 table moves when it must", a_larger_l1_table_moves_when_it_must },
    { "shrinking must be asked for", shrinking_must_be_asked_for },
    { "shrinking gives space back and forgets", shrinking_gives_space_back_and_forgets },
    { "a disk has a largest size", a_disk_has_a_largest_size },
    { "the size is old or new whatever fails", the_size_is_old_or_new_whatever_fails },
    { "growing with allocation that fails costs nothing",
      growing_with_allocation_that_fails_costs_nothing },
    { "version 2 with snapshots keeps its size", version_2_with_snapshots_keeps_its_size },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow2-resize", tests);
}
