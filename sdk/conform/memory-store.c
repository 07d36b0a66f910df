/* SPDX-License-Identifier: BSD-2-Clause
 *
 * memory-store.c - see memory-store.h.
 */
#include "conform/memory-store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "conform/host.h"

static struct memory_store *store_of(struct tarn_io *io)
{
    return (struct memory_store *)(void *)io;
}

/* --- the rules -------------------------------------------------------------------------------- */

/* So that calls which may run at once do meet. */
static void linger(const struct memory_store *store)
{
    const struct timespec moment = { 0, 20000 };

    if (store->io.flags & TARN_IO_PARALLEL)
        nanosleep(&moment, NULL);
}

static void enter(struct tarn_call *call, struct memory_store *store, const char *what)
{
    unsigned inside = atomic_fetch_add(&store->inside, 1);

    if (atomic_load(&store->closed) != 0)
        host_misuse(host_of(call), "it calls %s of a byte store that it has closed", what);
    if (inside != 0 && !(store->io.flags & TARN_IO_PARALLEL))
        host_misuse(host_of(call), "it calls %s of a byte store without TARN_IO_PARALLEL while "
                                   "another call of it is running", what);
    linger(store);
}

static int32_t leave(struct memory_store *store, int32_t status)
{
    atomic_fetch_sub(&store->inside, 1);
    return status;
}

/* Is this the operation that is to fail? */
static bool fails(struct memory_store *store, uint32_t kind)
{
    struct store_faults *faults = store->faults;
    unsigned number;

    if (faults == NULL || !(faults->counts & kind))
        return false;
    number = atomic_fetch_add(&faults->seen, 1) + 1;
    if (faults->at == 0 || number < faults->at || (number > faults->at && !faults->lasting))
        return false;
    atomic_fetch_add(&faults->fired, 1);
    return true;
}

static int32_t fault(struct tarn_call *call, struct memory_store *store, const char *what)
{
    return leave(store, tarn_fail(call, store->faults->status, store->faults->system_errno,
                                  "the kit lets this %s fail", what));
}

static int32_t system_fault(struct tarn_call *call, struct memory_store *store, const char *what)
{
    int saved = errno;

    return leave(store, tarn_fail(call, saved == EFBIG || saved == ENOSPC ? TARN_E_NO_SPACE
                                                                          : TARN_E_INTERNAL,
                                  saved, "the kit's own %s failed", what));
}

static int32_t read_only(struct tarn_call *call, struct memory_store *store, const char *what)
{
    host_misuse(host_of(call), "it calls %s of a byte store that is open for reading", what);
    return leave(store, tarn_fail(call, TARN_E_UNSUPPORTED, 0, "this byte store is read-only"));
}

/* --- the operations --------------------------------------------------------------------------- */

static void note(struct store_trace *trace, uint64_t offset, uint64_t length)
{
    if (trace->count == STORE_TRACED || length == 0)
        return;
    trace->ranges[trace->count].offset = offset;
    trace->ranges[trace->count++].length = length;
}

/* False: there are not so many. */
static bool read_all(const struct memory_store *store, void *buffer, uint64_t length,
                     uint64_t offset)
{
    char *to = buffer;

    if (offset > INT64_MAX || length > INT64_MAX - offset)
        return false;
    while (length != 0) {
        ssize_t part = pread(store->file, to, length, (off_t)offset);

        trial_require(store->trial, part >= 0, "the kit's memory file cannot be read at %llu",
                      (unsigned long long)offset);
        if (part == 0)
            return false;
        to += part;
        length -= (uint64_t)part;
        offset += (uint64_t)part;
    }
    return true;
}

/* Where the store ends is asked for only if a read does not get its bytes: a kit run has hundreds of
 * thousands that do. */
static int32_t store_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                           uint64_t length, uint64_t offset)
{
    struct memory_store *store = store_of(io);

    enter(call, store, "pread");
    if (fails(store, STORE_READS))
        return fault(call, store, "read");
    if (length == 0 ? offset > memory_store_size(store) : !read_all(store, buffer, length, offset))
        return leave(store, tarn_fail(call, TARN_E_INVALID, 0,
                                      "a read of %llu bytes at %llu passes the end at %llu",
                                      (unsigned long long)length, (unsigned long long)offset,
                                      (unsigned long long)memory_store_size(store)));
    if (store->trace != NULL)
        note(store->trace, offset, length);
    atomic_fetch_add(&store->reads, 1);
    atomic_fetch_add(&store->bytes_read, length);
    return leave(store, TARN_OK);
}

/* As on storage that others have used. */
static void fill_growth(struct memory_store *store, uint64_t end)
{
    uint64_t at = store->rubbish ? memory_store_size(store) : end;
    char part[4096];

    if (at < end)
        memset(part, 0xa5, sizeof(part));
    while (at < end) {
        uint64_t length = end - at < sizeof(part) ? end - at : sizeof(part);

        memory_store_write(store, part, length, at);
        at += length;
    }
}

