/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which bytes are a VHD, and what of its footers and header is believed.
 */
#include <string.h>

#include "tests/unit/test-vpc-fixture.h"

#define BLOCK ((uint64_t)65536)
#define HEADER ((uint64_t)512)

static void make_fixed(struct image *image, uint64_t capacity)
{
    struct tarn_image_spec spec = spec_of(capacity);

    spec.subformat = "fixed";
    image_make(image, &vpc_format, &spec);
}

static void make_dynamic(struct image *image)
{
    struct tarn_image_spec spec = spec_blocks(10 * BLOCK, BLOCK);

    image_make(image, &vpc_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(image, 3 * BLOCK, 3 * BLOCK, 0x33);
    image_close(image);
}

static uint64_t capacity_of(struct image *image)
{
    fake_host_reset(&image->host);
    return vpc_format.info(&image->host.call, &image->file->io) == TARN_OK
               ? image->host.image.info.capacity : UINT64_MAX;
}

static void recognised(void)
{
    struct image image;

    make_fixed(&image, 100000);
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(capacity_of(&image), 100352);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.subformat, "fixed");
    CU_ASSERT_STRING_EQUAL(image.host.image.info.creator, "tarn");
    CU_ASSERT_EQUAL(image.host.related_asked, 0);
    CU_ASSERT(image.file->reads <= 2);
    image_free(&image);
    make_dynamic(&image);
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_SURE);
    image.file->reads = 0;
    CU_ASSERT_EQUAL(capacity_of(&image), 10 * BLOCK);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.subformat, "dynamic");
    CU_ASSERT_EQUAL(image.host.image.info.cluster_size, BLOCK);
    CU_ASSERT_EQUAL(image.file->reads, 2);
    image_free(&image);
}

static void other_bytes_are_not(void)
{
    uint8_t bytes[4096] = { 0 };
    struct image image;

    for (uint64_t length = 0; length <= sizeof(bytes); length += 256) {
        image_of(&image, &vpc_format, bytes, length);
        CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_NO);
        CU_ASSERT_NOT_EQUAL(image_opens(&image), TARN_OK);
        image_free(&image);
    }
    memcpy(bytes, "conectix", 8);
    memcpy(bytes + sizeof(bytes) - 512, "conectix", 8);
    image_of(&image, &vpc_format, bytes, sizeof(bytes));
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_NO);
    image_free(&image);
}

/* A guest writes what it likes into the first sector of a fixed image. */
static void guest_cannot_change_a_fixed_image(void)
{
    struct image dynamic;
    struct image image;

    make_dynamic(&dynamic);
    make_fixed(&image, 20 * BLOCK);
    memcpy(image.file->bytes, dynamic.file->bytes, dynamic.file->size);
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(capacity_of(&image), 20 * BLOCK);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.subformat, "fixed");
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 1, 'c'));
    image_free(&image);
    image_free(&dynamic);
}

static void old_footers_of_511_bytes(void)
{
    struct image fixed;
    struct image image;

    make_fixed(&fixed, 100 * SECTOR);
    image_of(&image, &vpc_format, fixed.file->bytes, fixed.file->size - 1);
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(capacity_of(&image), 100 * SECTOR);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 99 * SECTOR, SECTOR, 7);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
    image_free(&fixed);
}

static void one_good_footer_is_enough(void)
{
    static const uint64_t damage[] = { 0, 40 }; /* no cookie; a wrong checksum */
    struct image whole;
    struct image image;

    make_dynamic(&whole);
    for (uint32_t i = 0; i < 4; i++) {
        uint64_t at = (i & 1 ? image_footer(&whole) : 0) + damage[i >> 1];

        image_copy(&image, &whole);
        image.file->bytes[at] ^= 0x10;
        CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_SURE);
        CU_ASSERT_EQUAL(capacity_of(&image), 10 * BLOCK);
        CU_ASSERT(image.host.image.info.flags & TARN_IMAGE_DIRTY);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
        CU_ASSERT(image_reads(&image, 3 * BLOCK, 3 * BLOCK, 0x33));
        image_close(&image);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        image_close(&image);
        CU_ASSERT(image_sound(&image, 0));
        CU_ASSERT_EQUAL(memcmp(image.file->bytes, image.file->bytes + image_footer(&image), 512),
                        0);
        image_free(&image);
    }
    image_free(&whole);
}

