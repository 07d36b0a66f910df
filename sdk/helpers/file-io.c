/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-io.c - byte stores over descriptors: reading, writing and size. What is common to regular
 * files and block devices, and what differs, side by side.
 *
 * Everything goes by pread(2), pwrite(2) and fallocate(2), which leave the file position alone;
 * SEEK_DATA and SEEK_HOLE move it, but nobody uses it, so that threads do not disturb each other.
 */
#include "helpers/file-io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers/errno-status.h"
#include "helpers/io-zero.h"

/* Linux moves at most 0x7ffff000 bytes in one call, whatever one asks for. */
#define CHUNK_MAX ((uint64_t)1 << 30)

struct file_io {
    struct tarn_io io; /* first: the two have the same address */
    int fd;
    bool block_device;
    uint64_t device_size; /* of a block device; a file is asked each time */
};

static struct file_io *file_of(struct tarn_io *io)
{
    return (struct file_io *)io;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int32_t fail_errno(struct tarn_call *call, int error, const char *what)
{
    return tarn_fail(call, status_from_errno(error), error, "%s", what);
}

/* off_t is signed: no file reaches past INT64_MAX. */
static bool range_fits(uint64_t offset, uint64_t length)
{
    uint64_t end;

    return !__builtin_add_overflow(offset, length, &end) && end <= INT64_MAX;
}

static int32_t file_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                          uint64_t length, uint64_t offset)
{
    struct file_io *file = file_of(io);
    uint8_t *to = buffer;
    int32_t status = TARN_OK;

    if (!range_fits(offset, length))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "cannot read %llu bytes at %llu: beyond what any file holds",
                         (unsigned long long)length, (unsigned long long)offset);
    while (status == TARN_OK && length > 0) {
        ssize_t got = pread(file->fd, to, smaller(length, CHUNK_MAX), (off_t)offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tarn_fail(call, status_from_errno(errno), errno,
                             "cannot read %llu bytes at %llu", (unsigned long long)length,
                             (unsigned long long)offset);
        if (got == 0)
            return tarn_fail(call, TARN_E_INVALID, 0,
                             "cannot read %llu bytes at %llu: the file ends before",
                             (unsigned long long)length, (unsigned long long)offset);
        to += got;
        offset += (uint64_t)got;
        length -= (uint64_t)got;
        if (length > 0)
            status = tarn_interrupted(call);
    }
    return status;
}

/* A block device's end cannot be moved: the write is refused whole rather than cut. */
static int32_t check_write_range(struct tarn_call *call, const struct file_io *file,
                                 uint64_t offset, uint64_t length)
{
    if (!(file->io.flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "it was opened for reading only");
    if (!range_fits(offset, length))
        return tarn_fail(call, TARN_E_NO_SPACE, EFBIG,
                         "cannot write %llu bytes at %llu: beyond what any file holds",
                         (unsigned long long)length, (unsigned long long)offset);
    if (file->block_device && offset + length > file->device_size)
        return tarn_fail(call, TARN_E_NO_SPACE, ENOSPC,
                         "cannot write %llu bytes at %llu: the device has only %llu",
                         (unsigned long long)length, (unsigned long long)offset,
                         (unsigned long long)file->device_size);
    return TARN_OK;
}

static int32_t file_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                           uint64_t length, uint64_t offset)
{
    struct file_io *file = file_of(io);
    const uint8_t *from = buffer;
    int32_t status = check_write_range(call, file, offset, length);

    while (status == TARN_OK && length > 0) {
        ssize_t put = pwrite(file->fd, from, smaller(length, CHUNK_MAX), (off_t)offset);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return tarn_fail(call, put < 0 ? status_from_errno(errno) : TARN_E_IO,
                             put < 0 ? errno : 0, "cannot write %llu bytes at %llu",
                             (unsigned long long)length, (unsigned long long)offset);
        from += put;
        offset += (uint64_t)put;
        length -= (uint64_t)put;
        if (length > 0)
            status = tarn_interrupted(call);
    }
    return status;
}

static int32_t file_flush(struct tarn_call *call, struct tarn_io *io)
{
    struct file_io *file = file_of(io);

    if ((io->flags & TARN_IO_WRITABLE) && fdatasync(file->fd) < 0)
        return fail_errno(call, errno, "cannot flush to the storage");
    return TARN_OK;
}

