/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A partition's birth: an extent of the disk is reserved and filled while the table knows nothing
 * of it; then its entry is written. Who is killed before that leaves nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "helpers/calm-call.h"
#include "helpers/errno-status.h"
#include "place.h"

struct container {
    int fd; /* of the disk; holds the reservation */
    struct part_request request;
    char *name;    /* in a GPT; NULL = none. request.name is this */
    char *volume;  /* as it was asked for */
    struct tarn_permissions permissions; /* without a label */
};

static void container_free(struct container *container)
{
    free(container->name);
    free(container->volume);
    free(container);
}

/* --- number and kind -------------------------------------------------------------------------- */

static unsigned next_logical(const struct table *table)
{
    unsigned last = 4;

    for (size_t i = 0; i < table->part_count; i++)
        if (table->parts[i].kind == PART_LOGICAL && table->parts[i].number > last)
            last = table->parts[i].number;
    return last + 1;
}

static unsigned next_primary(const struct table *table)
{
    unsigned number;

    for (number = 1; number <= table->number_max; number++)
        if (label_may_number(table->label, number) && table_part(table, number) == NULL)
            return number;
    return 0;
}

/* The number that the table would give: the lowest, and where primary ones are used up, the next
 * logical one. 0: it is full. */
static unsigned next_number(const struct table *table, bool extended)
{
    unsigned number = next_primary(table);

    return number == 0 && !extended && table_extended(table) != NULL ? next_logical(table) : number;
}

static bool is_named(const struct disk *disk, unsigned number, const char *name)
{
    char expected[BLOCK_NAME_SIZE];

    list_name(disk, number, expected);
    return strcmp(expected, name) == 0;
}

/* The free number whose node will have that name; 0. */
static unsigned number_named(const struct disk *disk, const char *name, bool extended)
{
    const struct table *table = &disk->table;
    unsigned number;

    for (number = 1; number <= table->number_max; number++)
        if (label_may_number(table->label, number) && table_part(table, number) == NULL &&
            is_named(disk, number, name))
            return number;
    number = next_logical(table);
    if (!extended && table_extended(table) != NULL && is_named(disk, number, name))
        return number;
    return 0;
}

/* Is it how the kernel would call some partition of this disk? */
static bool is_a_kernels(const struct disk *disk, const char *name)
{
    unsigned number;

    for (number = 1; number <= 256; number++)
        if (is_named(disk, number, name))
            return true;
    return false;
}

static int32_t fail_full(struct tarn_call *call, const struct disk *disk)
{
    if (disk->table.label->extended)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "%s has four primary partitions, and a dos table has no place for more: "
                         "delete one, and make an extended one for further ones",
                         disk->pool->device);
    return tarn_fail(call, TARN_E_NO_SPACE, 0, "the partition table of %s is full: delete one",
                     disk->pool->device);
}

/* The volume's name decides: it is what the kernel will call it, or, in a GPT, the partition's own
 * name, and the kernel's is told. Without one it is any. */
static int32_t choose_number(struct tarn_call *call, const struct disk *disk, const char *name,
                             struct part_request *request)
{
    bool extended = request->kind == PART_EXTENDED;
    bool unnamed = name[0] == '\0';
    unsigned next = next_number(&disk->table, extended);
    unsigned number = unnamed ? 0 : number_named(disk, name, extended);
    char expected[BLOCK_NAME_SIZE];

    if (number == 0 && next == 0)
        return fail_full(call, disk);
    if (number == 0 && !unnamed && (!disk->table.label->names || is_a_kernels(disk, name))) {
        list_name(disk, next, expected);
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the kernel would call the new partition %s, not \"%s\": ask for that "
                         "name", expected, name);
    }
    request->number = number;
    request->name = number == 0 && !unnamed ? name : NULL;
    if ((number != 0 ? number : next) > disk->table.number_max)
        request->kind = PART_LOGICAL;
    return request->name != NULL ? gpt_check_name(call, name) : TARN_OK;
}

static int32_t choose_type(struct tarn_call *call, const struct disk *disk, const char *format,
                           struct part_request *request)
{
    const struct label *label = disk->table.label;

    request->type = label_type(label, format);
    if (request->type == NULL)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "a partition table of the kind %s cannot mark a partition as %s",
                         label->name, format);
    request->kind = strcmp(format, "extended") == 0 ? PART_EXTENDED : PART_PRIMARY;
    if (request->kind == PART_EXTENDED && table_extended(&disk->table) != NULL)
        return tarn_fail(call, TARN_E_EXISTS, 0, "%s has an extended partition already",
                         disk->pool->device);
    return TARN_OK;
}

/* --- the extent ------------------------------------------------------------------------------- */

static int32_t choose_extent(struct tarn_call *call, const struct disk *disk, uint64_t size,
                             struct part_request *request)
{
    uint64_t sector = disk->table.sector;
    uint64_t sectors = size / sector + (size % sector != 0);
    struct grain grain = grain_of(&disk->table, disk->node.optimal, disk->node.misaligned);
    struct gap *gaps = NULL;
    struct gap place;
    uint64_t largest = 0;
    size_t count = 0;
    int32_t status = reserve_gaps(call, disk, &gaps, &count);

