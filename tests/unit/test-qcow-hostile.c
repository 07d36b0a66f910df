/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Damaged and hostile qcow images: tables that point where they must not.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/qcow/format.h"
#include "formats/qcow/qcow.h"
#include "helpers/be.h"
#include "tests/unit/format-fixture.h"
#include "tests/unit/random-numbers.h"

/* With 4 KiB clusters: header 0, L1 at 48, first L2 table at 4096, its first data at 8192. */
#define L1 48u
#define L2 4096u
#define DATA 8192u
#define DISK ((uint64_t)10 << 20)

static void start(struct image *image)
{
    struct tarn_image_spec spec = spec_of(DISK);

    image_make(image, &qcow_format, &spec);
    CU_ASSERT_EQUAL_FATAL(image_open(image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(image, 0, 20000, 0x5a);
    image_close(image);
    CU_ASSERT_EQUAL_FATAL(be64_load(image->file->bytes + L1), L2);
    CU_ASSERT_EQUAL_FATAL(be64_load(image->file->bytes + L2), DATA);
}

static void put64(struct image *image, uint64_t at, uint64_t value)
{
    be64_store(image->file->bytes + at, value);
}

/* Reading fails as corrupt, and writing too, without a write to the file; the check finds it. */
static void corrupt(struct image *image)
{
    uint64_t writes = image->file->writes;
    int32_t status;

    CU_ASSERT_EQUAL_FATAL(image_open(image, 0), TARN_OK);
    CU_ASSERT_EQUAL(image_read_all(image), TARN_E_CORRUPT);
    image_close(image);
    status = image_open(image, TARN_IMAGE_OPEN_WRITE);
    if (status == TARN_OK) {
        status = tarn_io_pwrite(&image->host.call, image->disk, "guest", 5, 0);
        CU_ASSERT_EQUAL(tarn_io_flush(&image->host.call, image->disk), TARN_OK);
        image_close(image);
    }
    CU_ASSERT_EQUAL(status, TARN_E_CORRUPT);
    CU_ASSERT_EQUAL(image->file->writes, writes);
    image_check(image, 0);
    CU_ASSERT(image->host.check.corruptions >= 1);
    CU_ASSERT(image->host.finding_count > 0);
    image_free(image);
}

static void l1_entries(void)
{
    static const uint64_t places[] = { 1, 40, 48, 56, 1u << 30, (uint64_t)1 << 63, UINT64_MAX,
                                       UINT64_MAX - 4095, INT64_MAX };
    struct image image;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        start(&image);
        put64(&image, L1, places[i]);
        corrupt(&image);
    }
}

static void l2_entries(void)
{
    static const uint64_t places[] = { 1, 47, 48, 87, 1u << 30, INT64_MAX, INT64_MAX - 4095 };
    struct image image;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        start(&image);
        put64(&image, L2, places[i]);
        corrupt(&image);
    }
}

/* The guest would write its own tables. Reading such an image shows bytes that are its own. */
static void data_in_a_table(void)
{
    struct image image;
    uint64_t writes;

    start(&image);
    put64(&image, L2, L2);
    writes = image.file->writes;
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "guest", 5, 0), TARN_E_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "L2 table"));
    image_close(&image);
    CU_ASSERT_EQUAL(image.file->writes, writes);
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 1);
    image_free(&image);
}

static void tables_that_share_bytes(void)
{
    static const uint64_t places[] = { L2, L2 + 8, L2 + 4088, L2 - 2000 };
    struct image image;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        start(&image);
        put64(&image, L1 + 8, places[i]);
        CU_ASSERT_EQUAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_E_CORRUPT);
        CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "share"));
        CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
        image_read_all(&image);
        image_close(&image);
        image_check(&image, 0);
        CU_ASSERT(image.host.check.corruptions >= 1);
        image_free(&image);
    }
}

static void clusters_used_twice(void)
{
    struct image image;

    start(&image);
    put64(&image, L2 + 8, DATA);
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 1);
    CU_ASSERT_EQUAL(image.host.check.leaks, 1); /* where its own was */
    put64(&image, L2 + 8, DATA + 100);
    image_check(&image, 0);
    CU_ASSERT(image.host.check.corruptions >= 1);
    image_free(&image);
}

