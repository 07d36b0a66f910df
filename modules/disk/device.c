/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening the disk, and reading its table.
 *
 * The lock is flock(2) of the whole disk's node, which udev and the partitioning tools keep to:
 * while it is held udev looks at nothing on the disk, and has nobody read the table again.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "disk.h"
#include "helpers/errno-status.h"

#define LOCK_STEP 20u /* milliseconds between two tries */

int32_t disk_pause(struct tarn_call *call, unsigned milliseconds)
{
    struct pollfd cancel = { .fd = call->host->cancel_fd(call), .events = POLLIN };

    poll(&cancel, 1, (int)milliseconds);
    return tarn_interrupted(call);
}

/* --- opening ---------------------------------------------------------------------------------- */

static int32_t fail_open(struct tarn_call *call, const struct disk_pool *pool)
{
    int error = errno;

    if (error == ENOENT || error == ENXIO || error == ENODEV)
        return tarn_fail(call, TARN_E_NOT_FOUND, error,
                         "the disk %s is not there: connect it, or mend the path in the "
                         "definition", pool->device);
    return tarn_fail(call, status_from_errno(error), error, "the disk %s cannot be opened",
                     pool->device);
}

static int32_t find_node(struct tarn_call *call, struct disk *disk)
{
    struct stat st;

    if (fstat(disk->lock, &st) < 0)
        return fail_open(call, disk->pool);
    if (!S_ISBLK(st.st_mode))
        return tarn_fail(call, TARN_E_INVALID, 0, "%s is no block device", disk->pool->device);
    return block_disk_find(call, SYSFS, major(st.st_rdev), minor(st.st_rdev), &disk->node);
}

/* Who only reads goes on without the lock in the end: a table is whole at any moment. */
static int32_t take_lock(struct tarn_call *call, struct disk *disk, bool write)
{
    unsigned waited = 0;
    int32_t status = TARN_OK;

    while (status == TARN_OK && flock(disk->lock, (write ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return tarn_fail(call, status_from_errno(errno), errno, "%s cannot be locked",
                             disk->pool->device);
        if (waited >= DISK_PATIENCE)
            return write ? tarn_fail(call, TARN_E_BUSY, 0,
                                     "another program has locked %s (flock) for %u seconds: end "
                                     "it", disk->pool->device, DISK_PATIENCE / 1000)
                         : TARN_OK;
        status = disk_pause(call, LOCK_STEP);
        waited += LOCK_STEP;
    }
    return status;
}

/* Not O_EXCL: partitions of it may well be mounted. */
static int32_t open_to_write(struct tarn_call *call, struct disk *disk)
{
    disk->fd = open(disk->node.node, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return disk->fd >= 0 ? TARN_OK : fail_open(call, disk->pool);
}

static int32_t begin(struct tarn_call *call, const struct disk_pool *pool, bool write,
                     struct disk *out)
{
    int32_t status;

    memset(out, 0, sizeof(*out));
    out->pool = pool;
    out->fd = -1;
    out->scratch.fd = -1;
    out->lock = open(pool->device, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (out->lock < 0)
        return fail_open(call, pool);
    status = find_node(call, out);
    return status == TARN_OK ? take_lock(call, out, write) : status;
}

int32_t disk_open(struct tarn_call *call, const struct disk_pool *pool, uint32_t flags,
                  struct disk *out)
{
    bool write = (flags & DISK_WRITE) != 0;
    int32_t status = begin(call, pool, write, out);

    if (status == TARN_OK && write)
        status = open_to_write(call, out);
    return status;
}

int32_t disk_adopt(struct tarn_call *call, const struct disk_pool *pool, int fd, struct disk *out)
{
    int32_t status = begin(call, pool, true, out);

    out->fd = fd;
    return status;
}

void disk_close(struct disk *disk)
{
    free(disk->parts);
    table_clear(&disk->table);
    scratch_close(&disk->scratch);
    if (disk->fd >= 0)
        settle_close(&disk->node, disk->fd);
    if (disk->lock >= 0)
        close(disk->lock);
    disk->parts = NULL;
    disk->part_count = 0;
    disk->fd = disk->lock = -1;
}

/* --- the table -------------------------------------------------------------------------------- */

static int32_t check_label(struct tarn_call *call, const struct disk *disk)
{
    const struct disk_pool *pool = disk->pool;

    if (pool->label == NULL || pool->label == disk->table.label)
        return TARN_OK;
    return tarn_fail(call, TARN_E_STATE, 0,
                     "%s has a partition table of the kind %s, and the pool is defined with %s: "
                     "mend the definition, or build the pool with --overwrite", pool->device,
                     disk->table.label->name, pool->label->name);
}

static int32_t identify(struct tarn_call *call, const struct disk *disk)
{
    return disk->table.id[0] != '\0'
               ? call->host->identify(call, "label", disk->table.id, 0)
               : TARN_OK;
}

int32_t disk_look_at_kernel(struct tarn_call *call, struct disk *disk)
{
    struct block_part *parts = NULL;
    size_t count = 0;
    int32_t status = block_parts_find(call, SYSFS, &disk->node, &parts, &count);
    size_t i;

    if (status != TARN_OK)
        return status;
    for (i = 0; disk->node.mapping[0] != '\0' && i < count; i++)
        parts[i].start = mapping_start(disk, parts[i].name);
    free(disk->parts);
    disk->parts = parts;
    disk->part_count = count;
    return TARN_OK;
}

int32_t disk_look(struct tarn_call *call, struct disk *disk)
{
    int32_t status = scratch_open(call, &disk->scratch, disk->pool->device,
                                  disk->fd >= 0 ? disk->fd : disk->lock, disk->node.size,
                                  disk->node.sector);

    if (status == TARN_OK)
        status = table_read(call, &disk->table, &disk->scratch);
    if (status == TARN_OK)
        status = check_label(call, disk);
    if (status == TARN_OK)
        status = identify(call, disk);
    if (status == TARN_OK)
        status = disk_look_at_kernel(call, disk);
    return status;
}
