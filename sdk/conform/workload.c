/* SPDX-License-Identifier: BSD-2-Clause
 *
 * workload.c - see workload.h.
 */
#include "conform/workload.h"

#include <string.h>

#include "conform/format-image.h"
#include "conform/pool-settings.h"

struct work {
    struct trial *trial;
    struct host *host;
    workload_look_fn look;
    void *arg;
};

static void look(struct work *work)
{
    if (work->look != NULL)
        work->look(work->trial, work->arg);
    work->look = NULL;
}

/* Ends an operation whose failure is not looked at here. */
static bool done(struct host *host, int32_t status)
{
    host->operation = NULL;
    return status == TARN_OK;
}

/* --- a byte store ----------------------------------------------------------------------------- */

static int32_t take_extent(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    (void)extent;
    (void)arg;
    host_is_asked(host_of(call), NULL);
    return TARN_OK;
}

static void use_store(struct work *work, struct tarn_io *io)
{
    struct tarn_call *call = &work->host->call;
    char bytes[4096];
    uint64_t size = 0;

    memset(bytes, 0x5a, sizeof(bytes));
    if (tarn_io_size(call, io, &size) == TARN_OK && size >= sizeof(bytes)) {
        if (io->flags & TARN_IO_WRITABLE)
            tarn_io_pwrite(call, io, bytes, sizeof(bytes), 0);
        tarn_io_pread(call, io, bytes, sizeof(bytes), 0);
        tarn_io_extents(call, io, 0, size, take_extent, NULL);
    }
    if (io->flags & TARN_IO_WRITABLE)
        tarn_io_flush(call, io);
    look(work);
    tarn_io_close(call, io);
}

/* --- a format --------------------------------------------------------------------------------- */

static void use_format(struct work *work)
{
    const struct tarn_format *format = work->trial->format;
    struct host *host = work->host;
    struct memory_store *store = memory_store_new(work->trial);
    const struct tarn_image_spec *spec = &image_plan(work->trial, host)->spec;
    struct tarn_image_open how = { .struct_size = sizeof(how) };
    struct tarn_io *io = NULL;

    if (format->create == NULL)
        trial_skip(work->trial, "images of the format %s cannot be made", format->name);
    host_begin(host, "create", HOST_MAY_RELATE);
    if (!done(host, format->create(&host->call, &store->io, spec)))
        trial_skip(work->trial, "no image can be made: %s", host->text);
    if (format->capabilities & TARN_FORMAT_WRITE)
        how.flags = TARN_IMAGE_OPEN_WRITE;
    else if (format->capabilities & TARN_FORMAT_FILL)
        how.flags = TARN_IMAGE_OPEN_WRITE | TARN_IMAGE_OPEN_FILL;
    if (format->open != NULL) {
        host_begin(host, "open", HOST_MAY_RELATE);
        if (format->open(&host->call, &store->io, &how, &io) == TARN_OK)
            use_store(work, io);
        done(host, TARN_OK);
    }
    if (format->info != NULL) {
        host_begin(host, "info", HOST_TAKES_IMAGE);
        done(host, format->info(&host->call, &store->io));
    }
    if (format->check != NULL) {
        host_begin(host, "check", HOST_TAKES_CHECK | HOST_MAY_RELATE);
        done(host, format->check(&host->call, &store->io, 0));
    }
    memory_store_free(store);
}

/* --- a pool type ------------------------------------------------------------------------------ */

/* Begins a volume and writes to it. False: it cannot. */
static bool begin_volume(struct work *work, void *pool, const struct tarn_container_spec *spec,
                         void **out_container)
{
    struct tarn_io *io = NULL;

    host_begin(work->host, "volume_allocate", HOST_TAKES_VOLUMES | HOST_MAY_IDENTIFY);
    if (work->trial->type->volume_allocate(&work->host->call, pool, spec, out_container, &io) !=
        TARN_OK)
        return false;
    if (io != NULL)
        use_store(work, io);
    return true;
}

static void list(struct work *work, void *pool)
{
    struct host *host = work->host;

    if (work->trial->type->refresh == NULL)
        return;
    host_begin(host, "refresh", HOST_TAKES_VOLUMES | HOST_TAKES_POOL | HOST_MAY_IDENTIFY);
    done(host, work->trial->type->refresh(&host->call, pool));
}

