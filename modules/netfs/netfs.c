/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * netfs.c - the pool type "netfs": what it is made of.
 */
#include <tarn/module.h>

#include "netfs.h"

static const char *const volume_formats[] = { "dir", NULL };
static const char *const source_formats[] = { "auto", "nfs", "glusterfs", "cifs", NULL };

static const struct tarn_pool_type netfs = {
    .struct_size = sizeof(netfs),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_IMAGES | TARN_POOL_MOUNT_OPTIONS |
             TARN_POOL_VOLUME_IS_FILE,
    .name = "netfs",
    .summary = "the files of a directory on a server: NFS, SMB, GlusterFS",
    .source_parts = TARN_SOURCE_HOST | TARN_SOURCE_DIR | TARN_SOURCE_FORMAT | TARN_SOURCE_AUTH |
                    TARN_SOURCE_PROTOCOL,
    .source_required = TARN_SOURCE_HOST | TARN_SOURCE_DIR,
    .source_formats = source_formats,
    .default_source_format = "auto",
    .volume_formats = volume_formats,
    .default_volume_format = "raw",

    .define = netfs_define,
    .claims = netfs_claims,
    .find_sources = netfs_find_sources,

    .open = netfs_open,
    .close = netfs_close,
    .check = mounted_volumes_check,
    .build = netfs_build,
    .start = netfs_start,
    .stop = mounted_volumes_stop,
    .remove = mounted_volumes_remove,
    .recover = netfs_recover,

    .capabilities = netfs_capabilities,
    .info = netfs_info,
    .refresh = netfs_refresh,
    .volume_lookup = netfs_volume_lookup,
    .watch_open = netfs_watch_open,
    .watch_read = file_volumes_watch_read,
    .watch_close = file_volumes_watch_close,

    .volume_name_check = file_volumes_volume_name_check,
    .volume_allocate = netfs_volume_allocate,
    .volume_clone = netfs_volume_clone,
    .volume_publish = netfs_volume_publish,
    .volume_abort = netfs_volume_abort,
    .volume_open = netfs_volume_open,
    .volume_delete = netfs_volume_delete,
};

static const struct tarn_param answer_timeout = {
    .struct_size = sizeof(answer_timeout),
    .type = TARN_PARAM_INTEGER,
    .name = "answer-timeout",
    .summary = "seconds that a host may take to answer before the next is tried",
    .default_value = "10",
    .minimum = 1,
    .maximum = 600,
};

static const struct tarn_pool_type *const pool_types[] = { &netfs, NULL };
static const struct tarn_param *const params[] = { &answer_timeout, NULL };

static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "netfs",
    .version = "0.1.0",
    .summary = "pools on servers of the network",
    .licence = "LGPL-2.1-or-later",
    .threads = TARN_THREADS_PARALLEL,
    .pool_types = pool_types,
    .params = params,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
