/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A pool type that is right, or wrong in the one way that FAULT_IS says: for the groups pool,
 * faults and core of tarn-conform. Its pools are shelves: folders whose files are the volumes. What
 * is wrong with each fault, and which check has to say so, is in faults.list.
 *
 * provides: pool:shelf
 */
#include "broken-pool-shelf.h"

/* --- volumes ---------------------------------------------------------------------------------- */

struct container {
    char name[256];
    int fd;
    bool copied;
};

/* Of a shelf behind glass: what its capabilities tell that it cannot do. */
static int32_t refuse(struct tarn_call *call)
{
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "the shelf is behind glass");
}

static int32_t name_check(struct tarn_call *call, void *pool, const char *name)
{
    (void)pool;
    if (name_is_good(name) || FAULT(NAME_CHECK_SAYS_YES))
        return TARN_OK;
    return tarn_fail(call, TARN_E_INVALID, 0, "a volume of a shelf cannot be called that");
}

static int32_t judge(struct tarn_call *call, struct shelf *shelf,
                     const struct tarn_container_spec *spec, uint64_t size)
{
    char path[4096];
    uint64_t taken = 0;
    int32_t status = each(call, shelf, &taken, NULL);

    place(path, shelf, "", spec->name);
    if (status != TARN_OK)
        return status;
    if (!name_is_good(spec->name) || size == 0)
        return tarn_fail(call, TARN_E_INVALID, 0, "a volume of a shelf cannot be so");
    if (spec->allocation < spec->size && !GROWING && !FAULT(THIN_IN_SPITE))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "a volume of a shelf cannot be thin");
    if (taken > shelf->capacity || size > shelf->capacity - taken)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "the shelf is full");
    if (access(path, F_OK) == 0 && !FAULT(PUBLISH_REPLACES))
        return tarn_fail(call, TARN_E_EXISTS, 0, "the shelf has a volume \"%s\"", spec->name);
    return TARN_OK;
}

static int32_t copy_from(struct tarn_call *call, int to, const char *path)
{
    char bytes[65536];
    int from = open(path, O_RDONLY | O_CLOEXEC);
    int32_t status = from >= 0 ? TARN_OK : fail_shelf(call, "copied from");
    ssize_t length = 1;

    while (status == TARN_OK && length > 0) {
        length = read(from, bytes, sizeof(bytes));
        status = length < 0 || write(to, bytes, (size_t)length) != length
                     ? fail_shelf(call, "copied from")
                     : tarn_interrupted(call);
    }
    if (from >= 0)
        close(from);
    return status;
}

/* Asked here and not before, so that there is something to be taken back. */
static int32_t fill(struct tarn_call *call, struct container *container, const char *origin,
                    uint64_t size)
{
    int32_t status = tarn_interrupted(call);

    if (status == TARN_E_TIMEOUT && FAULT(LATE_IS_BROKEN)) {
        call->host->forget(call);
        return tarn_fail(call, TARN_E_IO, 0, "the shelf does not answer");
    }
    if (status == TARN_OK && origin != NULL)
        status = copy_from(call, container->fd, origin);
    if (status == TARN_OK && ftruncate(container->fd, (off_t)size) < 0)
        status = fail_io(call);
    return status;
}

static int32_t make_part(struct tarn_call *call, const struct shelf *shelf,
                         const struct tarn_container_spec *spec, struct container *container,
                         const char *linked)
{
    const mode_t mode = FAULT(IGNORES_THE_MODE) || spec->permissions->mode == TARN_MODE_UNSET
                            ? 0600
                            : spec->permissions->mode;
    char part[4096];

    place(part, shelf, ".part-", spec->name);
    if (linked != NULL && link(linked, part) < 0)
        return fail_shelf(call, "linked");
    container->fd = open(part, O_RDWR | O_CLOEXEC | (linked != NULL ? 0 : O_CREAT | O_EXCL), 0600);
    if (container->fd < 0 || fchmod(container->fd, mode) < 0)
        return fail_shelf(call, "written");
    return TARN_OK;
}

