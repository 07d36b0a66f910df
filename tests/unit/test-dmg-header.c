/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-dmg-header.c - the trailer, encrypted images, parts of images: recognised, described,
 * refused.
 */
#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"
#include "tests/unit/test-dmg-fixture.h"

static int32_t probe(const struct image *image)
{
    uint64_t size = image->file->size;
    struct tarn_probe what = {
        .struct_size = sizeof(what), .size = size, .head = image->file->bytes,
        .head_length = dmg_min(size, dmg_format.head_needed),
        .tail_length = dmg_min(size, dmg_format.tail_needed),
    };

    what.tail = image->file->bytes + size - what.tail_length;
    return dmg_format.probe(&what);
}

static void make(struct image *image)
{
    struct maker maker;

    maker_init(&maker);
    maker_everything(&maker);
    image_made(image, &maker);
}

static uint8_t *koly_of(struct image *image)
{
    return image->file->bytes + image->file->size - DMG_KOLY_SIZE;
}

static void a_good_image_is_known(void)
{
    struct image image;

    make(&image);
    CU_ASSERT_EQUAL(probe(&image), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(dmg_format.info(&image.host.call, &image.file->io), TARN_OK);
    CU_ASSERT_EQUAL(image.host.images, 1);
    CU_ASSERT_EQUAL(image.host.image.info.capacity,
                    be64_load(koly_of(&image) + 492) * DMG_SECTOR);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.subformat, "mixed");
    CU_ASSERT_STRING_EQUAL(image.host.image.info.compression, "adc+zlib+bzip2+lzfse+lzma");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "partitions"), "2");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "partition-1"),
                           "part & 1 (Apple_HFS : 1)");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "description"), "plist");
    CU_ASSERT(image.file->reads <= 2); /* the trailer, and what it points to */
    image_free(&image);
}

static void subformats_have_their_names(void)
{
    static const struct {
        uint32_t type;
        const char *subformat, *compression;
    } expected[] = {
        { DMG_RAW, "UDRO", NULL },      { DMG_ADC, "UDCO", "adc" },
        { DMG_ZLIB, "UDZO", "zlib" },   { DMG_BZIP2, "UDBZ", "bzip2" },
        { DMG_LZFSE, "ULFO", "lzfse" }, { DMG_LZMA, "ULMO", "lzma" },
    };
    uint8_t text[8 * DMG_SECTOR];

    maker_text(text, sizeof(text), 1);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        struct maker maker;
        struct image image;

        maker_init(&maker);
        maker_zeros(&maker, DMG_ZERO, 3);
        maker_chunk(&maker, expected[i].type, text, 8);
        image_made(&image, &maker);
        CU_ASSERT_EQUAL(dmg_format.info(&image.host.call, &image.file->io), TARN_OK);
        CU_ASSERT_STRING_EQUAL(image.host.image.info.subformat, expected[i].subformat);
        if (expected[i].compression == NULL) {
            CU_ASSERT_PTR_NULL(image.host.image.info.compression);
        } else {
            CU_ASSERT_STRING_EQUAL(image.host.image.info.compression, expected[i].compression);
        }
        CU_ASSERT_EQUAL(image.host.image.info.cluster_size, i == 0 ? 0 : sizeof(text));
        image_free(&image);
    }
}

static void other_files_are_not_claimed(void)
{
    uint8_t bytes[2048] = { 0 };
    struct image image;

    for (uint64_t length = 0; length <= sizeof(bytes); length += 256) {
        image_of(&image, bytes, length);
        CU_ASSERT_EQUAL(probe(&image), TARN_PROBE_NO);
        CU_ASSERT(image_refused(&image, TARN_E_CORRUPT, "no dmg image"));
        CU_ASSERT_EQUAL(dmg_format.info(&image.host.call, &image.file->io), TARN_E_CORRUPT);
        CU_ASSERT_EQUAL(dmg_format.check(&image.host.call, &image.file->io, 0), TARN_E_CORRUPT);
        image_free(&image);
    }
    memcpy(bytes, "koly", 4); /* in front: it is the end that counts */
    image_of(&image, bytes, sizeof(bytes));
    CU_ASSERT_EQUAL(probe(&image), TARN_PROBE_NO);
    image_free(&image);
}

