/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fs.c - the pool type "fs": the files on a filesystem that is mounted for the pool.
 */
#include "fs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- the definition --------------------------------------------------------------------------- */

const char *fs_device_of(const struct tarn_call *call)
{
    return call->pool->source->devices[0]->path;
}

static int32_t fs_define(struct tarn_call *call)
{
    const struct tarn_source_device *const *devices = call->pool->source->devices;
    int32_t status = file_volumes_define(call);

    if (status != TARN_OK)
        return status;
    if (devices[0] == NULL || devices[1] != NULL)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the pool \"%s\" needs exactly one <source><device>: the one to mount",
                         call->pool->name);
    if (!fs_device_is_named(devices[0]->path))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "\"%s\" is no device: give an absolute path, or UUID=, LABEL=, PARTUUID= "
                         "or PARTLABEL= and a value", devices[0]->path);
    return TARN_OK;
}

/* Under the name that all links to it lead to, as far as it is there now. */
static int32_t claim_device(struct tarn_call *call)
{
    const char *device = fs_device_of(call);
    char path[PATH_MAX];
    int32_t status;
    char *claim;

    if (asprintf(&claim, "device:%s", fs_device_resolve(device, path) ? path : device) < 0)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to claim %s", device);
    status = call->host->emit_claim(call, claim);
    free(claim);
    return status;
}

static int32_t fs_claims(struct tarn_call *call)
{
    int32_t status = claim_device(call);

    return status == TARN_OK ? file_volumes_claims(call) : status;
}

/* --- the handle ------------------------------------------------------------------------------- */

static bool is_device(const char *source, dev_t device)
{
    struct stat st;

    return source[0] == '/' && stat(source, &st) == 0 && S_ISBLK(st.st_mode) &&
           st.st_rdev == device;
}

static bool is_file(const char *source, const struct stat *file)
{
    struct stat st;

    return source[0] == '/' && stat(source, &st) == 0 && st.st_dev == file->st_dev &&
           st.st_ino == file->st_ino;
}

/* A folder of our filesystem that is mounted there (mount --bind) is not it; but with subvol= btrfs
 * mounts one for all. A device that was pulled out is known by its name alone. */
static bool fs_is_ours(const struct mounted_volumes *mounted, const struct mount_entry *entry)
{
    const struct fs_pool *pool = (const struct fs_pool *)mounted;
    char path[PATH_MAX];
    struct stat st;

    if (strcmp(entry->root, "/") != 0 && strcmp(entry->type, "btrfs") != 0)
        return false;
    if (!fs_device_resolve(pool->device, path) || stat(path, &st) < 0)
        return strcmp(entry->source, pool->device) == 0;
    if (S_ISBLK(st.st_mode))
        return entry->device == st.st_rdev || is_device(entry->source, st.st_rdev);
    return is_file(entry->source, &st);
}

static void fs_close(void *opaque)
{
    struct fs_pool *pool = opaque;

    if (pool == NULL)
        return;
    mounted_volumes_fini(&pool->mounted);
    free(pool->device);
    free(pool);
}

static int32_t fs_open(struct tarn_call *call, void **out_pool)
{
    struct fs_pool *pool = calloc(1, sizeof(*pool));
    char *device = strdup(fs_device_of(call));
    int32_t status;

    if (pool == NULL || device == NULL)
        status = tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a pool");
    else
        status = mounted_volumes_init(call, &pool->mounted, fs_is_ours);
    if (status != TARN_OK) {
        free(device);
        free(pool);
        return status;
    }
    pool->device = device;
    *out_pool = pool;
    return TARN_OK;
}

/* --- the life of a pool ----------------------------------------------------------------------- */

static int32_t fs_build(struct tarn_call *call, void *opaque, uint32_t flags)
{
    struct fs_pool *pool = opaque;
    int32_t status = mounted_volumes_need_unmounted(call, &pool->mounted);

    if (status == TARN_OK && flags & (TARN_BUILD_OVERWRITE | TARN_BUILD_NO_OVERWRITE))
        status = fs_make(call, pool->device, flags);
    return status == TARN_OK ? file_volumes_build(call, pool, 0) : status;
}

/* Before it is mounted: a journal that is replayed is written to. */
static int32_t fs_start(struct tarn_call *call, void *opaque)
{
    struct fs_pool *pool = opaque;
    struct mount_request request = { .source = NULL };
    struct fs_found found;
    char path[PATH_MAX];
    int32_t status = fs_device_need(call, pool->device, path);

    if (status == TARN_OK)
        status = fs_recognise(call, path, call->pool->source->format, &found);
    if (status == TARN_OK && found.uuid[0] != '\0')
        status = call->host->identify(call, "filesystem", found.uuid, 0);
    if (status != TARN_OK)
        return status;
    request.source = path;
    request.type = found.kernel;
    request.options = found.options;
    return mounted_volumes_start(call, &pool->mounted, &request);
}

/* --- the descriptor --------------------------------------------------------------------------- */

static const char *const volume_formats[] = { "dir", NULL };

/* Besides what devices are called elsewhere. */
static const char schema[] =
    "<grammar xmlns='http://relaxng.org/ns/structure/1.0' xmlns:tarn='urn:tarn:schema'"
    " datatypeLibrary='http://www.w3.org/2001/XMLSchema-datatypes'>"
    "<define name='value.device' tarn:says='an absolute path, or UUID=, LABEL=, PARTUUID= or"
    " PARTLABEL= and a value'>"
    "<data type='string'><param name='pattern'>(/|(PART)?(UUID|LABEL)=).+</param></data>"
    "</define></grammar>";

static const struct tarn_pool_type fs = {
    .struct_size = sizeof(fs),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_IMAGES | TARN_POOL_COW_FEATURE |
             TARN_POOL_MOUNT_OPTIONS | TARN_POOL_VOLUME_IS_FILE,
    .name = "fs",
    .summary = "the files on a filesystem that is mounted for the pool",
    .source_parts = TARN_SOURCE_DEVICE | TARN_SOURCE_FORMAT,
    .source_required = TARN_SOURCE_DEVICE,
    .source_formats = fs_format_names,
    .default_source_format = FS_AUTO,
    .volume_formats = volume_formats,
    .default_volume_format = "raw",
    .schema = schema,

    .define = fs_define,
    .claims = fs_claims,

    .open = fs_open,
    .close = fs_close,
    .check = mounted_volumes_check,
    .build = fs_build,
    .start = fs_start,
    .stop = mounted_volumes_stop,
    .remove = mounted_volumes_remove,
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

static const struct tarn_pool_type *const pool_types[] = { &fs, NULL };

static const struct tarn_param mkfs_timeout = {
    .struct_size = sizeof(mkfs_timeout),
    .type = TARN_PARAM_INTEGER,
    .name = "mkfs-timeout",
    .summary = "seconds after which the making of a filesystem is given up; 0 = never",
    .default_value = "900",
    .minimum = 0,
    .maximum = 86400,
};

static const struct tarn_param *const params[] = { &mkfs_timeout, NULL };

static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "fs",
    .version = "0.1.0",
    .summary = "pools on filesystems that are mounted for them",
    .licence = "LGPL-2.1-or-later",
    .threads = TARN_THREADS_PARALLEL,
    .pool_types = pool_types,
    .params = params,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