static void drop(const struct shelf *shelf, struct container *container, bool part_too)
{
    char part[4096];

    place(part, shelf, ".part-", container->name);
    if (container->fd >= 0)
        close(container->fd);
    if (part_too)
        unlink(part);
    free(container);
}

static int32_t hand_out(struct tarn_call *call, struct shelf *shelf, struct container *container,
                        struct tarn_io **out_io)
{
    int fd = fcntl(container->fd, F_DUPFD_CLOEXEC, 0);
    int32_t status = fd >= 0 ? store_new(call, fd, TARN_IO_WRITABLE, out_io)
                             : fail_shelf(call, "opened");

    if (status == TARN_OK && FAULT(ABORT_FORGETS_THE_JOURNAL)) {
        char journal[4096];

        place(journal, shelf, ".journal-", container->name);
        ((struct store *)(void *)*out_io)->journal = strdup(journal);
    }
    return status;
}

static int32_t make(struct tarn_call *call, struct shelf *shelf,
                    const struct tarn_container_spec *spec, const char *origin, bool by_link,
                    void **out_container, struct tarn_io **out_io)
{
    uint64_t size = FAULT(HUGE_IS_SMALL) ? (uint32_t)spec->size & 0xffffffu : spec->size;
    int32_t status = judge(call, shelf, spec, size);
    struct container *container;

    spoil(out_container);
    spoil(out_io);
    if (GLAZED && !FAULT(MAKES_IN_SPITE))
        return refuse(call);
    if (status != TARN_OK)
        return status;
    container = calloc(1, sizeof(*container));
    if (container == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for a volume");
    snprintf(container->name, sizeof(container->name), "%s", spec->name);
    container->copied = origin != NULL;
    container->fd = -1;
    status = make_part(call, shelf, spec, container, by_link ? origin : NULL);
    if (status == TARN_OK && !by_link)
        status = fill(call, container, origin, size);
    if (status == TARN_OK)
        status = hand_out(call, shelf, container, out_io);
    if (status == TARN_OK)
        *out_container = container;
    else
        drop(shelf, container, !(status == TARN_E_CANCELLED && FAULT(CANCEL_LEAVES_A_FILE)));
    return status;
}

static int32_t allocate(struct tarn_call *call, void *pool, const struct tarn_container_spec *spec,
                        void **out_container, struct tarn_io **out_io)
{
    const char *origin = call->volume != NULL ? call->volume->backing_path : NULL;

    return make(call, pool, spec, origin, origin != NULL && FAULT(SNAPSHOT_IS_A_LINK),
                out_container, out_io);
}

static int32_t clone_volume(struct tarn_call *call, void *pool,
                            const struct tarn_container_spec *spec, void **out_container,
                            struct tarn_io **out_io)
{
    char origin[4096];

    if (FAULT(CLONES_NOTHING))
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "a shelf does not saw");
    place(origin, pool, "", spec->clone_of);
    return make(call, pool, spec, origin, FAULT(CLONE_IS_A_LINK), out_container, out_io);
}

static void drop_journal(const struct shelf *shelf, const struct container *container)
{
    char journal[4096];

    place(journal, shelf, ".journal-", container->name);
    unlink(journal);
}

