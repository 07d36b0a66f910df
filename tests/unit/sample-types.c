/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What each type's <source> and <target> hold.
 */
#include "tests/unit/sample-types.h"

#include <string.h>

static const char *const fs_formats[] = {
    "auto", "ext2", "ext3", "ext4", "ufs",   "iso9660", "udf", "gfs",
    "gfs2", "vfat", "hfs+", "xfs",  "ocfs2", "vmfs",    NULL,
};
static const char *const netfs_formats[] = { "auto", "nfs", "glusterfs", "cifs", NULL };
static const char *const logical_formats[] = { "unknown", "lvm2", NULL };
static const char *const disk_formats[] = { "unknown", "dos", "dvh", "gpt",  "mac",
                                            "bsd",     "pc98", "sun", "lvm2", NULL };
static const char *const folder_formats[] = { "dir", NULL };
static const char *const partition_formats[] = { "none",       "linux",     "fat16",
                                                 "fat32",      "linux-swap", "linux-lvm",
                                                 "linux-raid", "extended",  NULL };

static const struct tarn_pool_type dir = {
    .struct_size = sizeof(dir),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_IMAGES | TARN_POOL_COW_FEATURE |
             TARN_POOL_VOLUME_IS_FILE,
    .name = "dir",
    .volume_formats = folder_formats,
    .default_volume_format = "raw",
};

static const struct tarn_pool_type fs = {
    .struct_size = sizeof(fs),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_IMAGES | TARN_POOL_COW_FEATURE |
             TARN_POOL_MOUNT_OPTIONS | TARN_POOL_VOLUME_IS_FILE,
    .name = "fs",
    .source_parts = TARN_SOURCE_DEVICE | TARN_SOURCE_FORMAT,
    .source_required = TARN_SOURCE_DEVICE,
    .source_formats = fs_formats,
    .default_source_format = "auto",
    .volume_formats = folder_formats,
    .default_volume_format = "raw",
};

static const struct tarn_pool_type netfs = {
    .struct_size = sizeof(netfs),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_IMAGES | TARN_POOL_MOUNT_OPTIONS |
             TARN_POOL_VOLUME_IS_FILE,
    .name = "netfs",
    .source_parts = TARN_SOURCE_HOST | TARN_SOURCE_DIR | TARN_SOURCE_FORMAT |
                    TARN_SOURCE_PROTOCOL,
    .source_required = TARN_SOURCE_HOST | TARN_SOURCE_DIR,
    .source_formats = netfs_formats,
    .default_source_format = "auto",
    .volume_formats = folder_formats,
    .default_volume_format = "raw",
};

static const struct tarn_pool_type logical = {
    .struct_size = sizeof(logical),
    .flags = TARN_POOL_NAME_FROM_SOURCE | TARN_POOL_SIZED_CONTAINERS,
    .name = "logical",
    .source_parts = TARN_SOURCE_DEVICE | TARN_SOURCE_NAME | TARN_SOURCE_FORMAT,
    .source_formats = logical_formats,
    .default_source_format = "lvm2",
};

static const struct tarn_pool_type disk = {
    .struct_size = sizeof(disk),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_SIZED_CONTAINERS |
             TARN_POOL_NAMES_VOLUMES,
    .name = "disk",
    .source_parts = TARN_SOURCE_DEVICE | TARN_SOURCE_FORMAT,
    .source_required = TARN_SOURCE_DEVICE,
    .source_formats = disk_formats,
    .default_source_format = "unknown",
    .volume_formats = partition_formats,
    .default_volume_format = "none",
};

static const struct tarn_pool_type iscsi = {
    .struct_size = sizeof(iscsi),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_SIZED_CONTAINERS,
    .name = "iscsi",
    .source_parts = TARN_SOURCE_HOST | TARN_SOURCE_DEVICE | TARN_SOURCE_INITIATOR |
                    TARN_SOURCE_AUTH,
    .source_required = TARN_SOURCE_HOST,
};

static const struct tarn_pool_type iscsi_direct = {
    .struct_size = sizeof(iscsi_direct),
    .flags = TARN_POOL_NO_TARGET | TARN_POOL_SIZED_CONTAINERS,
    .name = "iscsi-direct",
    .source_parts = TARN_SOURCE_HOST | TARN_SOURCE_DEVICE | TARN_SOURCE_INITIATOR |
                    TARN_SOURCE_AUTH,
    .source_required = TARN_SOURCE_HOST | TARN_SOURCE_DEVICE | TARN_SOURCE_INITIATOR,
};

const struct tarn_pool_type *const sample_types[] = { &dir,  &fs,    &netfs,        &logical,
                                                      &disk, &iscsi, &iscsi_direct, NULL };

const char *const sample_image_formats[] = { "raw", "bochs", "cloop", "qcow2", "vmdk", NULL };

const struct tarn_pool_type *sample_type(const char *name)
{
    for (size_t i = 0; sample_types[i] != NULL; i++)
        if (strcmp(sample_types[i]->name, name) == 0)
            return sample_types[i];
    return NULL;
}
