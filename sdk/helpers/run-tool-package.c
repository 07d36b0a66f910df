/* SPDX-License-Identifier: BSD-2-Clause
 *
 * run-tool-package.c - what to install where a program is missing. Names as in Debian; others call
 * them much the same.
 */
#include "helpers/run-tool-internal.h"

#include <string.h>

static const struct {
    const char *program;
    const char *package;
} packages[] = {
    { "hformat", "hfsutils" },
    { "mkfs.btrfs", "btrfs-progs" },
    { "mkfs.exfat", "exfatprogs" },
    { "mkfs.ext2", "e2fsprogs" },
    { "mkfs.ext3", "e2fsprogs" },
    { "mkfs.ext4", "e2fsprogs" },
    { "mkfs.f2fs", "f2fs-tools" },
    { "mkfs.gfs2", "gfs2-utils" },
    { "mkfs.hfsplus", "hfsprogs" },
    { "mkfs.jfs", "jfsutils" },
    { "mkfs.minix", "util-linux" },
    { "mkfs.nilfs2", "nilfs-tools" },
    { "mkfs.ntfs", "ntfs-3g" },
    { "mkfs.ocfs2", "ocfs2-tools" },
    { "mkfs.reiserfs", "reiserfsprogs" },
    { "mkfs.vfat", "dosfstools" },
    { "mkfs.xfs", "xfsprogs" },
    { "mkudffs", "udftools" },
    { "mount.cifs", "cifs-utils" },
    { "mount.glusterfs", "glusterfs-client" },
    { "mount.nfs", "nfs-common" },
    { "umount", "mount" },
};

const char *tool_package(const char *program)
{
    size_t i;

    for (i = 0; i < sizeof(packages) / sizeof(packages[0]); i++)
        if (strcmp(packages[i].program, program) == 0)
            return packages[i].package;
    return NULL;
}
