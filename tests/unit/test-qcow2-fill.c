/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * formats/qcow2/fill.c, pack.c, packed.c: disks that are written compressed.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test-qcow2-fixture.h"

#define CLUSTER ((uint64_t)65536)
#define COMPRESS (TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_COMPRESS)
#define FILL (COMPRESS | TARN_IMAGE_OPEN_FILL)
#define BIT62 ((uint64_t)1 << 62)
#define BIT63 ((uint64_t)1 << 63)

/* The disk of the tests: `index` of a cluster says what is in it. Of eight, four pack, two do not,
 * one is zero, one is not written. */
enum content { TEXT, NOISE, ZEROS, NOTHING };

static enum content content_of(uint64_t index)
{
    static const enum content contents[] = { TEXT, TEXT, NOISE, TEXT, ZEROS, NOISE, TEXT, NOTHING };

    return contents[index % 8];
}

static void make_content(uint64_t index, uint8_t *bytes, uint64_t length)
{
    uint64_t random = (index + 1) * 0x9e3779b97f4a7c15u;

    for (uint64_t i = 0; i < length; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        switch (content_of(index)) {
        case TEXT: /* about a quarter is left of it */
            bytes[i] = (uint8_t)("abcd"[(random >> 20) & 3]);
            break;
        case NOISE:
            bytes[i] = (uint8_t)(random >> 24);
            break;
        default:
            bytes[i] = 0;
        }
    }
}

static int32_t give_store(struct tarn_call *call, const struct fake_question *question,
                          struct tarn_io **out, void *arg)
{
    struct memory_io *memory = memory_io_new(*(const uint64_t *)arg);

    (void)call;
    (void)question;
    memset(memory->bytes, 0xbb, memory->size);
    *out = &memory->io;
    return TARN_OK;
}

static int32_t fill(struct image *image, uint64_t size, uint64_t cluster)
{
    uint8_t *bytes = malloc(cluster);
    int32_t status = TARN_OK;

    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    for (uint64_t at = 0; at < size && status == TARN_OK; at += cluster) {
        uint64_t length = size - at < cluster ? size - at : cluster;

        if (content_of(at / cluster) == NOTHING)
            continue;
        make_content(at / cluster, bytes, length);
        status = tarn_io_pwrite(&image->host.call, image->disk, bytes, length, at);
    }
    free(bytes);
    return status == TARN_OK ? tarn_io_flush(&image->host.call, image->disk) : status;
}

/* Does the disk read as it was filled? What was not written reads as `below`. */
static bool filled(struct image *image, uint64_t size, uint64_t cluster, uint8_t below)
{
    uint8_t *bytes = malloc(cluster * 2);
    bool same = bytes != NULL;

    for (uint64_t at = 0; at < size && same; at += cluster) {
        uint64_t length = size - at < cluster ? size - at : cluster;

        make_content(at / cluster, bytes, length);
        if (content_of(at / cluster) == NOTHING)
            memset(bytes, below, length);
        same = tarn_io_pread(&image->host.call, image->disk, bytes + cluster, length, at) ==
                   TARN_OK && memcmp(bytes, bytes + cluster, length) == 0;
    }
    free(bytes);
    return same;
}

struct variant {
    uint64_t cluster_size;
    const char *compat;
    const char *refcount_bits;
    const char *compression;
    const char *feature;
    bool backing;
};

static uint64_t below_size = 100 * CLUSTER;

static void make_variant(struct image *image, const struct variant *variant, uint64_t size)
{
    const char *const features[] = { variant->feature, NULL };
    struct tarn_property given[] = {
        { sizeof(given[0]), 0, "compression-type",
          variant->compression != NULL ? variant->compression : "zlib" },
        { sizeof(given[0]), 0, "refcount-bits",
          variant->refcount_bits != NULL ? variant->refcount_bits : "16" },
    };
    const struct tarn_property *const options[] = { &given[0], &given[1], NULL };
    struct tarn_image_spec spec = spec_of(size);

    spec.cluster_size = variant->cluster_size;
    spec.compat = variant->compat;
    spec.features = features;
    spec.options = options;
    spec.backing_name = variant->backing ? "base" : NULL;
    spec.backing_format = variant->backing ? "raw" : NULL;
    image_make(image, &qcow2_format, &spec);
    fake_host_relate(&image->host, TARN_RELATED_BACKING, "base", give_store, &below_size);
}

