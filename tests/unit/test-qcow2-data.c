/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * External data files of qcow2: made with the image, grown and shrunk with it, and checked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test-qcow2-fixture.h"

#define CLUSTER ((uint64_t)65536)

/* An image and its data file, both in memory. */
struct pair {
    struct image image; /* first */
    struct memory_io *data;
    const char *name;
    int32_t refusal; /* what create_related answers, TARN_OK = makes it */
};

static int32_t make_data(struct tarn_call *call, const char *suffix, uint64_t size,
                         const char **out_name, struct tarn_io **out, void *arg)
{
    struct pair *pair = arg;

    CU_ASSERT_STRING_EQUAL(suffix, "-data.raw");
    if (pair->refusal != TARN_OK)
        return tarn_fail(call, pair->refusal, 0, "the test makes no file");
    pair->data = memory_io_new(size);
    pair->data->keep = true;
    pair->data->record = pair->image.file->record;
    *out_name = pair->name;
    *out = &pair->data->io;
    return TARN_OK;
}

static int32_t give_data(struct tarn_call *call, const struct fake_question *question,
                         struct tarn_io **out, void *arg)
{
    struct pair *pair = arg;

    (void)question;
    if (pair->data == NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, ENOENT, "the data file is missing");
    *out = &pair->data->io;
    return TARN_OK;
}

struct variant {
    uint64_t capacity;
    uint64_t cluster_size;
    uint32_t preallocation;
    const char *raw;
    const char *compat;
    const char *feature;
    const char *backing;
};

static int32_t create(struct pair *pair, const struct variant *variant)
{
    struct tarn_property given[] = {
        { sizeof(given[0]), 0, "data-file", "yes" },
        { sizeof(given[0]), 0, "data-file-raw", variant->raw != NULL ? variant->raw : "no" },
    };
    const struct tarn_property *const options[] = { &given[1], &given[0], NULL };
    const char *const features[] = { variant->feature, NULL };
    struct tarn_image_spec spec = spec_of(variant->capacity);

    spec.cluster_size = variant->cluster_size;
    spec.preallocation = variant->preallocation;
    spec.compat = variant->compat;
    spec.features = features;
    spec.options = options;
    spec.backing_name = variant->backing;
    spec.backing_format = variant->backing != NULL ? "raw" : NULL;
    return qcow2_format.create(&pair->image.host.call, &pair->image.file->io, &spec);
}

static void prepare(struct pair *pair)
{
    memset(pair, 0, sizeof(*pair));
    image_of(&pair->image, &qcow2_format, NULL, 0);
    pair->name = "disk-data.raw";
    pair->image.host.create_related = make_data;
    pair->image.host.create_related_arg = pair;
    pair->image.host.related_default = give_data;
    pair->image.host.related_default_arg = pair;
}

static void pair_free(struct pair *pair)
{
    image_free(&pair->image);
    memory_io_free(pair->data);
}

static void make(struct pair *pair, const struct variant *variant)
{
    prepare(pair);
    CU_ASSERT_EQUAL_FATAL(create(pair, variant), TARN_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pair->data);
}

static void the_file_is_made_and_named(void)
{
    struct pair pair;

    make(&pair, &(struct variant){ .capacity = 1000000 });
    CU_ASSERT_EQUAL(pair.data->size, 1000448);
    CU_ASSERT_EQUAL(image_get64(&pair.image, 72), 4);
    CU_ASSERT_EQUAL(image_get64(&pair.image, 88), 0);
    CU_ASSERT_EQUAL(qcow2_format.info(&pair.image.host.call, &pair.image.file->io), TARN_OK);
    CU_ASSERT_STRING_EQUAL(pair.image.host.image.info.files[0]->name, "disk-data.raw");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&pair.image.host, "data-file-raw"), "no");
    CU_ASSERT_EQUAL(pair.image.host.related_asked, 0);
    CU_ASSERT(image_sound(&pair.image, 0));
    pair_free(&pair);
}