static int32_t file_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    struct file_io *file = file_of(io);
    struct stat st;

    if (file->block_device) {
        *out = file->device_size;
        return TARN_OK;
    }
    if (fstat(file->fd, &st) < 0)
        return fail_errno(call, errno, "cannot tell the size of the file");
    *out = (uint64_t)st.st_size;
    return TARN_OK;
}

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int32_t file_identity(struct tarn_call *call, struct tarn_io *io,
                             struct tarn_identity *out)
{
    struct stat st;

    if (fstat(file_of(io)->fd, &st) < 0)
        return fail_errno(call, errno, "cannot tell the file's times");
    *out = (struct tarn_identity){ sizeof(*out), 0, st.st_dev, st.st_ino, 0,
                                   nanoseconds(st.st_mtim), nanoseconds(st.st_ctim) };
    return file_size(call, io, &out->size);
}

/* Takes the space from `from` to `to`, past the file's end. What a failure has taken goes back. */
static int32_t grow_allocated(struct tarn_call *call, struct tarn_io *io, uint64_t from,
                              uint64_t to)
{
    struct file_io *file = file_of(io);
    int32_t status = TARN_OK;

    if (fallocate(file->fd, 0, (off_t)from, (off_t)(to - from)) < 0) {
        if (errno == EOPNOTSUPP || errno == ENOSYS)
            status = io_write_zeros(call, io, from, to - from);
        else
            status = fail_errno(call, errno, "cannot reserve the space that the file grows by");
    }
    if (status != TARN_OK && ftruncate(file->fd, (off_t)from) < 0)
        return fail_errno(call, errno, "cannot give back what was reserved");
    return status;
}

static int32_t file_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                             uint32_t flags)
{
    struct file_io *file = file_of(io);
    uint64_t old;
    int32_t status = file_size(call, io, &old);

    if (status != TARN_OK || size == old)
        return status;
    if (file->block_device)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the device has %llu bytes and cannot be made %llu",
                         (unsigned long long)old, (unsigned long long)size);
    if (size < old && !(flags & TARN_TRUNCATE_SHRINK))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "%llu bytes are less than the %llu there are: data would be lost",
                         (unsigned long long)size, (unsigned long long)old);
    if (size > INT64_MAX)
        return tarn_fail(call, TARN_E_NO_SPACE, EFBIG, "no file holds %llu bytes",
                         (unsigned long long)size);
    if (size > old && (flags & TARN_TRUNCATE_ALLOCATE))
        return grow_allocated(call, io, old, size);
    if (ftruncate(file->fd, (off_t)size) < 0)
        return tarn_fail(call, status_from_errno(errno), errno, "cannot make the file %llu bytes",
                         (unsigned long long)size);
    return TARN_OK;
}

static int32_t emit_extent(struct tarn_call *call, uint32_t kind, uint64_t offset, uint64_t end,
                           tarn_extent_fn emit, void *arg)
{
    struct tarn_extent extent = { .struct_size = sizeof(extent), .kind = kind,
                                  .flags = TARN_EXTENT_HOST, .offset = offset,
                                  .length = end - offset, .host_offset = offset };

    return emit(call, &extent, arg);
}

/* SEEK_DATA and SEEK_HOLE are a hint; a filesystem (or a block device) that does not know them
 * answers EINVAL, and ENXIO means that nothing but hole follows. */
static int32_t file_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                            uint64_t length, tarn_extent_fn emit, void *arg)
{
    struct file_io *file = file_of(io);
    uint64_t end = offset + length;
    int32_t status = TARN_OK;

    if (!range_fits(offset, length))
        return tarn_fail(call, TARN_E_INVALID, 0, "no file reaches %llu bytes past %llu",
                         (unsigned long long)length, (unsigned long long)offset);
    while (status == TARN_OK && offset < end) {
        off_t data = file->block_device ? (off_t)offset : lseek(file->fd, (off_t)offset, SEEK_DATA);
        off_t hole;

        if (data < 0 && errno == ENXIO)
            return emit_extent(call, TARN_EXTENT_HOLE, offset, end, emit, arg);
        if (data < 0 || file->block_device)
            return emit_extent(call, TARN_EXTENT_DATA, offset, end, emit, arg);
        if ((uint64_t)data > offset) {
            uint64_t hole_end = smaller((uint64_t)data, end);

            status = emit_extent(call, TARN_EXTENT_HOLE, offset, hole_end, emit, arg);
            offset = hole_end;
            continue;
        }
        hole = lseek(file->fd, (off_t)offset, SEEK_HOLE);
        if (hole <= (off_t)offset || (uint64_t)hole > end)
            hole = (off_t)end;
        status = emit_extent(call, TARN_EXTENT_DATA, offset, (uint64_t)hole, emit, arg);
        offset = (uint64_t)hole;
        if (status == TARN_OK)
            status = tarn_interrupted(call);
    }
    return status;
}

