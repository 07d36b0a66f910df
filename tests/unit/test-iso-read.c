/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-iso-read.c - discs are recognised, described, opened and checked; and nothing that a damaged
 * one says is believed.
 */
#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"
#include "helpers/le.h"
#include "test-iso-fixture.h"
#include "unit.h"

#define host iso_host
#define PVD ISO_DESCRIPTORS

static void both16(uint8_t *to, uint16_t value)
{
    le16_store(to, value);
    be16_store(to + 2, value);
}

static void both32(uint8_t *to, uint32_t value)
{
    le32_store(to, value);
    be32_store(to + 4, value);
}

static uint8_t *root_of(const struct memory_io *image)
{
    return image->bytes + (uint64_t)le32_load(image->bytes + PVD + 158) * ISO_SECTOR;
}

/* The first record of a folder in a directory, "." and ".." aside. */
static uint8_t *folder_in(uint8_t *directory)
{
    uint8_t *record = directory;

    for (int i = 0; record[0] != 0; i++, record += record[0])
        if (i >= 2 && (record[25] & 2))
            return record;
    return NULL;
}

static void described(void)
{
    struct memory_io *image = iso_disc();
    uint64_t before = image->reads;

    CU_ASSERT_EQUAL(iso_probe_of(image), TARN_PROBE_SURE);
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT(image->reads - before <= 3);
    CU_ASSERT_EQUAL(host.image.info.capacity, image->size);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&host, "volume-id"), "cidata");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&host, "joliet"), "yes");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&host, "rock-ridge"), "yes");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&host, "block-size"), "2048");
    CU_ASSERT_PTR_NOT_NULL(fake_host_property(&host, "created"));
    CU_ASSERT_PTR_NULL(fake_host_property(&host, "el-torito"));
    CU_ASSERT_PTR_NULL(fake_host_property(&host, "partition-table"));
    CU_ASSERT_PTR_NULL(fake_host_property(&host, "truncated"));
    CU_ASSERT_EQUAL(iso_corruptions(image), 0);
    CU_ASSERT_EQUAL(host.check.errors, 0);
    memory_io_free(image);
    fake_host_reset(&host);
}

static void partitions(void)
{
    struct memory_io *image = iso_disc();

    image->bytes[510] = 0x55;
    image->bytes[511] = 0xaa;
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT_PTR_NULL(fake_host_property(&host, "partition-table"));
    image->bytes[446 + 16 + 4] = 0x17;
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&host, "partition-table"), "mbr");
    memcpy(image->bytes + 512, "EFI PART", 8);
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&host, "partition-table"), "mbr and gpt");
    image->bytes[446 + 16 + 4] = 0xee;
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&host, "partition-table"), "gpt");
    memory_io_free(image);
    fake_host_reset(&host);
}

static void put_id(struct memory_io *image, uint64_t at, const char *id)
{
    memcpy(image->bytes + at, id, strlen(id));
}

/* What else is found at that place of a disc, and what only looks like one. */
static void others(void)
{
    struct memory_io *image = memory_io_new(100 * ISO_SECTOR);
    static const uint8_t sync[] = { 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0 };

    CU_ASSERT_EQUAL(iso_probe_of(image), TARN_PROBE_NO);
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK); /* blank */
    CU_ASSERT_PTR_NULL(fake_host_property(&host, "volume-id"));
    put_id(image, PVD + 9, "CDROM");
    put_id(image, PVD + 48, "OLD DISC");
    CU_ASSERT_EQUAL(iso_probe_of(image), TARN_PROBE_MAGIC);
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&host, "standard"), "High Sierra");
    CU_ASSERT_STRING_EQUAL(fake_host_property(&host, "volume-id"), "OLD DISC");
    CU_ASSERT_EQUAL(iso_corruptions(image), 0);
    CU_ASSERT_EQUAL(host.check.errors, 1);
    memset(image->bytes + PVD, 0, ISO_SECTOR);
    put_id(image, PVD + 1, "BEA01");
    put_id(image, PVD + ISO_SECTOR + 1, "NSR03");
    CU_ASSERT_EQUAL(iso_probe_of(image), TARN_PROBE_NO);
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&host, "udf"), "yes");
    memset(image->bytes + PVD, 0, 2 * ISO_SECTOR);
    memcpy(image->bytes, sync, sizeof(sync));
    put_id(image, 16 * 2352 + 17, "CD001");
    CU_ASSERT_EQUAL(iso_probe_of(image), TARN_PROBE_NO);
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT_PTR_NOT_NULL(fake_host_property(&host, "raw-sectors"));
    CU_ASSERT_EQUAL(iso_corruptions(image), 1);
    memory_io_free(image);
    fake_host_reset(&host);
}

