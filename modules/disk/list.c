/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The partitions as volumes: what the table says, and the node that the kernel has for it.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "disk.h"
#include "helpers/file-volumes-lazy-io.h"

#define NODE_STEP 20u   /* milliseconds between two looks for a node */
#define KEY_SIZE 64u

/* --- names ------------------------------------------------------------------------------------ */

static const struct block_part *node_of(const struct disk *disk, const struct part *part)
{
    return block_part_numbered(disk->parts, disk->part_count, part->number);
}

void list_name(const struct disk *disk, unsigned number, char name[BLOCK_NAME_SIZE])
{
    const struct block_part *there = block_part_numbered(disk->parts, disk->part_count, number);

    if (there != NULL)
        snprintf(name, BLOCK_NAME_SIZE, "%s", there->name);
    else
        block_part_expect(&disk->node, disk->parts, disk->part_count, number,
                          disk->pool->separator, name);
}

const struct part *list_find(const struct disk *disk, const char *name)
{
    char each[BLOCK_NAME_SIZE];
    size_t i;

    for (i = 0; i < disk->table.part_count; i++) {
        const struct part *part = &disk->table.parts[i];

        list_name(disk, part->number, each);
        if (!part->kept && strcmp(each, name) == 0)
            return part;
    }
    return NULL;
}

int32_t list_not_found(struct tarn_call *call, const struct disk *disk, const char *name)
{
    return tarn_fail(call, TARN_E_NOT_FOUND, 0, "%s has no partition \"%s\"", disk->pool->device,
                     name);
}

/* Stable when others are renumbered: the partition's own UUID where the table has such, else the
 * disk's number and where it begins. */
static const char *make_key(const struct disk *disk, const struct part *part, char key[KEY_SIZE])
{
    if (part->uuid[0] != '\0')
        return part->uuid;
    if (disk->table.id[0] == '\0')
        return NULL;
    snprintf(key, KEY_SIZE, "%s@%llu", disk->table.id, (unsigned long long)part->start);
    return key;
}

/* --- paths ------------------------------------------------------------------------------------ */

static bool is_in_folder(const char *node, const char *folder)
{
    size_t length = strlen(folder);

    return strncmp(node, folder, length) == 0 && node[length] == '/' &&
           strchr(node + length + 1, '/') == NULL;
}

/* The link in the pool's folder that leads to the node, or the node itself. */
static int32_t make_path(struct tarn_call *call, const struct disk_pool *pool,
                         const struct block_part *part, char path[PATH_MAX])
{
    struct block_links links;
    const char *link;
    int32_t status;

    snprintf(path, PATH_MAX, "%s", part->node);
    if (is_in_folder(part->node, pool->folder))
        return TARN_OK;
    status = block_links_read(call, pool->folder, &links);
    if (status != TARN_OK)
        return status;
    link = block_links_find(&links, part->device_major, part->device_minor);
    if (link != NULL)
        snprintf(path, PATH_MAX, "%s/%s", pool->folder, link);
    block_links_clear(&links);
    return TARN_OK;
}

static bool node_is_there(const struct block_part *part, struct stat *st)
{
    return stat(part->node, st) == 0 && S_ISBLK(st->st_mode) &&
           st->st_rdev == makedev(part->device_major, part->device_minor);
}

/* A folder that is not there, or has no link to any device, is not waited for. */
static bool is_done(struct tarn_call *call, const struct disk_pool *pool,
                    const struct block_part *part, uint64_t began)
{
    struct block_links links;
    struct stat st;
    bool done;

    if (!node_is_there(part, &st) || !settle_is_over(part, began))
        return false;
    if (is_in_folder(part->node, pool->folder) ||
        block_links_read(call, pool->folder, &links) != TARN_OK)
        return true;
    done = links.count == 0 ||
           block_links_find(&links, part->device_major, part->device_minor) != NULL;
    block_links_clear(&links);
    return done;
}