static bool not_supported(int error)
{
    /* A block device answers EINVAL for a range that is not aligned to its sectors. */
    return error == EOPNOTSUPP || error == ENOSYS || error == ENOTTY || error == EINVAL;
}

static int32_t deallocate(struct tarn_call *call, const struct file_io *file, int mode,
                          uint64_t offset, uint64_t length)
{
    while (fallocate(file->fd, mode, (off_t)offset, (off_t)length) < 0) {
        if (errno == EINTR)
            continue;
        if (not_supported(errno))
            return TARN_E_UNSUPPORTED;
        return fail_errno(call, errno, "cannot zero a range of the file");
    }
    return TARN_OK;
}

/* FALLOC_FL_ZERO_RANGE keeps the space, and grows the file. FALLOC_FL_PUNCH_HOLE gives it back and
 * never grows: a byte written at the end does that, which, unlike ftruncate(2), cannot cut off
 * what another thread has meanwhile written behind. */
static int32_t zero_file(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                         uint64_t length, uint32_t flags)
{
    struct file_io *file = file_of(io);
    int32_t status = TARN_E_UNSUPPORTED;
    uint64_t size;

    if (flags & TARN_ZERO_MAY_UNMAP) {
        status = deallocate(call, file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
        if (status == TARN_OK)
            status = file_size(call, io, &size);
        if (status == TARN_OK && size < offset + length)
            status = file_pwrite(call, io, "", 1, offset + length - 1);
    }
    if (status == TARN_E_UNSUPPORTED)
        status = deallocate(call, file, FALLOC_FL_ZERO_RANGE, offset, length);
    return status;
}

/* Punching a device zeroes it only where the device can do that by itself. BLKZEROOUT keeps the
 * space, but the kernel may have to write the zeros, which is not fast. */
static int32_t zero_device(struct tarn_call *call, struct file_io *file, uint64_t offset,
                           uint64_t length, uint32_t flags)
{
    uint64_t range[2] = { offset, length };
    int32_t status = TARN_E_UNSUPPORTED;

    if (flags & TARN_ZERO_MAY_UNMAP)
        status = deallocate(call, file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
    if (status != TARN_E_UNSUPPORTED || (flags & TARN_ZERO_FAST_ONLY))
        return status;
    if (ioctl(file->fd, BLKZEROOUT, range) == 0)
        return TARN_OK;
    return not_supported(errno) ? TARN_E_UNSUPPORTED
                                : fail_errno(call, errno, "cannot zero a range of the device");
}

static int32_t file_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                         uint64_t length, uint32_t flags)
{
    struct file_io *file = file_of(io);
    int32_t status = check_write_range(call, file, offset, length);

    if (status != TARN_OK || length == 0)
        return status;
    return file->block_device ? zero_device(call, file, offset, length, flags)
                              : zero_file(call, io, offset, length, flags);
}

static int32_t discard_device(struct tarn_call *call, struct file_io *file, uint64_t offset,
                              uint64_t length)
{
    uint64_t sector = file->io.block_size;
    uint64_t start = (offset + sector - 1) / sector * sector;
    uint64_t end = (offset + length) / sector * sector;
    uint64_t range[2] = { start, end - start };

    if (start >= end || ioctl(file->fd, BLKDISCARD, range) == 0 || not_supported(errno))
        return TARN_OK;
    return fail_errno(call, errno, "cannot discard a range of the device");
}

static int32_t file_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                            uint64_t length)
{
    struct file_io *file = file_of(io);
    int32_t status = check_write_range(call, file, offset, length);

    if (status != TARN_OK || length == 0)
        return status;
    if (file->block_device)
        return discard_device(call, file, offset, length);
    status = deallocate(call, file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
    return status == TARN_E_UNSUPPORTED ? TARN_OK : status;
}

static int32_t file_allocate(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                             uint64_t length)
{
    struct file_io *file = file_of(io);
    int32_t status = check_write_range(call, file, offset, length);

    if (status != TARN_OK || file->block_device || length == 0) /* a device has all its space */
        return status;
    while (fallocate(file->fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)length) < 0) {
        if (errno == EINTR)
            continue;
        if (errno == EOPNOTSUPP || errno == ENOSYS)
            return TARN_E_UNSUPPORTED;
        return tarn_fail(call, status_from_errno(errno), errno, "cannot reserve %llu bytes",
                         (unsigned long long)length);
    }
    return TARN_OK;
}

