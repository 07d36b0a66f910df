/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The head of bochs images: what is recognised, what is described, what is refused.
 */
#include <string.h>

#include "formats/bochs/format.h"
#include "helpers/le.h"
#include "tests/unit/format-fixture.h"

#define DISK ((uint64_t)10321920)

/* Places in the header. */
#define VERSION_AT 64u
#define LENGTH_AT 68u
#define CATALOG_AT 72u
#define BITMAP_AT 76u
#define EXTENT_AT 80u
#define SIZE_AT 88u /* of version 2 */

static void start(struct image *image)
{
    struct tarn_image_spec spec = spec_of(DISK);

    image_make(image, &bochs_format, &spec);
}

static void put32(struct image *image, uint64_t at, uint32_t value)
{
    le32_store(image->file->bytes + at, value);
}

/* Refused with this status by everything that reads the header, and the text says `word`. */
static void refused(struct image *image, int32_t status, const char *word)
{
    CU_ASSERT_EQUAL(image_info(image), status);
    CU_ASSERT_PTR_NOT_NULL(strstr(image->host.error, word));
    CU_ASSERT_EQUAL(image->host.images, 0);
    CU_ASSERT_EQUAL(image_open(image, 0), status);
    CU_ASSERT_EQUAL(bochs_format.check(&image->host.call, &image->file->io, 0), status);
    CU_ASSERT(image_probe(image) < TARN_PROBE_SURE);
    image_free(image);
}

static void refused_number(uint64_t at, uint32_t value, const char *word)
{
    struct image image;

    start(&image);
    put32(&image, at, value);
    refused(&image, TARN_E_CORRUPT, word);
}

static void described(void)
{
    struct image image;
    uint64_t reads;

    start(&image);
    reads = image.file->reads;
    CU_ASSERT_EQUAL(image_info(&image), TARN_OK);
    CU_ASSERT_EQUAL(image.file->reads, reads + 1);
    CU_ASSERT_EQUAL(image.host.image.info.capacity, DISK);
    CU_ASSERT_EQUAL(image.host.image.info.cluster_size, 16384);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.subformat, "growing");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "version"), "2");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "catalog-entries"), "1024");
    CU_ASSERT_PTR_NULL(fake_host_property(&image.host, "needs"));
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_SURE);
    image_free(&image);
}

static void numbers_out_of_range(void)
{
    static const uint32_t catalogs[] = { 0, 1, 629, 0x100001, 0x40000000, UINT32_MAX };
    static const uint32_t extents[] = { 0, 256, 511, 513, 16383, 0x00800001, 0x01000000,
                                        0x80000000, UINT32_MAX };
    static const uint32_t bitmaps[] = { 0, 1, 3, 65537, UINT32_MAX };
    static const uint32_t lengths[] = { 0, 4, 511, 514, 65540, UINT32_MAX };

    for (size_t i = 0; i < sizeof(catalogs) / sizeof(catalogs[0]); i++)
        refused_number(CATALOG_AT, catalogs[i], "catalog");
    for (size_t i = 0; i < sizeof(extents) / sizeof(extents[0]); i++)
        refused_number(EXTENT_AT, extents[i], "powers of two");
    for (size_t i = 0; i < sizeof(bitmaps) / sizeof(bitmaps[0]); i++)
        refused_number(BITMAP_AT, bitmaps[i], "4 to 65536");
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        refused_number(LENGTH_AT, lengths[i], "catalog");
}

static void sizes_out_of_range(void)
{
    static const uint64_t sizes[] = { 0, 1, 511, 513, DISK + 1, (uint64_t)1 << 24 | 512,
                                      (uint64_t)1 << 63, UINT64_MAX, UINT64_MAX - 511 };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct image image;

        start(&image);
        le64_store(image.file->bytes + SIZE_AT, sizes[i]);
        refused(&image, TARN_E_CORRUPT, "whole sectors");
    }
}

