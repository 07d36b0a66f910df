/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a crash leaves of an image: after any write of a process that was killed, and with any of
 * the writes since the last flush lost by a machine without power, there may be leaks, and nothing
 * else. What was flushed is there.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/format-crash.h"
#include "tests/unit/test-qcow2-fixture.h"

#define CLUSTER ((uint64_t)65536)

struct variant {
    const char *name;
    uint64_t cluster_size;
    const char *compat;
    const char *feature;
    const char *refcount_bits;
    bool snapshot;
};

static void one_operation(struct image *image, uint64_t size)
{
    struct tarn_call *call = &image->host.call;
    uint64_t offset = random_below(size);
    uint64_t length = 1 + random_below(size - offset < 200000 ? size - offset : 200000);

    switch (random_below(9)) {
    case 0:
        tarn_io_zero(call, image->disk, offset, length, TARN_ZERO_MAY_UNMAP);
        break;
    case 1:
        tarn_io_discard(call, image->disk, offset, length);
        break;
    case 2:
        CU_ASSERT_EQUAL(tarn_io_flush(call, image->disk), TARN_OK);
        break;
    case 3:
        CU_ASSERT_EQUAL(tarn_io_truncate(call, image->disk, size + random_below(8) * 300032,
                                         TARN_TRUNCATE_SHRINK), TARN_OK);
        break;
    case 4:
        image_close(image);
        CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        break;
    default:
        image_write(image, offset, length, (uint8_t)(1 + random_below(255)));
    }
}

static void make_variant(struct image *image, const struct variant *variant, uint64_t size)
{
    const char *const features[] = { variant->feature, NULL };
    struct tarn_property bits = { sizeof(bits), 0, "refcount-bits", variant->refcount_bits };
    const struct tarn_property *const options[] = { variant->refcount_bits ? &bits : NULL, NULL };
    struct tarn_image_spec spec = spec_of(size);

    spec.cluster_size = variant->cluster_size;
    spec.compat = variant->compat;
    spec.features = features;
    spec.options = options;
    image_make(image, &qcow2_format, &spec);
    if (!variant->snapshot)
        return;
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(image, 0, size / 2, 0xee);
    image_close(image);
    image_snapshot(image, "1", "before");
}

static bool leaks_at_most(struct image *after, uint64_t steps, void *arg)
{
    (void)steps;
    (void)arg;
    return image_leaks_only(after);
}

/* At every `stride`-th step. */
static void check_crashes(const char *name, const struct image *image,
                          const struct memory_io *start, uint64_t stride, bool power)
{
    bool good = image_survives(image, &(struct crashes){ .start = start, .stride = stride,
                                                         .killed_only = !power,
                                                         .judge = leaks_at_most });

    if (!good)
        printf("# %s\n", name);
    CU_ASSERT(good);
}

