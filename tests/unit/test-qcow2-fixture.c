/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-qcow2-fixture.c - see test-qcow2-fixture.h.
 */
#include "tests/unit/test-qcow2-fixture.h"

#include <string.h>

#include "helpers/be.h"
#include "tests/unit/disk-bytes.h"

#define CLUSTER ((uint64_t)65536)

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