static void wrong_checksums_are_told_and_refused(void)
{
    struct image image;

    make_dynamic(&image);
    image.file->bytes[70] ^= 1; /* the unique id, in both */
    image.file->bytes[image_footer(&image) + 70] ^= 1;
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_MAGIC);
    CU_ASSERT_EQUAL(capacity_of(&image), 10 * BLOCK);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "footer"), "wrong checksum");
    CU_ASSERT_EQUAL(image_opens(&image), TARN_E_CORRUPT);
    image_free(&image);
    make_dynamic(&image);
    image_put32(&image, HEADER + 36, image_get32(&image, HEADER + 36) + 1);
    CU_ASSERT_EQUAL(image_opens(&image), TARN_E_CORRUPT);
    image_free(&image);
    make_fixed(&image, 5 * SECTOR);
    image_put32(&image, image_footer(&image) + 64, 0);
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_MAGIC);
    CU_ASSERT_EQUAL(image_opens(&image), TARN_E_CORRUPT);
    image_free(&image);
}

struct field {
    const char *what;
    uint64_t offset;
    uint32_t size;
    uint64_t value;
    int32_t expected;
};

static void damaged_footers(void)
{
    static const struct field fields[] = {
        { "version 2", 12, 4, 0x20000, TARN_E_UNSUPPORTED },
        { "data offset 0", 16, 8, 0, TARN_E_CORRUPT },
        { "data offset 511", 16, 8, 511, TARN_E_CORRUPT },
        { "data offset behind the end", 16, 8, (uint64_t)1 << 40, TARN_E_CORRUPT },
        { "data offset all ones", 16, 8, UINT64_MAX, TARN_E_CORRUPT },
        { "current size 2^63", 48, 8, (uint64_t)1 << 63, TARN_E_CORRUPT },
        { "current size all ones", 48, 8, UINT64_MAX, TARN_E_CORRUPT },
        { "current size over 2040 GiB", 48, 8, 0xff000001 * SECTOR, TARN_E_CORRUPT },
        { "current size behind the table", 48, 8, 11 * BLOCK, TARN_E_CORRUPT },
        { "type 0", 60, 4, 0, TARN_E_UNSUPPORTED },
        { "type 1", 60, 4, 1, TARN_E_UNSUPPORTED },
        { "type 5", 60, 4, 5, TARN_E_UNSUPPORTED },
        { "type all ones", 60, 4, UINT32_MAX, TARN_E_UNSUPPORTED },
        { "saved state", 84, 1, 1, TARN_OK },
        { "features all ones", 8, 4, UINT32_MAX, TARN_OK },
        { "timestamp all ones", 24, 4, UINT32_MAX, TARN_OK },
        { "creator all ones", 28, 4, UINT32_MAX, TARN_OK },
        { "original size all ones", 40, 8, UINT64_MAX, TARN_OK },
        { "geometry all ones", 56, 4, UINT32_MAX, TARN_OK },
    };
    struct image whole;
    struct image image;

    make_dynamic(&whole);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        int32_t status;

        image_copy(&image, &whole);
        image_put_footers(&image, fields[i].offset, fields[i].value, fields[i].size);
        status = image_opens(&image);
        if (status != fields[i].expected)
            printf("# %s: status %d\n", fields[i].what, (int)status);
        CU_ASSERT_EQUAL(status, fields[i].expected);
        image_free(&image);
    }
    image_free(&whole);
}

