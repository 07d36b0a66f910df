/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * formats/qcow2/snapshots.c: internal snapshots are listed, and read.
 */
#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"
#include "tests/unit/test-qcow2-fixture.h"

#define CLUSTER ((uint64_t)65536)

static void with_snapshot(struct image *image)
{
    struct tarn_image_spec spec = spec_of(10 * CLUSTER);

    image_make(image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(image, 0, 4 * CLUSTER, 1);
    image_close(image);
    image_snapshot(image, "17", "before");
}

static int32_t open_snapshot(struct image *image, const char *name, uint32_t flags)
{
    struct tarn_image_open how = { sizeof(how), flags, name };

    fake_host_reset(&image->host);
    return qcow2_format.open(&image->host.call, &image->file->io, &how, &image->disk);
}

static void a_snapshot_is_listed(void)
{
    struct image image;

    with_snapshot(&image);
    CU_ASSERT_EQUAL(qcow2_format.info(&image.host.call, &image.file->io), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(image.host.snapshot_count, 1);
    CU_ASSERT_STRING_EQUAL(image.host.snapshots[0].id, "17");
    CU_ASSERT_STRING_EQUAL(image.host.snapshots[0].name, "before");
    CU_ASSERT_EQUAL(image.host.snapshots[0].capacity, 10 * CLUSTER);
    CU_ASSERT_EQUAL(image.host.snapshots[0].created, (int64_t)1600000000 * 1000000000);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "snapshots"), "1");
    image_free(&image);
}

static void a_snapshot_keeps_its_content(void)
{
    struct image image;

    with_snapshot(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 0, 10 * CLUSTER, 2);
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, 0, CLUSTER, TARN_ZERO_MAY_UNMAP),
                    TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, CLUSTER, TARN_TRUNCATE_SHRINK),
                    TARN_OK);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL_FATAL(open_snapshot(&image, "before", 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 4 * CLUSTER, 1));
    CU_ASSERT(image_reads(&image, 4 * CLUSTER, 6 * CLUSTER, 0));
    image_close(&image);
    CU_ASSERT_EQUAL_FATAL(open_snapshot(&image, "17", 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 4 * CLUSTER, 1));
    image_free(&image);
}

static void a_snapshot_is_only_read(void)
{
    struct image image;

    with_snapshot(&image);
    CU_ASSERT_EQUAL(open_snapshot(&image, "before", TARN_IMAGE_OPEN_WRITE), TARN_E_INVALID);
    CU_ASSERT_EQUAL(open_snapshot(&image, "after", 0), TARN_E_NOT_FOUND);
    image_free(&image);
}

/* An image with `count` snapshots that all share the empty L1 table of the disk. */
static void with_many(struct image *image, uint32_t count, uint64_t length)
{
    struct tarn_image_spec spec = spec_of(10 * CLUSTER);
    uint64_t table = 4 * CLUSTER;

    image_make(image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(tarn_io_truncate(&image->host.call, &image->file->io, table + length, 0),
                          TARN_OK);
    for (uint64_t i = 0, at = table; i < count && at + 64 <= image->file->size; i++, at += 64) {
        image_put64(image, at, 3 * CLUSTER);
        image_put32(image, at + 8, 1);
        image_put16(image, at + 12, 5);
        image_put16(image, at + 14, 3);
        image_put32(image, at + 36, 16);
        snprintf((char *)image->file->bytes + at + 56, 9, "%05u%s", (unsigned int)i, "abc");
    }
    image_put32(image, 60, count);
    image_put64(image, 64, table);
}

static void sixty_thousand_snapshots_are_a_few_reads(void)
{
    struct image image;

    with_many(&image, 65536, 65536 * 64);
    image.file->reads = 0;
    CU_ASSERT_EQUAL(qcow2_format.info(&image.host.call, &image.file->io), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(image.host.snapshot_count, 65536);
    CU_ASSERT_STRING_EQUAL(image.host.snapshots[65535].id, "65535");
    CU_ASSERT_STRING_EQUAL(image.host.snapshots[65535].name, "abc");
    CU_ASSERT(image.file->reads < 200);
    image_free(&image);
}

static void a_table_that_is_cut_off_is_told_and_nothing_else_suffers(void)
{
    struct image image;

    with_many(&image, 1000, 999 * 64 + 39);
    CU_ASSERT_EQUAL(qcow2_format.info(&image.host.call, &image.file->io), TARN_OK);
    CU_ASSERT_EQUAL(image.host.status, TARN_OK);
    CU_ASSERT_EQUAL(image.host.snapshot_count, 0);
    CU_ASSERT_EQUAL(image.host.image.info.capacity, 10 * CLUSTER);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "snapshots"), "damaged");
    CU_ASSERT_EQUAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 10 * CLUSTER, 0));
    image_close(&image);
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_CORRUPT);
    image_free(&image);
}

static void texts_of_any_length_are_told(void)
{
    static const uint16_t lengths[][2] = { { 0, 0 }, { 1, 0 }, { 0, 1 }, { 1, 1 }, { 2, 7 },
                                           { 255, 3 }, { 65535, 65535 } };

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct image image;
        uint64_t table = 4 * CLUSTER;

        with_many(&image, 2, 400000);
        memset(image.file->bytes + table, 0, 400000);
        image_put16(&image, table + 12, lengths[i][0]);
        image_put16(&image, table + 14, lengths[i][1]);
        memset(image.file->bytes + table + 40, 'i', lengths[i][0]);
        memset(image.file->bytes + table + 40 + lengths[i][0], 'n', lengths[i][1]);
        CU_ASSERT_EQUAL(qcow2_format.info(&image.host.call, &image.file->io), TARN_OK);
        CU_ASSERT_EQUAL_FATAL(image.host.snapshot_count, 2);
        CU_ASSERT_EQUAL(strlen(image.host.snapshots[0].id), lengths[i][0]);
        CU_ASSERT_EQUAL(strspn(image.host.snapshots[0].id, "i"), lengths[i][0]);
        CU_ASSERT_EQUAL(strlen(image.host.snapshots[0].name), lengths[i][1]);
        CU_ASSERT_EQUAL(strspn(image.host.snapshots[0].name, "n"), lengths[i][1]);
        image_free(&image);
    }
}

static const struct unit_test tests[] = {
    { "a snapshot is listed", a_snapshot_is_listed },
    { "a snapshot keeps its content", a_snapshot_keeps_its_content },
    { "a snapshot is only read", a_snapshot_is_only_read },
    { "65536 snapshots are a few reads", sixty_thousand_snapshots_are_a_few_reads },
    { "a table that is cut off is told and nothing else suffers",
      a_table_that_is_cut_off_is_told_and_nothing_else_suffers },
    { "texts of any length are told", texts_of_any_length_are_told },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow2-snapshots", tests);
}