static void every_field_is_checked(void)
{
    static const struct {
        uint32_t at, size;
        uint64_t value;
        const char *text;
    } wrong[] = {
        { 4, 4, 3, "version 3" }, { 4, 4, UINT32_MAX, "only version 4" },
        { 8, 4, 511, "511 bytes" }, { 8, 4, 0, "damaged" },
        { 24, 8, UINT64_MAX, "data fork" }, { 32, 8, UINT64_MAX, "data fork" },
        { 32, 8, INT64_MAX, "data fork" }, { 40, 8, UINT64_MAX, "resource fork" },
        { 48, 8, UINT64_MAX, "resource fork" }, { 48, 8, (uint64_t)1 << 48, "resource fork" },
        { 216, 8, UINT64_MAX, "property list" }, { 216, 8, 0, "property list" },
        { 224, 8, UINT64_MAX, "property list" }, { 224, 8, (uint64_t)1 << 48, "property list" },
        { 224, 8, 0, "neither" }, { 224, 8, 10, "property list is damaged" },
        { 492, 8, UINT64_MAX, "more than any disk" },
        { 492, 8, (uint64_t)1 << 63, "more than any disk" },
        { 492, 8, (uint64_t)1 << 55, "more than any disk" },
        { 492, 8, 1, "passes the end of the disk" },
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct image image;
        int32_t sure;

        make(&image);
        if (wrong[i].size == 4)
            be32_store(koly_of(&image) + wrong[i].at, (uint32_t)wrong[i].value);
        else
            be64_store(koly_of(&image) + wrong[i].at, wrong[i].value);
        sure = probe(&image);
        CU_ASSERT(sure == TARN_PROBE_WEAK || strstr(wrong[i].text, "passes") != NULL ||
                  strstr(wrong[i].text, "is damaged") != NULL ||
                  (wrong[i].at == 216 && wrong[i].value == 0));
        CU_ASSERT(image_open(&image, 0) != TARN_OK);
        CU_ASSERT(strstr(image.host.error, wrong[i].text) != NULL);
        image_survives(&image);
        image_free(&image);
    }
}

/* Every 32 bits of the trailer, all ones and all zero. */
static void any_field_does_no_harm(void)
{
    static const uint32_t values[] = { 0, UINT32_MAX, INT32_MAX };
    struct image good;

    make(&good);
    for (uint32_t at = 0; at < DMG_KOLY_SIZE; at += 4) {
        for (size_t i = 0; i < 3; i++) {
            struct image image;

            image_of(&image, good.file->bytes, good.file->size);
            be32_store(koly_of(&image) + at, values[i]);
            image_survives(&image);
            image_free(&image);
        }
    }
    image_free(&good);
}

static void a_description_of_16_mib_is_the_most(void)
{
    struct memory_io *file;
    struct image image;

    make(&image);
    file = memory_io_new(DMG_DESCRIPTION_MAX + 2 * DMG_KOLY_SIZE);
    memcpy(file->bytes + file->size - DMG_KOLY_SIZE, koly_of(&image), DMG_KOLY_SIZE);
    memory_io_free(image.file);
    image.file = file;
    file->keep = true;
    be64_store(koly_of(&image) + 32, 0);
    be64_store(koly_of(&image) + 216, 0);
    be64_store(koly_of(&image) + 224, DMG_DESCRIPTION_MAX + 1);
    CU_ASSERT(image_refused(&image, TARN_E_UNSUPPORTED, "at most 16777216 are read"));
    be64_store(koly_of(&image) + 224, DMG_DESCRIPTION_MAX);
    CU_ASSERT(image_refused(&image, TARN_E_CORRUPT, "property list is damaged"));
    image_free(&image);
}

static void parts_of_an_image_are_refused(void)
{
    static const struct {
        uint32_t number, count;
        const char *missing;
    } parts[] = { { 1, 3, "parts 2 to 3 are" }, { 2, 3, "parts 1 to 1 and 3 to 3 are" },
                  { 3, 3, "parts 1 to 2 are" }, { 7, 3, "part 7 of" },
                  { UINT32_MAX, UINT32_MAX, "part 4294967295" } };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct image image;

        make(&image);
        be32_store(koly_of(&image) + 56, parts[i].number);
        be32_store(koly_of(&image) + 60, parts[i].count);
        CU_ASSERT(image_refused(&image, TARN_E_UNSUPPORTED, parts[i].missing));
        CU_ASSERT_EQUAL(probe(&image), TARN_PROBE_SURE);
        CU_ASSERT_EQUAL(dmg_format.info(&image.host.call, &image.file->io), TARN_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(fake_host_property(&image.host, "segment"), " of "));
        image_survives(&image);
        image_free(&image);
    }
}

