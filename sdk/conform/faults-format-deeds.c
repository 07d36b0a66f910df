/* SPDX-License-Identifier: BSD-2-Clause
 *
 * faults-format-deeds.c - the operations that are let fail.
 */
#include <string.h>

#include "conform/faults-format.h"
#include "conform/format-step.h"

/* Over what is stored, what is not, and what is stored again; nothing of it is aligned. */
#define WRITE_AT   ((uint64_t)60000)
#define WRITE_LONG ((uint64_t)150000)
#define ZERO_AT    ((uint64_t)130000)
#define ZERO_LONG  ((uint64_t)100000)
#define GROWN      ((uint64_t)3000000)

static uint8_t bytes[262144];

static int32_t create(struct image *image, const struct deed *deed)
{
    (void)deed;
    return image_create(image);
}

static int32_t describe(struct image *image, const struct deed *deed)
{
    struct memory_store *store = memory_store_again(image->store, true);
    int32_t status;

    store->faults = image->faults;
    image_begin(image, HOST_TAKES_IMAGE, "%s", deed->name);
    status = host_end(image->host, image->format->info(&image->host->call, &store->io));
    memory_store_free(store);
    return status;
}

static int32_t open_reader(struct image *image, const struct deed *deed)
{
    (void)deed;
    return image_try_open(image, 0);
}

static int32_t open_writer(struct image *image, const struct deed *deed)
{
    (void)deed;
    return image_try_open(image, TARN_IMAGE_OPEN_WRITE);
}

static int32_t look_over(struct image *image, const struct deed *deed)
{
    struct memory_store *store = memory_store_again(image->store, true);
    int32_t status;

    store->faults = image->faults;
    image_begin(image, HOST_TAKES_CHECK | HOST_MAY_RELATE, "%s", deed->name);
    status = host_end(image->host, image->format->check(&image->host->call, &store->io, 0));
    memory_store_free(store);
    return status;
}

/* What a read answers with success is right, whatever it met. */
static int32_t read_disk(struct image *image, const struct deed *deed)
{
    uint64_t length = lesser(image->size, sizeof(bytes));
    int32_t status;

    image_begin(image, HOST_TAKES_NOTHING, "%s", deed->name);
    status = tarn_io_pread(&image->host->call, image->disk, bytes, length, 0);
    host_end(image->host, status);
    trial_require(image->trial, status != TARN_OK || memcmp(bytes, image->bytes, length) == 0,
                  "a read gave other bytes than are there, and did not fail");
    return status;
}

static int32_t write_disk(struct image *image, const struct deed *deed)
{
    image_begin(image, HOST_TAKES_NOTHING, "%s", deed->name);
    memset(bytes, 'W', deed->length);
    return host_end(image->host, tarn_io_pwrite(&image->host->call, image->disk, bytes,
                                                deed->length, deed->offset));
}

static int32_t zero_disk(struct image *image, const struct deed *deed)
{
    int32_t status;

    image_begin(image, HOST_TAKES_NOTHING, "%s", deed->name);
    status = tarn_io_zero(&image->host->call, image->disk, deed->offset, deed->length,
                          TARN_ZERO_MAY_UNMAP);
    return host_end(image->host, status == TARN_E_UNSUPPORTED ? TARN_OK : status);
}

static int32_t grow_disk(struct image *image, const struct deed *deed)
{
    image_begin(image, HOST_TAKES_NOTHING, "%s", deed->name);
    if (image->disk->flags & TARN_IO_FIXED_SIZE)
        return host_end(image->host, TARN_OK);
    return host_end(image->host, tarn_io_truncate(&image->host->call, image->disk,
                                                  image->size + GROWN, 0));
}

static int32_t flush_disk(struct image *image, const struct deed *deed)
{
    image_begin(image, HOST_TAKES_NOTHING, "%s", deed->name);
    return host_end(image->host, tarn_io_flush(&image->host->call, image->disk));
}

static int32_t close_disk(struct image *image, const struct deed *deed)
{
    (void)deed;
    return image_try_close(image);
}

/* What flush and close have to write. */
static void write_before(struct image *image)
{
    memset(bytes, 'V', WRITE_LONG);
    image_write(image, bytes, WRITE_LONG, WRITE_AT);
}

static int32_t fill_disk(struct image *image, const struct deed *deed)
{
    uint64_t random = 37;
    int32_t status = TARN_OK;

    for (uint64_t at = 0; status == TARN_OK && at + 65536 <= image->size; at += 2 * 65536) {
        random_bytes(&random, bytes, 65536);
        image_begin(image, HOST_TAKES_NOTHING, "%s", deed->name);
        status = host_end(image->host, tarn_io_pwrite(&image->host->call, image->disk, bytes, 65536,
                                                      at));
    }
    return status == TARN_OK ? flush_disk(image, deed) : status;
}

static int32_t ignore(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    (void)call;
    (void)extent;
    (void)arg;
    return TARN_OK;
}

static int32_t map_disk(struct image *image, const struct deed *deed)
{
    image_begin(image, HOST_TAKES_NOTHING, "%s", deed->name);
    return host_end(image->host, tarn_io_extents(&image->host->call, image->disk, 0, image->size,
                                                 ignore, NULL));
}

const struct deed deeds[] = {
    { "create", DEED_NEW, 0, 0, 0, NULL, create },
    { "info", DEED_CLOSED, 0, 0, 0, NULL, describe },
    { "open", DEED_CLOSED, TARN_FORMAT_READ, 0, 0, NULL, open_reader },
    { "open for writing", DEED_CLOSED, TARN_FORMAT_WRITE, 0, 0, NULL, open_writer },
    { "check", DEED_CLOSED, TARN_FORMAT_CHECK, 0, 0, NULL, look_over },
    { "read", DEED_READER, TARN_FORMAT_READ, 0, 0, NULL, read_disk },
    { "map", DEED_READER, TARN_FORMAT_MAP, 0, 0, NULL, map_disk },
    { "write", DEED_WRITER, TARN_FORMAT_WRITE, WRITE_AT, WRITE_LONG, NULL, write_disk },
    { "zero", DEED_WRITER, TARN_FORMAT_WRITE, ZERO_AT, ZERO_LONG, NULL, zero_disk },
    { "truncate", DEED_WRITER, TARN_FORMAT_GROW, 0, 0, NULL, grow_disk },
    { "flush", DEED_WRITER, TARN_FORMAT_WRITE, WRITE_AT, WRITE_LONG, write_before, flush_disk },
    { "close", DEED_WRITER, TARN_FORMAT_WRITE, WRITE_AT, WRITE_LONG, write_before, close_disk },
    { "filling", DEED_FILLER, TARN_FORMAT_FILL, 0, 0, NULL, fill_disk },
    { NULL, DEED_NEW, 0, 0, 0, NULL, NULL },
};
