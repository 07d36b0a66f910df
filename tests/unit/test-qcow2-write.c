/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * formats/qcow2/write.c, zero.c, refcounts.c, pages.c
 */
#include <errno.h>
#include <string.h>

#include "tests/unit/test-qcow2-fixture.h"

#define CLUSTER ((uint64_t)65536)

static void make_open(struct image *image, uint64_t capacity)
{
    struct tarn_image_spec spec = spec_of(capacity);

    image_make(image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
}

static void written_bytes_are_read_and_their_neighbours_are_zero(void)
{
    struct image image;

    make_open(&image, 1000000);
    image_write(&image, 70000, 100, 5);
    CU_ASSERT(image_reads(&image, 0, 70000, 0));
    CU_ASSERT(image_reads(&image, 70000, 100, 5));
    CU_ASSERT(image_reads(&image, 70100, 930348, 0));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 70000, 100, 5));
    image_free(&image);
}

static void many_clusters_are_one_write(void)
{
    struct image image;
    uint64_t before;

    make_open(&image, 100 * CLUSTER);
    before = image.file->writes;
    image_write(&image, 0, 64 * CLUSTER, 7);
    CU_ASSERT_EQUAL(image.file->writes - before, 1);
    image_write(&image, 0, 64 * CLUSTER, 8); /* now in place */
    CU_ASSERT_EQUAL(image.file->writes - before, 2);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_flush_costs_two_barriers_at_most(void)
{
    struct image image;

    make_open(&image, 100 * CLUSTER);
    image_write(&image, 0, 10 * CLUSTER, 1);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    image.file->flushes = 0;
    image_write(&image, 20 * CLUSTER, 10 * CLUSTER, 1);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    CU_ASSERT_EQUAL(image.file->flushes, 2);
    image.file->flushes = 0;
    image_write(&image, 0, 10 * CLUSTER, 2);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    CU_ASSERT_EQUAL(image.file->flushes, 1);
    image.file->flushes = 0;
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    CU_ASSERT_EQUAL(image.file->flushes, 0);
    image_free(&image);
}

static void a_write_behind_the_end_grows_the_disk(void)
{
    struct image image;
    uint64_t size;

    make_open(&image, 1000);
    image_write(&image, 5000, 100, 1);
    CU_ASSERT_EQUAL(tarn_io_size(&image.host.call, image.disk, &size), TARN_OK);
    CU_ASSERT_EQUAL(size, 5120);
    CU_ASSERT(image_reads(&image, 0, 5000, 0));
    image_free(&image);
}

static void a_reader_cannot_write(void)
{
    struct tarn_image_spec spec = spec_of(1000000);
    struct image image;

    image_make(&image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 0), TARN_E_UNSUPPORTED);
    image_close(&image);
    image.file->io.flags &= ~TARN_IO_WRITABLE;
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_ACCESS);
    image_free(&image);
}

static void zeros_are_marked_not_written(void)
{
    struct image image;
    uint64_t before;

    make_open(&image, 100 * CLUSTER);
    image_write(&image, 0, 10 * CLUSTER, 1);
    before = image.file->writes;
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, CLUSTER, 5 * CLUSTER,
                                 TARN_ZERO_FAST_ONLY), TARN_OK);
    CU_ASSERT_EQUAL(image.file->writes, before);
    CU_ASSERT(image_reads(&image, CLUSTER, 5 * CLUSTER, 0));
    CU_ASSERT(image_reads(&image, 0, CLUSTER, 1));
    CU_ASSERT(image_reads(&image, 6 * CLUSTER, 4 * CLUSTER, 1));
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, 1, CLUSTER, TARN_ZERO_FAST_ONLY),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT(image_reads(&image, 0, CLUSTER, 1));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

/* Above a backing store: an L2 table is one write, and never points to what is not there. */
static void zeros_above_a_backing_store_are_whole_tables(void)
{
    static const char *const features[] = { NULL, "extended_l2" };

    for (size_t i = 0; i < 2; i++) {
        const char *const asked[] = { features[i], NULL };
        uint64_t cluster = 16384;
        uint64_t covers = cluster / (i == 0 ? 8 : 16) * cluster;
        struct tarn_image_spec spec = spec_of(8 * covers + 3 * cluster + 512);
        struct memory_io *start;
        struct image image;

        spec.cluster_size = cluster;
        spec.features = asked;
        spec.backing_name = "base";
        spec.backing_format = "raw";
        image_make(&image, &qcow2_format, &spec);
        start = memory_io_of(image.file->bytes, image.file->size);
        image.file->record = true;
        CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE |
                                                 TARN_IMAGE_OPEN_NO_BACKING), TARN_OK);
        image.file->writes = 0;
        CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, covers - 2 * cluster,
                                     spec.capacity - covers + 2 * cluster, 0), TARN_OK);
        CU_ASSERT(image_reads(&image, covers - 2 * cluster, 3 * cluster, 0));
        CU_ASSERT(image_reads(&image, 7 * covers, spec.capacity - 7 * covers, 0));
        image_close(&image);
        /* Tables; refcounts, L1, and a page of the table that is there in part. */
        CU_ASSERT(image.file->writes <= 9 + 6);
        CU_ASSERT(image_sound(&image, 0));
        CU_ASSERT_EQUAL(image.host.check.allocated_clusters, 0);
        for (uint64_t count = 0; count <= image.file->journal_length; count++) {
            struct image after;

            image_of(&after, &qcow2_format, NULL, 0);
            memory_io_free(after.file);
            after.file = memory_io_replay(start, image.file->journal, count, NULL);
            after.file->keep = true;
            image_check(&after, 0);
            CU_ASSERT_EQUAL(after.host.check.corruptions, 0);
            image_free(&after);
        }
        memory_io_free(start);
        image_free(&image);
    }
}

