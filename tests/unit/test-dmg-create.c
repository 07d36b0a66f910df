/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-dmg-create.c - images that are made: what can be asked for, what is written, and what is
 * left when the storage fails.
 */
#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"
#include "tests/unit/test-dmg-fixture.h"

static struct tarn_image_spec spec_of(uint64_t capacity)
{
    return (struct tarn_image_spec){ .struct_size = sizeof(struct tarn_image_spec),
                                     .capacity = capacity };
}

static int32_t create(struct image *image, const struct tarn_image_spec *spec)
{
    image_of(image, NULL, 0);
    return dmg_format.create(&image->host.call, &image->file->io, spec);
}

static int32_t open_filling(struct image *image)
{
    return image_open(image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL);
}

/* Creates and fills; the container is made anew. */
static void fill(struct image *image, const struct tarn_image_spec *spec, const uint8_t *bytes,
                 uint64_t length)
{
    CU_ASSERT_EQUAL_FATAL(create(image, spec), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(open_filling(image), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image->host.call, image->disk, bytes, length, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&image->host.call, image->disk), TARN_OK);
    image_close(image);
}

#define MOST ((uint64_t)3 * 1024 * 1024)

/* Text, zeros, noise, text, and a zero at the end. */
static uint8_t *content(void)
{
    uint8_t *bytes = calloc(1, MOST + 512);
    uint32_t seed = 1;

    if (bytes == NULL)
        exit(99);
    maker_text(bytes, 300000, 3);
    for (uint64_t i = 1 << 20; i < 1300000; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    maker_text(bytes + 2500000, 600000, 4);
    return bytes;
}

static void what_is_filled_is_read(void)
{
    static const uint64_t sizes[] = { 0, 512, 1536, 4095 * 512, 2 << 20, (2 << 20) + 512, MOST };
    static const uint64_t clusters[] = { 0, 4096, 65536, 1 << 20, 513 * 512 };
    uint8_t *bytes = content();

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (size_t j = 0; j < sizeof(clusters) / sizeof(clusters[0]); j++) {
            struct tarn_image_spec spec = spec_of(sizes[i]);
            struct image image;

            spec.subformat = j % 2 ? "UDBZ" : j == 0 ? NULL : "UDZO";
            spec.cluster_size = clusters[j];
            fill(&image, &spec, bytes, sizes[i]);
            CU_ASSERT(image_holds(&image, bytes, sizes[i]));
            CU_ASSERT_EQUAL(image_faults(&image), 0);
            CU_ASSERT_EQUAL(image.host.check.errors, 0);
            CU_ASSERT_EQUAL(dmg_format.info(&image.host.call, &image.file->io), TARN_OK);
            if (sizes[i] > 0)
                CU_ASSERT_STRING_EQUAL(image.host.image.info.subformat, j % 2 ? "UDBZ" : "UDZO");
            image_free(&image);
        }
    free(bytes);
}

static void odd_sizes_are_rounded_up(void)
{
    uint8_t bytes[1024];
    struct tarn_image_spec spec = spec_of(513);
    struct image image;

    memset(bytes, 7, sizeof(bytes));
    fill(&image, &spec, bytes, 513);
    memset(bytes + 513, 0, 511);
    CU_ASSERT(image_holds(&image, bytes, 1024));
    image_free(&image);
}

/* Before it is filled it is an image of zeros; while it is filled, none. */
static void an_image_on_its_way(void)
{
    uint8_t *zeros = calloc(1, 1 << 20);
    struct tarn_image_spec spec = spec_of(1 << 20);
    struct image image;

    CU_ASSERT_EQUAL_FATAL(create(&image, &spec), TARN_OK);
    CU_ASSERT(image_holds(&image, zeros, 1 << 20));
    CU_ASSERT_EQUAL(image_faults(&image), 0);
    CU_ASSERT_EQUAL_FATAL(open_filling(&image), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 5000), TARN_OK);
    image_close(&image);
    CU_ASSERT(image_refused(&image, TARN_E_CORRUPT, "no dmg image"));
    image_free(&image);

    CU_ASSERT_EQUAL_FATAL(create(&image, &spec), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(open_filling(&image), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    image_close(&image);
    CU_ASSERT(image_holds(&image, zeros, 1 << 20));
    CU_ASSERT_EQUAL(open_filling(&image), TARN_E_UNSUPPORTED); /* once is enough */
    image_free(&image);
    free(zeros);
}

static void a_sparse_disk_of_any_size(void)
{
    static const uint64_t sizes[] = { (uint64_t)5 << 30, (uint64_t)1 << 40, (uint64_t)1 << 62 };
    uint8_t bytes[4096];

    maker_text(bytes, sizeof(bytes), 1);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct tarn_image_spec spec = spec_of(sizes[i]);
        struct image image;

        CU_ASSERT_EQUAL_FATAL(create(&image, &spec), TARN_OK);
        CU_ASSERT_EQUAL_FATAL(open_filling(&image), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, bytes, sizeof(bytes),
                                       sizes[i] - sizeof(bytes)), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
        image_close(&image);
        CU_ASSERT(image.file->size < 200000); /* a chunk of 64 MiB, mostly zeros */
        CU_ASSERT_EQUAL(image_faults(&image), 0);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
        {
            uint8_t read[4096];

            CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, read, sizeof(read),
                                          sizes[i] - sizeof(read)), TARN_OK);
            CU_ASSERT(memcmp(read, bytes, sizeof(read)) == 0);
        }
        image_free(&image);
    }
}

