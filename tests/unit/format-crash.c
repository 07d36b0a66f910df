/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format-crash.c - see format-crash.h.
 */
#include "tests/unit/format-crash.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ACCESSES 2000u

struct memory_io *image_record(struct image *image)
{
    struct memory_io *start = memory_io_of(image->file->bytes, image->file->size);

    image->file->record = true;
    return start;
}

static bool survives(const struct image *image, const struct crashes *crashes, uint64_t steps,
                     const bool *lost)
{
    const struct memory_io *journal = image->file;
    struct image after;
    bool good;

    image_around(&after, image->format,
                 memory_io_replay(crashes->start, journal->journal, steps, lost));
    good = crashes->judge(&after, steps, crashes->arg);
    if (!good)
        printf("# after %llu of %llu steps, %s\n", (unsigned long long)steps,
               (unsigned long long)journal->journal_length,
               lost != NULL ? "power lost" : "killed");
    image_free(&after);
    return good;
}

/* Of the steps since the last flush, each is lost with a chance of one half. */
static void lose_some(const struct memory_io *journal, uint64_t steps, bool *lost)
{
    memset(lost, 0, journal->journal_length * sizeof(*lost));
    for (uint64_t i = steps; i-- > 0 && journal->journal[i].what != MEMORY_FLUSH;)
        lost[i] = random_below(2) == 0;
}

bool image_survives(const struct image *image, const struct crashes *crashes)
{
    uint64_t length = image->file->journal_length;
    uint64_t stride = crashes->stride != 0 ? crashes->stride : 1;
    bool *lost = calloc(length + 1, sizeof(*lost));
    bool good = lost != NULL;

    for (uint64_t steps = crashes->first; steps <= length && good; steps += stride) {
        good = survives(image, crashes, steps, NULL);
        for (int i = 0; i < 3 && good && !crashes->killed_only; i++) {
            lose_some(image->file, steps, lost);
            good = survives(image, crashes, steps, lost);
        }
    }
    free(lost);
    return good;
}

bool image_survives_faults(void (*make)(struct image *image),
                           int32_t (*work)(struct image *image), image_judge judge)
{
    bool done = false;
    bool good = true;

    for (uint64_t n = 1; !done && good && n < MOST_ACCESSES; n++) {
        struct image image;

        make(&image);
        image.file->operations = 0;
        image.file->fail_at = n;
        done = image_open(&image, TARN_IMAGE_OPEN_WRITE) == TARN_OK && work(&image) == TARN_OK;
        if (image.disk != NULL && tarn_io_close(&image.host.call, image.disk) != TARN_OK)
            done = false;
        image.disk = NULL;
        CU_ASSERT(done || image.host.failures > 0);
        image.file->fail_at = 0;
        good = judge(&image, 0, NULL);
        if (!good)
            printf("# where access %llu was the first to fail\n", (unsigned long long)n);
        image_free(&image);
    }
    return done && good;
}
