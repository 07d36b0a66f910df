/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Partitions of a mapping (multipath) are mappings themselves: linear pieces of it, which kpartx
 * and libparted make, too, and mark with the uuid "partN-" and the disk's own. By the ioctls of
 * device-mapper: its library writes on stderr, and is not reentrant.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "disk.h"
#include "helpers/errno-status.h"

#define SECTOR 512u

/* udev's rules for mappings take only events with this mark (DM_UDEV_PRIMARY_SOURCE_FLAG, in the
 * upper half) for those of a change. */
#define PRIMARY_SOURCE ((uint32_t)0x0040 << 16)

/* One ioctl with one target. */
struct request {
    struct dm_ioctl head;
    struct dm_target_spec target;
    char parameters[128];
};

static bool prepare(struct request *request, const char *name, uint32_t flags)
{
    memset(request, 0, sizeof(*request));
    request->head.version[0] = DM_VERSION_MAJOR;
    request->head.data_size = sizeof(*request);
    request->head.data_start = sizeof(request->head);
    request->head.flags = flags;
    if (strlen(name) >= sizeof(request->head.name))
        return false;
    strcpy(request->head.name, name);
    return true;
}

static int send_request(unsigned long operation, struct request *request)
{
    int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
    int error = fd < 0 || ioctl(fd, operation, request) < 0 ? errno : 0;

    if (fd >= 0)
        close(fd);
    return error;
}

/* Loads the piece, and puts it to work. */
static int set_table(const struct disk *disk, const char *name, uint64_t start, uint64_t length)
{
    struct request request;
    int error;

    if (!prepare(&request, name, 0))
        return ENAMETOOLONG;
    request.head.target_count = 1;
    request.target.length = length / SECTOR;
    strcpy(request.target.target_type, "linear");
    snprintf(request.parameters, sizeof(request.parameters), "%u:%u %" PRIu64,
             disk->node.device_major, disk->node.device_minor, start / SECTOR);
    error = send_request(DM_TABLE_LOAD, &request);
    if (error != 0)
        return error;
    prepare(&request, name, 0);
    request.head.event_nr = PRIMARY_SOURCE;
    return send_request(DM_DEV_SUSPEND, &request); /* without the flag to suspend: resumes */
}

static int32_t fail(struct tarn_call *call, int error, const char *name)
{
    return tarn_fail(call, status_from_errno(error), error,
                     "device-mapper does not make the partition %s", name);
}

int32_t mapping_add(struct tarn_call *call, const struct disk *disk, const char *name,
                    unsigned number, uint64_t start, uint64_t length)
{
    struct request request;
    int error;

    if (!prepare(&request, name, 0) ||
        snprintf(request.head.uuid, sizeof(request.head.uuid), "part%u-%s", number,
                 disk->node.mapping_uuid) >= (int)sizeof(request.head.uuid))
        return fail(call, ENAMETOOLONG, name);
    error = send_request(DM_DEV_CREATE, &request);
    if (error != 0)
        return fail(call, error, name);
    error = set_table(disk, name, start, length);
    if (error == 0)
        return TARN_OK;
    mapping_remove(name);
    return fail(call, error, name);
}

int mapping_remove(const char *name)
{
    struct request request;

    if (!prepare(&request, name, 0))
        return ENXIO;
    request.head.event_nr = PRIMARY_SOURCE;
    return send_request(DM_DEV_REMOVE, &request);
}

int32_t mapping_resize(struct tarn_call *call, const struct disk *disk, const char *name,
                       uint64_t start, uint64_t length)
{
    int error = set_table(disk, name, start, length);

    return error == 0 ? TARN_OK : fail(call, error, name);
}

uint64_t mapping_start(const struct disk *disk, const char *name)
{
    struct request request;
    unsigned device_major;
    unsigned device_minor;
    uint64_t sector;

    if (!prepare(&request, name, DM_STATUS_TABLE_FLAG) ||
        send_request(DM_TABLE_STATUS, &request) != 0 || request.head.target_count != 1 ||
        strcmp(request.target.target_type, "linear") != 0 ||
        sscanf(request.parameters, "%u:%u %" SCNu64, &device_major, &device_minor, &sector) != 3 ||
        device_major != disk->node.device_major || device_minor != disk->node.device_minor)
        return UINT64_MAX;
    return sector <= UINT64_MAX / SECTOR ? sector * SECTOR : UINT64_MAX;
}
