/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-dmg-table.c - block tables and their chunks: what is read in spite of an odd order, and what
 * is refused before anything is read.
 */
#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"
#include "tests/unit/test-dmg-fixture.h"

static uint8_t text[64 * DMG_SECTOR];

/* Three chunks of 8 sectors: zlib, raw, bzip2. */
static struct maker_chunk *make(struct maker *maker)
{
    maker_text(text, sizeof(text), 1);
    maker_init(maker);
    maker_chunk(maker, DMG_ZLIB, text, 8);
    maker_chunk(maker, DMG_RAW, text + 8 * DMG_SECTOR, 8);
    maker_chunk(maker, DMG_BZIP2, text + 16 * DMG_SECTOR, 8);
    return maker->table[0].chunk;
}

static void refuse(struct maker *maker, int32_t status, const char *why)
{
    struct image image;

    image_made(&image, maker);
    CU_ASSERT(image_refused(&image, status, why));
    fake_host_reset(&image.host);
    CU_ASSERT_EQUAL(dmg_format.info(&image.host.call, &image.file->io), status);
    if (status == TARN_E_CORRUPT)
        CU_ASSERT_EQUAL(image_faults(&image), 1);
    image_survives(&image);
    image_free(&image);
}

static void overlaps_are_refused(void)
{
    struct maker maker;

    make(&maker)[1].sector = 7;
    refuse(&maker, TARN_E_CORRUPT, "sector 7 is told of by block tables 0 and 0 at once");
    make(&maker)[2].sector = 8; /* the same sectors twice */
    refuse(&maker, TARN_E_CORRUPT, "sector 8 is told of");
    make(&maker)[2].sector = 0;
    refuse(&maker, TARN_E_CORRUPT, "sector 0 is told of");
    make(&maker);
    maker_table(&maker);
    maker_zeros(&maker, DMG_ZERO, 4);
    maker.table[1].sector = 2;
    refuse(&maker, TARN_E_CORRUPT, "block tables 0 and 1 at once");
}

static void any_order_is_read(void)
{
    struct maker_chunk swapped;
    struct maker_chunk *chunk;
    struct maker maker;
    struct image image;

    chunk = make(&maker);
    swapped = chunk[0];
    chunk[0] = chunk[2];
    chunk[2] = swapped;
    image_made(&image, &maker);
    CU_ASSERT(image_holds(&image, text, 24 * DMG_SECTOR));
    image_free(&image);

    maker_init(&maker); /* the second half of the disk in the first table */
    maker_chunk(&maker, DMG_ZLIB, text, 8);
    maker_table(&maker);
    maker_chunk(&maker, DMG_RAW, text + 8 * DMG_SECTOR, 8);
    maker.table[0].sector = 8;
    maker.table[1].sector = 0;
    image_made(&image, &maker);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    {
        uint8_t bytes[16 * DMG_SECTOR];

        CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, bytes, sizeof(bytes), 0),
                        TARN_OK);
        CU_ASSERT(memcmp(bytes, text + 8 * DMG_SECTOR, 8 * DMG_SECTOR) == 0);
        CU_ASSERT(memcmp(bytes + 8 * DMG_SECTOR, text, 8 * DMG_SECTOR) == 0);
    }
    image_close(&image);
    CU_ASSERT_EQUAL(image_faults(&image), 0);
    image_free(&image);
}

static void gaps_are_zeros(void)
{
    uint8_t disk[30 * DMG_SECTOR] = { 0 };
    struct maker maker;
    struct image image;

    make(&maker);
    memcpy(disk + 4 * DMG_SECTOR, text, 8 * DMG_SECTOR);
    memcpy(disk + 20 * DMG_SECTOR, text + 16 * DMG_SECTOR, 8 * DMG_SECTOR);
    maker.table[0].chunk[0].sector = 4;
    maker.table[0].chunk[1] = maker.table[0].chunk[2];
    maker.table[0].chunk[1].sector = 20;
    maker.table[0].chunks = 2;
    maker.table[0].count = maker.sectors = 30;
    image_made(&image, &maker);
    CU_ASSERT(image_holds(&image, disk, sizeof(disk)));
    CU_ASSERT(image_faults(&image) >= 3); /* in front, between and behind; and the checksum */
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.findings[0].text, "sectors 0 to 3 are in no block"));
    image_free(&image);
}