static int32_t publish(struct tarn_call *call, void *pool, void *opaque)
{
    struct shelf *shelf = pool;
    struct container *container = opaque;
    char part[4096], own[4096];
    char *path = FAULT(ONE_PLACE_A_POOL) ? shelf->place : own;
    int32_t status;

    place(part, shelf, ".part-", container->name);
    place(path, shelf, "", container->name);
    if (FAULT(ONE_PLACE_A_POOL))
        usleep(2000); /* for another thread to take it */
    if (FAULT(PUBLISH_LOSES_BYTES) && !container->copied) {
        uint64_t size = length_of(container->fd);

        if (ftruncate(container->fd, 0) < 0 || ftruncate(container->fd, (off_t)size) < 0)
            return fail_io(call);
    }
    if (FAULT(PUBLISH_REPLACES))
        unlink(path);
    drop_journal(shelf, container);
    *made_here(call, container->name) = true;
    __atomic_add_fetch(&shelf->own, 1, __ATOMIC_RELAXED);
    if (link(part, path) == 0) {
        status = TARN_OK;
    } else {
        status = tarn_fail(call, errno == EEXIST ? TARN_E_EXISTS : TARN_E_IO, errno,
                           "the volume \"%s\" cannot be put on the shelf", container->name);
        __atomic_sub_fetch(&shelf->own, 1, __ATOMIC_RELAXED);
    }
    drop(shelf, container, true);
    return status;
}

static void take_back(struct tarn_call *call, void *pool, void *container)
{
    struct container *all = container;

    (void)call;
    if (FAULT(ABORT_KEEPS_MEMORY) && (all = malloc(sizeof(*all))) != NULL)
        *all = *(const struct container *)container;
    if (all != NULL)
        drop(pool, all, true);
}

static int32_t open_volume(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                           struct tarn_io **out_io)
{
    bool writable = (flags & TARN_OPEN_WRITE) != 0 || FAULT(ALWAYS_WRITABLE);
    char path[4096];
    bool both = writable || FAULT(ZEROES_FOR_READERS);
    int fd;

    spoil(out_io);
    if (GLAZED && writable)
        return refuse(call);
    place(path, pool, "", name);
    fd = name_is_good(name) ? open(path, (both ? O_RDWR : O_RDONLY) | O_CLOEXEC) : -1;
    if (fd < 0)
        return fail_missing(call, name);
    return store_new(call, fd, writable ? TARN_IO_WRITABLE : 0, out_io);
}

static void wipe_others(const struct shelf *shelf)
{
    DIR *entries = opendir(shelf->path);
    const struct dirent *entry;

    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        int fd = openat(dirfd(entries), entry->d_name, O_WRONLY | O_CLOEXEC);

        if (fd >= 0 && entry->d_name[0] != '.' && pwrite(fd, "gone", 4, 100) < 0)
            continue;
        if (fd >= 0)
            close(fd);
    }
    if (entries != NULL)
        closedir(entries);
}

/* Byte stores lock it for that. */
static bool is_open(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;

    if (fd >= 0)
        close(fd);
    return locked;
}

static int32_t delete_volume(struct tarn_call *call, void *pool, const char *name)
{
    struct shelf *shelf = pool;
    char path[4096];

    if (GLAZED)
        return refuse(call);
    place(path, shelf, "", name);
    if (FAULT(DELETE_FAILS_WHILE_OPEN) && is_open(path))
        return tarn_fail(call, TARN_E_IO, 0, "the volume is open");
    if (!name_is_good(name) || unlink(path) < 0)
        return FAULT(DELETES_THE_MISSING) ? TARN_OK : fail_missing(call, name);
    __atomic_sub_fetch(&shelf->own, 1, __ATOMIC_RELAXED);
    if (FAULT(DELETE_WIPES_OTHERS))
        wipe_others(shelf);
    return TARN_OK;
}

static int32_t resize(struct tarn_call *call, void *pool, const char *name, uint64_t size,
                      uint32_t flags)
{
    struct stat st;
    char path[4096];

    if (GLAZED)
        return refuse(call);
    place(path, pool, "", name);
    if (!name_is_good(name) || stat(path, &st) < 0)
        return fail_missing(call, name);
    if (size > ((const struct shelf *)pool)->capacity)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "the shelf is smaller");
    if (size < (uint64_t)st.st_size && !(flags & TARN_TRUNCATE_SHRINK) && !FAULT(SHRINKS_UNASKED))
        return tarn_fail(call, TARN_E_INVALID, 0, "the volume is larger: ask to shrink it");
    if (FAULT(GROWS_EMPTY) && size > (uint64_t)st.st_size && truncate(path, 0) < 0)
        return fail_shelf(call, "resized");
    return truncate(path, (off_t)size) == 0 ? TARN_OK : fail_shelf(call, "resized");
}

