/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store.c - the byte store of a volume: an open file. And the one table from errno to status.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pool.h"

struct store {
    struct tarn_io io; /* first: the host's pointer to it is ours to the whole */
    int file;
};

static int file_of(const struct tarn_io *io)
{
    return ((const struct store *)(const void *)io)->file;
}

static int32_t status_of(int error)
{
    switch (error) {
    case ENOENT: return TARN_E_NOT_FOUND;
    case EEXIST: return TARN_E_EXISTS;
    case EINVAL: case ENAMETOOLONG: case EOVERFLOW: return TARN_E_INVALID;
    case EBUSY: case ENOTEMPTY: return TARN_E_BUSY;
    case EACCES: case EPERM: case EROFS: case ELOOP: return TARN_E_ACCESS;
    case ENOSPC: case EDQUOT: case EFBIG: return TARN_E_NO_SPACE;
    case EOPNOTSUPP: return TARN_E_UNSUPPORTED;
    case ENOMEM: case EMFILE: case ENFILE: return TARN_E_INTERNAL;
    default: return TARN_E_IO;
    }
}

int32_t shelf_failed(struct tarn_call *call, const char *what, const char *name)
{
    int error = errno;

    return tarn_fail(call, status_of(error), error, "cannot %s \"%s\"", what, name);
}

/* A sum that does not fit in the numbers of files is checked before it is made. */
static int passes_all(uint64_t length, uint64_t offset)
{
    return length > INT64_MAX || offset > INT64_MAX - length;
}

/* All or a failure: the kernel may give less at once, and the call may be cancelled between. */
static int32_t store_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                           uint64_t length, uint64_t offset)
{
    char *to = buffer;

    if (passes_all(length, offset))
        return tarn_fail(call, TARN_E_INVALID, 0, "a read passes the end of the volume");
    while (length > 0) {
        ssize_t part = pread(file_of(io), to, length, (off_t)offset);
        int32_t status = part < 0 && errno != EINTR ? shelf_failed(call, "read", "the volume")
                                                    : tarn_interrupted(call);

        if (part == 0)
            return tarn_fail(call, TARN_E_INVALID, 0, "a read passes the end of the volume");
        if (status != TARN_OK)
            return status;
        to += part > 0 ? part : 0;
        offset += part > 0 ? (uint64_t)part : 0;
        length -= part > 0 ? (uint64_t)part : 0;
    }
    return TARN_OK;
}

static int32_t store_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                            uint64_t length, uint64_t offset)
{
    const char *from = buffer;

    if (passes_all(length, offset))
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "no file is as large as this write wants");
    while (length > 0) {
        ssize_t part = pwrite(file_of(io), from, length, (off_t)offset);
        int32_t status = part < 0 && errno != EINTR ? shelf_failed(call, "write", "the volume")
                                                    : tarn_interrupted(call);

        if (status != TARN_OK)
            return status;
        from += part > 0 ? part : 0;
        offset += part > 0 ? (uint64_t)part : 0;
        length -= part > 0 ? (uint64_t)part : 0;
    }
    return TARN_OK;
}

static int32_t store_flush(struct tarn_call *call, struct tarn_io *io)
{
    return fdatasync(file_of(io)) < 0 ? shelf_failed(call, "flush", "the volume") : TARN_OK;
}

static int32_t store_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    struct stat known;

    if (fstat(file_of(io), &known) < 0)
        return shelf_failed(call, "look at", "the volume");
    *out = (uint64_t)known.st_size;
    return TARN_OK;
}

static int32_t store_allocate(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                              uint64_t length)
{
    if (passes_all(length, offset))
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "no file is as large as is to be reserved");
    if (length == 0 ||
        fallocate(file_of(io), FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)length) == 0)
        return TARN_OK;
    /* Without a text: the host writes zeros then. */
    return errno == EOPNOTSUPP ? TARN_E_UNSUPPORTED : shelf_failed(call, "reserve", "the volume");
}

static int32_t store_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                              uint32_t flags)
{
    uint64_t now = 0;
    int32_t status = store_size(call, io, &now);

    if (status != TARN_OK)
        return status;
    if (size < now && !(flags & TARN_TRUNCATE_SHRINK))
        return tarn_fail(call, TARN_E_INVALID, 0, "the volume would lose bytes");
    if (passes_all(size, 0))
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "no file is as large as was asked for");
    if (size > now && (flags & TARN_TRUNCATE_ALLOCATE))
        status = store_allocate(call, io, now, size - now);
    if (status == TARN_E_UNSUPPORTED)
        status = tarn_fail(call, status, 0, "this file system reserves no space");
    if (status == TARN_OK && ftruncate(file_of(io), (off_t)size) < 0)
        status = shelf_failed(call, "resize", "the volume");
    return status;
}

static int32_t store_close(struct tarn_call *call, struct tarn_io *io)
{
    (void)call;
    close(file_of(io));
    free(io);
    return TARN_OK;
}

int32_t shelf_store_new(struct tarn_call *call, int file, uint32_t writable, struct tarn_io **out)
{
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL) {
        close(file);
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a volume");
    }
    store->file = file;
    store->io = (struct tarn_io){
        .struct_size = sizeof(store->io),
        .flags = TARN_IO_PARALLEL | TARN_IO_ZERO_NEW | (writable ? TARN_IO_WRITABLE : 0),
        .fd = file,
        .pread = store_pread,
        .pwrite = store_pwrite,
        .flush = store_flush,
        .size = store_size,
        .truncate = store_truncate,
        .allocate = store_allocate,
        .close = store_close,
    };
    *out = &store->io;
    return TARN_OK;
}
