/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * formats.c - the filesystems: what they are called by people, by libblkid and by the kernel, and
 * how one is made. Programs are told not to ask and not to talk.
 *
 * Those that know no owners and modes (vfat, exfat, hfs) are mounted so that what is there belongs
 * to its owner alone, which is what new volumes get where modes exist; asking for another mode
 * fails, instead of being forgotten. Mount options of the definition come later and win.
 */
#include "fs.h"

#include <string.h>

static const struct fs_format formats[] = {
    { .name = "btrfs", .found = "btrfs", .kernel = "btrfs",
      .maker = "mkfs.btrfs", .arguments = { "-q", "-f" } },
    { .name = "exfat", .found = "exfat", .kernel = "exfat", .options = "fmask=0177,dmask=0077",
      .maker = "mkfs.exfat" },
    { .name = "ext2", .found = "ext2", .kernel = "ext2",
      .maker = "mkfs.ext2", .arguments = { "-F" } },
    { .name = "ext3", .found = "ext3", .kernel = "ext3",
      .maker = "mkfs.ext3", .arguments = { "-F" } },
    { .name = "ext4", .found = "ext4", .kernel = "ext4",
      .maker = "mkfs.ext4", .arguments = { "-F" } },
    { .name = "f2fs", .found = "f2fs", .kernel = "f2fs",
      .maker = "mkfs.f2fs", .arguments = { "-q", "-f" } },
    { .name = "gfs", .found = "gfs", .kernel = "gfs",
      .why_not = "Linux has only its successor, gfs2" },
    /* One machine, so no cluster has to agree on locks. */
    { .name = "gfs2", .found = "gfs2", .kernel = "gfs2",
      .maker = "mkfs.gfs2", .arguments = { "-q", "-O", "-p", "lock_nolock", "-j", "1" } },
    { .name = "hfs", .found = "hfs", .inside = "mac", .kernel = "hfs",
      .options = "file_umask=0177,dir_umask=0077", .maker = "hformat", .arguments = { "-f" } },
    { .name = "hfs+", .found = "hfsplus", .inside = "mac", .kernel = "hfsplus",
      .maker = "mkfs.hfsplus" },
    { .name = "iso9660", .found = "iso9660", .kernel = "iso9660", .options = "ro",
      .why_not = "one is made with all that it holds, by xorriso for instance" },
    { .name = "jfs", .found = "jfs", .kernel = "jfs",
      .maker = "mkfs.jfs", .arguments = { "-q" } },
    { .name = "minix", .found = "minix", .kernel = "minix",
      .maker = "mkfs.minix", .arguments = { "-3" } },
    { .name = "nilfs2", .found = "nilfs2", .kernel = "nilfs2",
      .maker = "mkfs.nilfs2", .arguments = { "-q", "-f" } },
    { .name = "ntfs", .found = "ntfs", .kernel = "ntfs3",
      .maker = "mkfs.ntfs", .arguments = { "-Q", "-F" } },
    { .name = "ocfs2", .found = "ocfs2", .kernel = "ocfs2",
      .maker = "mkfs.ocfs2",
      .arguments = { "-q", "-F", "-M", "local", "--fs-features=local", "-N", "1" } },
    { .name = "reiserfs", .found = "reiserfs", .kernel = "reiserfs",
      .maker = "mkfs.reiserfs", .arguments = { "-q", "-f" } },
    { .name = "squashfs", .found = "squashfs", .kernel = "squashfs", .options = "ro",
      .why_not = "one is made with all that it holds, by mksquashfs" },
    { .name = "udf", .found = "udf", .kernel = "udf", .maker = "mkudffs" },
    { .name = "ufs", .found = "ufs", .kernel = "ufs", .options = "ro",
      .why_not = "the kernel only reads it" },
    /* -I: a disk without partitions is what we want. */
    { .name = "vfat", .found = "vfat", .kernel = "vfat", .options = "fmask=0177,dmask=0077",
      .maker = "mkfs.vfat", .arguments = { "-I" } },
    { .name = "vmfs", .kernel = "vmfs", .why_not = "Linux has no driver for it" },
    { .name = "xfs", .found = "xfs", .kernel = "xfs",
      .maker = "mkfs.xfs", .arguments = { "-q", "-f" } },
};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

/* What libvirt has, in its order, and then what it has not. */
const char *const fs_format_names[] = {
    FS_AUTO, "ext2", "ext3", "ext4", "ufs", "iso9660", "udf", "gfs", "gfs2", "vfat", "hfs+", "xfs",
    "ocfs2", "vmfs", "btrfs", "exfat", "f2fs", "hfs", "jfs", "minix", "nilfs2", "ntfs",
    "reiserfs", "squashfs", NULL
};

const struct fs_format *fs_format_named(const char *name)
{
    size_t i;

    for (i = 0; i < FORMATS; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

const struct fs_format *fs_format_found(const char *word)
{
    size_t i;

    for (i = 0; i < FORMATS; i++)
        if (formats[i].found != NULL && strcmp(formats[i].found, word) == 0)
            return &formats[i];
    return NULL;
}