static void the_guests_bytes_are_in_it(void)
{
    struct pair pair;

    make(&pair, &(struct variant){ .capacity = 1000000 });
    CU_ASSERT_EQUAL_FATAL(image_open(&pair.image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&pair.image, 500000, 1000, 0x5a);
    CU_ASSERT_EQUAL(pair.data->bytes[500000], 0x5a);
    CU_ASSERT(image_reads(&pair.image, 500000, 1000, 0x5a));
    CU_ASSERT(image_reads(&pair.image, 0, 500000, 0));
    image_close(&pair.image);
    CU_ASSERT(pair.image.file->size < 6 * CLUSTER);
    CU_ASSERT(image_sound(&pair.image, 0));
    pair_free(&pair);
}

/* What somebody writes into a raw data file is what the guest sees: everything is mapped. */
static void a_raw_file_is_the_disk(void)
{
    static const char *const features[] = { NULL, "extended_l2" };

    for (int i = 0; i < 2; i++) {
        struct pair pair;

        make(&pair, &(struct variant){ .capacity = 3000320, .raw = "yes",
                                       .feature = features[i] });
        CU_ASSERT_EQUAL(image_get64(&pair.image, 88), 2);
        memset(pair.data->bytes + 2000000, 0x33, 1000);
        CU_ASSERT_EQUAL_FATAL(image_open(&pair.image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        CU_ASSERT(image_reads(&pair.image, 2000000, 1000, 0x33));
        CU_ASSERT_EQUAL(tarn_io_truncate(&pair.image.host.call, pair.image.disk, 5000192, 0),
                        TARN_OK);
        CU_ASSERT_EQUAL(pair.data->size, 5000192);
        memset(pair.data->bytes + 4999000, 0x44, 1000);
        CU_ASSERT(image_reads(&pair.image, 4999000, 1000, 0x44));
        image_write(&pair.image, 100, 10, 1);
        CU_ASSERT_EQUAL(image_get64(&pair.image, 88), 2);
        image_close(&pair.image);
        CU_ASSERT(image_sound(&pair.image, 0));
        pair_free(&pair);
    }
}

static void growing_shows_nothing_old(void)
{
    static const char *const raw[] = { "no", "yes" };

    for (int i = 0; i < 2; i++) {
        struct pair pair;

        make(&pair, &(struct variant){ .capacity = 100 * 512, .raw = raw[i] });
        /* Longer than the disk, as a device is. */
        CU_ASSERT_EQUAL(tarn_io_truncate(&pair.image.host.call, &pair.data->io, 10 * CLUSTER, 0),
                        TARN_OK);
        memset(pair.data->bytes, 0x99, pair.data->size);
        CU_ASSERT_EQUAL_FATAL(image_open(&pair.image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_truncate(&pair.image.host.call, pair.image.disk, 20 * CLUSTER, 0),
                        TARN_OK);
        CU_ASSERT(image_reads(&pair.image, 100 * 512, 20 * CLUSTER - 100 * 512, 0));
        CU_ASSERT_EQUAL(pair.data->size, 20 * CLUSTER);
        CU_ASSERT_EQUAL(tarn_io_truncate(&pair.image.host.call, pair.image.disk, CLUSTER,
                                         TARN_TRUNCATE_SHRINK), TARN_OK);
        CU_ASSERT_EQUAL(pair.data->size, CLUSTER);
        image_close(&pair.image);
        CU_ASSERT(image_sound(&pair.image, 0));
        pair_free(&pair);
    }
}

static void preallocation_ends_with_the_disk(void)
{
    static const uint32_t modes[] = { TARN_PREALLOC_METADATA, TARN_PREALLOC_FALLOC,
                                      TARN_PREALLOC_FULL };

    for (int i = 0; i < 6; i++) {
        struct variant variant = { .capacity = 3 * CLUSTER + 512, .preallocation = modes[i % 3],
                                   .cluster_size = i < 3 ? 65536 : 512 };
        struct tarn_property given = { sizeof(given), 0, "data-file", "yes" };
        const struct tarn_property *const options[] = { &given, NULL };
        struct tarn_image_spec spec = spec_of(variant.capacity);
        uint64_t bytes;
        struct pair pair;

        spec.cluster_size = variant.cluster_size;
        spec.preallocation = variant.preallocation;
        spec.options = options;
        make(&pair, &variant);
        CU_ASSERT_EQUAL(pair.data->size, 3 * CLUSTER + 512);
        CU_ASSERT(image_sound(&pair.image, 0));
        CU_ASSERT_EQUAL(qcow2_format.measure(&pair.image.host.call, &spec, &bytes), TARN_OK);
        CU_ASSERT_EQUAL(bytes, pair.image.file->size);
        pair_free(&pair);
    }
}

static void refuse(const struct variant *variant, const char *text)
{
    struct pair pair;

    prepare(&pair);
    CU_ASSERT_EQUAL(create(&pair, variant), TARN_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(pair.image.host.error, text));
    CU_ASSERT_EQUAL(pair.image.file->size, 0);
    CU_ASSERT_PTR_NULL(pair.data);
    pair_free(&pair);
}

static void what_makes_no_sense_is_refused(void)
{
    struct tarn_property given = { sizeof(given), 0, "data-file-raw", "yes" };
    const struct tarn_property *const options[] = { &given, NULL };
    struct tarn_image_spec spec = spec_of(1000000);
    struct pair pair;

    refuse(&(struct variant){ .capacity = 1000000, .compat = "0.10" }, "needs compat 1.1");
    refuse(&(struct variant){ .capacity = 1000000, .raw = "yes", .backing = "base" },
           "no backing store");
    refuse(&(struct variant){ .capacity = 1000000, .raw = "maybe" }, "yes or no");
    prepare(&pair);
    spec.options = options;
    CU_ASSERT_EQUAL(qcow2_format.create(&pair.image.host.call, &pair.image.file->io, &spec),
                    TARN_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(pair.image.host.error, "take data-file too"));
    pair_free(&pair);
}

static void a_name_that_does_not_fit_is_refused(void)
{
    static char name[401];
    struct pair pair;

    memset(name, 'n', sizeof(name) - 1);
    prepare(&pair);
    pair.name = name;
    CU_ASSERT_EQUAL(create(&pair, &(struct variant){ .capacity = 1000, .cluster_size = 512 }),
                    TARN_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(pair.image.host.error, "take larger clusters"));
    CU_ASSERT_NOT_EQUAL(image_get32(&pair.image, 0), 0x514649fb);
    pair_free(&pair);
}

static void without_a_place_for_it_nothing_is_made(void)
{
    struct pair pair;

    prepare(&pair);
    pair.refusal = TARN_E_NO_SPACE;
    CU_ASSERT_EQUAL(create(&pair, &(struct variant){ .capacity = 1000000 }), TARN_E_NO_SPACE);
    CU_ASSERT_EQUAL(pair.image.file->size, 0);
    fake_host_reset(&pair.image.host);
    pair.image.host.table.create_related = NULL;
    CU_ASSERT_EQUAL(create(&pair, &(struct variant){ .capacity = 1000000 }), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(pair.image.file->size, 0);
    pair_free(&pair);
}

static void the_check_looks_at_the_file(void)
{
    struct pair pair;
    struct memory_io *data;

    make(&pair, &(struct variant){ .capacity = 1000000, .raw = "yes" });
    CU_ASSERT(image_sound(&pair.image, 0));
    CU_ASSERT_EQUAL(pair.image.host.related_asked, 1);
    data = pair.data;
    pair.data = NULL;
    image_check(&pair.image, 0);
    CU_ASSERT_EQUAL(pair.image.host.check.errors, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(pair.image.host.findings[0].text, "disk-data.raw"));
    pair.data = data;
    CU_ASSERT_EQUAL(tarn_io_truncate(&pair.image.host.call, &data->io, 5000, TARN_TRUNCATE_SHRINK),
                    TARN_OK);
    image_check(&pair.image, 0);
    CU_ASSERT_EQUAL(pair.image.host.check.corruptions, 1);
    image_check(&pair.image, TARN_CHECK_REPAIR_LEAKS);
    CU_ASSERT_EQUAL(pair.image.host.check.corruptions, 1);
    CU_ASSERT_EQUAL(data->size, 5000);
    image_check(&pair.image, TARN_CHECK_REPAIR_ALL);
    CU_ASSERT_EQUAL(pair.image.host.check.corruptions, 0);
    CU_ASSERT_EQUAL(pair.image.host.check.corruptions_fixed, 1);
    CU_ASSERT_EQUAL(data->size, 1000448);
    pair_free(&pair);
}

static void an_entry_that_points_elsewhere_is_found(void)
{
    struct pair pair;
    uint64_t table;

    make(&pair, &(struct variant){ .capacity = 1000000, .raw = "yes" });
    table = image_get64(&pair.image, image_get64(&pair.image, 40)) & ~((uint64_t)1 << 63);
    image_put64(&pair.image, table + 8, image_get64(&pair.image, table + 16));
    image_check(&pair.image, 0);
    CU_ASSERT_EQUAL(pair.image.host.check.corruptions, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(pair.image.host.findings[0].text, "must be equal"));
    CU_ASSERT_EQUAL_FATAL(image_open(&pair.image, 0), TARN_OK);
    CU_ASSERT_FALSE(image_reads(&pair.image, CLUSTER, 1, 0));
    CU_ASSERT_EQUAL(pair.image.host.status, TARN_E_CORRUPT);
    pair_free(&pair);
}

/* Whatever operation of the image fails, create says so, and closes the data file. */
static void a_failing_container_fails_the_create(void)
{
    struct variant variant = { .capacity = 3000000, .raw = "yes" };
    uint64_t needed;
    struct pair pair;

    make(&pair, &variant);
    needed = pair.image.file->operations;
    pair_free(&pair);
    for (uint64_t at = 1; at <= needed; at++) {
        prepare(&pair);
        pair.image.file->fail_at = at;
        CU_ASSERT_EQUAL(create(&pair, &variant), TARN_E_IO);
        pair_free(&pair);
    }
}

/* A process that is killed while it makes the image leaves no image, or a sound one. */
static void a_killed_create_leaves_nothing_damaged(void)
{
    struct memory_io *empty = memory_io_new(0);
    struct pair pair;

    prepare(&pair);
    pair.image.file->record = true;
    CU_ASSERT_EQUAL_FATAL(create(&pair, &(struct variant){ .capacity = 3000000, .raw = "yes",
                                                           .cluster_size = 4096 }), TARN_OK);
    for (uint64_t count = 0; count <= pair.image.file->journal_length; count++) {
        struct pair after;

        prepare(&after);
        after.data = memory_io_of(pair.data->bytes, pair.data->size);
        after.data->keep = true;
        memory_io_free(after.image.file);
        after.image.file = memory_io_replay(empty, pair.image.file->journal, count, NULL);
        after.image.file->keep = true;
        if (after.image.file->size >= 4 && image_get32(&after.image, 0) == 0x514649fb) {
            image_check(&after.image, 0);
            CU_ASSERT_EQUAL(after.image.host.check.corruptions, 0);
            CU_ASSERT_EQUAL(after.image.host.check.errors, 0);
        }
        pair_free(&after);
    }
    memory_io_free(empty);
    pair_free(&pair);
}

static const struct unit_test tests[] = {
    { "the file is made and named", the_file_is_made_and_named },
    { "the guest's bytes are in it", the_guests_bytes_are_in_it },
    { "a raw file is the disk", a_raw_file_is_the_disk },
    { "growing shows nothing old, shrinking gives back", growing_shows_nothing_old },
    { "preallocation ends with the disk", preallocation_ends_with_the_disk },
    { "what makes no sense is refused", what_makes_no_sense_is_refused },
    { "a name that does not fit is refused", a_name_that_does_not_fit_is_refused },
    { "without a place for it nothing is made", without_a_place_for_it_nothing_is_made },
    { "the check looks at the file", the_check_looks_at_the_file },
    { "an entry that points elsewhere is found", an_entry_that_points_elsewhere_is_found },
    { "a failing container fails the create", a_failing_container_fails_the_create },
    { "a killed create leaves nothing damaged", a_killed_create_leaves_nothing_damaged },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow2-data", tests);
}
