/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The guest's disk over its base, creation, the check; and what crashes and failures leave.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/format-crash.h"
#include "tests/unit/test-cow-fixture.h"

#define SECTORS ((uint64_t)300)
#define SIZE    (SECTORS * SECTOR)

static void written_over_the_base(const char *subformat)
{
    struct image image;

    cow_make(&image, SIZE, subformat);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, SIZE, 0xbb));
    image_write(&image, 1000, 10, 0x10);
    image_write(&image, 20 * SECTOR, 50 * SECTOR, 0x20);
    image_write(&image, SIZE - 1, 1, 0x30);
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, 30 * SECTOR, 1000,
                                 TARN_ZERO_MAY_UNMAP), TARN_OK);
    image_close(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 1000, 0xbb));
    CU_ASSERT(image_reads(&image, 1000, 10, 0x10));
    CU_ASSERT(image_reads(&image, 1010, 20 * SECTOR - 1010, 0xbb));
    CU_ASSERT(image_reads(&image, 20 * SECTOR, 10 * SECTOR, 0x20));
    CU_ASSERT(image_reads(&image, 30 * SECTOR, 1000, 0));
    CU_ASSERT(image_reads(&image, 30 * SECTOR + 1000, 40 * SECTOR - 1000, 0x20));
    CU_ASSERT(image_reads(&image, 70 * SECTOR, SIZE - 70 * SECTOR - 1, 0xbb));
    CU_ASSERT(image_reads(&image, SIZE - 1, 1, 0x30));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL(image.host.check.allocated_clusters, 52);
    CU_ASSERT_EQUAL(image.base->writes, 0);
    image_free(&image);
}

static void both_are_written(void)
{
    written_over_the_base("uml");
    written_over_the_base("qemu");
}

/* The kernel makes such over a base of an odd size. */
static void an_odd_size(void)
{
    struct image image;

    cow_make(&image, SIZE + 77, NULL);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, SIZE + 77, 0xbb));
    image_write(&image, SIZE + 70, 7, 0x42);
    CU_ASSERT(image_reads(&image, SIZE, 70, 0xbb));
    CU_ASSERT(image_reads(&image, SIZE + 70, 7, 0x42));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL(image.file->size, 12288 + SIZE + 77);
    image_free(&image);
}

/* Of version 1 and 2 the last sectors may have no bit: they are the base's, for ever. */
static void sectors_without_a_bit(void)
{
    struct image image;

    image_by_hand(&image, COW_UML_2, 20 * SECTOR);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT(image_reads(&image, 11 * SECTOR, 9 * SECTOR, 0xbb));
    image_write(&image, 11 * SECTOR, 5 * SECTOR, 0x50);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 16 * SECTOR),
                    TARN_E_UNSUPPORTED);
    image_close(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 11 * SECTOR, 5 * SECTOR, 0x50));
    CU_ASSERT(image_reads(&image, 16 * SECTOR, 4 * SECTOR, 0xbb));
    image_free(&image);
}

static void a_changed_base_is_refused(void)
{
    struct image image;

    cow_make(&image, SIZE, NULL);
    CU_ASSERT_EQUAL(image_opens(&image), TARN_OK);
    image_base_time(BASE_TIME + 1);
    CU_ASSERT_EQUAL(image_opens(&image), TARN_E_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "touch -d @1234567890"));
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_NO_BACKING), TARN_OK);
    image_close(&image);
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 1);
    image_base_time(BASE_TIME);
    image.base->size -= 1;
    CU_ASSERT_EQUAL(image_opens(&image), TARN_E_CORRUPT);
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 1);
    image_free(&image);
}

static void a_missing_base_is_refused(void)
{
    struct image image;

    cow_make(&image, SIZE, NULL);
    for (uint64_t i = 0; i < image.host.related_count; i++)
        image.host.related[i].role = UINT32_MAX;
    CU_ASSERT_EQUAL(image_opens(&image), TARN_E_NOT_FOUND);
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.check.errors, 1);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_NO_BACKING), TARN_OK);
    CU_ASSERT_FALSE(image_reads(&image, 0, SECTOR, 0xbb));
    CU_ASSERT_EQUAL(image.host.status, TARN_E_STATE);
    image_free(&image);
}