/* The probe asks for the standard's own values. */
static void probe_fields(void)
{
    static const struct {
        uint64_t at;
        uint8_t value;
        int32_t sure;
    } cases[] = {
        { PVD + 1, 'X', TARN_PROBE_NO },     { PVD, 4, TARN_PROBE_NO },
        { PVD, 254, TARN_PROBE_NO },         { PVD, 255, TARN_PROBE_MAGIC },
        { PVD, 0, TARN_PROBE_MAGIC },        { PVD + 6, 9, TARN_PROBE_MAGIC },
        { PVD + 129, 0, TARN_PROBE_MAGIC },  { PVD + 128, 1, TARN_PROBE_MAGIC },
        { PVD + 130, 77, TARN_PROBE_SURE }, /* the other copy */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct memory_io *image = iso_disc();

        image->bytes[cases[i].at] = cases[i].value;
        CU_ASSERT_EQUAL(iso_probe_of(image), cases[i].sure);
        memory_io_free(image);
    }
    for (uint64_t size = 0; size <= ISO_HEAD_SIZE; size += size < PVD ? PVD : 1) {
        struct memory_io *image = iso_disc();

        image->size = size;
        CU_ASSERT_EQUAL(iso_probe_of(image), size < PVD + 14       ? TARN_PROBE_NO
                                             : size < ISO_HEAD_SIZE ? TARN_PROBE_MAGIC
                                                                    : TARN_PROBE_SURE);
        CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
        CU_ASSERT_EQUAL(host.image.info.capacity, size);
        CU_ASSERT(iso_corruptions(image) > 0);
        memory_io_free(image);
    }
    fake_host_reset(&host);
}

/* Texts that are no texts, and times that are no times. */
static void odd_texts(void)
{
    struct memory_io *image = iso_disc();

    put_id(image, PVD + ISO_VOLUME_ID, "a\n<b>\x01\x7f\xc3\xa4");
    memset(image->bytes + PVD + ISO_APPLICATION, 0xff, ISO_TEXT_LENGTH);
    put_id(image, PVD + ISO_CREATED, "2026X122");
    memset(image->bytes + PVD + ISO_MODIFIED, '0', 16);
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&host, "volume-id"), "a?<b>????");
    CU_ASSERT_EQUAL(strlen(fake_host_property(&host, "application")), 128);
    CU_ASSERT_PTR_NULL(fake_host_property(&host, "created"));
    CU_ASSERT_PTR_NULL(fake_host_property(&host, "modified"));
    put_id(image, PVD + ISO_CREATED, "2026112219284000\xf3");
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT_STRING_EQUAL(fake_host_property(&host, "created"), "2026-11-22T19:28:40-03:15");
    image->bytes[PVD + ISO_CREATED + 16] = 0x80;
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT_PTR_NULL(fake_host_property(&host, "created"));
    memory_io_free(image);
    fake_host_reset(&host);
}

static void expect(struct memory_io *image, const char *text)
{
    if (iso_corruptions(image) <= 0 || !iso_found(text)) {
        printf("# wanted: %s; found: %s\n", text,
               host.finding_count > 0 ? host.findings[0].text : "nothing");
        CU_FAIL("not found");
    }
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT_EQUAL(host.image.info.capacity, image->size);
    memory_io_free(image);
    fake_host_reset(&host);
}