static void what_dmg_has_not_is_refused(void)
{
    static const char *const features[] = { "lazy_refcounts", NULL };
    struct tarn_image_spec specs[10];
    struct image image;
    uint64_t bytes;

    for (size_t i = 0; i < 10; i++)
        specs[i] = spec_of(1 << 20);
    specs[0].backing_name = "base";
    specs[1].preallocation = TARN_PREALLOC_FULL;
    specs[2].compat = "1.1";
    specs[3].features = features;
    specs[4].capacity = INT64_MAX;
    specs[5].subformat = "ULFO";
    specs[6].subformat = "udzo";
    specs[7].cluster_size = 2048;
    specs[8].cluster_size = DMG_PACKED_MAX + 512;
    specs[9].cluster_size = 70001;
    for (size_t i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(create(&image, &specs[i]), TARN_E_INVALID);
        CU_ASSERT_EQUAL(dmg_format.measure(&image.host.call, &specs[i], &bytes), TARN_E_INVALID);
        CU_ASSERT_EQUAL(image.file->size, 0);
        image_free(&image);
    }
}

/* Enough for noise, in a container of that very size, with the trailer at its end. */
static void what_is_measured_suffices(void)
{
    static const uint64_t sizes[] = { 0, 512, 100 * 512, 1 << 20, (1 << 20) + 512 };
    uint8_t *bytes = malloc(2 << 20);
    uint32_t seed = 9;

    if (bytes == NULL)
        exit(99);
    for (uint64_t i = 0; i < 2 << 20; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct tarn_image_spec spec = spec_of(sizes[i]);
        uint64_t needed = 0;
        struct image image;

        spec.cluster_size = 4096;
        image_of(&image, NULL, 0);
        CU_ASSERT_EQUAL(dmg_format.measure(&image.host.call, &spec, &needed), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, &image.file->io, needed, 0), TARN_OK);
        image.file->io.flags |= TARN_IO_FIXED_SIZE;
        image.file->limit = needed;
        CU_ASSERT_EQUAL_FATAL(dmg_format.create(&image.host.call, &image.file->io, &spec),
                              TARN_OK);
        CU_ASSERT_EQUAL_FATAL(open_filling(&image), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, bytes, sizes[i], 0), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
        image_close(&image);
        CU_ASSERT_EQUAL(image.file->size, needed);
        CU_ASSERT(image_holds(&image, bytes, sizes[i]));
        CU_ASSERT_EQUAL(image_faults(&image), 0);
        image_free(&image);
    }
    free(bytes);
}