    if (status != TARN_OK)
        return status;
    if (place_find(gaps, count, request->kind == PART_LOGICAL, &grain, sectors, &place,
                   &largest)) {
        request->start = place.start;
        request->length = place.end - place.start;
    } else {
        status = tarn_fail(call, TARN_E_NO_SPACE, 0,
                           "no free extent of %s holds %llu bytes%s: the largest holds %llu",
                           disk->pool->device, (unsigned long long)size,
                           request->kind == PART_LOGICAL ? " within the extended partition" : "",
                           (unsigned long long)(largest * sector));
    }
    free(gaps);
    return status;
}

static int32_t choose(struct tarn_call *call, const struct disk *disk,
                      const struct tarn_container_spec *spec, struct container *container)
{
    struct part_request *request = &container->request;
    int32_t status =
        choose_type(call, disk, spec->format != NULL ? spec->format : "none", request);

    if (status == TARN_OK)
        status = choose_number(call, disk, spec->name, request);
    if (status == TARN_OK)
        status = choose_extent(call, disk, spec->size, request);
    if (status == TARN_OK)
        status = reserve_take(call, disk, request->start, request->start + request->length);
    return status;
}

/* --- phase one -------------------------------------------------------------------------------- */

static int32_t check_spec(struct tarn_call *call, const struct tarn_container_spec *spec)
{
    if (spec->size == 0)
        return tarn_fail(call, TARN_E_INVALID, 0, "a partition cannot have 0 bytes");
    if (spec->permissions != NULL && spec->permissions->label != NULL)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "partitions have no security labels of their own: leave out <label>");
    return TARN_OK;
}

static struct container *container_new(const struct tarn_container_spec *spec)
{
    struct container *container = calloc(1, sizeof(*container));

    if (container == NULL)
        return NULL;
    container->fd = -1;
    container->volume = strdup(spec->name);
    container->permissions = (struct tarn_permissions){
        .mode = TARN_MODE_UNSET, .owner = TARN_OWNER_UNSET, .group = TARN_OWNER_UNSET,
    };
    if (spec->permissions != NULL)
        container->permissions = *spec->permissions;
    if (container->volume == NULL) {
        container_free(container);
        return NULL;
    }
    return container;
}

/* The descriptor goes from the disk to the container, and the lock of the disk is given back. */
static int32_t take_over(struct tarn_call *call, struct disk *disk, struct container *container,
                         struct tarn_io **out_io)
{
    const struct part_request *request = &container->request;
    int32_t status = TARN_OK;

    if (request->name != NULL && (container->name = strdup(request->name)) == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a volume");
    container->request.name = container->name;
    if (request->kind != PART_EXTENDED)
        status = range_io_open(call, disk->fd, request->start * disk->table.sector,
                               request->length * disk->table.sector, out_io);
    if (status == TARN_OK) {
        container->fd = disk->fd;
        disk->fd = -1;
    }
    return status;
}

int32_t disk_volume_allocate(struct tarn_call *call, void *pool,
                             const struct tarn_container_spec *spec, void **out_container,
                             struct tarn_io **out_io)
{
    struct container *container;
    struct disk disk;
    int32_t status = check_spec(call, spec);

    if (status != TARN_OK)
        return status;
    container = container_new(spec);
    if (container == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a volume");
    *out_io = NULL;
    status = disk_open(call, pool, DISK_WRITE, &disk);
    if (status == TARN_OK)
        status = disk_look(call, &disk);
    if (status == TARN_OK)
        status = choose(call, &disk, spec, container);
    if (status == TARN_OK)
        status = take_over(call, &disk, container, out_io);
    disk_close(&disk);
    if (status == TARN_OK)
        *out_container = container;
    else
        container_free(container);
    return status;
}

/* --- phase two -------------------------------------------------------------------------------- */

/* What was written through the disk's node must not come later than what is written through the
 * partition's, nor be read there. */
static int32_t flush_pages(struct tarn_call *call, const struct disk *disk)
{
    if (fsync(disk->fd) == 0 && (ioctl(disk->fd, BLKFLSBUF, 0) == 0 || errno == EACCES))
        return TARN_OK;
    return tarn_fail(call, status_from_errno(errno), errno, "%s cannot be flushed",
                     disk->pool->device);
}

/* Between the two phases only we have kept to the reservation. */
static int32_t check_still_free(struct tarn_call *call, const struct disk *disk,
                                const struct part_request *request)
{
    uint64_t first = request->start - (request->kind == PART_LOGICAL ? 1 : 0);
    const struct table *table = &disk->table;
    size_t i;

    for (i = 0; i < table->gap_count; i++)
        if (table->gaps[i].logical == (request->kind == PART_LOGICAL) &&
            first >= table->gaps[i].start &&
            request->start + request->length <= table->gaps[i].end)
            break;
    if (i == table->gap_count)
        return tarn_fail(call, TARN_E_BUSY, 0,
                         "another program has made a partition of %s where the volume was being "
                         "filled: create it anew", disk->pool->device);
    if (request->number != 0 && table_part(table, request->number) != NULL)
        return tarn_fail(call, TARN_E_EXISTS, 0,
                         "another program has made the partition %u of %s meanwhile",
                         request->number, disk->pool->device);
    return TARN_OK;
}

static int32_t check_number(struct tarn_call *call, const struct disk *disk,
                            const struct part_request *request, unsigned number)
{
    if (request->number == 0 || request->number == number)
        return TARN_OK;
    return tarn_fail(call, TARN_E_EXISTS, 0,
                     "the partition of %s would get the number %u meanwhile, not %u: create it "
                     "anew", disk->pool->device, number, request->number);
}

static int32_t write_entry(struct tarn_call *call, struct disk *disk,
                           struct part_request *request, unsigned *out_number)
{
    struct part_request wanted = *request;
    int32_t status = check_still_free(call, disk, request);

