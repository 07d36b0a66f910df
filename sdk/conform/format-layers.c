/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-layers.c - images over others, images that are written once, and images that are packed.
 */
#include <string.h>

#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"

#define ULL(number) ((unsigned long long)(number))

/* --- backing stores --------------------------------------------------------------------------- */

static int32_t see_backing(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    uint64_t *bytes = arg;

    (void)call;
    if (extent->kind == TARN_EXTENT_BACKING)
        *bytes += extent->length;
    return TARN_OK;
}

static uint64_t in_backing(struct image *image)
{
    uint64_t bytes = 0;
    int32_t status;

    image_begin(image, HOST_TAKES_NOTHING, "map of an image over another");
    status = tarn_io_extents(&image->host->call, image->disk, 0, image->size, see_backing, &bytes);
    host_must(image->host, status);
    return bytes;
}

/* The name as it stands in the image, and the format that was recorded with it. */
static void expect_recorded(struct image *image)
{
    const struct tarn_image_info *info = &image->host->results.image;

    image_info(image);
    trial_require(image->trial,
                  info->backing_name != NULL &&
                      strcmp(info->backing_name, image->spec.backing_name) == 0,
                  "info tells the backing store %s of an image that was created over %s",
                  info->backing_name != NULL ? info->backing_name : "(none)",
                  image->spec.backing_name);
}

static void write_over(struct image *image)
{
    uint64_t from = image->size / 4 & ~(uint64_t)511;

    memset(image->bytes + from, 'o', 1000);
    image_write(image, image->bytes + from, 1000, from);
    memset(image->bytes + 2 * from, 0, 70000);
    image_zero(image, 2 * from, 70000, TARN_ZERO_MAY_UNMAP);
    image_flush(image);
    image_expect(image, 0, image->size, "of an image over another, after parts were written");
}

/* The first byte that lies below; the size of the disk where the map tells of none. */
static int32_t find_backing(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    uint64_t *first = arg;

    (void)call;
    if (extent->kind == TARN_EXTENT_BACKING)
        *first = lesser(*first, extent->offset);
    return TARN_OK;
}

/* What only the backing store knows is not made up. */
static void refuse_read(struct image *image)
{
    uint64_t first = image->size;
    uint8_t byte;
    int32_t status;

    image_begin(image, HOST_TAKES_NOTHING, "map of an image over another");
    status = tarn_io_extents(&image->host->call, image->disk, 0, image->size, find_backing, &first);
    host_must(image->host, status);
    image_begin(image, HOST_TAKES_NOTHING, "read of the byte at %llu, which the backing store has",
                ULL(first));
    status = tarn_io_pread(&image->host->call, image->disk, &byte, 1, first);
    host_end(image->host, status);
    trial_require(image->trial, status != TARN_OK,
                  "%s gave 0x%02x with TARN_IMAGE_OPEN_NO_BACKING: what the backing store would give cannot be read then", step_text(), byte);
}

/* The map still tells what lies below, without it. */
static void without_backing(struct image *image)
{
    unsigned before = image->related;

    image_open(image, TARN_IMAGE_OPEN_NO_BACKING);
    trial_require(image->trial, image->related == before,
                  "it opened the backing store in spite of TARN_IMAGE_OPEN_NO_BACKING");
    if (promises(image->trial, TARN_FORMAT_MAP)) {
        trial_require(image->trial, in_backing(image) > 0,
                      "with TARN_IMAGE_OPEN_NO_BACKING the map tells nothing of what lies below");
        refuse_read(image);
    }
    image_close(image);
}

static void over(struct trial *trial, struct host *host, uint64_t below, uint64_t above)
{
    struct image *image = image_over(trial, host, below);
    uint64_t sum;

    image->spec.capacity = above;
    if (below != above && image_create(image) == TARN_E_INVALID) {
        image_free(image);
        return; /* both have to be of one size */
    }
    image_make(image);
    sum = memory_store_sum(image->backing->guest) + memory_store_sum(image->backing->store);
    expect_recorded(image);
    image_open(image, 0);
    trial_require(trial, image->related > 0,
                  "it was opened, and never asked for its backing store");
    trial_require(trial, image->related_format == NULL ||
                             strcmp(image->related_format, image->spec.backing_format) == 0,
                  "it asked for its backing store as %s, and was created over %s",
                  image->related_format, image->spec.backing_format);
    image->bytes = trial_alloc(trial, image->size);
    memcpy(image->bytes, image->backing->bytes, lesser(image->size, below));
    image_expect(image, 0, image->size, "of an image over another");
    image_close(image);
    if (promises(trial, TARN_FORMAT_WRITE)) {
        image_open(image, TARN_IMAGE_OPEN_WRITE);
        write_over(image);
        image_close(image);
        image_open(image, 0);
        image_expect(image, 0, image->size, "of an image over another, opened again");
        image_close(image);
    }
    without_backing(image);
    trial_require(trial, sum == memory_store_sum(image->backing->guest) +
                                    memory_store_sum(image->backing->store),
                  "the bytes of the backing store have changed");
    image_free(image);
}

/* What growing adds are zeros, and not what the backing store has there. */
static void grow_over(struct trial *trial, struct host *host, uint64_t above, uint64_t below)
{
    struct image *image = image_over(trial, host, below);
    int32_t status;

    image->spec.capacity = above;
    if (image_create(image) == TARN_E_INVALID) {
        image_free(image);
        return;
    }
    image_make(image);
    image_open(image, TARN_IMAGE_OPEN_WRITE);
    image_begin(image, HOST_TAKES_NOTHING, "truncate from %llu to %llu bytes over a backing store "
                "that is larger", ULL(image->size), ULL(below));
    status = tarn_io_truncate(&host->call, image->disk, below, 0);
    if (host_end(host, status) == TARN_OK) {
        image->bytes = trial_alloc(trial, below);
        memcpy(image->bytes, image->backing->bytes, image->size);
        image_expect(image, image->size, below - image->size, "after that growth");
        image->size = below;
        image_expect(image, 0, below, "after a growth over a backing store that is larger");
    }
    image_close(image);
    image_free(image);
}

