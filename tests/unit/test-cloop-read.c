/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-cloop-read.c - cloop images of every version are recognised, described, read, mapped and
 * checked; damaged ones are refused, and nothing of theirs is believed.
 */
#include <stdlib.h>
#include <string.h>
#include <lzma.h>

#include "helpers/be.h"
#include "test-cloop-fixture.h"
#include "unit.h"

#define host cloop_host

static const uint32_t mixed[] = { CLOOP_ZLIB, CLOOP_NONE, CLOOP_NONE, CLOOP_XZ, UINT32_MAX };
static const uint32_t only_xz[] = { CLOOP_XZ, UINT32_MAX };
static const uint32_t with_lz4[] = { CLOOP_ZLIB, CLOOP_LZ4, UINT32_MAX };
static const uint32_t with_lzo[] = { CLOOP_ZLIB, CLOOP_LZO, UINT32_MAX };
static const uint32_t with_nine[] = { CLOOP_ZLIB, 9, UINT32_MAX };

static const struct recipe recipes[] = {
    { .version = CLOOP_V0, .blocks = 9 },
    { .version = CLOOP_V1, .blocks = 9, .little_endian = true },
    { .version = CLOOP_V1, .blocks = 9 },
    { .version = CLOOP_V2, .blocks = 1 },
    { .version = CLOOP_V2, .blocks = 9 },
    { .version = CLOOP_V2, .blocks = 9, .last = true },
    { .version = CLOOP_V2, .blocks = 9, .garbage = 5 },
    { .version = CLOOP_V4, .blocks = 9 },
    { .version = CLOOP_V4, .blocks = 9, .codecs = mixed },
    { .version = CLOOP_V4, .blocks = 9, .codecs = mixed, .last = true },
    { .version = CLOOP_V4, .blocks = 9, .codecs = only_xz, .last = true },
    { .version = CLOOP_V2, .blocks = 3000 }, /* the table in one page */
};

#define ENTRY(index) (CLOOP_HEADER_SIZE + (index) * UINT64_C(8))
#define END ENTRY(10)
#define RECIPES (sizeof(recipes) / sizeof(recipes[0]))

static void versions(void)
{
    static const char *const names[] = { "0.x", "1.0", "2.0", "4.0" };

    for (size_t i = 0; i < RECIPES; i++) {
        struct memory_io *image = cloop_build(&recipes[i]);
        char blocks[24];

        CU_ASSERT_EQUAL(cloop_probe_of(image),
                        recipes[i].last ? TARN_PROBE_MAGIC : TARN_PROBE_SURE);
        CU_ASSERT_EQUAL(cloop_read_all(image, false), TARN_OK);
        CU_ASSERT_EQUAL(cloop_format.info(&host.call, &image->io), TARN_OK);
        CU_ASSERT_EQUAL(host.image.info.capacity, (uint64_t)recipes[i].blocks * BLOCK);
        CU_ASSERT_EQUAL(host.image.info.cluster_size, BLOCK);
        CU_ASSERT_STRING_EQUAL(host.image.info.compat, names[recipes[i].version]);
        CU_ASSERT_STRING_EQUAL(host.image.info.compression,
                               recipes[i].codecs == only_xz ? "xz" : "zlib");
        snprintf(blocks, sizeof(blocks), "%u", recipes[i].blocks);
        CU_ASSERT_STRING_EQUAL(fake_host_property(&host, "blocks"), blocks);
        CU_ASSERT_EQUAL(fake_host_property(&host, "header") != NULL, recipes[i].last);
        CU_ASSERT_EQUAL(cloop_format.check(&host.call, &image->io, 0), TARN_OK);
        CU_ASSERT_EQUAL(host.check.corruptions, 0);
        CU_ASSERT_EQUAL(host.check.errors, 0);
        CU_ASSERT_EQUAL(host.check.leaks, recipes[i].garbage > 0 ? recipes[i].blocks : 0);
        CU_ASSERT_EQUAL(host.check.total_clusters, recipes[i].blocks);
        memory_io_free(image);
        fake_host_reset(&host);
    }
}

