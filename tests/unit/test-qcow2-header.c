/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * formats/qcow2/header.c, extensions.c, info.c: what an image says of itself.
 */
#include <string.h>

#include "tests/unit/test-qcow2-fixture.h"

static int32_t probe(const void *head, uint64_t length)
{
    struct tarn_probe what = { sizeof(what), 0, head, length, head, length, length };

    return qcow2_format.probe(&what);
}

static void probe_tells_qcow2_from_qcow(void)
{
    uint8_t head[512] = { 'Q', 'F', 'I', 0xfb, 0, 0, 0, 3, [23] = 16 };

    CU_ASSERT_EQUAL(probe(head, sizeof(head)), TARN_PROBE_SURE);
    head[7] = 2;
    CU_ASSERT_EQUAL(probe(head, sizeof(head)), TARN_PROBE_SURE);
    head[7] = 1; /* qcow */
    CU_ASSERT_EQUAL(probe(head, sizeof(head)), TARN_PROBE_NO);
    head[7] = 4;
    CU_ASSERT_EQUAL(probe(head, sizeof(head)), TARN_PROBE_MAGIC);
    head[7] = 3;
    head[23] = 40;
    CU_ASSERT_EQUAL(probe(head, sizeof(head)), TARN_PROBE_MAGIC);
    head[0] = 'q';
    CU_ASSERT_EQUAL(probe(head, sizeof(head)), TARN_PROBE_NO);
}

static void probe_takes_any_length(void)
{
    uint8_t head[512] = { 'Q', 'F', 'I', 0xfb, 0, 0, 0, 3, [23] = 16 };

    for (uint64_t length = 0; length < 80; length++)
        CU_ASSERT_EQUAL(probe(head, length), length < 8 ? TARN_PROBE_NO : length < 72
                                                 ? TARN_PROBE_MAGIC : TARN_PROBE_SURE);
}

static void info(struct image *image, int32_t expected)
{
    fake_host_reset(&image->host);
    CU_ASSERT_EQUAL_FATAL(qcow2_format.info(&image->host.call, &image->file->io), expected);
}

static void info_costs_one_read(void)
{
    struct tarn_image_spec spec = spec_of((uint64_t)1 << 40);
    struct image image;

    spec.backing_name = "base.raw";
    spec.backing_format = "raw";
    image_make(&image, &qcow2_format, &spec);
    image.file->reads = image.file->operations = 0;
    info(&image, TARN_OK);
    CU_ASSERT_EQUAL(image.file->reads, 1);
    CU_ASSERT_EQUAL(image.file->operations, 2); /* the other one asks the size */
    CU_ASSERT_EQUAL(image.host.related_asked, 0);
    image_free(&image);
}

static void info_tells_everything(void)
{
    const char *const features[] = { "lazy_refcounts", "extended_l2", NULL };
    struct tarn_property zstd = { sizeof(zstd), 0, "compression-type", "zstd" };
    struct tarn_property bits = { sizeof(bits), 0, "refcount-bits", "64" };
    const struct tarn_property *const options[] = { &zstd, &bits, NULL };
    struct tarn_image_spec spec = spec_of(1000001);
    struct image image;

    spec.features = features;
    spec.options = options;
    spec.cluster_size = 131072;
    spec.backing_name = "base";
    spec.backing_format = "qcow2";
    image_make(&image, &qcow2_format, &spec);
    info(&image, TARN_OK);
    CU_ASSERT_EQUAL(image.host.image.info.capacity, 1000448);
    CU_ASSERT_EQUAL(image.host.image.info.cluster_size, 131072);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.compat, "1.1");
    CU_ASSERT_STRING_EQUAL(image.host.image.info.backing_name, "base");
    CU_ASSERT_STRING_EQUAL(image.host.image.info.backing_format, "qcow2");
    CU_ASSERT_STRING_EQUAL(image.host.image.info.compression, "zstd");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "refcount-bits"), "64");
    CU_ASSERT(fake_host_feature(&image.host, "lazy_refcounts"));
    CU_ASSERT(fake_host_feature(&image.host, "extended_l2"));
    CU_ASSERT_PTR_NULL(image.host.image.info.encryption);
    image_free(&image);
}

static void version_2_has_no_features(void)
{
    struct tarn_image_spec spec = spec_of(1000000);
    struct image image;

    spec.compat = "0.10";
    image_make(&image, &qcow2_format, &spec);
    info(&image, TARN_OK);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.compat, "0.10");
    CU_ASSERT_PTR_NULL(image.host.image.info.features[0]);
    image_free(&image);
}

static void marks_are_flags(void)
{
    struct tarn_image_spec spec = spec_of(1000000);
    struct image image;

    image_make(&image, &qcow2_format, &spec);
    image_put64(&image, 72, 3);
    info(&image, TARN_OK);
    CU_ASSERT_EQUAL(image.host.image.info.flags, TARN_IMAGE_DIRTY | TARN_IMAGE_MARKED_CORRUPT);
    image_free(&image);
}

