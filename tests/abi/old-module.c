/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The old module's descriptor, and its pool type.
 */
#include "old.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The pool handle is the folder's descriptor, or -1 as long as nobody needed it. */
struct attic {
    int folder;
};

struct item {
    int file;
    char name[256];
};

static int32_t attic_find_sources(struct tarn_call *call)
{
    struct tarn_source_host host = {
        .struct_size = sizeof(host), .name = "attic.example", .port = 7 LATER
    };
    struct tarn_source_device device = {
        .struct_size = sizeof(device), .path = "/dev/attic" LATER
    };
    struct tarn_source_auth auth = {
        .struct_size = sizeof(auth), .type = "chap", .username = "moth", .secret_usage = "attic"
        LATER
    };
    const struct tarn_source_host *const hosts[] = { &host, NULL };
    const struct tarn_source_device *const devices[] = { &device, NULL };
    struct tarn_source source = {
        .struct_size = sizeof(source), .hosts = hosts, .devices = devices, .name = "under the roof",
        .auth = &auth
        LATER
    };

    return call->host->emit_source(call, &source);
}

static int32_t attic_open(struct tarn_call *call, void **out_pool)
{
    struct attic *attic = calloc(1, sizeof(*attic));

    (void)call;
    if (attic == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for the pool");
    attic->folder = -1;
    *out_pool = attic;
    return TARN_OK;
}

static void attic_close(void *pool)
{
    struct attic *attic = pool;

    if (attic->folder >= 0)
        close(attic->folder);
    free(attic);
}

static int folder_of(struct tarn_call *call, void *pool)
{
    struct attic *attic = pool;

    if (attic->folder < 0)
        attic->folder = open(call->pool->target_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return attic->folder;
}

static int32_t attic_start(struct tarn_call *call, void *pool)
{
    return folder_of(call, pool) < 0 ? old_failed(call, "open", call->pool->target_path) : TARN_OK;
}

static int32_t attic_stop(struct tarn_call *call, void *pool, uint32_t flags)
{
    (void)call;
    (void)pool;
    (void)flags;
    return TARN_OK;
}

static int32_t attic_capabilities(struct tarn_call *call, void *pool)
{
    struct tarn_capability shrink = {
        .struct_size = sizeof(shrink), .support = TARN_SUPPORT_NONE,
        .operation = TARN_OPERATION_SHRINK, .reason = "there is only ever more of it"
        LATER
    };

    (void)pool;
    return call->host->emit_capability(call, &shrink);
}

/* What a function of the host's said that came with a later minor; or that this host has none. */
static const char *ask_later(struct tarn_call *call)
{
#ifdef TARN_TEST_LATER
    if (TARN_HAS(call->host, struct tarn_host, later_call))
        return call->host->later_call() == 42 ? "answered" : "wrong";
    if (TARN_REACHES(call->host, struct tarn_host, later_call))
        return "empty";
#else
    (void)call;
#endif
    return "missing";
}

static int32_t attic_info(struct tarn_call *call, void *pool)
{
    char version[32];
    struct tarn_property abi = {
        .struct_size = sizeof(abi), .name = "host-abi", .value = version LATER
    };
    struct tarn_property later = {
        .struct_size = sizeof(later), .name = "later", .value = ask_later(call) LATER
    };
    const struct tarn_property *const properties[] = { &abi, &later, NULL };
    struct tarn_device_extent room = {
        .struct_size = sizeof(room), .device = "/dev/attic", .kind = "normal", .end = 1u << 20 LATER
    };
    struct tarn_permissions permissions = {
        .struct_size = sizeof(permissions), .mode = 0711, .owner = TARN_OWNER_UNSET,
        .group = TARN_OWNER_UNSET
        LATER
    };
    struct tarn_pool_info info = {
        .struct_size = sizeof(info), .capacity = 8u << 20, .available = 6u << 20,
        .permissions = &permissions, .properties = properties
        LATER
    };
    int32_t status;

    (void)pool;
    snprintf(version, sizeof(version), "%u.%u",
             (unsigned)TARN_ABI_MAJOR_OF(call->host->abi_version),
             (unsigned)(call->host->abi_version & UINT16_MAX));
    status = call->host->emit_pool(call, &info);
    return status == TARN_OK ? call->host->emit_free(call, &room) : status;
}

static int32_t tell_file(struct tarn_call *call, const char *name, const struct stat *known,
                         struct tarn_io *io)
{
    char path[4096];
    struct tarn_identity identity = {
        .struct_size = sizeof(identity), .device = known->st_dev, .inode = known->st_ino,
        .size = (uint64_t)known->st_size
    };
    struct tarn_permissions permissions = {
        .struct_size = sizeof(permissions), .mode = known->st_mode & 0777, .owner = known->st_uid,
        .group = known->st_gid
        LATER
    };
    struct tarn_device_extent place = {
        .struct_size = sizeof(place), .device = "/dev/attic", .start = 512, .end = 1024 LATER
    };
    const struct tarn_device_extent *const places[] = { &place, NULL };
    struct tarn_volume_info volume = {
        .struct_size = sizeof(volume), .name = name, .path = path, .type = "file",
        .capacity = (uint64_t)known->st_size, .allocation = (uint64_t)known->st_blocks * 512,
        .physical = (uint64_t)known->st_size, .permissions = &permissions, .identity = &identity,
        .extents = places, .io = io
        LATER
    };

    snprintf(path, sizeof(path), "%s/%s", call->pool->target_path, name);
    return call->host->emit_volume(call, &volume);
}

static int32_t attic_lookup(struct tarn_call *call, void *pool, const char *name)
{
    struct tarn_io *io;
    struct stat known;
    int file = openat(folder_of(call, pool), name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int32_t status;

    if (file < 0 || fstat(file, &known) < 0) {
        status = old_failed(call, "look at", name);
        if (file >= 0)
            close(file);
        return status;
    }
    status = old_store_new(call, file, NULL, 0, &io);
    if (status != TARN_OK) {
        close(file);
        return status;
    }
    status = tell_file(call, name, &known, io);
    tarn_io_close(call, io);
    return status;
}

static int32_t attic_refresh(struct tarn_call *call, void *pool)
{
    DIR *listing = opendir(call->pool->target_path);
    struct dirent *entry;
    int32_t status = TARN_OK;

    if (listing == NULL)
        return old_failed(call, "list", call->pool->target_path);
    while (status == TARN_OK && (entry = readdir(listing)) != NULL)
        if (entry->d_name[0] != '.')
            status = attic_lookup(call, pool, entry->d_name);
    closedir(listing);
    return status;
}

static int32_t attic_allocate(struct tarn_call *call, void *pool,
                              const struct tarn_container_spec *spec, void **out_container,
                              struct tarn_io **out_io)
{
    struct item *item = calloc(1, sizeof(*item));
    int32_t status;

    (void)pool;
    if (item == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for a volume");
    snprintf(item->name, sizeof(item->name), "%s", spec->name);
    item->file = open(call->pool->target_path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    status = item->file < 0 ? old_failed(call, "make the volume", spec->name)
                            : old_store_new(call, dup(item->file), NULL, 1, out_io);
    if (status == TARN_OK) {
        *out_container = item;
        return TARN_OK;
    }
    if (item->file >= 0)
        close(item->file);
    free(item);
    return status;
}

static void attic_abort(struct tarn_call *call, void *pool, void *container)
{
    struct item *item = container;

    (void)call;
    (void)pool;
    close(item->file);
    free(item);
}

static int32_t attic_publish(struct tarn_call *call, void *pool, void *container)
{
    struct item *item = container;
    char self[64];
    int32_t status = TARN_OK;

    snprintf(self, sizeof(self), "/proc/self/fd/%d", item->file);
    if (linkat(AT_FDCWD, self, folder_of(call, pool), item->name, AT_SYMLINK_FOLLOW) < 0)
        status = old_failed(call, "publish the volume", item->name);
    attic_abort(call, pool, container);
    return status;
}

static int32_t attic_volume_open(struct tarn_call *call, void *pool, const char *name,
                                 uint32_t flags, struct tarn_io **out_io)
{
    int writable = (flags & TARN_OPEN_WRITE) != 0;
    int file = openat(folder_of(call, pool), name, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);

    return file < 0 ? old_failed(call, "open the volume", name)
                    : old_store_new(call, file, NULL, writable, out_io);
}

static int32_t attic_delete(struct tarn_call *call, void *pool, const char *name)
{
    return unlinkat(folder_of(call, pool), name, 0) < 0 ? old_failed(call, "delete", name)
                                                        : TARN_OK;
}

const struct tarn_pool_type attic_type = {
    .struct_size = sizeof(attic_type),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_IMAGES | TARN_POOL_VOLUME_IS_FILE,
    .name = "attic",
    .summary = "files, as of 1.0",
    .default_volume_format = "crate",
    .find_sources = attic_find_sources,
    .open = attic_open,
    .close = attic_close,
    .start = attic_start,
    .stop = attic_stop,
    .capabilities = attic_capabilities,
    .info = attic_info,
    .refresh = attic_refresh,
    .volume_lookup = attic_lookup,
    .volume_allocate = attic_allocate,
    .volume_publish = attic_publish,
    .volume_abort = attic_abort,
    .volume_open = attic_volume_open,
    .volume_delete = attic_delete
    LATER
};

/* Or another major's, in which all the rest would have other meanings. */
#ifdef TARN_TEST_MAJOR
#define OLD_ABI_VERSION ((uint32_t)TARN_TEST_MAJOR << 16)
#else
#define OLD_ABI_VERSION TARN_ABI_VERSION
#endif

static const struct tarn_pool_type *const types[] = { &attic_type, NULL };
static const struct tarn_format *const formats[] = { &crate_format, NULL };
static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = OLD_ABI_VERSION,
    .name = "old",
    .version = "1.0",
    .summary = "attics and crates",
    .licence = "LGPL-2.1-or-later",
    .threads = TARN_THREADS_POOL,
    .pool_types = types,
    .formats = formats
    LATER
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    (void)host_abi_version;
    return &module;
}