/* A probe and info look at little. */
static void cheap(void)
{
    struct memory_io *image = cloop_build(&recipes[4]);

    CU_ASSERT_EQUAL(cloop_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT_EQUAL(image->reads, 1);
    memory_io_free(image);
    fake_host_reset(&host);
}

/* Beyond 2 TiB, where 32 bits of sectors end; from a file of half a megabyte. */
static void large(void)
{
    struct memory_io *image = cloop_build(&recipes[4]);
    struct memory_io *big = memory_io_new(ENTRY(50001) + 100);
    uint64_t size = 0;
    struct tarn_io *disk;

    memcpy(big->bytes, image->bytes, CLOOP_PREAMBLE_SIZE);
    be32_store(big->bytes + 128, 64 << 20);
    be32_store(big->bytes + 132, 50000);
    for (uint64_t i = 0; i <= 50000; i++)
        be64_store(big->bytes + ENTRY(i), ENTRY(50001));
    CU_ASSERT_EQUAL(cloop_format.info(&host.call, &big->io), TARN_OK);
    CU_ASSERT_EQUAL(host.image.info.capacity, UINT64_C(50000) << 26);
    CU_ASSERT_EQUAL_FATAL(cloop_try_open(big, &disk), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_size(&host.call, disk, &size), TARN_OK);
    CU_ASSERT_EQUAL(size, UINT64_C(50000) << 26);
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, disk, &size, 8, UINT64_C(49999) << 26),
                    TARN_E_CORRUPT);
    CU_ASSERT_EQUAL(tarn_io_close(&host.call, disk), TARN_OK);
    memory_io_free(image);
    memory_io_free(big);
    fake_host_reset(&host);
}

/* The first ten thousand entries are read in three pages. */
static void pages(void)
{
    struct recipe recipe = { .version = CLOOP_V2, .blocks = 10000 };
    struct memory_io *image = cloop_build(&recipe);
    uint8_t bytes[3 * BLOCK];
    struct tarn_io *disk;

    CU_ASSERT_EQUAL_FATAL(cloop_try_open(image, &disk), TARN_OK);
    for (uint64_t at = 0; at + sizeof(bytes) <= (uint64_t)recipe.blocks * BLOCK; at += 97 * 101) {
        CU_ASSERT_EQUAL(tarn_io_pread(&host.call, disk, bytes, sizeof(bytes), at), TARN_OK);
        for (size_t i = 0; i < sizeof(bytes); i++)
            if (bytes[i] != cloop_content(at + i))
                CU_FAIL_FATAL("wrong content");
    }
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, disk, bytes, 1, 10000 * BLOCK), TARN_E_INVALID);
    CU_ASSERT_EQUAL(tarn_io_close(&host.call, disk), TARN_OK);
    memory_io_free(image);
    fake_host_reset(&host);
}

struct extents {
    uint32_t count;
    struct tarn_extent list[16];
};

static int32_t keep_extent(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct extents *extents = arg;

    (void)call;
    if (extents->count < 16)
        extents->list[extents->count++] = *extent;
    return TARN_OK;
}

static void map(void)
{
    struct recipe recipe = { .version = CLOOP_V4, .blocks = 4, .codecs = mixed };
    struct memory_io *image = cloop_build(&recipe);
    struct extents extents = { .count = 0 };
    struct tarn_io *disk;
    uint8_t byte;

    CU_ASSERT_EQUAL_FATAL(cloop_try_open(image, &disk), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_extents(&host.call, disk, 0, 4 * BLOCK, keep_extent, &extents),
                    TARN_OK);
    CU_ASSERT_EQUAL_FATAL(extents.count, 3);
    CU_ASSERT_EQUAL(extents.list[0].flags, TARN_EXTENT_COMPRESSED);
    CU_ASSERT_EQUAL(extents.list[0].kind, TARN_EXTENT_DATA);
    CU_ASSERT_EQUAL(extents.list[1].flags, TARN_EXTENT_HOST);
    CU_ASSERT_EQUAL(extents.list[1].length, 2 * BLOCK);
    CU_ASSERT_EQUAL(extents.list[2].flags, TARN_EXTENT_COMPRESSED);
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, &image->io, &byte, 1, extents.list[1].host_offset),
                    TARN_OK);
    CU_ASSERT_EQUAL(byte, cloop_content(BLOCK));
    CU_ASSERT_EQUAL(tarn_io_close(&host.call, disk), TARN_OK);
    memory_io_free(image);
}

