/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel-unit.c - the logical units of sessions, as the kernel tells them in sysfs. Nothing here
 * asks the target.
 */
#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "helpers/errno-status.h"

#define DEVICES KERNEL_SYSFS "/bus/scsi/devices"

#define TYPE_DISK 0x00
#define TYPE_CD 0x05

void kernel_unit_name(char out[KERNEL_UNIT_NAME_SIZE], const struct kernel_unit *unit)
{
    snprintf(out, KERNEL_UNIT_NAME_SIZE, "unit:%u:%u:%llu", unit->bus, unit->target,
             (unsigned long long)unit->number);
}

bool kernel_unit_is_volume(const struct kernel_unit *unit)
{
    return unit->type == TYPE_DISK || unit->type == TYPE_CD;
}

bool kernel_unit_is_same(const struct kernel_unit *a, const struct kernel_unit *b)
{
    return a->bus == b->bus && a->target == b->target && a->number == b->number;
}

/* --- one -------------------------------------------------------------------------------------- */

/* The one entry of a folder of the device: "block/sda", "scsi_generic/sg1". */
static bool child_of(const char *device, const char *folder, char *out, size_t size)
{
    char path[128];
    const struct dirent *entry;
    DIR *list;

    out[0] = '\0';
    snprintf(path, sizeof(path), DEVICES "/%s/%s", device, folder);
    list = opendir(path);
    while (list != NULL && out[0] == '\0' && (entry = readdir(list)) != NULL)
        if (entry->d_name[0] != '.' && strlen(entry->d_name) < size)
            strcpy(out, entry->d_name);
    if (list != NULL)
        closedir(list);
    return out[0] != '\0';
}

bool kernel_unit_disk(const struct kernel_unit *unit, char out[KERNEL_DISK_SIZE])
{
    char device[64];

    snprintf(device, sizeof(device), "%u:%u:%u:%llu", unit->session->host, unit->bus, unit->target,
             (unsigned long long)unit->number);
    return child_of(device, "block", out, KERNEL_DISK_SIZE);
}

static void read_disk(const char *device, struct kernel_unit *unit)
{
    char line[64];
    unsigned device_major, device_minor;

    if (!child_of(device, "block", unit->disk, sizeof(unit->disk)))
        return;
    if (kernel_sysfs_line(line, sizeof(line), KERNEL_SYSFS "/block/%s/dev", unit->disk) &&
        sscanf(line, "%u:%u", &device_major, &device_minor) == 2)
        unit->device = makedev(device_major, device_minor);
    if (kernel_sysfs_line(line, sizeof(line), KERNEL_SYSFS "/block/%s/size", unit->disk))
        unit->size = strtoull(line, NULL, 10) * KERNEL_SECTOR;
}

static void read_unit(const char *device, struct kernel_unit *unit)
{
    char line[64], generic[24];

    unit->type = kernel_sysfs_line(line, sizeof(line), DEVICES "/%s/type", device)
                     ? atoi(line) : -1;
    if (child_of(device, "scsi_generic", generic, sizeof(generic)))
        snprintf(unit->generic, sizeof(unit->generic), "/dev/%s", generic);
    read_disk(device, unit);
}

/* --- all -------------------------------------------------------------------------------------- */

static int by_name(const void *left, const void *right)
{
    const struct kernel_unit *a = left;
    const struct kernel_unit *b = right;

    if (a->bus != b->bus)
        return a->bus < b->bus ? -1 : 1;
    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return a->session < b->session ? -1 : a->session > b->session; /* of one array */
}

static int32_t add(struct tarn_call *call, struct kernel_units *units, size_t *room,
                   const struct kernel_unit *unit)
{
    if (units->count == *room) {
        size_t more = *room == 0 ? 16 : *room * 2;
        struct kernel_unit *list = realloc(units->list, more * sizeof(*list));

        if (list == NULL)
            return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for logical units");
        units->list = list;
        *room = more;
    }
    units->list[units->count++] = *unit;
    return TARN_OK;
}

/* "3:0:0:1" is the host, the bus, the target and the number. */
static bool take_name(const char *name, const struct kernel_sessions *sessions,
                      struct kernel_unit *out)
{
    unsigned long long number;
    unsigned host;
    size_t i;

    *out = (struct kernel_unit){ .session = NULL };
    if (sscanf(name, "%u:%u:%u:%llu", &host, &out->bus, &out->target, &number) != 4)
        return false;
    out->number = number;
    for (i = 0; i < kernel_sessions_usable(sessions); i++)
        if (sessions->list[i].host == host)
            out->session = &sessions->list[i];
    return out->session != NULL;
}

int32_t kernel_units_read(struct tarn_call *call, const struct kernel_sessions *sessions,
                          const char *only, struct kernel_units *out)
{
    DIR *folder = opendir(DEVICES);
    const struct dirent *entry;
    char name[KERNEL_UNIT_NAME_SIZE];
    struct kernel_unit unit;
    size_t room = 0;
    int32_t status = TARN_OK;

    *out = (struct kernel_units){ .list = NULL };
    if (folder == NULL && errno != ENOENT)
        return tarn_fail(call, status_from_errno(errno), errno, DEVICES " cannot be listed");
    while (status == TARN_OK && folder != NULL && (entry = readdir(folder)) != NULL) {
        if (!take_name(entry->d_name, sessions, &unit))
            continue;
        kernel_unit_name(name, &unit);
        if (only != NULL && strcmp(name, only) != 0)
            continue;
        read_unit(entry->d_name, &unit);
        status = add(call, out, &room, &unit);
    }
    if (folder != NULL)
        closedir(folder);
    if (status != TARN_OK)
        kernel_units_clear(out);
    else if (out->count > 1)
        qsort(out->list, out->count, sizeof(*out->list), by_name);
    return status;
}

void kernel_units_clear(struct kernel_units *units)
{
    free(units->list);
    *units = (struct kernel_units){ .list = NULL };
}

void kernel_unit_identity(const struct kernel_unit *unit, char out[VPD_TEXT_SIZE])
{
    uint8_t page[4096];
    char path[128];
    ssize_t got;
    int fd;

    snprintf(path, sizeof(path), KERNEL_SYSFS "/block/%s/device/vpd_pg83", unit->disk);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    got = fd >= 0 ? read(fd, page, sizeof(page)) : -1;
    if (fd >= 0)
        close(fd);
    if (got < 0 || !vpd_identity(page, (size_t)got, out))
        out[0] = '\0';
}
