/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-cloop-fill.c - disks that become cloop images: whatever is written, skipped or zeroed is read
 * from them; and until the last step there is no image.
 */
#include <stdlib.h>
#include <string.h>

#include "test-cloop-fixture.h"
#include "unit.h"

#define host cloop_host

static struct tarn_image_spec spec_of(uint64_t capacity, uint64_t cluster_size)
{
    return (struct tarn_image_spec){ .struct_size = sizeof(struct tarn_image_spec),
                                     .capacity = capacity, .cluster_size = cluster_size };
}

static int32_t open_fill(struct memory_io *image, struct tarn_io **out)
{
    struct tarn_image_open how = { .struct_size = sizeof(how),
                                   .flags = TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL };

    return cloop_format.open(&host.call, &image->io, &how, out);
}

/* Fills an image with the fixture's content. */
static int32_t fill(struct memory_io *image, const struct tarn_image_spec *spec)
{
    struct tarn_io *disk;
    uint8_t *bytes = malloc(spec->capacity);
    int32_t status = cloop_format.create(&host.call, &image->io, spec);
    int32_t closed;

    for (uint64_t i = 0; i < spec->capacity; i++)
        bytes[i] = cloop_content(i);
    if (status == TARN_OK)
        status = open_fill(image, &disk);
    if (status == TARN_OK) {
        status = tarn_io_pwrite(&host.call, disk, bytes, spec->capacity, 0);
        if (status == TARN_OK)
            status = tarn_io_flush(&host.call, disk);
        closed = tarn_io_close(&host.call, disk);
        status = status == TARN_OK ? closed : status;
    }
    free(bytes);
    return status;
}

/* `image` reads as `model`, and then zeros. */
static void compare(struct memory_io *image, const uint8_t *model, uint64_t length)
{
    struct tarn_io *disk;
    uint64_t size = 0;
    uint8_t *bytes;

    CU_ASSERT_EQUAL_FATAL(cloop_try_open(image, &disk), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_size(&host.call, disk, &size), TARN_OK);
    CU_ASSERT_FATAL(size >= length);
    bytes = malloc(size);
    CU_ASSERT_EQUAL_FATAL(tarn_io_pread(&host.call, disk, bytes, size, 0), TARN_OK);
    CU_ASSERT_EQUAL(memcmp(bytes, model, length), 0);
    for (uint64_t i = length; i < size; i++)
        CU_ASSERT_EQUAL(bytes[i], 0);
    free(bytes);
    CU_ASSERT_EQUAL(tarn_io_close(&host.call, disk), TARN_OK);
    CU_ASSERT_EQUAL(cloop_format.check(&host.call, &image->io, 0), TARN_OK);
    CU_ASSERT_EQUAL(host.finding_count, 0);
    CU_ASSERT_EQUAL(host.check.image_end, image->size);
    fake_host_reset(&host);
}

static void sizes(void)
{
    static const uint64_t blocks[] = { 512, 1024, 1536, 65536, 1 << 20 };
    static const uint64_t capacities[] = { 1, 511, 512, 1536, 65535, 65536, 65537, 300000 };

    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        for (size_t j = 0; j < sizeof(capacities) / sizeof(capacities[0]); j++) {
            struct memory_io *image = memory_io_new(0);
            struct tarn_image_spec spec = spec_of(capacities[j], blocks[i]);
            uint8_t *model = malloc(capacities[j]);
            uint64_t most = 0;

            for (uint64_t at = 0; at < capacities[j]; at++)
                model[at] = cloop_content(at);
            CU_ASSERT_EQUAL(fill(image, &spec), TARN_OK);
            CU_ASSERT_EQUAL(cloop_format.measure(&host.call, &spec, &most), TARN_OK);
            CU_ASSERT(image->size <= most);
            CU_ASSERT_EQUAL(cloop_probe_of(image), TARN_PROBE_SURE);
            compare(image, model, capacities[j]);
            free(model);
            memory_io_free(image);
        }
    }
}