static void other_versions(void)
{
    static const uint32_t versions[] = { 0, 1, 0x00030000, 0x00020001, UINT32_MAX };
    struct image image;

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        start(&image);
        put32(&image, VERSION_AT, versions[i]);
        CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_MAGIC);
        refused(&image, TARN_E_UNSUPPORTED, "version");
    }
    start(&image);
    image.file->bytes[48] = 'X';
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_MAGIC);
    refused(&image, TARN_E_UNSUPPORTED, "kind of redolog");
    start(&image);
    image.file->bytes[22] = '!'; /* the magic goes on */
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_NO);
    refused(&image, TARN_E_CORRUPT, "no bochs header");
    start(&image);
    image.file->bytes[32] = 'r';
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_NO);
    refused(&image, TARN_E_CORRUPT, "no bochs header");
}

/* No image of version 1 is to be had: it is version 2 without the timestamp. */
static void version_1(void)
{
    struct image image;

    start(&image);
    put32(&image, VERSION_AT, 0x00010000);
    le64_store(image.file->bytes + 84, DISK);
    put32(&image, 92, 0);
    CU_ASSERT_EQUAL(image_info(&image), TARN_OK);
    CU_ASSERT_EQUAL(image.host.image.info.capacity, DISK);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "version"), "1");
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 1000, 50000, 3);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, DISK + 512, 0), TARN_OK);
    image_close(&image);
    CU_ASSERT_EQUAL(le64_load(image.file->bytes + 84), DISK + 512);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

/* They are overlays of a disk that they do not name: alone they are no disk. */
static void undoable_and_volatile(void)
{
    static const char *const names[] = { "Undoable", "Volatile" };
    static const char *const subformats[] = { "undoable", "volatile" };

    for (size_t i = 0; i < 2; i++) {
        struct image image;

        start(&image);
        memcpy(image.file->bytes + 48, names[i], 9);
        put32(&image, 84, 0x52a54000);
        CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_SURE);
        CU_ASSERT_EQUAL(image_info(&image), TARN_OK);
        CU_ASSERT_EQUAL(image.host.image.info.capacity, DISK);
        CU_ASSERT_STRING_EQUAL(image.host.image.info.subformat, subformats[i]);
        CU_ASSERT_PTR_NOT_NULL(fake_host_property(&image.host, "needs"));
        CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "base-timestamp"), "0x52a54000");
        CU_ASSERT_EQUAL(image_open(&image, 0), TARN_E_UNSUPPORTED);
        CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "flat disk"));
        CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_UNSUPPORTED);
        CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_NO_BACKING), TARN_E_UNSUPPORTED);
        CU_ASSERT(image_sound(&image, 0));
        image_free(&image);
    }
}

/* Any field all ones, of any width. */
static void all_ones(void)
{
    static const uint32_t widths[] = { 1, 2, 4, 8 };

    for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
        for (uint32_t at = 0; at + widths[w] <= 104; at += widths[w]) {
            struct image image;

            start(&image);
            memset(image.file->bytes + at, 0xff, widths[w]);
            image_try_all(&image);
            image_free(&image);
        }
    }
}

static void cut_off(void)
{
    static const uint64_t lengths[] = { 0, 1, 22, 23, 39, 64, 95, 96, 511 };

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct image image;

        start(&image);
        image.file->size = lengths[i];
        image_probe(&image);
        CU_ASSERT_EQUAL(image_info(&image), TARN_E_CORRUPT);
        CU_ASSERT_EQUAL(image_open(&image, 0), TARN_E_CORRUPT);
        image_free(&image);
    }
}

static const struct unit_test tests[] = {
    { "an image is described by one read", described },
    { "numbers out of range", numbers_out_of_range },
    { "sizes out of range", sizes_out_of_range },
    { "other versions and kinds", other_versions },
    { "version 1", version_1 },
    { "undoable and volatile redologs are described, not read", undoable_and_volatile },
    { "all ones in every field", all_ones },
    { "a header that is cut off", cut_off },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("bochs-header", tests);
}
