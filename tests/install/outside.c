/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A module as somebody else would write it, from the installed headers alone: the pool type
 * "drawer", whose volumes are files, and the format "boxed", 512 bytes of header before the guest's
 * bytes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <tarn/module.h>

#define BOX_HEADER 512u

static int32_t failed(struct tarn_call *call, const char *what, const char *name)
{
    int saved = errno;

    return tarn_fail(call, saved == ENOENT ? TARN_E_NOT_FOUND : TARN_E_IO, saved,
                     "cannot %s \"%s\"", what, name);
}

/* --- a byte store of an open file; a boxed image is the same with a header before it ---------- */

struct store {
    struct tarn_io io;
    int file;
    struct tarn_io *box; /* or NULL: the file is its own */
};

static int32_t store_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                           uint64_t length, uint64_t offset)
{
    struct store *store = (struct store *)io;

    if (store->box != NULL)
        return tarn_io_pread(call, store->box, buffer, length, offset + BOX_HEADER);
    if (pread(store->file, buffer, length, (off_t)offset) != (ssize_t)length)
        return tarn_fail(call, TARN_E_INVALID, errno, "a read past the end of the drawer's file");
    return TARN_OK;
}

static int32_t store_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                            uint64_t length, uint64_t offset)
{
    struct store *store = (struct store *)io;

    if (store->box != NULL)
        return tarn_io_pwrite(call, store->box, buffer, length, offset + BOX_HEADER);
    if (pwrite(store->file, buffer, length, (off_t)offset) != (ssize_t)length)
        return failed(call, "write into", "drawer");
    return TARN_OK;
}

static int32_t store_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    struct store *store = (struct store *)io;
    struct stat known;
    int32_t status;

    if (store->box != NULL) {
        status = tarn_io_size(call, store->box, out);
        *out -= status == TARN_OK && *out >= BOX_HEADER ? BOX_HEADER : 0;
        return status;
    }
    if (fstat(store->file, &known) < 0)
        return failed(call, "look at", "drawer");
    *out = (uint64_t)known.st_size;
    return TARN_OK;
}

static int32_t store_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                              uint32_t flags)
{
    struct store *store = (struct store *)io;

    if (store->box != NULL)
        return tarn_io_truncate(call, store->box, size + BOX_HEADER, flags);
    return ftruncate(store->file, (off_t)size) < 0 ? failed(call, "resize", "drawer") : TARN_OK;
}

static int32_t store_flush(struct tarn_call *call, struct tarn_io *io)
{
    struct store *store = (struct store *)io;

    if (store->box != NULL)
        return tarn_io_flush(call, store->box);
    return fdatasync(store->file) < 0 ? failed(call, "flush", "drawer") : TARN_OK;
}

static int32_t store_close(struct tarn_call *call, struct tarn_io *io)
{
    struct store *store = (struct store *)io;

    (void)call;
    if (store->box == NULL)
        close(store->file);
    free(store);
    return TARN_OK;
}

static int32_t store_new(struct tarn_call *call, int file, struct tarn_io *box, int writable,
                         struct tarn_io **out)
{
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for a byte store");
    store->io = (struct tarn_io){
        .struct_size = sizeof(store->io),
        .flags = TARN_IO_ZERO_NEW | (writable ? TARN_IO_WRITABLE : 0),
        .fd = -1,
        .pread = store_pread,
        .pwrite = store_pwrite,
        .flush = store_flush,
        .size = store_size,
        .truncate = store_truncate,
        .close = store_close,
    };
    store->file = file;
    store->box = box;
    *out = &store->io;
    return TARN_OK;
}

/* --- the pool type: the handle is the folder's descriptor ------------------------------------- */

struct drawer {
    int folder;
};

struct drawer_item {
    int file;
    char name[256];
};