static void encrypted_images_are_named(void)
{
    uint8_t bytes[4096] = { 0 };
    struct image image;

    memcpy(bytes, "encrcdsa", 8);
    be32_store(bytes + 8, 2);
    be32_store(bytes + 24, 256);
    be64_store(bytes + 56, 3000);
    image_of(&image, bytes, sizeof(bytes));
    CU_ASSERT_EQUAL(probe(&image), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(dmg_format.info(&image.host.call, &image.file->io), TARN_OK);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.encryption, "aes-256");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "encrypted-bytes"), "3000");
    CU_ASSERT(image_refused(&image, TARN_E_UNSUPPORTED, "encrypted"));
    CU_ASSERT_EQUAL(dmg_format.check(&image.host.call, &image.file->io, 0), TARN_E_UNSUPPORTED);
    be64_store(image.file->bytes + 56, UINT64_MAX);
    CU_ASSERT_EQUAL(probe(&image), TARN_PROBE_MAGIC);
    image_free(&image);

    memset(bytes, 0, sizeof(bytes));
    memcpy(bytes + sizeof(bytes) - 8, "cdsaencr", 8);
    image_of(&image, bytes, sizeof(bytes));
    CU_ASSERT_EQUAL(probe(&image), TARN_PROBE_MAGIC);
    CU_ASSERT_EQUAL(dmg_format.info(&image.host.call, &image.file->io), TARN_OK);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.encryption, "aes-128");
    CU_ASSERT(image_refused(&image, TARN_E_UNSUPPORTED, "encrypted"));
    image_free(&image);

    image_of(&image, "encrcdsa", 8); /* and nothing more */
    CU_ASSERT_EQUAL(probe(&image), TARN_PROBE_NO);
    image_survives(&image);
    image_free(&image);
}

/* Two trailers, one of them in the data: the last one counts, and there only. */
static void the_last_trailer_counts(void)
{
    struct maker maker;
    struct image inner;
    struct image image;

    make(&inner);
    maker_init(&maker);
    maker_chunk(&maker, DMG_RAW, koly_of(&inner), 1);
    image_made(&image, &maker);
    CU_ASSERT(image_holds(&image, koly_of(&inner), DMG_SECTOR));
    CU_ASSERT_EQUAL(image_faults(&image), 0);
    image.file->size--; /* a file of an odd size, whose trailer is not where it should be */
    CU_ASSERT(image_refused(&image, TARN_E_CORRUPT, "no dmg image"));
    image_free(&image);
    image_free(&inner);
}

static void what_cannot_be_done_is_refused(void)
{
    struct tarn_image_open how = { sizeof(how), 0, "a-snapshot" };
    struct image image;

    make(&image);
    CU_ASSERT_EQUAL(dmg_format.open(&image.host.call, &image.file->io, &how, &image.disk),
                    TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_COMPRESS),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(dmg_format.check(&image.host.call, &image.file->io, TARN_CHECK_REPAIR_ALL),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(image.file->writes, 0);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, 1 << 20, 0),
                    TARN_E_UNSUPPORTED);
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "a good image is known and described", a_good_image_is_known },
    { "subformats have their names", subformats_have_their_names },
    { "other files are not claimed", other_files_are_not_claimed },
    { "every field of the trailer is checked", every_field_is_checked },
    { "any field of the trailer does no harm", any_field_does_no_harm },
    { "a description has at most 16 MiB", a_description_of_16_mib_is_the_most },
    { "parts of an image are refused, with what is missing", parts_of_an_image_are_refused },
    { "encrypted images are named", encrypted_images_are_named },
    { "the last trailer counts", the_last_trailer_counts },
    { "what cannot be done is refused", what_cannot_be_done_is_refused },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("dmg-header", tests);
}
