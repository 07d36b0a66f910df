/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading sysfs: Documentation/ABI/testing/sysfs-block and -dm of the kernel.
 */
#include "helpers/block-node.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helpers/errno-status.h"

/* sysfs counts in these, whatever the disk does. */
#define SECTOR 512u

/* --- attributes ------------------------------------------------------------------------------- */

/* The file's first line, or "" if it is not there. */
static void read_text(int folder, const char *file, char *out, size_t size)
{
    int fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, out, size - 1) : 0;

    if (fd >= 0)
        close(fd);
    out[got > 0 ? got : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

static uint64_t read_number(int folder, const char *file)
{
    char text[32];
    long long number;

    read_text(folder, file, text, sizeof(text));
    number = strtoll(text, NULL, 10);
    return number > 0 ? (uint64_t)number : 0; /* alignment_offset can be -1 */
}

static uint64_t read_sectors(int folder, const char *file)
{
    uint64_t sectors = read_number(folder, file);

    return sectors <= UINT64_MAX / SECTOR ? sectors * SECTOR : UINT64_MAX;
}

static bool exists(int folder, const char *file)
{
    return faccessat(folder, file, F_OK, 0) == 0;
}

/* "8:1" */
static void read_device(int folder, uint32_t *device_major, uint32_t *device_minor)
{
    char text[32];
    char *end = text;

    read_text(folder, "dev", text, sizeof(text));
    *device_major = (uint32_t)strtoul(text, &end, 10);
    *device_minor = *end == ':' ? (uint32_t)strtoul(end + 1, NULL, 10) : 0;
}

static void copy_name(char out[BLOCK_NAME_SIZE], const char *prefix, const char *name)
{
    int length = snprintf(out, BLOCK_NAME_SIZE, "%s%s", prefix, name);

    if (length < 0 || length >= BLOCK_NAME_SIZE)
        out[0] = '\0';
}

/* What the kernel called its node in /dev: "cciss/c0d0" of the device that sysfs calls
 * "cciss!c0d0". */
static void read_node(int folder, const char *name, char out[BLOCK_NAME_SIZE])
{
    static const char key[] = "DEVNAME=";
    char text[1024];
    int fd = openat(folder, "uevent", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
    char *line;

    if (fd >= 0)
        close(fd);
    text[got > 0 ? got : 0] = '\0';
    line = strstr(text, key);
    if (line != NULL)
        line[strcspn(line, "\n")] = '\0';
    copy_name(out, "/dev/", line != NULL ? line + strlen(key) : name);
}

/* --- the disk --------------------------------------------------------------------------------- */

static int open_device(const char *sysfs, uint32_t device_major, uint32_t device_minor)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/dev/block/%u:%u", sysfs, device_major, device_minor);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The device's own folder bears its name; this one is a link to it. */
static void read_name(const char *sysfs, struct block_disk *disk)
{
    char path[256];
    char target[1024];
    const char *slash;
    ssize_t length;

    snprintf(path, sizeof(path), "%s/dev/block/%u:%u", sysfs, disk->device_major,
             disk->device_minor);
    length = readlink(path, target, sizeof(target) - 1);
    target[length > 0 ? length : 0] = '\0';
    slash = strrchr(target, '/');
    copy_name(disk->name, "", slash != NULL ? slash + 1 : target);
}

static void read_disk(int folder, struct block_disk *disk)
{
    uint64_t sector = read_number(folder, "queue/logical_block_size");

    read_text(folder, "dm/name", disk->mapping, sizeof(disk->mapping));
    read_text(folder, "dm/uuid", disk->mapping_uuid, sizeof(disk->mapping_uuid));
    if (disk->mapping[0] != '\0')
        copy_name(disk->node, "/dev/mapper/", disk->mapping);
    else
        read_node(folder, disk->name, disk->node);
    disk->size = read_sectors(folder, "size");
    disk->sector = sector >= SECTOR && sector <= 65536 ? (uint32_t)sector : SECTOR;
    disk->optimal = read_number(folder, "queue/optimal_io_size");
    disk->misaligned = read_number(folder, "alignment_offset");
}

int32_t block_disk_find(struct tarn_call *call, const char *sysfs, uint32_t device_major,
                        uint32_t device_minor, struct block_disk *out)
{
    int folder = open_device(sysfs, device_major, device_minor);
    int32_t status = TARN_OK;

    memset(out, 0, sizeof(*out));
    out->device_major = device_major;
    out->device_minor = device_minor;
    if (folder < 0)
        return tarn_fail(call, status_from_errno(errno), errno,
                         "the kernel has no block device %u:%u", device_major, device_minor);
    if (exists(folder, "partition"))
        status = tarn_fail(call, TARN_E_INVALID, 0,
                           "the device %u:%u is a partition: name the whole disk", device_major,
                           device_minor);
    read_name(sysfs, out);
    read_disk(folder, out);
    if (status == TARN_OK && (out->name[0] == '\0' || out->node[0] == '\0'))
        status = tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                           "the name of the block device %u:%u is too long", device_major,
                           device_minor);
    close(folder);
    return status;
}

/* --- its partitions --------------------------------------------------------------------------- */

struct part_list {
    struct block_part *parts;
    size_t count;
    size_t room;
};

static struct block_part *next_part(struct part_list *list)
{
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 8 : list->room * 2;
        struct block_part *parts = realloc(list->parts, room * sizeof(*parts));

        if (parts == NULL)
            return NULL;
        list->parts = parts;
        list->room = room;
    }
    memset(&list->parts[list->count], 0, sizeof(*list->parts));
    return &list->parts[list->count++];
}