/* A header of 112 bytes with these extensions behind it. */
static void with_extensions(struct image *image, const void *extensions, uint64_t length)
{
    struct tarn_image_spec spec = spec_of(1000000);

    image_make(image, &qcow2_format, &spec);
    memset(image->file->bytes + 112, 0, 4096 - 112);
    memcpy(image->file->bytes + 112, extensions, length);
}

static void a_data_file_is_named_not_opened(void)
{
    const uint8_t extension[] = { 0x44, 0x41, 0x54, 0x41, 0, 0, 0, 5, 'd', 'i', 's', 'k', '1' };
    struct image image;

    with_extensions(&image, extension, sizeof(extension));
    image_put64(&image, 72, 4);
    image_put64(&image, 88, 2);
    info(&image, TARN_OK);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.files[0]->role, "data-file");
    CU_ASSERT_STRING_EQUAL(image.host.image.info.files[0]->name, "disk1");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "data-file-raw"), "yes");
    CU_ASSERT_EQUAL(image.host.related_asked, 0);
    image_free(&image);
}

static void an_unknown_extension_is_skipped(void)
{
    const uint8_t extension[] = { 1, 2, 3, 4, 0, 0, 0, 3, 9, 9, 9, 0, 0, 0, 0, 0 };
    struct image image;

    with_extensions(&image, extension, sizeof(extension));
    info(&image, TARN_OK);
    image_free(&image);
}

static void an_unknown_feature_is_named(void)
{
    uint8_t extension[8 + 48] = { 0x68, 0x03, 0xf8, 0x57, 0, 0, 0, 48, 0, 9 };
    struct image image;

    strcpy((char *)extension + 10, "time travel");
    with_extensions(&image, extension, sizeof(extension));
    image_put64(&image, 72, 1 << 9);
    info(&image, TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "bit 9 (time travel)"));
    image_free(&image);
}

static void an_extension_behind_the_first_read_is_found(void)
{
    uint8_t extension[8 + 5000 + 8 + 3] = { 1, 2, 3, 4, 0, 0, 0x13, 0x88 };
    struct image image;

    memcpy(extension + 8 + 5000, "\xe2\x79\x2a\xca\0\0\0\3raw", 11);
    with_extensions(&image, extension, sizeof(extension));
    image_put64(&image, 8, 8192);
    image_put32(&image, 16, 4);
    memcpy(image.file->bytes + 8192, "base", 4);
    info(&image, TARN_OK);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.backing_name, "base");
    CU_ASSERT_STRING_EQUAL(image.host.image.info.backing_format, "raw");
    image_free(&image);
}

static void encryption_is_named(void)
{
    struct tarn_image_spec spec = spec_of(1000000);
    struct image image;

    image_make(&image, &qcow2_format, &spec);
    image_put32(&image, 32, 2);
    info(&image, TARN_OK);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.encryption, "luks");
    CU_ASSERT_EQUAL(image_open(&image, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "encrypted (LUKS)"));
    image_free(&image);
}

/* All ones in each field, one after the other: an error, or none, but an answer. */
static void no_field_does_harm(void)
{
    struct tarn_image_spec spec = spec_of(1000000);

    for (uint64_t at = 4; at < 112; at++) {
        for (uint64_t width = 1; width <= 8; width *= 2) {
            struct image image;

            image_make(&image, &qcow2_format, &spec);
            memset(image.file->bytes + at, 0xff, width);
            qcow2_format.info(&image.host.call, &image.file->io);
            if (image_open(&image, TARN_IMAGE_OPEN_WRITE) == TARN_OK) {
                uint8_t byte;

                tarn_io_pread(&image.host.call, image.disk, &byte, 1, 0);
                tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 70000);
            }
            image_free(&image);
        }
    }
}

static const struct unit_test tests[] = {
    { "probe tells qcow2 from qcow", probe_tells_qcow2_from_qcow },
    { "probe takes any length", probe_takes_any_length },
    { "info costs one read", info_costs_one_read },
    { "info tells everything", info_tells_everything },
    { "version 2 has no features", version_2_has_no_features },
    { "dirty and corrupt marks are flags", marks_are_flags },
    { "a data file is named, not opened", a_data_file_is_named_not_opened },
    { "an unknown extension is skipped", an_unknown_extension_is_skipped },
    { "an unknown feature is named", an_unknown_feature_is_named },
    { "an extension behind the first read is found", an_extension_behind_the_first_read_is_found },
    { "encryption is named, and not read", encryption_is_named },
    { "no field of the header does harm", no_field_does_harm },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow2-header", tests);
}
