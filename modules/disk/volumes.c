/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is done with partitions that are there: opening, deleting, resizing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cut.h"
#include "disk.h"
#include "helpers/errno-status.h"
#include "helpers/file-io.h"
#include "place.h"

static int32_t find(struct tarn_call *call, const struct disk *disk, const char *name,
                    const struct part **out)
{
    *out = list_find(disk, name);
    return *out != NULL ? TARN_OK : list_not_found(call, disk, name);
}

static int32_t begin_change(struct tarn_call *call, const struct disk_pool *pool,
                            const char *name, struct disk *disk, const struct part **out)
{
    int32_t status = disk_open(call, pool, DISK_WRITE, disk);

    if (status == TARN_OK)
        status = disk_look(call, disk);
    return status == TARN_OK ? find(call, disk, name, out) : status;
}

/* --- opening ---------------------------------------------------------------------------------- */

/* For writing alone, so that nobody mounts it meanwhile, and one that is mounted is refused. */
static int32_t open_node(struct tarn_call *call, const struct block_part *there, uint32_t flags,
                         int *out)
{
    bool write = (flags & TARN_OPEN_WRITE) != 0;
    struct stat st;
    int fd = open(there->node,
                  (write ? O_RDWR | O_EXCL : O_RDONLY) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return tarn_fail(call, status_from_errno(errno), errno,
                         errno == EBUSY ? "the partition %s is mounted, or part of something else"
                                        : "the partition %s cannot be opened", there->node);
    if (fstat(fd, &st) < 0 || st.st_rdev != makedev(there->device_major, there->device_minor)) {
        close(fd);
        return tarn_fail(call, TARN_E_STATE, 0, "%s is not the node of the partition any more",
                         there->node);
    }
    *out = fd;
    return TARN_OK;
}

int32_t disk_volume_open(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                         struct tarn_io **out_io)
{
    const struct block_part *there = NULL;
    const struct part *part = NULL;
    struct disk disk;
    int fd = -1;
    int32_t status = list_look(call, pool, &disk);

    if (status == TARN_OK)
        status = find(call, &disk, name, &part);
    if (status == TARN_OK && part->kind == PART_EXTENDED)
        status = tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                           "the extended partition %s holds partitions, and no bytes of its own",
                           name);
    if (status == TARN_OK) {
        there = block_part_numbered(disk.parts, disk.part_count, part->number);
        status = there != NULL ? open_node(call, there, flags, &fd)
                               : tarn_fail(call, TARN_E_STATE, 0,
                                           "the kernel does not have the partition %s: stop and "
                                           "start the pool", name);
    }
    disk_close(&disk);
    if (status != TARN_OK)
        return status;
    return file_io_open_fd(call, fd, flags & TARN_OPEN_WRITE ? TARN_IO_WRITABLE : 0, out_io);
}

/* --- deleting --------------------------------------------------------------------------------- */

static int32_t check_empty(struct tarn_call *call, const struct disk *disk,
                           const struct part *part, const char *name)
{
    size_t i;

    for (i = 0; part->kind == PART_EXTENDED && i < disk->table.part_count; i++)
        if (disk->table.parts[i].kind == PART_LOGICAL)
            return tarn_fail(call, TARN_E_STATE, 0,
                             "the extended partition %s still has logical ones: delete those "
                             "first", name);
    return TARN_OK;
}

/* A partition's name, and where it is: that does not change. */
struct place_name {
    uint64_t start;
    char name[BLOCK_NAME_SIZE];
};

static struct place_name *note_names(const struct disk *disk)
{
    struct place_name *names = calloc(disk->table.part_count + 1, sizeof(*names));
    size_t i;

    for (i = 0; names != NULL && i < disk->table.part_count; i++) {
        names[i].start = disk->table.parts[i].start;
        list_name(disk, disk->table.parts[i].number, names[i].name);
    }
    return names;
}

/* The chain of logical partitions is numbered without gaps. */
static void tell_moved(struct tarn_call *call, const struct disk *disk,
                       const struct place_name *names, size_t count)
{
    char name[BLOCK_NAME_SIZE];
    size_t i;
    size_t k;

    for (i = 0; i < disk->table.part_count; i++)
        for (k = 0; k < count; k++) {
            if (names[k].start != disk->table.parts[i].start ||
                disk->table.parts[i].kind != PART_LOGICAL)
                continue;
            list_name(disk, disk->table.parts[i].number, name);
            if (strcmp(name, names[k].name) != 0)
                call->host->notify(call, TARN_NOTICE_MOVED, name, names[k].name);
        }
}