static void chunks_stay_within_the_disk(void)
{
    static const uint64_t starts[] = { 17, UINT64_MAX, UINT64_MAX - 7, INT64_MAX };
    struct maker maker;

    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        make(&maker)[2].sector = starts[i];
        refuse(&maker, TARN_E_CORRUPT, "passes the end of the disk");
        make(&maker);
        maker.table[0].sector = starts[i];
        refuse(&maker, TARN_E_CORRUPT, "passes the end of the disk");
    }
    make(&maker);
    maker_zeros(&maker, DMG_IGNORE, 1);
    maker.table[0].chunk[3].count = UINT64_MAX; /* of zeros too */
    refuse(&maker, TARN_E_CORRUPT, "passes the end of the disk");
}

static void chunks_stay_within_the_file(void)
{
    static const uint64_t offsets[] = { 1 << 20, UINT64_MAX, UINT64_MAX - 100, INT64_MAX };
    struct maker maker;

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
        for (int chunk = 0; chunk < 3; chunk++) {
            make(&maker)[chunk].offset = offsets[i];
            refuse(&maker, TARN_E_CORRUPT, "passes the end of the data");
        }
    make(&maker)[0].length = (uint64_t)1 << 60;
    refuse(&maker, TARN_E_CORRUPT, "passes the end of the data");
}

/* Raw chunks with fewer bytes than sectors gave others bytes of their own memory. */
static void raw_chunks_have_all_their_bytes(void)
{
    static const struct {
        uint64_t count, length;
    } wrong[] = { { 8, 7 * 512 }, { 8, 9 * 512 }, { 8, 0 }, { 8, 8 * 512 + 1 }, { 7, 8 * 512 },
                  { 8, 8 * 512 - 1 } };
    struct maker maker;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct maker_chunk *chunk = make(&maker);

        chunk[1].count = wrong[i].count;
        chunk[1].length = wrong[i].length;
        chunk[1].offset = 0;
        refuse(&maker, TARN_E_CORRUPT, "sector");
    }
}

static void packed_chunks_are_bounded(void)
{
    struct maker maker;
    struct image image;

    make(&maker)[2].count = DMG_PACKED_MAX / DMG_SECTOR + 1;
    maker.sectors = maker.table[0].count = 1 << 20;
    refuse(&maker, TARN_E_CORRUPT, "larger than 64 MiB");
    make(&maker)[2].length = 0;
    refuse(&maker, TARN_E_CORRUPT, "no bytes to unpack");
    make(&maker)[2].count = DMG_PACKED_MAX / DMG_SECTOR; /* a bomb that does not go off */
    maker.sectors = maker.table[0].count = 1 << 20;
    image_made(&image, &maker);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    {
        uint8_t byte;

        CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, &byte, 1, 0), TARN_OK);
        CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, &byte, 1, 16 * DMG_SECTOR),
                        TARN_E_CORRUPT);
    }
    image_free(&image);
}

static void zeros_and_raw_chunks_are_not_bounded(void)
{
    struct maker maker;
    struct image image;
    uint8_t bytes[1000];

    make(&maker);
    maker.table[0].chunk[1].type = DMG_ZERO;
    maker.table[0].chunk[1].sector = 24;
    maker.table[0].chunk[1].count = (INT64_MAX / DMG_SECTOR) - 24;
    maker.table[0].chunk[2].sector = 8;
    maker.table[0].count = maker.sectors = INT64_MAX / DMG_SECTOR;
    image_made(&image, &maker);
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pread(&image.host.call, image.disk, bytes, sizeof(bytes),
                                  INT64_MAX - 2000), TARN_OK);
    CU_ASSERT_EQUAL(bytes[0], 0);
    image_close(&image);
    CU_ASSERT(image_faults(&image) >= 1); /* in no time */
    image_free(&image);
}

static void unknown_types_are_named(void)
{
    static const uint32_t types[] = { 3, 4, 0x7fffffff, 0x80000000, 0x80000003, 0x80000009,
                                      0xfffffffe };
    struct maker maker;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        char name[64];

        snprintf(name, sizeof(name), "type 0x%08x, which is unknown", (unsigned int)types[i]);
        make(&maker)[1].type = types[i];
        refuse(&maker, TARN_E_UNSUPPORTED, name);
    }
}