static int32_t drawer_open(struct tarn_call *call, void **out_pool)
{
    struct drawer *drawer = calloc(1, sizeof(*drawer));

    if (drawer == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for a drawer");
    drawer->folder = open(call->pool->target_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *out_pool = drawer;
    return TARN_OK;
}

static void drawer_close(void *pool)
{
    struct drawer *drawer = pool;

    if (drawer->folder >= 0)
        close(drawer->folder);
    free(drawer);
}

static int32_t drawer_start(struct tarn_call *call, void *pool)
{
    struct drawer *drawer = pool;

    errno = ENOENT;
    return drawer->folder < 0 ? failed(call, "open", call->pool->target_path) : TARN_OK;
}

static int32_t drawer_info(struct tarn_call *call, void *pool)
{
    struct drawer *drawer = pool;
    struct tarn_pool_info info = { .struct_size = sizeof(info) };
    struct statvfs space;

    if (fstatvfs(drawer->folder, &space) < 0)
        return failed(call, "look at", call->pool->target_path);
    info.capacity = space.f_frsize * space.f_blocks;
    info.available = space.f_frsize * space.f_bavail;
    info.allocation = info.capacity - space.f_frsize * space.f_bfree;
    return call->host->emit_pool(call, &info);
}

static int32_t drawer_lookup(struct tarn_call *call, void *pool, const char *name)
{
    struct drawer *drawer = pool;
    struct tarn_volume_info info = { .struct_size = sizeof(info) };
    unsigned char head[4096];
    char path[4096];
    struct stat known;
    ssize_t length;
    int file = openat(drawer->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (file < 0 || fstat(file, &known) < 0)
        return failed(call, "open the volume", name);
    length = pread(file, head, sizeof(head), 0);
    close(file);
    snprintf(path, sizeof(path), "%s/%s", call->pool->target_path, name);
    info.name = name;
    info.path = path;
    info.type = "file";
    info.capacity = info.physical = (uint64_t)known.st_size;
    info.allocation = (uint64_t)known.st_blocks * 512;
    info.head = head;
    info.head_length = length > 0 ? (uint64_t)length : 0;
    return call->host->emit_volume(call, &info);
}

static int32_t drawer_refresh(struct tarn_call *call, void *pool)
{
    DIR *listing = opendir(call->pool->target_path);
    struct dirent *entry;
    int32_t status = TARN_OK;

    if (listing == NULL)
        return failed(call, "list", call->pool->target_path);
    while (status == TARN_OK && (entry = readdir(listing)) != NULL)
        if (entry->d_name[0] != '.')
            status = drawer_lookup(call, pool, entry->d_name);
    closedir(listing);
    return status;
}

static int32_t drawer_allocate(struct tarn_call *call, void *pool,
                               const struct tarn_container_spec *spec, void **out_container,
                               struct tarn_io **out_io)
{
    struct drawer_item *item = calloc(1, sizeof(*item));
    int32_t status;

    (void)pool;
    if (item == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for a volume");
    snprintf(item->name, sizeof(item->name), "%s", spec->name);
    item->file = open(call->pool->target_path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    status = item->file < 0 ? failed(call, "make the volume", spec->name)
                            : store_new(call, dup(item->file), NULL, 1, out_io);
    if (status == TARN_OK)
        *out_container = item;
    else
        free(item);
    return status;
}

static void drawer_abort(struct tarn_call *call, void *pool, void *container)
{
    struct drawer_item *item = container;

    (void)call;
    (void)pool;
    close(item->file);
    free(item);
}

static int32_t drawer_publish(struct tarn_call *call, void *pool, void *container)
{
    struct drawer *drawer = pool;
    struct drawer_item *item = container;
    char self[64];
    int32_t status = TARN_OK;

    snprintf(self, sizeof(self), "/proc/self/fd/%d", item->file);
    if (linkat(AT_FDCWD, self, drawer->folder, item->name, AT_SYMLINK_FOLLOW) < 0)
        status = tarn_fail(call, errno == EEXIST ? TARN_E_EXISTS : TARN_E_IO, errno,
                           "cannot publish the volume \"%s\"", item->name);
    drawer_abort(call, pool, container);
    return status;
}

static int32_t drawer_volume_open(struct tarn_call *call, void *pool, const char *name,
                                  uint32_t flags, struct tarn_io **out_io)
{
    struct drawer *drawer = pool;
    int writable = (flags & TARN_OPEN_WRITE) != 0;
    int file = openat(drawer->folder, name, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);

    return file < 0 ? failed(call, "open the volume", name)
                    : store_new(call, file, NULL, writable, out_io);
}

static int32_t drawer_delete(struct tarn_call *call, void *pool, const char *name)
{
    struct drawer *drawer = pool;

    return unlinkat(drawer->folder, name, 0) < 0 ? failed(call, "delete", name) : TARN_OK;
}

static int32_t drawer_stop(struct tarn_call *call, void *pool, uint32_t flags)
{
    (void)call;
    (void)pool;
    (void)flags;
    return TARN_OK;
}

static const struct tarn_pool_type drawer_type = {
    .struct_size = sizeof(drawer_type),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_IMAGES | TARN_POOL_VOLUME_IS_FILE,
    .name = "drawer",
    .summary = "files, by somebody else",
    .default_volume_format = "boxed",
    .open = drawer_open,
    .close = drawer_close,
    .start = drawer_start,
    .stop = drawer_stop,
    .info = drawer_info,
    .refresh = drawer_refresh,
    .volume_lookup = drawer_lookup,
    .volume_allocate = drawer_allocate,
    .volume_publish = drawer_publish,
    .volume_abort = drawer_abort,
    .volume_open = drawer_volume_open,
    .volume_delete = drawer_delete,
};

/* --- the format ------------------------------------------------------------------------------- */

static const uint8_t box_bytes[] = "BOXED IMAGE 1.0";
static const struct tarn_magic box_magic = {
    .struct_size = sizeof(box_magic),
    .length = sizeof(box_bytes),
    .bytes = box_bytes,
};

static int32_t box_probe(const struct tarn_probe *probe)
{
    return probe->head_length >= BOX_HEADER &&
                   memcmp(probe->head, box_bytes, sizeof(box_bytes)) == 0
               ? TARN_PROBE_MAGIC
               : TARN_PROBE_NO;
}

static int32_t box_info(struct tarn_call *call, struct tarn_io *io)
{
    struct tarn_image_info info = { .struct_size = sizeof(info), .creator = "somebody else" };
    uint64_t size = 0;
    int32_t status = tarn_io_size(call, io, &size);

    if (status == TARN_OK && size < BOX_HEADER)
        status = tarn_fail(call, TARN_E_CORRUPT, 0, "a box has at least 512 bytes");
    info.capacity = size - BOX_HEADER;
    return status == TARN_OK ? call->host->emit_image(call, &info) : status;
}

static int32_t box_create(struct tarn_call *call, struct tarn_io *io,
                          const struct tarn_image_spec *spec)
{
    int32_t status = tarn_io_pwrite(call, io, box_bytes, sizeof(box_bytes), 0);

    return status == TARN_OK ? tarn_io_truncate(call, io, BOX_HEADER + spec->capacity, 0) : status;
}

static int32_t box_open(struct tarn_call *call, struct tarn_io *io,
                        const struct tarn_image_open *how, struct tarn_io **out)
{
    return store_new(call, -1, io, (how->flags & TARN_IMAGE_OPEN_WRITE) != 0, out);
}

static const struct tarn_magic *const box_magics[] = { &box_magic, NULL };
static const struct tarn_format box_format = {
    .struct_size = sizeof(box_format),
    .capabilities = TARN_FORMAT_PROBE | TARN_FORMAT_READ | TARN_FORMAT_WRITE | TARN_FORMAT_CREATE |
                    TARN_FORMAT_GROW | TARN_FORMAT_SHRINK,
    .name = "boxed",
    .summary = "a header and the guest's bytes, by somebody else",
    .magics = box_magics,
    .probe = box_probe,
    .info = box_info,
    .create = box_create,
    .open = box_open,
};

static const struct tarn_pool_type *const types[] = { &drawer_type, NULL };
static const struct tarn_format *const formats[] = { &box_format, NULL };
static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "outside",
    .version = "0.1",
    .summary = "drawers and boxes",
    .licence = "BSD-2-Clause",
    .threads = TARN_THREADS_POOL,
    .pool_types = types,
    .formats = formats,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