int32_t list_await(struct tarn_call *call, const struct disk_pool *pool,
                   const struct block_part *part, uint64_t began)
{
    unsigned waited = 0;
    struct stat st;
    int32_t status = TARN_OK;

    while (!is_done(call, pool, part, began) && status == TARN_OK && waited < DISK_PATIENCE) {
        status = disk_pause(call, NODE_STEP);
        waited += NODE_STEP;
    }
    if (status == TARN_OK && !node_is_there(part, &st))
        status = tarn_fail(call, TARN_E_TIMEOUT, 0,
                           "the node %s has not appeared within %u seconds: is udev running?",
                           part->node, DISK_PATIENCE / 1000);
    return status;
}

/* --- volumes ---------------------------------------------------------------------------------- */

static uint64_t bytes(const struct disk *disk, uint64_t sectors)
{
    return sectors * disk->table.sector;
}

/* Of an extended partition what its logical ones take. */
static uint64_t allocation_of(const struct disk *disk, const struct part *part)
{
    uint64_t sum = 0;
    size_t i;

    if (part->kind != PART_EXTENDED)
        return bytes(disk, part->length);
    for (i = 0; i < disk->table.part_count; i++)
        if (disk->table.parts[i].kind == PART_LOGICAL)
            sum += disk->table.parts[i].length;
    return bytes(disk, sum);
}

static int32_t emit(struct tarn_call *call, const struct disk *disk, const struct part *part,
                    struct tarn_volume_info *volume)
{
    const struct tarn_device_extent extent = {
        .struct_size = sizeof(extent), .device = disk->pool->device,
        .start = bytes(disk, part->start), .end = bytes(disk, part->start + part->length),
    };
    const struct tarn_device_extent *const extents[] = { &extent, NULL };
    char key[KEY_SIZE];

    volume->struct_size = sizeof(*volume);
    volume->key = make_key(disk, part, key);
    volume->type = "block";
    volume->format = part->type;
    volume->capacity = volume->physical = bytes(disk, part->length);
    volume->allocation = allocation_of(disk, part);
    volume->extents = extents;
    return call->host->emit_volume(call, volume);
}

static int32_t emit_lost(struct tarn_call *call, const struct disk *disk, const struct part *part)
{
    char name[BLOCK_NAME_SIZE];
    char path[BLOCK_NAME_SIZE + 8];
    struct tarn_volume_info volume = {
        .status = TARN_VOLUME_UNREADABLE,
        .status_text = "the kernel does not have this partition: stop and start the pool",
        .name = name, .path = path,
    };

    list_name(disk, part->number, name);
    snprintf(path, sizeof(path), "/dev/%s", name);
    return emit(call, disk, part, &volume);
}

/* Those may hold an image: the host can look. */
static int open_for_image(const struct block_part *there, const struct part *part)
{
    if (part->kind == PART_EXTENDED ||
        (strcmp(part->type, "none") != 0 && strcmp(part->type, "linux") != 0))
        return -1;
    return open(there->node, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

static int32_t emit_with_io(struct tarn_call *call, const struct disk *disk,
                            const struct block_part *there, const struct part *part,
                            struct tarn_volume_info *volume)
{
    int fd = open_for_image(there, part);
    struct lazy_io lazy;
    int32_t status;

    if (fd < 0)
        return emit(call, disk, part, volume);
    lazy_io_begin(&lazy, fd, bytes(disk, part->length));
    volume->io = &lazy.io;
    status = emit(call, disk, part, volume);
    lazy_io_end(call, &lazy);
    return status;
}

int32_t list_emit(struct tarn_call *call, const struct disk *disk, const struct part *part)
{
    const struct block_part *there = node_of(disk, part);
    struct tarn_permissions permissions = { .struct_size = sizeof(permissions) };
    struct tarn_volume_info volume = { .permissions = &permissions };
    char path[PATH_MAX];
    struct stat st;
    int32_t status;

    if (there == NULL || (there->start != UINT64_MAX && there->start != bytes(disk, part->start)))
        return emit_lost(call, disk, part);
    status = make_path(call, disk->pool, there, path);
    if (status != TARN_OK)
        return status;
    volume.name = there->name;
    volume.path = path;
    if (node_is_there(there, &st)) {
        permissions.mode = st.st_mode & 0777;
        permissions.owner = st.st_uid;
        permissions.group = st.st_gid;
    } else {
        volume.permissions = NULL;
    }
    return emit_with_io(call, disk, there, part, &volume);
}