static void marks_and_comments(void)
{
    struct maker maker;
    struct image image;

    make(&maker);
    maker.table[0].chunk[3] = maker.table[0].chunk[2];
    maker.table[0].chunk[2] = (struct maker_chunk){ DMG_COMMENT, UINT64_MAX, UINT64_MAX, UINT64_MAX,
                                                    UINT64_MAX };
    maker.table[0].chunk[4] = (struct maker_chunk){ .type = DMG_ZLIB, .offset = UINT64_MAX };
    maker.table[0].chunks = 5; /* the last one is of no sectors */
    image_made(&image, &maker);
    CU_ASSERT(image_holds(&image, text, 24 * DMG_SECTOR));
    CU_ASSERT_EQUAL(image_faults(&image), 0);
    image_free(&image);

    make(&maker)[1].type = DMG_END;
    refuse(&maker, TARN_E_CORRUPT, "follows the end mark");
    make(&maker);
    maker.table[0].told_chunks = 3;
    image_made(&image, &maker);
    CU_ASSERT(image_holds(&image, text, 24 * DMG_SECTOR));
    CU_ASSERT_EQUAL(image_faults(&image), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.findings[0].text, "no end mark"));
    image_free(&image);
}

static void counts_that_lie(void)
{
    static const uint32_t counts[] = { 5, 6, 1000, 0x06666667, INT32_MAX, UINT32_MAX };
    struct maker maker;

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        make(&maker);
        maker.table[0].told_chunks = counts[i];
        refuse(&maker, TARN_E_CORRUPT, "and has 4");
    }
    make(&maker);
    maker.table[0].version = 2;
    refuse(&maker, TARN_E_UNSUPPORTED, "version 2");
}

static void a_disk_of_nothing(void)
{
    struct maker maker;
    struct image image;

    maker_init(&maker);
    image_made(&image, &maker);
    CU_ASSERT(image_holds(&image, text, 0));
    CU_ASSERT_EQUAL(image_faults(&image), 0);
    image_survives(&image);
    image_free(&image);

    maker_init(&maker);
    maker.tables = 0;
    maker.sectors = 8; /* no table at all: zeros, and the check says so */
    image_made(&image, &maker);
    CU_ASSERT_EQUAL(image_faults(&image), 1);
    image_survives(&image);
    image_free(&image);
}

/* As small as a table can be: the numbers of libraries are not ours to trust. */
static void short_tables_are_refused(void)
{
    struct dmg_koly koly = { .sectors = 100, .position = 100000 };
    struct dmg_tables tables = { .count = 0 };
    uint8_t mish[DMG_MISH_SIZE + DMG_CHUNK_SIZE] = "mish";
    struct dmg_fault fault;

    be32_store(mish + 4, 1);
    be32_store(mish + 200, 1);
    for (uint64_t length = 0; length < sizeof(mish); length++) {
        uint8_t *exact = malloc(length > 0 ? length : 1);

        if (exact == NULL)
            exit(99);
        memcpy(exact, mish, length);
        CU_ASSERT_EQUAL(dmg_tables_add(&tables, &koly, exact, length, "", &fault), TARN_E_CORRUPT);
        free(exact);
    }
    CU_ASSERT_EQUAL(dmg_tables_add(&tables, &koly, mish, sizeof(mish), "", &fault), TARN_OK);
    be64_store(mish + 24, UINT64_MAX);
    koly.data_offset = 1;
    CU_ASSERT_EQUAL(dmg_tables_add(&tables, &koly, mish, sizeof(mish), "", &fault),
                    TARN_E_CORRUPT);
    dmg_tables_free(&tables);
}

static const struct unit_test tests[] = {
    { "chunks that overlap are refused", overlaps_are_refused },
    { "chunks in any order are read", any_order_is_read },
    { "gaps are zeros, and found", gaps_are_zeros },
    { "chunks stay within the disk", chunks_stay_within_the_disk },
    { "chunks stay within the file", chunks_stay_within_the_file },
    { "raw chunks have all their bytes", raw_chunks_have_all_their_bytes },
    { "packed chunks are bounded", packed_chunks_are_bounded },
    { "zeros are not bounded", zeros_and_raw_chunks_are_not_bounded },
    { "unknown types are named", unknown_types_are_named },
    { "marks and comments", marks_and_comments },
    { "counts that lie are refused", counts_that_lie },
    { "a disk of nothing", a_disk_of_nothing },
    { "short tables are refused", short_tables_are_refused },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("dmg-table", tests);
}
