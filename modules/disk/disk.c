/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disk.c - the pool type "disk": a disk with a partition table, and its partitions as volumes.
 */
#include "disk.h"

static const char *const source_formats[] = { "unknown", "dos", "dvh", "gpt",  "mac",
                                              "bsd",     "pc98", "sun", "lvm2", NULL };

static const char *const volume_formats[] = { "none",       "linux",     "fat16",      "fat32",
                                              "linux-swap", "linux-lvm", "linux-raid", "extended",
                                              NULL };

/* A volume may be created without a name. */
static const char schema[] =
    "<grammar xmlns='http://relaxng.org/ns/structure/1.0'>"
    "<define name='volume.name'>"
    "<optional><element name='name'><ref name='value.name'/></element></optional>"
    "</define>"
    "</grammar>";

static const struct tarn_pool_type disk = {
    .struct_size = sizeof(disk),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_SIZED_CONTAINERS | TARN_POOL_IMAGES |
             TARN_POOL_BYTES | TARN_POOL_NAMES_VOLUMES,
    .name = "disk",
    .summary = "the partitions of a disk",
    .source_parts = TARN_SOURCE_DEVICE | TARN_SOURCE_FORMAT,
    .source_required = TARN_SOURCE_DEVICE,
    .source_formats = source_formats,
    .default_source_format = "unknown",
    .volume_formats = volume_formats,
    .default_volume_format = "none",

    .schema = schema,

    .define = disk_define,
    .claims = disk_claims,

    .open = disk_pool_open,
    .close = disk_pool_close,
    .check = disk_check,
    .build = disk_build,
    .start = disk_start,
    .stop = disk_stop,
    .remove = disk_remove,

    .capabilities = disk_capabilities,
    .info = disk_info,
    .refresh = disk_refresh,
    .volume_lookup = disk_volume_lookup,

    .volume_allocate = disk_volume_allocate,
    .volume_publish = disk_volume_publish,
    .volume_abort = disk_volume_abort,
    .volume_open = disk_volume_open,
    .volume_delete = disk_volume_delete,
    .volume_resize = disk_volume_resize,
};

static const struct tarn_pool_type *const pool_types[] = { &disk, NULL };

static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "disk",
    .version = "0.1.0",
    .summary = "pools that are partitioned disks",
    .licence = "LGPL-2.1-or-later",
    .threads = TARN_THREADS_DOMAIN,
    .lock_domain = "libparted",
    .pool_types = pool_types,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