void check_backing(struct trial *trial)
{
    struct host *host = format_host(trial);
    uint64_t capacity = usual_capacity(trial);

    need_promise(trial, TARN_FORMAT_BACKING, "have backing stores");
    if (!makes_images(trial))
        trial_skip(trial, "it makes no images");
    over(trial, host, capacity, capacity);
    over(trial, host, capacity / 2 & ~(uint64_t)511, capacity);
    if (promises(trial, TARN_FORMAT_GROW | TARN_FORMAT_WRITE))
        grow_over(trial, host, capacity, capacity * 2);
}

/* --- written once ----------------------------------------------------------------------------- */

/* In ascending order, with gaps and zeros. As after a crash that came just behind the flush, with
 * what was made durable. */
static void fill(struct image *image)
{
    uint64_t size;
    uint64_t random = 29;
    unsigned turn = 0;

    image_lasts(image);
    image_open(image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL);
    size = image->size;
    trial_require(image->trial, size <= IMAGE_MOST, "the disk has %llu bytes", ULL(size));
    image->bytes = trial_alloc(image->trial, size);
    for (uint64_t at = 0; at < size; turn++) {
        uint64_t length = lesser(size - at, 1 + random_below(&random, 100000));

        if (turn % 3 == 0) {
            random_bytes(&random, image->bytes + at, length);
            memset(image->bytes + at, 'f', length / 2);
            image_write(image, image->bytes + at, length, at);
        } else if (turn % 3 == 1) {
            image_zero(image, at, length, TARN_ZERO_MAY_UNMAP);
        }
        at += length;
    }
    image_flush(image);
    image->lasting->bytes = image->bytes;
    image_open(image->lasting, 0);
    image_expect(image->lasting, 0, size, "of what was durable after a flush had completed it");
    image_close(image->lasting);
    image_close(image);
}

void check_fill(struct trial *trial)
{
    struct host *host = format_host(trial);
    struct image *image = promises(trial, TARN_FORMAT_TRANSPARENT) ? image_blank(trial, host)
                                                                   : image_plan(trial, host);

    if (!promises(trial, TARN_FORMAT_CREATE | TARN_FORMAT_WRITE))
        need_promise(trial, TARN_FORMAT_FILL, "take images that are filled once");
    need_promise(trial, TARN_FORMAT_READ, "read images");
    trial_require(trial, image_create(image) == TARN_OK, "%s answered %s: %s", step_text(),
                  status_word(host->status), host->text);
    fill(image);
    image_open(image, 0);
    image_expect(image, 0, image->size, "of an image that was filled");
    image_close(image);
    if (promises(trial, TARN_FORMAT_CHECK) && !promises(trial, TARN_FORMAT_TRANSPARENT))
        trial_require(trial, image_check(image, 0) && !image_faulty(image),
                      "check finds faults in an image that was filled");
}

/* --- packed ----------------------------------------------------------------------------------- */

#define PACKED_SIZE ((uint64_t)4 << 20)

static int32_t see_packed(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    bool *packed = arg;

    (void)call;
    *packed = *packed || (extent->flags & TARN_EXTENT_COMPRESSED) != 0;
    return TARN_OK;
}

/* Bytes that repeat themselves, though none of them are zeros. */
static void write_words(struct image *image)
{
    static uint8_t words[65536];

    image->bytes = trial_alloc(image->trial, image->size);
    memset(words, 'p', sizeof(words));
    for (uint64_t at = 0; at < image->size; at += sizeof(words)) {
        uint64_t length = lesser(sizeof(words), image->size - at);

        memcpy(image->bytes + at, words, length);
        image_write(image, words, length, at);
    }
}

static struct image *packing_image(struct trial *trial, struct host *host)
{
    struct image *image = image_plan(trial, host);

    if (trial_setting(trial, "packed-subformat") != NULL)
        image->spec.subformat = trial_setting(trial, "packed-subformat");
    if (trial_setting(trial, "capacity") == NULL)
        image->spec.capacity = PACKED_SIZE;
    return image;
}

void check_compress(struct trial *trial)
{
    struct host *host = format_host(trial);
    struct image *image = packing_image(trial, host);
    bool packed = false;
    uint64_t size;
    int32_t status;

    need_promise(trial, TARN_FORMAT_READ | TARN_FORMAT_COMPRESS, "compress");
    trial_require(trial, image_create(image) == TARN_OK, "%s answered %s: %s", step_text(),
                  status_word(host->status), host->text);
    image_open(image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL | TARN_IMAGE_OPEN_COMPRESS);
    write_words(image);
    image_flush(image);
    image_close(image);
    image_open(image, 0);
    image_expect(image, 0, image->size, "of a compressed image");
    image_begin(image, HOST_TAKES_NOTHING, "map of a compressed image");
    status = tarn_io_extents(&host->call, image->disk, 0, image->size, see_packed, &packed);
    host_must(host, status);
    size = memory_store_size(image->store);
    trial_require(trial, size < image->size / 2,
                  "%llu bytes of one letter were written compressed, and the container has %llu",
                  ULL(image->size), ULL(size));
    trial_require(trial, packed || !promises(trial, TARN_FORMAT_MAP),
                  "no extent of a compressed image is told with TARN_EXTENT_COMPRESSED");
    image_close(image);
}