static void foreign_codecs(void)
{
    static const struct {
        const uint32_t *codecs;
        const char *name;
    } cases[] = { { with_lz4, "lz4" }, { with_lzo, "lzo" }, { with_nine, "codec 9" } };

    for (size_t i = 0; i < 3; i++) {
        struct recipe recipe = { .version = CLOOP_V4, .blocks = 4, .codecs = cases[i].codecs };
        struct memory_io *image = cloop_build(&recipe);

        CU_ASSERT_EQUAL(cloop_read_all(image, true), TARN_E_UNSUPPORTED);
        CU_ASSERT_PTR_NOT_NULL(strstr(host.error, cases[i].name));
        fake_host_reset(&host);
        CU_ASSERT_EQUAL(cloop_format.check(&host.call, &image->io, 0), TARN_OK);
        CU_ASSERT_EQUAL(host.check.errors, 2);
        CU_ASSERT_EQUAL(host.check.corruptions, 0);
        memory_io_free(image);
        fake_host_reset(&host);
    }
}

/* The highest preset of xz names a dictionary of 64 MiB, for a block of whatever size. */
static void large_dictionary(void)
{
    uint8_t bytes[BLOCK];
    uint8_t packed[2 * BLOCK];
    uint8_t out[BLOCK];
    uint64_t used;
    size_t length = 0;

    for (uint32_t i = 0; i < BLOCK; i++)
        bytes[i] = cloop_content(i);
    CU_ASSERT_EQUAL_FATAL(lzma_easy_buffer_encode(9 | LZMA_PRESET_EXTREME, LZMA_CHECK_CRC32, NULL,
                                                  bytes, BLOCK, packed, &length, sizeof(packed)),
                          LZMA_OK);
    CU_ASSERT(cloop_unpack(CLOOP_XZ, packed, length, out, BLOCK, &used));
    CU_ASSERT_EQUAL(memcmp(out, bytes, BLOCK), 0);
    CU_ASSERT_EQUAL(used, length);
    CU_ASSERT(!cloop_unpack(CLOOP_XZ, packed, length - 1, out, BLOCK, &used));
    CU_ASSERT(!cloop_unpack(CLOOP_XZ, packed, length, out, BLOCK - 1, &used));
}

/* One change of a sound image of 9 blocks, and what it leads to. */
struct damage {
    const char *what;
    uint64_t at;
    uint64_t value;
    uint32_t width; /* 4 or 8 */
    int32_t status;  /* of opening and reading */
    int32_t probe;
    const char *text; /* in the error */
};

static const struct damage damages[] = {
    { "block size 0", 128, 0, 4, TARN_E_CORRUPT, TARN_PROBE_NO, "block size is 0" },
    { "block size 513", 128, 513, 4, TARN_E_CORRUPT, TARN_PROBE_NO, "block size is 513" },
    { "block size 0xfffffe00", 128, 0xfffffe00, 4, TARN_E_CORRUPT, TARN_PROBE_NO, "block size" },
    { "block size 64 MiB + 512", 128, (64 << 20) + 512, 4, TARN_E_CORRUPT, TARN_PROBE_NO,
      "block size" },
    { "another block size", 128, 512, 4, TARN_E_CORRUPT, TARN_PROBE_SURE, "does not unpack" },
    { "no blocks", 132, 0, 4, TARN_E_CORRUPT, TARN_PROBE_NO, "number of blocks is 0" },
    { "2^32-1 blocks", 132, 0xffffffff, 4, TARN_E_CORRUPT, TARN_PROBE_NO, "number of blocks" },
    { "0x1fffffff blocks", 132, 0x1fffffff, 4, TARN_E_CORRUPT, TARN_PROBE_NO, "does not fit" },
    { "one block more", 132, 10, 4, TARN_E_CORRUPT, TARN_PROBE_NO, "does not begin" },
    { "first offset 0", ENTRY(0), 0, 8, TARN_E_CORRUPT, TARN_PROBE_NO, "does not begin" },
    { "first offset in the table", ENTRY(0), END - 1, 8, TARN_E_CORRUPT, TARN_PROBE_NO,
      "does not begin" },
    { "first offset beyond the end", ENTRY(0), 1 << 30, 8, TARN_E_CORRUPT, TARN_PROBE_SURE,
      "begins outside" },
    { "an offset of all ones", ENTRY(3), UINT64_MAX, 8, TARN_E_CORRUPT, TARN_PROBE_SURE,
      "behind the image's data" },
    { "a decreasing offset", ENTRY(3), END, 8, TARN_E_CORRUPT, TARN_PROBE_SURE,
      "ends before it begins" },
    { "the last offset beyond the end", ENTRY(9), 1 << 30, 8, TARN_E_CORRUPT, TARN_PROBE_SURE,
      "truncated" },
    { "an unknown version", 10, 0x2356332e, 4, TARN_E_UNSUPPORTED, TARN_PROBE_NO,
      "unknown version" },
    { "no script", 0, 0, 4, TARN_E_CORRUPT, TARN_PROBE_NO, "no cloop" },
};