static void run(const struct variant *variant)
{
    uint64_t size = variant->cluster_size * 21 + 512;
    struct image image;

    make_variant(&image, variant, size);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, FILL), TARN_OK);
    CU_ASSERT_EQUAL(fill(&image, size, variant->cluster_size), TARN_OK);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL(image.host.check.compressed_clusters >= 11, true);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT(filled(&image, size, variant->cluster_size, variant->backing ? 0xbb : 0));
    /* And what is compressed is replaced like anything else. */
    image_write(&image, variant->cluster_size / 2, variant->cluster_size * 6, 0x77);
    CU_ASSERT(image_reads(&image, variant->cluster_size / 2, variant->cluster_size * 6, 0x77));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void every_cluster_size(void)
{
    for (uint64_t size = 512; size <= (uint64_t)2 << 20; size *= 2) {
        run(&(struct variant){ .cluster_size = size });
        run(&(struct variant){ .cluster_size = size, .compression = "zstd" });
    }
}

static void every_refcount_width(void)
{
    static const char *const widths[] = { "1", "2", "4", "8", "16", "32", "64" };

    for (int i = 0; i < 7; i++) {
        run(&(struct variant){ .cluster_size = 4096, .refcount_bits = widths[i] });
        run(&(struct variant){ .cluster_size = 512, .refcount_bits = widths[i], .backing = true });
    }
}

static void above_a_backing_store(void)
{
    run(&(struct variant){ .cluster_size = 65536, .backing = true });
    run(&(struct variant){ .cluster_size = 65536, .backing = true, .compression = "zstd" });
    run(&(struct variant){ .cluster_size = 65536, .backing = true, .feature = "extended_l2" });
    /* Version 2 has no mark for zeros: they are stored. */
    run(&(struct variant){ .cluster_size = 4096, .backing = true, .compat = "0.10" });
}

static void extended_l2_and_version_2(void)
{
    run(&(struct variant){ .cluster_size = 16384, .feature = "extended_l2" });
    run(&(struct variant){ .cluster_size = 65536, .compat = "0.10" });
}

/* The refcount of the cluster that holds the first compressed bytes. */
static uint64_t first_count(const struct image *image)
{
    uint64_t block = image_get64(image, image_get64(image, 48));
    uint64_t table = image_get64(image, image_get64(image, 40)) & ~BIT63;
    uint64_t host = image_get64(image, table) & (((uint64_t)1 << 54) - 1);

    return image_get64(image, block + host / CLUSTER * 8);
}

static void compressed_clusters_share_a_host_cluster(void)
{
    struct variant variant = { .cluster_size = CLUSTER, .refcount_bits = "64" };
    struct image image;

    make_variant(&image, &variant, 40 * CLUSTER);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, FILL), TARN_OK);
    for (uint64_t i = 0; i < 40; i++)
        image_write(&image, i * CLUSTER, CLUSTER, (uint8_t)(i + 1));
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    image_close(&image);
    CU_ASSERT_EQUAL(first_count(&image), 40);
    CU_ASSERT(image.file->size < 7 * CLUSTER);
    CU_ASSERT_EQUAL(image.file->size % 512, 0);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL(image.host.check.compressed_clusters, 40);
    image_free(&image);
}

