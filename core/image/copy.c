/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The copy follows the map of the source, so that holes cost nothing; between two files whose bytes
 * are the guest's own the kernel copies; for the rest zeros are found and left out.
 */
#include "core/image/copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Long enough for full throughput (longer was no faster), short enough for a prompt cancel. */
#define COPY_CHUNK (2u * 1024u * 1024u)
/* What qemu-img looks at for zeros by default (-S 4k): a page. */
#define ZERO_BLOCK 4096u

struct copier {
    struct image *from;
    struct image *to;
    struct tarn_error **error;
    unsigned char *buffer;
    unsigned char *below; /* what the target's backing image has there; NULL without one */
    uint64_t total;
    bool upon_same; /* both rest on the same backing image */
    bool by_kernel;
};

static bool is_zero(const unsigned char *bytes, uint64_t length)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* How many blocks in a row are as they are in `other`, or are not. NULL = zeros. */
static uint64_t leading_alike(const unsigned char *bytes, const unsigned char *other,
                              uint64_t length, bool *out_alike)
{
    uint64_t run = 0;

    while (run < length) {
        uint64_t block = length - run < ZERO_BLOCK ? length - run : ZERO_BLOCK;
        bool alike = other != NULL ? memcmp(bytes + run, other + run, block) == 0
                                   : is_zero(bytes + run, block);

        if (run == 0)
            *out_alike = alike;
        else if (alike != *out_alike)
            break;
        run += block;
    }
    return run;
}

uint64_t leading_run(const unsigned char *bytes, uint64_t length, bool *out_zero)
{
    return leading_alike(bytes, NULL, length, out_zero);
}

static int step(struct copier *copier, uint64_t done)
{
    struct operation *operation = copier->to->call.operation;

    operation_progress(operation, done, copier->total);
    return operation_interrupted(operation, copier->error);
}

/* --- zeros and data --------------------------------------------------------------------------- */

/* A new file reads as zeros; a new volume on a device holds what was there before. */
static bool reads_as_zeros(const struct image *image)
{
    return image->backing == NULL && (image->guest->flags & TARN_IO_ZERO_NEW);
}

static int copy_zeros(struct copier *copier, uint64_t offset, uint64_t length)
{
    if (reads_as_zeros(copier->to))
        return TARN_OK;
    return image_zero(copier->to, offset, length, TARN_ZERO_MAY_UNMAP, copier->error);
}

static int write_run(struct copier *copier, const unsigned char *bytes, uint64_t offset,
                     uint64_t length)
{
    int status = TARN_OK;

    while (status == TARN_OK && length > 0) {
        bool zero = false;
        uint64_t run = leading_run(bytes, length, &zero);

        status = zero ? copy_zeros(copier, offset, run)
                      : image_pwrite(copier->to, bytes, run, offset, copier->error);
        bytes += run;
        offset += run;
        length -= run;
    }
    return status;
}

/* The backing image's bytes, and zeros behind its end. */
static int read_below(struct copier *copier, uint64_t offset, uint64_t length)
{
    struct image *backing = copier->to->backing;
    uint64_t there = 0;
    int status = image_size(&there, backing, copier->error);

    there = there > offset ? there - offset : 0;
    there = there < length ? there : length;
    if (status == TARN_OK && there > 0)
        status = image_pread(backing, copier->below, there, offset, copier->error);
    memset(copier->below + there, 0, length - there);
    return status;
}

static int write_chunk(struct copier *copier, uint64_t offset, uint64_t length)
{
    const unsigned char *bytes = copier->buffer;
    const unsigned char *below = copier->below;
    int status = TARN_OK;

    if (below == NULL)
        return write_run(copier, bytes, offset, length);
    status = read_below(copier, offset, length);
    while (status == TARN_OK && length > 0) {
        bool same = false;
        uint64_t run = leading_alike(bytes, below, length, &same);

        if (!same)
            status = write_run(copier, bytes, offset, run);
        bytes += run;
        below += run;
        offset += run;
        length -= run;
    }
    return status;
}

static int copy_by_buffer(struct copier *copier, uint64_t offset, uint64_t length)
{
    int status = TARN_OK;

    while (status == TARN_OK && length > 0) {
        uint64_t part = length < COPY_CHUNK ? length : COPY_CHUNK;

        status = step(copier, offset);
        if (status == TARN_OK)
            status = image_pread(copier->from, copier->buffer, part, offset, copier->error);
        if (status == TARN_OK)
            status = write_chunk(copier, offset, part);
        offset += part;
        length -= part;
    }
    return status;
}

