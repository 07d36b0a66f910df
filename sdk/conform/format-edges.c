/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-edges.c - the rules of io.h at the end of a disk, and of transfers of no bytes at all.
 */
#include <string.h>

#include "conform/format-checks.h"
#include "conform/format-image.h"
#include "conform/format-step.h"

#define ULL(number) ((unsigned long long)(number))

static uint8_t bytes[8192];

static void refuse_read(struct image *image, uint64_t length, uint64_t offset)
{
    int32_t status;

    image_begin(image, HOST_TAKES_NOTHING, "read of %llu bytes at %llu of a disk of %llu%s",
                ULL(length), ULL(offset), ULL(image->size), image->label);
    status = tarn_io_pread(&image->host->call, image->disk, bytes, length, offset);
    host_refuses(image->host, status, TARN_E_INVALID, TARN_E_INVALID,
                 "a read that passes the end");
}

static void read_edges(struct image *image)
{
    uint64_t size = image->size;

    image_read(image, bytes, 0, 0);
    image_read(image, bytes, 0, size);
    image_expect(image, size - 1, 1, "of the last byte");
    refuse_read(image, 1, size);
    refuse_read(image, 2, size - 1);
    refuse_read(image, 512, UINT64_MAX);
    refuse_read(image, 512, UINT64_MAX - 511); /* the sum is 0 */
    refuse_read(image, 4096, (uint64_t)INT64_MAX - 100);
}

static uint64_t size_now(struct image *image)
{
    uint64_t size = 0;
    int32_t status;

    image_begin(image, HOST_TAKES_NOTHING, "size of the disk%s", image->label);
    status = tarn_io_size(&image->host->call, image->disk, &size);
    host_must(image->host, status);
    return size;
}

/* It fails, and nothing has changed. */
static void refuse_write(struct image *image, uint64_t length, uint64_t offset)
{
    int32_t status;

    memset(bytes, 'e', sizeof(bytes));
    image_begin(image, HOST_TAKES_NOTHING,
                "write of %llu bytes at %llu of a disk of %llu that does not grow%s", ULL(length),
                ULL(offset), ULL(image->size), image->label);
    status = tarn_io_pwrite(&image->host->call, image->disk, bytes, length, offset);
    host_refuses(image->host, status, TARN_E_NO_SPACE, TARN_E_NO_SPACE,
                 "a write that passes the end");
    trial_require(image->trial, size_now(image) == image->size,
                  "the disk%s has %llu bytes after a write past the end was refused, and had %llu",
                  image->label, ULL(size_now(image)), ULL(image->size));
}

/* Of a disk that grows, what lies between reads as zeros. */
static void grow_by_write(struct image *image)
{
    uint64_t at = image->size + 4096;
    uint64_t old = image->size;
    uint64_t now;

    memset(bytes, 'g', 512);
    image_write(image, bytes, 512, at);
    now = size_now(image);
    trial_require(image->trial, now >= at + 512,
                  "the disk%s has %llu bytes after 512 were written at %llu, and had %llu: a write "
                  "past the end grows it, unless it has TARN_IO_FIXED_SIZE", image->label, ULL(now),
                  ULL(at), ULL(old));
    image_read(image, bytes, 4096, old);
    for (unsigned index = 0; index < 4096; index++)
        trial_require(image->trial, bytes[index] == 0,
                      "a write past the end made byte %llu 0x%02x; what it skipped is zeros",
                      ULL(old + index), bytes[index]);
}

static void write_edges(struct image *image)
{
    bool grows = promises(image->trial, TARN_FORMAT_GROW) &&
                 !(image->disk->flags & TARN_IO_FIXED_SIZE);

    image_write(image, bytes, 0, 0);
    image_write(image, bytes, 0, image->size);
    image_zero(image, 0, 0, 0);
    image_zero(image, image->size, 0, TARN_ZERO_MAY_UNMAP);
    trial_require(image->trial, size_now(image) == image->size,
                  "writing nothing changed the size of the disk%s", image->label);
    image->bytes[image->size - 1] = 'z';
    image_write(image, "z", 1, image->size - 1);
    image_expect(image, image->size - 4096, 4096, "after its last byte was written");
    if (grows) {
        grow_by_write(image);
        return;
    }
    refuse_write(image, 1, image->size);
    refuse_write(image, 1024, image->size - 512);
    refuse_write(image, 512, UINT64_MAX - 511);
    image_expect(image, image->size - 4096, 4096, "after a write past the end was refused");
}

void check_edges(struct trial *trial)
{
    struct image *image = image_with_data(trial, format_host(trial));

    if (image->size < 8192)
        trial_skip(trial, "the disk has less than 8192 bytes");
    image_open(image, 0);
    read_edges(image);
    image_close(image);
    if (!image->writable)
        return;
    image_open(image, TARN_IMAGE_OPEN_WRITE);
    read_edges(image);
    write_edges(image);
    image_close(image);
}

/* --- zeros without writing them --------------------------------------------------------------- */

/* A range in the middle, wide enough that whole clusters lie in it. */
void check_fast_zero(struct trial *trial)
{
    struct image *image = image_with_data(trial, format_host(trial));
    uint64_t length = image->size / 2 & ~(uint64_t)65535;
    unsigned long long before;
    unsigned long long wrote;
    int32_t status;

    if (!image->writable || length == 0)
        trial_skip(trial, "it makes no images of some size that can be written");
    image_open(image, TARN_IMAGE_OPEN_WRITE);
    before = atomic_load(&image->opened->bytes_written);
    image_begin(image, HOST_TAKES_NOTHING, "zero of %llu bytes with TARN_ZERO_FAST_ONLY",
                ULL(length));
    status = tarn_io_zero(&image->host->call, image->disk, 0, length, TARN_ZERO_FAST_ONLY);
    if (status == TARN_E_UNSUPPORTED)
        trial_skip(trial, "it has no zeros that are fast");
    host_must(image->host, status);
    wrote = atomic_load(&image->opened->bytes_written) - before;
    trial_require(trial, wrote < length / 4, "%s wrote %llu bytes into the container: fail with "
                  "unsupported rather than write zeros", step_text(), wrote);
    image_close(image);
}
