/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-dmg-check.c - what the check of an image finds, and how it says it.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "formats/dmg/base64.h"
#include "helpers/be.h"
#include "tests/unit/test-dmg-fixture.h"

static uint8_t text[24 * DMG_SECTOR];

static void make(struct maker *maker)
{
    maker_text(text, sizeof(text), 6);
    maker_init(maker);
    maker_chunk(maker, DMG_ZLIB, text, 8);
    maker_zeros(maker, DMG_ZERO, 100);
    maker_table(maker);
    maker_chunk(maker, DMG_RAW, text + 8 * DMG_SECTOR, 8);
    maker_zeros(maker, DMG_IGNORE, 7);
    maker_chunk(maker, DMG_ADC, text + 16 * DMG_SECTOR, 8);
}

static bool found(const struct image *image, const char *what)
{
    for (uint64_t i = 0; i < image->host.finding_count; i++)
        if (strstr(image->host.findings[i].text, what) != NULL)
            return true;
    return false;
}

static uint8_t *koly_of(struct image *image)
{
    return image->file->bytes + image->file->size - DMG_KOLY_SIZE;
}

static void checksums_are_compared(void)
{
    static const struct {
        const char *what;
        uint32_t koly_at; /* or 0: of the second table */
    } sums[] = { { "the data fork", 88 }, { "all block tables", 360 }, { "block table 1", 0 } };

    for (size_t i = 0; i < 3; i++) {
        struct maker maker;
        struct image image;

        make(&maker);
        if (sums[i].koly_at == 0)
            maker.table[1].crc ^= 1;
        image_made(&image, &maker);
        if (sums[i].koly_at != 0)
            koly_of(&image)[sums[i].koly_at] ^= 1;
        CU_ASSERT_EQUAL(image_faults(&image), 1);
        CU_ASSERT(found(&image, sums[i].what));
        CU_ASSERT_EQUAL(image.host.findings[0].kind, TARN_FINDING_CORRUPTION);
        image_free(&image);
    }
}

static void unknown_and_missing_checksums(void)
{
    struct maker maker;
    struct image image;

    make(&maker);
    image_made(&image, &maker);
    be32_store(koly_of(&image) + 80, DMG_CHECKSUM_NONE);
    be32_store(koly_of(&image) + 88, 0);
    CU_ASSERT_EQUAL(image_faults(&image), 0);
    CU_ASSERT_EQUAL(image.host.check.errors, 0);
    be32_store(koly_of(&image) + 80, 4);
    CU_ASSERT_EQUAL(image_faults(&image), 0);
    CU_ASSERT_EQUAL(image.host.check.errors, 1);
    CU_ASSERT(found(&image, "type 4, which is unknown"));
    CU_ASSERT_EQUAL(image.host.findings[0].kind, TARN_FINDING_ERROR);
    image_free(&image);
}

/* A damaged chunk is told once, with its place, and its table's checksum not as well. */
static void damaged_chunks_are_told(void)
{
    struct maker maker;
    struct image image;

    make(&maker);
    image_made(&image, &maker);
    image.file->bytes[20] ^= 0xff;
    CU_ASSERT_EQUAL(image_faults(&image), 2);
    CU_ASSERT(found(&image, "sectors 0 to 7: the "));
    CU_ASSERT(found(&image, "zlib data do not unpack to exactly 4096"));
    CU_ASSERT(found(&image, "checksum of the data fork"));
    image_free(&image);
}

static void chunks_outside_of_their_place(void)
{
    struct maker maker;
    struct image image;

    make(&maker);
    maker.table[1].count = 10;
    image_made(&image, &maker);
    CU_ASSERT_EQUAL(image_faults(&image), 2);
    CU_ASSERT(found(&image, "sectors 116 to 122 pass the end of their block table 1"));
    image_free(&image);

    make(&maker);
    image_made(&image, &maker);
    be64_store(koly_of(&image) + 32, 10); /* a data fork that ends early */
    CU_ASSERT_EQUAL(image_faults(&image), 4);
    CU_ASSERT(found(&image, "the bytes of sectors 0 to 7 lie outside the data fork"));
    image_free(&image);
}

/* A list of tables without end marks, in XML. */
static void make_tables(struct image *image, uint32_t count)
{
    struct dmg_koly koly = { .flags = 1, .plist_offset = 0 };
    uint8_t mish[DMG_MISH_SIZE] = "mish";
    uint8_t coded[DMG_MISH_SIZE / 3 * 4];
    uint8_t bytes[DMG_KOLY_SIZE];
    char *plist = malloc(1000 + (sizeof(coded) + 100) * (uint64_t)count);
    int length;

    if (plist == NULL)
        exit(99);
    be32_store(mish + 4, 1);
    dmg_base64_encode(mish, sizeof(mish), coded);
    length = sprintf(plist, "<plist><dict><key>resource-fork</key><dict><key>blkx</key><array>");
    for (uint32_t i = 0; i < count; i++)
        length += sprintf(plist + length, "<dict><key>Data</key><data>%.*s</data></dict>",
                          (int)sizeof(coded), (const char *)coded);
    length += sprintf(plist + length, "</array></dict></dict></plist>");
    koly.plist_length = (uint64_t)length;
    dmg_koly_write(bytes, &koly);
    image_of(image, plist, (uint64_t)length);
    tarn_io_pwrite(&image->host.call, &image->file->io, bytes, sizeof(bytes), (uint64_t)length);
    free(plist);
}

/* Of many faults the first hundred are told, and all are counted. */
static void many_faults_are_counted(void)
{
    struct image image;

    make_tables(&image, 500);
    CU_ASSERT_EQUAL(image_faults(&image), 501); /* and the master checksum */
    CU_ASSERT_EQUAL(image.host.finding_count, 100);
    CU_ASSERT_EQUAL(image.host.check.total_clusters, 0);
    image_survives(&image);
    image_free(&image);
}

static void zeros_have_a_checksum(void)
{
    uint8_t zeros[3000] = { 0 };
    uint32_t crc = (uint32_t)crc32(0, text, 500);

    CU_ASSERT_EQUAL(dmg_crc_zeros(0, 0), 0);
    CU_ASSERT_EQUAL(dmg_crc_zeros(crc, 0), crc);
    for (uint64_t length = 1; length < sizeof(zeros); length += 37) {
        CU_ASSERT_EQUAL(dmg_crc_zeros(0, length), crc32(0, zeros, (uInt)length));
        CU_ASSERT_EQUAL(dmg_crc_zeros(crc, length), crc32(crc, zeros, (uInt)length));
    }
    CU_ASSERT_EQUAL(dmg_crc_zeros(dmg_crc_zeros(crc, INT64_MAX / 2), INT64_MAX / 2),
                    dmg_crc_zeros(crc, INT64_MAX - 1));
}

static const struct unit_test tests[] = {
    { "checksums are compared", checksums_are_compared },
    { "unknown and missing checksums", unknown_and_missing_checksums },
    { "damaged chunks are told", damaged_chunks_are_told },
    { "chunks outside of their place", chunks_outside_of_their_place },
    { "many faults are counted", many_faults_are_counted },
    { "zeros have a checksum", zeros_have_a_checksum },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("dmg-check", tests);
}
