/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a crash leaves of an image: after any write of a process that was killed, and with any of
 * the writes since the last flush lost by a machine without power, each sector holds what was
 * flushed last or something that was written to it since, never anything else. And what a write
 * that fails leaves.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/format-crash.h"
#include "tests/unit/test-vpc-fixture.h"

#define BLOCK   ((uint64_t)8192)
#define SECTORS ((uint64_t)200)
#define STEPS   70

/* A write of one byte to whole sectors, or a flush. */
struct operation {
    bool flush;
    uint64_t first;
    uint64_t count;
    uint8_t byte;
    uint64_t begin; /* in steps of the journal */
    uint64_t end;
};

struct story {
    struct image parent; /* of a differencing image */
    bool differencing;
    struct memory_io *start;
    struct image image;
    struct operation operations[STEPS];
};

static void one_operation(struct story *story, struct operation *operation)
{
    struct image *image = &story->image;

    memset(operation, 0, sizeof(*operation));
    operation->begin = image->file->journal_length;
    operation->first = random_below(SECTORS);
    operation->count = 1 + random_below(SECTORS - operation->first < 40
                                            ? SECTORS - operation->first : 40);
    switch (random_below(7)) {
    case 0:
        operation->flush = true;
        CU_ASSERT_EQUAL(tarn_io_flush(&image->host.call, image->disk), TARN_OK);
        break;
    case 1:
        CU_ASSERT_EQUAL(tarn_io_zero(&image->host.call, image->disk, operation->first * SECTOR,
                                     operation->count * SECTOR, TARN_ZERO_MAY_UNMAP), TARN_OK);
        break;
    default:
        operation->byte = (uint8_t)(1 + random_below(200));
        image_write(image, operation->first * SECTOR, operation->count * SECTOR, operation->byte);
    }
    operation->end = image->file->journal_length;
}

/* May the sector hold the byte after `count` steps of the journal? */
static bool allowed(const struct story *story, uint64_t sector, uint64_t count, uint8_t byte)
{
    uint8_t now = story->differencing ? 0xee : 0;
    bool good = byte == now;

    for (uint32_t i = 0; i < STEPS; i++) {
        const struct operation *operation = &story->operations[i];

        if (operation->begin > count)
            break;
        if (operation->flush && operation->end <= count) {
            good = byte == now;
        } else if (!operation->flush && sector >= operation->first &&
                   sector < operation->first + operation->count) {
            now = operation->byte;
            good = good || byte == now;
        }
    }
    return good;
}

static bool same_bytes(const uint8_t *bytes)
{
    for (uint64_t i = 1; i < SECTOR; i++)
        if (bytes[i] != bytes[0])
            return false;
    return true;
}

static bool as_written(struct image *after, uint64_t steps, void *arg)
{
    static uint8_t bytes[SECTORS * SECTOR];
    struct story *story = arg;
    bool good;

    if (story->differencing)
        image_relate(after, &story->parent, "parent.vhd");
    good = image_open(after, TARN_IMAGE_OPEN_WRITE) == TARN_OK &&
           tarn_io_pread(&after->host.call, after->disk, bytes, sizeof(bytes), 0) == TARN_OK;
    if (!good)
        printf("# %s\n", after->host.error);
    for (uint64_t i = 0; i < SECTORS && good; i++) {
        good = same_bytes(bytes + i * SECTOR) && allowed(story, i, steps, bytes[i * SECTOR]);
        if (!good)
            printf("# sector %llu holds 0x%02x\n", (unsigned long long)i, bytes[i * SECTOR]);
    }
    if (good) {
        image_close(after);
        good = image_leaks_only(after);
    }
    return good;
}