static int32_t full(struct tarn_call *call, struct memory_store *store)
{
    return leave(store, tarn_fail(call, TARN_E_NO_SPACE, ENOSPC, "the byte store is full"));
}

static int32_t store_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                            uint64_t length, uint64_t offset)
{
    struct memory_store *store = store_of(io);
    uint64_t limit = io->flags & TARN_IO_FIXED_SIZE ? memory_store_size(store) : store->limit;

    enter(call, store, "pwrite");
    if (!(io->flags & TARN_IO_WRITABLE))
        return read_only(call, store, "pwrite");
    if (fails(store, STORE_WRITES)) {
        if (store->faults->part_written)
            memory_store_write(store, buffer, length / 2, offset);
        return fault(call, store, "write");
    }
    if (offset > limit || length > limit - offset || offset + length > INT64_MAX)
        return full(call, store);
    fill_growth(store, offset);
    memory_store_write(store, buffer, length, offset);
    atomic_fetch_add(&store->writes, 1);
    atomic_fetch_add(&store->bytes_written, length);
    return leave(store, TARN_OK);
}

static int32_t store_flush(struct tarn_call *call, struct tarn_io *io)
{
    struct memory_store *store = store_of(io);

    enter(call, store, "flush");
    if (fails(store, STORE_FLUSH))
        return fault(call, store, "flush");
    if (store->lasting != NULL)
        memory_store_take(store->lasting, store);
    return leave(store, TARN_OK);
}

static int32_t store_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    struct memory_store *store = store_of(io);

    enter(call, store, "size");
    *out = memory_store_size(store);
    return leave(store, TARN_OK);
}

static int32_t store_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                              uint32_t flags)
{
    struct memory_store *store = store_of(io);
    uint64_t now = memory_store_size(store);

    enter(call, store, "truncate");
    if (!(io->flags & TARN_IO_WRITABLE))
        return read_only(call, store, "truncate");
    if (io->flags & TARN_IO_FIXED_SIZE && size != now)
        return leave(store, tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                                      "the size of this byte store is fixed"));
    if (fails(store, STORE_WRITES))
        return fault(call, store, "truncate");
    if (size < now && !(flags & TARN_TRUNCATE_SHRINK))
        return leave(store, tarn_fail(call, TARN_E_INVALID, 0,
                                      "a smaller size needs TARN_TRUNCATE_SHRINK"));
    if (size > store->limit || size > INT64_MAX)
        return full(call, store);
    fill_growth(store, size);
    if (ftruncate(store->file, (off_t)size) < 0)
        return system_fault(call, store, "ftruncate");
    return leave(store, TARN_OK);
}

static int32_t tell(struct tarn_call *call, uint64_t from, uint64_t to, uint32_t kind,
                    tarn_extent_fn emit, void *arg)
{
    struct tarn_extent extent = { .struct_size = sizeof(extent), .kind = kind, .offset = from,
                                  .length = to - from, .host_offset = from };

    extent.flags = kind == TARN_EXTENT_DATA ? TARN_EXTENT_HOST : 0;
    return from < to ? emit(call, &extent, arg) : TARN_OK;
}

static uint64_t seek(const struct memory_store *store, uint64_t from, int whence, uint64_t end)
{
    off_t found = lseek(store->file, (off_t)from, whence);

    return found < 0 || (uint64_t)found > end ? end : (uint64_t)found;
}

static int32_t store_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                             uint64_t length, tarn_extent_fn emit, void *arg)
{
    struct memory_store *store = store_of(io);
    uint64_t end = offset + length;
    int32_t status = TARN_OK;

    enter(call, store, "extents");
    if (end < offset || end > memory_store_size(store))
        return leave(store, tarn_fail(call, TARN_E_INVALID, 0, "a map that passes the end"));
    while (status == TARN_OK && offset < end) {
        uint64_t data = seek(store, offset, SEEK_DATA, end);
        uint64_t hole = seek(store, data, SEEK_HOLE, end);

        status = tell(call, offset, data, TARN_EXTENT_HOLE, emit, arg);
        if (status == TARN_OK)
            status = tell(call, data, hole, TARN_EXTENT_DATA, emit, arg);
        offset = hole;
    }
    return leave(store, status);
}

/* zero, discard, allocate: within the store. */
static int32_t range(struct tarn_call *call, struct tarn_io *io, uint64_t offset, uint64_t length,
                     const char *what, int mode)
{
    struct memory_store *store = store_of(io);
    uint64_t size = memory_store_size(store);

    enter(call, store, what);
    if (!(io->flags & TARN_IO_WRITABLE))
        return read_only(call, store, what);
    if (fails(store, STORE_WRITES))
        return fault(call, store, what);
    if (offset > size || length > size - offset)
        return leave(store, tarn_fail(call, TARN_E_INVALID, 0, "a %s that passes the end", what));
    if (length != 0 && fallocate(store->file, mode, (off_t)offset, (off_t)length) < 0)
        return system_fault(call, store, "fallocate");
    return leave(store, TARN_OK);
}