static void bad_descriptors(void)
{
    static const struct {
        uint32_t at;
        const char *text;
    } copies[] = {
        { 84, "volume size" },       { 122, "volume set size" },
        { 126, "sequence number" },  { 130, "block size" },
        { 136, "path table length" }, { 162, "place of the root" },
        { 170, "length of the root" },
    };
    struct memory_io *image;

    for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
        image = iso_disc();
        image->bytes[PVD + copies[i].at] ^= 0x40;
        expect(image, copies[i].text);
    }
    image = iso_disc(); /* no end: the same descriptor for ever */
    for (uint32_t i = 1; i < 100 && PVD + (i + 1) * ISO_SECTOR <= image->size; i++)
        memcpy(image->bytes + PVD + i * ISO_SECTOR, image->bytes + PVD, ISO_SECTOR);
    expect(image, "do not end");
    image = iso_disc();
    image->bytes[PVD] = ISO_TERMINATOR;
    expect(image, "no primary");
    for (uint32_t size = 0; size < 3; size++) {
        static const uint16_t sizes[] = { 0, 1, 65535 };

        image = iso_disc();
        both16(image->bytes + PVD + 128, sizes[size]);
        expect(image, "block size is");
    }
    image = iso_disc();
    both32(image->bytes + PVD + 80, UINT32_MAX);
    CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
    CU_ASSERT_PTR_NOT_NULL(fake_host_property(&host, "truncated"));
    expect(image, "it is truncated");
    image = iso_disc();
    both32(image->bytes + PVD + 158, UINT32_MAX);
    expect(image, "beyond the end");
    image = iso_disc();
    both32(image->bytes + PVD + 166, 0);
    expect(image, "a directory is empty");
    image = iso_disc();
    both32(image->bytes + PVD + 132, UINT32_MAX);
    expect(image, "path table is empty, or beyond");
    image = iso_disc();
    le32_store(image->bytes + PVD + 140, UINT32_MAX);
    expect(image, "path table is empty, or beyond");
}

static void bad_path_tables(void)
{
    struct memory_io *image = iso_disc();
    uint64_t table = (uint64_t)le32_load(image->bytes + PVD + 140) * ISO_SECTOR;
    uint64_t second = table + 10; /* behind the root's */

    image->bytes[second] = 0;
    expect(image, "cut off");
    image = iso_disc();
    image->bytes[second] = 255;
    expect(image, "cut off");
    image = iso_disc();
    le32_store(image->bytes + second + 2, 77);
    expect(image, "two path tables differ");
    image = iso_disc();
    le16_store(image->bytes + second + 6, 9);
    be16_store(image->bytes + (uint64_t)be32_load(image->bytes + PVD + 148) * ISO_SECTOR + 16, 9);
    expect(image, "parent that does not come before");
}

static void bad_directories(void)
{
    struct memory_io *image = iso_disc();
    uint8_t *folder = folder_in(root_of(image));
    uint32_t root = le32_load(image->bytes + PVD + 158);
    uint32_t sub = le32_load(folder + 2);

    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    both32(folder + 2, root); /* a loop */
    expect(image, "named twice");
    image = iso_disc();
    both32(folder_in(image->bytes + sub * ISO_SECTOR) + 2, sub);
    expect(image, "named twice");
    image = iso_disc(); /* one directory that runs over another */
    both32(folder_in(root_of(image)) + 10, 3 * ISO_SECTOR);
    expect(image, "overlap");
    image = iso_disc();
    both32(folder_in(root_of(image)) + 10, UINT32_MAX);
    expect(image, "beyond the end");
    image = iso_disc();
    both32(folder_in(root_of(image)) + 2, UINT32_MAX);
    expect(image, "beyond the end");
    image = iso_disc();
    folder_in(root_of(image))[6] ^= 1;
    expect(image, "two copies of a number");
    image = iso_disc();
    folder_in(root_of(image))[0] = 33;
    expect(image, "too short");
    image = iso_disc();
    folder_in(root_of(image))[32] = 222;
    expect(image, "too short");
    image = iso_disc();
    folder = root_of(image);
    folder += folder[0];
    folder += folder[0]; /* the first that is not "." or ".." */
    both32(folder + 10, 100000000);
    both32(folder + 2, 30);
    expect(image, "beyond the end of the image");
}