static void unmapped_space_is_used_again(void)
{
    struct image image;
    uint64_t size;

    make_open(&image, 100 * CLUSTER);
    image_write(&image, 0, 20 * CLUSTER, 1);
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, 0, 20 * CLUSTER,
                                 TARN_ZERO_MAY_UNMAP), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    size = image.file->size;
    image_write(&image, 50 * CLUSTER, 20 * CLUSTER, 2);
    image_close(&image);
    CU_ASSERT_EQUAL(image.file->size, size);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_discard_keeps_what_it_touches_in_part(void)
{
    struct image image;

    make_open(&image, 10 * CLUSTER);
    image_write(&image, 0, 10 * CLUSTER, 1);
    CU_ASSERT_EQUAL(tarn_io_discard(&image.host.call, image.disk, 100, 3 * CLUSTER), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, CLUSTER, 1));
    CU_ASSERT(image_reads(&image, CLUSTER, 2 * CLUSTER, 0));
    CU_ASSERT(image_reads(&image, 3 * CLUSTER, 7 * CLUSTER, 1));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_shared_cluster_is_copied(void)
{
    struct image image;

    make_open(&image, 10 * CLUSTER);
    image_write(&image, 0, 4 * CLUSTER, 1);
    image_close(&image);
    image_snapshot(&image, "1", "before");
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 1000, 10, 2);
    image_write(&image, CLUSTER, CLUSTER, 3);
    CU_ASSERT(image_reads(&image, 0, 1000, 1));
    CU_ASSERT(image_reads(&image, 1010, CLUSTER - 1010, 1));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void unknown_autoclear_features_are_cleared_by_the_first_write(void)
{
    struct image image;

    make_open(&image, 10 * CLUSTER);
    image_close(&image);
    image_put64(&image, 88, 0xf1);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, CLUSTER, 0));
    CU_ASSERT_EQUAL(image_get64(&image, 88), 0xf1);
    image_write(&image, 0, 1, 1);
    CU_ASSERT_EQUAL(image_get64(&image, 88), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.log, "bitmaps"));
    image_free(&image);
}

/* Whatever operation fails: the error comes back, and the image stays sound but for leaks. */
static void a_full_storage_does_no_harm(void)
{
    for (uint64_t at = 1; at < 60; at++) {
        struct image image;

        make_open(&image, 100 * CLUSTER);
        image.file->fail_status = TARN_E_NO_SPACE;
        image.file->fail_errno = ENOSPC;
        image.file->fail_at = image.file->operations + at;
        for (uint64_t i = 0; i < 8; i++)
            tarn_io_pwrite(&image.host.call, image.disk, "abc", 3, i * 3 * CLUSTER + 10);
        tarn_io_flush(&image.host.call, image.disk);
        image.file->fail_at = 0;
        image_write(&image, 90 * CLUSTER, 100, 9);
        CU_ASSERT(image_reads(&image, 90 * CLUSTER, 100, 9));
        image_close(&image);
        image_check(&image, 0);
        CU_ASSERT_EQUAL(image.host.check.corruptions, 0);
        image_free(&image);
    }
}

/* More tables than the cache has pages: all of them are written, and read back. */
static void the_cache_is_bounded_and_loses_nothing(void)
{
    struct tarn_image_spec spec = spec_of((uint64_t)1 << 30);
    struct image image;

    spec.cluster_size = 512;
    image_make(&image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    for (uint64_t i = 0; i < 3000; i++)
        image_write(&image, i * 40000, 100, (uint8_t)(i * 7 + 1));
    for (uint64_t i = 0; i < 3000; i++)
        CU_ASSERT(image_reads(&image, i * 40000, 100, (uint8_t)(i * 7 + 1)));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    for (uint64_t i = 0; i < 3000; i++)
        CU_ASSERT(image_reads(&image, i * 40000, 100, (uint8_t)(i * 7 + 1)));
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "written bytes are read and their neighbours are zero",
      written_bytes_are_read_and_their_neighbours_are_zero },
    { "many clusters are one write", many_clusters_are_one_write },
    { "a flush costs two barriers at most", a_flush_costs_two_barriers_at_most },
    { "a write behind the end grows the disk", a_write_behind_the_end_grows_the_disk },
    { "a reader cannot write", a_reader_cannot_write },
    { "zeros are marked, not written", zeros_are_marked_not_written },
    { "zeros above a backing store are whole tables",
      zeros_above_a_backing_store_are_whole_tables },
    { "unmapped space is used again", unmapped_space_is_used_again },
    { "a discard keeps what it touches in part", a_discard_keeps_what_it_touches_in_part },
    { "a shared cluster is copied", a_shared_cluster_is_copied },
    { "unknown autoclear features are cleared by the first write",
      unknown_autoclear_features_are_cleared_by_the_first_write },
    { "a full storage does no harm", a_full_storage_does_no_harm },
    { "the cache is bounded and loses nothing", the_cache_is_bounded_and_loses_nothing },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow2-write", tests);
}
