/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * bochs images: made, written, resized, checked; and damaged ones.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/bochs/format.h"
#include "helpers/le.h"
#include "tests/unit/format-fixture.h"
#include "tests/unit/random-numbers.h"

/* A disk of 10 MB has 1024 entries of 16 KiB; an extent takes a sector more. */
#define DISK ((uint64_t)10321920)
#define CATALOG ((uint64_t)512)
#define FIRST ((uint64_t)512 + 4096)
#define EXTENT ((uint64_t)16384)
#define STRIDE (EXTENT + 512)

static uint32_t get32(const struct image *image, uint64_t at)
{
    return le32_load(image->file->bytes + at);
}

static void put32(struct image *image, uint64_t at, uint32_t value)
{
    le32_store(image->file->bytes + at, value);
}

static void start(struct image *image)
{
    struct tarn_image_spec spec = spec_of(DISK);

    image_make(image, &bochs_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
}

/* --- creation --------------------------------------------------------------------------------- */

static void geometries(void)
{
    static const struct {
        uint64_t size;
        uint32_t catalog;
        uint32_t bitmap;
    } cases[] = { /* what bximage makes */
        { 1, 512, 1 },
        { 2097152, 512, 1 },
        { 2097153, 512, 2 },
        { 4194305, 1024, 2 },
        { 10321920, 1024, 4 },
        { 528482304, 8192, 16 },
        { 4294950912, 16384, 64 },
        { 138512424960, 0x20000, 0x200 },
        { 2147483197440, 0x80000, 0x400 },
        { (uint64_t)1 << 43, 0x100000, 0x800 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tarn_image_spec spec = spec_of(cases[i].size);
        uint64_t size = (cases[i].size + 511) / 512 * 512;
        struct image image;

        image_make(&image, &bochs_format, &spec);
        CU_ASSERT_EQUAL(get32(&image, 72), cases[i].catalog);
        CU_ASSERT_EQUAL(get32(&image, 76), cases[i].bitmap);
        CU_ASSERT_EQUAL(get32(&image, 80), cases[i].bitmap * 4096);
        CU_ASSERT_EQUAL(le64_load(image.file->bytes + 88), size);
        CU_ASSERT_EQUAL(image.file->size, 512 + (uint64_t)cases[i].catalog * 4);
        CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        image_write(&image, size - 512, 512, 7);
        image_close(&image);
        CU_ASSERT(image_sound(&image, 0));
        CU_ASSERT_EQUAL(image_open(&image, 0), TARN_OK);
        CU_ASSERT(image_reads(&image, size - 512, 512, 7));
        image_free(&image);
    }
}

static void what_cannot_be_made(void)
{
    static const char *const features[] = { "lazy_refcounts", NULL };
    struct tarn_property option = { sizeof(option), 0, "compression-type", "zstd" };
    const struct tarn_property *const options[] = { &option, NULL };
    struct tarn_image_spec spec = spec_of(0);

    CU_ASSERT(image_make_fails(&bochs_format, &spec, TARN_E_INVALID));
    spec.capacity = ((uint64_t)1 << 43) + 1;
    CU_ASSERT(image_make_fails(&bochs_format, &spec, TARN_E_INVALID));
    spec.capacity = UINT64_MAX;
    CU_ASSERT(image_make_fails(&bochs_format, &spec, TARN_E_INVALID));
    spec = spec_of(1000);
    spec.preallocation = TARN_PREALLOC_FULL;
    CU_ASSERT(image_make_fails(&bochs_format, &spec, TARN_E_UNSUPPORTED));
    spec = spec_of(1000);
    spec.backing_name = "base";
    CU_ASSERT(image_make_fails(&bochs_format, &spec, TARN_E_UNSUPPORTED));
    spec = spec_of(1000);
    spec.subformat = "undoable";
    CU_ASSERT(image_make_fails(&bochs_format, &spec, TARN_E_UNSUPPORTED));
    spec = spec_of(1000);
    spec.cluster_size = 4097;
    CU_ASSERT(image_make_fails(&bochs_format, &spec, TARN_E_INVALID));
    spec = spec_of(1000);
    spec.compat = "2";
    CU_ASSERT(image_make_fails(&bochs_format, &spec, TARN_E_INVALID));
    spec = spec_of(1000);
    spec.features = features;
    CU_ASSERT(image_make_fails(&bochs_format, &spec, TARN_E_INVALID));
    spec = spec_of(1000);
    spec.options = options;
    CU_ASSERT(image_make_fails(&bochs_format, &spec, TARN_E_INVALID));
}

/* --- writing ---------------------------------------------------------------------------------- */

static void sectors(void)
{
    struct image image;

    start(&image);
    image_write(&image, 3 * EXTENT + 1000, 100, 1); /* two sectors of an extent */
    image_close(&image);
    CU_ASSERT_EQUAL(get32(&image, CATALOG + 12), 0);
    CU_ASSERT_EQUAL(image.file->size, FIRST + STRIDE);
    CU_ASSERT_EQUAL(get32(&image, FIRST), 0x6); /* the lowest bit is the first sector */
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 3 * EXTENT + 1000, 0));
    CU_ASSERT(image_reads(&image, 3 * EXTENT + 1000, 100, 1));
    CU_ASSERT(image_reads(&image, 3 * EXTENT + 1100, 100000, 0));
    image_write(&image, 0, 2 * EXTENT, 2);
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, 3 * EXTENT, EXTENT,
                                 TARN_ZERO_MAY_UNMAP | TARN_ZERO_FAST_ONLY), TARN_OK);
    CU_ASSERT(image_reads(&image, 3 * EXTENT, EXTENT, 0));
    image_close(&image);
    CU_ASSERT_EQUAL(get32(&image, CATALOG), 1);
    CU_ASSERT_EQUAL(get32(&image, CATALOG + 4), 2);
    CU_ASSERT_EQUAL(get32(&image, FIRST), 0); /* zeros need no sector */
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL(image.host.check.allocated_clusters, 3);
    CU_ASSERT_EQUAL(image.host.check.total_clusters, 630);
    CU_ASSERT_EQUAL(image.host.check.image_end, image.file->size);
    image_free(&image);
}

