/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * qcow images: made, written, laid over others, filled with compressed clusters.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/qcow/format.h"
#include "helpers/be.h"
#include "tests/unit/format-fixture.h"
#include "tests/unit/random-numbers.h"

#define CLUSTER ((uint64_t)4096)

static uint64_t get64(const struct image *image, uint64_t at)
{
    return be64_load(image->file->bytes + at);
}

/* --- creation --------------------------------------------------------------------------------- */

static void geometries(void)
{
    static const struct {
        uint64_t cluster_size;
        uint8_t cluster_bits;
        uint8_t l2_bits;
    } cases[] = {
        { 0, 12, 9 },     { 512, 9, 12 },    { 1024, 10, 11 },  { 2048, 11, 10 }, { 4096, 12, 9 },
        { 8192, 13, 10 }, { 16384, 14, 11 }, { 32768, 15, 12 }, { 65536, 16, 13 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tarn_image_spec spec = spec_of(3000000);
        struct image image;

        spec.cluster_size = cases[i].cluster_size;
        image_make(&image, &qcow_format, &spec);
        CU_ASSERT_EQUAL(image.file->bytes[32], cases[i].cluster_bits);
        CU_ASSERT_EQUAL(image.file->bytes[33], cases[i].l2_bits);
        CU_ASSERT_EQUAL(get64(&image, 24), 3000320); /* whole sectors */
        CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        image_write(&image, 2999999, 321, 7);
        image_write(&image, 100, 200000, 5);
        image_close(&image);
        CU_ASSERT(image_sound(&image, 0));
        CU_ASSERT_EQUAL(image_open(&image, 0), TARN_OK);
        CU_ASSERT(image_reads(&image, 0, 100, 0));
        CU_ASSERT(image_reads(&image, 100, 200000, 5));
        CU_ASSERT(image_reads(&image, 200100, 2799899, 0));
        CU_ASSERT(image_reads(&image, 2999999, 321, 7));
        image_free(&image);
    }
}

static void limits(void)
{
    struct tarn_image_spec spec = spec_of(0);
    char name[1025];
    struct image image;

    memset(name, 'n', 1024);
    name[1024] = '\0';
    CU_ASSERT(image_make_fails(&qcow_format, &spec, TARN_E_INVALID));
    spec.capacity = UINT64_MAX;
    CU_ASSERT(image_make_fails(&qcow_format, &spec, TARN_E_INVALID));
    spec.capacity = ((uint64_t)1 << 49) + 1;
    CU_ASSERT(image_make_fails(&qcow_format, &spec, TARN_E_INVALID));
    spec = spec_of(1000);
    spec.backing_name = name;
    CU_ASSERT(image_make_fails(&qcow_format, &spec, TARN_E_INVALID));
    spec.backing_name = "";
    CU_ASSERT(image_make_fails(&qcow_format, &spec, TARN_E_INVALID));
    spec.backing_name = name + 1;
    image_make(&image, &qcow_format, &spec);
    CU_ASSERT_EQUAL(image_info(&image), TARN_OK);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.backing_name, name + 1);
    CU_ASSERT_EQUAL(image.host.image.info.cluster_size, 512);
    CU_ASSERT_PTR_NULL(image.host.image.info.backing_format);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void what_cannot_be_made(void)
{
    static const uint64_t sizes[] = { 1, 256, 511, 513, 4097, 131072, UINT64_MAX };
    static const char *const features[] = { "lazy_refcounts", NULL };
    struct tarn_property option = { sizeof(option), 0, "compression-type", "zstd" };
    const struct tarn_property *const options[] = { &option, NULL };
    struct tarn_image_spec spec;
    struct image image;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        spec = spec_of(1000);
        spec.cluster_size = sizes[i];
        CU_ASSERT(image_make_fails(&qcow_format, &spec, TARN_E_INVALID));
    }
    spec = spec_of(1000);
    spec.preallocation = TARN_PREALLOC_METADATA;
    CU_ASSERT(image_make_fails(&qcow_format, &spec, TARN_E_UNSUPPORTED));
    spec = spec_of(1000);
    spec.subformat = "sparse";
    CU_ASSERT(image_make_fails(&qcow_format, &spec, TARN_E_INVALID));
    spec = spec_of(1000);
    spec.compat = "1.1";
    CU_ASSERT(image_make_fails(&qcow_format, &spec, TARN_E_INVALID));
    spec = spec_of(1000);
    spec.features = features;
    CU_ASSERT(image_make_fails(&qcow_format, &spec, TARN_E_INVALID));
    spec = spec_of(1000);
    spec.options = options;
    CU_ASSERT(image_make_fails(&qcow_format, &spec, TARN_E_INVALID));
    spec = spec_of(1000);
    spec.backing_format = "raw";
    CU_ASSERT(image_make_fails(&qcow_format, &spec, TARN_E_INVALID));
    /* A logical volume cannot grow at its end. */
    spec = spec_of(1000);
    image_of(&image, &qcow_format, NULL, 0);
    image.file->io.flags |= TARN_IO_FIXED_SIZE;
    CU_ASSERT_EQUAL(qcow_format.create(&image.host.call, &image.file->io, &spec),
                    TARN_E_UNSUPPORTED);
    image_free(&image);
}

