/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * formats/qcow2/guard.c, mapping.c: tables that point where they must not. No crash is seen by the
 * program's sanitizers; here, that nothing is destroyed.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test-qcow2-fixture.h"

#define CLUSTER ((uint64_t)65536)
#define COPIED ((uint64_t)1 << 63)

/* Header 0, refcount table 1, block 2, L1 3, L2 4, data from 5 on. */
static void make(struct image *image)
{
    struct tarn_image_spec spec = spec_of(100 * CLUSTER);

    image_make(image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(image, 0, 10 * CLUSTER, 1);
    image_close(image);
}

static void a_write_never_hits_a_table(void)
{
    for (uint64_t target = 0; target < 5; target++) {
        struct image image;
        uint8_t *before = malloc(5 * CLUSTER);

        CU_ASSERT_PTR_NOT_NULL_FATAL(before);
        make(&image);
        image_put64(&image, 4 * CLUSTER, (target * CLUSTER) | COPIED);
        memcpy(before, image.file->bytes, 5 * CLUSTER);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        if (target == 2) /* a refcount block is known once it was used */
            image_write(&image, 50 * CLUSTER, 1, 1);
        if (target != 0) { /* offset 0 is no offset */
            CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 0),
                            TARN_E_CORRUPT);
            CU_ASSERT_EQUAL(image_get64(&image, 72), 2);
            /* And from now on nothing is written at all. */
            CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 9 * CLUSTER),
                            TARN_E_CORRUPT);
            tarn_io_close(&image.host.call, image.disk);
            image.disk = NULL;
            CU_ASSERT(memcmp(before + CLUSTER, image.file->bytes + CLUSTER, CLUSTER) == 0);
            CU_ASSERT(memcmp(before + 3 * CLUSTER, image.file->bytes + 3 * CLUSTER, CLUSTER) == 0);
            CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_CORRUPT);
            CU_ASSERT_EQUAL(image_open(&image, 0), TARN_OK);
        }
        free(before);
        image_free(&image);
    }
}

static void a_table_is_never_another_table(void)
{
    for (uint64_t target = 0; target < 4; target++) {
        struct image image;
        uint8_t byte;

        make(&image);
        image_put64(&image, 3 * CLUSTER, (target * CLUSTER) | COPIED);
        if (target == 0) /* no table that is marked as the image's own */
            image_put64(&image, 3 * CLUSTER, 1);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
        if (target != 2)
            CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, &byte, 1, 0),
                            TARN_E_CORRUPT);
        image_close(&image);
        fake_host_reset(&image.host);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 50 * CLUSTER),
                        TARN_E_CORRUPT);
        tarn_io_close(&image.host.call, image.disk);
        image.disk = NULL;
        image_free(&image);
    }
}

static void tables_of_the_header_that_overlap_are_not_written(void)
{
    struct image image;

    make(&image);
    image_put64(&image, 40, CLUSTER); /* L1 = refcount table */
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_CORRUPT);
    CU_ASSERT_EQUAL(image_get64(&image, 72), 2);
    image_free(&image);
}

static void a_free_cluster_that_is_a_table_is_not_taken(void)
{
    for (uint64_t cluster = 0; cluster < 5; cluster++) {
        struct image image;

        make(&image);
        image_put16(&image, 2 * CLUSTER + cluster * 2, 0);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 50 * CLUSTER),
                        TARN_E_CORRUPT);
        CU_ASSERT_EQUAL(image_get64(&image, 72), 2);
        tarn_io_close(&image.host.call, image.disk);
        image.disk = NULL;
        image_free(&image);
    }
}

static void an_entry_with_any_bit_is_answered(void)
{
    for (int table = 0; table < 2; table++) {
        for (int bit = 0; bit < 64; bit++) {
            struct image image;
            uint64_t at = (table == 0 ? 3 : 4) * CLUSTER;
            uint8_t bytes[100];

            make(&image);
            image_put64(&image, at, image_get64(&image, at) ^ (uint64_t)1 << bit);
            CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
            tarn_io_pread(&image.host.call, image.disk, bytes, sizeof(bytes), 0);
            tarn_io_pwrite(&image.host.call, image.disk, bytes, sizeof(bytes), 0);
            tarn_io_truncate(&image.host.call, image.disk, 512, TARN_TRUNCATE_SHRINK);
            tarn_io_close(&image.host.call, image.disk);
            image.disk = NULL;
            image_free(&image);
        }
    }
}

static void a_small_file_that_claims_much_costs_nothing(void)
{
    struct tarn_image_spec spec = spec_of((uint64_t)1 << 50);
    struct image image;

    image_make(&image, &qcow2_format, &spec);
    image.file->size = 516;
    CU_ASSERT_EQUAL(qcow2_format.info(&image.host.call, &image.file->io), TARN_OK);
    CU_ASSERT_EQUAL(image.host.image.info.capacity, (uint64_t)1 << 50);
    CU_ASSERT_EQUAL(image_open(&image, 0), TARN_E_CORRUPT);
    CU_ASSERT_EQUAL(qcow2_format.check(&image.host.call, &image.file->io, 0), TARN_OK);
    CU_ASSERT(image.host.check.corruptions > 0);
    image_free(&image);
}

static void a_file_cut_off_anywhere_is_answered(void)
{
    struct image whole;

    make(&whole);
    for (uint64_t length = 0; length < whole.file->size; length += length < 6000 ? 97 : 8191) {
        struct image image;
        uint8_t bytes[1000];

        image_of(&image, &qcow2_format, whole.file->bytes, length);
        qcow2_format.info(&image.host.call, &image.file->io);
        qcow2_format.check(&image.host.call, &image.file->io, TARN_CHECK_REPAIR_ALL);
        if (image_open(&image, TARN_IMAGE_OPEN_WRITE) == TARN_OK) {
            tarn_io_pread(&image.host.call, image.disk, bytes, sizeof(bytes), 0);
            tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 60 * CLUSTER);
            tarn_io_close(&image.host.call, image.disk);
            image.disk = NULL;
        }
        image_free(&image);
    }
    image_free(&whole);
}

static const struct unit_test tests[] = {
    { "a write never hits a table", a_write_never_hits_a_table },
    { "a table is never another table", a_table_is_never_another_table },
    { "tables of the header that overlap are not written",
      tables_of_the_header_that_overlap_are_not_written },
    { "a free cluster that is a table is not taken", a_free_cluster_that_is_a_table_is_not_taken },
    { "an entry with any bit is answered", an_entry_with_any_bit_is_answered },
    { "a small file that claims much costs nothing", a_small_file_that_claims_much_costs_nothing },
    { "a file cut off anywhere is answered", a_file_cut_off_anywhere_is_answered },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow2-hostile", tests);
}
