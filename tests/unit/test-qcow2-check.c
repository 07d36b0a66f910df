/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * formats/qcow2/check*.c, repair.c
 */
#include <string.h>

#include "tests/unit/test-qcow2-fixture.h"

#define CLUSTER ((uint64_t)65536)
#define COPIED ((uint64_t)1 << 63)

/* Twenty data clusters; header 0, refcount table 1, block 2, L1 3, L2 4, data from 5 on. */
static void make(struct image *image)
{
    struct tarn_image_spec spec = spec_of(100 * CLUSTER);

    image_make(image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(image, 0, 20 * CLUSTER, 1);
    image_close(image);
}

static void put_refcount(struct image *image, uint64_t cluster, uint16_t value)
{
    image_put16(image, 2 * CLUSTER + cluster * 2, value);
}

static bool data_are_there(struct image *image)
{
    bool there;

    CU_ASSERT_EQUAL_FATAL(image_open(image, 0), TARN_OK);
    there = image_reads(image, 0, 20 * CLUSTER, 1);
    image_close(image);
    return there;
}

static void a_sound_image_has_numbers(void)
{
    struct image image;

    make(&image);
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.finding_count, 0);
    CU_ASSERT_EQUAL(image.host.check.total_clusters, 100);
    CU_ASSERT_EQUAL(image.host.check.allocated_clusters, 20);
    CU_ASSERT_EQUAL(image.host.check.fragmented_clusters, 0);
    CU_ASSERT_EQUAL(image.host.check.image_end, 25 * CLUSTER);
    image_free(&image);
}

static void adjacent_leaks_are_one_finding(void)
{
    struct image image;

    make(&image);
    for (uint64_t i = 30; i < 40; i++)
        put_refcount(&image, i, 1);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, &image.file->io, 50 * CLUSTER, 0), TARN_OK);
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.check.leaks, 10);
    CU_ASSERT_EQUAL(image.host.finding_count, 1);
    CU_ASSERT_EQUAL(image.host.findings[0].offset, 30 * CLUSTER);
    CU_ASSERT_EQUAL(image.host.findings[0].length, 10 * CLUSTER);
    CU_ASSERT_EQUAL(image.host.findings[0].repaired, 0);
    image_check(&image, TARN_CHECK_REPAIR_LEAKS);
    CU_ASSERT_EQUAL(image.host.check.leaks, 0);
    CU_ASSERT_EQUAL(image.host.check.leaks_fixed, 10);
    CU_ASSERT_EQUAL(image.host.findings[0].repaired, 1);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_repair_of_leaks_leaves_corruptions(void)
{
    struct image image;

    make(&image);
    put_refcount(&image, 10, 0);
    put_refcount(&image, 12, 5);
    image_check(&image, TARN_CHECK_REPAIR_LEAKS);
    CU_ASSERT_EQUAL(image.host.check.leaks_fixed, 1);
    CU_ASSERT_EQUAL(image.host.check.leaks, 0);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 2); /* the count, and the flag that it denies */
    image_check(&image, TARN_CHECK_REPAIR_ALL);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 0);
    CU_ASSERT_EQUAL(image.host.check.corruptions_fixed, 2);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT(data_are_there(&image));
    image_free(&image);
}

static void a_lost_refcount_table_is_built_anew(void)
{
    struct image image;

    make(&image);
    memset(image.file->bytes + CLUSTER, 0, 2 * CLUSTER);
    image_check(&image, TARN_CHECK_REPAIR_ALL);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 0);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT(data_are_there(&image));
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 30 * CLUSTER, 20 * CLUSTER, 2);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_cluster_used_twice_is_separated(void)
{
    struct image image;

    make(&image);
    image_put64(&image, 4 * CLUSTER + 8, (5 * CLUSTER) | COPIED); /* guest 1 = guest 0 */
    image_check(&image, TARN_CHECK_REPAIR_ALL);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 0);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 0, CLUSTER, 9);
    CU_ASSERT(image_reads(&image, CLUSTER, CLUSTER, 1));
    image_close(&image);
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 1); /* guest 1 has its cluster alone again */
    image_check(&image, TARN_CHECK_REPAIR_ALL);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_dirty_image_is_mended_by_the_first_writer(void)
{
    struct image image;

    make(&image);
    image_put64(&image, 72, 1);
    put_refcount(&image, 10, 0);
    put_refcount(&image, 11, 7);
    CU_ASSERT(data_are_there(&image)); /* a reader does not care */
    CU_ASSERT_EQUAL(image_get64(&image, 72), 1);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(image.host.finding_count, 0);
    image_close(&image);
    CU_ASSERT_EQUAL(image_get64(&image, 72), 0);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_dirty_image_with_other_damage_is_not_written(void)
{
    struct image image;

    make(&image);
    image_put64(&image, 72, 1);
    image_put64(&image, 4 * CLUSTER, (500 * CLUSTER) | COPIED);
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_CORRUPT);
    CU_ASSERT_EQUAL(image_get64(&image, 72), 1);
    image_free(&image);
}

