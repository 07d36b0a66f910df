/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tool-model.c - random operations on an image and on a plain array: the two must always agree.
 */
#include "image-tool.h"

#include <stdlib.h>
#include <string.h>

/* The longest single operation. */
#define PIECE_MAX ((uint64_t)300000)

struct model {
    struct fake_host *host;
    const char *path;
    const char *format;
    struct opened opened;
    uint64_t random;
    uint64_t max_size;
    uint64_t size;
    uint8_t *bytes;   /* max_size of them */
    uint8_t *unknown; /* 1 = discarded: what it reads is undefined */
    uint8_t *buffer;
};

/* xorshift64*: the same steps for the same seed, everywhere. */
static uint64_t next_random(struct model *model)
{
    model->random ^= model->random >> 12;
    model->random ^= model->random << 25;
    model->random ^= model->random >> 27;
    return model->random * 0x2545f4914f6cdd1du;
}

static uint64_t below(struct model *model, uint64_t limit)
{
    return limit > 0 ? (next_random(model) >> 11) % limit : 0;
}

/* Ranges are short, long, or aligned, so that every way through the code is taken. */
static void pick_range(struct model *model, uint64_t *offset, uint64_t *length)
{
    static const uint64_t limits[] = { 600, 5000, 70000, PIECE_MAX };
    uint64_t align = (uint64_t)1 << (9 + below(model, 8));

    *offset = below(model, model->size);
    *length = 1 + below(model, limits[below(model, 4)]);
    if (below(model, 2) == 0) {
        *offset &= ~(align - 1);
        *length = (*length + align - 1) & ~(align - 1);
    }
    if (*length > model->size - *offset)
        *length = model->size - *offset;
}

static void do_write(struct model *model)
{
    uint64_t offset;
    uint64_t length;

    pick_range(model, &offset, &length);
    for (uint64_t i = 0; i < length; i++)
        model->buffer[i] = (uint8_t)next_random(model);
    tool_need(model->host, tarn_io_pwrite(&model->host->call, model->opened.disk, model->buffer,
                                          length, offset));
    memcpy(model->bytes + offset, model->buffer, length);
    memset(model->unknown + offset, 0, length);
}

static void do_zero(struct model *model)
{
    uint64_t offset;
    uint64_t length;
    int32_t status;

    pick_range(model, &offset, &length);
    status = tarn_io_zero(&model->host->call, model->opened.disk, offset, length,
                          (uint32_t)below(model, 4));
    if (status == TARN_E_UNSUPPORTED) {
        memset(model->buffer, 0, length);
        status = tarn_io_pwrite(&model->host->call, model->opened.disk, model->buffer, length,
                                offset);
    }
    tool_need(model->host, status);
    memset(model->bytes + offset, 0, length);
    memset(model->unknown + offset, 0, length);
}

static void do_discard(struct model *model)
{
    uint64_t offset;
    uint64_t length;

    pick_range(model, &offset, &length);
    tool_need(model->host, tarn_io_discard(&model->host->call, model->opened.disk, offset,
                                           length));
    memset(model->unknown + offset, 1, length);
}

/* What is discarded reads as something, from now on always the same. */
static int do_read(struct model *model, uint64_t offset, uint64_t length)
{
    tool_need(model->host, tarn_io_pread(&model->host->call, model->opened.disk, model->buffer,
                                         length, offset));
    for (uint64_t i = 0; i < length; i++) {
        if (model->unknown[offset + i]) {
            model->unknown[offset + i] = 0;
            model->bytes[offset + i] = model->buffer[i];
        } else if (model->buffer[i] != model->bytes[offset + i]) {
            fprintf(stderr, "image-tool: byte %llu is 0x%02x instead of 0x%02x\n",
                    (unsigned long long)(offset + i), model->buffer[i],
                    model->bytes[offset + i]);
            return 1;
        }
    }
    return 0;
}

