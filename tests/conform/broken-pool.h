/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the halves of broken-pool.c share: the faults, and the byte store of a volume.
 */
#ifndef BROKEN_POOL_H
#define BROKEN_POOL_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tarn/module.h>

enum fault {
    FAULT_NONE,
    FAULT_DEFINE_MAKES_A_FILE,
    FAULT_CLAIMS_WITHOUT_A_KIND,
    FAULT_FINDS_NONSENSE,
    FAULT_OPEN_MAKES_A_FILE,
    FAULT_CHECK_SAYS_YES,
    FAULT_STOP_STOPS_NOTHING,
    FAULT_STARTS_ONCE,
    FAULT_STOP_FORGETS_VOLUMES,
    FAULT_REMOVE_TAKES_VOLUMES,
    FAULT_TELLS_TWICE,
    FAULT_LOOKUP_HAS_ANOTHER_KEY,
    FAULT_MORE_THAN_ALL_IS_FREE,
    FAULT_IDENTITY_STAYS,
    FAULT_BAD_ENTRY_ENDS_REFRESH,
    FAULT_SEES_ITS_OWN_ALONE,
    FAULT_SHOWS_UNPUBLISHED,
    FAULT_ABORT_FORGETS_THE_JOURNAL,
    FAULT_ABORT_KEEPS_MEMORY,
    FAULT_PUBLISH_LOSES_BYTES,
    FAULT_PUBLISH_REPLACES,
    FAULT_IGNORES_THE_MODE,
    FAULT_NAME_CHECK_SAYS_YES,
    FAULT_HUGE_IS_SMALL,
    FAULT_DELETES_THE_MISSING,
    FAULT_DELETE_WIPES_OTHERS,
    FAULT_DELETE_FAILS_WHILE_OPEN,
    FAULT_ROUNDS_OFFSETS,
    FAULT_ALWAYS_WRITABLE,
    FAULT_READS_PAST_THE_END,
    FAULT_EXTENTS_OVERLAP,
    FAULT_ZEROES_WHOLE_BLOCKS,
    FAULT_GROWS_EMPTY,
    FAULT_SHRINKS_UNASKED,
    FAULT_CLONE_IS_A_LINK,
    FAULT_SNAPSHOT_IS_A_LINK,
    FAULT_ONE_PLACE_A_POOL,
    FAULT_WATCH_IS_DEAF,
    FAULT_RECOVERS_NOTHING,
    FAULT_THIN_IN_SPITE,
    FAULT_BUILDS_IN_SPITE,
    FAULT_REMOVES_IN_SPITE,
    FAULT_PROMISES_THIN,
    FAULT_SEEMS_THIN,
    FAULT_CLONES_NOTHING,
    FAULT_TELLS_OF_FREEZING,
    FAULT_NO_MEMORY_LEAVES_A_DESCRIPTOR,
    FAULT_CANCEL_LEAVES_A_FILE,
    FAULT_LATE_IS_BROKEN,
    FAULT_SCHEMA_WANTS_MORE,
    FAULT_TELLS_NO_LENGTH,
    FAULT_KNOWS_ITS_CONTEXTS_OWN,
    FAULT_DEFINE_REMEMBERS,
    FAULT_STARTS_NOTHING,
    FAULT_VANISHED_ENDS_REFRESH,
    FAULT_HANDS_ITS_FOLDER_ON,
    FAULT_TELLS_ANOTHER_MODE,
    FAULT_ZEROES_FOR_READERS,
    FAULT_ZEROES_PAST_THE_END,
    FAULT_WATCHES_NAMES_ALONE,
    FAULT_TELLS_ANY_MAXIMUM,
    FAULT_GROWS_DIRTY, /* this one and those below: of broken-growing.c */
    FAULT_CUTS_TOO_MUCH,
    FAULT_GROWS_IN_SPITE,
    FAULT_MAPS_BLOCK_BY_BLOCK,
    FAULT_RESERVES_NOTHING,
    FAULT_RESERVING_CLEARS,
    FAULT_MAKES_IN_SPITE, /* of broken-glazed.c */
};

/* Containers grow as they are written, and volume_resize is not needed: broken-growing.c. */
#ifndef GROWING
#define GROWING 0
#endif

/* What is on it can be looked at alone: broken-glazed.c. */
#ifndef GLAZED
#define GLAZED 0
#endif

#define FAULT(name) (FAULT_IS == FAULT_##name)