/* Among so many lengths there is one that fills its last sector. */
static void the_sectors_are_those_that_are_touched(void)
{
    struct variant variant = { .cluster_size = 4096 };
    uint8_t cluster[4096];

    for (uint64_t noise = 1000; noise < 1520; noise++) {
        uint64_t entry;
        uint64_t host;
        struct image image;

        memset(cluster, 0, sizeof(cluster));
        make_content(2, cluster, noise);
        make_variant(&image, &variant, 4096);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, FILL), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, cluster, 4096, 0), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
        entry = image_get64(&image, image_get64(&image, image_get64(&image, 40)) & ~BIT63) & ~BIT62;
        host = entry & ((BIT62 >> 4) - 1);
        CU_ASSERT_EQUAL(host + ((entry / (BIT62 >> 4)) + 1) * 512, image.file->size);
        image_free(&image);
    }
}

static void what_does_not_pack_is_plain(void)
{
    struct variant variant = { .cluster_size = CLUSTER };
    uint8_t *noise = malloc(CLUSTER);
    struct image image;

    CU_ASSERT_PTR_NOT_NULL_FATAL(noise);
    make_content(2, noise, CLUSTER);
    make_variant(&image, &variant, 10 * CLUSTER);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, FILL), TARN_OK);
    for (uint64_t i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, noise, CLUSTER, i * CLUSTER),
                        TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL(image.host.check.compressed_clusters, 0);
    CU_ASSERT_EQUAL(image.host.check.allocated_clusters, 10);
    image_free(&image);
    free(noise);
}

/* Without TARN_IMAGE_OPEN_FILL the image has a content already, which stays where nothing is
 * written, and whose place comes back where something is. */
static void an_image_that_is_in_use_is_written_compressed(void)
{
    struct variant variant = { .cluster_size = CLUSTER };
    struct image image;

    make_variant(&image, &variant, 20 * CLUSTER);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 0, 20 * CLUSTER, 0x11);
    image_close(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, COMPRESS), TARN_OK);
    image_write(&image, CLUSTER + 1000, 5 * CLUSTER, 0x22);
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, 10 * CLUSTER, 2 * CLUSTER, 0),
                    TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL(image.host.check.compressed_clusters, 6);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, CLUSTER + 1000, 0x11));
    CU_ASSERT(image_reads(&image, CLUSTER + 1000, 5 * CLUSTER, 0x22));
    CU_ASSERT(image_reads(&image, 6 * CLUSTER + 1000, 4 * CLUSTER - 1000, 0x11));
    CU_ASSERT(image_reads(&image, 10 * CLUSTER, 2 * CLUSTER, 0));
    CU_ASSERT(image_reads(&image, 12 * CLUSTER, 8 * CLUSTER, 0x11));
    image_free(&image);
}

/* What must be completed from a backing store that was not opened is refused, not taken as zero. */
static void a_piece_above_a_closed_backing_store_is_refused(void)
{
    struct variant variant = { .cluster_size = CLUSTER, .backing = true };
    struct image image;

    make_variant(&image, &variant, 20 * CLUSTER);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, FILL | TARN_IMAGE_OPEN_NO_BACKING), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 5), TARN_E_STATE);
    image_free(&image);
}

static void a_data_file_cannot_be_compressed(void)
{
    struct variant variant = { .cluster_size = CLUSTER };
    struct image image;

    make_variant(&image, &variant, 20 * CLUSTER);
    image_put64(&image, 72, 4);
    image.file->writes = 0;
    CU_ASSERT_EQUAL(image_open(&image, FILL), TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "do without compression"));
    CU_ASSERT_EQUAL(image.file->writes, 0);
    CU_ASSERT_EQUAL(image.host.related_asked, 0);
    image_free(&image);
}

