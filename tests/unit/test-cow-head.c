/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The headers of cow images: ten kinds under one magic number, and what is refused.
 */
#include <string.h>

#include "tests/unit/test-cow-fixture.h"

#include "helpers/be.h"

#define SIZE (100 * SECTOR)

static const enum cow_kind kinds[] = {
    COW_UML_1_BIG, COW_UML_1_BIG_PADDED, COW_UML_1_LITTLE, COW_UML_1_LITTLE_PADDED,
    COW_UML_2, COW_UML_2_PADDED, COW_UML_3, COW_UML_3_PADDED, COW_QEMU_64, COW_QEMU_32,
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void every_kind_is_read(void)
{
    for (size_t i = 0; i < KINDS; i++) {
        bool qemu = kinds[i] == COW_QEMU_64 || kinds[i] == COW_QEMU_32;
        struct image image;

        image_by_hand(&image, kinds[i], SIZE);
        CU_ASSERT_EQUAL(image_probe(&image), TARN_PROBE_SURE);
        CU_ASSERT_EQUAL_FATAL(image_info(&image), TARN_OK);
        CU_ASSERT_EQUAL(image.host.image.info.capacity, SIZE);
        CU_ASSERT_EQUAL(image.host.image.info.cluster_size, SECTOR);
        CU_ASSERT_STRING_EQUAL(image.host.image.info.subformat, qemu ? "qemu" : "uml");
        CU_ASSERT_STRING_EQUAL(image.host.image.info.backing_name, BASE_NAME);
        CU_ASSERT_STRING_EQUAL(image.host.image.info.backing_format, "raw");
        CU_ASSERT_STRING_EQUAL(fake_host_property(&image.host, "backing-mtime"), "1234567890");
        CU_ASSERT_EQUAL(image.host.related_asked, 0);
        CU_ASSERT_EQUAL(image.file->reads, 1);
        CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
        CU_ASSERT(image_reads(&image, 0, SECTOR, 0xbb));
        CU_ASSERT(image_reads(&image, SECTOR, SECTOR, 0x11));
        CU_ASSERT(image_reads(&image, 2 * SECTOR, 8 * SECTOR, 0xbb));
        CU_ASSERT(image_reads(&image, 10 * SECTOR, SECTOR, 0x1a));
        CU_ASSERT(image_reads(&image, 11 * SECTOR, 89 * SECTOR, 0xbb));
        image_close(&image);
        image_check(&image, 0);
        CU_ASSERT_EQUAL(image.host.check.corruptions, 0);
        CU_ASSERT_EQUAL(image.host.check.allocated_clusters, 2);
        image_free(&image);
    }
}

/* Bytes where another layout of the version has its fields do not change what an image is. */
static void guests_cannot_change_the_kind(void)
{
    struct image image;

    image_by_hand(&image, COW_QEMU_64, 8 << 20);
    be64_store(image.file->bytes + 4108, SIZE); /* in the data, what a guest writes */
    be32_store(image.file->bytes + 4116, 512);
    CU_ASSERT_EQUAL(image_info(&image), TARN_OK);
    CU_ASSERT_STRING_EQUAL(image.host.image.info.subformat, "qemu");
    CU_ASSERT_EQUAL(image.host.image.info.capacity, 8 << 20);
    image_free(&image);
    image_by_hand(&image, COW_QEMU_32, 8 << 20);
    be32_store(image.file->bytes + 1048, 512); /* in the bitmap: sector 17 of the first 32 */
    CU_ASSERT_EQUAL(image_info(&image), TARN_OK);
    CU_ASSERT_EQUAL(image.host.image.info.capacity, 8 << 20);
    /* The lower half of the size is 0: only the padding that is none tells. */
    be64_store(image.file->bytes + 1036, (uint64_t)1 << 32);
    CU_ASSERT_EQUAL(image_info(&image), TARN_OK);
    CU_ASSERT_EQUAL(image.host.image.info.capacity, (uint64_t)1 << 32);
    image_free(&image);
}

struct field {
    const char *what;
    uint32_t offset;
    uint32_t size;
    uint64_t value;
    int32_t expected;
};

static void damage(enum cow_kind kind, const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct image image;
        int32_t status;

        image_by_hand(&image, kind, SIZE);
        if (fields[i].size == 8)
            be64_store(image.file->bytes + fields[i].offset, fields[i].value);
        else
            be32_store(image.file->bytes + fields[i].offset, (uint32_t)fields[i].value);
        status = image_opens(&image);
        if (status != fields[i].expected)
            printf("# %s: status %d\n", fields[i].what, (int)status);
        CU_ASSERT_EQUAL(status, fields[i].expected);
        image_free(&image);
    }
}