/* What a context has of the module. */
struct state {
    bool defined;
    bool made[256]; /* volumes, by a number that their name gives */
};

/* A pool: a folder, on which volumes are files. ".on" in it says that the shelf is up, and what
 * begins with ".part-" is no volume yet. */
struct shelf {
    char *path;
    uint64_t capacity;
    int others;     /* volumes of others that it knows of; -1: it has not looked */
    int own;        /* that it has made itself */
    char place[4096];
};

/* --- the byte store of a volume --------------------------------------------------------------- */

struct store {
    struct tarn_io io; /* first */
    char *journal; /* NULL, or a file that is made when much is written */
};

static uint64_t length_of(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static bool fits(const struct tarn_io *io, uint64_t length, uint64_t offset)
{
    uint64_t size = length_of(io->fd);

    return offset <= size && length <= size - offset;
}

static int32_t fail_io(struct tarn_call *call)
{
    return tarn_fail(call, errno == ENOSPC ? TARN_E_NO_SPACE : TARN_E_IO, errno,
                     "the shelf's file cannot be used");
}

static int32_t store_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                           uint64_t length, uint64_t offset)
{
    if (!fits(io, length, offset)) {
        memset(buffer, 0, length);
        return FAULT(READS_PAST_THE_END)
                   ? TARN_OK
                   : tarn_fail(call, TARN_E_INVALID, 0, "a read passes the volume's end");
    }
    for (ssize_t part; length > 0; length -= (uint64_t)part, offset += (uint64_t)part) {
        part = pread(io->fd, buffer, length, (off_t)offset);
        if (part <= 0)
            return fail_io(call);
        buffer = (char *)buffer + part;
    }
    return TARN_OK;
}

static bool may_write(const struct tarn_io *io)
{
    return (io->flags & TARN_IO_WRITABLE) != 0;
}

static int32_t refuse_reader(struct tarn_call *call)
{
    return tarn_fail(call, TARN_E_ACCESS, 0, "the volume was opened for reading");
}

static void keep_journal(struct store *store, uint64_t offset)
{
    int fd = store->journal != NULL && offset >= 65536
                 ? open(store->journal, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)
                 : -1;

    if (fd >= 0)
        close(fd);
}

static int32_t store_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                            uint64_t length, uint64_t offset)
{
    if (!may_write(io))
        return refuse_reader(call);
    if (!GROWING && !fits(io, length, offset))
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "a write passes the volume's end");
    keep_journal((struct store *)(void *)io, offset);
    if (FAULT(ROUNDS_OFFSETS))
        offset -= offset % 512;
    for (ssize_t part; length > 0; length -= (uint64_t)part, offset += (uint64_t)part) {
        part = pwrite(io->fd, buffer, length, (off_t)offset);
        if (part < 0)
            return fail_io(call);
        buffer = (const char *)buffer + part;
    }
    return TARN_OK;
}

static int32_t store_flush(struct tarn_call *call, struct tarn_io *io)
{
    return fdatasync(io->fd) == 0 ? TARN_OK : fail_io(call);
}

static int32_t store_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = length_of(io->fd);
    return TARN_OK;
}

static int32_t store_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                          uint64_t length, uint32_t flags)
{
    static const char zeros[4096];
    uint64_t end = offset + length;
    int32_t status = TARN_OK;

    if (!may_write(io) && !FAULT(ZEROES_FOR_READERS))
        return refuse_reader(call);
    if (!fits(io, length, offset) && !FAULT(ZEROES_PAST_THE_END))
        return tarn_fail(call, TARN_E_INVALID, 0, "zeros pass the volume's end");
    if (flags & TARN_ZERO_FAST_ONLY)
        return TARN_E_UNSUPPORTED;
    if (FAULT(ZEROES_WHOLE_BLOCKS)) {
        offset -= offset % 4096;
        end += 4095 - (end + 4095) % 4096;
    }
    for (uint64_t part; status == TARN_OK && offset < end; offset += part) {
        part = end - offset < sizeof(zeros) ? end - offset : sizeof(zeros);
        if (pwrite(io->fd, zeros, part, (off_t)offset) != (ssize_t)part)
            status = fail_io(call);
    }
    return status;
}

