/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-dmg-read.c - reading images in every codec, their map, and images that are cut off, changed,
 * on storage that fails, or stopped in between.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test-dmg-encode.h"
#include "tests/unit/test-dmg-fixture.h"

/* All codecs; *out_disk is what the guest shall read, freed with free(). */
static uint64_t make(struct image *image, uint8_t **out_disk)
{
    struct maker maker;
    uint64_t size;

    maker_init(&maker);
    maker_everything(&maker);
    size = maker.sectors * DMG_SECTOR;
    *out_disk = maker.disk;
    maker.disk = NULL;
    image_made(image, &maker);
    return size;
}

static void every_codec_is_read(void)
{
    struct image image;
    uint8_t *disk;
    uint64_t size = make(&image, &disk);

    CU_ASSERT(image_holds(&image, disk, size));
    CU_ASSERT_EQUAL(image_faults(&image), 0);
    CU_ASSERT_EQUAL(image.host.check.errors, 0);
    CU_ASSERT_EQUAL(image.host.check.total_clusters, 15);
    CU_ASSERT_EQUAL(image.host.check.allocated_clusters, 12);
    CU_ASSERT_EQUAL(image.host.check.compressed_clusters, 10);
    CU_ASSERT_EQUAL(image.host.check.image_end, image.file->size);
    CU_ASSERT_EQUAL(image.host.progress_done, size / DMG_SECTOR);
    image_free(&image);
    free(disk);
}

static void every_form_of_lzfse_is_read(void)
{
    static uint8_t text[100 * DMG_SECTOR];
    uint8_t *packed = malloc(encode_room(sizeof(text)));

    if (packed == NULL)
        exit(99);
    maker_text(text, sizeof(text), 77);
    for (int form = LZFSE_RAW; form <= LZFSE_V2; form++) {
        uint64_t length = encode_lzfse((enum lzfse_form)form, text, sizeof(text), packed);
        struct maker maker;
        struct image image;

        maker_init(&maker);
        maker_packed(&maker, DMG_LZFSE, text, 100, packed, length);
        image_made(&image, &maker);
        CU_ASSERT(image_holds(&image, text, sizeof(text)));
        image_free(&image);
    }
    free(packed);
}

static void reads_begin_and_end_anywhere(void)
{
    struct image image;
    uint8_t *disk;
    uint64_t size = make(&image, &disk);
    uint8_t bytes[3000];
    uint32_t seed = 1;

    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    for (int i = 0; i < 3000; i++) {
        uint64_t offset;
        uint64_t length;

        seed = seed * 1103515245u + 12345u;
        offset = (seed >> 4) % size;
        length = dmg_min((seed >> 16) % sizeof(bytes), size - offset);
        CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, bytes, length, offset),
                        TARN_OK);
        CU_ASSERT(memcmp(bytes, disk + offset, length) == 0);
    }
    CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, bytes, 2, size - 1),
                    TARN_E_INVALID);
    image_free(&image);
    free(disk);
}

/* --- the map ---------------------------------------------------------------------------------- */

struct map {
    struct tarn_extent extent[16];
    uint32_t count;
};

static int32_t keep_extent(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct map *map = arg;

    (void)call;
    CU_ASSERT_FATAL(map->count < 16);
    map->extent[map->count++] = *extent;
    return TARN_OK;
}

static void the_map_tells_what_is_where(void)
{
    static uint8_t text[8 * DMG_SECTOR];
    struct map map = { .count = 0 };
    struct maker maker;
    struct image image;

    maker_text(text, sizeof(text), 4);
    maker_init(&maker);
    maker_chunk(&maker, DMG_ZLIB, text, 8);
    maker_chunk(&maker, DMG_RAW, text, 8);
    maker_chunk(&maker, DMG_RAW, text, 8); /* in a row with the one before */
    maker_zeros(&maker, DMG_ZERO, 3);
    maker_table(&maker);
    maker_zeros(&maker, DMG_IGNORE, 4);
    maker_chunk(&maker, DMG_RAW, text, 1);
    image_made(&image, &maker);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_extents(&image.host.call, image.disk, 0, 32 * DMG_SECTOR, keep_extent,
                                    &map), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(map.count, 4);
    CU_ASSERT_EQUAL(map.extent[0].kind, TARN_EXTENT_DATA);
    CU_ASSERT_EQUAL(map.extent[0].flags, TARN_EXTENT_COMPRESSED);
    CU_ASSERT_EQUAL(map.extent[1].flags, TARN_EXTENT_HOST);
    CU_ASSERT_EQUAL(map.extent[1].length, 16 * DMG_SECTOR);
    CU_ASSERT(memcmp(image.file->bytes + map.extent[1].host_offset, text, sizeof(text)) == 0);
    CU_ASSERT_EQUAL(map.extent[2].kind, TARN_EXTENT_ZERO);
    CU_ASSERT_EQUAL(map.extent[2].length, 7 * DMG_SECTOR);
    CU_ASSERT_EQUAL(map.extent[3].kind, TARN_EXTENT_DATA);
    image_free(&image);
}

