/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-repair.c - what check says of an image with a wrong bit: what it counts it has told, it
 * writes only when it is asked to, and what it says that it mended is mended.
 */
#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"

#define ULL(number) ((unsigned long long)(number))

#define SPOTS 240u

/* --- findings --------------------------------------------------------------------------------- */

/* Findings may be fewer than faults, but not none. */
static void expect_told(const struct image *image, uint64_t offset, unsigned bit)
{
    const struct results *results = &image->host->results;
    uint64_t faults = results->check.leaks + results->check.corruptions + results->check.errors;

    trial_require(image->trial, results->checks == 1,
                  "check emitted %zu results of an image with bit %u at %llu the other way round: "
                  "exactly one", results->checks, bit, ULL(offset));
    trial_require(image->trial, (faults != 0) == (results->findings != 0),
                  "with bit %u at %llu the other way round check emitted %zu findings, and a "
                  "result with %llu leaks, %llu corruptions, %llu errors", bit, ULL(offset),
                  results->findings, ULL(results->check.leaks), ULL(results->check.corruptions),
                  ULL(results->check.errors));
    trial_require(image->trial, results->corruptions == 0 || results->check.corruptions != 0,
                  "with bit %u at %llu the other way round check emitted %zu findings of "
                  "corruption, and counted none", bit, ULL(offset), results->corruptions);
}

static bool finds(struct image *image, uint64_t offset, unsigned bit)
{
    bool found = false;
    uint64_t before;

    image_turn(image, offset, bit);
    before = memory_store_sum(image->store);
    found = image_check(image, 0) && image_faulty(image);
    trial_require(image->trial, memory_store_sum(image->store) == before,
                  "check without repair wrote to an image with bit %u at %llu the other way round",
                  bit, ULL(offset));
    if (image->host->status == TARN_OK)
        expect_told(image, offset, bit);
    image_turn(image, offset, bit);
    return found;
}

void check_findings(struct trial *trial)
{
    struct host *host = format_host(trial);
    unsigned found = 0;
    struct spots spots;
    struct image *image;

    need_promise(trial, TARN_FORMAT_CHECK, "check images");
    image = image_with_data(trial, host);
    image_spots(image, &spots, SPOTS);
    for (size_t index = 0; index < spots.count; index++)
        found += finds(image, spots.at[index], (unsigned)(index * 3 % 8));
    if (found == 0)
        trial_skip(trial, "of the faults that the kit can make it finds none");
}

/* --- repair ----------------------------------------------------------------------------------- */

static bool nothing_left(const struct image *image)
{
    const struct tarn_check_result *check = &image->host->results.check;

    return check->corruptions == 0 && check->errors == 0 && check->leaks == 0;
}

/* One bit in the container is wrong. */
static bool mend(const struct image *image, uint64_t offset, unsigned bit)
{
    struct image *copy = image_copy(image);
    const struct results *results = &image->host->results;
    bool mended;

    image_turn(copy, offset, bit);
    mended = image_check(copy, TARN_CHECK_REPAIR_LEAKS | TARN_CHECK_REPAIR_ALL) &&
             nothing_left(copy) &&
             results->check.leaks_fixed + results->check.corruptions_fixed > 0;
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

/* In the first KiB, and in all that opening and checking read. */
void check_repair(struct trial *trial)
{
    struct host *host = format_host(trial);
    unsigned mended = 0;
    struct spots spots;
    struct image *image;
    uint64_t head;

    need_promise(trial, TARN_FORMAT_REPAIR, "repair images");
    image = image_with_data(trial, host);
    image_spots(image, &spots, SPOTS);
    head = lesser(memory_store_size(image->store), 1024);
    for (uint64_t at = 0; at < head; at += 7)
        mended += mend(image, at, (unsigned)(at / 7 % 8));
    for (size_t index = 0; index < spots.count; index++)
        mended += mend(image, spots.at[index], (unsigned)(index * 3 % 8));
    if (mended == 0)
        trial_skip(trial, "of the faults that the kit can make it mends none");
}
