/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The head of qcow images: what is recognised, what is described, what is refused.
 */
#include <string.h>

#include "formats/qcow/format.h"
#include "helpers/be.h"
#include "tests/unit/format-fixture.h"

#define DISK ((uint64_t)10 << 20)

static void start(struct image *image)
{
    struct tarn_image_spec spec = spec_of(DISK);

    image_make(image, &qcow_format, &spec);
}

static void put64(struct image *image, uint64_t at, uint64_t value)
{
    be64_store(image->file->bytes + at, value);
}

static void put32(struct image *image, uint64_t at, uint32_t value)
{
    be32_store(image->file->bytes + at, value);
}

/* Refused with this status by everything that reads the header, and the text says `word`. */
static void refused(struct image *image, int32_t status, const char *word)
{
    fake_host_reset(&image->host);
    CU_ASSERT_EQUAL(image_info(image), status);
    CU_ASSERT_PTR_NOT_NULL(strstr(image->host.error, word));
    CU_ASSERT_EQUAL(image->host.images, 0);
    CU_ASSERT_EQUAL(image_open(image, 0), status);
    CU_ASSERT_EQUAL(qcow_format.check(&image->host.call, &image->file->io, 0), status);
    CU_ASSERT(image_probe(image) < TARN_PROBE_SURE);
    image_free(image);
}

static void described(void)
{
    struct image image;
    uint64_t reads;

    start(&image);
    reads = image.file->reads;
    CU_ASSERT_EQUAL(image_info(&image), TARN_OK);
    CU_ASSERT_EQUAL(image.file->reads, reads + 1);
    CU_ASSERT_EQUAL(image.host.images, 1);
    CU_ASSERT_EQUAL(image.host.image.info.capacity, DISK);
    CU_ASSERT_EQUAL(image.host.image.info.cluster_size, 4096);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "l2-entries"), "512");
    CU_ASSERT_PTR_NULL(image.host.image.info.encryption);
    CU_ASSERT_PTR_NULL(image.host.image.info.backing_name);
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_SURE);
    image_free(&image);
}

static void numbers_out_of_range(void)
{
    static const uint8_t cluster_bits[] = { 0, 8, 17, 63, 255 };
    static const uint8_t l2_bits[] = { 0, 5, 14, 255 };
    static const uint64_t sizes[] = { 0, 1, (uint64_t)1 << 63, UINT64_MAX, INT64_MAX };
    static const uint64_t l1_offsets[] = { 0, 47, (uint64_t)1 << 63, UINT64_MAX };
    struct image image;

    for (size_t i = 0; i < sizeof(cluster_bits); i++) {
        start(&image);
        image.file->bytes[32] = cluster_bits[i];
        refused(&image, TARN_E_CORRUPT, "9 to 16");
    }
    for (size_t i = 0; i < sizeof(l2_bits); i++) {
        start(&image);
        image.file->bytes[33] = l2_bits[i];
        refused(&image, TARN_E_CORRUPT, "6 to 13");
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        start(&image);
        put64(&image, 24, sizes[i]);
        refused(&image, TARN_E_CORRUPT, "2 to 562949951324160");
    }
    for (size_t i = 0; i < sizeof(l1_offsets) / sizeof(l1_offsets[0]); i++) {
        start(&image);
        put64(&image, 40, l1_offsets[i]);
        CU_ASSERT_EQUAL(image_info(&image), TARN_E_CORRUPT);
        CU_ASSERT_EQUAL(image_open(&image, 0), TARN_E_CORRUPT);
        image_free(&image);
    }
}

static void other_versions(void)
{
    struct image image;

    for (uint32_t version = 0; version < 5; version++) {
        if (version == 1)
            continue;
        start(&image);
        put32(&image, 4, version);
        CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_NO);
        refused(&image, TARN_E_UNSUPPORTED, "qcow2");
    }
    start(&image);
    image.file->bytes[3] = 0;
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_NO);
    refused(&image, TARN_E_CORRUPT, "no qcow header");
}

static void encrypted(void)
{
    struct image image;

    start(&image);
    put32(&image, 36, 1);
    CU_ASSERT_EQUAL(image_info(&image), TARN_OK);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.encryption, "aes");
    CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(image_open(&image, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "encrypted (AES)"));
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_UNSUPPORTED);
    CU_ASSERT(image_sound(&image, 0)); /* its tables are not encrypted */
    image_free(&image);
    start(&image);
    put32(&image, 36, 2);
    refused(&image, TARN_E_UNSUPPORTED, "encryption method 2");
}

static void odd_backing_names(void)
{
    struct image image;

    start(&image);
    put64(&image, 8, 48);
    put32(&image, 16, 1024);
    CU_ASSERT_EQUAL(image_info(&image), TARN_E_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "1023"));
    put32(&image, 16, UINT32_MAX);
    CU_ASSERT_EQUAL(image_info(&image), TARN_E_CORRUPT);
    put32(&image, 16, 4);
    CU_ASSERT_EQUAL(image_info(&image), TARN_E_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "NUL"));
    put64(&image, 8, image.file->size - 3);
    CU_ASSERT_EQUAL(image_info(&image), TARN_E_CORRUPT);
    put64(&image, 8, UINT64_MAX);
    CU_ASSERT_EQUAL(image_info(&image), TARN_E_CORRUPT);
    put64(&image, 8, 4); /* the header as a name */
    CU_ASSERT_EQUAL(image_info(&image), TARN_E_CORRUPT);
    put32(&image, 16, 0); /* a name without bytes is none */
    put64(&image, 8, 48);
    CU_ASSERT_EQUAL(image_info(&image), TARN_OK);
    CU_ASSERT_PTR_NULL(image.host.image.info.backing_name);
    image_free(&image);
}

static void a_name_far_away(void)
{
    struct image image;

    start(&image);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, &image.file->io, "json:{\"driver\":1}", 17,
                                   100000), TARN_OK);
    put64(&image, 8, 100000);
    put32(&image, 16, 17);
    CU_ASSERT_EQUAL(image_info(&image), TARN_OK);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.backing_name, "json:{\"driver\":1}");
    CU_ASSERT_PTR_NULL(image.host.image.info.backing_format);
    CU_ASSERT_EQUAL(image.host.related_asked, 0);
    image_free(&image);
}

/* Any field all ones, of any width. */
static void all_ones(void)
{
    static const uint32_t widths[] = { 1, 2, 4, 8 };
    struct image image;

    for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
        for (uint32_t at = 0; at + widths[w] <= 48; at += widths[w]) {
            start(&image);
            memset(image.file->bytes + at, 0xff, widths[w]);
            image_try_all(&image);
            image_free(&image);
        }
    }
}

static void cut_off(void)
{
    struct image image;

    for (uint64_t length = 0; length <= 48; length++) {
        start(&image);
        image.file->size = length;
        CU_ASSERT(image_probe(&image) < TARN_PROBE_SURE || length == 48);
        if (length < 48)
            CU_ASSERT_EQUAL(image_info(&image), TARN_E_CORRUPT);
        CU_ASSERT_EQUAL(image_open(&image, 0), TARN_E_CORRUPT);
        image_free(&image);
    }
}

static const struct unit_test tests[] = {
    { "an image is described by one read", described },
    { "numbers out of range", numbers_out_of_range },
    { "other versions", other_versions },
    { "encrypted images are described, not read", encrypted },
    { "odd backing names", odd_backing_names },
    { "a name that lies far away, and is no path", a_name_far_away },
    { "all ones in every field", all_ones },
    { "a header that is cut off", cut_off },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow-header", tests);
}
