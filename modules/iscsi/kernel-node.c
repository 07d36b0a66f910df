/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel-node.c - which node is presented of a unit: dm-multipath's where it has made one of the
 * paths, for those it keeps for itself; else that of the path.
 */
#include "kernel.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "helpers/run-tool.h"

#define MAP_NAME_SIZE 32 /* "dm-12" */

/* device-mapper's UUID says who made the mapping. */
static bool is_multipath(const char *name)
{
    char uuid[BLOCK_NAME_SIZE];

    return kernel_sysfs_line(uuid, sizeof(uuid), KERNEL_SYSFS "/block/%s/dm/uuid", name) &&
           strncmp(uuid, "mpath-", 6) == 0;
}

static bool find_map(const char *disk, char out[MAP_NAME_SIZE])
{
    const struct dirent *entry;
    bool found = false;
    char path[96];
    DIR *list;

    snprintf(path, sizeof(path), KERNEL_SYSFS "/block/%s/holders", disk);
    list = opendir(path);
    while (list != NULL && !found && (entry = readdir(list)) != NULL)
        if (strlen(entry->d_name) < MAP_NAME_SIZE && is_multipath(entry->d_name)) {
            strcpy(out, entry->d_name);
            found = true;
        }
    if (list != NULL)
        closedir(list);
    return found;
}

static int32_t take_map(struct tarn_call *call, const char *map, struct kernel_node *out)
{
    unsigned device_major, device_minor;
    struct block_disk disk;
    char line[64];
    int32_t status;

    if (!kernel_sysfs_line(line, sizeof(line), KERNEL_SYSFS "/block/%s/dev", map) ||
        sscanf(line, "%u:%u", &device_major, &device_minor) != 2)
        return TARN_E_NOT_FOUND;
    status = block_disk_find(call, KERNEL_SYSFS, device_major, device_minor, &disk);
    if (status != TARN_OK) { /* it has just gone */
        call->host->forget(call);
        return TARN_E_NOT_FOUND;
    }
    out->device = makedev(device_major, device_minor);
    out->size = disk.size;
    strcpy(out->node, disk.node);
    strcpy(out->mapping, disk.mapping);
    return TARN_OK;
}

int32_t kernel_node_find(struct tarn_call *call, const struct kernel_unit *units, size_t count,
                         struct kernel_node *out)
{
    char map[MAP_NAME_SIZE];
    size_t i;

    *out = (struct kernel_node){ .size = 0 };
    for (i = 0; i < count; i++)
        if (units[i].disk[0] != '\0' && find_map(units[i].disk, map) &&
            take_map(call, map, out) == TARN_OK)
            return TARN_OK;
    for (i = 0; i < count; i++) {
        if (units[i].disk[0] == '\0')
            continue;
        out->device = units[i].device;
        out->size = units[i].size;
        snprintf(out->node, sizeof(out->node), "/dev/%s", units[i].disk);
        return TARN_OK;
    }
    return TARN_E_NOT_FOUND;
}

/* --- letting go of mappings ------------------------------------------------------------------- */

/* Is each of the mapping's paths one of ours? */
static bool is_ours_alone(const char *map, const struct kernel_units *units)
{
    const struct dirent *entry;
    bool alone = true;
    char path[96];
    DIR *list;
    size_t i;

    snprintf(path, sizeof(path), KERNEL_SYSFS "/block/%s/slaves", map);
    list = opendir(path);
    while (list != NULL && alone && (entry = readdir(list)) != NULL) {
        alone = entry->d_name[0] == '.';
        for (i = 0; !alone && i < units->count; i++)
            alone = units->list[i].session->ours &&
                    strcmp(units->list[i].disk, entry->d_name) == 0;
    }
    if (list != NULL)
        closedir(list);
    return alone;
}

static void flush(struct tarn_call *call, const char *map)
{
    const char *const argv[] = { "multipath", "-f", map, NULL };
    const struct tool_run run = { .argv = argv };

    if (tool_run(call, &run, NULL, NULL) != TARN_OK && tarn_interrupted(call) == TARN_OK)
        call->host->forget(call); /* multipathd may have been faster */
}

void kernel_flush_maps(struct tarn_call *call, const struct kernel_units *units)
{
    char map[MAP_NAME_SIZE], name[BLOCK_NAME_SIZE];
    size_t i;

    for (i = 0; i < units->count && tool_exists("multipath"); i++)
        if (units->list[i].disk[0] != '\0' && find_map(units->list[i].disk, map) &&
            is_ours_alone(map, units) &&
            kernel_sysfs_line(name, sizeof(name), KERNEL_SYSFS "/block/%s/dm/name", map))
            flush(call, name);
}