static void damaged(void)
{
    struct memory_io *good = cloop_build(&recipes[4]);

    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        const struct damage *damage = &damages[i];
        struct memory_io *image = memory_io_of(good->bytes, good->size);

        if (damage->width == 4)
            be32_store(image->bytes + damage->at, (uint32_t)damage->value);
        else
            be64_store(image->bytes + damage->at, damage->value);
        CU_ASSERT_EQUAL(cloop_read_all(image, true), damage->status);
        if (strstr(host.error, damage->text) == NULL) {
            printf("# %s: %s\n", damage->what, host.error);
            CU_FAIL("the error does not say why");
        }
        fake_host_reset(&host);
        CU_ASSERT_EQUAL(cloop_probe_of(image), damage->probe);
        memory_io_free(image);
    }
    memory_io_free(good);
}

/* What `check` says of tables and blocks. */
static void check_damaged(void)
{
    struct memory_io *image = cloop_build(&recipes[4]);
    uint64_t third = be64_load(image->bytes + ENTRY(2));

    be64_store(image->bytes + ENTRY(6), be64_load(image->bytes + ENTRY(5))); /* 5 empty, 6 long */
    image->bytes[third + 20] ^= 0x55;
    CU_ASSERT_EQUAL(cloop_format.check(&host.call, &image->io, 0), TARN_OK);
    CU_ASSERT_EQUAL(host.check.corruptions, 2);
    CU_ASSERT_EQUAL(host.check.leaks, 1);
    CU_ASSERT_EQUAL_FATAL(host.finding_count, 3);
    CU_ASSERT_STRING_EQUAL(host.findings[0].text, "block 2 does not unpack to 1024 bytes");
    CU_ASSERT_EQUAL(host.findings[0].offset, third);
    CU_ASSERT_STRING_EQUAL(host.findings[1].text, "block 5 has no bytes");
    fake_host_reset(&host);
    be64_store(image->bytes + ENTRY(9), image->size + 1);
    CU_ASSERT_EQUAL(cloop_format.check(&host.call, &image->io, 0), TARN_OK);
    CU_ASSERT_EQUAL(host.check.corruptions, 4);
    fake_host_reset(&host);
    CU_ASSERT_EQUAL(cloop_format.check(&host.call, &image->io, TARN_CHECK_REPAIR_ALL),
                    TARN_E_UNSUPPORTED);
    fake_host_reset(&host);
    host.cancel_at = 3;
    CU_ASSERT_EQUAL(cloop_format.check(&host.call, &image->io, 0), TARN_E_CANCELLED);
    host.cancel_at = 0;
    fake_host_reset(&host);
    memory_io_free(image);
}

/* Thousands of bad blocks are counted, a hundred told. */
static void many_findings(void)
{
    struct recipe recipe = { .version = CLOOP_V2, .blocks = 1000 };
    struct memory_io *image = cloop_build(&recipe);

    memset(image->bytes + ENTRY(1001), 0xff, image->size - ENTRY(1001));
    CU_ASSERT_EQUAL(cloop_format.check(&host.call, &image->io, 0), TARN_OK);
    CU_ASSERT_EQUAL(host.check.corruptions, 1000);
    CU_ASSERT_EQUAL(host.finding_count, 100);
    memory_io_free(image);
    fake_host_reset(&host);
}

/* A truncated copy is refused, at every length. */
static void truncated(void)
{
    for (size_t i = 0; i < RECIPES - 1; i++) {
        struct memory_io *good = cloop_build(&recipes[i]);

        for (uint64_t size = 0; size < good->size; size++) {
            struct memory_io *image = memory_io_of(good->bytes, size);
            int32_t status = cloop_read_all(image, false);

            CU_ASSERT(status == TARN_E_CORRUPT || status == TARN_E_INVALID);
            (void)cloop_probe_of(image);
            if (cloop_format.info(&host.call, &image->io) == TARN_OK)
                CU_ASSERT(cloop_format.check(&host.call, &image->io, 0) != TARN_OK ||
                          host.check.corruptions > 0);
            fake_host_reset(&host);
            memory_io_free(image);
        }
        memory_io_free(good);
    }
}

