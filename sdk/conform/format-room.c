/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-room.c - what an image is made in: containers that cannot grow, that held something
 * before, or that grow by something else than zeros; and what is reserved in them from the start.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"

#define ULL(number) ((unsigned long long)(number))

/* --- preallocation ---------------------------------------------------------------------------- */

static uint64_t container_bytes(const struct image *image)
{
    uint64_t bytes = memory_store_size(image->store);

    for (size_t index = 0; index < image->file_count; index++)
        bytes += memory_store_size(image->files[index]);
    return bytes;
}

static void expect_zeros(struct image *image)
{
    image_open(image, 0);
    image->bytes = trial_alloc(image->trial, image->size);
    image_expect(image, 0, image->size, "of a new image");
    image_close(image);
    free(image->bytes);
    image->bytes = NULL;
}

/* False if it is refused: by measure and by create alike. */
static bool reserve(struct image *image)
{
    uint64_t need = 0;
    bool measured = image_measure(image, &need) == TARN_OK;

    image->store = memory_store_new(image->trial);
    image->store->limit = measured ? need : UINT64_MAX;
    trial_require(image->trial, (image_create(image) == TARN_OK) == measured,
                  "measure %s an image%s, and create answered %s: %s",
                  measured ? "took" : "refused", image->label, status_word(image->host->status),
                  image->host->text);
    if (!measured) {
        trial_require(image->trial, memory_store_size(image->store) == 0,
                      "create of an image%s was refused, after %llu bytes had been written",
                      image->label, ULL(memory_store_size(image->store)));
        return false;
    }
    trial_require(image->trial, image->spec.preallocation < TARN_PREALLOC_FALLOC ||
                                    container_bytes(image) >= image->spec.capacity,
                  "an image%s of %llu bytes was created in %llu bytes: reserve them, or refuse",
                  image->label, ULL(image->spec.capacity), ULL(container_bytes(image)));
    if (!promises(image->trial, TARN_FORMAT_READ | TARN_FORMAT_WRITE))
        return true;
    expect_zeros(image);
    if (image->spec.preallocation >= TARN_PREALLOC_FALLOC)
        image_write_all(image); /* within what was measured */
    return true;
}

static void need_measure(struct trial *trial)
{
    if (!makes_images(trial))
        trial_skip(trial, "it makes no images");
    if (trial->format->measure == NULL)
        trial_skip(trial, "it has no measure");
}

void check_preallocation(struct trial *trial)
{
    static const struct {
        uint32_t value;
        const char *name;
    } ways[] = {
        { TARN_PREALLOC_METADATA, "METADATA" },
        { TARN_PREALLOC_FALLOC, "FALLOC" },
        { TARN_PREALLOC_FULL, "FULL" },
    };
    struct host *host = format_host(trial);
    unsigned taken = 0;
    struct image *image;

    need_measure(trial);
    if (!promises(trial, TARN_FORMAT_CREATE))
        trial_skip(trial, "it makes no empty images");
    for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++)
        for (unsigned kind = 0; (image = image_kind(trial, host, kind)) != NULL; kind++) {
            image->spec.preallocation = ways[way].value;
            image->label = trial_text(trial, "%s with TARN_PREALLOC_%s", image->label,
                                      ways[way].name);
            taken += reserve(image);
            image_free(image);
        }
    if (taken == 0)
        trial_skip(trial, "it refuses all preallocation");
}

/* --- containers ------------------------------------------------------------------------------- */

/* A container that another volume had before. */
static void used_container(struct image *image, uint64_t size)
{
    static uint8_t part[65536];

    memory_store_free(image->store);
    image->store = memory_store_new(image->trial);
    memset(part, 0xa5, sizeof(part));
    for (uint64_t at = 0; at < size; at += sizeof(part))
        memory_store_write(image->store, part, lesser(sizeof(part), size - at), at);
}

static void expect_all(struct image *image)
{
    if (!promises(image->trial, TARN_FORMAT_READ) || !image_add_data(image))
        return;
    image_open(image, 0);
    image_expect(image, 0, image->size, "after it was made, written and opened");
    image_close(image);
}

#define PLENTY ((uint64_t)4 << 20) /* for tables */

/* Of what is filled once measure tells the most that it can take, and less may do. */
static void in_fixed(struct image *image)
{
    uint64_t all = image->spec.capacity * 2 + PLENTY;
    uint64_t need = 0;

    image->fixed = true;
    image->label = trial_text(image->trial, "%s in a container of fixed size", image->label);
    if (image_measure(image, &need) != TARN_OK)
        return;
    if (need > 1 && promises(image->trial, TARN_FORMAT_WRITE)) {
        used_container(image, need - 1);
        trial_require(image->trial, image_create(image) != TARN_OK,
                      "measure says %llu bytes, and create took a container of fixed size that has "
                      "one byte less", ULL(need));
    }
    used_container(image, all);
    if (promises(image->trial, TARN_FORMAT_TRANSPARENT) || image_create(image) != TARN_OK)
        return; /* its disk is the container; or it wants one that grows */
    used_container(image, all);
    expect_all(image);
}

static void in_rubbish(struct image *image)
{
    if (promises(image->trial, TARN_FORMAT_TRANSPARENT))
        return;
    image->rubbish = true;
    image->label = trial_text(image->trial, "%s in a container without TARN_IO_ZERO_NEW",
                              image->label);
    expect_all(image);
}

void check_containers(struct trial *trial)
{
    struct host *host = format_host(trial);
    struct image *image;

    need_measure(trial);
    for (unsigned kind = 0; (image = image_kind(trial, host, kind)) != NULL; kind++) {
        in_fixed(image);
        image_free(image);
        image = image_kind(trial, host, kind);
        in_rubbish(image);
        image_free(image);
    }
}