/* A hostile disc costs no more than its size: each folder claims all that follows. */
static void bounded(void)
{
    uint32_t sectors = 4000;
    struct memory_io *image = memory_io_new((uint64_t)sectors * ISO_SECTOR);
    struct memory_io *good = iso_disc();
    uint64_t before;

    memcpy(image->bytes, good->bytes, 40 * ISO_SECTOR);
    both32(image->bytes + PVD + 158, 100);
    both32(image->bytes + PVD + 166, (sectors - 100) * (uint32_t)ISO_SECTOR);
    for (uint32_t i = 100; i < sectors; i++) {
        uint8_t *sector = image->bytes + i * ISO_SECTOR;

        for (uint32_t j = 0; j + 34 <= ISO_SECTOR; j += 34) {
            uint32_t to = 100 + (i * 61 + j) % (sectors - 100);

            sector[j] = 34;
            sector[j + 25] = 2;
            sector[j + 32] = 1;
            sector[j + 33] = 'A';
            both32(sector + j + 2, to);
            both32(sector + j + 10, (sectors - to) * (uint32_t)ISO_SECTOR);
        }
    }
    before = image->reads;
    CU_ASSERT(iso_corruptions(image) > 1000);
    CU_ASSERT(image->reads - before < 2 * sectors);
    CU_ASSERT_EQUAL(host.finding_count, 100);
    memory_io_free(image);
    memory_io_free(good);
    fake_host_reset(&host);
}

/* All ones and zeros anywhere in what is parsed, and every length of a sector: no crash, no hang,
 * and always the file's own size. */
static void overwritten(void)
{
    struct memory_io *good = iso_disc();

    for (uint64_t at = PVD; at < good->size && at < PVD + 40 * ISO_SECTOR; at++) {
        struct memory_io *image;

        if (at % ISO_SECTOR > 300 && at % 97 != 0)
            continue;
        image = iso_disc();
        memset(image->bytes + at, at % 2 ? 0xff : 0, 1 + at % 8);
        (void)iso_probe_of(image);
        CU_ASSERT(iso_corruptions(image) >= 0);
        CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
        CU_ASSERT_EQUAL(host.image.info.capacity, good->size);
        memory_io_free(image);
    }
    for (uint64_t size = 0; size < good->size; size += 512) {
        struct memory_io *image = memory_io_of(good->bytes, size);

        CU_ASSERT(iso_corruptions(image) > 0);
        CU_ASSERT_EQUAL(iso_format.info(&host.call, &image->io), TARN_OK);
        memory_io_free(image);
    }
    memory_io_free(good);
    fake_host_reset(&host);
}

static void failing_reads(void)
{
    struct memory_io *image = iso_disc();
    int32_t status = TARN_E_IO;

    for (uint64_t at = 1; status != TARN_OK && at < 200; at++) {
        image->operations = 0;
        image->fail_at = at;
        status = iso_format.check(&host.call, &image->io, 0);
        CU_ASSERT(status == TARN_OK || status == TARN_E_IO);
        CU_ASSERT_EQUAL(host.checks, status == TARN_OK);
        fake_host_reset(&host);
    }
    CU_ASSERT_EQUAL(status, TARN_OK);
    image->fail_at = 0;
    host.cancel_at = 2;
    CU_ASSERT_EQUAL(iso_format.check(&host.call, &image->io, 0), TARN_E_CANCELLED);
    host.cancel_at = 0;
    fake_host_reset(&host);
    CU_ASSERT_EQUAL(iso_format.check(&host.call, &image->io, TARN_CHECK_REPAIR_ALL),
                    TARN_E_UNSUPPORTED);
    memory_io_free(image);
    fake_host_reset(&host);
}

