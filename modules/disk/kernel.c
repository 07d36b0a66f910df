/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Telling the kernel what has changed, partition by partition (BLKPG): those that are in use stay
 * as they are. The table is never read again as a whole.
 */
#include <errno.h>
#include <linux/blkpg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "disk.h"
#include "helpers/errno-status.h"

/* udev opens a partition for a moment when it appears, or when it was written to. */
#define BUSY_PATIENCE 3000u /* milliseconds */
#define BUSY_STEP 50u

static bool is_mapping(const struct disk *disk)
{
    return disk->node.mapping[0] != '\0';
}

static int blkpg(const struct disk *disk, int operation, unsigned number, uint64_t start,
                 uint64_t length)
{
    struct blkpg_partition partition = { .start = (long long)start, .length = (long long)length,
                                         .pno = (int)number };
    struct blkpg_ioctl_arg argument = { .op = operation, .datalen = sizeof(partition),
                                        .data = &partition };

    return ioctl(disk->lock, BLKPG, &argument) < 0 ? errno : 0;
}

/* Of an extended partition the kernel shows the first two sectors, so that nobody takes it for a
 * disk. */
static uint64_t shown_length(const struct disk *disk, const struct part *part)
{
    uint64_t length = part->kind == PART_EXTENDED && part->length > 2 ? 2 : part->length;

    return length * disk->node.sector;
}

/* --- letting go ------------------------------------------------------------------------------- */

static int remove_once(const struct disk *disk, const struct block_part *part)
{
    return is_mapping(disk) ? mapping_remove(part->name)
                            : blkpg(disk, BLKPG_DEL_PARTITION, part->number, 0, 0);
}

static int32_t remove_part(struct tarn_call *call, const struct disk *disk,
                           const struct block_part *part)
{
    unsigned waited = 0;
    int32_t status = TARN_OK;
    int error;

    while ((error = remove_once(disk, part)) == EBUSY && waited < BUSY_PATIENCE &&
           status == TARN_OK) {
        status = disk_pause(call, BUSY_STEP);
        waited += BUSY_STEP;
    }
    if (status != TARN_OK)
        return status;
    if (error == EBUSY)
        return tarn_fail(call, TARN_E_BUSY, 0,
                         "the partition %s is in use (mounted, or open in a program), and would "
                         "have to go or to move: stop using it first", part->node);
    if (error != 0 && error != ENXIO)
        return tarn_fail(call, status_from_errno(error), error,
                         "the kernel does not let go of the partition %s", part->node);
    return TARN_OK;
}

static bool overlaps(const struct disk *disk, const struct block_part *there,
                     const struct part *wanted)
{
    uint64_t start = wanted->start * disk->node.sector;

    return wanted->kind != PART_EXTENDED && there->start < start + shown_length(disk, wanted) &&
           start < there->start + there->size;
}

/* It is not in the table: the whole disk as a partition (sun, dvh), free space as one (mac), or
 * what was forgotten. It only matters where it is in the way. */
static bool is_in_the_way(const struct disk *disk, const struct block_part *there,
                          const struct table *wanted)
{
    for (size_t i = 0; i < wanted->part_count; i++) {
        const struct part *part = &wanted->parts[i];

        if (part->kept ||
            block_part_numbered(disk->parts, disk->part_count, part->number) != NULL)
            continue;
        if (overlaps(disk, there, part))
            return true;
    }
    return false;
}

static bool must_go(const struct disk *disk, const struct block_part *there,
                    const struct table *wanted)
{
    const struct part *part = wanted != NULL ? table_part(wanted, there->number) : NULL;
    const struct part *before = table_part(&disk->table, there->number);

    if (wanted == NULL)
        return true;
    if (part != NULL)
        return !part->kept && part->start * disk->node.sector != there->start;
    return (before != NULL && !before->kept) || is_in_the_way(disk, there, wanted);
}

int32_t kernel_let_go(struct tarn_call *call, struct disk *disk, const struct table *wanted)
{
    size_t i;
    int32_t status = TARN_OK;

    for (i = disk->part_count; i > 0 && status == TARN_OK; i--)
        if (must_go(disk, &disk->parts[i - 1], wanted))
            status = remove_part(call, disk, &disk->parts[i - 1]);
    if (status == TARN_OK)
        return disk_look_at_kernel(call, disk);
    if (disk_look_at_kernel(call, disk) == TARN_OK)
        kernel_tell(call, disk, &disk->table);
    return status;
}

/* --- telling ---------------------------------------------------------------------------------- */

static int32_t add_part(struct tarn_call *call, const struct disk *disk, const struct part *part)
{
    uint64_t start = part->start * disk->node.sector;
    uint64_t length = shown_length(disk, part);
    char name[BLOCK_NAME_SIZE];
    int error;

    if (is_mapping(disk)) {
        list_name(disk, part->number, name);
        return mapping_add(call, disk, name, part->number, start, length);
    }
    error = blkpg(disk, BLKPG_ADD_PARTITION, part->number, start, length);
    if (error == 0)
        return TARN_OK;
    return tarn_fail(call, status_from_errno(error), error,
                     "the kernel does not take the partition %u of %s", part->number,
                     disk->pool->device);
}

static int32_t resize_part(struct tarn_call *call, const struct disk *disk,
                           const struct block_part *there, const struct part *part)
{
    uint64_t start = part->start * disk->node.sector;
    uint64_t length = shown_length(disk, part);
    int error;

    if (part->kind == PART_EXTENDED || there->size == length)
        return TARN_OK;
    if (is_mapping(disk))
        return mapping_resize(call, disk, there->name, start, length);
    error = blkpg(disk, BLKPG_RESIZE_PARTITION, part->number, start, length);
    if (error == 0)
        return TARN_OK;
    return tarn_fail(call, status_from_errno(error), error,
                     "the kernel does not resize the partition %s", there->node);
}

int32_t kernel_tell(struct tarn_call *call, struct disk *disk, const struct table *wanted)
{
    size_t i;
    int32_t status = TARN_OK;

    for (i = 0; i < wanted->part_count && status == TARN_OK; i++) {
        const struct part *part = &wanted->parts[i];
        const struct block_part *there =
            block_part_numbered(disk->parts, disk->part_count, part->number);

        if (part->kept)
            continue;
        status = there == NULL ? add_part(call, disk, part)
                               : resize_part(call, disk, there, part);
    }
    return status == TARN_OK ? disk_look_at_kernel(call, disk) : status;
}