/* All ones and all zeros at every place of header and table: right content, or a refusal. */
static void overwritten(void)
{
    for (size_t i = 0; i < RECIPES - 1; i++) {
        struct memory_io *good = cloop_build(&recipes[i]);
        uint64_t start = recipes[i].last ? good->size - ENTRY(10) : 0;

        for (uint64_t at = start; at < start + ENTRY(10) && at + 8 < good->size; at++) {
            for (int value = 0; value < 2; value++) {
                struct memory_io *image = memory_io_of(good->bytes, good->size);

                memset(image->bytes + at, value ? 0xff : 0, 1 + at % 8);
                (void)cloop_read_all(image, false);
                (void)cloop_probe_of(image);
                (void)cloop_format.info(&host.call, &image->io);
                (void)cloop_format.check(&host.call, &image->io, 0);
                fake_host_reset(&host);
                memory_io_free(image);
            }
        }
        memory_io_free(good);
    }
}

static int32_t check_all(struct memory_io *image)
{
    return cloop_format.check(&host.call, &image->io, 0);
}

static int32_t info_of(struct memory_io *image)
{
    return cloop_format.info(&host.call, &image->io);
}

static int32_t read_it(struct memory_io *image)
{
    return cloop_read_all(image, true);
}

/* A storage that fails is a failure, whenever it does; never a finding, never other bytes. */
static void failing_reads(void)
{
    static int32_t (*const ways[])(struct memory_io *) = { read_it, check_all, info_of };

    for (size_t way = 0; way < 3; way++) {
        struct memory_io *image = cloop_build(&recipes[8]);
        int32_t status = TARN_E_IO;
        uint64_t at;

        for (at = 1; status != TARN_OK && at < 100; at++) {
            image->operations = 0;
            image->fail_at = at;
            status = ways[way](image);
            CU_ASSERT(status == TARN_OK || status == TARN_E_IO);
            CU_ASSERT_EQUAL(host.checks + host.images, status == TARN_OK && way > 0);
            fake_host_reset(&host);
        }
        CU_ASSERT_EQUAL(status, TARN_OK);
        CU_ASSERT(at > 3);
        memory_io_free(image);
    }
}

static void read_only(void)
{
    struct memory_io *image = cloop_build(&recipes[4]);
    struct tarn_image_open how = { .struct_size = sizeof(how), .flags = TARN_IMAGE_OPEN_WRITE };
    struct tarn_io *disk;

    image->keep = true;
    CU_ASSERT_EQUAL(cloop_format.open(&host.call, &image->io, &how, &disk), TARN_E_UNSUPPORTED);
    how.flags |= TARN_IMAGE_OPEN_FILL;
    CU_ASSERT_EQUAL(cloop_format.open(&host.call, &image->io, &how, &disk), TARN_E_UNSUPPORTED);
    how.flags = 0;
    how.snapshot = "x";
    CU_ASSERT_EQUAL(cloop_format.open(&host.call, &image->io, &how, &disk), TARN_E_NOT_FOUND);
    fake_host_reset(&host);
    CU_ASSERT_EQUAL_FATAL(cloop_try_open(image, &disk), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, disk, "x", 1, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(tarn_io_truncate(&host.call, disk, 20 * BLOCK, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(tarn_io_close(&host.call, disk), TARN_OK);
    CU_ASSERT_EQUAL(image->writes, 0);
    memory_io_free(image);
    fake_host_reset(&host);
}

static const struct unit_test tests[] = {
    { "every version, header first or last, is recognised, told, read and checked", versions },
    { "info costs one read", cheap },
    { "beyond 2 TiB", large },
    { "a long table is read in pages", pages },
    { "the map tells what is packed and what lies there as it is", map },
    { "xz with its largest dictionary", large_dictionary },
    { "codecs that cannot be unpacked are named", foreign_codecs },
    { "damaged headers and tables are refused with the reason", damaged },
    { "check finds damaged tables and blocks", check_damaged },
    { "a thousand findings are counted, a hundred told", many_findings },
    { "truncated at every byte", truncated },
    { "every place of header and table overwritten", overwritten },
    { "every read failing", failing_reads },
    { "nothing is written into a finished image", read_only },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    int status;

    (void)argc;
    (void)argv;
    fake_host_init(&host);
    status = unit_main("cloop-read", tests);
    fake_host_clear(&host);
    return status;
}