/* --- the module ------------------------------------------------------------------------------- */

static int32_t load(struct tarn_call *call, void **out_state)
{
    *out_state = calloc(1, sizeof(struct state));
    return *out_state != NULL ? TARN_OK : tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory");
}

static const char *const woods[] = { "wood", NULL };

/* In every pool there may be, or must be, an element <nails>. */
#define PATTERN "<element name='nails' ns='urn:tarn:shelf'><text/></element>"
static const char schema[] =
    "<grammar xmlns='http://relaxng.org/ns/structure/1.0'><define name='pool.own'>"
    "<optional>" PATTERN "</optional></define></grammar>";
static const char strict_schema[] =
    "<grammar xmlns='http://relaxng.org/ns/structure/1.0'><define name='pool.own'>" PATTERN
    "</define></grammar>";

static const struct tarn_param capacity = {
    .struct_size = sizeof(capacity),
    .type = TARN_PARAM_BYTES,
    .name = "capacity",
    .summary = "what the shelf bears",
    .default_value = CAPACITY,
    .minimum = 4096,
    .maximum = INT64_MAX,
};

static const struct tarn_param *const params[] = { &capacity, NULL };

static const struct tarn_pool_type shelf_type = {
    .struct_size = sizeof(shelf_type),
    .flags = TARN_POOL_TARGET_REQUIRED | TARN_POOL_IMAGES | TARN_POOL_VOLUME_IS_FILE |
             TARN_POOL_SNAPSHOTS | (GROWING ? 0 : TARN_POOL_SIZED_CONTAINERS),
    .params = params,
    .name = "shelf",
    .summary = "the files on a shelf",
    .source_parts = TARN_SOURCE_FORMAT,
    .source_formats = woods,
    .default_source_format = "wood",
    .default_volume_format = "raw",
    .xml_namespace = "urn:tarn:shelf",
    .xml_prefix = "shelf",
    .schema = FAULT(SCHEMA_WANTS_MORE) ? strict_schema : schema,
    .define = define,
    .claims = claims,
    .find_sources = find_sources,
    .open = open_shelf,
    .close = close_shelf,
    .check = check,
    .build = build,
    .start = start,
    .stop = stop,
    .remove = remove_shelf,
    .recover = recover,
    .capabilities = capabilities,
    .info = info,
    .refresh = refresh,
    .volume_lookup = lookup,
    .watch_open = watch_open,
    .watch_read = watch_read,
    .watch_close = watch_close,
    .volume_name_check = name_check,
    .volume_allocate = allocate,
    .volume_clone = clone_volume,
    .volume_publish = publish,
    .volume_abort = take_back,
    .volume_open = open_volume,
    .volume_delete = delete_volume,
    .volume_resize = GROWING ? NULL : resize,
};

static const struct tarn_pool_type *const pool_types[] = { &shelf_type, NULL };

static const struct tarn_module module = {
    .struct_size = sizeof(module),
    .abi_version = TARN_ABI_VERSION,
    .name = "shelf",
    .version = "1.0",
    .summary = "pools that are shelves",
    .licence = "LGPL-2.1-or-later",
    /* So that no volume vanishes because two threads are at work. */
    .threads = FAULT(VANISHED_ENDS_REFRESH) ? TARN_THREADS_POOL : TARN_THREADS_PARALLEL,
    .pool_types = pool_types,
    .load = load,
    .unload = free,
};

const struct tarn_module *tarn_module_entry(uint32_t host_abi_version)
{
    return TARN_ABI_MAJOR_OF(host_abi_version) == TARN_ABI_MAJOR ? &module : NULL;
}
