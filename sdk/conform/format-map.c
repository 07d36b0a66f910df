/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-map.c - the map tells the truth: every byte of a range once and in order, holes and zeros
 * that read as zeros, data that are no hole.
 */
#include <string.h>

#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"

#define ULL(number) ((unsigned long long)(number))
#define MOST_EXTENTS 100000u

struct walk {
    struct image *image;
    uint64_t begin; /* of the range */
    uint64_t next;  /* where the next extent has to begin */
    uint64_t end;
    unsigned count;
};

static bool all_zeros(const uint8_t *bytes, uint64_t length)
{
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

static void judge_place(struct walk *walk, const struct tarn_extent *extent)
{
    uint64_t size = memory_store_size(walk->image->store);

    trial_require(walk->image->trial,
                  !(extent->flags & TARN_EXTENT_HOST) ||
                      (extent->host_offset <= size && extent->length <= size - extent->host_offset),
                  "the extent of %llu bytes at %llu lies at %llu of the container, which has %llu",
                  ULL(extent->length), ULL(extent->offset), ULL(extent->host_offset), ULL(size));
}

static void judge_kind(struct walk *walk, const struct tarn_extent *extent)
{
    const struct image *image = walk->image;

    trial_require(image->trial,
                  extent->kind >= TARN_EXTENT_DATA && extent->kind <= TARN_EXTENT_BACKING,
                  "the extent at %llu is of the kind %u, which is none", ULL(extent->offset),
                  extent->kind);
    trial_require(image->trial, extent->kind != TARN_EXTENT_BACKING,
                  "the extent at %llu lies in the backing store, and there is none",
                  ULL(extent->offset));
    trial_require(image->trial,
                  extent->kind == TARN_EXTENT_DATA ||
                      all_zeros(image->bytes + extent->offset, extent->length),
                  "the extent of %llu bytes at %llu is told as %s, and does not read as zeros",
                  ULL(extent->length), ULL(extent->offset),
                  extent->kind == TARN_EXTENT_HOLE ? "a hole" : "zeros");
}

static int32_t take_extent(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct walk *walk = arg;
    struct trial *trial = walk->image->trial;

    (void)call;
    trial_require(trial, extent->length != 0, "the extent at %llu has no bytes",
                  ULL(extent->offset));
    trial_require(trial, extent->offset == walk->next,
                  "the extent of %llu bytes at %llu should begin at %llu: in order, without gap or "
                  "overlap", ULL(extent->length), ULL(extent->offset), ULL(walk->next));
    trial_require(trial, extent->length <= walk->end - extent->offset,
                  "the extent of %llu bytes at %llu passes the end of the range at %llu",
                  ULL(extent->length), ULL(extent->offset), ULL(walk->end));
    judge_kind(walk, extent);
    judge_place(walk, extent);
    walk->next = extent->offset + extent->length;
    trial_require(trial, ++walk->count < MOST_EXTENTS, "there are over %u extents", MOST_EXTENTS);
    return TARN_OK;
}

static void map(struct image *image, uint64_t offset, uint64_t length)
{
    struct walk walk = { image, offset, offset, offset + length, 0 };
    int32_t status;

    image_begin(image, HOST_TAKES_NOTHING, "map of %llu bytes at %llu%s", ULL(length), ULL(offset),
                image->label);
    status = image->disk->extents(&image->host->call, image->disk, offset, length, take_extent,
                                  &walk);
    host_must(image->host, status);
    trial_require(image->trial, walk.next == walk.end,
                  "%s ends at %llu: its extents must cover the range", step_text(), ULL(walk.next));
}

static int32_t stop(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    unsigned *count = arg;

    (void)extent;
    ++*count;
    return tarn_fail(call, TARN_E_CANCELLED, 0, "that is enough");
}

/* A consumer may end it. */
static void stop_early(struct image *image)
{
    unsigned count = 0;
    int32_t status;

    image_begin(image, HOST_TAKES_NOTHING, "map whose consumer ends it%s", image->label);
    status = host_end(image->host, image->disk->extents(&image->host->call, image->disk, 0,
                                                        image->size, stop, &count));
    trial_require(image->trial, status == TARN_E_CANCELLED && count == 1,
                  "the consumer of the map answered cancelled at the first extent, and extents "
                  "answered %s after %u of them", status_word(status), count);
}

static void map_all_over(struct image *image)
{
    uint64_t random = 17;

    map(image, 0, image->size);
    for (unsigned round = 0; round < 40; round++) {
        uint64_t offset = random_below(&random, image->size);

        map(image, offset, 1 + random_below(&random, image->size - offset));
    }
    map(image, image->size - 1, 1);
    stop_early(image);
}

/* What was a hole is written, what was data becomes zeros. */
static void change(struct image *image)
{
    uint64_t half = image->size / 2 & ~(uint64_t)65535;
    uint64_t length = lesser(image->size - half, 200000);

    memset(image->bytes + half, 'm', length);
    image_write(image, image->bytes + half, length, half);
    memset(image->bytes, 0, lesser(half, 100000));
    image_zero(image, 0, lesser(half, 100000), TARN_ZERO_MAY_UNMAP);
    map(image, 0, image->size);
}

void check_map(struct trial *trial)
{
    struct host *host = format_host(trial);
    struct image *image;

    need_promise(trial, TARN_FORMAT_MAP, "tell a map");
    image = image_with_data(trial, host);
    image_open(image, 0);
    if (!TARN_HAS(image->disk, struct tarn_io, extents))
        trial_fail(trial, "it promises TARN_FORMAT_MAP, and its disk has no extents");
    map_all_over(image);
    image_close(image);
    if (!image->writable)
        return;
    image_open(image, TARN_IMAGE_OPEN_WRITE);
    change(image);
    image_flush(image);
    image_close(image);
    image_open(image, 0);
    map_all_over(image);
    image_close(image);
}