/* Can this disk take that size? Not every image of a format that grows does. */
static bool resizable(const struct model *model, uint64_t size)
{
    uint32_t promised = load_format(model->format)->capabilities;

    return !(model->opened.disk->flags & TARN_IO_FIXED_SIZE) &&
           (promised & (size < model->size ? TARN_FORMAT_SHRINK : TARN_FORMAT_GROW)) != 0;
}

static void do_resize(struct model *model)
{
    uint64_t size = below(model, model->max_size + 1) & ~(uint64_t)511;
    uint32_t flags = TARN_TRUNCATE_SHRINK | (below(model, 8) == 0 ? TARN_TRUNCATE_ALLOCATE : 0);
    int32_t status;

    if (size == model->size || !resizable(model, size))
        return;
    status = tarn_io_truncate(&model->host->call, model->opened.disk, size, flags);
    if (size == 0 && status == TARN_E_INVALID) { /* not every format has empty disks */
        fake_host_reset(model->host);
        return;
    }
    tool_need(model->host, status);
    if (size > model->size) {
        memset(model->bytes + model->size, 0, size - model->size);
        memset(model->unknown + model->size, 0, size - model->size);
    }
    model->size = size;
}

static void do_reopen(struct model *model)
{
    tool_close(model->host, &model->opened);
    model->opened = tool_open(model->host, model->path, model->format, TARN_IMAGE_OPEN_WRITE, NULL);
}

static int one_step(struct model *model)
{
    uint64_t what = below(model, 100);
    uint64_t offset;
    uint64_t length;

    if (what < 40) {
        do_write(model);
    } else if (what < 55) {
        do_zero(model);
    } else if (what < 65) {
        do_discard(model);
    } else if (what < 90) {
        pick_range(model, &offset, &length);
        return do_read(model, offset, length);
    } else if (what < 94) {
        tool_need(model->host, tarn_io_flush(&model->host->call, model->opened.disk));
    } else if (what < 97) {
        do_reopen(model);
    } else {
        do_resize(model);
    }
    return 0;
}

static int compare_all(struct model *model)
{
    int bad = 0;

    for (uint64_t at = 0; at < model->size && !bad; at += PIECE_MAX) {
        uint64_t length = model->size - at < PIECE_MAX ? model->size - at : PIECE_MAX;

        bad = do_read(model, at, length);
    }
    return bad;
}

int tool_model(struct fake_host *host, const char *path, const char *format, uint64_t seed,
               uint64_t steps, uint64_t max_size)
{
    struct model model = { .host = host, .path = path, .format = format,
                           .random = seed * 0x9e3779b97f4a7c15u + 1, .max_size = max_size };
    int bad = 0;

    model.bytes = calloc(1, max_size + 1);
    model.unknown = calloc(1, max_size + 1);
    model.buffer = malloc(PIECE_MAX + 65536);
    if (model.bytes == NULL || model.unknown == NULL || model.buffer == NULL)
        exit(99);
    model.opened = tool_open(host, path, format, TARN_IMAGE_OPEN_WRITE, NULL);
    tool_need(host, tarn_io_size(&host->call, model.opened.disk, &model.size));
    if (model.size > max_size)
        exit(2);
    memset(model.unknown, 1, model.size); /* what the image starts with is taken as it is */
    bad = compare_all(&model);
    for (uint64_t i = 0; i < steps && !bad; i++) {
        if (model.size == 0 && resizable(&model, 512))
            do_resize(&model);
        else if (model.size > 0)
            bad = one_step(&model);
        if (bad)
            fprintf(stderr, "image-tool: at step %llu of seed %llu\n", (unsigned long long)i,
                    (unsigned long long)seed);
    }
    if (!bad)
        do_reopen(&model);
    bad = bad || compare_all(&model);
    tool_close(host, &model.opened);
    free(model.bytes);
    free(model.unknown);
    free(model.buffer);
    return bad;
}
