/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-dmg-image.c - opening and reading what was made, see test-dmg-fixture.h.
 */
#include "tests/unit/test-dmg-fixture.h"

#include <stdlib.h>
#include <string.h>

void image_of(struct image *image, const void *bytes, uint64_t length)
{
    memset(image, 0, sizeof(*image));
    fake_host_init(&image->host);
    image->file = memory_io_of(bytes, length);
    image->file->keep = true;
}

void image_made(struct image *image, struct maker *maker)
{
    uint64_t length;
    uint8_t *bytes = maker_end(maker, &length);

    image_of(image, bytes, length);
    free(bytes);
    maker_free(maker);
}

int32_t image_open(struct image *image, uint32_t flags)
{
    struct tarn_image_open how = { sizeof(how), flags, NULL };

    return dmg_format.open(&image->host.call, &image->file->io, &how, &image->disk);
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

bool image_holds(struct image *image, const uint8_t *bytes, uint64_t length)
{
    uint8_t *read = malloc(length + 1);
    uint64_t size = 0;
    bool same;

    if (read == NULL)
        exit(99);
    same = image_open(image, 0) == TARN_OK &&
           tarn_io_size(&image->host.call, image->disk, &size) == TARN_OK && size == length &&
           tarn_io_pread(&image->host.call, image->disk, read, length, 0) == TARN_OK &&
           memcmp(read, bytes, length) == 0;
    if (image->disk != NULL)
        image_close(image);
    free(read);
    return same;
}

uint64_t image_faults(struct image *image)
{
    fake_host_reset(&image->host);
    if (dmg_format.check(&image->host.call, &image->file->io, 0) != TARN_OK)
        return UINT64_MAX;
    CU_ASSERT_EQUAL(image->host.checks, 1);
    CU_ASSERT(image->host.finding_count <= 100);
    return image->host.check.corruptions;
}

static int32_t count_extent(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    uint64_t *end = arg;

    (void)call;
    CU_ASSERT_EQUAL(extent->offset, *end);
    CU_ASSERT(extent->length > 0);
    *end += extent->length;
    return TARN_OK;
}

static void survives_reading(struct image *image)
{
    struct tarn_call *call = &image->host.call;
    uint8_t bytes[3 * DMG_SECTOR];
    uint64_t size = 0;
    uint64_t end = 0;

    CU_ASSERT_EQUAL(tarn_io_size(call, image->disk, &size), TARN_OK);
    CU_ASSERT_EQUAL(tarn_io_extents(call, image->disk, 0, size, count_extent, &end), TARN_OK);
    CU_ASSERT_EQUAL(end, size);
    for (uint64_t at = 0; at < size && at < 2000000; at += 64 * DMG_SECTOR)
        tarn_io_pread(call, image->disk, bytes,
                      size - at < sizeof(bytes) ? size - at : sizeof(bytes), at);
    if (size > 0)
        tarn_io_pread(call, image->disk, bytes, 1, size - 1);
}

void image_survives(struct image *image)
{
    struct tarn_probe probe = { .struct_size = sizeof(probe), .size = image->file->size };

    probe.head = image->file->bytes;
    probe.head_length = dmg_min(image->file->size, dmg_format.head_needed);
    probe.tail_length = dmg_min(image->file->size, dmg_format.tail_needed);
    probe.tail = image->file->bytes + image->file->size - probe.tail_length;
    dmg_format.probe(&probe);
    dmg_format.info(&image->host.call, &image->file->io);
    dmg_format.check(&image->host.call, &image->file->io, 0);
    if (image_open(image, 0) == TARN_OK) {
        survives_reading(image);
        image_close(image);
    }
}

bool image_refused(struct image *image, int32_t status, const char *text)
{
    fake_host_reset(&image->host);
    return image_open(image, 0) == status && image->disk == NULL &&
           image->host.status == status && strstr(image->host.error, text) != NULL;
}