static void a_check_without_repair_writes_nothing(void)
{
    struct image image;

    make(&image);
    put_refcount(&image, 10, 0);
    put_refcount(&image, 11, 7);
    image_put64(&image, 3 * CLUSTER, 4 * CLUSTER);
    image.file->writes = 0;
    image_check(&image, 0);
    CU_ASSERT(image.host.check.corruptions > 0);
    CU_ASSERT_EQUAL(image.file->writes, 0);
    image_free(&image);
}

static void a_repair_needs_a_writable_container(void)
{
    struct image image;

    make(&image);
    image.file->io.flags = 0;
    CU_ASSERT_EQUAL(qcow2_format.check(&image.host.call, &image.file->io,
                                       TARN_CHECK_REPAIR_LEAKS), TARN_E_ACCESS);
    image_free(&image);
}

/* An unreadable table is an error of the check, not the end of it. */
static void a_table_that_cannot_be_read_is_counted(void)
{
    struct image image;

    make(&image);
    image_check(&image, 0);
    image.file->fail_at = image.file->operations + 4; /* size, head, L1, then the L2 table */
    fake_host_reset(&image.host);
    CU_ASSERT_EQUAL(qcow2_format.check(&image.host.call, &image.file->io, 0), TARN_OK);
    CU_ASSERT(image.host.check.errors > 0);
    image_free(&image);
}

static void a_check_can_be_cancelled(void)
{
    struct image image;

    make(&image);
    image.host.cancel_at = 1;
    CU_ASSERT_EQUAL(qcow2_format.check(&image.host.call, &image.file->io, 0), TARN_E_CANCELLED);
    CU_ASSERT_EQUAL(image.host.checks, 0);
    image_free(&image);
}

/* Every single damaged entry, repaired or not: the repair ends, and the image can be checked. */
static void a_repair_ends_whatever_is_damaged(void)
{
    static const uint64_t places[] = { 48, 52, 56, CLUSTER, CLUSTER + 4, 2 * CLUSTER,
                                       2 * CLUSTER + 8, 3 * CLUSTER, 3 * CLUSTER + 4, 4 * CLUSTER,
                                       4 * CLUSTER + 4, 4 * CLUSTER + 8 };
    static const uint32_t values[] = { 0, 1, 0x00010000, 0x00020000, 0x00030000, 0x00040000,
                                       0x00050000, 0x80000000, 0x40000000, 0xffffffff };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
            struct image image;

            make(&image);
            image_put32(&image, places[i], values[k]);
            qcow2_format.check(&image.host.call, &image.file->io, TARN_CHECK_REPAIR_ALL);
            qcow2_format.check(&image.host.call, &image.file->io, TARN_CHECK_REPAIR_LEAKS);
            image_free(&image);
        }
    }
}

static const struct unit_test tests[] = {
    { "a sound image has numbers", a_sound_image_has_numbers },
    { "adjacent leaks are one finding", adjacent_leaks_are_one_finding },
    { "a repair of leaks leaves corruptions", a_repair_of_leaks_leaves_corruptions },
    { "a lost refcount table is built anew", a_lost_refcount_table_is_built_anew },
    { "a cluster used twice is separated", a_cluster_used_twice_is_separated },
    { "a dirty image is mended by the first writer", a_dirty_image_is_mended_by_the_first_writer },
    { "a dirty image with other damage is not written",
      a_dirty_image_with_other_damage_is_not_written },
    { "a check without repair writes nothing", a_check_without_repair_writes_nothing },
    { "a repair needs a writable container", a_repair_needs_a_writable_container },
    { "a table that cannot be read is counted", a_table_that_cannot_be_read_is_counted },
    { "a check can be cancelled", a_check_can_be_cancelled },
    { "a repair ends whatever is damaged", a_repair_ends_whatever_is_damaged },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow2-check", tests);
}
