/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The copy of a partition table: making it, reading and changing it.
 */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "helpers/errno-status.h"

/* Enough for every table but long GPTs, and chains of logical partitions, which are copied when
 * they are found. Not more, so that a bad sector elsewhere does no harm. */
#define EDGE ((uint64_t)128 * 1024)

/* What the copy's pages are in: where it was written to is known no better. */
#define GRAIN ((uint64_t)4096)

/* --- the file --------------------------------------------------------------------------------- */

/* Growing a file beyond RLIMIT_FSIZE, of memory even, ends a process that did not expect it. */
static bool may_grow(uint64_t size)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
           (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= size);
}

static int32_t make_file(struct tarn_call *call, struct scratch *scratch)
{
    if (!may_grow(scratch->size))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "no copy of the partition table of %s can be made: raise the limit for "
                         "the size of files (ulimit -f) of this process", scratch->name);
    scratch->fd = memfd_create("partition-table", MFD_CLOEXEC);
    if (scratch->fd < 0 || ftruncate(scratch->fd, (off_t)scratch->size) < 0)
        return tarn_fail(call, TARN_E_IO, errno, "no memory for the partition table of %s",
                         scratch->name);
    return TARN_OK;
}

/* Without what cannot be read there a table is whole all the same; a GPT lacks its backup. */
static int32_t copy_end(struct tarn_call *call, struct scratch *scratch, uint64_t length)
{
    int32_t status = scratch_copy(call, scratch, scratch->size - length, length);

    if (status != TARN_E_IO)
        return status;
    call->host->forget(call);
    return TARN_OK;
}

int32_t scratch_open(struct tarn_call *call, struct scratch *scratch, const char *name, int disk,
                     uint64_t size, uint32_t sector)
{
    int32_t status;
    uint64_t edge = size < EDGE ? size : EDGE;

    *scratch = (struct scratch){ .name = name, .disk = disk, .fd = -1, .size = size,
                                 .sector = sector };
    if (size > INT64_MAX || sector < 512 || sector > GRAIN || (sector & (sector - 1)) != 0 ||
        size < (uint64_t)64 * sector)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "%s has %llu bytes in sectors of %u: no partition table fits it", name,
                         (unsigned long long)size, sector);
    status = make_file(call, scratch);
    if (status == TARN_OK)
        status = scratch_copy(call, scratch, 0, edge);
    if (status == TARN_OK)
        status = copy_end(call, scratch, edge);
    if (status != TARN_OK)
        scratch_close(scratch);
    return status;
}

void scratch_close(struct scratch *scratch)
{
    if (scratch->fd >= 0)
        close(scratch->fd);
    free(scratch->spans);
    scratch->fd = -1;
    scratch->spans = NULL;
    scratch->span_count = scratch->span_room = 0;
}

/* --- reading and writing it ------------------------------------------------------------------- */

int32_t scratch_read(struct tarn_call *call, struct scratch *scratch, void *buffer,
                     uint64_t length, uint64_t offset)
{
    if (pread(scratch->fd, buffer, length, (off_t)offset) != (ssize_t)length)
        return tarn_fail(call, TARN_E_INTERNAL, errno, "the copy of the table of %s is unreadable",
                         scratch->name);
    return TARN_OK;
}

int32_t scratch_write(struct tarn_call *call, struct scratch *scratch, const void *buffer,
                      uint64_t length, uint64_t offset)
{
    if (pwrite(scratch->fd, buffer, length, (off_t)offset) != (ssize_t)length)
        return tarn_fail(call, TARN_E_IO, errno, "no memory for the partition table of %s",
                         scratch->name);
    return TARN_OK;
}

/* --- copying ---------------------------------------------------------------------------------- */

bool scratch_has(const struct scratch *scratch, uint64_t offset, uint64_t length)
{
    for (size_t i = 0; i < scratch->span_count; i++) {
        const struct scratch_span *span = &scratch->spans[i];

        if (offset >= span->offset && offset - span->offset <= span->length &&
            length <= span->length - (offset - span->offset))
            return true;
    }
    return false;
}

static int32_t note_span(struct tarn_call *call, struct scratch *scratch, uint64_t offset,
                         uint64_t length)
{
    if (scratch->span_count == scratch->span_room) {
        size_t room = scratch->span_room == 0 ? 8 : scratch->span_room * 2;
        struct scratch_span *spans = realloc(scratch->spans, room * sizeof(*spans));

        if (spans == NULL)
            return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a partition table");
        scratch->spans = spans;
        scratch->span_room = room;
    }
    scratch->spans[scratch->span_count++] = (struct scratch_span){ offset, length };
    return TARN_OK;
}

/* What another has written through another node of the disk (a partition's) may be newer than the
 * pages that this node has. */
static int32_t read_disk(struct tarn_call *call, const struct scratch *scratch, uint8_t *buffer,
                         uint64_t length, uint64_t offset)
{
    uint64_t done = 0;

    posix_fadvise(scratch->disk, (off_t)offset, (off_t)length, POSIX_FADV_DONTNEED);
    while (done < length) {
        ssize_t got = pread(scratch->disk, buffer + done, length - done, (off_t)(offset + done));

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return tarn_fail(call, got < 0 ? status_from_errno(errno) : TARN_E_IO,
                             got < 0 ? errno : 0,
                             "the partition table of %s cannot be read: %llu bytes at %llu",
                             scratch->name, (unsigned long long)length,
                             (unsigned long long)offset);
        done += (uint64_t)got;
    }
    return TARN_OK;
}

int32_t scratch_copy(struct tarn_call *call, struct scratch *scratch, uint64_t offset,
                     uint64_t length)
{
    uint64_t end = 0;
    uint8_t *buffer;
    int32_t status;

    if (__builtin_add_overflow(offset, length, &end) || end > scratch->size || length == 0)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the partition table of %s names %llu bytes at %llu, which the disk does "
                         "not have", scratch->name, (unsigned long long)length,
                         (unsigned long long)offset);
    if (scratch->changed || scratch_has(scratch, offset, length))
        return TARN_OK;
    end = end + GRAIN - 1 < scratch->size ? (end + GRAIN - 1) / GRAIN * GRAIN : scratch->size;
    offset = offset / GRAIN * GRAIN;
    length = end - offset;
    buffer = malloc(length);
    if (buffer == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a partition table");
    status = read_disk(call, scratch, buffer, length, offset);
    if (status == TARN_OK)
        status = note_span(call, scratch, offset, length);
    if (status == TARN_OK)
        status = scratch_write(call, scratch, buffer, length, offset);
    free(buffer);
    return status;
}
