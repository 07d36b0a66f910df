/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-sound.c - an image that the format wrote is sound, at every flush; and what check says it
 * has mended is mended.
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
    if (promises(trial, TARN_FORMAT_TRANSPARENT) && trial_setting(trial, "options") == NULL)
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
            }
        }
        image_free(image);
    }
}

/* --- flush ------------------------------------------------------------------------------------ */

/* The machine stops after a flush: what it left must open, and hold all that was written before. */
static void after_a_crash(struct image *image)
{
    struct image *left = image_copy(image);

    image_open(left, 0);
    image_expect(left, 0, left->size, "of a copy of the container that was taken after flush");
    image_close(left);
    image_free(left);
}

/* Overwrites, and writes where nothing was. */
void check_flush(struct trial *trial)
{
    struct image *image = image_with_data(trial, format_host(trial));
    uint64_t random = 23;

    if (!image->writable)
        trial_skip(trial, "it makes no images that can be written");
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

/* --- repair ----------------------------------------------------------------------------------- */

static bool reparable(const struct image *image)
{
    const struct tarn_check_result *check = &image->host->results.check;

    return check->corruptions == 0 && check->errors == 0 && check->leaks == 0;
}

/* One bit in the container is wrong. */
static bool mend(const struct image *image, uint64_t offset, unsigned bit)
{
    struct image *copy = image_copy(image);
    const struct results *results = &image->host->results;
    uint8_t byte;
    bool mended;

    memory_store_read(copy->store, &byte, 1, offset);
    byte ^= (uint8_t)(1u << bit);
    memory_store_write(copy->store, &byte, 1, offset);
    mended = image_check(copy, TARN_CHECK_REPAIR_LEAKS | TARN_CHECK_REPAIR_ALL) &&
             reparable(copy) && results->check.leaks_fixed + results->check.corruptions_fixed > 0;
    if (mended) {
        trial_require(image->trial, image_check(copy, 0),
                      "check failed after a repair of bit %u at %llu that had found nothing left "
                      "to do: %s", bit, ULL(offset), image->host->text);
        trial_require(image->trial, !image_faulty(copy),
                      "check with repair mended bit %u at %llu of the container, and a second "
                      "check finds %llu leaks, %llu corruptions, %llu errors", bit, ULL(offset),
                      ULL(results->check.leaks), ULL(results->check.corruptions),
                      ULL(results->check.errors));
    }
    image_free(copy);
    return mended;
}

/* Everywhere in the first KiB, and where else something may be: at the beginning of each piece. */
void check_repair(struct trial *trial)
{
    struct host *host = format_host(trial);
    unsigned mended = 0;
    struct image *image;
    uint64_t size;

    need_promise(trial, TARN_FORMAT_REPAIR, "repair images");
    image = image_with_data(trial, host);
    size = memory_store_size(image->store);
    for (uint64_t at = 0; at < size; at += at < 1024 ? 7 : 4096)
        for (unsigned byte = 0; byte < (at < 1024 ? 1u : 8u) && at + byte < size; byte += 3)
            mended += mend(image, at + byte, (unsigned)((at / 7 + byte) % 8));
    if (mended == 0)
        trial_skip(trial, "of the faults that the kit can make it mends none");
}
