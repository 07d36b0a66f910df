/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sdk/helpers/block-node: disks and partitions of all shapes, in a sysfs that is made up.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/helpers/block-node.h"
#include "tests/unit/fake-host.h"
#include "tests/unit/unit.h"

struct frame {
    struct fake_host host;
    char root[64];
    struct block_disk disk;
    struct block_part *parts;
    size_t count;
};

static void run(const struct frame *frame, const char *format, ...)
    __attribute__((__format__(__printf__, 2, 3)));

/* A shell command within the made-up sysfs. */
static void run(const struct frame *frame, const char *format, ...)
{
    char command[2048];
    int length = snprintf(command, sizeof(command), "cd %s && ", frame->root);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(command + length, sizeof(command) - (size_t)length, format, arguments);
    va_end(arguments);
    CU_ASSERT_EQUAL(system(command), 0);
}

static void begin(struct frame *frame)
{
    memset(frame, 0, sizeof(*frame));
    fake_host_init(&frame->host);
    strcpy(frame->root, "/tmp/tarn-block.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL(mkdtemp(frame->root));
    run(frame, "mkdir -p dev/block devices");
}

static void end(struct frame *frame)
{
    char command[128];

    free(frame->parts);
    snprintf(command, sizeof(command), "rm -rf %s", frame->root);
    CU_ASSERT_EQUAL(system(command), 0);
    fake_host_clear(&frame->host);
}

/* A disk 8:0 of 1 GiB. */
static void add_disk(const struct frame *frame, const char *name, const char *node)
{
    run(frame, "mkdir -p 'devices/%s/queue' && ln -s '../../devices/%s' dev/block/8:0", name, name);
    run(frame, "cd 'devices/%s' && echo 8:0 >dev && echo 2097152 >size && echo 512 "
        ">queue/logical_block_size && echo 0 >alignment_offset && echo 65536 "
        ">queue/optimal_io_size && printf 'MAJOR=8\\nDEVNAME=%s\\nDEVTYPE=disk\\n' >uevent",
        name, node);
}

static void add_part(const struct frame *frame, const char *disk, const char *name,
                     const char *node, unsigned number)
{
    run(frame, "mkdir 'devices/%s/%s' && cd 'devices/%s/%s' && echo %u >partition && echo 8:%u "
        ">dev && echo 2048 >start && echo 4096 >size && printf 'DEVNAME=%s\\n' >uevent", disk, name,
        disk, name, number, number, node);
}

static void look(struct frame *frame)
{
    CU_ASSERT_EQUAL(block_disk_find(&frame->host.call, frame->root, 8, 0, &frame->disk), TARN_OK);
    free(frame->parts);
    frame->parts = NULL;
    CU_ASSERT_EQUAL(block_parts_find(&frame->host.call, frame->root, &frame->disk, &frame->parts,
                                     &frame->count), TARN_OK);
}

static const char *expected(const struct frame *frame, unsigned number, bool separator)
{
    static char name[BLOCK_NAME_SIZE];

    block_part_expect(&frame->disk, frame->parts, frame->count, number, separator, name);
    return name;
}

static void a_disk_is_described(void)
{
    struct frame frame;

    begin(&frame);
    add_disk(&frame, "sda", "sda");
    look(&frame);
    CU_ASSERT_STRING_EQUAL(frame.disk.name, "sda");
    CU_ASSERT_STRING_EQUAL(frame.disk.node, "/dev/sda");
    CU_ASSERT_EQUAL(frame.disk.size, (uint64_t)1 << 30);
    CU_ASSERT_EQUAL(frame.disk.sector, 512);
    CU_ASSERT_EQUAL(frame.disk.optimal, 65536);
    CU_ASSERT_EQUAL(frame.count, 0);
    end(&frame);
}

/* Disk, its partition 1, and what the partition 12 will be. */
static const char *const shapes[][4] = {
    { "sda", "sda1", "sda12", "sda" },
    { "nvme0n1", "nvme0n1p1", "nvme0n1p12", "nvme0n1" },
    { "mmcblk0", "mmcblk0p1", "mmcblk0p12", "mmcblk0" },
    { "loop0", "loop0p1", "loop0p12", "loop0" },
    { "cciss!c0d0", "cciss!c0d0p1", "cciss!c0d0p12", "cciss/c0d0" },
    { "md127", "md127p1", "md127p12", "md127" },
};

static void partitions_of_all_shapes_are_found(void)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct frame frame;
        char node[64];

        begin(&frame);
        add_disk(&frame, shapes[i][0], shapes[i][3]);
        snprintf(node, sizeof(node), "%s%s", shapes[i][3],
                 shapes[i][1] + strlen(shapes[i][0]));
        add_part(&frame, shapes[i][0], shapes[i][1], node, 1);
        look(&frame);
        CU_ASSERT_EQUAL(frame.count, 1);
        if (frame.count == 1) {
            CU_ASSERT_STRING_EQUAL(frame.parts[0].name, shapes[i][1]);
            CU_ASSERT_STRING_EQUAL(frame.parts[0].node + strlen("/dev/"), node);
            CU_ASSERT_EQUAL(frame.parts[0].start, 1048576);
            CU_ASSERT_EQUAL(frame.parts[0].size, 2097152);
            CU_ASSERT_EQUAL(frame.parts[0].device_minor, 1);
        }
        CU_ASSERT_STRING_EQUAL(expected(&frame, 12, false), shapes[i][2]);
        end(&frame);
    }
}