static void no_extents_left(void)
{
    struct tarn_image_spec spec = spec_of(2097152); /* 512 extents of 4 KiB, all needed */
    struct image image;

    image_make(&image, &bochs_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 0, 1048576, 1);
    image_close(&image);
    put32(&image, CATALOG, 510); /* an entry with a high number: one more fits */
    put32(&image, CATALOG + 4, 511);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, &image.file->io, 2560 + 512 * 4608, 0),
                    TARN_OK);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 2000000),
                    TARN_E_NO_SPACE);
    image_close(&image);
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 0);
    CU_ASSERT_EQUAL(image.host.check.leaks, 256); /* 2 extents before, 254 between */
    image_free(&image);
}

static void on_a_device(void)
{
    struct tarn_image_spec spec = spec_of(DISK);
    struct image image;

    image_of(&image, &bochs_format, NULL, 0);
    memory_io_free(image.file);
    image.file = memory_io_new(FIRST + 5 * STRIDE + 1000);
    image.file->keep = true;
    memset(image.file->bytes, 0xee, image.file->size);
    image.file->io.flags |= TARN_IO_FIXED_SIZE;
    CU_ASSERT_EQUAL(bochs_format.create(&image.host.call, &image.file->io, &spec), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    for (uint64_t i = 0; i < 5; i++)
        image_write(&image, i * EXTENT + 600, 10, 3);
    CU_ASSERT(image_reads(&image, 610, EXTENT - 10, 0));
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 9 * EXTENT),
                    TARN_E_NO_SPACE);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

/* --- size ------------------------------------------------------------------------------------- */

static void other_sizes(void)
{
    struct image image;
    struct tarn_call *call;

    start(&image);
    call = &image.host.call;
    image_write(&image, 0, 10321920, 4);
    CU_ASSERT_EQUAL(tarn_io_truncate(call, image.disk, 5000000, 0), TARN_E_INVALID);
    CU_ASSERT_EQUAL(tarn_io_truncate(call, image.disk, 5000192, TARN_TRUNCATE_SHRINK), TARN_OK);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_truncate(call, image.disk, (uint64_t)16 << 20, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 5000192, 4));
    CU_ASSERT(image_reads(&image, 5000192, ((uint64_t)16 << 20) - 5000192, 0));
    CU_ASSERT_EQUAL(tarn_io_truncate(call, image.disk, ((uint64_t)16 << 20) + 1, 0),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "16777216"));
    CU_ASSERT_EQUAL(tarn_io_truncate(call, image.disk, 0, TARN_TRUNCATE_SHRINK),
                    TARN_E_UNSUPPORTED);
    image_write(&image, 16000000, 1000, 6);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL(image.host.check.allocated_clusters, 630 + 1);
    image_free(&image);
}

