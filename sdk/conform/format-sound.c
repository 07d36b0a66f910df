/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-sound.c - an image that the format wrote is sound, and whole at every flush.
 */
#include <string.h>

#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"

#define ULL(number) ((unsigned long long)(number))

/* --- nothing to find -------------------------------------------------------------------------- */

static void expect_sound(struct image *image, const char *what)
{
    const struct results *results = &image->host->results;

    trial_require(image->trial, image_check(image, 0), "check of an image%s %s answered %s: %s",
                  image->label, what, status_word(image->host->status), image->host->text);
    trial_require(image->trial, results->checks == 1,
                  "check emitted %zu results of an image%s: exactly one", results->checks,
                  image->label);
    trial_require(image->trial, !image_faulty(image),
                  "check of an image%s %s: %zu findings, %llu leaks, %llu corruptions, %llu errors",
                  image->label, what, results->findings, ULL(results->check.leaks),
                  ULL(results->check.corruptions), ULL(results->check.errors));
}

/* Everything that a writer does. */
static void work(struct image *image)
{
    uint64_t size = image->size;
    uint64_t third = size / 3 & ~(uint64_t)4095;

    image_open(image, TARN_IMAGE_OPEN_WRITE);
    memset(image->bytes + third, 'w', third);
    image_write(image, image->bytes + third, third, third);
    memset(image->bytes, 0, third);
    image_zero(image, 0, third, TARN_ZERO_MAY_UNMAP);
    image_write(image, image->bytes, 4096, 0);
    image_close(image);
}

void check_sound(struct trial *trial)
{
    struct host *host = format_host(trial);
    struct image *image;

    need_promise(trial, TARN_FORMAT_CHECK, "check images");
    if (trial_setting(trial, "sample") != NULL || !makes_images(trial)) {
        expect_sound(image_with_data(trial, host), "of the configuration");
        return;
    }
    if (promises(trial, TARN_FORMAT_TRANSPARENT) && !has_options(trial))
        trial_skip(trial, "its images are any bytes: give one by sample = FILE in [%s] of "
                   "--config, or the options that make one", trial->part);
    for (unsigned kind = 0; (image = image_kind(trial, host, kind)) != NULL; kind++) {
        image_make(image);
        expect_sound(image, "that was just made");
        image_free(image);
        image = image_kind(trial, host, kind);
        if (promises(trial, TARN_FORMAT_READ) && image_add_data(image)) {
            expect_sound(image, "that was written and closed");
            if (image->writable) {
                work(image);
                expect_sound(image, "that was written again and closed");
                image_wear(image);
                expect_sound(image, "that was written, zeroed and resized at random, and closed");
            }
        }
        image_free(image);
    }
}

/* --- flush ------------------------------------------------------------------------------------ */

static void expect_left(struct image *image, const char *what)
{
    struct image *left = image_copy(image);

    image_open(left, 0);
    image_expect(left, 0, left->size, what);
    image_close(left);
    image_free(left);
}

/* The machine stops after a flush, and of what was not flushed to the container all is there, or
 * nothing: either must open, and hold all that was written before. */
static void after_a_crash(struct image *image)
{
    expect_left(image, "of a copy of the container that was taken after flush");
    expect_left(image->lasting,
                "of what the container was told to make durable, after flush and a crash");
}

/* Overwrites, and writes where nothing was. */
void check_flush(struct trial *trial)
{
    struct image *image = image_with_data(trial, format_host(trial));
    uint64_t random = 23;

    if (!image->writable)
        trial_skip(trial, "it makes no images that can be written");
    image_lasts(image);
    image_open(image, TARN_IMAGE_OPEN_WRITE);
    for (unsigned round = 0; round < 12; round++) {
        uint64_t offset = random_below(&random, image->size) & ~(uint64_t)4095;
        uint64_t length = lesser(image->size - offset, 4096u << round % 6);

        random_bytes(&random, image->bytes + offset, length);
        image_write(image, image->bytes + offset, length, offset);
        image_flush(image);
        after_a_crash(image);
    }
    image_close(image);
}
