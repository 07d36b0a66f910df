/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A piece of the disk as a byte store, while there is no partition for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "disk.h"
#include "helpers/errno-status.h"
#include "helpers/file-io.h"

struct range_io {
    struct tarn_io io; /* first */
    struct tarn_io *disk;
    uint64_t offset;
    uint64_t length;
};

static struct range_io *range_of(struct tarn_io *io)
{
    return (struct range_io *)(void *)io;
}

static bool is_within(const struct range_io *range, uint64_t offset, uint64_t length)
{
    return offset <= range->length && length <= range->length - offset;
}

static int32_t fail_beyond(struct tarn_call *call, const struct range_io *range, int32_t status)
{
    return tarn_fail(call, status, 0, "the volume ends after %llu bytes",
                     (unsigned long long)range->length);
}

static int32_t range_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                           uint64_t length, uint64_t offset)
{
    struct range_io *range = range_of(io);

    if (!is_within(range, offset, length))
        return fail_beyond(call, range, TARN_E_INVALID);
    return tarn_io_pread(call, range->disk, buffer, length, range->offset + offset);
}

static int32_t range_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                            uint64_t length, uint64_t offset)
{
    struct range_io *range = range_of(io);

    if (!is_within(range, offset, length))
        return fail_beyond(call, range, TARN_E_NO_SPACE);
    return tarn_io_pwrite(call, range->disk, buffer, length, range->offset + offset);
}

static int32_t range_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                          uint64_t length, uint32_t flags)
{
    struct range_io *range = range_of(io);

    if (!is_within(range, offset, length))
        return fail_beyond(call, range, TARN_E_NO_SPACE);
    return tarn_io_zero(call, range->disk, range->offset + offset, length, flags);
}

static int32_t range_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                             uint64_t length)
{
    struct range_io *range = range_of(io);

    if (!is_within(range, offset, length))
        return fail_beyond(call, range, TARN_E_NO_SPACE);
    return tarn_io_discard(call, range->disk, range->offset + offset, length);
}

static int32_t range_flush(struct tarn_call *call, struct tarn_io *io)
{
    return tarn_io_flush(call, range_of(io)->disk);
}

static int32_t range_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = range_of(io)->length;
    return TARN_OK;
}

static int32_t range_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                              uint32_t flags)
{
    (void)flags;
    if (size == range_of(io)->length)
        return TARN_OK;
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                     "the volume has %llu bytes and cannot be made %llu",
                     (unsigned long long)range_of(io)->length, (unsigned long long)size);
}

static int32_t range_close(struct tarn_call *call, struct tarn_io *io)
{
    struct range_io *range = range_of(io);
    int32_t status = tarn_io_close(call, range->disk);

    free(range);
    return status;
}

int32_t range_io_open(struct tarn_call *call, int fd, uint64_t offset, uint64_t length,
                      struct tarn_io **out)
{
    struct range_io *range = calloc(1, sizeof(*range));
    int copy = range != NULL ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    int32_t status = TARN_OK;

    if (copy < 0)
        status = tarn_fail(call, range == NULL ? TARN_E_INTERNAL : status_from_errno(errno), 0,
                           "the new partition cannot be opened");
    if (status == TARN_OK)
        status = file_io_open_fd(call, copy, TARN_IO_WRITABLE, &range->disk);
    if (status != TARN_OK) {
        free(range);
        return status;
    }
    range->offset = offset;
    range->length = length;
    range->io = (struct tarn_io){
        .struct_size = sizeof(range->io),
        .flags = (range->disk->flags & ~TARN_IO_ZERO_NEW) | TARN_IO_FIXED_SIZE,
        .fd = -1, /* its bytes are elsewhere in there */
        .block_size = range->disk->block_size,
        .pread = range_pread,
        .pwrite = range_pwrite,
        .flush = range_flush,
        .size = range_size,
        .truncate = range_truncate,
        .zero = range_zero,
        .discard = range_discard,
        .close = range_close,
    };
    *out = &range->io;
    return TARN_OK;
}