/* Nobody needs an image that is being made after a loss of power: it is made durable once. */
static void a_new_image_is_flushed_once(void)
{
    struct variant variant = { .cluster_size = 512 };
    uint64_t size = (uint64_t)3 << 20;
    struct image image;

    make_variant(&image, &variant, size);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, FILL), TARN_OK);
    CU_ASSERT_EQUAL(fill(&image, size, 512), TARN_OK);
    CU_ASSERT_EQUAL(image.file->flushes, 1);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, size - 1),
                    TARN_E_UNSUPPORTED);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_container_of_fixed_size_fills_up(void)
{
    struct tarn_image_spec spec = spec_of(100 * CLUSTER);
    static uint8_t old[20 * CLUSTER];
    struct image image;

    image_of(&image, &qcow2_format, old, sizeof(old));
    image.file->io.flags = TARN_IO_WRITABLE | TARN_IO_FIXED_SIZE;
    CU_ASSERT_EQUAL(qcow2_format.create(&image.host.call, &image.file->io, &spec), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, FILL), TARN_OK);
    CU_ASSERT_EQUAL(fill(&image, 100 * CLUSTER, CLUSTER), TARN_E_NO_SPACE);
    image_close(&image);
    CU_ASSERT_EQUAL(image.file->size, sizeof(old));
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

/* An image with an old content in its end, of which the start is written compressed; from the
 * operation `fail_at` on, counted from 1, the container fails. Answers how many there were. */
static uint64_t overwrite(struct image *image, const char *refcount_bits, uint64_t fail_at)
{
    struct variant variant = { .cluster_size = 4096, .refcount_bits = refcount_bits };
    uint64_t before;

    make_variant(image, &variant, 100 * 4096);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(image, 40 * 4096, 60 * 4096, 0x11);
    image_close(image);
    CU_ASSERT_EQUAL_FATAL(image_open(image, COMPRESS), TARN_OK);
    before = image->file->operations;
    image->file->fail_at = fail_at != 0 ? before + fail_at : 0;
    CU_ASSERT_EQUAL(fill(image, 50 * 4096, 4096), fail_at != 0 ? TARN_E_IO : TARN_OK);
    return image->file->operations - before;
}

/* Whatever operation fails: the error comes back, now and later, the image stays sound, and what it
 * held and was not written is still there. */
static void a_failing_container_does_no_harm(void)
{
    static const char *const widths[] = { "2", "16" };

    for (int i = 0; i < 2; i++) {
        struct image image;
        uint64_t needed = overwrite(&image, widths[i], 0);

        image_free(&image);
        CU_ASSERT(needed > 40);
        for (uint64_t at = 1; at <= needed; at++) {
            overwrite(&image, widths[i], at);
            image.file->fail_at = 0;
            CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_E_IO);
            image_close(&image);
            image_check(&image, 0);
            CU_ASSERT_EQUAL(image.host.check.corruptions, 0);
            CU_ASSERT_EQUAL(image.host.check.leaks, 0);
            CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
            CU_ASSERT(image_reads(&image, 50 * 4096, 50 * 4096, 0x11));
            image_free(&image);
        }
    }
}

static void cancelling_ends_it(void)
{
    struct variant variant = { .cluster_size = 4096 };
    struct image image;

    make_variant(&image, &variant, 1000 * 4096);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, FILL), TARN_OK);
    image.host.cancel_at = 30;
    CU_ASSERT_EQUAL(fill(&image, 1000 * 4096, 4096), TARN_E_CANCELLED);
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "every cluster size, zlib and zstd", every_cluster_size },
    { "every refcount width", every_refcount_width },
    { "above a backing store", above_a_backing_store },
    { "extended L2, and version 2", extended_l2_and_version_2 },
    { "compressed clusters share a host cluster", compressed_clusters_share_a_host_cluster },
    { "the sectors are those that are touched", the_sectors_are_those_that_are_touched },
    { "what does not pack is plain", what_does_not_pack_is_plain },
    { "an image that is in use is written compressed",
      an_image_that_is_in_use_is_written_compressed },
    { "a piece above a closed backing store is refused",
      a_piece_above_a_closed_backing_store_is_refused },
    { "a data file cannot be compressed", a_data_file_cannot_be_compressed },
    { "a new image is flushed once", a_new_image_is_flushed_once },
    { "a container of fixed size fills up", a_container_of_fixed_size_fills_up },
    { "a failing container does no harm", a_failing_container_does_no_harm },
    { "cancelling ends it", cancelling_ends_it },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow2-fill", tests);
}
