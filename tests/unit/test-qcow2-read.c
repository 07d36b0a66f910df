/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * formats/qcow2/read.c, runs.c, compressed.c and the backing store.
 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "tests/unit/test-qcow2-fixture.h"

/* Answers open_related with a store of `arg` bytes, all 0xbb. */
static int32_t give_store(struct tarn_call *call, const struct fake_question *question,
                          struct tarn_io **out, void *arg)
{
    struct memory_io *memory = memory_io_new(*(const uint64_t *)arg);

    (void)call;
    (void)question;
    memset(memory->bytes, 0xbb, memory->size);
    *out = &memory->io;
    return TARN_OK;
}

static void make_overlay(struct image *image, uint64_t capacity, uint64_t *below)
{
    struct tarn_image_spec spec = spec_of(capacity);

    spec.backing_name = "base";
    spec.backing_format = "raw";
    image_make(image, &qcow2_format, &spec);
    fake_host_relate(&image->host, TARN_RELATED_BACKING, "base", give_store, below);
}

static void an_empty_image_reads_zeros(void)
{
    struct tarn_image_spec spec = spec_of(1000000);
    struct image image;

    image_make(&image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 1000448, 0));
    CU_ASSERT_EQUAL(image.disk->fd, -1);
    CU_ASSERT_EQUAL(image.disk->flags & TARN_IO_WRITABLE, 0);
    image_free(&image);
}

static void a_read_that_passes_the_end_is_refused(void)
{
    struct tarn_image_spec spec = spec_of(1000);
    struct image image;
    uint8_t bytes[2];

    image_make(&image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, bytes, 1, 1023), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, bytes, 2, 1023), TARN_E_INVALID);
    CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, bytes, 1, UINT64_MAX),
                    TARN_E_INVALID);
    image_free(&image);
}

static void what_is_not_stored_comes_from_below(void)
{
    uint64_t below = 100000;
    struct image image;

    make_overlay(&image, 1000000, &below);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(image.host.related_asked, 1);
    CU_ASSERT_STRING_EQUAL(image.host.last_format, "raw");
    CU_ASSERT(image_reads(&image, 0, 100000, 0xbb));
    CU_ASSERT(image_reads(&image, 100000, 900448, 0));
    image_write(&image, 1000, 10, 1);
    CU_ASSERT(image_reads(&image, 0, 1000, 0xbb));
    CU_ASSERT(image_reads(&image, 1010, 100000 - 1010, 0xbb));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_backing_store_that_is_refused_fails_the_open(void)
{
    struct tarn_image_spec spec = spec_of(1000);
    struct image image;

    spec.backing_name = "/etc/passwd";
    spec.backing_format = "raw";
    image_make(&image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL(image_open(&image, 0), TARN_E_NOT_FOUND);
    CU_ASSERT_PTR_NULL(image.disk);
    image_free(&image);
}

static void without_its_backing_store_only_that_is_missing(void)
{
    uint64_t below = 1000000;
    struct image image;
    uint8_t byte;

    make_overlay(&image, 1000000, &below);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_NO_BACKING),
                          TARN_OK);
    CU_ASSERT_EQUAL(image.host.related_asked, 0);
    image_write(&image, 65536, 65536, 3);
    CU_ASSERT(image_reads(&image, 65536, 65536, 3));
    CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, &byte, 1, 0), TARN_E_STATE);
    image_free(&image);
}

static int32_t collect(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    char *text = arg;

    (void)call;
    sprintf(text + strlen(text), "%c%llu ", "?DZHB"[extent->kind],
            (unsigned long long)extent->length / 65536);
    return TARN_OK;
}

static void the_map_is_merged(void)
{
    uint64_t below = 8 * 65536;
    struct image image;
    char text[200] = "";

    make_overlay(&image, 16 * 65536, &below);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 65536, 65536, 1);
    image_write(&image, 2 * 65536, 65536, 1);
    CU_ASSERT_EQUAL(tarn_io_zero(&image.host.call, image.disk, 4 * 65536, 2 * 65536, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_extents(&image.host.call, image.disk, 0, 16 * 65536, collect, text),
                    TARN_OK);
    CU_ASSERT_STRING_EQUAL(text, "B1 D2 B1 Z2 B2 H8 ");
    image_free(&image);
}