static void crash(const struct variant *variant, uint64_t seed)
{
    uint64_t size = 3000320;
    struct memory_io *start;
    struct image image;

    random_start(seed);
    make_variant(&image, variant, size);
    start = image_record(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    for (int i = 0; i < 60; i++)
        one_operation(&image, size);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    check_crashes(variant->name, &image, start, 1, true);
    memory_io_free(start);
    image_free(&image);
}

static void run(const struct variant *variant)
{
    for (uint64_t seed = 1; seed <= 2; seed++)
        crash(variant, seed);
}

static void default_clusters(void)
{
    run(&(struct variant){ .name = "64 KiB", .cluster_size = 65536 });
}

static void small_clusters(void)
{
    run(&(struct variant){ .name = "512 bytes", .cluster_size = 512, .refcount_bits = "64" });
}

static void version_2(void)
{
    run(&(struct variant){ .name = "0.10", .cluster_size = 4096, .compat = "0.10" });
}

static void extended_l2(void)
{
    run(&(struct variant){ .name = "extended L2", .cluster_size = 16384,
                           .feature = "extended_l2" });
}

static void with_snapshot(void)
{
    run(&(struct variant){ .name = "snapshot", .cluster_size = 65536, .snapshot = true });
}

/* Pages that leave the cache are written by the same order, without any flush of the guest. */
static void more_tables_than_the_cache_holds(void)
{
    struct variant variant = { .name = "cache", .cluster_size = 512, .refcount_bits = "64" };
    struct memory_io *start;
    struct image image;

    random_start(1);
    make_variant(&image, &variant, (uint64_t)40 << 20);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    for (uint64_t i = 0; i < 1280; i++) /* a cluster of each L2 table, so that all are there */
        image_write(&image, i * 32768, 512, 2);
    image_close(&image);
    start = image_record(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    for (uint64_t i = 0; i < 1200; i++)
        image_write(&image, random_below((uint64_t)40 << 20) & ~(uint64_t)511, 512, 1);
    image_close(&image);
    check_crashes(variant.name, &image, start, 17, true);
    memory_io_free(start);
    image_free(&image);
}

/* A disk that is written in one go, compressed: text, noise that stays plain, zeros, gaps. */
static void write_compressed(struct image *image, uint64_t size)
{
    uint64_t offset = random_below(5000);

    while (offset < size) {
        uint64_t length = 1 + random_below(size - offset < 90000 ? size - offset : 90000);
        uint8_t *bytes = malloc(length);
        uint64_t kind = random_below(4);

        CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
        for (uint64_t i = 0; i < length; i++)
            bytes[i] = (uint8_t)(kind == 0 ? random_below(256) : kind == 1 ? 0 : i / 64);
        CU_ASSERT_EQUAL(tarn_io_pwrite(&image->host.call, image->disk, bytes, length, offset),
                        TARN_OK);
        free(bytes);
        offset += length + (kind == 2 ? random_below(90000) : 0);
    }
    CU_ASSERT_EQUAL(tarn_io_flush(&image->host.call, image->disk), TARN_OK);
}

static void crash_compressed(const struct variant *variant, uint32_t flags, uint64_t seed)
{
    uint64_t size = 3000320;
    bool is_new = (flags & TARN_IMAGE_OPEN_FILL) != 0;
    struct memory_io *start;
    struct image image;

    random_start(seed);
    make_variant(&image, variant, size);
    start = image_record(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, flags), TARN_OK);
    write_compressed(&image, size);
    image_close(&image);
    if (!is_new) { /* again, over what is there now */
        CU_ASSERT_EQUAL_FATAL(image_open(&image, flags), TARN_OK);
        write_compressed(&image, size);
        image_close(&image);
    }
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT(image.host.check.compressed_clusters > 10);
    check_crashes(variant->name, &image, start, is_new ? 1 : 3, !is_new);
    memory_io_free(start);
    image_free(&image);
}

/* Into an image that is in use, in the order that holds through a loss of power; into a new one,
 * which nobody needs before its flush, in the order of the writes only. */
static void compressed_writing(void)
{
    static const struct variant variants[] = {
        { .name = "compressed, 64 KiB", .cluster_size = 65536 },
        { .name = "compressed, 4 KiB", .cluster_size = 4096, .refcount_bits = "2" },
        { .name = "compressed, extended L2", .cluster_size = 16384, .feature = "extended_l2" },
        { .name = "compressed, snapshot", .cluster_size = 65536, .snapshot = true },
    };
    uint32_t flags = TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_COMPRESS;

    for (uint64_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
        crash_compressed(&variants[i], flags, i + 1);
        if (!variants[i].snapshot)
            crash_compressed(&variants[i], flags | TARN_IMAGE_OPEN_FILL, i + 1);
    }
}

static bool flushed_are_there(struct image *after, uint64_t steps, void *arg)
{
    (void)steps;
    (void)arg;
    return image_open(after, 0) == TARN_OK && image_reads(after, 5000, 300000, 0x5a);
}

/* What was written before a flush is read after a crash at any later step, if nothing wrote there
 * since. */
static void flushed_bytes_are_there(void)
{
    struct tarn_image_spec spec = spec_of(100 * CLUSTER);
    struct memory_io *start;
    struct image image;
    uint64_t flushed;

    image_make(&image, &qcow2_format, &spec);
    start = image_record(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 5000, 300000, 0x5a);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    flushed = image.file->journal_length;
    for (int i = 0; i < 20; i++)
        image_write(&image, (10 + (uint64_t)i) * CLUSTER, 3000, 1);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    CU_ASSERT(image_survives(&image, &(struct crashes){ .start = start, .first = flushed,
                                                        .judge = flushed_are_there }));
    memory_io_free(start);
    image_free(&image);
}

#define CUT   (5 * CLUSTER + 512)
#define GROWN (30 * CLUSTER)

static bool as_grown(struct image *after, uint64_t steps, void *arg)
{
    uint64_t size = image_get64(after, 24);

    (void)steps;
    (void)arg;
    return (size == CUT || size == GROWN) && image_open(after, 0) == TARN_OK &&
           image_reads(after, 0, CUT, 0x5a) && image_reads(after, CUT, size - CUT, 0);
}

/* An image whose tables still map data behind its end grows: whenever the new size is there, the
 * new part reads as zeros. */
static void growing_shows_zeros_at_every_step(void)
{
    struct tarn_image_spec spec = spec_of(40 * CLUSTER);
    struct memory_io *start;
    struct image image;

    image_make(&image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 0, 40 * CLUSTER, 0x5a);
    image_close(&image);
    image_put64(&image, 24, CUT);
    start = image_record(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, GROWN, 0), TARN_OK);
    image_close(&image);
    CU_ASSERT(image_survives(&image, &(struct crashes){ .start = start, .killed_only = true,
                                                        .judge = as_grown }));
    CU_ASSERT_EQUAL(image_get64(&image, 24), GROWN);
    memory_io_free(start);
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "64 KiB clusters", default_clusters },
    { "512 byte clusters", small_clusters },
    { "compat 0.10", version_2 },
    { "extended L2", extended_l2 },
    { "clusters shared with a snapshot", with_snapshot },
    { "more tables than the cache holds", more_tables_than_the_cache_holds },
    { "compressed writing", compressed_writing },
    { "flushed bytes are there", flushed_bytes_are_there },
    { "growing shows zeros at every step", growing_shows_zeros_at_every_step },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow2-crash", tests);
}
