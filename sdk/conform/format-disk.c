/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-disk.c - using an image: every operation of a format and of the disk that it opens, each
 * named before it begins, and judged by the host when it ends.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/format-image.h"
#include "conform/format-step.h"

#define ULL(number) ((unsigned long long)(number))

static struct tarn_call *call_of(struct image *image)
{
    return &image->host->call;
}

/* A writable one for readers too: a byte that a reader writes is found by the check that looks for
 * it, and told as that. */
struct memory_store *image_container(struct image *image)
{
    struct memory_store *store = memory_store_again(image->store, true);

    store->faults = image->faults;
    store->limit = image->store->limit;
    store->trace = image->trace;
    store->rubbish = image->rubbish;
    store->io.flags |= image->fixed ? TARN_IO_FIXED_SIZE : 0;
    if (image->fixed || image->rubbish)
        store->io.flags &= ~TARN_IO_ZERO_NEW;
    store->lasting = image->lasting != NULL ? image->lasting->store : NULL;
    return store;
}

/* --- the format's own ------------------------------------------------------------------------- */

static const char *manner(uint32_t flags)
{
    if (flags & TARN_IMAGE_OPEN_FILL)
        return flags & TARN_IMAGE_OPEN_COMPRESS ? " for filling, compressed" : " for filling";
    if (flags & TARN_IMAGE_OPEN_COMPRESS)
        return " for writing, compressed";
    if (flags & TARN_IMAGE_OPEN_WRITE)
        return " for writing";
    return flags & TARN_IMAGE_OPEN_NO_BACKING ? " without its backing store" : " for reading";
}

static void abandon(struct image *image)
{
    memory_store_free(image->opened);
    image->opened = NULL;
    image->disk = NULL;
}

static void learn_size(struct image *image)
{
    int32_t status;

    image_begin(image, HOST_TAKES_NOTHING, "size of the disk%s", image->label);
    status = tarn_io_size(call_of(image), image->disk, &image->size);
    host_must(image->host, status);
}

int32_t image_try_open(struct image *image, uint32_t flags)
{
    struct tarn_image_open how = { .struct_size = sizeof(how), .flags = flags };
    struct tarn_io *disk = NULL;
    int32_t status;

    image->opened = image_container(image);
    image_begin(image, HOST_MAY_RELATE, "open%s%s", manner(flags), image->label);
    status = image->format->open(call_of(image), &image->opened->io, &how, &disk);
    host_end(image->host, status);
    if (status != TARN_OK) {
        abandon(image);
        return status;
    }
    trial_require(image->trial, disk != NULL, "%s succeeded and gave no byte store", step_text());
    image->disk = disk;
    if (image->faults == NULL)
        learn_size(image);
    return TARN_OK;
}

void image_open(struct image *image, uint32_t flags)
{
    int32_t status = image_try_open(image, flags);

    trial_require(image->trial, status == TARN_OK, "%s answered %s: %s", step_text(),
                  status_word(status), image->host->text);
}

int32_t image_try_close(struct image *image)
{
    int32_t status;

    image_begin(image, HOST_TAKES_NOTHING, "close%s", image->label);
    status = host_end(image->host, tarn_io_close(call_of(image), image->disk));
    abandon(image);
    return status;
}

void image_close(struct image *image)
{
    int32_t status = image_try_close(image);

    trial_require(image->trial, status == TARN_OK, "%s answered %s: %s", step_text(),
                  status_word(status), image->host->text);
}

void image_info(struct image *image)
{
    struct memory_store *store = image_container(image);
    int32_t status;

    image_begin(image, HOST_TAKES_IMAGE, "info%s", image->label);
    status = image->format->info(call_of(image), &store->io);
    memory_store_free(store);
    host_must(image->host, status);
}

bool image_check(struct image *image, uint32_t flags)
{
    struct memory_store *store = image_container(image);
    int32_t status;

    image_begin(image, HOST_TAKES_CHECK | HOST_MAY_RELATE, "check%s%s",
                flags != 0 ? " with repair" : "", image->label);
    status = image->format->check(call_of(image), &store->io, flags);
    memory_store_free(store);
    return host_end(image->host, status) == TARN_OK;
}

bool image_faulty(const struct image *image)
{
    const struct results *results = &image->host->results;

    return results->findings != 0 || results->check.leaks != 0 ||
           results->check.corruptions != 0 || results->check.errors != 0;
}

/* --- the disk --------------------------------------------------------------------------------- */

void image_write(struct image *image, const void *bytes, uint64_t length, uint64_t offset)
{
    image_begin(image, HOST_TAKES_NOTHING, "write of %llu bytes at %llu%s", ULL(length),
                ULL(offset), image->label);
    host_must(image->host, tarn_io_pwrite(call_of(image), image->disk, bytes, length, offset));
}

void image_zero(struct image *image, uint64_t offset, uint64_t length, uint32_t flags)
{
    int32_t status;
    void *zeros;

    image_begin(image, HOST_TAKES_NOTHING, "zero of %llu bytes at %llu%s%s%s", ULL(length),
                ULL(offset), flags & TARN_ZERO_MAY_UNMAP ? " that may unmap" : "",
                flags & TARN_ZERO_FAST_ONLY ? ", only if that is fast" : "", image->label);
    status = tarn_io_zero(call_of(image), image->disk, offset, length, flags);
    host_must(image->host, status == TARN_E_UNSUPPORTED ? TARN_OK : status);
    if (status == TARN_OK)
        return;
    zeros = trial_alloc(image->trial, length);
    image_write(image, zeros, length, offset);
    free(zeros);
}

void image_flush(struct image *image)
{
    image_begin(image, HOST_TAKES_NOTHING, "flush%s", image->label);
    host_must(image->host, tarn_io_flush(call_of(image), image->disk));
}

void image_read(struct image *image, void *buffer, uint64_t length, uint64_t offset)
{
    image_begin(image, HOST_TAKES_NOTHING, "read of %llu bytes at %llu%s", ULL(length),
                ULL(offset), image->label);
    host_must(image->host, tarn_io_pread(call_of(image), image->disk, buffer, length, offset));
}

void image_expect(struct image *image, uint64_t offset, uint64_t length, const char *when)
{
    static uint8_t buffer[65536];

    while (length > 0) {
        uint64_t piece = lesser(length, sizeof(buffer));

        image_read(image, buffer, piece, offset);
        for (uint64_t index = 0; index < piece; index++)
            trial_require(image->trial, buffer[index] == image->bytes[offset + index],
                          "%s %s gave 0x%02x at byte %llu, expected 0x%02x", step_text(), when,
                          buffer[index], ULL(offset + index), image->bytes[offset + index]);
        offset += piece;
        length -= piece;
    }
}