static void damaged_fields(void)
{
    static const struct field third[] = {
        { "no magic", 0, 4, 0, TARN_E_CORRUPT },
        { "version 0", 4, 4, 0, TARN_E_CORRUPT },
        { "version 4", 4, 4, 4, TARN_E_UNSUPPORTED },
        { "version all ones", 4, 4, UINT32_MAX, TARN_E_UNSUPPORTED },
        { "another time", 8, 4, 1, TARN_E_CORRUPT },
        { "size 0", 12, 8, 0, TARN_E_CORRUPT },
        { "another size", 12, 8, SIZE + SECTOR, TARN_E_CORRUPT },
        { "size 2^64-1", 12, 8, UINT64_MAX, TARN_E_CORRUPT },
        { "size 2^63", 12, 8, (uint64_t)1 << 63, TARN_E_CORRUPT },
        { "size 2^62", 12, 8, (uint64_t)1 << 62, TARN_E_CORRUPT },
        { "sector size 0", 20, 4, 0, TARN_E_CORRUPT },
        { "sector size 1", 20, 4, 1, TARN_E_CORRUPT },
        { "sector size 3", 20, 4, 3, TARN_E_CORRUPT },
        { "sector size 2^31", 20, 4, (uint64_t)1 << 31, TARN_E_CORRUPT },
        { "sector size all ones", 20, 4, UINT32_MAX, TARN_E_CORRUPT },
        { "alignment 0", 24, 4, 0, TARN_E_CORRUPT },
        { "alignment 256", 24, 4, 256, TARN_E_CORRUPT },
        { "alignment 4095", 24, 4, 4095, TARN_E_CORRUPT },
        { "alignment 2 MiB", 24, 4, 2 << 20, TARN_E_CORRUPT },
        { "alignment all ones", 24, 4, UINT32_MAX, TARN_E_CORRUPT },
        { "cow_format 1", 28, 4, 1, TARN_E_CORRUPT },
        { "a name with a line feed", 36, 4, 0x0a0a0a0a, TARN_E_CORRUPT },
    };
    static const struct field qemu[] = {
        { "size 0", 1040, 8, 0, TARN_E_CORRUPT },
        { "size no multiple of 512", 1040, 8, SIZE - 1, TARN_E_CORRUPT },
        { "size 2^64-1", 1040, 8, UINT64_MAX, TARN_E_CORRUPT },
        { "sector size 0", 1048, 4, 0, TARN_E_CORRUPT },
        { "sector size 3", 1048, 4, 3, TARN_E_CORRUPT },
        { "no time", 1032, 4, 0, TARN_OK },
    };

    damage(COW_UML_3, third, sizeof(third) / sizeof(third[0]));
    damage(COW_QEMU_64, qemu, sizeof(qemu) / sizeof(qemu[0]));
}

static void unending_names(void)
{
    static const struct {
        enum cow_kind kind;
        uint32_t at;
        uint32_t size;
    } names[] = {
        { COW_UML_1_BIG, 8, 256 },    { COW_UML_1_LITTLE, 8, 256 },  { COW_UML_2, 8, 4096 },
        { COW_UML_3, 32, 4096 },      { COW_UML_3_PADDED, 36, 4096 }, { COW_QEMU_64, 8, 1024 },
        { COW_QEMU_32, 8, 1024 },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct image image;

        image_by_hand(&image, names[i].kind, SIZE);
        memset(image.file->bytes + names[i].at, 'a', names[i].size);
        CU_ASSERT_EQUAL(image_opens(&image), TARN_E_CORRUPT);
        CU_ASSERT_EQUAL(image.host.related_asked, 0);
        image_free(&image);
    }
}

/* Only QEMU's may do without a base. */
static void images_without_a_base(void)
{
    struct image image;

    image_by_hand(&image, COW_QEMU_64, SIZE);
    image.file->bytes[8] = 0;
    CU_ASSERT_EQUAL_FATAL(image_open(&image, 0), TARN_OK);
    CU_ASSERT(image_reads(&image, 0, SECTOR, 0));
    CU_ASSERT(image_reads(&image, SECTOR, SECTOR, 0x11));
    CU_ASSERT_EQUAL(image.host.related_asked, 0);
    image_free(&image);
    image_by_hand(&image, COW_UML_2, SIZE);
    image.file->bytes[8] = 0;
    CU_ASSERT_EQUAL(image_opens(&image), TARN_E_CORRUPT);
    image_free(&image);
}

/* Does all that can be done with it; whatever comes of it, it ends, and writes nothing. */
static void use(struct image *image)
{
    static uint8_t bytes[65536];
    uint64_t size = 0;

    image_probe(image);
    image_info(image);
    cow_format.check(&image->host.call, &image->file->io, 0);
    if (image_open(image, 0) == TARN_OK) {
        CU_ASSERT_EQUAL(tarn_io_size(&image->host.call, image->disk, &size), TARN_OK);
        tarn_io_pread(&image->host.call, image->disk, bytes,
                      size < sizeof(bytes) ? size : sizeof(bytes), 0);
        image_close(image);
    }
    CU_ASSERT_EQUAL(image->file->writes, 0);
}

static void any_damage(void)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct image start;
        struct image image;

        image_by_hand(&start, kinds[i], SIZE);
        for (uint64_t size = 0; size < start.file->size; size += 256) {
            cow_copy(&image, &start);
            image.file->size = size;
            use(&image);
            image_free(&image);
        }
        for (uint64_t at = 0; at < 4140; at += 4) {
            cow_copy(&image, &start);
            memset(image.file->bytes + at, 0xff, at % 8 == 0 ? 8 : 4);
            use(&image);
            image_free(&image);
        }
        image_free(&start);
    }
}

static const struct unit_test tests[] = {
    { "every kind is told apart and read", every_kind_is_read },
    { "guests cannot change the kind", guests_cannot_change_the_kind },
    { "damaged fields", damaged_fields },
    { "names without an end", unending_names },
    { "images without a base", images_without_a_base },
    { "cut anywhere, and all ones in every field", any_damage },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("cow-head", tests);
}
