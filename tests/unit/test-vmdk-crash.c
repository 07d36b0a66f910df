/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a crash leaves of a VMDK image: after any write of a process that was killed, and with any
 * of the writes since the last flush lost by a machine without power, the image opens, there may be
 * grains that nothing uses, and nothing else. What was flushed is there.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/random-numbers.h"
#include "tests/unit/test-vmdk-fixture.h"

#define GRAIN ((uint64_t)8192)

struct variant {
    const char *name;
    const char *zeroed_grain;
    uint64_t size;
    bool parent;
    bool cowd;
};

/* --- making one ------------------------------------------------------------------------------- */

static void add_parent(struct image *image, uint64_t size)
{
    struct tarn_image_spec spec = spec_of(size, NULL);
    struct image parent;

    image_make(&parent, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&parent, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&parent, 0, size, 0xbb);
    image_close(&parent);
    image_add_file(image, "parent.vmdk", parent.file->bytes, parent.file->size);
    image_free(&parent);
}

static void make_variant(struct image *image, const struct variant *variant)
{
    struct tarn_property zeroed = { sizeof(zeroed), 0, "zeroed-grain", variant->zeroed_grain };
    const struct tarn_property *const options[] = { variant->zeroed_grain ? &zeroed : NULL, NULL };
    struct tarn_image_spec spec = spec_of(variant->size, NULL);

    if (variant->cowd) {
        image_make_cowd(image, (uint32_t)(variant->size / 512), 8);
        return;
    }
    spec.cluster_size = GRAIN;
    spec.options = options;
    image_of(image, NULL, 0);
    if (variant->parent) {
        add_parent(image, variant->size);
        spec.backing_name = "parent.vmdk";
        spec.backing_format = "vmdk";
    }
    CU_ASSERT_EQUAL_FATAL(vmdk_format.create(&image->host.call, &image->file->io, &spec), TARN_OK);
}

/* The file whose steps matter: of a vmfsSparse image the extent's. */
static struct memory_io **journalled(struct image *image, const struct variant *variant)
{
    return variant->cowd ? &image->more[0].file : &image->file;
}

/* --- crashing --------------------------------------------------------------------------------- */

/* `start` as it was, but the one file after some of its steps. */
static void after_crash(struct image *out, const struct image *start, const struct image *end,
                        const struct variant *variant, uint64_t count, const bool *lost)
{
    struct memory_io *journal = *journalled((struct image *)(uintptr_t)end, variant);
    struct memory_io **file;
    struct memory_io *replayed;

    image_copy(out, start);
    file = journalled(out, variant);
    replayed = memory_io_replay(*file, journal->journal, count, lost);
    replayed->keep = true;
    memory_io_free(*file);
    *file = replayed;
}

static bool survives(const struct image *start, const struct image *end,
                     const struct variant *variant, uint64_t count, const bool *lost)
{
    struct image image;
    bool good;

    after_crash(&image, start, end, variant, count, lost);
    image_check(&image, 0);
    good = image.host.check.corruptions == 0 && image.host.check.errors == 0;
    for (uint64_t i = 0; i < image.host.finding_count && !good; i++)
        printf("# %s\n", image.host.findings[i].text);
    if (good) { /* mended it is as if nothing had been, and can be written */
        image_check(&image, TARN_CHECK_REPAIR_ALL);
        good = image.host.check.corruptions == 0 && image_open(&image, TARN_IMAGE_OPEN_WRITE) ==
                                                        TARN_OK;
        if (!good)
            printf("# %s\n", image.host.error);
    }
    if (good) {
        image_write(&image, variant->size / 2, 20000, 7);
        image_close(&image);
        image_check(&image, 0);
        good = image.host.check.corruptions == 0;
    }
    image_free(&image);
    return good;
}

/* Of the steps since the last flush, each is lost with a chance of one half. */
static void lose_some(const struct memory_io *journal, uint64_t count, bool *lost)
{
    memset(lost, 0, journal->journal_length * sizeof(*lost));
    for (uint64_t i = count; i-- > 0 && journal->journal[i].what != MEMORY_FLUSH;)
        lost[i] = random_below(2) == 0;
}

static void check_crashes(const struct image *start, const struct image *end,
                          const struct variant *variant)
{
    const struct memory_io *journal = *journalled((struct image *)(uintptr_t)end, variant);
    bool *lost = calloc(journal->journal_length + 1, sizeof(*lost));
    bool killed = true;
    bool cut = true;

    CU_ASSERT_PTR_NOT_NULL_FATAL(lost);
    CU_ASSERT(journal->journal_length > 50);
    for (uint64_t count = 0; count <= journal->journal_length && killed && cut; count++) {
        killed = survives(start, end, variant, count, NULL);
        for (int i = 0; i < 2 && cut; i++) {
            lose_some(journal, count, lost);
            cut = survives(start, end, variant, count, lost);
        }
        if (!killed || !cut)
            printf("# %s, after %llu of %llu steps, %s\n", variant->name,
                   (unsigned long long)count, (unsigned long long)journal->journal_length,
                   killed ? "power lost" : "killed");
    }
    CU_ASSERT(killed);
    CU_ASSERT(cut);
    free(lost);
}

