/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VMDK images that are cut off, that lie, and storage that fails: every operation ends with an
 * answer, and after a failed write the old content still reads.
 */
#include <stdlib.h>
#include <string.h>

#include "helpers/le.h"
#include "tests/unit/test-vmdk-fixture.h"

#define GRAIN ((uint64_t)8192)

/* Everything that can be done with it; the answers do not matter, the sanitizers look on. */
static void try_all(struct image *image)
{
    struct tarn_call *call = &image->host.call;
    uint8_t bytes[20000] = { 1 };
    uint64_t size = 0;

    image->host.cancel_at = image->host.questions + 20000; /* nothing is endless */
    vmdk_format.info(call, &image->file->io);
    vmdk_format.check(call, &image->file->io, 0);
    fake_host_reset(&image->host);
    if (image_open(image, 0) == TARN_OK) {
        tarn_io_size(call, image->disk, &size);
        for (uint64_t at = 0; at < size && at < 400000; at += sizeof(bytes))
            tarn_io_pread(call, image->disk, bytes,
                          size - at < sizeof(bytes) ? size - at : sizeof(bytes), at);
        image_drop(image);
    }
    if (image_open(image, TARN_IMAGE_OPEN_WRITE) == TARN_OK) {
        tarn_io_pwrite(call, image->disk, bytes, sizeof(bytes), 3000);
        tarn_io_pwrite(call, image->disk, bytes, sizeof(bytes), 300000);
        tarn_io_zero(call, image->disk, 10000, 90000, TARN_ZERO_MAY_UNMAP);
        tarn_io_truncate(call, image->disk, 9000448, 0);
        image_drop(image);
    }
    CU_ASSERT(image->host.cancel_at == 0 || image->host.questions < image->host.cancel_at);
}

/* An image with data, and its stream twin. */
static void make(struct image *image, const char *subformat)
{
    struct tarn_image_spec spec = spec_of(400384, subformat);
    bool stream = subformat != NULL && strcmp(subformat, "streamOptimized") == 0;

    spec.cluster_size = stream ? 0 : GRAIN;
    image_make(image, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE |
                                            (stream ? TARN_IMAGE_OPEN_FILL : 0)), TARN_OK);
    image_write(image, 0, 100000, 1);
    image_write(image, 200000, 100000, 2);
    CU_ASSERT_EQUAL(tarn_io_flush(&image->host.call, image->disk), TARN_OK);
    image_close(image);
}

static void cut_off(const char *subformat)
{
    struct image image;

    make(&image, subformat);
    for (uint64_t length = 0; length < image.file->size; length += 512) {
        struct image victim;

        image_of(&victim, image.file->bytes, length);
        try_all(&victim);
        image_free(&victim);
        image_of(&victim, image.file->bytes, length + 100 < image.file->size ? length + 100 : 1);
        try_all(&victim);
        image_free(&victim);
    }
    image_free(&image);
}

static void cut_off_sparse(void)
{
    cut_off(NULL);
}

static void cut_off_stream(void)
{
    cut_off("streamOptimized");
}

static void cut_off_cowd(void)
{
    struct image image;

    image_make_cowd(&image, 782, 8);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 0, 100000, 1);
    image_close(&image);
    for (uint64_t length = 0; length < image.more[0].file->size; length += 512) {
        struct image victim;

        image_of(&victim, image.file->bytes, image.file->size);
        image_add_file(&victim, "delta.vmdk", image.more[0].file->bytes, length);
        try_all(&victim);
        image_free(&victim);
    }
    image_free(&image);
}

/* Each byte of the metadata in turn is another one. */
static void flip_bytes(const char *subformat, uint64_t from, uint64_t to)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xff };
    struct image image;

    make(&image, subformat);
    for (uint64_t at = from; at < to && at < image.file->size; at++)
        for (size_t i = 0; i < sizeof(flips); i++) {
            struct image victim;

            if (at >= 512 + 400 && image.file->bytes[at] == 0 && at % 37 != 0)
                continue; /* holes are alike */
            image_of(&victim, image.file->bytes, image.file->size);
            victim.file->bytes[at] ^= flips[i];
            try_all(&victim);
            image_free(&victim);
        }
    image_free(&image);
}

static void flipped_bytes(void)
{
    flip_bytes(NULL, 0, 80);
    flip_bytes(NULL, 512, 1000);
    flip_bytes(NULL, 21 * 512, 32 * 512);
}

static void flipped_bytes_of_a_stream(void)
{
    struct image image;
    uint64_t size;

    make(&image, "streamOptimized");
    size = image.file->size;
    image_free(&image);
    flip_bytes("streamOptimized", 0, 80);
    flip_bytes("streamOptimized", 65536, size);
}

/* The n-th operation on the storage and all later ones fail: what was there before is there, and
 * what was written reads as one or the other. */
