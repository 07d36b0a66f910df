/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-image.c - making images: in memory, with what lies beside and below them.
 */
#include "conform/format-image.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform/config.h"
#include "conform/format-step.h"

#define BACKING_NAME "base.img"

/* --- what an image asks for ------------------------------------------------------------------- */

/* A base of long ago, as formats that record when it was written want to know. */
static int32_t tell_identity(struct tarn_call *call, struct tarn_io *io, struct tarn_identity *out)
{
    (void)call;
    (void)io;
    *out = (struct tarn_identity){ .struct_size = sizeof(*out), .device = 1, .inode = 2,
                                   .mtime = INT64_C(1700000000000000000),
                                   .ctime = INT64_C(1700000000000000000) };
    return TARN_OK;
}

static struct memory_store *lend(struct image *image, struct memory_store *store, bool writable)
{
    struct memory_store *again = memory_store_again(store, writable);

    again->keeps = false;
    again->faults = image->faults;
    again->io.identity = tell_identity;
    again->rubbish = image->rubbish;
    again->io.flags &= image->rubbish ? ~TARN_IO_ZERO_NEW : UINT32_MAX;
    again->users = &image->lent;
    atomic_fetch_add(&image->lent, 1);
    return again;
}

static int32_t lend_file(struct image *image, const char *name, uint32_t flags,
                         struct tarn_io **out)
{
    for (size_t index = 0; index < image->file_count; index++)
        if (strcmp(image->names[index], name) == 0) {
            struct memory_store *store = lend(image, image->files[index],
                                              (flags & TARN_IMAGE_OPEN_WRITE) != 0);

            store->lasting = image->lasting != NULL ? image->lasting->files[index] : NULL;
            *out = &store->io;
            return TARN_OK;
        }
    return tarn_fail(&image->host->call, TARN_E_NOT_FOUND, 0, "there is no file %s", name);
}

static int32_t open_related(struct host *host, uint32_t role, const char *name, const char *format,
                            uint32_t flags, struct tarn_io **out)
{
    struct image *image = host->related_arg;

    if (role == TARN_RELATED_DATA_FILE)
        return lend_file(image, name, flags, out);
    if (image->backing == NULL || strcmp(name, image->spec.backing_name) != 0)
        return tarn_fail(&host->call, TARN_E_NOT_FOUND, 0, "there is no backing store %s", name);
    if (flags & TARN_IMAGE_OPEN_WRITE)
        host_misuse(host, "it asked to write to the backing store %s", name);
    if (role == TARN_RELATED_BACKING) {
        image->related++;
        image->related_format = format != NULL ? trial_text(image->trial, "%s", format) : NULL;
        *out = &lend(image, image->backing->guest, false)->io;
    } else {
        *out = &lend(image, image->backing->store, false)->io;
    }
    return TARN_OK;
}

static int32_t create_related(struct host *host, const char *suffix, uint64_t size,
                              const char **out_name, struct tarn_io **out)
{
    struct image *image = host->related_arg;
    size_t index = image->file_count;

    trial_require(image->trial, index < IMAGE_FILES, "%s makes more than %u further files",
                  step_text(), IMAGE_FILES);
    image->names[index] = trial_text(image->trial, "image%s", suffix);
    image->files[index] = memory_store_new(image->trial);
    memory_store_cut(image->files[index], size);
    *out_name = image->names[index];
    *out = &lend(image, image->files[index], true)->io;
    image->file_count++;
    return TARN_OK;
}

void image_begin(struct image *image, uint32_t takes, const char *format, ...)
{
    struct host *host = image->host;
    va_list arguments;

    va_start(arguments, format);
    step_of(format, arguments);
    va_end(arguments);
    host->related_arg = image;
    host->open_related = open_related;
    host->create_related = create_related;
    host_begin(host, step_text(), takes);
}

/* --- making ----------------------------------------------------------------------------------- */

static void drop_files(struct image *image)
{
    while (image->file_count > 0)
        memory_store_free(image->files[--image->file_count]);
}

int32_t image_create(struct image *image)
{
    struct memory_store *opened;
    int32_t status;

    if (image->store == NULL)
        image->store = memory_store_new(image->trial);
    drop_files(image);
    opened = image_container(image);
    image_begin(image, HOST_MAY_RELATE, "create of %llu bytes%s",
                (unsigned long long)image->spec.capacity, image->label);
    status = host_end(image->host,
                      image->format->create(&image->host->call, &opened->io, &image->spec));
    memory_store_free(opened);
    return status;
}

static bool by_filling(const struct image *image)
{
    return !promises(image->trial, TARN_FORMAT_CREATE);
}

bool image_try_make(struct image *image)
{
    if (image_create(image) != TARN_OK)
        return false;
    if (by_filling(image)) {
        image_open(image, TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL);
        image_flush(image);
        image_close(image);
    }
    return true;
}

void image_make(struct image *image)
{
    if (!image_try_make(image))
        trial_fail(image->trial, "create of %llu bytes%s answered %s: %s",
                   (unsigned long long)image->spec.capacity, image->label,
                   status_word(image->host->status), image->host->text);
}

/* --- data ------------------------------------------------------------------------------------- */

#define PIECE ((uint64_t)65536)

