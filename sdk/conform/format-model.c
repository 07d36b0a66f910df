/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-model.c - random operations on a disk and on a plain array: the two must always agree.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"

#define STEPS     600u
#define WEAR_STEPS 150u
#define ODD_END   1536u            /* so that the last cluster is not a whole one */
#define LONGEST   ((uint64_t)300000)
#define MODEL_MOST ((uint64_t)4 << 20)

struct model {
    struct image *image;
    uint64_t random;
    uint64_t most;     /* the largest size that is tried */
    uint8_t *unknown;  /* 1 = discarded: what it reads is undefined, and then stays */
    uint8_t *buffer;
    bool blind;        /* what is read is not compared */
};

static uint64_t below(struct model *model, uint64_t limit)
{
    return random_below(&model->random, limit);
}

/* Ranges are short, long, or aligned, and sometimes end with the disk. */
static void pick_range(struct model *model, uint64_t *offset, uint64_t *length)
{
    static const uint64_t limits[] = { 600, 5000, 70000, LONGEST };
    uint64_t align = (uint64_t)1 << (9 + below(model, 8));
    uint64_t size = model->image->size;

    *offset = below(model, size);
    *length = 1 + below(model, limits[below(model, 4)]);
    if (below(model, 2) == 0) {
        *offset &= ~(align - 1);
        *length = (*length + align - 1) & ~(align - 1);
    }
    if (*length > size - *offset || below(model, 16) == 0)
        *length = lesser(size - *offset, LONGEST);
}

static void do_write(struct model *model)
{
    struct image *image = model->image;
    uint64_t offset;
    uint64_t length;

    pick_range(model, &offset, &length);
    random_bytes(&model->random, model->buffer, length);
    image_write(image, model->buffer, length, offset);
    memcpy(image->bytes + offset, model->buffer, length);
    memset(model->unknown + offset, 0, length);
}

static void do_zero(struct model *model)
{
    uint64_t offset;
    uint64_t length;

    pick_range(model, &offset, &length);
    image_zero(model->image, offset, length, (uint32_t)below(model, 4));
    memset(model->image->bytes + offset, 0, length);
    memset(model->unknown + offset, 0, length);
}

static void do_discard(struct model *model)
{
    struct image *image = model->image;
    uint64_t offset;
    uint64_t length;
    int32_t status;

    pick_range(model, &offset, &length);
    image_begin(image, HOST_TAKES_NOTHING, "discard of %llu bytes at %llu%s",
                (unsigned long long)length, (unsigned long long)offset, image->label);
    status = tarn_io_discard(&image->host->call, image->disk, offset, length);
    host_must(image->host, status);
    memset(model->unknown + offset, 1, length);
}

/* What is discarded reads as something, from now on always the same. */
static void do_read(struct model *model, uint64_t offset, uint64_t length)
{
    struct image *image = model->image;

    image_read(image, model->buffer, length, offset);
    for (uint64_t index = 0; index < length; index++) {
        uint8_t *byte = &image->bytes[offset + index];

        if (model->unknown[offset + index])
            *byte = model->buffer[index];
        model->unknown[offset + index] = 0;
        trial_require(image->trial, model->blind || model->buffer[index] == *byte,
                      "%s gave 0x%02x at byte %llu, and 0x%02x is there after all that was done",
                      step_text(), model->buffer[index], (unsigned long long)(offset + index),
                      *byte);
    }
}

static void do_reopen(struct model *model)
{
    uint64_t size = model->image->size;

    image_close(model->image);
    image_open(model->image, TARN_IMAGE_OPEN_WRITE);
    trial_require(model->image->trial, model->image->size == size,
                  "the disk%s had %llu bytes, and has %llu after it was closed and opened",
                  model->image->label, (unsigned long long)size,
                  (unsigned long long)model->image->size);
}