/* --- damage ----------------------------------------------------------------------------------- */

static void a_file_cut_off_anywhere_is_answered(void)
{
    struct image whole;
    uint8_t *disk;

    make(&whole, &disk);
    for (uint64_t length = 0; length < whole.file->size; length += 512) {
        struct image image;

        image_of(&image, whole.file->bytes, length);
        image_survives(&image);
        CU_ASSERT(image_refused(&image, TARN_E_CORRUPT, "no dmg image"));
        image_free(&image);
    }
    /* Cut out of the middle: the trailer is there, what it tells of is not. */
    for (uint64_t gone = 512; gone < whole.file->size - DMG_KOLY_SIZE; gone += 512) {
        struct image image;

        image_of(&image, whole.file->bytes + gone, whole.file->size - gone);
        image_survives(&image);
        CU_ASSERT(image_refused(&image, TARN_E_CORRUPT, ""));
        image_free(&image);
    }
    image_free(&whole);
    free(disk);
}

/* A changed byte is an answer, and never other bytes without the check knowing of it. */
static void any_changed_byte_is_found(void)
{
    struct image image;
    uint8_t *disk;
    uint64_t size = make(&image, &disk);
    uint64_t data = 0;

    for (uint64_t at = 0; at < image.file->size; at += at < 2000 ? 41 : 599) {
        bool holds;

        image.file->bytes[at] ^= 0x20;
        image_survives(&image);
        fake_host_reset(&image.host);
        holds = image_holds(&image, disk, size);
        if (!holds)
            CU_ASSERT(image_faults(&image) > 0);
        data += !holds;
        image.file->bytes[at] ^= 0x20;
    }
    CU_ASSERT(data > 10);
    CU_ASSERT(image_holds(&image, disk, size));
    image_free(&image);
    free(disk);
}

/* Whichever read fails, the operation fails with it, and nothing is left behind. */
static void storage_that_fails(void)
{
    struct image image;
    uint8_t *disk;
    uint64_t size = make(&image, &disk);
    uint64_t failed = 0;

    for (uint64_t i = 1; i < 60; i++) {
        image.file->operations = 0;
        image.file->fail_at = i;
        image.file->fail_status = TARN_E_IO;
        fake_host_reset(&image.host);
        failed += !image_holds(&image, disk, size);
        image.file->operations = 0;
        fake_host_reset(&image.host);
        if (image_faults(&image) == UINT64_MAX)
            CU_ASSERT_EQUAL(image.host.status, TARN_E_IO);
        image.file->operations = 0;
        fake_host_reset(&image.host);
        CU_ASSERT_EQUAL(dmg_format.info(&image.host.call, &image.file->io),
                        i <= 3 ? TARN_E_IO : TARN_OK);
    }
    CU_ASSERT(failed >= 14);
    image.file->fail_at = 0;
    CU_ASSERT(image_holds(&image, disk, size));
    image_free(&image);
    free(disk);
}

static void everything_long_can_be_stopped(void)
{
    struct image image;
    uint8_t *disk;
    uint64_t size = make(&image, &disk);
    uint8_t *bytes = malloc(size);

    if (bytes == NULL)
        exit(99);
    for (uint64_t i = 1; i < 15; i++) {
        fake_host_reset(&image.host);
        image.host.cancel_at = i;
        CU_ASSERT_EQUAL(dmg_format.check(&image.host.call, &image.file->io, 0),
                        TARN_E_CANCELLED);
        CU_ASSERT_EQUAL(image.host.checks, 0);
    }
    fake_host_reset(&image.host);
    image.host.cancel_at = 3;
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, bytes, size, 0),
                    TARN_E_CANCELLED);
    image_free(&image);
    free(bytes);
    free(disk);
}

static const struct unit_test tests[] = {
    { "every codec is read", every_codec_is_read },
    { "every form of LZFSE is read", every_form_of_lzfse_is_read },
    { "reads begin and end anywhere", reads_begin_and_end_anywhere },
    { "the map tells what is where", the_map_tells_what_is_where },
    { "a file cut off anywhere is answered", a_file_cut_off_anywhere_is_answered },
    { "any changed byte is found", any_changed_byte_is_found },
    { "storage that fails", storage_that_fails },
    { "everything long can be stopped", everything_long_can_be_stopped },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("dmg-read", tests);
}
