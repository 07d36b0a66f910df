/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a crash or a fault leaves of a qcow image: after any write of a process that was killed,
 * with any of the writes since the last flush lost by a machine without power, or when the storage
 * fails at any operation, there may be leaks, and nothing else. What was flushed is there.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/qcow/format.h"
#include "tests/unit/format-crash.h"

#define DISK ((uint64_t)3000320)
#define PIECE ((uint64_t)100000)

/* The first PIECE bytes are 0x5a since before the journal began, or since a flush. */
static bool sound_and_there(struct image *image, uint64_t steps, void *arg)
{
    (void)steps;
    (void)arg;
    return image_leaks_only(image) && image_open(image, 0) == TARN_OK &&
           image_reads(image, 0, PIECE, 0x5a) &&
           image_read_all(image) == TARN_OK;
}

static bool survives(const struct image *image, const struct memory_io *before, uint64_t first)
{
    const struct crashes crashes = { .start = before, .first = first, .judge = sound_and_there };

    return image_survives(image, &crashes);
}

static void make(struct image *image, uint64_t cluster_size)
{
    struct tarn_image_spec spec = spec_of(DISK);

    spec.cluster_size = cluster_size;
    image_make(image, &qcow_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(image, 0, PIECE, 0x5a);
    image_close(image);
}

static void one_operation(struct image *image)
{
    uint64_t offset = PIECE + random_below(DISK - PIECE);
    uint64_t most = DISK - offset < 200000 ? DISK - offset : 200000;
    uint64_t length = 1 + random_below(most);

    switch (random_below(7)) {
    case 0:
        CU_ASSERT_EQUAL(tarn_io_zero(&image->host.call, image->disk, offset, length, 0), TARN_OK);
        break;
    case 1:
        CU_ASSERT_EQUAL(tarn_io_flush(&image->host.call, image->disk), TARN_OK);
        break;
    case 2:
        image_close(image);
        CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        break;
    default:
        image_write(image, offset, length, (uint8_t)(1 + random_below(255)));
    }
}

static void crash(uint64_t cluster_size)
{
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct memory_io *before;
        struct image image;

        random_start(seed);
        make(&image, cluster_size);
        before = image_record(&image);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        for (int i = 0; i < 40; i++)
            one_operation(&image);
        image_close(&image);
        CU_ASSERT(image_sound(&image, 0));
        CU_ASSERT(survives(&image, before, 0));
        memory_io_free(before);
        image_free(&image);
    }
}

static void usual_clusters(void)
{
    crash(4096);
}

static void small_clusters(void)
{
    crash(512);
}

static void large_clusters(void)
{
    crash(65536);
}

static void while_filling(void)
{
    struct memory_io *before;
    struct image image;

    make(&image, 4096);
    before = image_record(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_COMPRESS),
                          TARN_OK);
    for (uint64_t at = PIECE; at < DISK; at += 60000)
        image_write(&image, at, 40000 < DISK - at ? 40000 : DISK - at, (uint8_t)(at % 200));
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    image_close(&image);
    CU_ASSERT(survives(&image, before, 0));
    memory_io_free(before);
    image_free(&image);
}

/* Compressed clusters that are written over keep their bytes until the table is changed. */
static void over_compressed_clusters(void)
{
    struct memory_io *before;
    struct image image;

    make(&image, 4096);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_COMPRESS),
                          TARN_OK);
    image_write(&image, 0, PIECE, 0x5a);
    image_write(&image, PIECE, 900000, 0x33);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    image_close(&image);
    before = image_record(&image);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    for (uint64_t at = PIECE; at < 900000; at += 30000)
        image_write(&image, at, 5000, 0x44);
    image_write(&image, 50000, 3000, 0x5a); /* the same bytes, in a new place */
    image_close(&image);
    CU_ASSERT(survives(&image, before, 0));
    memory_io_free(before);
    image_free(&image);
}

/* Flushed bytes are there after a crash at any later step. */
static void flushed_bytes(void)
{
    struct tarn_image_spec spec = spec_of(DISK);
    struct memory_io *before;
    struct image image;
    uint64_t flushed;

    image_make(&image, &qcow_format, &spec);
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

static void make_usual(struct image *image)
{
    make(image, 4096);
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
    return status;
}

static void faults(void)
{
    CU_ASSERT(image_survives_faults(make_usual, some_writes, sound_and_there));
}

/* The file cannot grow any more, and then it can again. */
static void full(void)
{
    struct image image;
    uint8_t bytes[60000] = { 3 };

    make(&image, 4096);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image.file->limit = image.file->size + 20000;
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, bytes, sizeof(bytes), 500000),
                    TARN_E_NO_SPACE);
    CU_ASSERT(image_reads(&image, 0, PIECE, 0x5a));
    image.file->limit = (uint64_t)1 << 30;
    image_write(&image, 500000, 60000, 4);
    image_close(&image);
    CU_ASSERT(sound_and_there(&image, 0, NULL));
    CU_ASSERT(image_reads(&image, 500000, 60000, 4));
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "4 KiB clusters", usual_clusters },
    { "512 byte clusters", small_clusters },
    { "64 KiB clusters", large_clusters },
    { "while it is filled with compressed clusters", while_filling },
    { "writes over compressed clusters", over_compressed_clusters },
    { "flushed bytes are there", flushed_bytes },
    { "storage that fails", faults },
    { "storage that is full", full },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow-crash", tests);
}