static void resize(struct model *model, uint64_t size)
{
    struct image *image = model->image;
    bool shrinks = size < image->size;
    int32_t status;

    if (image->disk->flags & TARN_IO_FIXED_SIZE ||
        !promises(image->trial, shrinks ? TARN_FORMAT_SHRINK : TARN_FORMAT_GROW))
        return;
    image_begin(image, HOST_TAKES_NOTHING, "truncate from %llu to %llu bytes%s",
                (unsigned long long)image->size, (unsigned long long)size, image->label);
    status = host_end(image->host, tarn_io_truncate(&image->host->call, image->disk, size,
                                                    shrinks ? TARN_TRUNCATE_SHRINK : 0));
    if (status == TARN_E_INVALID || status == TARN_E_NO_SPACE)
        return; /* not every size */
    trial_require(image->trial, status == TARN_OK, "%s answered %s: %s", step_text(),
                  status_word(status), image->host->text);
    if (!shrinks) {
        memset(image->bytes + image->size, 0, size - image->size);
        memset(model->unknown + image->size, 0, size - image->size);
    }
    image->size = size;
}

static void do_resize(struct model *model)
{
    resize(model, (1 + below(model, model->most / 512)) * 512);
}

static void one_step(struct model *model)
{
    uint64_t what = below(model, 100);
    uint64_t offset;
    uint64_t length;

    if (what < 40) {
        do_write(model);
    } else if (what < 53) {
        do_zero(model);
    } else if (what < 60) {
        do_discard(model);
    } else if (what < 85) {
        pick_range(model, &offset, &length);
        do_read(model, offset, length);
    } else if (what < 90) {
        image_flush(model->image);
    } else if (what < 95) {
        do_reopen(model);
    } else {
        do_resize(model);
    }
}

static void compare_all(struct model *model)
{
    for (uint64_t at = 0; at < model->image->size; at += LONGEST)
        do_read(model, at, lesser(LONGEST, model->image->size - at));
}

/* Of an image that is open. */
static void begin(struct model *model)
{
    struct image *image = model->image;

    model->most = image->size * 2 < MODEL_MOST ? image->size * 2 : MODEL_MOST;
    model->most = model->most < image->size ? image->size : model->most;
    image->bytes = trial_alloc(image->trial, model->most + 512);
    model->unknown = trial_alloc(image->trial, model->most + 512);
    model->buffer = trial_alloc(image->trial, LONGEST + 65536);
}

static void end(struct model *model)
{
    image_close(model->image);
    free(model->image->bytes);
    free(model->unknown);
    free(model->buffer);
    model->image->bytes = NULL;
}

static void run(struct trial *trial, struct image *image)
{
    struct model model = { .image = image, .random = 0x7461726e };

    image_make(image);
    if (image_try_open(image, TARN_IMAGE_OPEN_WRITE) != TARN_OK) {
        trial_require(trial, image->label[0] != '\0' && image->host->status == TARN_E_UNSUPPORTED,
                      "%s answered %s: %s", step_text(), status_word(image->host->status),
                      image->host->text);
        return;
    }
    begin(&model);
    compare_all(&model);
    for (unsigned count = 0; count < STEPS; count++)
        one_step(&model);
    compare_all(&model);
    do_reopen(&model);
    compare_all(&model);
    end(&model);
}

void image_wear(struct image *image)
{
    struct model model = { .image = image, .random = 0x77656172, .blind = true };

    image_open(image, TARN_IMAGE_OPEN_WRITE);
    begin(&model);
    for (unsigned count = 0; count < WEAR_STEPS; count++)
        one_step(&model);
    resize(&model, (image->size / 2 & ~(uint64_t)511) + 512);
    end(&model);
}

void check_model(struct trial *trial)
{
    struct host *host = format_host(trial);
    struct image *image;

    need_promise(trial, TARN_FORMAT_READ | TARN_FORMAT_WRITE | TARN_FORMAT_CREATE,
                 "make images that are read and written");
    for (unsigned kind = 0; (image = image_kind(trial, host, kind)) != NULL; kind++) {
        if (trial_setting(trial, "capacity") == NULL)
            image->spec.capacity += ODD_END;
        run(trial, image);
        image_free(image);
    }
}
