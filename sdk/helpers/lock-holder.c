/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lock-holder.c - see lock-holder.h. /proc/PID/fdinfo/FD has a line for each lock that is held
 * through the descriptor (proc(5)), such as
 *
 *     lock:   1: OFDLCK ADVISORY  READ -1 fe:00:10969659 100 101
 *
 * with the device in hexadecimal, the inode, the first byte and the last one or "EOF". Reading it
 * asks nothing of the file's own filesystem, which may hang.
 */
#include "helpers/lock-holder.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define COMMAND_SIZE 32 /* the kernel keeps 16 */

struct wanted {
    uint64_t inode;
    dev_t device;
    uint64_t byte;
};

static bool line_matches(const char *line, const struct wanted *wanted)
{
    unsigned device_major, device_minor;
    uint64_t inode, first;
    char kind[8], last[24];

    if (sscanf(line, "lock: %*d: %7s %*s %*s %*d %x:%x:%" SCNu64 " %" SCNu64 " %23s", kind,
               &device_major, &device_minor, &inode, &first, last) != 6)
        return false;
    if (strcmp(kind, "OFDLCK") != 0 && strcmp(kind, "POSIX") != 0)
        return false;
    /* A subvolume of btrfs has a device number of its own, with major 0, and not the one here. */
    if (major(wanted->device) != 0 && makedev(device_major, device_minor) != wanted->device)
        return false;
    return inode == wanted->inode && first <= wanted->byte &&
           (strcmp(last, "EOF") == 0 || strtoull(last, NULL, 10) >= wanted->byte);
}

static FILE *open_at(int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;

    if (file == NULL && fd >= 0)
        close(fd);
    return file;
}

static bool descriptor_matches(int folder, const char *name, const struct wanted *wanted)
{
    FILE *file = open_at(folder, name);
    char line[256];
    bool found = false;

    while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
        found = line_matches(line, wanted);
    if (file != NULL)
        fclose(file);
    return found;
}

static bool process_matches(int process, const struct wanted *wanted)
{
    int fd = openat(process, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *descriptors = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    bool found = false;

    if (descriptors == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    while (!found && (entry = readdir(descriptors)) != NULL)
        found = entry->d_name[0] != '.' && descriptor_matches(fd, entry->d_name, wanted);
    closedir(descriptors);
    return found;
}

/* A program chooses its name itself, control characters too. */
static void command_of(int process, char out[COMMAND_SIZE])
{
    int fd = openat(process, "comm", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, out, COMMAND_SIZE) : -1;
    char *c;

    if (fd >= 0)
        close(fd);
    if (length > 1)
        out[length - 1] = '\0'; /* a newline */
    else
        strcpy(out, "a program");
    for (c = out; *c != '\0'; c++)
        if (!isprint((unsigned char)*c))
            *c = '?';
}

static bool look_at_process(char *out, size_t size, int processes, const char *id,
                            const struct wanted *wanted)
{
    int process = openat(processes, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool found = process >= 0 && process_matches(process, wanted);
    char command[COMMAND_SIZE];

    if (found) {
        command_of(process, command);
        snprintf(out, size, "%s (process %s)", command, id);
    }
    if (process >= 0)
        close(process);
    return found;
}

void lock_holder_name(char *out, size_t size, int fd, uint64_t byte)
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    struct wanted wanted;
    struct stat st;
    bool found = false;

    if (processes != NULL && fstat(fd, &st) == 0) {
        wanted = (struct wanted){ st.st_ino, st.st_dev, byte };
        while (!found && (entry = readdir(processes)) != NULL)
            found = isdigit((unsigned char)entry->d_name[0]) &&
                    look_at_process(out, size, dirfd(processes), entry->d_name, &wanted);
    }
    if (processes != NULL)
        closedir(processes);
    if (!found)
        snprintf(out, size, "another program");
}
