/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-qcow2-fixture.c - see test-qcow2-fixture.h.
 */
#include "tests/unit/test-qcow2-fixture.h"

#include <string.h>

#include "helpers/be.h"
#include "tests/unit/disk-bytes.h"

#define CLUSTER ((uint64_t)65536)

struct tarn_image_spec spec_of(uint64_t capacity)
{
    return (struct tarn_image_spec){ .struct_size = sizeof(struct tarn_image_spec),
                                     .capacity = capacity };
}

void image_make(struct image *image, const struct tarn_image_spec *spec)
{
    int32_t status;

    image_of(image, NULL, 0);
    status = qcow2_format.create(&image->host.call, &image->file->io, spec);
    CU_ASSERT_EQUAL_FATAL(status, TARN_OK);
}

void image_of(struct image *image, const void *bytes, uint64_t length)
{
    memset(image, 0, sizeof(*image));
    fake_host_init(&image->host);
    image->file = memory_io_of(bytes, length);
    image->file->keep = true;
}

int32_t image_open(struct image *image, uint32_t flags)
{
    struct tarn_image_open how = { sizeof(how), flags, NULL };

    return qcow2_format.open(&image->host.call, &image->file->io, &how, &image->disk);
}

void image_close(struct image *image)
{
    struct tarn_io *disk = image->disk;

    image->disk = NULL;
    CU_ASSERT_EQUAL_FATAL(tarn_io_close(&image->host.call, disk), TARN_OK);
}

void image_free(struct image *image)
{
    if (image->disk != NULL)
        tarn_io_close(&image->host.call, image->disk);
    memory_io_free(image->file);
    fake_host_clear(&image->host);
}

void image_write(struct image *image, uint64_t offset, uint64_t length, uint8_t byte)
{
    CU_ASSERT_EQUAL(disk_put(&image->host.call, image->disk, offset, length, byte), TARN_OK);
}

bool image_reads(struct image *image, uint64_t offset, uint64_t length, uint8_t byte)
{
    return disk_holds(&image->host.call, image->disk, offset, length, byte);
}

void image_check(struct image *image, uint32_t flags)
{
    fake_host_reset(&image->host);
    CU_ASSERT_EQUAL_FATAL(qcow2_format.check(&image->host.call, &image->file->io, flags), TARN_OK);
    CU_ASSERT_EQUAL(image->host.checks, 1);
}

bool image_sound(struct image *image, uint64_t leaks)
{
    image_check(image, 0);
    return image->host.check.corruptions == 0 && image->host.check.errors == 0 &&
           image->host.check.leaks == leaks;
}

uint64_t image_get64(const struct image *image, uint64_t offset)
{
    return be64_load(image->file->bytes + offset);
}

uint32_t image_get32(const struct image *image, uint64_t offset)
{
    return be32_load(image->file->bytes + offset);
}

void image_put64(struct image *image, uint64_t offset, uint64_t value)
{
    be64_store(image->file->bytes + offset, value);
}

void image_put32(struct image *image, uint64_t offset, uint32_t value)
{
    be32_store(image->file->bytes + offset, value);
}

void image_put16(struct image *image, uint64_t offset, uint16_t value)
{
    be16_store(image->file->bytes + offset, value);
}

static void change_refcount(struct image *image, uint64_t offset, uint16_t by)
{
    uint64_t block = image_get64(image, image_get64(image, 48));
    uint8_t *count = image->file->bytes + block + offset / CLUSTER * 2;

    be16_store(count, (uint16_t)(be16_load(count) + by));
}

static void share_table(struct image *image, uint64_t table)
{
    for (uint64_t at = table; at < table + CLUSTER; at += 8) {
        uint64_t entry = image_get64(image, at);

        if (entry == 0)
            continue;
        image_put64(image, at, entry & ~((uint64_t)1 << 63));
        change_refcount(image, entry & ~(((uint64_t)1 << 63) | 511), 1);
    }
}

static void put_entry(struct image *image, uint64_t at, uint64_t l1, const char *id,
                      const char *name)
{
    image_put64(image, at, l1);
    image_put32(image, at + 8, image_get32(image, 36));
    image_put16(image, at + 12, (uint16_t)strlen(id));
    image_put16(image, at + 14, (uint16_t)strlen(name));
    image_put32(image, at + 16, 1600000000);
    image_put32(image, at + 36, 16);
    image_put64(image, at + 48, image_get64(image, 24));
    memcpy(image->file->bytes + at + 56, id, strlen(id));
    memcpy(image->file->bytes + at + 56 + strlen(id), name, strlen(name));
}

void image_snapshot(struct image *image, const char *id, const char *name)
{
    uint64_t l1 = image_get64(image, 40);
    uint64_t copy = (image->file->size + CLUSTER - 1) / CLUSTER * CLUSTER;
    uint64_t table = copy + CLUSTER;

    CU_ASSERT_EQUAL_FATAL(tarn_io_truncate(&image->host.call, &image->file->io, table + CLUSTER, 0),
                          TARN_OK);
    for (uint64_t i = 0; i < image_get32(image, 36); i++) {
        uint64_t entry = image_get64(image, l1 + i * 8) & ~((uint64_t)1 << 63);

        if (entry != 0) {
            share_table(image, entry);
            change_refcount(image, entry, 1);
        }
        image_put64(image, l1 + i * 8, entry);
        image_put64(image, copy + i * 8, entry);
    }
    put_entry(image, table, copy, id, name);
    change_refcount(image, copy, 1);
    change_refcount(image, table, 1);
    image_put32(image, 60, 1);
    image_put64(image, 64, table);
}