static void the_size_is_fixed(void)
{
    struct image image;

    cow_make(&image, SIZE, NULL);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, 2 * SIZE, 0),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "base"));
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, SIZE), TARN_E_NO_SPACE);
    image_free(&image);
}

static void damaged_bitmaps(void)
{
    struct image image;

    cow_make(&image, SIZE, NULL);
    image.file->bytes[8192 + SECTORS / 8] = 0xf0; /* 300 is 37 bytes and 4 bits */
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 1);
    CU_ASSERT_EQUAL(image_opens(&image), TARN_OK);
    image.file->bytes[8192 + SECTORS / 8] = 0x08;
    CU_ASSERT(image_sound(&image, 0));
    image.file->size -= SECTOR;
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 1);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, SIZE - SECTOR, 0xbb));
    CU_ASSERT_FALSE(image_reads(&image, SIZE - SECTOR, SECTOR, 0));
    CU_ASSERT_EQUAL(image.host.status, TARN_E_CORRUPT);
    image_free(&image);
}

static void refused_specifications(void)
{
    static const struct tarn_property option = { sizeof(option), 0, "x", "y" };
    static const struct tarn_property *const options[] = { &option, NULL };
    static const char *const features[] = { "x", NULL };
    struct tarn_image_spec specs[16];
    char longest[4097];
    uint32_t count = 0;

    memset(longest, 'a', sizeof(longest) - 1);
    longest[0] = '/';
    longest[4096] = '\0';
    for (uint32_t i = 0; i < 16; i++)
        specs[i] = (struct tarn_image_spec){ .struct_size = sizeof(specs[i]), .capacity = SIZE,
                                             .backing_name = BASE_NAME };
    specs[count++].backing_name = NULL;
    specs[count++].backing_name = "";
    specs[count++].backing_name = "base.raw";
    specs[count++].backing_name = longest;
    specs[count++].backing_format = "qcow2";
    specs[count++].capacity = SIZE + SECTOR;
    specs[count++].capacity = 0;
    specs[count++].capacity = UINT64_MAX;
    specs[count++].subformat = "vpc";
    specs[count++].compat = "3";
    specs[count++].features = features;
    specs[count++].options = options;
    specs[count++].cluster_size = 4096;
    specs[count++].preallocation = TARN_PREALLOC_FULL;
    for (uint32_t i = 0; i < count; i++) {
        struct image image;

        image_new(&image, SIZE);
        CU_ASSERT_EQUAL(cow_format.create(&image.host.call, &image.file->io, &specs[i]),
                        TARN_E_INVALID);
        CU_ASSERT_EQUAL(image.file->size, 0);
        image_free(&image);
    }
}

static void created(void)
{
    struct tarn_image_spec spec = { .struct_size = sizeof(spec), .capacity = SIZE,
                                    .subformat = "qemu" };
    struct image image;
    uint64_t bytes = 0;

    cow_make(&image, SIZE, NULL);
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(image_info(&image), TARN_OK);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "version"), "3");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "backing-mtime"), "1234567890");
    CU_ASSERT_EQUAL(image.file->size, 12288 + SIZE);
    image_free(&image);
    image_new(&image, 0); /* without a base */
    CU_ASSERT_EQUAL(cow_format.create(&image.host.call, &image.file->io, &spec), TARN_OK);
    CU_ASSERT_EQUAL(cow_format.measure(&image.host.call, &spec, &bytes), TARN_OK);
    CU_ASSERT_EQUAL(bytes, image.file->size);
    CU_ASSERT_EQUAL(image.host.related_asked, 0);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 100, 100, 1);
    CU_ASSERT(image_reads(&image, 0, 100, 0));
    CU_ASSERT(image_reads(&image, 100, 100, 1));
    CU_ASSERT(image_reads(&image, 200, SIZE - 200, 0));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

