/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A partition that is being filled is in no table yet. Its extent is reserved by a lock on exactly
 * these bytes of the disk's node (an open file description's, which ends with the process), taken
 * while the lock of the whole disk is held. QEMU's locks are on bytes 100 to 203, where no
 * partition can be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "helpers/errno-status.h"
#include "place.h"

/* More at once than anybody fills. */
#define RESERVED_MAX 256u

static struct flock lock_of(const struct disk *disk, uint64_t start, uint64_t end)
{
    return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET,
                           .l_start = (off_t)(start * disk->node.sector),
                           .l_len = (off_t)((end - start) * disk->node.sector) };
}

/* The first that somebody has reserved within [start, end); false if nothing. */
static bool next_reserved(const struct disk *disk, uint64_t start, uint64_t end,
                          struct gap *out)
{
    struct flock lock = lock_of(disk, start, end);
    uint64_t sector = disk->node.sector;

    if (start >= end || fcntl(disk->fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
        return false;
    out->start = (uint64_t)lock.l_start / sector;
    out->end = lock.l_len == 0 ? end
                               : ((uint64_t)lock.l_start + (uint64_t)lock.l_len + sector - 1) /
                                     sector;
    return true;
}

/* The kernel tells any lock that overlaps, not the first: each is looked for in what is left. */
static size_t cut_reserved(const struct disk *disk, struct gap *gaps, size_t count)
{
    size_t room = count + RESERVED_MAX;
    size_t i;

    for (i = 0; i < count; i++) {
        struct gap taken;

        while (count < room && next_reserved(disk, gaps[i].start, gaps[i].end, &taken))
            count = place_cut(gaps, count, taken.start, taken.end);
    }
    return count;
}

int32_t reserve_gaps(struct tarn_call *call, const struct disk *disk, struct gap **out,
                     size_t *out_count)
{
    struct gap *gaps = calloc(disk->table.gap_count + RESERVED_MAX + 1, sizeof(*gaps));

    if (gaps == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to find free space");
    if (disk->table.gap_count > 0)
        memcpy(gaps, disk->table.gaps, disk->table.gap_count * sizeof(*gaps));
    *out_count = cut_reserved(disk, gaps, disk->table.gap_count);
    *out = gaps;
    return TARN_OK;
}

int32_t reserve_take(struct tarn_call *call, const struct disk *disk, uint64_t start, uint64_t end)
{
    struct flock lock = lock_of(disk, start, end);

    if (fcntl(disk->fd, F_OFD_SETLK, &lock) == 0)
        return TARN_OK;
    return tarn_fail(call, errno == EAGAIN || errno == EACCES ? TARN_E_BUSY
                                                              : status_from_errno(errno),
                     errno, "another program has locked that part of %s: try again",
                     disk->pool->device);
}