static void failing_storage(void)
{
    bool reached_the_end = false;

    for (uint64_t n = 1; n < 400 && !reached_the_end; n++) {
        struct image image;
        struct image after;
        uint8_t bytes[30000];
        int32_t status;

        make(&image, NULL);
        memset(bytes, 9, sizeof(bytes));
        image.file->operations = 0;
        image.file->fail_at = n;
        status = image_open(&image, TARN_IMAGE_OPEN_WRITE);
        if (status == TARN_OK)
            status = tarn_io_pwrite(&image.host.call, image.disk, bytes, 30000, 110000);
        if (status == TARN_OK)
            status = tarn_io_truncate(&image.host.call, image.disk, 9000448, 0);
        if (status == TARN_OK)
            status = tarn_io_flush(&image.host.call, image.disk);
        image_drop(&image);
        reached_the_end = status == TARN_OK && image.file->operations < n;
        CU_ASSERT(status == TARN_OK || status == TARN_E_IO);
        image_of(&after, image.file->bytes, image.file->size);
        image_check(&after, 0);
        CU_ASSERT_EQUAL(after.host.check.corruptions, 0);
        CU_ASSERT_EQUAL_FATAL(image_open(&after, 0), TARN_OK);
        CU_ASSERT(image_reads(&after, 0, 100000, 1));
        CU_ASSERT(image_reads(&after, 200000, 100000, 2));
        CU_ASSERT(image_reads(&after, 110000, 30000, 9) || image_reads(&after, 110000, 30000, 0) ||
                  status != TARN_OK);
        image_free(&after);
        image_free(&image);
    }
    CU_ASSERT(reached_the_end);
}

/* A write that failed leaves the open image usable, once there is space again. */
static void no_space(void)
{
    struct image image;
    uint8_t bytes[100000];

    make(&image, NULL);
    memset(bytes, 9, sizeof(bytes));
    image.file->limit = image.file->size + 20000;
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, bytes, 98304, 106496),
                    TARN_E_NO_SPACE);
    CU_ASSERT(image_reads(&image, 0, 100000, 1));
    image.file->limit = UINT64_MAX;
    fake_host_reset(&image.host);
    image_write(&image, 106496, 90000, 9);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 106496, 90000, 9));
    image_free(&image);
}

/* A header that tells of no metadata makes no room for grains in the descriptor. */
static void a_grain_in_the_descriptor(void)
{
    struct tarn_image_spec spec = spec_of(400384, NULL);
    struct image image;
    uint8_t *bytes;
    uint8_t before[2048];

    spec.cluster_size = GRAIN;
    image_make(&image, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 0, 8192, 1);
    image_close(&image);
    bytes = image.file->bytes;
    le64_store(bytes + 64, 0);
    for (size_t at = 48; at <= 56; at += 8) /* of both directories the first entry */
        le32_store(bytes + le32_load(bytes + le64_load(bytes + at) * 512) * (size_t)512, 2);
    memcpy(before, bytes, sizeof(before));
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "x", 1, 0), TARN_E_CORRUPT);
    image_drop(&image);
    CU_ASSERT(memcmp(image.file->bytes + 1024, before + 1024, 1024) == 0);
    image_free(&image);
}

/* --- streams ---------------------------------------------------------------------------------- */

static void an_unfinished_stream_is_no_image(void)
{
    struct tarn_image_spec spec = spec_of(400384, "streamOptimized");
    struct image image;

    image_make(&image, &spec);
    CU_ASSERT(image_sound(&image, 0)); /* empty, but complete */
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL),
                          TARN_OK);
    image_write(&image, 0, 200000, 3);
    image_close(&image);
    CU_ASSERT_EQUAL(image_open(&image, 0), TARN_E_CORRUPT);
    image_free(&image);
}

static void what_does_not_pack_is_kept(void)
{
    struct tarn_image_spec spec = spec_of(200192, "streamOptimized");
    uint8_t *bytes = malloc(200192);
    uint8_t *read = malloc(200192);
    uint32_t state = 1;
    struct image image;

    CU_ASSERT_FATAL(bytes != NULL && read != NULL);
    for (size_t i = 0; i < 200192; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(state >> 24);
    }
    image_make(&image, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_COMPRESS),
                          TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, bytes, 200192, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&image.host.call, image.disk), TARN_OK);
    image_close(&image);
    CU_ASSERT(image.file->size > 65536 + 200192);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, read, 200192, 0), TARN_OK);
    CU_ASSERT(memcmp(bytes, read, 200192) == 0);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
    free(bytes);
    free(read);
}

static void a_filled_stream_is_not_filled_again(void)
{
    struct image image;

    make(&image, "streamOptimized");
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL),
                    TARN_E_UNSUPPORTED);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
    make(&image, NULL);
    CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_COMPRESS),
                    TARN_E_UNSUPPORTED);
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "a sparse image that is cut off", cut_off_sparse },
    { "a stream that is cut off", cut_off_stream },
    { "a vmfsSparse extent that is cut off", cut_off_cowd },
    { "flipped bytes", flipped_bytes },
    { "flipped bytes of a stream", flipped_bytes_of_a_stream },
    { "storage that fails", failing_storage },
    { "storage that is full", no_space },
    { "a grain in the descriptor", a_grain_in_the_descriptor },
    { "an unfinished stream is no image", an_unfinished_stream_is_no_image },
    { "what does not pack is kept", what_does_not_pack_is_kept },
    { "a filled stream is not filled again", a_filled_stream_is_not_filled_again },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("vmdk-hostile", tests);
}