/* Gaps, zeros and bytes; a table of several pages, most of it blocks of zeros. */
static void sparse(void)
{
    uint64_t size = 10000 * 512;
    struct memory_io *image = memory_io_new(0);
    struct tarn_image_spec spec = spec_of(size, 512);
    uint8_t *model = calloc(1, size);
    struct tarn_io *disk;

    CU_ASSERT_EQUAL(cloop_format.create(&host.call, &image->io, &spec), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(open_fill(image, &disk), TARN_OK);
    for (uint64_t at = 100000; at + 5000 < size; at += 777777) {
        for (uint64_t i = 0; i < 5000; i++)
            model[at + i] = cloop_content(at + i);
        CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, disk, model + at, 5000, at), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_zero(&host.call, disk, at + 5000, 100000, 0), TARN_OK);
    }
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, disk), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_close(&host.call, disk), TARN_OK);
    compare(image, model, size);
    free(model);
    memory_io_free(image);
}

static void levels(void)
{
    uint64_t stored = 0;

    for (int level = 0; level <= 9; level += 3) {
        char value[2] = { (char)('0' + level), '\0' };
        struct tarn_property option = { sizeof(option), 0, "level", value };
        const struct tarn_property *const options[] = { &option, NULL };
        struct tarn_image_spec spec = spec_of(200000, 0);
        struct memory_io *image = memory_io_new(0);

        spec.options = options;
        CU_ASSERT_EQUAL(fill(image, &spec), TARN_OK);
        if (level == 0)
            stored = image->size;
        CU_ASSERT(level == 0 ? image->size > 200000 : image->size < stored / 4);
        memory_io_free(image);
    }
}

/* Bytes of a volume that was created and not filled are no image of any kind. */
static void unfinished(void)
{
    struct memory_io *image = memory_io_new(0);
    struct tarn_image_spec spec = spec_of(200000, 0);
    struct tarn_io *disk;
    char bytes[1000] = "x";

    CU_ASSERT_EQUAL(cloop_format.create(&host.call, &image->io, &spec), TARN_OK);
    for (int step = 0; step < 3; step++) {
        CU_ASSERT_EQUAL(cloop_probe_of(image), TARN_PROBE_NO);
        CU_ASSERT_EQUAL(cloop_format.info(&host.call, &image->io), TARN_E_CORRUPT);
        CU_ASSERT_PTR_NOT_NULL(strstr(host.error, "never completed"));
        fake_host_reset(&host);
        CU_ASSERT_EQUAL(cloop_try_open(image, &disk), TARN_E_CORRUPT);
        fake_host_reset(&host);
        if (step == 2)
            break;
        CU_ASSERT_EQUAL_FATAL(open_fill(image, &disk), TARN_OK);
        if (step == 1)
            CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, disk, bytes, sizeof(bytes), 0), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_close(&host.call, disk), TARN_OK);
    }
    memory_io_free(image);
}

/* Whichever operation fails: the failure is told, and what is left is no image. */
static void failing(void)
{
    uint64_t at;

    for (at = 1; at < 100; at++) {
        struct memory_io *image = memory_io_new(0);
        struct tarn_image_spec spec = spec_of(20000, 1024);
        int32_t status;

        image->fail_at = at;
        status = fill(image, &spec);
        image->fail_at = 0;
        if (status == TARN_OK) {
            memory_io_free(image);
            break;
        }
        CU_ASSERT_EQUAL(status, TARN_E_IO);
        fake_host_reset(&host);
        /* But for the very last flush, before which all is there. */
        if (cloop_probe_of(image) != TARN_PROBE_NO)
            CU_ASSERT_EQUAL(cloop_format.check(&host.call, &image->io, 0), TARN_OK);
        memory_io_free(image);
    }
    CU_ASSERT(at > 20 && at < 100);
}

/* After a crash anywhere there is no image, or a whole one: of what was written since the last
 * flush any part may be lost. */
