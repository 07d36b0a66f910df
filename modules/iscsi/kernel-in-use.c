/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel-in-use.c - disks that somebody uses are not taken away. The kernel lets one at a time have
 * a device for itself (a file system, LVM, swap); a program that has it open without that, as
 * virtual machines do, is found in /proc.
 */
#include "kernel.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define WHO_SIZE 320

/* --- programs --------------------------------------------------------------------------------- */

static bool is_udev(const char *process)
{
    char program[64];

    return kernel_sysfs_line(program, sizeof(program), "/proc/%.16s/comm", process) &&
           strstr(program, "udev") != NULL;
}

/* proc(5), stat: "1640 (scsi_id) S 321 …": the fourth is the parent; a name may hold anything. */
static bool is_of_udev(const char *process)
{
    char line[512], parent[17];
    const char *end = NULL;

    if (kernel_sysfs_line(line, sizeof(line), "/proc/%.16s/stat", process))
        end = strrchr(line, ')');
    return end != NULL && sscanf(end, ") %*c %16[0-9]", parent) == 1 && is_udev(parent);
}

/* They look at every disk, and let go by themselves: udev, what its rules run (and its own process
 * until it has become that), and multipathd. */
static bool is_watcher(const char *process, const char *program)
{
    return strcmp(program, "multipath") == 0 || strcmp(program, "multipathd") == 0 ||
           is_udev(process) || is_of_udev(process);
}

/* Only what lies below /dev is looked at: a file on a dead server would hold us. */
static bool is_device(const char *path, dev_t device)
{
    struct stat st;

    return strncmp(path, "/dev/", 5) == 0 && lstat(path, &st) == 0 && S_ISBLK(st.st_mode) &&
           st.st_rdev == device;
}

static bool has_open(const char *process, dev_t device)
{
    char folder[64], path[320], leads[256];
    const struct dirent *entry;
    bool found = false;
    DIR *list;

    snprintf(folder, sizeof(folder), "/proc/%.16s/fd", process);
    list = opendir(folder);
    while (list != NULL && !found && (entry = readdir(list)) != NULL) {
        ssize_t length;

        snprintf(path, sizeof(path), "%s/%.200s", folder, entry->d_name);
        length = readlink(path, leads, sizeof(leads) - 1);
        leads[length > 0 ? length : 0] = '\0';
        found = is_device(leads, device);
    }
    if (list != NULL)
        closedir(list);
    return found;
}

static bool find_program(dev_t device, char who[WHO_SIZE])
{
    DIR *list = opendir("/proc");
    const struct dirent *entry;
    bool found = false;
    char program[64];

    while (list != NULL && !found && (entry = readdir(list)) != NULL) {
        if (!isdigit((unsigned char)entry->d_name[0]) || !has_open(entry->d_name, device))
            continue;
        kernel_sysfs_line(program, sizeof(program), "/proc/%.16s/comm", entry->d_name);
        found = !is_watcher(entry->d_name, program);
        if (found)
            snprintf(who, WHO_SIZE, "%s (process %.16s) has it open", program, entry->d_name);
    }
    if (list != NULL)
        closedir(list);
    return found;
}

/* --- the kernel ------------------------------------------------------------------------------- */

/* mountinfo(5): "36 35 98:0 /mnt1 /mnt2 …": the third field is the device, the fifth the place. */
static bool find_mount(dev_t device, char who[WHO_SIZE])
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    unsigned device_major, device_minor;
    bool found = false;
    char *line = NULL;
    size_t room = 0;
    char place[256];

    while (mounts != NULL && !found && getline(&line, &room, mounts) > 0)
        if (sscanf(line, "%*u %*u %u:%u %*s %255s", &device_major, &device_minor, place) == 3 &&
            makedev(device_major, device_minor) == device) {
            snprintf(who, WHO_SIZE, "it is mounted on %s", place);
            found = true;
        }
    free(line);
    if (mounts != NULL)
        fclose(mounts);
    return found;
}

static bool is_claimed(const struct kernel_node *node, char who[WHO_SIZE])
{
    int fd = open(node->node, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0) {
        close(fd);
        return false;
    }
    if (errno != EBUSY)
        return false;
    if (!find_mount(node->device, who))
        snprintf(who, WHO_SIZE, "a partition of it is mounted, or another device lies on it "
                                "(lsblk %s tells)", node->node);
    return true;
}

int32_t kernel_refuse_used(struct tarn_call *call, const struct kernel_units *units)
{
    char name[KERNEL_UNIT_NAME_SIZE], who[WHO_SIZE];
    struct kernel_node node;
    size_t i, same;

    for (i = 0; i < units->count; i += same) {
        for (same = 1; i + same < units->count; same++)
            if (!kernel_unit_is_same(&units->list[i], &units->list[i + same]))
                break;
        if (kernel_node_find(call, &units->list[i], same, &node) != TARN_OK)
            continue;
        if (is_claimed(&node, who) || find_program(node.device, who)) {
            kernel_unit_name(name, &units->list[i]);
            return tarn_fail(call, TARN_E_BUSY, EBUSY, "the volume %s is in use: %s", name, who);
        }
    }
    return TARN_OK;
}