/* --- the operations --------------------------------------------------------------------------- */

static void one_operation(struct image *image, const struct variant *variant)
{
    struct tarn_call *call = &image->host.call;
    uint64_t offset = random_below(variant->size);
    uint64_t left = variant->size - offset;
    uint64_t length = 1 + random_below(left < 60000 ? left : 60000);
    uint64_t size;

    switch (random_below(9)) {
    case 0:
        tarn_io_zero(call, image->disk, offset, length, TARN_ZERO_MAY_UNMAP);
        break;
    case 1:
        tarn_io_discard(call, image->disk, offset, length);
        break;
    case 2:
        CU_ASSERT_EQUAL(tarn_io_flush(call, image->disk), TARN_OK);
        break;
    case 3:
        if (variant->parent || variant->cowd)
            break;
        CU_ASSERT_EQUAL(tarn_io_size(call, image->disk, &size), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_truncate(call, image->disk, size + 512 * random_below(3000), 0),
                        TARN_OK);
        break;
    case 4:
        image_close(image);
        CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        break;
    default:
        image_write(image, offset, length, (uint8_t)(1 + random_below(255)));
    }
}

static void crash(const struct variant *variant, uint64_t seed)
{
    struct image start;
    struct image image;

    random_start(seed);
    make_variant(&image, variant);
    image_copy(&start, &image);
    (*journalled(&image, variant))->record = true;
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    for (int i = 0; i < 40; i++)
        one_operation(&image, variant);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    check_crashes(&start, &image, variant);
    image_free(&start);
    image_free(&image);
}

static void run(const struct variant *variant)
{
    for (uint64_t seed = 1; seed <= 5; seed++)
        crash(variant, seed);
}

static void sparse(void)
{
    run(&(struct variant){ .name = "monolithicSparse", .size = 1000448 });
}

static void marks_for_zeros(void)
{
    run(&(struct variant){ .name = "zeroed-grain", .size = 1000448, .zeroed_grain = "yes" });
}

static void with_parent(void)
{
    run(&(struct variant){ .name = "a parent", .size = 500224, .zeroed_grain = "yes",
                           .parent = true });
}

static void vmfs_sparse(void)
{
    run(&(struct variant){ .name = "vmfsSparse", .size = 1000448, .cowd = true });
}

/* Whatever has become of the growth: what was there is there, and what is new reads as zeros. */
static void growing(void)
{
    struct variant variant = { .name = "growing", .size = 1000448 };
    /* Within the table's reach, beyond it, and beyond the directory's sector. */
    const uint64_t sizes[] = { 3000320, 9000448, 700000256 };
    struct image start;
    struct image image;

    make_variant(&image, &variant);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 0, variant.size, 0x5a);
    image_close(&image);
    image_copy(&start, &image);
    image.file->record = true;
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, sizes[i], 0), TARN_OK);
    image_close(&image);
    for (uint64_t count = 0; count <= image.file->journal_length; count++) {
        struct image after;
        uint64_t size = 0;

        after_crash(&after, &start, &image, &variant, count, NULL);
        CU_ASSERT_EQUAL_FATAL(image_open(&after, 0), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_size(&after.host.call, after.disk, &size), TARN_OK);
        CU_ASSERT(size == variant.size || size == sizes[0] || size == sizes[1] || size == sizes[2]);
        CU_ASSERT(image_reads(&after, 0, variant.size, 0x5a));
        if (size > variant.size)
            CU_ASSERT(image_reads(&after, variant.size,
                                  size > sizes[1] ? 2000000 : size - variant.size, 0));
        image_free(&after);
        CU_ASSERT(survives(&start, &image, &variant, count, NULL));
    }
    image_free(&start);
    image_free(&image);
}

/* What was written before a flush is read after a crash at any later step. */
static void flushed_bytes_are_there(void)
{
    struct variant variant = { .name = "flush", .size = 1000448 };
    struct image start;
    struct image image;
    uint64_t flushed;

    make_variant(&image, &variant);
    image_copy(&start, &image);
    image.file->record = true;
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 5000, 300000, 0x5a);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    flushed = image.file->journal_length;
    for (uint64_t i = 0; i < 20; i++)
        image_write(&image, 400000 + i * 30000, 3000, 1);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    for (uint64_t count = flushed; count <= image.file->journal_length; count++) {
        struct image after;

        after_crash(&after, &start, &image, &variant, count, NULL);
        CU_ASSERT_EQUAL_FATAL(image_open(&after, 0), TARN_OK);
        CU_ASSERT(image_reads(&after, 5000, 300000, 0x5a));
        image_free(&after);
    }
    image_free(&start);
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "monolithicSparse", sparse },
    { "marks for zeros", marks_for_zeros },
    { "with a parent", with_parent },
    { "vmfsSparse", vmfs_sparse },
    { "growing shows zeros at every step", growing },
    { "flushed bytes are there", flushed_bytes_are_there },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("vmdk-crash", tests);
}