static void they_come_by_number(void)
{
    struct frame frame;

    begin(&frame);
    add_disk(&frame, "sda", "sda");
    add_part(&frame, "sda", "sda10", "sda10", 10);
    add_part(&frame, "sda", "sda2", "sda2", 2);
    run(&frame, "mkdir devices/sda/power devices/sda/holders");
    look(&frame);
    CU_ASSERT_EQUAL(frame.count, 2);
    CU_ASSERT_EQUAL(frame.parts[0].number, 2);
    CU_ASSERT_PTR_EQUAL(block_part_numbered(frame.parts, frame.count, 10), &frame.parts[1]);
    CU_ASSERT_PTR_NULL(block_part_numbered(frame.parts, frame.count, 1));
    end(&frame);
}

static void a_partition_is_no_disk(void)
{
    struct frame frame;

    begin(&frame);
    add_disk(&frame, "sda", "sda");
    run(&frame, "echo 1 >devices/sda/partition");
    CU_ASSERT_EQUAL(block_disk_find(&frame.host.call, frame.root, 8, 0, &frame.disk),
                    TARN_E_INVALID);
    CU_ASSERT_EQUAL(block_disk_find(&frame.host.call, frame.root, 8, 16, &frame.disk),
                    TARN_E_NOT_FOUND);
    end(&frame);
}

/* --- mappings --------------------------------------------------------------------------------- */

static void begin_mapping(struct frame *frame, const char *name)
{
    begin(frame);
    add_disk(frame, "dm-3", "dm-3");
    run(frame, "mkdir devices/dm-3/dm devices/dm-3/holders && echo '%s' >devices/dm-3/dm/name && "
        "echo mpath-3600 >devices/dm-3/dm/uuid", name);
}

static void add_mapping(const struct frame *frame, unsigned minor, const char *name,
                        const char *uuid)
{
    run(frame, "mkdir -p devices/dm-%u/dm && echo '%s' >devices/dm-%u/dm/name && echo '%s' "
        ">devices/dm-%u/dm/uuid && echo 254:%u >devices/dm-%u/dev && echo 4096 "
        ">devices/dm-%u/size && ln -s ../../dm-%u devices/dm-3/holders/dm-%u", minor, name, minor,
        uuid, minor, minor, minor, minor, minor, minor);
}

static void a_mappings_partitions_are_mappings(void)
{
    struct frame frame;

    begin_mapping(&frame, "mpatha");
    add_mapping(&frame, 4, "mpatha-part2", "part2-mpath-3600");
    add_mapping(&frame, 5, "vg-lv", "LVM-abc");
    add_mapping(&frame, 6, "other", "part1-mpath-3601");
    look(&frame);
    CU_ASSERT_STRING_EQUAL(frame.disk.node, "/dev/mapper/mpatha");
    CU_ASSERT_EQUAL(frame.count, 1);
    if (frame.count == 1) {
        CU_ASSERT_EQUAL(frame.parts[0].number, 2);
        CU_ASSERT_STRING_EQUAL(frame.parts[0].node, "/dev/mapper/mpatha-part2");
        CU_ASSERT_EQUAL(frame.parts[0].device_major, 254);
        CU_ASSERT_EQUAL(frame.parts[0].start, UINT64_MAX);
    }
    CU_ASSERT_STRING_EQUAL(expected(&frame, 7, true), "mpatha-part7"); /* as the others are */
    end(&frame);
}

static void the_first_partition_of_a_mapping(void)
{
    struct frame frame;

    begin_mapping(&frame, "mpatha");
    look(&frame);
    CU_ASSERT_STRING_EQUAL(expected(&frame, 1, false), "mpatha1");
    CU_ASSERT_STRING_EQUAL(expected(&frame, 1, true), "mpathap1");
    end(&frame);
    begin_mapping(&frame, "lun-0");
    look(&frame);
    CU_ASSERT_STRING_EQUAL(expected(&frame, 1, false), "lun-0p1");
    end(&frame);
}

/* --- odd -------------------------------------------------------------------------------------- */

static void missing_attributes_are_zero(void)
{
    struct frame frame;

    begin(&frame);
    add_disk(&frame, "sda", "sda");
    run(&frame, "cd devices/sda && rm queue/logical_block_size uevent && echo -1 "
        ">alignment_offset && echo 99999999999999999999 >size");
    look(&frame);
    CU_ASSERT_EQUAL(frame.disk.sector, 512);
    CU_ASSERT_EQUAL(frame.disk.misaligned, 0);
    CU_ASSERT_STRING_EQUAL(frame.disk.node, "/dev/sda");
    end(&frame);
}

static void a_folder_without_links_is_no_failure(void)
{
    struct fake_host host;
    struct block_links links;

    fake_host_init(&host);
    CU_ASSERT_EQUAL(block_links_read(&host.call, "/nowhere/at-all", &links), TARN_OK);
    CU_ASSERT_EQUAL(links.count, 0);
    CU_ASSERT_PTR_NULL(block_links_find(&links, 8, 0));
    block_links_clear(&links);
    fake_host_clear(&host);
}

static const struct unit_test tests[] = {
    { "a disk is described", a_disk_is_described },
    { "partitions of all shapes are found", partitions_of_all_shapes_are_found },
    { "they come by number", they_come_by_number },
    { "a partition is no disk", a_partition_is_no_disk },
    { "a mapping's partitions are mappings", a_mappings_partitions_are_mappings },
    { "the first partition of a mapping", the_first_partition_of_a_mapping },
    { "missing attributes are zero", missing_attributes_are_zero },
    { "a folder without links is no failure", a_folder_without_links_is_no_failure },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return unit_main("block-node", tests);
}
