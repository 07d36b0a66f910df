/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format-fixture.c - see format-fixture.h.
 */
#include "tests/unit/format-fixture.h"

#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"
#include "tests/unit/disk-bytes.h"

struct tarn_image_spec spec_of(uint64_t capacity)
{
    return (struct tarn_image_spec){ .struct_size = sizeof(struct tarn_image_spec),
                                     .capacity = capacity };
}

void image_around(struct image *image, const struct tarn_format *format, struct memory_io *file)
{
    memset(image, 0, sizeof(*image));
    fake_host_init(&image->host);
    image->format = format;
    image->file = file;
    image->file->keep = true;
}

void image_of(struct image *image, const struct tarn_format *format, const void *bytes,
              uint64_t length)
{
    image_around(image, format, memory_io_of(bytes, length));
}

void image_copy(struct image *image, const struct image *from)
{
    image_of(image, from->format, from->file->bytes, from->file->size);
}

void image_make(struct image *image, const struct tarn_format *format,
                const struct tarn_image_spec *spec)
{
    uint64_t measured = 0;

    image_of(image, format, NULL, 0);
    CU_ASSERT_EQUAL_FATAL(format->measure(&image->host.call, spec, &measured), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(format->create(&image->host.call, &image->file->io, spec), TARN_OK);
    CU_ASSERT(measured >= image->file->size); /* some is for what may have to be aligned */
    CU_ASSERT(measured - image->file->size < 4096);
}

bool image_make_fails(const struct tarn_format *format, const struct tarn_image_spec *spec,
                      int32_t status)
{
    struct image image;
    uint64_t measured;
    bool failed;

    image_of(&image, format, NULL, 0);
    failed = format->create(&image.host.call, &image.file->io, spec) == status &&
             image.host.error[0] != '\0' && image.file->size == 0 &&
             format->measure(&image.host.call, spec, &measured) == status;
    image_free(&image);
    return failed;
}

int32_t image_open(struct image *image, uint32_t flags)
{
    struct tarn_image_open how = { sizeof(how), flags, NULL };

    fake_host_reset(&image->host);
    return image->format->open(&image->host.call, &image->file->io, &how, &image->disk);
}

int32_t image_opens(struct image *image)
{
    int32_t status = image_open(image, 0);

    if (status == TARN_OK)
        image_close(image);
    else
        CU_ASSERT_NOT_EQUAL(image->host.error[0], '\0');
    return status;
}

void image_close(struct image *image)
{
    struct tarn_io *disk = image->disk;

    image->disk = NULL;
    CU_ASSERT_EQUAL_FATAL(tarn_io_close(&image->host.call, disk), TARN_OK);
}

void image_free(struct image *image)
{
    tarn_io_close(&image->host.call, image->disk);
    memory_io_free(image->file);
    memory_io_free(image->base);
    fake_host_clear(&image->host);
}

int32_t image_info(struct image *image)
{
    fake_host_reset(&image->host);
    return image->format->info(&image->host.call, &image->file->io);
}

/* No byte more than it may see, so that a sanitizer sees who reads beyond. */
static uint8_t *cut_out(const struct image *image, uint64_t offset, uint64_t length)
{
    uint8_t *bytes = malloc(length);

    CU_ASSERT_FATAL(bytes != NULL || length == 0);
    if (length > 0)
        memcpy(bytes, image->file->bytes + offset, length);
    return bytes;
}

int32_t image_probe(const struct image *image)
{
    uint64_t size = image->file->size;
    uint64_t head = image->format->head_needed < size ? image->format->head_needed : size;
    uint64_t tail = image->format->tail_needed < size ? image->format->tail_needed : size;
    struct tarn_probe probe = {
        .struct_size = sizeof(probe), .size = size, .head_length = head, .tail_length = tail,
        .head = cut_out(image, 0, head), .tail = cut_out(image, size - tail, tail),
    };
    int32_t sure = image->format->probe(&probe);

    free((void *)(uintptr_t)probe.head);
    free((void *)(uintptr_t)probe.tail);
    return sure;
}

void image_write(struct image *image, uint64_t offset, uint64_t length, uint8_t byte)
{
    CU_ASSERT_EQUAL(disk_put(&image->host.call, image->disk, offset, length, byte), TARN_OK);
}

bool image_reads(struct image *image, uint64_t offset, uint64_t length, uint8_t byte)
{
    return disk_holds(&image->host.call, image->disk, offset, length, byte);
}

/* Of a disk that claims to be larger, its first and its last bytes. */
int32_t image_read_all(struct image *image)
{
    static uint8_t bytes[65536];
    uint64_t most = (uint64_t)4 << 20;
    uint64_t size = 0;
    int32_t status = tarn_io_size(&image->host.call, image->disk, &size);

    for (uint64_t at = 0; at < size && at < most && status == TARN_OK; at += sizeof(bytes)) {
        uint64_t length = size - at < sizeof(bytes) ? size - at : sizeof(bytes);

        status = tarn_io_pread(&image->host.call, image->disk, bytes, length, at);
    }
    if (status == TARN_OK && size > most)
        status = tarn_io_pread(&image->host.call, image->disk, bytes, 512, size - 512);
    return status;
}

void image_check(struct image *image, uint32_t flags)
{
    fake_host_reset(&image->host);
    CU_ASSERT_EQUAL_FATAL(image->format->check(&image->host.call, &image->file->io, flags),
                          TARN_OK);
    CU_ASSERT_EQUAL(image->host.checks, 1);
}

bool image_sound(struct image *image, uint64_t leaks)
{
    image_check(image, 0);
    for (uint64_t i = 0; i < image->host.finding_count; i++)
        if (image->host.findings[i].kind != TARN_FINDING_LEAK || image->host.check.leaks != leaks)
            printf("# %s\n", image->host.findings[i].text);
    return image->host.check.corruptions == 0 && image->host.check.errors == 0 &&
           image->host.check.leaks == leaks;
}

bool image_leaks_only(struct image *image)
{
    bool good;

    image_check(image, 0);
    good = image->host.check.corruptions == 0 && image->host.check.errors == 0;
    for (uint64_t i = 0; i < image->host.finding_count && !good; i++)
        printf("# %s\n", image->host.findings[i].text);
    return good;
}

static int32_t ignore_extent(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    uint64_t *next = arg;

    (void)call;
    CU_ASSERT_EQUAL(extent->offset, *next);
    CU_ASSERT(extent->length > 0);
    *next += extent->length;
    return TARN_OK;
}

void image_try_all(struct image *image)
{
    struct tarn_call *call = &image->host.call;
    uint64_t size = 0;
    uint64_t next = 0;

    image_probe(image);
    if (image_info(image) == TARN_OK)
        CU_ASSERT_EQUAL(image->host.images, 1);
    fake_host_reset(&image->host);
    image->format->check(call, &image->file->io, 0);
    if (image_open(image, 0) == TARN_OK) {
        image_read_all(image);
        tarn_io_size(call, image->disk, &size);
        if (size < (uint64_t)1 << 40) /* beyond that it only takes long */
            tarn_io_extents(call, image->disk, 0, size, ignore_extent, &next);
        image_close(image);
    }
    if (image_open(image, TARN_IMAGE_OPEN_WRITE) == TARN_OK) {
        uint8_t bytes[3000] = { 1 };

        tarn_io_pwrite(call, image->disk, bytes, sizeof(bytes), 100);
        tarn_io_zero(call, image->disk, 5000, 70000, 0);
        tarn_io_close(call, image->disk);
        image->disk = NULL;
    }
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
