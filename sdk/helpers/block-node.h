/* SPDX-License-Identifier: BSD-2-Clause
 *
 * block-node.h - disks, their partitions and the nodes of both, as the kernel tells them in sysfs.
 * Nothing is concluded from a name: a partition is found by its number, or as the mapping that
 * device-mapper made of it.
 *
 * `sysfs` is where sysfs is mounted ("/sys").
 */
#ifndef HELPERS_BLOCK_NODE_H
#define HELPERS_BLOCK_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include <tarn/call.h>

#define BLOCK_NAME_SIZE 160

struct block_disk {
    char name[BLOCK_NAME_SIZE];    /* the kernel's: "sda", "dm-3" */
    char node[BLOCK_NAME_SIZE];    /* "/dev/sda", "/dev/mapper/mpatha" */
    char mapping[BLOCK_NAME_SIZE]; /* device-mapper's name; empty: it is no mapping, as the next */
    char mapping_uuid[BLOCK_NAME_SIZE];
    uint32_t device_major;
    uint32_t device_minor;
    uint64_t size;        /* bytes, as all here */
    uint32_t sector;      /* logical block */
    uint64_t optimal;     /* transfer size, 0 = not told */
    uint64_t misaligned;  /* where the first physical block begins */
};

struct block_part {
    unsigned number;
    char name[BLOCK_NAME_SIZE]; /* of the node: "sda1", "mpatha-part1" */
    char node[BLOCK_NAME_SIZE]; /* "/dev/sda1", "/dev/mapper/mpatha-part1" */
    uint32_t device_major;
    uint32_t device_minor;
    uint64_t start; /* bytes; UINT64_MAX: sysfs does not tell, of a mapping */
    uint64_t size;
};

/* TARN_E_NOT_FOUND: there is no such device. TARN_E_INVALID: it is a partition. */
int32_t block_disk_find(struct tarn_call *call, const char *sysfs, uint32_t device_major,
                        uint32_t device_minor, struct block_disk *out);

/* The partitions that the kernel has, by number. Freed with free(*out). */
int32_t block_parts_find(struct tarn_call *call, const char *sysfs, const struct block_disk *disk,
                         struct block_part **out, size_t *out_count);
/* NULL: it has none of that number. */
const struct block_part *block_part_numbered(const struct block_part *parts, size_t count,
                                             unsigned number);

/* What the node of a partition that is not there yet will be called. Of a mapping: as its other
 * partitions are, and where it has none, with a "p" between the name and the number if the name
 * ends in a digit or `separator` wants one. */
void block_part_expect(const struct block_disk *disk, const struct block_part *parts,
                       size_t count, unsigned number, bool separator,
                       char name[BLOCK_NAME_SIZE]);

/* --- links: other names of nodes -------------------------------------------------------------- */

/* The links to block devices in a folder such as /dev/disk/by-path. */
struct block_links {
    struct block_link *list;
    size_t count;
};

/* A folder that is not there has none. */
int32_t block_links_read(struct tarn_call *call, const char *folder, struct block_links *out);
void block_links_clear(struct block_links *links);
/* The first by name; NULL. */
const char *block_links_find(const struct block_links *links, uint32_t device_major,
                             uint32_t device_minor);

#endif