int32_t disk_volume_delete(struct tarn_call *call, void *pool, const char *name)
{
    struct place_name *names = NULL;
    const struct part *part = NULL;
    size_t count = 0;
    struct disk disk;
    int32_t status = begin_change(call, pool, name, &disk, &part);

    if (status == TARN_OK)
        status = check_empty(call, &disk, part, name);
    if (status == TARN_OK) {
        names = note_names(&disk);
        count = disk.table.part_count;
        status = names != NULL ? table_remove(call, &disk.scratch, part->number)
                               : tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to delete");
    }
    if (status == TARN_OK)
        status = change_commit(call, &disk);
    if (status == TARN_OK)
        tell_moved(call, &disk, names, count);
    free(names);
    disk_close(&disk);
    return status;
}

/* --- resizing --------------------------------------------------------------------------------- */

static int32_t check_growth(struct tarn_call *call, const struct disk *disk,
                            const struct part *part, const char *name, uint64_t wanted)
{
    uint64_t end = part->start + part->length;
    struct gap *gaps = NULL;
    size_t count = 0;
    uint64_t limit;
    int32_t status = reserve_gaps(call, disk, &gaps, &count);

    if (status != TARN_OK)
        return status;
    limit = place_limit(gaps, count, part->kind == PART_LOGICAL, end);
    free(gaps);
    if (wanted <= limit - part->start)
        return TARN_OK;
    return tarn_fail(call, TARN_E_NO_SPACE, 0,
                     "the partition %s can grow to %llu bytes, where the free space behind it "
                     "ends, not to %llu", name,
                     (unsigned long long)((limit - part->start) * disk->table.sector),
                     (unsigned long long)(wanted * disk->table.sector));
}

static int32_t check_logical(struct tarn_call *call, const struct disk *disk,
                             const struct part *part, const char *name, uint64_t wanted)
{
    size_t i;

    for (i = 0; i < disk->table.part_count; i++) {
        const struct part *each = &disk->table.parts[i];

        if (each->kind == PART_LOGICAL && each->start + each->length > part->start + wanted)
            return tarn_fail(call, TARN_E_STATE, 0,
                             "logical partitions lie in what would be cut from %s: delete them "
                             "first", name);
    }
    return TARN_OK;
}

static int32_t check_shrinking(struct tarn_call *call, const struct disk *disk,
                               const struct part *part, const char *name, uint64_t wanted,
                               uint32_t flags)
{
    const struct block_part *there =
        block_part_numbered(disk->parts, disk->part_count, part->number);

    if (!(flags & TARN_TRUNCATE_SHRINK))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the volume \"%s\" has %llu bytes, and %llu are less: data would be "
                         "lost; say that it shall shrink", name,
                         (unsigned long long)(part->length * disk->table.sector),
                         (unsigned long long)(wanted * disk->table.sector));
    if (part->kind == PART_EXTENDED)
        return check_logical(call, disk, part, name, wanted);
    if (there == NULL)
        return tarn_fail(call, TARN_E_STATE, 0,
                         "the kernel does not have the partition %s: stop and start the pool",
                         name);
    return cut_check(call, there->node, wanted * disk->table.sector);
}

static int32_t sectors_of(struct tarn_call *call, const struct disk *disk, uint64_t size,
                          uint64_t *out)
{
    uint64_t sector = disk->table.sector;
    struct grain grain = grain_of(&disk->table, 0, 0);

    *out = size / sector + (size % sector != 0);
    *out = (*out + grain.length - 1) / grain.length * grain.length;
    return *out > 0 ? TARN_OK
                    : tarn_fail(call, TARN_E_INVALID, 0, "a partition cannot have 0 bytes");
}

int32_t disk_volume_resize(struct tarn_call *call, void *pool, const char *name, uint64_t size,
                           uint32_t flags)
{
    const struct part *part = NULL;
    uint64_t wanted = 0;
    struct disk disk;
    int32_t status = begin_change(call, pool, name, &disk, &part);

    if (status == TARN_OK)
        status = sectors_of(call, &disk, size, &wanted);
    if (status == TARN_OK && wanted > part->length)
        status = check_growth(call, &disk, part, name, wanted);
    if (status == TARN_OK && wanted < part->length)
        status = check_shrinking(call, &disk, part, name, wanted, flags);
    if (status == TARN_OK && wanted != part->length) {
        status = table_resize(call, &disk.scratch, part->number, wanted);
        if (status == TARN_OK)
            status = change_commit(call, &disk);
    }
    disk_close(&disk);
    return status;
}
