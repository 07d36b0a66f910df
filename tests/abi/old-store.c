/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The old module's byte store.
 */
#include "old.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct store {
    struct tarn_io io;
    int file;
    struct tarn_io *crate;
};

int32_t old_failed(struct tarn_call *call, const char *what, const char *name)
{
    int saved = errno;
    int32_t status = saved == ENOENT   ? TARN_E_NOT_FOUND
                     : saved == EEXIST ? TARN_E_EXISTS
                                       : TARN_E_IO;

    return tarn_fail(call, status, saved, "cannot %s \"%s\"", what, name);
}

static int32_t store_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                           uint64_t length, uint64_t offset)
{
    struct store *store = (struct store *)io;

    if (store->crate != NULL)
        return tarn_io_pread(call, store->crate, buffer, length, offset + CRATE_HEADER);
    if (pread(store->file, buffer, length, (off_t)offset) != (ssize_t)length)
        return tarn_fail(call, TARN_E_INVALID, errno, "a read past the end of the attic's file");
    return TARN_OK;
}

static int32_t store_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                            uint64_t length, uint64_t offset)
{
    struct store *store = (struct store *)io;

    if (store->crate != NULL)
        return tarn_io_pwrite(call, store->crate, buffer, length, offset + CRATE_HEADER);
    if (pwrite(store->file, buffer, length, (off_t)offset) != (ssize_t)length)
        return old_failed(call, "write into", "attic");
    return TARN_OK;
}

static int32_t store_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    struct store *store = (struct store *)io;
    struct stat known;

    if (store->crate != NULL) {
        int32_t status = tarn_io_size(call, store->crate, out);

        *out -= status == TARN_OK && *out >= CRATE_HEADER ? CRATE_HEADER : 0;
        return status;
    }
    if (fstat(store->file, &known) < 0)
        return old_failed(call, "look at", "attic");
    *out = (uint64_t)known.st_size;
    return TARN_OK;
}

static int32_t store_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                              uint32_t flags)
{
    struct store *store = (struct store *)io;

    if (store->crate != NULL)
        return tarn_io_truncate(call, store->crate, size + CRATE_HEADER, flags);
    return ftruncate(store->file, (off_t)size) < 0 ? old_failed(call, "resize", "attic") : TARN_OK;
}

static int32_t store_flush(struct tarn_call *call, struct tarn_io *io)
{
    struct store *store = (struct store *)io;

    if (store->crate != NULL)
        return tarn_io_flush(call, store->crate);
    return fdatasync(store->file) < 0 ? old_failed(call, "flush", "attic") : TARN_OK;
}

/* All of it is data. */
static int32_t store_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                             uint64_t length, tarn_extent_fn emit, void *arg)
{
    struct store *store = (struct store *)io;
    struct tarn_extent extent = {
        .struct_size = sizeof(extent),
        .kind = TARN_EXTENT_DATA,
        .flags = TARN_EXTENT_HOST,
        .offset = offset,
        .length = length,
        .host_offset = offset + (store->crate != NULL ? CRATE_HEADER : 0)
        LATER
    };

    return emit(call, &extent, arg);
}

static int32_t store_identity(struct tarn_call *call, struct tarn_io *io,
                              struct tarn_identity *out)
{
    struct store *store = (struct store *)io;
    struct stat known;

    if (store->crate != NULL)
        return tarn_io_identity(call, store->crate, out);
    if (fstat(store->file, &known) < 0)
        return old_failed(call, "look at", "attic");
    *out = (struct tarn_identity){ .struct_size = sizeof(*out),
                                   .device = known.st_dev,
                                   .inode = known.st_ino,
                                   .size = (uint64_t)known.st_size };
    return TARN_OK;
}

static int32_t store_close(struct tarn_call *call, struct tarn_io *io)
{
    struct store *store = (struct store *)io;

    (void)call;
    if (store->crate == NULL)
        close(store->file);
    free(store);
    return TARN_OK;
}

int32_t old_store_new(struct tarn_call *call, int file, struct tarn_io *crate, int writable,
                      struct tarn_io **out)
{
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for a byte store");
    store->io = (struct tarn_io){
        .struct_size = sizeof(store->io),
        .flags = TARN_IO_ZERO_NEW | (writable ? TARN_IO_WRITABLE : 0),
        .fd = -1,
        .pread = store_pread,
        .pwrite = store_pwrite,
        .flush = store_flush,
        .size = store_size,
        .truncate = store_truncate,
        .extents = store_extents,
        .identity = store_identity,
        .close = store_close
        LATER
    };
    store->file = file;
    store->crate = crate;
    *out = &store->io;
    return TARN_OK;
}