static void opened(void)
{
    struct memory_io *image = iso_disc();
    struct tarn_image_open how = { .struct_size = sizeof(how) };
    struct tarn_identity identity;
    struct tarn_io *disk;
    uint8_t bytes[5000];
    uint64_t size = 0;

    CU_ASSERT_EQUAL_FATAL(iso_format.open(&host.call, &image->io, &how, &disk), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_size(&host.call, disk, &size), TARN_OK);
    CU_ASSERT_EQUAL(size, image->size);
    CU_ASSERT_EQUAL(tarn_io_pread(&host.call, disk, bytes, sizeof(bytes), PVD - 1000), TARN_OK);
    CU_ASSERT_EQUAL(memcmp(bytes, image->bytes + PVD - 1000, sizeof(bytes)), 0);
    CU_ASSERT_EQUAL(disk->flags & TARN_IO_WRITABLE, 0);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, disk, "x", 1, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(tarn_io_zero(&host.call, disk, 0, 1, 0), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(tarn_io_truncate(&host.call, disk, 0, 1), TARN_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(tarn_io_identity(&host.call, disk, &identity), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_close(&host.call, disk), TARN_OK);
    fake_host_reset(&host);

    how.flags = TARN_IMAGE_OPEN_WRITE;
    CU_ASSERT_EQUAL(iso_format.open(&host.call, &image->io, &how, &disk), TARN_E_UNSUPPORTED);
    how.flags |= TARN_IMAGE_OPEN_FILL | TARN_IMAGE_OPEN_COMPRESS;
    CU_ASSERT_EQUAL(iso_format.open(&host.call, &image->io, &how, &disk), TARN_E_UNSUPPORTED);
    how.flags = 0;
    how.snapshot = "x";
    CU_ASSERT_EQUAL(iso_format.open(&host.call, &image->io, &how, &disk), TARN_E_NOT_FOUND);
    how.snapshot = NULL;
    how.flags = TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL;
    image->io.flags &= ~TARN_IO_WRITABLE;
    CU_ASSERT_EQUAL(iso_format.open(&host.call, &image->io, &how, &disk), TARN_E_ACCESS);
    image->io.flags |= TARN_IO_WRITABLE;
    fake_host_reset(&host);
    CU_ASSERT_EQUAL(iso_format.open(&host.call, &image->io, &how, &disk), TARN_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.error, "holds files already"));
    fake_host_reset(&host);
    memset(image->bytes, 0, image->size);
    CU_ASSERT_EQUAL_FATAL(iso_format.open(&host.call, &image->io, &how, &disk), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&host.call, disk, "xyz", 3, 7), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_zero(&host.call, disk, 8, 10, 0), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_flush(&host.call, disk), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_close(&host.call, disk), TARN_OK);
    CU_ASSERT_EQUAL(memcmp(image->bytes + 7, "x\0\0", 3), 0);
    memory_io_free(image);
}

static const struct unit_test tests[] = {
    { "a disc says what it is, in three reads", described },
    { "partition tables in front of it", partitions },
    { "blank images, High Sierra, UDF and raw dumps", others },
    { "the probe looks at the fields, and at every size", probe_fields },
    { "odd texts and times", odd_texts },
    { "check: descriptors", bad_descriptors },
    { "check: path tables", bad_path_tables },
    { "check: directories", bad_directories },
    { "check: directories that claim everything, bounded", bounded },
    { "overwritten and truncated everywhere", overwritten },
    { "every read failing, and cancelling", failing_reads },
    { "opened for reading, and to be filled", opened },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    int status;

    (void)argc;
    (void)argv;
    fake_host_init(&host);
    iso_folder_make();
    status = unit_main("iso-read", tests);
    iso_folder_remove();
    fake_host_clear(&host);
    return status;
}