static int32_t file_close(struct tarn_call *call, struct tarn_io *io)
{
    struct file_io *file = file_of(io);
    bool written = io->flags & TARN_IO_WRITABLE;
    int result = close(file->fd);
    int error = errno;

    free(file);
    /* Linux closes it even if it says EINTR. NFS tells only here that a disk is full. */
    if (result < 0 && error != EINTR && written)
        return fail_errno(call, error, "cannot close the file that was written");
    return TARN_OK;
}

static int32_t look_at_device(struct tarn_call *call, struct file_io *file)
{
    int flags = fcntl(file->fd, F_GETFL);
    int sector = 0;

    if (ioctl(file->fd, BLKGETSIZE64, &file->device_size) < 0)
        return fail_errno(call, errno, "cannot tell the size of the block device");
    if (ioctl(file->fd, BLKSSZGET, &sector) < 0)
        return fail_errno(call, errno, "cannot tell the sector size of the block device");
    if (flags < 0 || fcntl(file->fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
        return fail_errno(call, errno, "cannot make the block device wait for its data");
    file->io.block_size = (uint32_t)sector;
    file->io.flags |= TARN_IO_FIXED_SIZE;
    file->io.flags &= ~TARN_IO_ZERO_NEW;
    return TARN_OK;
}

static const char *kind_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a directory";
    case S_IFIFO:
        return "a FIFO";
    case S_IFSOCK:
        return "a socket";
    case S_IFCHR:
        return "a character device";
    default:
        return "of an unknown kind";
    }
}

/* Everything that can be found out about the descriptor; fills in `file`. */
static int32_t look_at(struct tarn_call *call, struct file_io *file, uint32_t flags)
{
    struct stat st;
    int mode;

    if (fstat(file->fd, &st) < 0)
        return fail_errno(call, errno, "cannot look at the file");
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "it is %s; only regular files and block devices hold volumes",
                         kind_name(st.st_mode));
    mode = flags & TARN_IO_WRITABLE ? fcntl(file->fd, F_GETFL) & O_ACCMODE : O_RDWR;
    if (mode == O_RDONLY)
        return tarn_fail(call, TARN_E_ACCESS, 0, "it was opened for reading only");
    file->block_device = S_ISBLK(st.st_mode);
    file->io.block_size = st.st_blksize > 0 && (st.st_blksize & (st.st_blksize - 1)) == 0
                              ? (uint32_t)st.st_blksize : 0;
    return file->block_device ? look_at_device(call, file) : TARN_OK;
}

int32_t file_io_open_fd(struct tarn_call *call, int fd, uint32_t flags, struct tarn_io **out)
{
    struct file_io *file = calloc(1, sizeof(*file));
    int32_t status;

    *out = NULL;
    if (file == NULL) {
        close(fd);
        return fail_errno(call, ENOMEM, "no memory to open a file");
    }
    file->fd = fd;
    file->io = (struct tarn_io){
        .struct_size = sizeof(file->io),
        .flags = (flags & TARN_IO_WRITABLE) | TARN_IO_PARALLEL | TARN_IO_ZERO_NEW,
        .fd = fd,
        .pread = file_pread, .pwrite = file_pwrite, .flush = file_flush, .size = file_size,
        .truncate = file_truncate, .extents = file_extents, .zero = file_zero,
        .discard = file_discard, .allocate = file_allocate,
        .identity = file_identity, .close = file_close,
    };
    status = look_at(call, file, flags);
    if (status != TARN_OK) {
        close(fd);
        free(file);
        return status;
    }
    *out = &file->io;
    return TARN_OK;
}
