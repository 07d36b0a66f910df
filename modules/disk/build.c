/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Making a partition table, and taking it away.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "helpers/errno-status.h"
#include "helpers/io-zero.h"
#include "helpers/signature.h"

/* libvirt zeroes as much at both ends. */
#define END_SIZE ((uint64_t)1024 * 1024)

static int32_t check_format(struct tarn_call *call, const struct disk_pool *pool)
{
    if (pool->label != NULL || strcmp(pool->format, "unknown") == 0)
        return TARN_OK;
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                     "%s is no partition table that can be made: use gpt or dos, or a pool of the "
                     "type logical", pool->format);
}

/* --- building --------------------------------------------------------------------------------- */

/* libblkid does not know all tables. */
static int32_t refuse_table(struct tarn_call *call, const struct disk *disk)
{
    struct scratch scratch;
    struct table table;
    int32_t status = scratch_open(call, &scratch, disk->pool->device, disk->fd, disk->node.size,
                                  disk->node.sector);

    if (status != TARN_OK)
        return status;
    status = table_read(call, &table, &scratch);
    scratch_close(&scratch);
    if (status == TARN_OK) {
        status = tarn_fail(call, TARN_E_EXISTS, 0,
                           "%s has a partition table of the kind %s: build with --overwrite to "
                           "lose it, or start the pool", disk->pool->device, table.label->name);
        table_clear(&table);
        return status;
    }
    call->host->forget(call);
    return TARN_OK;
}

/* Also true of disks with a partition that is mounted, or part of something. */
static int32_t check_unused(struct tarn_call *call, const struct disk *disk)
{
    int fd = open(disk->node.node, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return tarn_fail(call, status_from_errno(errno), errno,
                         errno == EBUSY ? "%s or a partition of it is in use (mounted, or part of "
                                          "something else): stop that first"
                                        : "%s cannot be opened", disk->pool->device);
    close(fd);
    return TARN_OK;
}

static int32_t clear(struct tarn_call *call, struct disk *disk, uint32_t flags)
{
    int32_t status = check_unused(call, disk);

    if (status == TARN_OK && !(flags & TARN_BUILD_OVERWRITE)) {
        status = refuse_table(call, disk);
        return status == TARN_OK ? signature_refuse(call, disk->pool->device) : status;
    }
    if (status == TARN_OK)
        status = disk_look_at_kernel(call, disk);
    if (status == TARN_OK)
        status = kernel_let_go(call, disk, NULL);
    return status == TARN_OK ? signature_wipe(call, disk->pool->device) : status;
}

static int32_t write_table(struct tarn_call *call, struct disk *disk)
{
    const struct label *label =
        disk->pool->label != NULL ? disk->pool->label : label_find("gpt");
    const struct gpt_state none = { false, false, false, false };
    struct changes changes = { NULL, 0, 0 };
    int32_t status = scratch_open(call, &disk->scratch, disk->pool->device, disk->fd,
                                  disk->node.size, disk->node.sector);

    if (status == TARN_OK)
        status = table_create(call, &disk->scratch, label);
    if (status == TARN_OK)
        status = table_read(call, &disk->table, &disk->scratch);
    if (status == TARN_OK)
        status = changes_find(call, &changes, &disk->scratch, label, &none);
    if (status == TARN_OK)
        status = changes_store(call, &changes, &disk->scratch);
    changes_clear(&changes);
    if (status == TARN_OK && disk->table.id[0] != '\0')
        status = call->host->identify(call, "label", disk->table.id, TARN_IDENTIFY_NEW);
    return status;
}

int32_t disk_build(struct tarn_call *call, void *pool, uint32_t flags)
{
    struct disk disk;
    int32_t status = check_format(call, pool);

    if (status != TARN_OK)
        return status;
    status = disk_open(call, pool, DISK_WRITE, &disk);
    if (status == TARN_OK)
        status = clear(call, &disk, flags);
    if (status == TARN_OK)
        status = write_table(call, &disk);
    disk_close(&disk);
    return status;
}

/* --- removing --------------------------------------------------------------------------------- */

static int32_t check_empty(struct tarn_call *call, const struct disk *disk)
{
    char name[BLOCK_NAME_SIZE];
    size_t i;

    for (i = 0; i < disk->table.part_count; i++) {
        if (disk->table.parts[i].kept)
            continue;
        list_name(disk, disk->table.parts[i].number, name);
        return tarn_fail(call, TARN_E_STATE, 0,
                         "%s still has partitions, such as %s: delete those volumes first",
                         disk->pool->device, name);
    }
    return TARN_OK;
}

static int32_t zero_ends(struct tarn_call *call, struct disk *disk)
{
    uint64_t size = disk->node.size;
    uint64_t part = size < END_SIZE ? size : END_SIZE;
    struct tarn_io *io = NULL;
    int32_t closed;
    int32_t status = range_io_open(call, disk->fd, 0, size, &io);

    if (status != TARN_OK)
        return status;
    status = io_write_zeros(call, io, 0, part);
    if (status == TARN_OK)
        status = io_write_zeros(call, io, size - part, part);
    if (status == TARN_OK)
        status = tarn_io_flush(call, io);
    closed = tarn_io_close(call, io);
    return status == TARN_OK ? closed : status;
}

int32_t disk_remove(struct tarn_call *call, void *pool)
{
    struct disk disk;
    int32_t status = disk_open(call, pool, DISK_WRITE, &disk);

    if (status == TARN_OK)
        status = disk_look(call, &disk);
    if (status == TARN_OK)
        status = check_empty(call, &disk);
    if (status == TARN_OK)
        status = kernel_let_go(call, &disk, NULL);
    if (status == TARN_OK)
        status = zero_ends(call, &disk);
    disk_close(&disk);
    return status;
}
