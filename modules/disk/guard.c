/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Entering and leaving libparted, and its exceptions.
 */
#include "guard.h"

#include <linux/hdreg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* libparted's handler gets no argument of ours. It is called in the thread that caused the
 * exception, and within guard_enter and guard_leave only. */
static _Thread_local struct guard *entered;

/* --- exceptions ------------------------------------------------------------------------------- */

/* The first error, as one line without a full stop, with the disk's name for the scratch's. */
static void keep_complaint(struct guard *guard, const PedException *exception)
{
    const char *text = exception->message;
    const char *path = text != NULL ? strstr(text, guard->path) : NULL;
    size_t length;

    if (exception->type < PED_EXCEPTION_ERROR || guard->complaint[0] != '\0' || text == NULL)
        return;
    if (path != NULL)
        snprintf(guard->complaint, sizeof(guard->complaint), "%.*s%s%s", (int)(path - text), text,
                 guard->scratch->name, path + strlen(guard->path));
    else
        snprintf(guard->complaint, sizeof(guard->complaint), "%s", text);
    guard->complaint[strcspn(guard->complaint, "\r\n")] = '\0';
    for (length = strlen(guard->complaint);
         length > 0 && strchr(". ", guard->complaint[length - 1]) != NULL; length--)
        guard->complaint[length - 1] = '\0';
}

/* What can be mended is mended: in the copy, where it can do no harm. What libparted asks whether
 * it is to believe (a GPT that the MBR does not speak of), it is not. */
static PedExceptionOption answer(PedException *exception)
{
    static const PedExceptionOption preferred[] = { PED_EXCEPTION_FIX, PED_EXCEPTION_IGNORE,
                                                    PED_EXCEPTION_OK, PED_EXCEPTION_NO };
    size_t i;

    if (entered != NULL)
        keep_complaint(entered, exception);
    for (i = 0; i < sizeof(preferred) / sizeof(preferred[0]); i++)
        if (exception->options & preferred[i])
            return preferred[i];
    return PED_EXCEPTION_UNHANDLED;
}

int32_t guard_fail(struct guard *guard, int32_t status, const char *what)
{
    return tarn_fail(guard->call, status, 0, "%s of %s%s%s", what, guard->scratch->name,
                     guard->complaint[0] != '\0' ? ": " : "", guard->complaint);
}

/* --- the device ------------------------------------------------------------------------------- */

/* Cylinders mean nothing to today's disks; what the kernel invents for a disk is what other
 * programs go by. */
static PedCHSGeometry geometry_of(const struct scratch *scratch)
{
    PedCHSGeometry geometry = { 0, 255, 63 };
    struct hd_geometry told;
    uint64_t cylinders;

    if (ioctl(scratch->disk, HDIO_GETGEO, &told) == 0 && told.heads > 0 && told.sectors > 0) {
        geometry.heads = told.heads;
        geometry.sectors = told.sectors;
    }
    cylinders = scratch->size / scratch->sector / ((uint64_t)geometry.heads *
                                                   (uint64_t)geometry.sectors);
    geometry.cylinders = cylinders < INT32_MAX ? (int)cylinders : INT32_MAX;
    return geometry;
}

/* libparted takes the copy for a disk in a file; what it can't know of the real one it is told. */
static void describe_disk(PedDevice *device, const struct scratch *scratch)
{
    device->sector_size = scratch->sector;
    device->phys_sector_size = scratch->sector;
    device->length = (PedSector)(scratch->size / scratch->sector);
    device->bios_geom = geometry_of(scratch);
    device->hw_geom = device->bios_geom;
}

int32_t guard_enter(struct tarn_call *call, struct guard *guard, struct scratch *scratch)
{
    memset(guard, 0, sizeof(*guard));
    guard->call = call;
    guard->scratch = scratch;
    guard->others = ped_exception_get_handler();
    entered = guard;
    ped_exception_set_handler(answer);
    snprintf(guard->path, sizeof(guard->path), "/proc/self/fd/%d", scratch->fd);
    guard->device = ped_device_get(guard->path);
    if (guard->device == NULL)
        return guard_fail(guard, TARN_E_INTERNAL, "libparted does not take the copy of the table");
    describe_disk(guard->device, scratch);
    /* For all that follows: each time that it opens a device it looks for all partitions' nodes. */
    guard->opened = ped_device_open(guard->device);
    if (!guard->opened)
        return guard_fail(guard, TARN_E_INTERNAL, "libparted does not open the copy of the table");
    return TARN_OK;
}

void guard_leave(struct guard *guard)
{
    if (guard->disk != NULL)
        ped_disk_destroy(guard->disk);
    if (guard->opened)
        ped_device_close(guard->device);
    if (guard->device != NULL)
        ped_device_destroy(guard->device);
    ped_exception_set_handler(guard->others);
    entered = NULL;
}

/* --- filesystems ------------------------------------------------------------------------------ */

/* libparted knows 41. More than there is room for stay. */
struct filesystems {
    PedFileSystemType *types[64];
    size_t count;
};

static void set_aside(struct filesystems *kept)
{
    kept->count = 0;
    while (kept->count < sizeof(kept->types) / sizeof(kept->types[0])) {
        PedFileSystemType *type = ped_file_system_type_get_next(NULL);

        if (type == NULL)
            return;
        ped_file_system_type_unregister(type);
        kept->types[kept->count++] = type;
    }
}

static void put_back(const struct filesystems *kept)
{
    for (size_t i = kept->count; i > 0; i--)
        ped_file_system_type_register(kept->types[i - 1]);
}

/* --- the table -------------------------------------------------------------------------------- */

const struct label *guard_probe(struct guard *guard)
{
    const PedDiskType *type = ped_disk_probe(guard->device);

    return type != NULL ? label_find_parted(type->name) : NULL;
}

/* By default libparted keeps dos and sun tables to cylinders, where they need not. */
static void free_of_cylinders(PedDisk *disk)
{
    if (ped_disk_is_flag_available(disk, PED_DISK_CYLINDER_ALIGNMENT))
        ped_disk_set_flag(disk, PED_DISK_CYLINDER_ALIGNMENT, 0);
}

/* With a table libparted tells the filesystem in each partition, for which it reads there three hundred
 * times; but the copy has nothing of the partitions. */
int32_t guard_read(struct guard *guard)
{
    struct filesystems kept;

    set_aside(&kept);
    guard->disk = ped_disk_new(guard->device);
    put_back(&kept);
    if (guard->disk == NULL)
        return guard_fail(guard, TARN_E_CORRUPT, "libparted cannot read the partition table");
    free_of_cylinders(guard->disk);
    guard->complaint[0] = '\0';
    return TARN_OK;
}

int32_t guard_create(struct guard *guard, const struct label *label)
{
    const PedDiskType *type = ped_disk_type_get(label->parted);

    guard->disk = type != NULL ? ped_disk_new_fresh(guard->device, type) : NULL;
    if (guard->disk == NULL)
        return guard_fail(guard, TARN_E_UNSUPPORTED, "libparted makes no such table");
    free_of_cylinders(guard->disk);
    return TARN_OK;
}

int32_t guard_write(struct guard *guard)
{
    guard->scratch->changed = true;
    if (!ped_disk_commit_to_dev(guard->disk))
        return guard_fail(guard, TARN_E_INVALID, "libparted does not write the table");
    return TARN_OK;
}
