/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-undeclared.c - what a format does not promise it refuses, before it touches anything. The
 * host asks by what is promised; but an image may be opened by somebody who was not told.
 */
#include <stdlib.h>

#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"

/* Opens with flags that are not promised: refused, the container as before. */
static void refuse_open(const struct image *image, uint32_t flags, const char *what)
{
    struct image *copy = image_copy(image);
    uint64_t before = memory_store_sum(copy->store);
    int32_t status = image_try_open(copy, flags);

    trial_require(image->trial, status != TARN_OK,
                  "it does not promise %s, and %s succeeded: refuse with unsupported", what,
                  step_text());
    trial_require(image->trial, status == TARN_E_UNSUPPORTED || status == TARN_E_INVALID,
                  "it does not promise %s, and %s was refused with %s instead of unsupported", what,
                  step_text(), status_word(status));
    trial_require(image->trial, memory_store_sum(copy->store) == before,
                  "%s was refused, after the container had been changed", step_text());
    image_free(copy);
}

static void refuse_size(const struct image *image, bool shrink)
{
    struct image *copy = image_copy(image);
    uint64_t before = memory_store_sum(copy->store);
    uint64_t size;
    int32_t status;

    image_open(copy, TARN_IMAGE_OPEN_WRITE);
    size = shrink ? (copy->size / 2 & ~(uint64_t)511) : copy->size + 65536;
    image_begin(copy, HOST_TAKES_NOTHING, "truncate to a %s size",
                shrink ? "smaller" : "larger");
    status = tarn_io_truncate(&copy->host->call, copy->disk, size,
                              shrink ? TARN_TRUNCATE_SHRINK : 0);
    host_end(copy->host, status);
    trial_require(image->trial, status != TARN_OK,
                  "it does not promise to %s, and truncate did: refuse with unsupported",
                  shrink ? "shrink" : "grow");
    image_close(copy);
    trial_require(image->trial, memory_store_sum(copy->store) == before,
                  "truncate was refused, after the container had been changed");
    image_free(copy);
}

/* A disk that was opened for reading says so: tarn_io_pwrite goes by that. */
static void refuse_writes(struct image *image)
{
    image_open(image, 0);
    trial_require(image->trial, !(image->disk->flags & TARN_IO_WRITABLE),
                  "a disk that was opened for reading has TARN_IO_WRITABLE");
    image_close(image);
}

static void refuse_snapshot(struct image *image)
{
    struct tarn_image_open how = { sizeof(how), 0, "no-such-snapshot" };
    struct memory_store *store = memory_store_again(image->store, false);
    struct tarn_io *disk = NULL;
    int32_t status;

    image_begin(image, HOST_MAY_RELATE, "open of a snapshot that is not there");
    status = image->format->open(&image->host->call, &store->io, &how, &disk);
    host_refuses(image->host, status, TARN_E_NOT_FOUND, TARN_E_UNSUPPORTED,
                 "a snapshot that is not there");
    memory_store_free(store);
}

static void refuse_backing(struct trial *trial, struct host *host)
{
    struct image *image = image_plan(trial, host);

    image->spec.backing_name = "base.img";
    image->spec.backing_format = "raw";
    trial_require(trial, image_create(image) != TARN_OK,
                  "it does not promise backing stores, and create took one");
    trial_require(trial, memory_store_size(image->store) == 0,
                  "create refused a backing store, after it had written to the container");
    image_free(image);
}

void check_undeclared(struct trial *trial)
{
    struct host *host = format_host(trial);
    struct image *image = image_with_data(trial, host);
    uint32_t write = TARN_IMAGE_OPEN_WRITE;
    bool writes = promises(trial, TARN_FORMAT_WRITE);

    refuse_writes(image);
    refuse_snapshot(image);
    if (!writes)
        refuse_open(image, write, "writing");
    if (!writes && !promises(trial, TARN_FORMAT_FILL))
        refuse_open(image, write | TARN_IMAGE_OPEN_FILL, "filling");
    if (!promises(trial, TARN_FORMAT_COMPRESS))
        refuse_open(image, write | TARN_IMAGE_OPEN_COMPRESS, "compression");
    if (!writes && !promises(trial, TARN_FORMAT_TRANSPARENT))
        refuse_open(image, write | TARN_IMAGE_OPEN_FILL, "to fill an image that is complete");
    if (image->writable && !promises(trial, TARN_FORMAT_GROW))
        refuse_size(image, false);
    if (image->writable && !promises(trial, TARN_FORMAT_SHRINK))
        refuse_size(image, true);
    if (makes_images(trial) && !promises(trial, TARN_FORMAT_BACKING))
        refuse_backing(trial, host);
}