static bool take_part(struct part_list *list, int folder, const char *name)
{
    struct block_part *part = next_part(list);

    if (part == NULL)
        return false;
    part->number = (unsigned)read_number(folder, "partition");
    copy_name(part->name, "", name);
    read_node(folder, name, part->node);
    read_device(folder, &part->device_major, &part->device_minor);
    part->start = read_sectors(folder, "start");
    part->size = read_sectors(folder, "size");
    return true;
}

/* The number of the partition that a mapping says it is ("part3-" and the disk's own uuid, by
 * kpartx and by libparted), or 0. */
static unsigned mapped_number(const struct block_disk *disk, const char *uuid)
{
    char *end;
    unsigned long number;

    if (strncmp(uuid, "part", 4) != 0 || !isdigit((unsigned char)uuid[4]))
        return 0;
    number = strtoul(uuid + 4, &end, 10);
    if (*end != '-' || number > UINT32_MAX)
        return 0;
    if (disk->mapping_uuid[0] != '\0' && strcmp(end + 1, disk->mapping_uuid) != 0)
        return 0;
    return (unsigned)number;
}

static bool take_mapping(struct part_list *list, const struct block_disk *disk, int folder)
{
    char uuid[BLOCK_NAME_SIZE];
    struct block_part *part;
    unsigned number;

    read_text(folder, "dm/uuid", uuid, sizeof(uuid));
    number = mapped_number(disk, uuid);
    if (number == 0)
        return true;
    part = next_part(list);
    if (part == NULL)
        return false;
    part->number = number;
    read_text(folder, "dm/name", part->name, sizeof(part->name));
    copy_name(part->node, "/dev/mapper/", part->name);
    read_device(folder, &part->device_major, &part->device_minor);
    part->start = UINT64_MAX;
    part->size = read_sectors(folder, "size");
    return true;
}

/* The disk's folder has one for each partition; a mapping's has its partitions among its
 * holders. */
static bool take_all(struct part_list *list, const struct block_disk *disk, DIR *folder,
                     bool mappings)
{
    const struct dirent *entry;
    bool done = true;

    while (done && (entry = readdir(folder)) != NULL) {
        int each = entry->d_name[0] == '.'
                       ? -1
                       : openat(dirfd(folder), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (each < 0)
            continue;
        if (mappings)
            done = take_mapping(list, disk, each);
        else if (exists(each, "partition"))
            done = take_part(list, each, entry->d_name);
        close(each);
    }
    return done;
}

static int by_number(const void *left, const void *right)
{
    const struct block_part *a = left;
    const struct block_part *b = right;

    return a->number < b->number ? -1 : a->number > b->number;
}

int32_t block_parts_find(struct tarn_call *call, const char *sysfs, const struct block_disk *disk,
                         struct block_part **out, size_t *out_count)
{
    bool mappings = disk->mapping[0] != '\0';
    int device = open_device(sysfs, disk->device_major, disk->device_minor);
    int fd = device >= 0 && mappings ? openat(device, "holders", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                     : device;
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    struct part_list list = { NULL, 0, 0 };
    bool done = folder != NULL;

    if (done)
        done = take_all(&list, disk, folder, mappings);
    if (folder != NULL)
        closedir(folder);
    else if (fd >= 0)
        close(fd);
    if (mappings && device >= 0)
        close(device);
    if (folder == NULL || !done) {
        free(list.parts);
        if (folder != NULL)
            return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for partitions");
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "the disk %s is gone", disk->node);
    }
    if (list.count > 1)
        qsort(list.parts, list.count, sizeof(*list.parts), by_number);
    *out = list.parts;
    *out_count = list.count;
    return TARN_OK;
}

const struct block_part *block_part_numbered(const struct block_part *parts, size_t count,
                                             unsigned number)
{
    for (size_t i = 0; i < count; i++)
        if (parts[i].number == number)
            return &parts[i];
    return NULL;
}

/* --- a partition that is not there yet -------------------------------------------------------- */

static bool ends_in_digit(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && isdigit((unsigned char)name[length - 1]);
}

/* Of a mapping's other partition: what is before the number, "mpatha-part" of "mpatha-part1". */
static bool style_of(const struct block_part *part, char out[BLOCK_NAME_SIZE])
{
    char number[16];
    size_t length = strlen(part->name);
    size_t tail = (size_t)snprintf(number, sizeof(number), "%u", part->number);

    if (length <= tail || strcmp(part->name + length - tail, number) != 0 ||
        isdigit((unsigned char)part->name[length - tail - 1]))
        return false;
    memcpy(out, part->name, length - tail);
    out[length - tail] = '\0';
    return true;
}

/* The kernel puts a "p" between a name that ends in a digit and the number (block/partitions). */
void block_part_expect(const struct block_disk *disk, const struct block_part *parts,
                       size_t count, unsigned number, bool separator, char name[BLOCK_NAME_SIZE])
{
    bool is_mapping = disk->mapping[0] != '\0';
    const char *base = is_mapping ? disk->mapping : disk->name;
    char style[BLOCK_NAME_SIZE];
    int length;

    if (is_mapping && count > 0 && style_of(&parts[0], style))
        length = snprintf(name, BLOCK_NAME_SIZE, "%s%u", style, number);
    else
        length = snprintf(name, BLOCK_NAME_SIZE, "%s%s%u", base,
                          ends_in_digit(base) || (is_mapping && separator) ? "p" : "", number);
    if (length < 0 || length >= BLOCK_NAME_SIZE)
        name[0] = '\0';
}