static void begin(struct story *story, bool differencing, bool cut)
{
    struct tarn_image_spec spec = spec_blocks(SECTORS * SECTOR, BLOCK);

    memset(story, 0, sizeof(*story));
    story->differencing = differencing;
    if (differencing) {
        image_make(&story->parent, &vpc_format, &spec);
        CU_ASSERT_EQUAL_FATAL(image_open(&story->parent, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        image_write(&story->parent, 0, spec.capacity, 0xee);
        image_close(&story->parent);
        image_over(&story->image, &story->parent, BLOCK);
    } else {
        image_make(&story->image, &vpc_format, &spec);
    }
    if (cut) /* the last crash left no footer at the end */
        story->image.file->size -= SECTOR;
    story->start = image_record(&story->image);
    CU_ASSERT_EQUAL_FATAL(image_open(&story->image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
}

static void end(struct story *story)
{
    memory_io_free(story->start);
    image_free(&story->image);
    if (story->differencing)
        image_free(&story->parent);
}

static void crash(bool differencing, bool cut)
{
    static struct story story;

    for (uint64_t seed = 1; seed <= 6; seed++) {
        random_start(seed);
        begin(&story, differencing, cut);
        for (uint32_t i = 0; i < STEPS; i++)
            one_operation(&story, &story.operations[i]);
        image_close(&story.image);
        CU_ASSERT(image_sound(&story.image, 0));
        CU_ASSERT(image_survives(&story.image, &(struct crashes){ .start = story.start,
                                                                  .judge = as_written,
                                                                  .arg = &story }));
        end(&story);
    }
}

static void dynamic_images(void)
{
    crash(false, false);
}

static void differencing_images(void)
{
    crash(true, false);
}

static void images_without_a_footer_at_the_end(void)
{
    crash(false, true);
}

/* --- growing ---------------------------------------------------------------------------------- */

struct growth {
    uint64_t old, size; /* bytes of the disk */
    uint64_t steps;     /* that it takes */
};

/* Of the old size or the new one, which it is at the end; and what is added is zero. */
static bool as_grown(struct image *after, uint64_t steps, void *arg)
{
    const struct growth *growth = arg;
    uint64_t now = 0;

    return image_open(after, 0) == TARN_OK &&
           tarn_io_size(&after->host.call, after->disk, &now) == TARN_OK &&
           (now == growth->size || (now == growth->old && steps < growth->steps)) &&
           image_reads(after, 0, growth->old, 0x5a) &&
           image_reads(after, growth->old, now - growth->old, 0);
}

static void grow(const char *subformat, uint64_t size)
{
    uint64_t old = SECTORS * SECTOR;
    struct growth growth = { old, size, 0 };
    struct tarn_image_spec spec = spec_of(old);
    struct memory_io *start;
    struct image image;

    spec.subformat = subformat;
    spec.cluster_size = strcmp(subformat, "dynamic") == 0 ? BLOCK : 0;
    image_make(&image, &vpc_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 0, old, 0x5a);
    image_close(&image);
    start = image_record(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, size, 0), TARN_OK);
    image_close(&image);
    growth.steps = image.file->journal_length;
    CU_ASSERT(image_survives(&image, &(struct crashes){ .start = start, .killed_only = true,
                                                        .judge = as_grown, .arg = &growth }));
    memory_io_free(start);
    image_free(&image);
}

static void growing(void)
{
    grow("fixed", SECTORS * SECTOR + 512);
    grow("fixed", SECTORS * SECTOR * 3);
    grow("dynamic", SECTORS * SECTOR + 512);
    grow("dynamic", SECTORS * SECTOR * 3);
    grow("dynamic", SECTORS * SECTOR * 30); /* the table moves */
}

/* --- failures --------------------------------------------------------------------------------- */

/* From the n-th access to the file on everything fails; what was there before is still read. */
static void failed_writes_lose_nothing(void)
{
    struct tarn_image_spec spec = spec_blocks(SECTORS * SECTOR, BLOCK);
    struct image whole;

    image_make(&whole, &vpc_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&whole, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&whole, 0, 9 * BLOCK, 0x42);
    image_close(&whole);
    for (uint64_t i = 1; i < 60; i++) {
        uint8_t bytes[3 * BLOCK];
        struct image image;

        memset(bytes, 0x43, sizeof(bytes));
        image_copy(&image, &whole);
        image.file->fail_at = i;
        if (image_open(&image, TARN_IMAGE_OPEN_WRITE) == TARN_OK) {
            tarn_io_pwrite(&image.host.call, image.disk, bytes, sizeof(bytes), 10 * BLOCK);
            tarn_io_pwrite(&image.host.call, image.disk, bytes, 100, 8 * BLOCK + 50);
            tarn_io_truncate(&image.host.call, image.disk, 90 * SECTORS * SECTOR, 0);
            tarn_io_flush(&image.host.call, image.disk);
            tarn_io_close(&image.host.call, image.disk);
            image.disk = NULL;
        }
        image.file->fail_at = 0;
        CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        CU_ASSERT(image_reads(&image, 0, 8 * BLOCK, 0x42));
        image_close(&image);
        image_check(&image, 0);
        CU_ASSERT_EQUAL(image.host.check.corruptions, 0);
        image_free(&image);
    }
    image_free(&whole);
}

/* A container that is full: the write fails, the image stays. */
static void full_containers(void)
{
    struct tarn_image_spec spec = spec_blocks(SECTORS * SECTOR, BLOCK);
    uint8_t bytes[4 * BLOCK] = { 1 };
    struct image image;

    image_make(&image, &vpc_format, &spec);
    image.file->limit = image.file->size + 2 * BLOCK;
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, bytes, sizeof(bytes), 0),
                    TARN_E_NO_SPACE);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "dynamic images", dynamic_images },
    { "differencing images", differencing_images },
    { "images without a footer at the end", images_without_a_footer_at_the_end },
    { "growing", growing },
    { "failed writes lose nothing", failed_writes_lose_nothing },
    { "full containers", full_containers },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("vpc-crash", tests);
}