static void damaged_headers(void)
{
    static const struct field fields[] = {
        { "no cookie", 0, 8, 0, TARN_E_CORRUPT },
        { "table behind the end", 16, 8, (uint64_t)1 << 40, TARN_E_CORRUPT },
        { "table all ones", 16, 8, UINT64_MAX, TARN_E_CORRUPT },
        { "table on the footer", 16, 8, 0, TARN_E_CORRUPT },
        { "table on the header", 16, 8, 1024, TARN_E_CORRUPT },
        { "version 2", 24, 4, 0x20000, TARN_E_UNSUPPORTED },
        { "no entries", 28, 4, 0, TARN_E_CORRUPT },
        { "too few entries", 28, 4, 9, TARN_E_CORRUPT },
        { "2^30 entries and one", 28, 4, 0x40000001, TARN_E_CORRUPT },
        { "entries all ones", 28, 4, UINT32_MAX, TARN_E_CORRUPT },
        { "block size 0", 32, 4, 0, TARN_E_CORRUPT },
        { "block size 511", 32, 4, 511, TARN_E_CORRUPT },
        { "block size 513", 32, 4, 513, TARN_E_CORRUPT },
        { "block size 2^31", 32, 4, 0x80000000, TARN_E_UNSUPPORTED },
        { "block size all ones", 32, 4, UINT32_MAX, TARN_E_CORRUPT },
        { "data offset all zero", 8, 8, 0, TARN_OK },
        { "parent id all ones", 40, 8, UINT64_MAX, TARN_OK },
        { "parent time all ones", 56, 4, UINT32_MAX, TARN_OK },
        { "locator all ones", 592, 8, UINT64_MAX, TARN_OK },
    };
    struct image whole;
    struct image image;

    make_dynamic(&whole);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        int32_t status;

        image_copy(&image, &whole);
        if (fields[i].size == 8)
            image_put64(&image, HEADER + fields[i].offset, fields[i].value);
        else
            image_put32(&image, HEADER + fields[i].offset, (uint32_t)fields[i].value);
        image_seal_header(&image);
        status = image_opens(&image);
        if (status != fields[i].expected)
            printf("# %s: status %d\n", fields[i].what, (int)status);
        CU_ASSERT_EQUAL(status, fields[i].expected);
        image_free(&image);
    }
    image_free(&whole);
}

/* Only Virtual PC, and QEMU before it had "qem2", mean the geometry. */
static void sizes_by_creator(void)
{
    static const struct {
        const char *creator;
        bool geometry;
    } creators[] = {
        { "vpc ", true },  { "qemu", true },     { "qem2", false }, { "win ", false },
        { "d2v ", false }, { "tap\0", false },   { "CTXS", false }, { "vbox", false },
        { "vs  ", false }, { "wa\0\0", false }, { "bxic", false },
    };
    struct image image;

    make_dynamic(&image);
    for (size_t i = 0; i < sizeof(creators) / sizeof(creators[0]); i++) {
        memcpy(image.file->bytes + 28, creators[i].creator, 4);
        memcpy(image.file->bytes + image_footer(&image) + 28, creators[i].creator, 4);
        image_put_footers(&image, 56, 0x00090411, 4); /* 9/4/17 */
        CU_ASSERT_EQUAL(capacity_of(&image),
                        creators[i].geometry ? 9 * 4 * 17 * SECTOR : 10 * BLOCK);
        image_put_footers(&image, 56, 0xffff10ff, 4); /* 65535/16/255 */
        CU_ASSERT_EQUAL(capacity_of(&image), 10 * BLOCK);
        image_put_footers(&image, 56, 0x00000411, 4); /* no cylinders */
        CU_ASSERT_EQUAL(capacity_of(&image), creators[i].geometry ? UINT64_MAX : 10 * BLOCK);
    }
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "fixed and dynamic images are recognised, by two reads", recognised },
    { "other bytes are not", other_bytes_are_not },
    { "a guest cannot change what a fixed image is", guest_cannot_change_a_fixed_image },
    { "old footers of 511 bytes", old_footers_of_511_bytes },
    { "one good footer is enough, and is copied back", one_good_footer_is_enough },
    { "wrong checksums are told and refused", wrong_checksums_are_told_and_refused },
    { "damaged footers", damaged_footers },
    { "damaged headers", damaged_headers },
    { "the size depends on the creator", sizes_by_creator },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("vpc-head", tests);
}