/* --- what an open image refuses --------------------------------------------------------------- */

static void what_cannot_be_opened(void)
{
    struct tarn_image_spec spec = spec_of(100000);
    struct tarn_image_open how = { sizeof(how), 0, "yesterday" };
    struct image image;

    image_make(&image, &qcow_format, &spec);
    CU_ASSERT_EQUAL(qcow_format.open(&image.host.call, &image.file->io, &how, &image.disk),
                    TARN_E_NOT_FOUND);
    image.file->io.flags &= ~TARN_IO_WRITABLE;
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_ACCESS);
    image.file->io.flags |= TARN_IO_WRITABLE | TARN_IO_FIXED_SIZE;
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(image_open(&image, 0), TARN_OK); /* reading it is possible */
    image_close(&image);
    CU_ASSERT_EQUAL(qcow_format.check(&image.host.call, &image.file->io, TARN_CHECK_REPAIR_ALL),
                    TARN_E_UNSUPPORTED);
    image_free(&image);
}

static void the_size_stays(void)
{
    struct tarn_image_spec spec = spec_of(102400);
    struct image image;
    uint64_t operations;

    image_make(&image, &qcow_format, &spec);
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT(image.disk->flags & TARN_IO_FIXED_SIZE);
    operations = image.file->operations;
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, 204800, 0),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "no room to grow"));
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, 512, TARN_TRUNCATE_SHRINK),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 102400),
                    TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(image.file->operations, operations);
    image_free(&image);
}

/* --- backing ---------------------------------------------------------------------------------- */

static int32_t give_base(struct tarn_call *call, const struct fake_question *question,
                         struct tarn_io **out, void *arg)
{
    struct memory_io *base = memory_io_new((uint64_t)(uintptr_t)arg);

    (void)call;
    CU_ASSERT_EQUAL(question->role, TARN_RELATED_BACKING);
    CU_ASSERT_EQUAL(question->flags, 0);
    CU_ASSERT_PTR_NULL(question->format); /* the image knows none, and nobody makes one up */
    memset(base->bytes, 0xba, base->size);
    *out = &base->io;
    return TARN_OK;
}

static void over_a_missing_base(struct image *image, uint64_t size)
{
    struct tarn_image_spec spec = spec_of(size);

    spec.backing_name = "base.raw";
    spec.backing_format = "raw";
    image_make(image, &qcow_format, &spec);
}

static void over(struct image *image, uint64_t size, uint64_t base_size)
{
    over_a_missing_base(image, size);
    fake_host_relate(&image->host, TARN_RELATED_BACKING, "base.raw", give_base,
                     (void *)(uintptr_t)base_size);
}

static void over_a_base(void)
{
    struct image image;

    over(&image, 1000448, 700000);
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_STRING_EQUAL(image.host.last_name, "base.raw");
    CU_ASSERT(image_reads(&image, 0, 700000, 0xba));
    CU_ASSERT(image_reads(&image, 700000, 300448, 0));
    image_write(&image, 1000, 100, 1);
    image_write(&image, 699990, 20, 2);
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, 5000, 3000, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, 90000, 3000,
                                 TARN_ZERO_FAST_ONLY), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(tarn_io_discard(&image.host.call, image.disk, 20000, 3000), TARN_OK);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 1000, 0xba));
    CU_ASSERT(image_reads(&image, 1000, 100, 1));
    CU_ASSERT(image_reads(&image, 1100, 3900, 0xba));
    CU_ASSERT(image_reads(&image, 5000, 3000, 0));
    CU_ASSERT(image_reads(&image, 8000, 691990, 0xba));
    CU_ASSERT(image_reads(&image, 699990, 20, 2));
    CU_ASSERT(image_reads(&image, 700010, 300438, 0));
    image_free(&image);
}