/* One that is given up, and one that comes to be. */
static void make_volume(struct work *work, void *pool)
{
    const struct tarn_pool_type *type = work->trial->type;
    const struct tarn_permissions permissions = { sizeof(permissions), TARN_MODE_UNSET,
                                                  TARN_OWNER_UNSET, TARN_OWNER_UNSET, NULL };
    uint64_t size = pool_volume_size(work->trial);
    struct tarn_container_spec spec = { .struct_size = sizeof(spec), .size = size, .capacity = size,
                                        .allocation = size, .permissions = &permissions };
    struct tarn_call *call = &work->host->call;
    struct tarn_io *io = NULL;
    void *container = NULL;

    if (type->volume_allocate == NULL)
        return;
    spec.name = pool_volume_name(work->trial, 1);
    if (!begin_volume(work, pool, &spec, &container))
        return;
    host_begin(work->host, "volume_abort", HOST_MAY_IDENTIFY);
    type->volume_abort(call, pool, container);
    if (!begin_volume(work, pool, &spec, &container))
        return;
    host_begin(work->host, "volume_publish", HOST_TAKES_VOLUMES | HOST_MAY_IDENTIFY);
    if (type->volume_publish(call, pool, container) == TARN_OK &&
        work->host->results.volume_count != 0)
        spec.name = trial_text(work->trial, "%s", work->host->results.volumes[0].info.name);
    list(work, pool);
    host_begin(work->host, "volume_open", HOST_MAY_IDENTIFY);
    if (type->volume_open != NULL &&
        type->volume_open(call, pool, spec.name, 0, &io) == TARN_OK)
        use_store(work, io);
    host_begin(work->host, "volume_delete", HOST_MAY_IDENTIFY);
    if (type->volume_delete != NULL)
        type->volume_delete(call, pool, spec.name);
    done(work->host, TARN_OK);
}

static void watch(struct work *work, void *pool)
{
    const struct tarn_pool_type *type = work->trial->type;
    struct tarn_call *call = &work->host->call;
    void *handle = NULL;
    int32_t fd = -1;

    host_begin(work->host, "watch", HOST_TAKES_CHANGES | HOST_MAY_IDENTIFY);
    if (type->watch_open != NULL && type->watch_open(call, pool, &handle, &fd) == TARN_OK) {
        make_volume(work, pool);
        host_begin(work->host, "watch_read", HOST_TAKES_CHANGES | HOST_MAY_IDENTIFY);
        type->watch_read(call, pool, handle);
        type->watch_close(pool, handle);
    }
    done(work->host, TARN_OK);
}

static void use_started(struct work *work, void *pool)
{
    const struct tarn_pool_type *type = work->trial->type;
    struct host *host = work->host;

    if (type->info != NULL) {
        host_begin(host, "info", HOST_TAKES_POOL | HOST_MAY_IDENTIFY);
        done(host, type->info(&host->call, pool));
    }
    make_volume(work, pool);
    list(work, pool);
    watch(work, pool);
    look(work);
}

static void use_type(struct work *work)
{
    const struct tarn_pool_type *type = work->trial->type;
    struct host *host = work->host;
    void *pool = NULL;
    bool started;

    host_begin(host, "define", HOST_MAY_AMEND);
    if (type->define != NULL)
        done(host, type->define(&host->call));
    host_begin(host, "open", HOST_TAKES_NOTHING);
    if (!done(host, type->open(&host->call, &pool)))
        trial_skip(work->trial, "the pool cannot be opened: %s", host->text);
    host_begin(host, "build", HOST_MAY_IDENTIFY);
    if (pool_builds(work->trial))
        done(host, type->build(&host->call, pool, pool_build_flags(work->trial)));
    host_begin(host, "start", HOST_MAY_IDENTIFY);
    started = type->start == NULL || done(host, type->start(&host->call, pool));
    if (started)
        use_started(work, pool);
    host_begin(host, "stop", HOST_MAY_IDENTIFY);
    if (started && type->stop != NULL)
        done(host, type->stop(&host->call, pool, 0));
    if (type->close != NULL)
        type->close(pool);
    if (!started)
        trial_skip(work->trial, "the pool cannot be started: %s", host->text);
}

void workload_run(struct trial *trial, workload_look_fn look_fn, void *arg)
{
    struct work work = { .trial = trial, .host = host_new(trial), .look = look_fn, .arg = arg };

    if (trial->type != NULL)
        use_type(&work);
    else
        use_format(&work);
    look(&work);
    host_unload(work.host);
}