static void crashes(void)
{
    struct memory_io *start = memory_io_new(0);
    struct memory_io *image = memory_io_new(0);
    struct tarn_image_spec spec = spec_of(20000, 1024);

    image->record = true;
    CU_ASSERT_EQUAL_FATAL(fill(image, &spec), TARN_OK);
    for (uint64_t count = 0; count <= image->journal_length; count++) {
        for (unsigned int seed = 0; seed < 20; seed++) {
            bool *lost = calloc(count + 1, sizeof(*lost));
            struct memory_io *after;

            srand(seed);
            for (uint64_t i = count; i-- > 0 && image->journal[i].what != MEMORY_FLUSH;)
                lost[i] = rand() % 2 == 1;
            after = memory_io_replay(start, image->journal, count, lost);
            after->keep = true;
            if (cloop_probe_of(after) != TARN_PROBE_NO) {
                struct tarn_io *disk;
                uint8_t bytes[20000];

                CU_ASSERT_EQUAL_FATAL(cloop_try_open(after, &disk), TARN_OK);
                CU_ASSERT_EQUAL(tarn_io_pread(&host.call, disk, bytes, sizeof(bytes), 0), TARN_OK);
                for (uint64_t i = 0; i < sizeof(bytes); i++)
                    if (bytes[i] != cloop_content(i))
                        CU_FAIL_FATAL("wrong content");
                CU_ASSERT_EQUAL(tarn_io_close(&host.call, disk), TARN_OK);
            } else {
                CU_ASSERT(count < image->journal_length);
            }
            memory_io_free(after);
            free(lost);
        }
    }
    memory_io_free(start);
    memory_io_free(image);
}

static void refuse(struct tarn_image_spec spec, const char *text)
{
    struct memory_io *image = memory_io_new(0);

    CU_ASSERT_EQUAL(cloop_format.create(&host.call, &image->io, &spec), TARN_E_INVALID);
    if (strstr(host.error, text) == NULL) {
        printf("# %s\n", host.error);
        CU_FAIL("the error does not say why");
    }
    CU_ASSERT_EQUAL(image->size, 0);
    memory_io_free(image);
    fake_host_reset(&host);
}

static void refused(void)
{
    static const char *const features[] = { "x", NULL };
    struct tarn_property option = { sizeof(option), 0, "level", "10" };
    const struct tarn_property *const options[] = { &option, NULL };
    struct tarn_image_spec spec = spec_of(1 << 20, 0);
    struct tarn_image_spec changed = spec;

    refuse(spec_of(0, 0), "must not be empty");
    refuse(spec_of(1 << 20, 1000), "multiples of 512");
    refuse(spec_of(1 << 20, (64 << 20) + 512), "multiples of 512");
    refuse(spec_of(UINT64_MAX, 0), "larger cluster_size");
    refuse(spec_of((uint64_t)1 << 50, 0), "larger cluster_size");
    changed.backing_name = "x";
    refuse(changed, "backing store");
    changed = spec;
    changed.preallocation = TARN_PREALLOC_FULL;
    refuse(changed, "preallocation");
    changed = spec;
    changed.subformat = "x";
    refuse(changed, "subformats");
    changed = spec;
    changed.compat = "4.0";
    refuse(changed, "version 2.0");
    changed = spec;
    changed.features = features;
    refuse(changed, "features");
    changed = spec;
    changed.options = options;
    refuse(changed, "level is 10");
    option.name = "depth";
    refuse(changed, "no option depth");
}

static const struct unit_test tests[] = {
    { "disks of all sizes in blocks of all sizes", sizes },
    { "gaps, zeros and bytes", sparse },
    { "every level", levels },
    { "before the flush it is no image", unfinished },
    { "every operation failing", failing },
    { "a crash leaves no image or all of it", crashes },
    { "what a cloop image cannot be is refused", refused },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    int status;

    (void)argc;
    (void)argv;
    fake_host_init(&host);
    status = unit_main("cloop-fill", tests);
    fake_host_clear(&host);
    return status;
}
