/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * logical.c - the pool type "logical": what it is made of.
 */
#include <tarn/module.h>

#include "logical.h"

static const char *const source_formats[] = { "unknown", "lvm2", NULL };

static const struct tarn_pool_type logical = {
    .struct_size = sizeof(logical),
    .flags = TARN_POOL_NAME_FROM_SOURCE | TARN_POOL_SIZED_CONTAINERS | TARN_POOL_IMAGES |
             TARN_POOL_BYTES | TARN_POOL_SNAPSHOTS,
    .name = "logical",
    .summary = "the logical volumes of an LVM volume group",
    .source_parts = TARN_SOURCE_DEVICE | TARN_SOURCE_NAME | TARN_SOURCE_FORMAT,
    .source_formats = source_formats,
    .default_source_format = "lvm2",
    .default_volume_format = "raw",
    .xml_namespace = "urn:tarn:logical:1",
    .xml_prefix = "logical",

    .define = logical_define,
    .claims = logical_claims,
    .find_sources = logical_find_sources,

    .open = logical_open,
    .close = logical_close,
    .check = logical_check,
    .build = logical_build,
    .start = logical_start,
    .stop = logical_stop,
    .remove = logical_remove,
    .recover = logical_recover,

    .capabilities = logical_capabilities,
    .info = logical_info,
    .refresh = logical_refresh,
    .volume_lookup = logical_volume_lookup,

    .volume_name_check = logical_volume_name_check,
    .volume_allocate = logical_volume_allocate,
    .volume_clone = logical_volume_clone,
    .volume_publish = logical_volume_publish,
    .volume_abort = logical_volume_abort,
    .volume_open = logical_volume_open,
    .volume_delete = logical_volume_delete,
    .volume_resize = logical_volume_resize,
};

static const struct tarn_param command_timeout = {
    .struct_size = sizeof(command_timeout),
    .type = TARN_PARAM_INTEGER,
    .name = "command-timeout",
    .summary = "seconds that one run of lvm may take",
    .default_value = "120",
    .minimum = 1,
    .maximum = 86400,
};

static const struct tarn_pool_type *const pool_types[] = { &logical, NULL };
static const struct tarn_param *const params[] = { &command_timeout, NULL };

static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "logical",
    .version = "0.1.0",
    .summary = "pools that are LVM volume groups",
    .licence = "LGPL-2.1-or-later",
    .threads = TARN_THREADS_PARALLEL,
    .pool_types = pool_types,
    .params = params,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