static void reserved_when_it_grows(void)
{
    struct image image;

    start(&image);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, DISK + 3 * EXTENT,
                                     TARN_TRUNCATE_ALLOCATE), TARN_OK);
    CU_ASSERT(image_reads(&image, DISK, 3 * EXTENT, 0));
    image_close(&image);
    CU_ASSERT_EQUAL(image.file->size, FIRST + 3 * STRIDE);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

/* --- damage ----------------------------------------------------------------------------------- */

static void written(struct image *image)
{
    start(image);
    image_write(image, 0, 3 * EXTENT, 0x5a);
    image_close(image);
}

static void catalog_entries(void)
{
    static const uint32_t entries[] = { 1, 2, 3, 1023, 1024, 0x7fffffff, 0xfffffffe };
    struct image image;

    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        written(&image);
        put32(&image, CATALOG, entries[i]);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
        CU_ASSERT_EQUAL(image_read_all(&image), entries[i] < 3 ? TARN_OK : TARN_E_CORRUPT);
        image_close(&image);
        if (entries[i] < 3 || entries[i] > 1023)
            CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_CORRUPT);
        image_check(&image, 0);
        CU_ASSERT_EQUAL(image.host.check.corruptions, 1);
        CU_ASSERT_EQUAL(image.host.check.leaks, 1); /* the extent that nothing names now */
        image_free(&image);
    }
}

static void leaks_are_given_back(void)
{
    struct image image;

    written(&image);
    put32(&image, CATALOG + 8, UINT32_MAX); /* the last extent is lost */
    image.file->bytes[FIRST + 3] = 0xff;
    image.file->bytes[FIRST + STRIDE + 4] = 0xff; /* not of the bitmap at all */
    CU_ASSERT(image_sound(&image, 1));
    image_check(&image, TARN_CHECK_REPAIR_LEAKS);
    CU_ASSERT_EQUAL(image.host.check.leaks_fixed, 1);
    CU_ASSERT_EQUAL(image.host.check.leaks, 0);
    CU_ASSERT_EQUAL(image.file->size, FIRST + 2 * STRIDE);
    CU_ASSERT(image_sound(&image, 0));
    /* One in the middle stays: the numbers of the others are their places. */
    put32(&image, CATALOG, UINT32_MAX);
    image_check(&image, TARN_CHECK_REPAIR_ALL);
    CU_ASSERT_EQUAL(image.host.check.leaks, 1);
    CU_ASSERT_EQUAL(image.host.check.leaks_fixed, 0);
    image_free(&image);
}

/* Behind the end of the disk: what a crash leaves of one that shrinks. */
static void bits_behind_the_end(void)
{
    struct image image;

    written(&image);
    le64_store(image.file->bytes + 88, EXTENT + 1024);
    CU_ASSERT(image_sound(&image, 2));
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, 2 * EXTENT, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, EXTENT + 1024, 0x5a));
    CU_ASSERT(image_reads(&image, EXTENT + 1024, EXTENT - 1024, 0));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 1));
    image_check(&image, TARN_CHECK_REPAIR_LEAKS);
    CU_ASSERT_EQUAL(image.host.check.leaks_fixed, 1);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void cut_anywhere(void)
{
    struct image image;
    uint64_t size = FIRST + 3 * STRIDE;

    for (uint64_t length = 0; length < size; length += 512) {
        written(&image);
        image.file->size = length;
        if (length >= 512) {
            image_check(&image, 0);
            CU_ASSERT(image.host.check.corruptions >= 1);
        }
        image_try_all(&image);
        image_free(&image);
    }
}

static void random_damage(void)
{
    struct image image;

    random_start(7);
    for (int i = 0; i < 300; i++) {
        written(&image);
        for (uint64_t flips = 1 + random_below(6); flips > 0; flips--)
            image.file->bytes[random_below(2) ? 64 + random_below(40) : CATALOG + random_below(16)]
                ^= (uint8_t)(1u << random_below(8));
        image_try_all(&image);
        image_free(&image);
    }
}

static const struct unit_test tests[] = {
    { "the geometry of each size", geometries },
    { "what cannot be made", what_cannot_be_made },
    { "sectors come and go", sectors },
    { "no extents left", no_extents_left },
    { "on a device of a fixed size that is not empty", on_a_device },
    { "other sizes", other_sizes },
    { "space is reserved when it grows", reserved_when_it_grows },
    { "catalog entries that point anywhere", catalog_entries },
    { "leaks are given back", leaks_are_given_back },
    { "bits behind the end of the disk", bits_behind_the_end },
    { "cut off at each sector", cut_anywhere },
    { "random damage", random_damage },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("bochs-image", tests);
}