/* How many bytes the kernel copied; it refuses some pairs of files, and then it does not matter. */
static uint64_t copy_by_kernel(struct copier *copier, uint64_t offset, uint64_t length)
{
    uint64_t done = 0;

    while (done < length) {
        off_t in = (off_t)(offset + done);
        off_t out = in;
        uint64_t part = length - done < COPY_CHUNK * 8 ? length - done : COPY_CHUNK * 8;
        ssize_t copied = copy_file_range(copier->from->guest->fd, &in, copier->to->guest->fd,
                                         &out, part, 0);

        if (copied < 0 && errno == EINTR)
            continue;
        if (copied <= 0 || step(copier, offset + done) != TARN_OK)
            break;
        done += (uint64_t)copied;
    }
    return done;
}

static int copy_data(struct copier *copier, uint64_t offset, uint64_t length)
{
    uint64_t done = 0;

    if (copier->by_kernel) {
        int status;

        done = copy_by_kernel(copier, offset, length);
        status = done < length ? step(copier, offset + done) : TARN_OK;
        if (status != TARN_OK)
            return status;
        copier->by_kernel = done == length;
    }
    return copy_by_buffer(copier, offset + done, length - done);
}

/* Zeros need be written only where something else lies below. */
static int zero_what_is_below(void *arg, const struct tarn_extent *below)
{
    struct copier *copier = arg;
    uint64_t offset = below->offset;
    uint64_t end = offset + (below->kind == TARN_EXTENT_DATA ? below->length : 0);
    int status = TARN_OK;

    while (status == TARN_OK && offset < end) {
        uint64_t part = end - offset < COPY_CHUNK ? end - offset : COPY_CHUNK;

        memset(copier->buffer, 0, part);
        status = step(copier, offset);
        if (status == TARN_OK)
            status = write_chunk(copier, offset, part);
        offset += part;
    }
    return status;
}

static int copy_hole(struct copier *copier, uint64_t offset, uint64_t length)
{
    struct image *backing = copier->to->backing;
    uint64_t size = 0;
    int status;

    if (backing == NULL)
        return copy_zeros(copier, offset, length);
    status = image_size(&size, backing, copier->error);
    if (status != TARN_OK || size <= offset)
        return status;
    return image_map(backing, offset, length < size - offset ? length : size - offset,
                     zero_what_is_below, copier, copier->error);
}

static int take_extent(void *arg, const struct tarn_extent *extent)
{
    struct copier *copier = arg;
    int status = step(copier, extent->offset);

    if (status != TARN_OK)
        return status;
    if (copier->upon_same && (extent->depth > 0 || extent->kind == TARN_EXTENT_HOLE))
        return TARN_OK;
    if (extent->kind == TARN_EXTENT_ZERO || extent->kind == TARN_EXTENT_HOLE)
        return copy_hole(copier, extent->offset, extent->length);
    return copy_data(copier, extent->offset, extent->length);
}

/* What the target has more than was copied reads as zeros, whatever lies below. */
static int clear_behind(struct copier *copier)
{
    uint64_t size = 0;
    int status = image_size(&size, copier->to, copier->error);

    if (status != TARN_OK || size <= copier->total)
        return status;
    return copy_hole(copier, copier->total, size - copier->total);
}

static bool rest_on_same(const struct image *a, const struct image *b)
{
    return a->backing != NULL && b->backing != NULL && a->backing->inode != 0 &&
           a->backing->inode == b->backing->inode && a->backing->device == b->backing->device &&
           a->backing->format.format == b->backing->format.format;
}

int image_copy(struct image *to, struct image *from, uint64_t length, struct tarn_error **error)
{
    struct copier copier = { from, to, error, NULL, NULL, length, rest_on_same(to, from), false };
    int status;

    copier.by_kernel = from->guest->fd >= 0 && to->guest->fd >= 0;
    copier.buffer = malloc(COPY_CHUNK);
    copier.below = to->backing != NULL ? malloc(COPY_CHUNK) : NULL;
    if (copier.buffer == NULL || (to->backing != NULL && copier.below == NULL))
        status = error_set(error, TARN_E_INTERNAL, 0, "no memory to copy an image");
    else
        status = image_map(from, 0, length, take_extent, &copier, error);
    if (status == TARN_OK && to->backing != NULL)
        status = clear_behind(&copier);
    if (status == TARN_OK)
        operation_progress(to->call.operation, length, length);
    free(copier.buffer);
    free(copier.below);
    return status;
}
