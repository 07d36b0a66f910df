/* SPDX-License-Identifier: BSD-2-Clause
 *
 * faults-format-sweep.c - sweeps over the operations of a format; see faults-format.h.
 */
#include <stdio.h>
#include <string.h>

#include "conform/faults-format.h"
#include "conform/format-step.h"

#define ULL(number) ((unsigned long long)(number))

/* Can this deed be done here? */
static bool possible(const struct sweep *sweep, const struct deed *deed)
{
    const struct image *image = sweep->image;

    if (!promises(sweep->trial, deed->promise))
        return false;
    switch (deed->on) {
    case DEED_NEW:
        return makes_images(sweep->trial);
    case DEED_WRITER:
        return image->writable && image->size >= deed->offset + deed->length &&
               !(sweep->skips_close && strcmp(deed->name, "close") == 0);
    case DEED_FILLER:
        return makes_images(sweep->trial) && !promises(sweep->trial, TARN_FORMAT_WRITE) &&
               !promises(sweep->trial, TARN_FORMAT_TRANSPARENT);
    case DEED_CLOSED:
        return image->writable || deed->promise != TARN_FORMAT_WRITE;
    case DEED_READER:
    default:
        return true;
    }
}

static void prepare(struct sweep *sweep, struct image *image, const struct deed *deed)
{
    uint64_t size = image->size;

    memset(&sweep->faults, 0, sizeof(sweep->faults));
    image->faults = &sweep->faults;
    if (deed->on == DEED_READER)
        image_open(image, 0);
    if (deed->on == DEED_WRITER)
        image_open(image, TARN_IMAGE_OPEN_WRITE);
    if (deed->on == DEED_FILLER) {
        if (image_create(image) != TARN_OK)
            trial_fail(sweep->trial, "%s answered %s: %s", step_text(),
                       status_word(sweep->host->status), sweep->host->text);
        image_open(image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL);
    }
    image->size = size;
    if (deed->prepare != NULL)
        deed->prepare(image);
}

static struct image *subject_of(struct sweep *sweep, const struct deed *deed)
{
    struct image *image;

    if (deed->on != DEED_NEW && deed->on != DEED_FILLER)
        return image_copy(sweep->image);
    image = image_plan(sweep->trial, sweep->host);
    image->size = sweep->image->size;
    return image;
}

/* Is there more to fail? */
static bool attempt(struct sweep *sweep, const struct deed *deed, uint32_t n)
{
    struct image *image = subject_of(sweep, deed);
    int32_t status;
    bool fired;

    prepare(sweep, image, deed);
    sweep->arm(sweep, image, n);
    status = deed->run(image, deed);
    fired = sweep->disarm(sweep, image, n);
    sweep->faults.at = 0;
    sweep->host->cancel_at = 0;
    if (image->disk != NULL) {
        char text[sizeof(sweep->host->text)];

        memcpy(text, sweep->host->text, sizeof(text));
        image_try_close(image);
        memcpy(sweep->host->text, text, sizeof(text));
    }
    if (fired)
        sweep->judge(sweep, image, deed, n, status);
    image_free(image);
    return fired;
}

void sweep_run(struct sweep *sweep)
{
    for (const struct deed *deed = deeds; deed->name != NULL; deed++) {
        uint32_t n = 1;

        if (!possible(sweep, deed))
            continue;
        for (unsigned round = 0; round < ROUNDS && attempt(sweep, deed, n); round++)
            n += round < ROUNDS / 2 ? 1 : 1 + n / 8;
    }
}

/* --- what is left ----------------------------------------------------------------------------- */

/* The first byte outside of the deed's range that is not as it was; or the size. */
static uint64_t first_difference(struct image *image, const struct deed *deed)
{
    static uint8_t bytes[65536];
    uint64_t size = lesser(image->size, 16u << 20);

    for (uint64_t at = 0; at < size; at += sizeof(bytes)) {
        uint64_t length = lesser(sizeof(bytes), size - at);
        int32_t status;

        image_begin(image, HOST_TAKES_NOTHING, "read of what a failed %s left", deed->name);
        status = tarn_io_pread(&image->host->call, image->disk, bytes, length, at);
        if (host_end(image->host, status) != TARN_OK)
            continue; /* told */
        for (uint64_t index = 0; index < length; index++)
            if (bytes[index] != image->bytes[at + index] &&
                (at + index < deed->offset || at + index >= deed->offset + deed->length))
                return at + index;
    }
    return size;
}

void sweep_expect_data(struct sweep *sweep, struct image *image, const struct deed *deed,
                       uint32_t n)
{
    uint64_t size = image->size;
    uint64_t at;

    if (deed->on == DEED_NEW || deed->on == DEED_FILLER)
        return;
    image->faults = NULL;
    if (image_try_open(image, 0) != TARN_OK)
        return; /* told, with a text */
    trial_require(sweep->trial, image->size >= size,
                  "when %s %u in %s, the disk has %llu bytes afterwards, and had %llu", sweep->what,
                  n, deed->name, ULL(image->size), ULL(size));
    image->size = size;
    at = first_difference(image, deed);
    image_close(image);
    if (at == lesser(size, 16u << 20))
        return;
    trial_require(sweep->trial, promises(sweep->trial, TARN_FORMAT_CHECK) &&
                                    (!image_check(image, 0) || image_faulty(image)),
                  "when %s %u in %s, byte %llu is another one afterwards, which had been flushed "
                  "before and was not touched: and nobody tells", sweep->what, n, deed->name,
                  ULL(at));
}
