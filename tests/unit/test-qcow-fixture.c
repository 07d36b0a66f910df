/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-qcow-fixture.c - see test-qcow-fixture.h.
 */
#include "tests/unit/test-qcow-fixture.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/disk-bytes.h"

static uint64_t random_state = 1;

void random_start(uint64_t seed)
{
    random_state = seed * 0x9e3779b97f4a7c15u + 1;
}

uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 8) % limit;
}

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

void image_make(struct image *image, const struct tarn_format *format,
                const struct tarn_image_spec *spec)
{
    uint64_t measured = 0;

    image_of(image, format, NULL, 0);
    CU_ASSERT_EQUAL_FATAL(format->measure(&image->host.call, spec, &measured), TARN_OK);
    CU_ASSERT_EQUAL_FATAL(format->create(&image->host.call, &image->file->io, spec), TARN_OK);
    CU_ASSERT_EQUAL(measured, image->file->size);
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

    return image->format->open(&image->host.call, &image->file->io, &how, &image->disk);
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
    fake_host_clear(&image->host);
}

int32_t image_info(struct image *image)
{
    fake_host_reset(&image->host);
    return image->format->info(&image->host.call, &image->file->io);
}

int32_t image_probe(const struct image *image)
{
    uint64_t length = image->format->head_needed;
    struct tarn_probe probe = { .struct_size = sizeof(probe), .size = image->file->size };
    uint8_t *head;
    int32_t sure;

    length = length < image->file->size ? length : image->file->size;
    head = malloc(length); /* no byte more, so that a sanitizer sees who reads beyond */
    CU_ASSERT_FATAL(head != NULL || length == 0);
    if (length > 0)
        memcpy(head, image->file->bytes, length);
    probe.head = head;
    probe.head_length = length;
    sure = image->format->probe(&probe);
    free(head);
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

/* --- crashes ---------------------------------------------------------------------------------- */

static bool survives(const struct tarn_format *format, const struct memory_io *start,
                     const struct memory_io *journal, uint64_t count, const bool *lost,
                     image_judge judge, const void *arg)
{
    struct image image;
    bool good;

    image_around(&image, format, memory_io_replay(start, journal->journal, count, lost));
    good = judge(&image, arg);
    if (!good)
        printf("# after %llu of %llu steps, %s\n", (unsigned long long)count,
               (unsigned long long)journal->journal_length,
               lost != NULL ? "power lost" : "killed");
    image_free(&image);
    return good;
}

/* Of the steps since the last flush, each is lost with a chance of one half. */
static void lose_some(const struct memory_io *journal, uint64_t count, bool *lost)
{
    memset(lost, 0, journal->journal_length * sizeof(*lost));
    for (uint64_t i = count; i-- > 0 && journal->journal[i].what != MEMORY_FLUSH;)
        lost[i] = random_below(2) == 0;
}

bool image_survives(const struct tarn_format *format, const struct memory_io *start,
                    const struct memory_io *journal, image_judge judge, const void *arg)
{
    bool *lost = calloc(journal->journal_length + 1, sizeof(*lost));
    bool good = lost != NULL;

    for (uint64_t count = 0; count <= journal->journal_length && good; count++) {
        good = survives(format, start, journal, count, NULL, judge, arg);
        for (int i = 0; i < 3 && good; i++) {
            lose_some(journal, count, lost);
            good = survives(format, start, journal, count, lost, judge, arg);
        }
    }
    free(lost);
    return good;
}
