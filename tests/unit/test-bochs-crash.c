/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a crash or a fault leaves of a bochs image: after any write of a process that was killed,
 * with any of the writes since the last flush lost by a machine without power, or when the storage
 * fails at any operation, there may be leaks, and nothing else. What was flushed is there.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/bochs/format.h"
#include "tests/unit/format-crash.h"

#define PIECE ((uint64_t)100000)

static bool sound_and_there(struct image *image, uint64_t steps, void *arg)
{
    bool good = image_leaks_only(image);

    (void)steps;
    (void)arg;
    if (good) {
        image_check(image, TARN_CHECK_REPAIR_LEAKS);
        good = image->host.check.leaks == 0 && image_sound(image, 0);
    }
    return good && image_open(image, 0) == TARN_OK && image_reads(image, 0, PIECE, 0x5a) &&
           image_read_all(image) == TARN_OK;
}

static bool survives(const struct image *image, const struct memory_io *before, uint64_t first)
{
    const struct crashes crashes = { .start = before, .first = first, .judge = sound_and_there };

    return image_survives(image, &crashes);
}

static void make(struct image *image, uint64_t size)
{
    struct tarn_image_spec spec = spec_of(size);

    image_make(image, &bochs_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(image, 0, PIECE, 0x5a);
    image_close(image);
}

static void one_operation(struct image *image, uint64_t max_size)
{
    struct tarn_call *call = &image->host.call;
    uint64_t size = 0;
    uint64_t offset;
    uint64_t length;

    CU_ASSERT_EQUAL(tarn_io_size(call, image->disk, &size), TARN_OK);
    offset = PIECE + random_below(size - PIECE);
    length = 1 + random_below(size - offset < 60000 ? size - offset : 60000);
    switch (random_below(9)) {
    case 0:
        CU_ASSERT_EQUAL(tarn_io_zero(call, image->disk, offset, length, TARN_ZERO_MAY_UNMAP),
                        TARN_OK);
        break;
    case 1:
        CU_ASSERT_EQUAL(tarn_io_discard(call, image->disk, offset, length), TARN_OK);
        break;
    case 2:
        CU_ASSERT_EQUAL(tarn_io_flush(call, image->disk), TARN_OK);
        break;
    case 3:
        size = (2 * PIECE + random_below(max_size - 2 * PIECE)) & ~(uint64_t)511;
        CU_ASSERT_EQUAL(tarn_io_truncate(call, image->disk, size, TARN_TRUNCATE_SHRINK), TARN_OK);
        break;
    case 4:
        image_close(image);
        CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        break;
    default:
        image_write(image, offset, length, (uint8_t)(1 + random_below(255)));
    }
}

static void crash(uint64_t size, uint64_t max_size)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct memory_io *before;
        struct image image;

        random_start(seed);
        make(&image, size);
        before = image_record(&image);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        for (int i = 0; i < 40; i++)
            one_operation(&image, max_size);
        image_close(&image);
        CU_ASSERT(image_sound(&image, 0));
        CU_ASSERT(survives(&image, before, 0));
        memory_io_free(before);
        image_free(&image);
    }
}

static void small_extents(void)
{
    crash(2000384, 2097152);
}

static void larger_extents(void)
{
    crash(6000128, 8388608);
}

/* Flushed bytes are there after a crash at any later step. */
static void flushed_bytes(void)
{
    struct tarn_image_spec spec = spec_of(3000320);
    struct memory_io *before;
    struct image image;
    uint64_t flushed;

    image_make(&image, &bochs_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    before = image_record(&image);
    image_write(&image, 0, PIECE, 0x5a);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    flushed = image.file->journal_length;
    for (uint64_t i = 0; i < 20; i++)
        image_write(&image, 200000 + i * 130000, 3000, 1);
    image_close(&image);
    CU_ASSERT(survives(&image, before, flushed));
    memory_io_free(before);
    image_free(&image);
}

struct growth {
    uint64_t old, grown;
};

static bool as_grown(struct image *after, uint64_t steps, void *arg)
{
    const struct growth *growth = arg;
    uint64_t size = 0;

    (void)steps;
    return image_open(after, 0) == TARN_OK &&
           tarn_io_size(&after->host.call, after->disk, &size) == TARN_OK &&
           (size == growth->old || size == growth->grown) &&
           image_reads(after, 0, growth->old, 0x5a) &&
           image_reads(after, growth->old, size - growth->old, 0);
}

/* Growing into what an earlier, larger disk left: at each step it is not seen, or zero. */
static void growing_shows_zeros(void)
{
    struct memory_io *before;
    struct image image;
    const uint64_t old = 2000384, grown = 2090496;
    struct growth growth = { old, grown };

    make(&image, grown);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, PIECE, grown - PIECE, 0x5a);
    image_close(&image);
    image.file->bytes[88] = old & 0xff; /* the size, and nothing else, as a crash may leave it */
    image.file->bytes[89] = old >> 8 & 0xff;
    image.file->bytes[90] = old >> 16 & 0xff;
    before = image_record(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_truncate(&image.host.call, image.disk, grown, 0), TARN_OK);
    image_close(&image);
    CU_ASSERT(image_survives(&image, &(struct crashes){ .start = before, .killed_only = true,
                                                        .judge = as_grown, .arg = &growth }));
    CU_ASSERT(image.file->journal_length > 2);
    memory_io_free(before);
    image_free(&image);
}

static void make_usual(struct image *image)
{
    make(image, 3000320);
}

static int32_t some_writes(struct image *image)
{
    uint8_t bytes[30000];
    int32_t status = TARN_OK;

    memset(bytes, 7, sizeof(bytes));
    for (uint64_t at = PIECE; at < 2900000 && status == TARN_OK; at += 700000) {
        status = tarn_io_pwrite(&image->host.call, image->disk, bytes, sizeof(bytes), at);
        if (status == TARN_OK)
            status = tarn_io_flush(&image->host.call, image->disk);
    }
    if (status == TARN_OK)
        status = tarn_io_truncate(&image->host.call, image->disk, 1000448, TARN_TRUNCATE_SHRINK);
    return status;
}

static void faults(void)
{
    CU_ASSERT(image_survives_faults(make_usual, some_writes, sound_and_there));
}

/* The file cannot grow any more, and then it can again. What is left behind its end is cleared. */
static void full(void)
{
    struct image image;
    uint8_t bytes[60000];

    memset(bytes, 3, sizeof(bytes));
    make(&image, 3000320);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image.file->limit = image.file->size + 20000;
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, bytes, sizeof(bytes), 500000),
                    TARN_E_NO_SPACE);
    CU_ASSERT(image_reads(&image, 0, PIECE, 0x5a));
    image.file->limit = (uint64_t)1 << 30;
    image_write(&image, 500000, 60000, 4);
    image_close(&image);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, &image.file->io, bytes, sizeof(bytes),
                                   image.file->size), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 1000000, 10, 5);
    CU_ASSERT(image_reads(&image, 1000010, 20000, 0));
    image_close(&image);
    CU_ASSERT(sound_and_there(&image, 0, NULL));
    CU_ASSERT(image_reads(&image, 500000, 60000, 4));
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "extents of 4 KiB", small_extents },
    { "extents of 8 KiB", larger_extents },
    { "flushed bytes are there", flushed_bytes },
    { "growing shows zeros at every step", growing_shows_zeros },
    { "storage that fails", faults },
    { "storage that is full", full },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("bochs-crash", tests);
}