static void a_container_that_is_too_small(void)
{
    struct tarn_image_spec spec = spec_of(1 << 20);
    struct image image;

    for (uint64_t size = 0; size < 1300; size += 499) {
        image_of(&image, NULL, 0);
        tarn_io_truncate(&image.host.call, &image.file->io, size, 0);
        image.file->io.flags |= TARN_IO_FIXED_SIZE;
        CU_ASSERT_EQUAL(dmg_format.create(&image.host.call, &image.file->io, &spec),
                        TARN_E_NO_SPACE);
        image_free(&image);
    }
    CU_ASSERT_EQUAL_FATAL(create(&image, &spec), TARN_OK);
    image.file->io.flags &= ~TARN_IO_WRITABLE;
    CU_ASSERT_EQUAL(open_filling(&image), TARN_E_ACCESS);
    image_free(&image);
}

/* Whichever step fails, it is told, and what is there is a whole image or none. */
static void storage_that_fails(void)
{
    uint8_t *bytes = content();
    uint8_t *zeros = calloc(1, MOST);
    struct tarn_image_spec spec = spec_of(MOST);
    uint64_t failed = 0;

    for (uint64_t i = 1; i < 40; i++) {
        struct tarn_image_open how = { sizeof(how), TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL,
                                       NULL };
        struct image image;
        int32_t status;

        image_of(&image, NULL, 0);
        image.file->fail_at = i;
        image.file->fail_status = TARN_E_IO;
        status = dmg_format.create(&image.host.call, &image.file->io, &spec);
        if (status == TARN_OK)
            status = dmg_format.open(&image.host.call, &image.file->io, &how, &image.disk);
        if (status == TARN_OK)
            status = tarn_io_pwrite(&image.host.call, image.disk, bytes, MOST, 0);
        if (status == TARN_OK)
            status = tarn_io_flush(&image.host.call, image.disk);
        if (image.disk != NULL)
            image_close(&image);
        failed += status != TARN_OK;
        image.file->fail_at = 0;
        if (status == TARN_OK) {
            CU_ASSERT(image_holds(&image, bytes, MOST));
        } else {
            CU_ASSERT_EQUAL(status, TARN_E_IO);
            if (image_open(&image, 0) == TARN_OK) {
                image_close(&image);
                CU_ASSERT(image_holds(&image, bytes, MOST) || image_holds(&image, zeros, MOST));
            }
        }
        image_free(&image);
    }
    CU_ASSERT(failed >= 8 && failed < 39);
    free(bytes);
    free(zeros);
}

/* The crash may come behind any write: there is the whole image, the one of zeros, or none. */
static void a_crash_at_any_step(void)
{
    uint8_t *bytes = content();
    uint8_t *zeros = calloc(1, MOST);
    struct tarn_image_spec spec = spec_of(MOST);
    struct memory_io *empty = memory_io_new(0);
    uint64_t whole = 0;
    struct image image;

    image_of(&image, NULL, 0);
    image.file->record = true;
    CU_ASSERT_EQUAL_FATAL(dmg_format.create(&image.host.call, &image.file->io, &spec), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(open_filling(&image), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, bytes, MOST, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    image_close(&image);
    for (uint64_t i = 0; i <= image.file->journal_length; i++) {
        struct image after;

        memset(&after, 0, sizeof(after));
        fake_host_init(&after.host);
        after.file = memory_io_replay(empty, image.file->journal, i, NULL);
        after.file->keep = true;
        if (image_open(&after, 0) == TARN_OK) {
            image_close(&after);
            whole += image_holds(&after, bytes, MOST);
            CU_ASSERT(image_holds(&after, bytes, MOST) || image_holds(&after, zeros, MOST));
        }
        image_free(&after);
    }
    CU_ASSERT(whole >= 1);
    memory_io_free(empty);
    image_free(&image);
    free(bytes);
    free(zeros);
}

static const struct unit_test tests[] = {
    { "what is filled is read", what_is_filled_is_read },
    { "odd sizes are rounded up", odd_sizes_are_rounded_up },
    { "an image on its way", an_image_on_its_way },
    { "a sparse disk of any size", a_sparse_disk_of_any_size },
    { "what dmg has not is refused", what_dmg_has_not_is_refused },
    { "what is measured suffices", what_is_measured_suffices },
    { "a container that is too small", a_container_that_is_too_small },
    { "storage that fails", storage_that_fails },
    { "a crash at any step", a_crash_at_any_step },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("dmg-create", tests);
}
