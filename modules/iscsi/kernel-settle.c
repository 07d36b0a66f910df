/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel-settle.c - waiting for udev: a disk that the kernel has just found has neither node nor
 * links yet. udev's word that it is done wakes; nothing is asked again on a clock.
 */
#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <libudev.h>

#define PATIENCE 10000 /* milliseconds */

/* What is waited for: true once it is so. */
typedef bool (*settled_fn)(struct udev *udev, const void *arg);

/* Where udevd listens. */
static bool udev_runs(void)
{
    return access("/run/udev/control", F_OK) == 0;
}

static struct udev_monitor *listen(struct udev *udev)
{
    struct udev_monitor *monitor = udev != NULL ? udev_monitor_new_from_netlink(udev, "udev")
                                                : NULL;

    if (monitor != NULL &&
        (udev_monitor_filter_add_match_subsystem_devtype(monitor, "block", NULL) < 0 ||
         udev_monitor_enable_receiving(monitor) < 0)) {
        udev_monitor_unref(monitor);
        return NULL;
    }
    return monitor;
}

static void drain(struct udev_monitor *monitor)
{
    struct udev_device *device;

    while ((device = udev_monitor_receive_device(monitor)) != NULL)
        udev_device_unref(device);
}

static int32_t await(struct tarn_call *call, settled_fn is_settled, const void *arg)
{
    struct udev *udev = udev_runs() ? udev_new() : NULL;
    struct udev_monitor *monitor = listen(udev);
    int64_t until = server_now() + PATIENCE;
    short ready = POLLIN;
    int32_t status = TARN_OK;

    while (monitor != NULL && status == TARN_OK && ready != 0 && !is_settled(udev, arg)) {
        status = server_wait(call, udev_monitor_get_fd(monitor), POLLIN, until, &ready);
        drain(monitor);
    }
    if (monitor != NULL)
        udev_monitor_unref(monitor);
    if (udev != NULL)
        udev_unref(udev);
    return status;
}

/* --- disks that come -------------------------------------------------------------------------- */

static bool has_holder(const char *disk)
{
    const struct dirent *entry;
    bool found = false;
    char path[96];
    DIR *list;

    snprintf(path, sizeof(path), KERNEL_SYSFS "/block/%s/holders", disk);
    list = opendir(path);
    while (list != NULL && !found && (entry = readdir(list)) != NULL)
        found = entry->d_name[0] != '.';
    if (list != NULL)
        closedir(list);
    return found;
}

/* multipath's rules say which disks multipathd is going to take. */
static bool is_multipaths(struct udev_device *device)
{
    const char *path = udev_device_get_property_value(device, "DM_MULTIPATH_DEVICE_PATH");

    return path != NULL && strcmp(path, "1") == 0 && access("/run/multipathd.pid", F_OK) == 0;
}

/* A disk that nobody will ever have made a node for is not waited for: what has a size or a medium
 * gets one from the kernel at once, or while it looks at it. */
static bool is_ready(struct udev *udev, const struct kernel_unit *unit)
{
    char disk[KERNEL_DISK_SIZE];
    struct udev_device *device;
    bool ready;

    if (unit->status != TARN_OK || !kernel_unit_is_volume(unit))
        return true;
    if (!kernel_unit_disk(unit, disk))
        return unit->disk[0] != '\0'; /* it has gone meanwhile, or is not there yet */
    device = udev_device_new_from_subsystem_sysname(udev, "block", disk);
    ready = device == NULL || (udev_device_get_is_initialized(device) != 0 &&
                               (!is_multipaths(device) || has_holder(disk)));
    udev_device_unref(device);
    return ready;
}

static bool all_ready(struct udev *udev, const void *arg)
{
    const struct kernel_units *units = arg;
    size_t i;

    for (i = 0; i < units->count; i++)
        if (!is_ready(udev, &units->list[i]))
            return false;
    return true;
}

int32_t kernel_settle(struct tarn_call *call, const struct kernel_units *units)
{
    return await(call, all_ready, units);
}

/* --- mappings that grow ----------------------------------------------------------------------- */

struct growing {
    dev_t device;
    uint64_t size;
};

static bool has_grown(struct udev *udev, const void *arg)
{
    const struct growing *growing = arg;

    (void)udev;
    return kernel_size_of(growing->device, "") == growing->size;
}

int32_t kernel_settle_size(struct tarn_call *call, dev_t device, uint64_t size)
{
    const struct growing growing = { device, size };

    return await(call, has_grown, &growing);
}

/* --- disks that go ---------------------------------------------------------------------------- */

struct going {
    const char *folder;
    const struct block_links *links;
    const struct kernel_units *units;
};

/* One that leads elsewhere now is another's: two sessions may show disks of the same name. */
static bool leads_to(const char *link, dev_t device)
{
    struct stat st;

    return lstat(link, &st) == 0 && (stat(link, &st) < 0 || st.st_rdev == device);
}

static bool all_gone(struct udev *udev, const void *arg)
{
    const struct going *going = arg;
    char path[1024];
    size_t i;

    (void)udev;
    for (i = 0; i < going->units->count; i++) {
        dev_t device = going->units->list[i].device;
        const char *name = block_links_find(going->links, major(device), minor(device));

        if (name == NULL)
            continue;
        snprintf(path, sizeof(path), "%s/%s", going->folder, name);
        if (leads_to(path, device))
            return false;
    }
    return true;
}

int32_t kernel_settle_gone(struct tarn_call *call, const char *folder,
                           const struct block_links *links, const struct kernel_units *units)
{
    const struct going going = { folder, links, units };

    return await(call, all_gone, &going);
}