/* A capacity of 2 PiB without any table is one step, not a billion. */
static void the_map_of_nothing_is_fast(void)
{
    struct tarn_image_spec spec = spec_of((uint64_t)1 << 51);
    struct image image;
    char text[200] = "";

    image_make(&image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    image.host.questions = 0;
    CU_ASSERT_EQUAL(tarn_io_extents(&image.host.call, image.disk, 0, (uint64_t)1 << 40, collect,
                                    text), TARN_OK);
    CU_ASSERT_STRING_EQUAL(text, "H16777216 ");
    CU_ASSERT(image.host.questions < 100);
    image_free(&image);
}

/* Puts a compressed cluster of 0x77 bytes at guest 0. */
static void put_compressed(struct image *image, bool damaged)
{
    uint64_t l2 = image_get64(image, image_get64(image, 40)) & ~((uint64_t)1 << 63);
    uint64_t host = image_get64(image, l2) & ~((uint64_t)1 << 63);
    static uint8_t plain[65536];
    z_stream stream = { 0 };

    memset(plain, 0x77, sizeof(plain));
    CU_ASSERT_EQUAL_FATAL(deflateInit2(&stream, 6, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = plain;
    stream.avail_in = sizeof(plain);
    memset(image->file->bytes + host, 0, 65536);
    stream.next_out = image->file->bytes + host;
    stream.avail_out = 65536;
    CU_ASSERT_EQUAL(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    if (damaged)
        image->file->bytes[host] = 0xff; /* a block type that does not exist */
    image_put64(image, l2, host | (uint64_t)1 << 62 | (uint64_t)1 << 54);
}

static void with_one_cluster(struct image *image)
{
    struct tarn_image_spec spec = spec_of(1000000);

    image_make(image, &qcow2_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(image, 0, 65536, 1);
    image_close(image);
}

static void a_compressed_cluster_is_unpacked_once(void)
{
    struct image image;
    uint64_t reads;

    with_one_cluster(&image);
    put_compressed(&image, false);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, 65536, 0x77));
    reads = image.file->reads;
    CU_ASSERT(image_reads(&image, 100, 200, 0x77));
    CU_ASSERT_EQUAL(image.file->reads, reads);
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void a_damaged_compressed_cluster_is_refused(void)
{
    struct image image;
    uint8_t byte;

    with_one_cluster(&image);
    put_compressed(&image, true);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, &byte, 1, 0), TARN_E_CORRUPT);
    CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, &byte, 1, 0), TARN_E_CORRUPT);
    image_free(&image);
}

static void a_compressed_cluster_becomes_a_plain_one_when_it_is_written(void)
{
    struct image image;

    with_one_cluster(&image);
    put_compressed(&image, false);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 500, 1, 1);
    CU_ASSERT(image_reads(&image, 0, 500, 0x77));
    CU_ASSERT(image_reads(&image, 500, 1, 1));
    CU_ASSERT(image_reads(&image, 501, 65035, 0x77));
    image_close(&image);
    CU_ASSERT(image_sound(&image, 0));
    image_free(&image);
}

static void an_open_reads_the_head_alone(void)
{
    struct tarn_image_spec spec = spec_of((uint64_t)1 << 50);
    struct image image;

    image_make(&image, &qcow2_format, &spec);
    image.file->reads = 0;
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT_EQUAL(image.file->reads, 1);
    image_free(&image);
}

static const struct unit_test tests[] = {
    { "an empty image reads zeros", an_empty_image_reads_zeros },
    { "a read that passes the end is refused", a_read_that_passes_the_end_is_refused },
    { "what is not stored comes from below", what_is_not_stored_comes_from_below },
    { "a backing store that is refused fails the open",
      a_backing_store_that_is_refused_fails_the_open },
    { "without its backing store only that is missing",
      without_its_backing_store_only_that_is_missing },
    { "the map is merged", the_map_is_merged },
    { "the map of nothing is fast", the_map_of_nothing_is_fast },
    { "a compressed cluster is unpacked once", a_compressed_cluster_is_unpacked_once },
    { "a damaged compressed cluster is refused", a_damaged_compressed_cluster_is_refused },
    { "a compressed cluster becomes a plain one when it is written",
      a_compressed_cluster_becomes_a_plain_one_when_it_is_written },
    { "an open reads the head alone", an_open_reads_the_head_alone },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow2-read", tests);
}
