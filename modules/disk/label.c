/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Facts about partition tables, in one table. What is not said here is libparted's to know.
 *
 * "none" is a partition of which nothing is said: on dos the type 0xda (non-filesystem data), on
 * gpt the Linux type with the attribute that keeps hosts from mounting it (gpt.h). A code that
 * several names share is told by the first of them.
 */
#include "label.h"

#include <string.h>

#define LINUX_DATA "0fc63daf-8483-4772-8e79-3d69d8477de4"
#define BASIC_DATA "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"

/* A GPT has one type for all FAT filesystems. */
static const struct part_type gpt_types[] = {
    { "linux", "ext2", 0, LINUX_DATA },
    { "none", "ext2", 0, LINUX_DATA },
    { "fat32", "fat32", 0, BASIC_DATA },
    { "fat16", "fat16", 0, BASIC_DATA },
    { "linux-swap", "linux-swap(v1)", 0, "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f" },
    { "linux-lvm", "ext2", PED_PARTITION_LVM, "e6d6d379-f507-44c2-a23c-238f2a3df928" },
    { "linux-raid", "ext2", PED_PARTITION_RAID, "a19d880f-05fc-4d3b-a006-743f0f84911e" },
    { NULL, NULL, 0, NULL },
};

static const struct part_type dos_types[] = {
    { "linux", "ext2", 0, "0x83" },
    { "none", "ext2", 0, "0xda" },
    { "fat16", "fat16", 0, "0x06" },
    { "fat16", "fat16", 0, "0x04" },
    { "fat16", "fat16", 0, "0x0e" },
    { "fat32", "fat32", 0, "0x0b" },
    { "fat32", "fat32", 0, "0x0c" },
    { "linux-swap", "linux-swap(v1)", 0, "0x82" },
    { "linux-lvm", "ext2", PED_PARTITION_LVM, "0x8e" },
    { "linux-raid", "ext2", PED_PARTITION_RAID, "0xfd" },
    { "extended", NULL, 0, "0x05" },
    { "extended", NULL, 0, "0x0f" },
    { "extended", NULL, 0, "0x85" },
    { NULL, NULL, 0, NULL },
};

/* libparted calls a partition without a name "untitled", and one for swapping "swap". */
static const struct part_type mac_types[] = {
    { "none", "ext2", 0, "untitled" },
    { "linux-swap", "linux-swap(v1)", 0, "swap" },
    { "linux-lvm", "ext2", PED_PARTITION_LVM, "Linux_LVM" },
    { "linux-raid", "ext2", PED_PARTITION_RAID, "Linux_RAID" },
    { "linux", "ext2", 0, "Apple_UNIX_SVR2" },
    { NULL, NULL, 0, NULL },
};

/* To bsd and sun an entry of no type is none at all. */
static const struct part_type bsd_types[] = {
    { "linux", "ext2", 0, "0x08" },
    { "none", "ext2", 0, "0x08" },
    { "linux-swap", "linux-swap(v1)", 0, "0x01" },
    { NULL, NULL, 0, NULL },
};

static const struct part_type sun_types[] = {
    { "linux", "ext2", 0, "0x83" },
    { "none", "ext2", 0, "0x83" },
    { "linux-swap", "linux-swap(v1)", 0, "0x82" },
    { "linux-lvm", "ext2", PED_PARTITION_LVM, "0x8e" },
    { "linux-raid", "ext2", PED_PARTITION_RAID, "0xfd" },
    { NULL, NULL, 0, NULL },
};

/* Raw, the type that libparted gives to all. */
static const struct part_type dvh_types[] = {
    { "none", NULL, 0, "0x03" },
    { NULL, NULL, 0, NULL },
};

static const struct part_type pc98_types[] = {
    { "none", NULL, 0, "0x80" },
    { "linux", "ext2", 0, "0xa0e2" },
    { "fat16", "fat16", 0, "0x20a1" },
    { "fat16", "fat16", 0, "0x2091" }, /* below 32 MiB */
    { "fat32", "fat32", 0, "0x20e1" },
    { NULL, NULL, 0, NULL },
};

static const struct label labels[] = {
    { .name = "dos", .parted = "msdos", .code = LABEL_CODE_DOS, .extended = true,
      .sectors_max = UINT32_MAX, .types = dos_types },
    { .name = "gpt", .parted = "gpt", .code = LABEL_CODE_GPT, .names = true, .types = gpt_types },
    /* Its map is a partition of its own, the first. */
    { .name = "mac", .parted = "mac", .code = LABEL_CODE_MAC, .kept = { 1 },
      .sectors_max = UINT32_MAX, .types = mac_types },
    /* The label is at byte 64 of the disk, its table at 148 of that, the type at 12 of 16. */
    { .name = "bsd", .parted = "bsd", .code_at = 64 + 148 + 12, .code_stride = 16,
      .code_width = 1, .sectors_max = UINT32_MAX, .types = bsd_types },
    /* The third is the whole disk. */
    { .name = "sun", .parted = "sun", .code_at = 142, .code_stride = 4, .code_width = 2,
      .code_big = true, .cylinders = true, .kept = { 3 }, .sectors_max = UINT32_MAX,
      .types = sun_types },
    /* The ninth is the volume header, the eleventh the whole volume. */
    { .name = "dvh", .parted = "dvh", .code_at = 312 + 8, .code_stride = 12, .code_width = 4,
      .code_big = true, .cylinders = true, .kept = { 9, 11 }, .sectors_max = UINT32_MAX,
      .types = dvh_types },
    { .name = "pc98", .parted = "pc98", .code_at = 0, .code_stride = 32, .code_width = 2,
      .code_second = true, .code_big = true, .cylinders = true, .sectors_max = UINT32_MAX,
      .types = pc98_types },
};

#define LABELS (sizeof(labels) / sizeof(labels[0]))

const struct label *label_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < LABELS; i++)
        if (strcmp(labels[i].name, name) == 0)
            return &labels[i];
    return NULL;
}

const struct label *label_find_parted(const char *name)
{
    for (size_t i = 0; name != NULL && i < LABELS; i++)
        if (strcmp(labels[i].parted, name) == 0)
            return &labels[i];
    return NULL;
}

const struct part_type *label_type(const struct label *label, const char *name)
{
    const struct part_type *type;

    for (type = label->types; type->name != NULL; type++)
        if (strcmp(type->name, name) == 0)
            return type;
    return NULL;
}

const char *label_type_of_code(const struct label *label, const char *code)
{
    const struct part_type *type;

    for (type = label->types; type->name != NULL; type++)
        if (strcmp(type->code, code) == 0)
            return type->name;
    return "none";
}

bool label_may_number(const struct label *label, unsigned number)
{
    size_t i;

    for (i = 0; i < sizeof(label->kept) / sizeof(label->kept[0]); i++)
        if (label->kept[i] == number)
            return false;
    return number > 0;
}
