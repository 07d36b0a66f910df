/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dir.c - the pool type "dir": a directory that is there, and the files in it. Nothing has to be
 * made available, so all the work is that of helpers/file-volumes.h.
 */
#include <tarn/module.h>

#include "helpers/file-volumes.h"

/* There is nothing to let go of. */
static int32_t dir_stop(struct tarn_call *call, void *pool, uint32_t flags)
{
    (void)call;
    (void)pool;
    (void)flags;
    return TARN_OK;
}

static const char *const volume_formats[] = { "dir", NULL };

static const struct tarn_pool_type dir = {
    .struct_size = sizeof(dir),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_IMAGES | TARN_POOL_COW_FEATURE |
             TARN_POOL_VOLUME_IS_FILE,
    .name = "dir",
    .summary = "the files of a directory",
    .volume_formats = volume_formats,
    .default_volume_format = "raw",

    .define = file_volumes_define,
    .claims = file_volumes_claims,

    .open = file_volumes_open,
    .close = file_volumes_close,
    .check = file_volumes_check,
    .build = file_volumes_build,
    .start = file_volumes_start,
    .stop = dir_stop,
    .remove = file_volumes_remove,
    .recover = file_volumes_recover,

    .capabilities = file_volumes_capabilities,
    .info = file_volumes_info,
    .refresh = file_volumes_refresh,
    .volume_lookup = file_volumes_volume_lookup,
    .watch_open = file_volumes_watch_open,
    .watch_read = file_volumes_watch_read,
    .watch_close = file_volumes_watch_close,

    .volume_name_check = file_volumes_volume_name_check,
    .volume_allocate = file_volumes_volume_allocate,
    .volume_clone = file_volumes_volume_clone,
    .volume_publish = file_volumes_volume_publish,
    .volume_abort = file_volumes_volume_abort,
    .volume_open = file_volumes_volume_open,
    .volume_delete = file_volumes_volume_delete,
};

static const struct tarn_pool_type *const pool_types[] = { &dir, NULL };

static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "dir",
    .version = "0.1.0",
    .summary = "pools that are directories",
    .licence = "LGPL-2.1-or-later",
    .threads = TARN_THREADS_PARALLEL,
    .pool_types = pool_types,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
