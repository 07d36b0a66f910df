/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * udev watches disks: whenever a descriptor that was open for writing is closed, it has the kernel
 * read the table again, for which all partitions that nobody has open go away for a moment and come
 * back, those of tables that the kernel doesn't know not even that. It doesn't while somebody has
 * the disk locked. So the descriptor is closed under the lock, which is held until udev has
 * told the kernel's listeners that the disk has changed: that is what it does next.
 *
 * And it gives a new partition its links, owner and mode some time after the kernel has made the
 * node: what is set before that does not last.
 */
#include <poll.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <libudev.h>

#include "disk.h"

/* udev may not be there, or not watch this disk just now. */
#define PATIENCE 1000 /* milliseconds */

uint64_t settle_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static int64_t now(void)
{
    return (int64_t)(settle_now() / 1000);
}

static bool is_about(struct udev_monitor *monitor, const struct block_disk *node)
{
    struct udev_device *device = udev_monitor_receive_device(monitor);
    bool about = device != NULL &&
                 udev_device_get_devnum(device) == makedev(node->device_major, node->device_minor);

    udev_device_unref(device);
    return about;
}

static void await(struct udev_monitor *monitor, const struct block_disk *node)
{
    struct pollfd readable = { .fd = udev_monitor_get_fd(monitor), .events = POLLIN };
    int64_t end = now() + PATIENCE;
    int64_t left;

    while ((left = end - now()) > 0)
        if (poll(&readable, 1, (int)left) > 0 && is_about(monitor, node))
            return;
}

static struct udev_monitor *listen_to_kernel(struct udev *udev)
{
    struct udev_monitor *monitor = udev_monitor_new_from_netlink(udev, "kernel");

    if (monitor != NULL &&
        (udev_monitor_filter_add_match_subsystem_devtype(monitor, "block", "disk") < 0 ||
         udev_monitor_enable_receiving(monitor) < 0)) {
        udev_monitor_unref(monitor);
        return NULL;
    }
    return monitor;
}

/* Where udevd listens. */
static bool udev_runs(void)
{
    return access("/run/udev/control", F_OK) == 0;
}

void settle_close(const struct block_disk *node, int fd)
{
    struct udev *udev = node->node[0] != '\0' && udev_runs() ? udev_new() : NULL;
    struct udev_monitor *monitor = udev != NULL ? listen_to_kernel(udev) : NULL;

    close(fd);
    if (monitor != NULL) {
        await(monitor, node);
        udev_monitor_unref(monitor);
    }
    if (udev != NULL)
        udev_unref(udev);
}

/* The number may have been another partition's, of which udev's record is still there: that is
 * older. */
bool settle_is_over(const struct block_part *part, uint64_t began)
{
    struct udev *udev = udev_runs() ? udev_new() : NULL;
    struct udev_device *device;
    bool over;

    if (udev == NULL)
        return true;
    device = udev_device_new_from_devnum(udev, 'b',
                                         makedev(part->device_major, part->device_minor));
    over = device != NULL && udev_device_get_is_initialized(device) != 0 &&
           udev_device_get_usec_since_initialized(device) <= settle_now() - began;
    udev_device_unref(device);
    udev_unref(udev);
    return over;
}