static void without_its_base(void)
{
    struct image image;

    over(&image, 1000448, 700000);
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_NO_BACKING),
                    TARN_OK);
    CU_ASSERT_EQUAL(image.host.related_asked, 0);
    CU_ASSERT_FALSE(image_reads(&image, 0, 512, 0));
    image_write(&image, 1024, 512, 9); /* a whole cluster needs nothing from below */
    CU_ASSERT(image_reads(&image, 1024, 512, 9));
    image_free(&image);
    over_a_missing_base(&image, 1000448);
    CU_ASSERT_EQUAL(image_open(&image, 0), TARN_E_NOT_FOUND);
    CU_ASSERT_EQUAL(image_info(&image), TARN_OK); /* it is described without */
    image_free(&image);
}

/* --- compressed clusters ---------------------------------------------------------------------- */

static void fill_text(uint8_t *bytes, uint64_t length)
{
    for (uint64_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)("compressible text "[i % 18] + i / 5000 % 7);
}

static void compressed(uint64_t cluster_size)
{
    static uint8_t text[300000];
    struct tarn_image_spec spec = spec_of(2000384);
    struct image image;
    uint8_t noise[70000];
    uint8_t back[sizeof(text)];

    spec.cluster_size = cluster_size;
    fill_text(text, sizeof(text));
    random_start(1);
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)random_below(256);
    image_make(&image, &qcow_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL |
                                                 TARN_IMAGE_OPEN_COMPRESS), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, text, sizeof(text), 100000),
                    TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, 400000, 300000, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, noise, sizeof(noise), 1900000),
                    TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, text, 30384, 1970000), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT(image.host.check.compressed_clusters > 0);
    CU_ASSERT(image.host.check.allocated_clusters > image.host.check.compressed_clusters);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 100000, 0));
    CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, back, sizeof(text), 100000),
                    TARN_OK);
    CU_ASSERT_EQUAL(memcmp(back, text, sizeof(text)), 0);
    CU_ASSERT(image_reads(&image, 400000, 1500000, 0));
    CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, back, sizeof(noise), 1900000),
                    TARN_OK);
    CU_ASSERT_EQUAL(memcmp(back, noise, sizeof(noise)), 0);
    /* A part of a compressed cluster is written: it becomes a plain one. */
    image_write(&image, 150001, 77, 0x11);
    memset(text + 50001, 0x11, 77);
    image_close(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, back, sizeof(text), 100000),
                    TARN_OK);
    CU_ASSERT_EQUAL(memcmp(back, text, sizeof(text)), 0);
    image_close(&image);
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.check.corruptions + image.host.check.errors, 0);
    image_free(&image);
}

static void filled_compressed(void)
{
    for (uint64_t cluster_size = 512; cluster_size <= 65536; cluster_size *= 2)
        compressed(cluster_size);
}

/* Zeros are stored where the base would be seen, and only there; what is skipped is the base's. */
static void filled_over_a_base(void)
{
    struct image image;

    over(&image, 1000448, 700000);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL |
                                                 TARN_IMAGE_OPEN_COMPRESS), TARN_OK);
    image_write(&image, 1000, 5000, 1);
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, 50000, 10000, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, 650000, 350448, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT(image.host.check.allocated_clusters < 200);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 1000, 0xba));
    CU_ASSERT(image_reads(&image, 1000, 5000, 1));
    CU_ASSERT(image_reads(&image, 6000, 44000, 0xba));
    CU_ASSERT(image_reads(&image, 50000, 10000, 0));
    CU_ASSERT(image_reads(&image, 60000, 590000, 0xba));
    CU_ASSERT(image_reads(&image, 650000, 350448, 0));
    image_free(&image);
}

/* --- more tables than the cache of them holds ------------------------------------------------- */

static void many_tables(void)
{
    struct tarn_image_spec spec = spec_of((uint64_t)1400 << 21);
    struct image image;

    image_make(&image, &qcow_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    for (uint64_t i = 0; i < 1400; i++)
        image_write(&image, (i * 37 % 1400 << 21) + i * CLUSTER % 65536, 512,
                    (uint8_t)(i * 37 % 1400 % 251));
    for (uint64_t i = 0; i < 1400; i++)
        CU_ASSERT(image_reads(&image, (i * 37 % 1400 << 21) + i * CLUSTER % 65536, 512,
                              (uint8_t)(i * 37 % 1400 % 251)));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL(image.host.check.allocated_clusters, 1400);
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "each cluster size", geometries },
    { "limits of sizes and names", limits },
    { "what cannot be made", what_cannot_be_made },
    { "what cannot be opened", what_cannot_be_opened },
    { "the size stays", the_size_stays },
    { "over a base", over_a_base },
    { "without its base", without_its_base },
    { "filled with compressed clusters", filled_compressed },
    { "filled over a base", filled_over_a_base },
    { "more tables than the cache holds", many_tables },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow-image", tests);
}
