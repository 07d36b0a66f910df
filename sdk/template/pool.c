/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool.c - the pool type: the regular files of a folder are its volumes, all of them or, with
 * <shelf:suffix> in the <target>, those whose names end so. The callbacks come in the order of
 * tarn-pool-type(3); those for single volumes are in volume.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "pool.h"

#define HEAD 4096 /* bytes of each volume that are read, so that the host can tell its format */

/* shelf.rng, made a string of by the makefile: what XML of our own may stand where. */
static const char schema[] =
#include "schema.inc"
    ;

/* --- definition, handle ----------------------------------------------------------------------- */

static int32_t claims(struct tarn_call *call)
{
    char claim[4096 + sizeof("path:")];

    snprintf(claim, sizeof(claim), "path:%s", call->pool->target_path);
    return call->host->emit_claim(call, claim);
}

/* The schema is used where somebody validates, so what is read is checked here, too. */
static int32_t pool_open(struct tarn_call *call, void **out_pool)
{
    const char *suffix = call->host->query(call, TARN_DEFINITION_POOL,
                                           "/pool/target/shelf:suffix", 0);
    struct pool *pool;

    suffix = suffix != NULL ? suffix : "";
    if (strlen(suffix) >= sizeof(pool->suffix) || strchr(suffix, '/') != NULL ||
        !shelf_is_text(suffix))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "<suffix> of the pool %s is at most 63 bytes without a slash",
                         call->pool->name);
    pool = calloc(1, sizeof(*pool));
    if (pool == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for a pool");
    pool->path = call->pool->target_path;
    strcpy(pool->suffix, suffix);
    *out_pool = pool;
    return TARN_OK;
}

static void pool_close(void *handle)
{
    free(handle);
}

/* --- the life of a pool ----------------------------------------------------------------------- */

