/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * in-use.c - is a device or a file free to be overwritten, and if not, who has hold of it.
 */
#include "fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define WHO_SIZE 256

static bool read_line(int folder, const char *path, char *out, size_t room)
{
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, out, room - 1) : -1;

    if (fd >= 0)
        close(fd);
    if (length < 0)
        return false;
    out[length] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return true;
}

/* Calls `look` for each entry of the folder until it has an answer. */
static bool each_entry(const char *path, bool (*look)(int folder, const char *name, void *arg),
                       void *arg)
{
    DIR *stream = opendir(path);
    struct dirent *entry;
    bool done = false;

    while (stream != NULL && !done && (entry = readdir(stream)) != NULL)
        if (entry->d_name[0] != '.')
            done = look(dirfd(stream), entry->d_name, arg);
    if (stream != NULL)
        closedir(stream);
    return done;
}

/* --- block devices ---------------------------------------------------------------------------- */

/* A device that is built on this one: LVM, RAID, dm. */
static bool take_holder(int folder, const char *name, void *arg)
{
    char path[320], title[128];

    snprintf(path, sizeof(path), "%.255s/dm/name", name);
    if (read_line(folder, path, title, sizeof(title)))
        snprintf(arg, WHO_SIZE, "held by /dev/%.100s (%s)", name, title);
    else
        snprintf(arg, WHO_SIZE, "held by /dev/%.100s", name);
    return true;
}

/* /proc/swaps: a path, and blanks. */
static bool is_swap(dev_t device)
{
    FILE *stream = fopen("/proc/swaps", "re");
    char line[PATH_MAX + 128];
    bool found = false;
    struct stat st;

    while (stream != NULL && !found && fgets(line, sizeof(line), stream) != NULL) {
        line[strcspn(line, " \t")] = '\0';
        found = line[0] == '/' && stat(line, &st) == 0 && S_ISBLK(st.st_mode) &&
                st.st_rdev == device;
    }
    if (stream != NULL)
        fclose(stream);
    return found;
}

static int32_t describe_user(struct tarn_call *call, dev_t device, char who[WHO_SIZE])
{
    struct mount_entry entry;
    char holders[64];
    bool found;
    int32_t status = mount_find_device(call, device, &entry, &found);

    if (status != TARN_OK)
        return status;
    snprintf(holders, sizeof(holders), "/sys/dev/block/%u:%u/holders", major(device),
             minor(device));
    if (found)
        snprintf(who, WHO_SIZE, "mounted on %.200s", entry.target);
    else if (is_swap(device))
        snprintf(who, WHO_SIZE, "used as swap");
    else if (!each_entry(holders, take_holder, who))
        snprintf(who, WHO_SIZE, "in use (one of its partitions, or another program has it open "
                                "for itself)");
    mount_entry_clear(&entry);
    return TARN_OK;
}

/* The kernel lets one at a time have a device for itself: a filesystem, LVM, swap, who asks so. */
static int32_t need_unused_device(struct tarn_call *call, const char *path, dev_t device)
{
    int fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
    char who[WHO_SIZE] = "";
    int32_t status;

    if (fd >= 0) {
        close(fd);
        return TARN_OK;
    }
    if (errno != EBUSY)
        return tarn_fail(call, errno == EACCES || errno == EPERM ? TARN_E_ACCESS : TARN_E_IO,
                         errno, "the device %s cannot be opened", path);
    status = describe_user(call, device, who);
    if (status != TARN_OK)
        return status;
    return tarn_fail(call, TARN_E_BUSY, EBUSY, "%s is %s: nothing is made on it until that ends",
                     path, who);
}

/* --- files ------------------------------------------------------------------------------------ */

struct file {
    const char *path;
    char who[WHO_SIZE];
};

static bool is_loop_of(int folder, const char *name, void *arg)
{
    char path[320], behind[PATH_MAX];
    struct file *file = arg;

    snprintf(path, sizeof(path), "%.255s/loop/backing_file", name);
    if (strncmp(name, "loop", 4) != 0 || !read_line(folder, path, behind, sizeof(behind)) ||
        strcmp(behind, file->path) != 0)
        return false;
    snprintf(file->who, sizeof(file->who), "/dev/%.64s", name);
    return true;
}

static int32_t need_unused_file(struct tarn_call *call, const char *path)
{
    struct file file = { .path = path };

    if (!each_entry("/sys/block", is_loop_of, &file))
        return TARN_OK;
    return tarn_fail(call, TARN_E_BUSY, EBUSY, "%s is the loop device %s: unmount or detach that "
                     "first", path, file.who);
}

int32_t fs_device_need_unused(struct tarn_call *call, const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return tarn_fail(call, TARN_E_NOT_FOUND, errno, "the device %s is not there", path);
    if (S_ISBLK(st.st_mode))
        return need_unused_device(call, path, st.st_rdev);
    if (S_ISREG(st.st_mode))
        return need_unused_file(call, path);
    return tarn_fail(call, TARN_E_INVALID, ENOTBLK,
                     "%s is neither a block device nor a file", path);
}
