/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-bounds.c - a large disk costs what is used of it: an empty image of a tebibyte is made,
 * described, opened and read in little memory and few reads.
 */
#include <stdio.h>

#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"

#define ULL(number) ((unsigned long long)(number))
#define TEBIBYTE    ((uint64_t)1 << 40)
#define LEAST       ((uint64_t)1 << 28)
#define BYTES_MOST  ((uint64_t)16 << 20) /* tables of so many may be read, and kept */
#define READS_MOST  4096u

/* Peak of resident memory since the last reset, in bytes. */
static uint64_t peak(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[128];
    unsigned long long kib = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "VmHWM: %llu", &kib) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return kib * 1024;
}

static void reset_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "we");

    if (file == NULL)
        return;
    fputs("5", file);
    fclose(file);
}

static void judge(struct image *image, const struct memory_store *store, uint64_t before,
                  const char *what)
{
    uint64_t now = peak();
    uint64_t bytes = atomic_load(&store->bytes_read);

    trial_require(image->trial, now <= before + BYTES_MOST * 2,
                  "%s an image of %llu bytes of capacity took %llu MiB of memory", what,
                  ULL(image->spec.capacity), ULL((now - before) >> 20));
    trial_require(image->trial, bytes <= BYTES_MOST && atomic_load(&store->reads) <= READS_MOST,
                  "%s an image of %llu bytes of capacity read %llu bytes of the container in %llu "
                  "reads", what, ULL(image->spec.capacity), ULL(bytes),
                  ULL(atomic_load(&store->reads)));
}

/* The largest of these that the format takes. */
static struct image *largest(struct trial *trial, struct host *host)
{
    struct image *image = image_plan(trial, host);
    uint64_t most = trial_size_setting(trial, "largest", TEBIBYTE);

    for (uint64_t capacity = most; capacity >= LEAST; capacity /= 2) {
        image->spec.capacity = capacity;
        if (image_try_make(image))
            return image;
        trial_require(trial, host->status != TARN_E_INTERNAL, "%s answered internal: %s",
                      step_text(), host->text);
        memory_store_free(image->store);
        image->store = NULL;
    }
    trial_skip(trial, "it makes no images of %llu bytes or more", ULL(LEAST));
}

static void look(struct image *image)
{
    struct memory_store *store = memory_store_again(image->store, true);
    uint64_t before;

    reset_peak();
    before = peak();
    image_begin(image, HOST_TAKES_IMAGE, "info");
    host_must(image->host, image->format->info(&image->host->call, &store->io));
    judge(image, store, before, "describing");
    memory_store_free(store);
}

static void open_and_read(struct image *image)
{
    static uint8_t buffer[65536];
    uint64_t before;

    reset_peak();
    before = peak();
    image_open(image, 0);
    judge(image, image->opened, before, "opening");
    for (unsigned part = 0; part < 8; part++) {
        uint64_t offset = image->size / 8 * part;

        image_read(image, buffer, lesser(sizeof(buffer), image->size - offset), offset);
        for (size_t index = 0; index < sizeof(buffer) && !promises(image->trial,
                                                                   TARN_FORMAT_TRANSPARENT);
             index++)
            trial_require(image->trial, buffer[index] == 0, "%s gave 0x%02x at byte %llu of an "
                          "empty image", step_text(), buffer[index], ULL(offset + index));
    }
    judge(image, image->opened, before, "opening and reading");
    image_close(image);
}

void check_bounded(struct trial *trial)
{
    struct host *host = format_host(trial);
    struct image *image;

    if (!makes_images(trial))
        trial_skip(trial, "it makes no images");
    image = largest(trial, host);
    look(image);
    if (promises(trial, TARN_FORMAT_READ))
        open_and_read(image);
}
