/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-resize.c - growing adds zeros and keeps the rest; shrinking is asked for twice.
 */
#include <string.h>

#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"

#define ULL(number) ((unsigned long long)(number))

static struct image *begin(struct trial *trial, uint32_t promise, const char *why)
{
    struct host *host = format_host(trial);
    struct image *image;

    need_promise(trial, promise, why);
    image = image_with_data(trial, host);
    if (!image->writable)
        trial_skip(trial, "it makes no images that can be written");
    image_open(image, TARN_IMAGE_OPEN_WRITE);
    trial_require(trial, !(image->disk->flags & TARN_IO_FIXED_SIZE),
                  "it promises another size, and its disk has TARN_IO_FIXED_SIZE");
    return image;
}

static int32_t truncate_to(struct image *image, uint64_t size, uint32_t flags)
{
    image_begin(image, HOST_TAKES_NOTHING, "truncate from %llu to %llu bytes%s%s", ULL(image->size),
                ULL(size), flags & TARN_TRUNCATE_SHRINK ? ", to shrink" : "", image->label);
    return tarn_io_truncate(&image->host->call, image->disk, size, flags);
}

/* Not every image takes every size: false if this one is refused as too much. */
static bool resize(struct image *image, uint64_t size, uint32_t flags)
{
    int32_t status = host_end(image->host, truncate_to(image, size, flags));
    uint64_t now = 0;

    if (size > image->size && status == TARN_E_UNSUPPORTED)
        return false;
    trial_require(image->trial, status == TARN_OK, "%s answered %s: %s", step_text(),
                  status_word(status), image->host->text);
    image_begin(image, HOST_TAKES_NOTHING, "size of the disk%s", image->label);
    status = tarn_io_size(&image->host->call, image->disk, &now);
    host_must(image->host, status);
    trial_require(image->trial, now == size, "the disk has %llu bytes after it was truncated to "
                  "%llu", ULL(now), ULL(size));
    image->size = size;
    return true;
}

static void reopen_and_compare(struct image *image, uint64_t size)
{
    image_close(image);
    image_open(image, TARN_IMAGE_OPEN_WRITE);
    trial_require(image->trial, image->size == size,
                  "the disk has %llu bytes after it was resized to %llu, closed and opened",
                  ULL(image->size), ULL(size));
    image_expect(image, 0, size, "after it was resized, closed and opened");
    image_info(image);
    trial_require(image->trial, image->host->results.image.capacity == size,
                  "info tells a capacity of %llu bytes of a disk that was resized to %llu",
                  ULL(image->host->results.image.capacity), ULL(size));
}

/* Room for what is still to come. */
static void make_room(struct image *image, uint64_t most)
{
    uint8_t *bytes = trial_alloc(image->trial, most);

    memcpy(bytes, image->bytes, image->size);
    image->bytes = bytes;
}

void check_grow(struct trial *trial)
{
    struct image *image = begin(trial, TARN_FORMAT_GROW, "grow");
    uint64_t old = image->size;
    uint64_t sizes[] = { old + 512, old + 66048, old * 2 + 4096 };

    make_room(image, old * 2 + 4096);
    for (size_t index = 0; index < 3; index++) {
        uint64_t was = image->size;

        if (!resize(image, sizes[index], 0)) {
            trial_require(trial, index > 0, "it promises to grow, and %s was refused: %s",
                          step_text(), image->host->text);
            break;
        }
        image_expect(image, was, image->size - was, "that growing added");
        image_expect(image, 0, was, "after a grow");
        if (index == 1) { /* what comes next adds to something else than zeros */
            memset(image->bytes + was, 'g', image->size - was);
            image_write(image, image->bytes + was, image->size - was, was);
        }
    }
    reopen_and_compare(image, image->size);
    image_close(image);
}

void check_shrink(struct trial *trial)
{
    struct image *image = begin(trial, TARN_FORMAT_SHRINK, "shrink");
    uint64_t old = image->size;
    uint64_t small = (old / 3 & ~(uint64_t)511) + 512;

    host_refuses(image->host, truncate_to(image, small, 0), TARN_E_INVALID, TARN_E_INVALID,
                 "a smaller size without TARN_TRUNCATE_SHRINK");
    image_expect(image, 0, old, "after a shrink was refused");
    resize(image, small, TARN_TRUNCATE_SHRINK);
    image_expect(image, 0, small, "after a shrink");
    reopen_and_compare(image, small);
    if (promises(trial, TARN_FORMAT_GROW)) { /* what was cut off does not come back */
        memset(image->bytes + small, 0, old - small);
        if (resize(image, old, 0))
            reopen_and_compare(image, old);
    }
    image_close(image);
}