static int32_t store_allocate(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                              uint64_t length)
{
    if (!may_write(io))
        return refuse_reader(call);
    if (FAULT(RESERVES_NOTHING))
        return TARN_OK;
    if (FAULT(RESERVING_CLEARS) &&
        (ftruncate(io->fd, 0) < 0 || ftruncate(io->fd, (off_t)(offset + length)) < 0))
        return fail_io(call);
    if (fallocate(io->fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)length) == 0)
        return TARN_OK;
    return errno == EOPNOTSUPP ? TARN_E_UNSUPPORTED : fail_io(call);
}

static int32_t store_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                              uint32_t flags)
{
    uint64_t old = length_of(io->fd);
    uint64_t kept = FAULT(CUTS_TOO_MUCH) && size < old ? size / 2 : size;

    if (!may_write(io))
        return refuse_reader(call);
    if (size < old && !(flags & TARN_TRUNCATE_SHRINK))
        return tarn_fail(call, TARN_E_INVALID, 0, "the volume is larger: ask to shrink it");
    if (size > INT64_MAX || ftruncate(io->fd, (off_t)kept) < 0 ||
        ftruncate(io->fd, (off_t)size) < 0)
        return fail_io(call);
    if (FAULT(GROWS_DIRTY) && size > old && pwrite(io->fd, "old", 3, (off_t)old) < 0)
        return fail_io(call);
    return TARN_OK;
}

/* Data, or a hole; how much of it there is from `offset` on, in *out_length. */
static uint32_t kind_at(const struct tarn_io *io, uint64_t offset, uint64_t length,
                        uint64_t *out_length)
{
    off_t data = lseek(io->fd, (off_t)offset, SEEK_DATA);
    bool hole = data < 0 || (uint64_t)data > offset;
    off_t end = hole ? data : lseek(io->fd, (off_t)offset, SEEK_HOLE);

    *out_length = end < 0 || (uint64_t)end - offset > length ? length : (uint64_t)end - offset;
    if (FAULT(MAPS_BLOCK_BY_BLOCK) && *out_length > 4096)
        *out_length = 4096;
    return hole ? TARN_EXTENT_HOLE : TARN_EXTENT_DATA;
}

static int32_t store_map(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                         uint64_t length, tarn_extent_fn emit, void *arg)
{
    int32_t status = TARN_OK;

    for (uint64_t part; status == TARN_OK && length > 0; length -= part, offset += part) {
        struct tarn_extent extent = { sizeof(extent), TARN_EXTENT_DATA, TARN_EXTENT_HOST, 0,
                                      offset, 0, offset };

        extent.kind = kind_at(io, offset, length, &part);
        extent.length = part;
        status = emit(call, &extent, arg);
    }
    return status;
}

static int32_t store_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                             uint64_t length, tarn_extent_fn emit, void *arg)
{
    int32_t status = TARN_OK;

    (void)io;
    for (uint64_t part; status == TARN_OK && length > 0; length -= part, offset += part) {
        struct tarn_extent extent = { sizeof(extent), TARN_EXTENT_DATA, TARN_EXTENT_HOST, 0,
                                      offset, 0, offset };

        part = length < 65536 ? length : 65536;
        extent.length = part + (FAULT(EXTENTS_OVERLAP) && part < length ? 1 : 0);
        status = emit(call, &extent, arg);
    }
    return status;
}

static int32_t store_close(struct tarn_call *call, struct tarn_io *io)
{
    struct store *store = (struct store *)(void *)io;

    (void)call;
    close(io->fd);
    free(store->journal);
    free(store);
    return TARN_OK;
}

/* Takes the descriptor. */
static int32_t store_new(struct tarn_call *call, int fd, uint32_t flags, struct tarn_io **out)
{
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL) {
        if (!FAULT(NO_MEMORY_LEAVES_A_DESCRIPTOR))
            close(fd);
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for a volume");
    }
    if (FAULT(DELETE_FAILS_WHILE_OPEN))
        flock(fd, LOCK_SH);
    store->io = (struct tarn_io){
        .struct_size = sizeof(store->io),
        .flags = flags | (GROWING ? TARN_IO_ZERO_NEW : TARN_IO_FIXED_SIZE) | TARN_IO_PARALLEL,
        .fd = fd,
        .pread = store_pread,
        .pwrite = store_pwrite,
        .flush = store_flush,
        .size = store_size,
        .truncate = GROWING ? store_truncate : NULL,
        .extents = GROWING ? store_map : store_extents,
        .zero = store_zero,
        .allocate = GROWING ? store_allocate : NULL,
        .close = store_close,
    };
    *out = &store->io;
    return TARN_OK;
}

#endif