static int folder_of(const struct pool *pool)
{
    return open(pool->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* For what needs an active pool: that its folder is gone is news to the host. */
int32_t shelf_folder_open(struct tarn_call *call, const struct pool *pool, int *out)
{
    *out = folder_of(pool);
    if (*out >= 0)
        return TARN_OK;
    if (errno == ENOENT || errno == ENOTDIR)
        return tarn_fail(call, TARN_E_STATE, 0, "the folder %s is not there any more", pool->path);
    return shelf_failed(call, "open", pool->path);
}

static int32_t pool_check(struct tarn_call *call, void *handle, uint32_t *out_active)
{
    const struct pool *pool = handle;
    int folder = folder_of(pool);

    if (folder < 0 && errno != ENOENT && errno != ENOTDIR)
        return shelf_failed(call, "open", pool->path);
    *out_active = folder >= 0;
    if (folder >= 0)
        close(folder);
    return TARN_OK;
}

static int32_t pool_build(struct tarn_call *call, void *handle, uint32_t flags)
{
    const struct pool *pool = handle;

    if (flags != 0)
        return tarn_fail(call, TARN_E_INVALID, 0, "there is no device that could be overwritten");
    if (mkdir(pool->path, 0711) < 0 && errno != EEXIST)
        return shelf_failed(call, "make the folder", pool->path);
    return TARN_OK;
}

static int32_t pool_start(struct tarn_call *call, void *handle)
{
    const struct pool *pool = handle;
    int folder = folder_of(pool);

    if (folder < 0)
        return shelf_failed(call, "open the folder", pool->path);
    close(folder);
    return TARN_OK;
}

static int32_t pool_remove(struct tarn_call *call, void *handle)
{
    const struct pool *pool = handle;

    return rmdir(pool->path) < 0 ? shelf_failed(call, "remove the folder", pool->path) : TARN_OK;
}

/* --- what is there ---------------------------------------------------------------------------- */

static int32_t pool_info(struct tarn_call *call, void *handle)
{
    const struct pool *pool = handle;
    struct tarn_pool_info info = { .struct_size = sizeof(info) };
    struct statvfs space;
    int folder;
    int32_t status = shelf_folder_open(call, pool, &folder);

    if (status != TARN_OK)
        return status;
    if (fstatvfs(folder, &space) < 0)
        status = shelf_failed(call, "look at", pool->path);
    close(folder);
    if (status != TARN_OK)
        return status;
    info.capacity = (uint64_t)space.f_frsize * space.f_blocks;
    info.available = (uint64_t)space.f_frsize * space.f_bavail;
    info.allocation = info.capacity - (uint64_t)space.f_frsize * space.f_bfree;
    return call->host->emit_pool(call, &info);
}

static int64_t nanoseconds(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static struct tarn_identity identity_of(const struct stat *known)
{
    return (struct tarn_identity){
        .struct_size = sizeof(struct tarn_identity),
        .device = known->st_dev,
        .inode = known->st_ino,
        .size = (uint64_t)known->st_size,
        .mtime = nanoseconds(&known->st_mtim),
        .ctime = nanoseconds(&known->st_ctim),
    };
}

/* The first bytes of a file, and the file as a store for formats that are known by its end; or why
 * there are none. A link is not followed out of the folder, and a FIFO that came in the file's place
 * hangs nobody. */
static int32_t look_inside(struct tarn_call *call, struct tarn_volume_info *info, int folder,
                           void *head)
{
    int file = openat(folder, info->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t length = file >= 0 ? pread(file, head, HEAD, 0) : -1;

    if (length >= 0) {
        info->head = head;
        info->head_length = (uint64_t)length;
        return shelf_store_new(call, file, 0, &info->io);
    }
    info->status = errno == ENOENT ? TARN_VOLUME_VANISHED : TARN_VOLUME_UNREADABLE;
    info->status_text = errno == EACCES ? "it may not be read" : "it cannot be read";
    if (file >= 0)
        close(file);
    return TARN_OK;
}

static int32_t tell(struct tarn_call *call, const struct pool *pool, int folder, const char *name,
                    const struct stat *known, const struct tarn_identity *identity)
{
    const struct tarn_permissions permissions = {
        .struct_size = sizeof(permissions),
        .mode = known->st_mode & 0777,
        .owner = known->st_uid,
        .group = known->st_gid,
    };
    struct tarn_volume_info info = { .struct_size = sizeof(info), .name = name, .type = "file" };
    int32_t status = TARN_OK;
    char path[4096 + 256];
    char head[HEAD];

    snprintf(path, sizeof(path), "%s/%s", pool->path, name);
    info.path = path;
    info.capacity = info.physical = (uint64_t)known->st_size;
    info.allocation = (uint64_t)known->st_blocks * 512;
    info.permissions = &permissions;
    info.mtime = identity->mtime;
    info.ctime = identity->ctime;
    info.identity = identity;
    if (S_ISREG(known->st_mode)) {
        status = look_inside(call, &info, folder, head);
    } else {
        info.status = TARN_VOLUME_UNKNOWN_FORMAT;
        info.status_text = "it is no regular file";
    }
    if (info.status == TARN_VOLUME_VANISHED)
        status = tarn_fail(call, TARN_E_NOT_FOUND, 0, "the volume \"%s\" is gone", name);
    if (status == TARN_OK)
        status = call->host->emit_volume(call, &info);
    tarn_io_close(call, info.io);
    return status;
}

static int32_t refresh_one(struct tarn_call *call, const struct pool *pool, int folder,
                           const char *name)
{
    struct tarn_identity identity;
    struct stat known;
    int32_t status;

    if (!shelf_is_volume_name(pool, name))
        return TARN_OK;
    if (fstatat(folder, name, &known, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? TARN_OK : shelf_failed(call, "look at", name);
    identity = identity_of(&known);
    if (call->host->volume_known(call, name, &identity))
        return TARN_OK;
    status = tell(call, pool, folder, name, &known, &identity);
    if (status != TARN_E_NOT_FOUND)
        return status;
    call->host->forget(call); /* deleted while it was looked at: that is no failure */
    return TARN_OK;
}

static int32_t refresh(struct tarn_call *call, void *handle)
{
    const struct pool *pool = handle;
    struct dirent *entry;
    DIR *listing;
    int folder;
    int32_t status = shelf_folder_open(call, pool, &folder);

    if (status != TARN_OK)
        return status;
    listing = fdopendir(folder);
    if (listing == NULL) {
        status = shelf_failed(call, "list", pool->path);
        close(folder);
        return status;
    }
    while (status == TARN_OK && (errno = 0, entry = readdir(listing)) != NULL) {
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = refresh_one(call, pool, folder, entry->d_name);
    }
    if (status == TARN_OK && errno != 0)
        status = shelf_failed(call, "list", pool->path);
    closedir(listing);
    return status;
}

static int32_t volume_lookup(struct tarn_call *call, void *handle, const char *name)
{
    const struct pool *pool = handle;
    struct tarn_identity identity;
    struct stat known;
    int folder;
    int32_t status = shelf_folder_open(call, pool, &folder);

    if (status != TARN_OK)
        return status;
    if (!shelf_is_volume_name(pool, name)) {
        status = tarn_fail(call, TARN_E_NOT_FOUND, 0, "no volume here can have such a name");
    } else if (fstatat(folder, name, &known, AT_SYMLINK_NOFOLLOW) < 0) {
        status = shelf_failed(call, "find the volume", name);
    } else {
        identity = identity_of(&known);
        status = tell(call, pool, folder, name, &known, &identity);
    }
    close(folder);
    return status;
}

const struct tarn_pool_type shelf_pool_type = {
    .struct_size = sizeof(shelf_pool_type),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_IMAGES | TARN_POOL_VOLUME_IS_FILE,
    .name = "shelf",
    .summary = "the files of a folder",
    .default_volume_format = "raw",
    .xml_namespace = "urn:tarn:shelf:1",
    .xml_prefix = "shelf",
    .schema = schema,
    .claims = claims,
    .open = pool_open,
    .close = pool_close,
    .check = pool_check,
    .build = pool_build,
    .start = pool_start,
    .remove = pool_remove,
    .info = pool_info,
    .refresh = refresh,
    .volume_lookup = volume_lookup,
    .volume_name_check = shelf_volume_name_check,
    .volume_allocate = shelf_volume_allocate,
    .volume_publish = shelf_volume_publish,
    .volume_abort = shelf_volume_abort,
    .volume_open = shelf_volume_open,
    .volume_delete = shelf_volume_delete,
};
