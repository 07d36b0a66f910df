/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel-grow.c - dm-multipath's mapping of a unit that grew. The kernel takes the new size of the
 * paths; the mapping over them keeps its own until multipathd is told.
 */
#include "kernel.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "helpers/run-tool.h"

#define PATIENCE 10000 /* milliseconds */

uint64_t kernel_size_of(dev_t device, const char *below)
{
    char line[64];

    return kernel_sysfs_line(line, sizeof(line), KERNEL_SYSFS "/dev/block/%u:%u/%ssize",
                             major(device), minor(device), below)
               ? strtoull(line, NULL, 10) * KERNEL_SECTOR : 0;
}

/* Also of those that lead through sessions of others. */
static bool all_paths_have(dev_t map, uint64_t size)
{
    char path[96], below[64];
    const struct dirent *entry;
    bool all = true;
    DIR *list;

    snprintf(path, sizeof(path), KERNEL_SYSFS "/dev/block/%u:%u/slaves", major(map), minor(map));
    list = opendir(path);
    while (list != NULL && all && (entry = readdir(list)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(below, sizeof(below), "slaves/%.32s/", entry->d_name);
        all = kernel_size_of(map, below) == size;
    }
    if (list != NULL)
        closedir(list);
    return all;
}

static void warn(struct tarn_call *call, const struct kernel_node *node, const char *why)
{
    char text[512];

    snprintf(text, sizeof(text), "%s keeps its old size: %s", node->node, why);
    call->host->log(call, TARN_LOG_WARNING, text);
}

static int32_t resize(struct tarn_call *call, const struct kernel_node *node, uint64_t size)
{
    const char *const argv[] = { "multipathd", "resize", "map", node->mapping, NULL };
    const struct tool_run run = { .argv = argv, .timeout = PATIENCE };
    int32_t status = tool_run(call, &run, NULL, NULL);

    if (status == TARN_OK)
        return kernel_settle_size(call, node->device, size);
    if (tarn_interrupted(call) != TARN_OK)
        return status;
    call->host->forget(call);
    return TARN_OK;
}

static int32_t grow(struct tarn_call *call, const struct kernel_node *node, uint64_t size)
{
    int32_t status;

    if (!all_paths_have(node->device, size)) {
        warn(call, node, "not all of its paths have grown");
        return TARN_OK;
    }
    if (!tool_exists("multipathd")) {
        warn(call, node, "there is no multipathd to tell");
        return TARN_OK;
    }
    status = resize(call, node, size);
    if (status == TARN_OK && kernel_size_of(node->device, "") != size)
        warn(call, node, "multipathd did not change it: see what it logged");
    return status;
}

/* What the kernel makes of a unit, by the paths that answer; 0: none does. */
static uint64_t size_of_paths(const struct kernel_unit *units, size_t count)
{
    uint64_t size = 0;
    size_t i;

    for (i = 0; i < count; i++)
        if (units[i].status == TARN_OK && units[i].size > size)
            size = units[i].size;
    return size;
}

int32_t kernel_grow_maps(struct tarn_call *call, const struct kernel_units *units)
{
    struct kernel_node node;
    int32_t status = TARN_OK;
    size_t i, same;

    for (i = 0; status == TARN_OK && i < units->count; i += same) {
        uint64_t size;

        for (same = 1; i + same < units->count; same++)
            if (!kernel_unit_is_same(&units->list[i], &units->list[i + same]))
                break;
        size = size_of_paths(&units->list[i], same);
        if (size > 0 && kernel_node_find(call, &units->list[i], same, &node) == TARN_OK &&
            node.mapping[0] != '\0' && node.size < size)
            status = grow(call, &node, size);
    }
    return status;
}