static int32_t store_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                          uint64_t length, uint32_t flags)
{
    (void)flags;
    return range(call, io, offset, length, "zero", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
}

static int32_t store_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                             uint64_t length)
{
    return range(call, io, offset, length, "discard", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
}

static int32_t store_close(struct tarn_call *call, struct tarn_io *io)
{
    struct memory_store *store = store_of(io);

    enter(call, store, "close");
    atomic_fetch_add(&store->closed, 1);
    leave(store, TARN_OK);
    if (store->users != NULL)
        atomic_fetch_sub(store->users, 1);
    if (!store->keeps)
        memory_store_free(store);
    return TARN_OK;
}

/* --- the life of a store ---------------------------------------------------------------------- */

static struct memory_store *store_on(struct trial *trial, int file, bool writable)
{
    struct memory_store *store = trial_alloc(trial, sizeof(*store));

    trial_require(trial, file >= 0, "the kit can make no memory file");
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
        .zero = store_zero,
        .discard = store_discard,
        .close = store_close,
    };
    store->trial = trial;
    store->file = file;
    store->limit = UINT64_MAX;
    store->keeps = true;
    return store;
}

struct memory_store *memory_store_new(struct trial *trial)
{
    return store_on(trial, memfd_create("tarn-conform", MFD_CLOEXEC), true);
}

struct memory_store *memory_store_again(struct memory_store *store, bool writable)
{
    return store_on(store->trial, fcntl(store->file, F_DUPFD_CLOEXEC, 3), writable);
}

void memory_store_take(struct memory_store *store, const struct memory_store *from)
{
    uint64_t size = memory_store_size(from);
    static char part[65536];

    memory_store_cut(store, 0);
    memory_store_cut(store, size);
    for (uint64_t at = 0; at < size;) {
        uint64_t data = seek(from, at, SEEK_DATA, size);
        uint64_t hole = seek(from, data, SEEK_HOLE, size);

        while (data < hole) {
            uint64_t length = hole - data < sizeof(part) ? hole - data : sizeof(part);

            memory_store_read(from, part, length, data);
            memory_store_write(store, part, length, data);
            data += length;
        }
        at = hole;
    }
}

struct memory_store *memory_store_copy(struct memory_store *store)
{
    struct memory_store *copy = memory_store_new(store->trial);

    memory_store_take(copy, store);
    return copy;
}

void memory_store_free(struct memory_store *store)
{
    if (store == NULL)
        return;
    close(store->file);
    free(store);
}

uint64_t memory_store_size(const struct memory_store *store)
{
    struct stat known;

    return fstat(store->file, &known) == 0 ? (uint64_t)known.st_size : 0;
}

void memory_store_read(const struct memory_store *store, void *buffer, uint64_t length,
                       uint64_t offset)
{
    trial_require(store->trial, read_all(store, buffer, length, offset),
                  "the kit's memory file ends before %llu", (unsigned long long)(offset + length));
}

void memory_store_write(struct memory_store *store, const void *bytes, uint64_t length,
                        uint64_t offset)
{
    const char *from = bytes;

    while (length != 0) {
        ssize_t part = pwrite(store->file, from, length, (off_t)offset);

        trial_require(store->trial, part > 0, "the kit's memory file cannot be written at %llu",
                      (unsigned long long)offset);
        from += part;
        length -= (uint64_t)part;
        offset += (uint64_t)part;
    }
}

void memory_store_cut(struct memory_store *store, uint64_t size)
{
    trial_require(store->trial, ftruncate(store->file, (off_t)size) == 0,
                  "the kit's memory file cannot have %llu bytes", (unsigned long long)size);
}

uint64_t memory_store_sum(const struct memory_store *store)
{
    uint64_t size = memory_store_size(store);
    uint64_t sum = size ^ UINT64_C(0xcbf29ce484222325); /* FNV-1a, of offsets and words */
    static uint64_t part[8192];

    for (uint64_t from = 0; from < size;) {
        uint64_t data = seek(store, from, SEEK_DATA, size);
        uint64_t length = size - data < sizeof(part) ? size - data : sizeof(part);

        part[length / 8 < 8192 ? length / 8 : 0] = 0;
        memory_store_read(store, part, length, data);
        for (uint64_t word = 0; word < (length + 7) / 8; word++)
            if (part[word] != 0)
                sum = ((sum ^ part[word]) * UINT64_C(0x100000001b3)) ^ (data + word);
        from = data + length;
    }
    return sum;
}