    if (wanted.kind == PART_LOGICAL)
        wanted.number = 0; /* the next, whatever one asks for */
    else if (wanted.number == 0)
        wanted.number = next_primary(&disk->table);
    if (status == TARN_OK)
        status = table_add(call, &disk->scratch, &disk->table, &wanted, out_number);
    if (status == TARN_OK)
        status = check_number(call, disk, request, *out_number);
    return status == TARN_OK ? change_commit(call, disk) : status;
}

static int32_t set_permissions(struct tarn_call *call, const struct block_part *part,
                               const struct tarn_permissions *wanted)
{
    uid_t owner = wanted->owner == TARN_OWNER_UNSET ? (uid_t)-1 : wanted->owner;
    gid_t group = wanted->group == TARN_OWNER_UNSET ? (gid_t)-1 : wanted->group;

    if ((owner != (uid_t)-1 || group != (gid_t)-1) && chown(part->node, owner, group) < 0)
        return tarn_fail(call, status_from_errno(errno), errno,
                         "the owner of %s cannot be set", part->node);
    if (wanted->mode != TARN_MODE_UNSET && chmod(part->node, wanted->mode) < 0)
        return tarn_fail(call, status_from_errno(errno), errno, "the mode of %s cannot be set",
                         part->node);
    return TARN_OK;
}

/* The failure that is recorded stays the first. */
static void undo(struct tarn_call *call, const struct disk_pool *pool, unsigned number)
{
    struct calm_call calm;
    struct disk disk;

    call = calm_call_begin(&calm, call);
    if (disk_open(call, pool, DISK_WRITE, &disk) == TARN_OK &&
        disk_look(call, &disk) == TARN_OK &&
        table_remove(call, &disk.scratch, number) == TARN_OK)
        change_commit(call, &disk);
    disk_close(&disk);
}

static int32_t present(struct tarn_call *call, const struct disk_pool *pool,
                       const struct container *container, unsigned number, uint64_t began)
{
    const struct block_part *there = NULL;
    const struct part *part = NULL;
    struct disk disk;
    int32_t status = disk_open(call, pool, 0, &disk);

    if (status == TARN_OK)
        status = disk_look(call, &disk);
    if (status == TARN_OK) {
        part = table_part(&disk.table, number);
        there = block_part_numbered(disk.parts, disk.part_count, number);
        if (part == NULL || there == NULL)
            status = tarn_fail(call, TARN_E_BUSY, 0,
                               "another program has removed the new partition %u of %s", number,
                               pool->device);
    }
    if (disk.lock >= 0)
        close(disk.lock); /* udev makes no links while it is held */
    disk.lock = -1;
    if (status == TARN_OK)
        status = list_await(call, pool, there, began);
    if (status == TARN_OK)
        status = set_permissions(call, there, &container->permissions);
    if (status == TARN_OK && strcmp(there->name, container->volume) != 0)
        status = list_emit(call, &disk, part);
    disk_close(&disk);
    return status;
}

int32_t disk_volume_publish(struct tarn_call *call, void *pool, void *container_handle)
{
    struct container *container = container_handle;
    const uint64_t began = settle_now();
    unsigned number = 0;
    struct disk disk;
    int32_t status = disk_adopt(call, pool, container->fd, &disk);

    if (status == TARN_OK)
        status = flush_pages(call, &disk);
    if (status == TARN_OK)
        status = disk_look(call, &disk);
    if (status == TARN_OK)
        status = write_entry(call, &disk, &container->request, &number);
    disk_close(&disk);
    if (status == TARN_OK) {
        status = present(call, pool, container, number, began);
        if (status != TARN_OK)
            undo(call, pool, number);
    }
    container_free(container);
    return status;
}

/* The descriptor is closed under the disk's lock if that can be had: see settle.c. */
void disk_volume_abort(struct tarn_call *call, void *pool, void *container_handle)
{
    struct container *container = container_handle;
    struct disk disk;

    disk_adopt(call, pool, container->fd, &disk);
    disk_close(&disk);
    call->host->forget(call);
    container_free(container);
}