static void compressed_entries(void)
{
    static const uint64_t entries[] = {
        (uint64_t)1 << 63,                                     /* no bytes, in the header */
        (uint64_t)1 << 63 | DATA,                              /* no bytes */
        (uint64_t)1 << 63 | (uint64_t)100 << 51 | 1u << 30,    /* behind the end */
        (uint64_t)1 << 63 | (uint64_t)4095 << 51 | (DATA + 20479), /* passes the end */
        (uint64_t)1 << 63 | (uint64_t)100 << 51 | DATA,        /* not deflated */
        UINT64_MAX,
    };
    struct image image;

    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        start(&image);
        put64(&image, L2, entries[i]);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
        CU_ASSERT_EQUAL(image_read_all(&image), TARN_E_CORRUPT);
        CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "part", 4, 0),
                        TARN_E_CORRUPT);
        image_write(&image, 0, 4096, 0x77); /* a whole cluster needs nothing of it */
        CU_ASSERT(image_reads(&image, 0, 4096, 0x77));
        image_close(&image);
        image_free(&image);
    }
}

/* A stream is read for one cluster and no more, and must have as much. */
static void streams_of_other_lengths(void)
{
    static const struct {
        uint64_t length; /* unpacked */
        int32_t status;
    } cases[] = { { 4096, TARN_OK }, { 65536, TARN_OK }, { 4097, TARN_OK },
                  { 4095, TARN_E_CORRUPT }, { 512, TARN_E_CORRUPT } };
    uint8_t plain[65536];
    uint8_t packed[65536];

    memset(plain, 'y', sizeof(plain));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t length = qcow_pack(plain, cases[i].length, packed);
        struct image image;

        CU_ASSERT_FATAL(length > 0 && length < 4096);
        start(&image);
        memcpy(image.file->bytes + DATA, packed, length);
        put64(&image, L2, QCOW_COMPRESSED | length << 51 | DATA);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
        CU_ASSERT_EQUAL(image_read_all(&image), cases[i].status);
        CU_ASSERT_EQUAL(image_reads(&image, 0, 4096, 'y'), cases[i].status == TARN_OK);
        CU_ASSERT(image_reads(&image, 4096, 4096, 0x5a));
        image_free(&image);
    }
}

/* A table that is far away becomes part of the file when the file grows: still no guest data. */
static void a_pointer_into_the_future(void)
{
    struct image image;
    uint64_t end;

    start(&image);
    end = image.file->size;
    put64(&image, L2, end); /* where the next table will be */
    CU_ASSERT_EQUAL_FATAL(image_open(&image, TARN_IMAGE_OPEN_WRITE), TARN_OK);
    image_write(&image, 2 << 20, 4096, 1);
    CU_ASSERT_EQUAL(tarn_io_pwrite(&image.host.call, image.disk, "guest", 5, 0), TARN_E_CORRUPT);
    image_close(&image);
    image_free(&image);
}

static void cut_anywhere(void)
{
    struct image image;
    uint64_t size;

    start(&image);
    size = image.file->size;
    image_free(&image);
    for (uint64_t length = 0; length < size; length += 512) {
        start(&image);
        image.file->size = length;
        image_try_all(&image);
        image_free(&image);
    }
}

/* A few bytes that claim terabytes: described, refused, at no cost. */
static void large_claims(void)
{
    struct image image;
    uint64_t size = 516;

    start(&image);
    put64(&image, 24, 167125767422464u);
    image.file->size = size;
    CU_ASSERT_EQUAL(image_info(&image), TARN_OK);
    CU_ASSERT_EQUAL(image.host.image.info.capacity, 167125767422464u);
    CU_ASSERT_EQUAL(image_open(&image, 0), TARN_E_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(image.host.error, "L1 table"));
    image_check(&image, 0);
    CU_ASSERT_EQUAL(image.host.check.corruptions, 1);
    CU_ASSERT(image.file->reads < 10);
    image_free(&image);
}

static void random_damage(void)
{
    struct image image;

    random_start(7);
    for (int i = 0; i < 400; i++) {
        start(&image);
        for (uint64_t flips = 1 + random_below(6); flips > 0; flips--)
            image.file->bytes[random_below(2) ? random_below(100) : L2 + random_below(64)] ^=
                (uint8_t)(1u << random_below(8));
        image_try_all(&image);
        image_free(&image);
    }
}

static const struct unit_test tests[] = {
    { "L1 entries that point anywhere", l1_entries },
    { "L2 entries that point anywhere", l2_entries },
    { "guest data in a table", data_in_a_table },
    { "tables that share bytes", tables_that_share_bytes },
    { "clusters that are used twice", clusters_used_twice },
    { "compressed entries", compressed_entries },
    { "streams of other lengths than a cluster's", streams_of_other_lengths },
    { "a pointer behind the end, which moves", a_pointer_into_the_future },
    { "cut off at each sector", cut_anywhere },
    { "516 bytes that claim terabytes", large_claims },
    { "random damage", random_damage },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("qcow-hostile", tests);
}