/* Half of the disk is written, in whole pieces; of these every other repeats itself. */
static void write_pieces(struct image *image)
{
    uint64_t random = 7;

    for (uint64_t at = 0; at < image->size; at += 2 * PIECE) {
        uint64_t length = lesser(PIECE, image->size - at);

        if (at / PIECE % 4 == 0)
            random_bytes(&random, image->bytes + at, length);
        else
            memset(image->bytes + at, 'c', length);
        image_write(image, image->bytes + at, length, at);
    }
}

static void need_bytes(struct image *image)
{
    trial_require(image->trial, image->size <= IMAGE_MOST,
                  "the disk%s has %llu bytes; give a smaller capacity or sample in [%s]",
                  image->label, (unsigned long long)image->size, image->trial->part);
    image->bytes = trial_alloc(image->trial, image->size);
}

/* What the image holds now is what it must hold ever after. */
static void take_bytes(struct image *image)
{
    image_open(image, 0);
    need_bytes(image);
    image_read(image, image->bytes, image->size, 0);
    image_close(image);
}

static bool open_for_data(struct image *image, uint32_t flags)
{
    int32_t status = image_try_open(image, flags);

    if (status == TARN_E_UNSUPPORTED && image->label[0] != '\0')
        return false; /* a kind that is made, and not written */
    trial_require(image->trial, status == TARN_OK, "%s answered %s: %s", step_text(),
                  status_word(status), image->host->text);
    return true;
}

bool image_add_data(struct image *image)
{
    struct trial *trial = image->trial;
    uint32_t flags = TARN_IMAGE_OPEN_WRITE;

    if (by_filling(image) ? image_create(image) != TARN_OK : !image_try_make(image))
        trial_fail(trial, "%s answered %s: %s", step_text(), status_word(image->host->status),
                   image->host->text);
    image->writable = promises(trial, TARN_FORMAT_WRITE);
    if (!image->writable && promises(trial, TARN_FORMAT_TRANSPARENT)) {
        take_bytes(image);
        return true;
    }
    if (!image->writable && !promises(trial, TARN_FORMAT_FILL)) {
        take_bytes(image);
        return true;
    }
    flags |= image->writable ? 0 : TARN_IMAGE_OPEN_FILL;
    if (!open_for_data(image, flags))
        return false;
    need_bytes(image);
    write_pieces(image);
    image_flush(image);
    image_close(image);
    return true;
}

/* The configuration's own image. */
static bool load_sample(struct image *image)
{
    const char *name = trial_setting(image->trial, "sample");
    char *path = name != NULL ? config_path(image->trial->config, name) : NULL;
    FILE *file = path != NULL ? fopen(path, "rbe") : NULL;
    static char part[65536];
    uint64_t at = 0;
    size_t length;

    if (name == NULL)
        return false;
    trial_require(image->trial, file != NULL, "[%s] sample: %s cannot be read", image->trial->part,
                  path != NULL ? path : name);
    image->store = memory_store_new(image->trial);
    while ((length = fread(part, 1, sizeof(part), file)) > 0) {
        memory_store_write(image->store, part, length, at);
        at += length;
    }
    fclose(file);
    free(path);
    image->sample = true;
    return true;
}

struct image *image_with_data(struct trial *trial, struct host *host)
{
    struct image *image = image_plan(trial, host);

    need_promise(trial, TARN_FORMAT_READ, "read images");
    if (load_sample(image))
        take_bytes(image);
    else if (makes_images(trial))
        image_add_data(image);
    else
        trial_skip(trial, "it makes no images: give one by sample = FILE in [%s] of --config",
                   trial->part);
    return image;
}

struct image *image_copy(const struct image *image)
{
    struct image *copy = trial_alloc(image->trial, sizeof(*copy));

    *copy = *image;
    copy->store = memory_store_copy(image->store);
    for (size_t index = 0; index < image->file_count; index++)
        copy->files[index] = memory_store_copy(image->files[index]);
    copy->disk = NULL;
    copy->opened = NULL;
    copy->lasting = NULL;
    copy->trace = NULL;
    atomic_store(&copy->lent, 0);
    return copy;
}

void image_lasts(struct image *image)
{
    image_free(image->lasting);
    image->lasting = image_copy(image);
}

void image_free(struct image *image)
{
    if (image == NULL)
        return;
    image_free(image->lasting);
    drop_files(image);
    memory_store_free(image->store);
    free(image);
}

/* --- backing stores --------------------------------------------------------------------------- */

struct image *image_over(struct trial *trial, struct host *host, uint64_t backing_size)
{
    const char *format = trial_setting(trial, "backing-format");
    const char *name = trial_setting(trial, "backing-name");
    struct image *base = image_plan(trial, host);
    struct image *image = image_plan(trial, host);
    uint64_t random = 3;

    base->spec.capacity = backing_size;
    image->spec.backing_name = name != NULL ? name : BACKING_NAME;
    image->spec.backing_format = format != NULL ? format : trial->format->name;
    base->bytes = trial_alloc(trial, backing_size);
    base->size = backing_size;
    random_bytes(&random, base->bytes, backing_size);
    base->guest = memory_store_new(trial);
    memory_store_write(base->guest, base->bytes, backing_size, 0);
    if (strcmp(image->spec.backing_format, trial->format->name) == 0)
        image_make(base);
    else
        base->store = memory_store_again(base->guest, false);
    image->backing = base;
    return image;
}