/* --- crashes ---------------------------------------------------------------------------------- */

struct story {
    struct image *image;
    uint64_t flushed; /* by this step the first half is 0x01 */
};

/* A sector is the base's, or of the writes that were begun; never another thing. */
static bool as_written(struct image *after, uint64_t steps, void *arg)
{
    static uint8_t bytes[SIZE];
    const struct story *story = arg;
    bool good;

    cow_rest_on(after, story->image->base);
    good = image_open(after, 0) == TARN_OK &&
           tarn_io_pread(&after->host.call, after->disk, bytes, sizeof(bytes), 0) == TARN_OK;
    for (uint64_t i = 0; i < SIZE && good; i++)
        good = bytes[i] == bytes[i - i % SECTOR] &&
               (bytes[i] == 0xbb || (bytes[i] >= 1 && bytes[i] <= 40)) &&
               (steps < story->flushed || i >= SIZE / 2 || bytes[i] != 0xbb);
    if (good) {
        image_close(after);
        good = image_sound(after, 0);
    }
    return good;
}

static void crash(const char *subformat)
{
    struct memory_io *start;
    struct image image;
    struct story story = { &image, 0 };

    cow_make(&image, SIZE, subformat);
    start = image_record(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 0, SIZE / 2, 1);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    story.flushed = image.file->journal_length;
    for (uint8_t i = 2; i <= 40; i++) {
        uint64_t first = random_below(SECTORS);
        uint64_t most = SECTORS - first < 30 ? SECTORS - first : 30;

        image_write(&image, first * SECTOR, (1 + random_below(most)) * SECTOR, i);
        if (i % 7 == 0)
            CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    }
    image_close(&image);
    CU_ASSERT(image_survives(&image, &(struct crashes){ .start = start, .judge = as_written,
                                                        .arg = &story }));
    memory_io_free(start);
    image_free(&image);
}

static void crashes(void)
{
    random_start(12345);
    crash("uml");
    crash("qemu");
}

static void failed_writes_lose_nothing(void)
{
    struct image whole;

    cow_make(&whole, SIZE, NULL);
    CU_ASSERT_EQUAL_FATAL(image_open(&whole, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&whole, 0, SIZE / 2, 0x42);
    image_close(&whole);
    for (uint64_t i = 1; i < 20; i++) {
        uint8_t bytes[5000] = { 1 };
        struct image image;

        cow_copy(&image, &whole);
        image.file->fail_at = i;
        if (image_open(&image, TARN_IMAGE_OPEN_WRITE) == TARN_OK) {
            tarn_io_pwrite(&image.host.call, image.disk, bytes, sizeof(bytes), SIZE / 2);
            tarn_io_pwrite(&image.host.call, image.disk, bytes, 100, SIZE - 500);
            tarn_io_flush(&image.host.call, image.disk);
            tarn_io_close(&image.host.call, image.disk);
            image.disk = NULL;
        }
        image.file->fail_at = 0;
        CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
        CU_ASSERT(image_reads(&image, 0, SIZE / 2, 0x42));
        CU_ASSERT(image_reads(&image, SIZE / 2 + 10240, SIZE / 4, 0xbb));
        image_close(&image);
        CU_ASSERT(image_sound(&image, 0));
        image_free(&image);
    }
    image_free(&whole);
}

static const struct unit_test tests[] = {
    { "both subformats are written over their base", both_are_written },
    { "an odd size", an_odd_size },
    { "sectors without a bit", sectors_without_a_bit },
    { "a changed base is refused", a_changed_base_is_refused },
    { "a missing base is refused", a_missing_base_is_refused },
    { "the size is fixed", the_size_is_fixed },
    { "damaged bitmaps", damaged_bitmaps },
    { "specifications that are refused", refused_specifications },
    { "creation", created },
    { "crashes", crashes },
    { "failed writes lose nothing", failed_writes_lose_nothing },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("cow-disk", tests);
}
