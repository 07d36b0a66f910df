/* SPDX-License-Identifier: BSD-2-Clause
 *
 * faults-pool-steps.c - see faults-pool.h.
 */
#include <stddef.h>

#include "conform/faults-pool.h"

/* --- what is there ---------------------------------------------------------------------------- */

static int32_t run_check(struct ground *ground)
{
    bool active;

    return pool_check(ground->pool, &active);
}

static bool can_check(const struct pool *pool)
{
    return pool->type->check != NULL;
}

static int32_t run_info(struct ground *ground)
{
    return pool_info(ground->pool);
}

static bool can_info(const struct pool *pool)
{
    return pool->type->info != NULL;
}

static int32_t run_refresh(struct ground *ground)
{
    int32_t status = pool_refresh(ground->pool);

    trial_require(ground->pool->trial,
                  status != TARN_OK ||
                      results_volume(&ground->pool->host->results, ground->name) != NULL,
                  "a refresh in which something failed answered ok, and did not tell the volume "
                  "\"%s\": what is incomplete is a failure", ground->name);
    return status;
}

static int32_t run_lookup(struct ground *ground)
{
    return pool_lookup(ground->pool, ground->name);
}

static int32_t run_watch(struct ground *ground)
{
    struct pool *pool = ground->pool;
    void *watch = NULL;
    int32_t fd = -1;
    int32_t status;

    host_begin(pool->host, "watch_open", HOST_MAY_IDENTIFY);
    status = host_end(pool->host, pool->type->watch_open(&pool->host->call, pool->handle, &watch,
                                                         &fd));
    if (status != TARN_OK)
        return status;
    host_begin(pool->host, "watch_read", HOST_TAKES_CHANGES | HOST_MAY_IDENTIFY);
    status = host_end(pool->host, pool->type->watch_read(&pool->host->call, pool->handle, watch));
    pool->type->watch_close(pool->handle, watch);
    return status;
}

static bool can_watch(const struct pool *pool)
{
    return pool->type->watch_open != NULL;
}

static int32_t run_handle(struct ground *ground)
{
    struct pool other = *ground->pool;
    int32_t status;

    other.handle = NULL;
    status = pool_open(&other);
    if (status == TARN_OK)
        pool_close(&other);
    return status;
}

/* --- bytes ------------------------------------------------------------------------------------ */

static int32_t use(struct ground *ground, uint32_t flags)
{
    struct pool *pool = ground->pool;
    struct tarn_io *io = NULL;
    int32_t status = pool_volume_open(pool, ground->name, flags, &io);
    int32_t closed;

    if (status != TARN_OK)
        return status;
    status = flags & TARN_OPEN_WRITE ? store_write(pool, io, ground->buffer, 4096, 8192)
                                     : store_read(pool, io, ground->buffer, 4096, 8192);
    if (status == TARN_OK && (flags & TARN_OPEN_WRITE))
        status = store_flush(pool, io);
    closed = store_close(pool, io);
    return status != TARN_OK ? status : closed;
}

static int32_t run_reading(struct ground *ground)
{
    return use(ground, 0);
}

static int32_t run_writing(struct ground *ground)
{
    return use(ground, TARN_OPEN_WRITE);
}

static bool can_read(const struct pool *pool)
{
    return pool->type->volume_open != NULL && !pool_cannot(pool, TARN_OPERATION_DOWNLOAD);
}

static bool can_write(const struct pool *pool)
{
    return pool->type->volume_open != NULL && !pool_cannot(pool, TARN_OPERATION_UPLOAD);
}

/* --- volumes ---------------------------------------------------------------------------------- */

static int32_t finish(struct birth *birth, int32_t status)
{
    if (status == TARN_OK && birth->io != NULL)
        status = store_write(birth->pool, birth->io, "born", 4, 0);
    if (status == TARN_OK)
        status = birth_close(birth);
    if (status != TARN_OK)
        birth_abort(birth);
    return status;
}

static int32_t run_abort(struct ground *ground)
{
    birth_init(&ground->birth, ground->pool, pool_volume_name(ground->pool->trial, 2));
    return finish(&ground->birth, birth_allocate(&ground->birth));
}

static void undo_abort(struct ground *ground)
{
    birth_abort(&ground->birth);
}

static int32_t publish(struct ground *ground, int32_t status)
{
    status = finish(&ground->birth, status);
    if (status == TARN_OK)
        status = birth_publish(&ground->birth);
    ground->born = status == TARN_OK ? ground->birth.spec.name : NULL;
    return status;
}

static int32_t run_birth(struct ground *ground)
{
    birth_init(&ground->birth, ground->pool, pool_volume_name(ground->pool->trial, 2));
    return publish(ground, birth_allocate(&ground->birth));
}

static int32_t run_clone(struct ground *ground)
{
    int32_t status;

    birth_init(&ground->birth, ground->pool, pool_volume_name(ground->pool->trial, 2));
    ground->born = NULL;
    status = birth_clone(&ground->birth, ground->name);
    return status == TARN_E_UNSUPPORTED ? TARN_OK : publish(ground, status);
}

static void undo_birth(struct ground *ground)
{
    if (ground->born != NULL)
        pool_must(ground->pool, pool_delete(ground->pool, ground->born), "volume_delete");
}

static bool can_birth(const struct pool *pool)
{
    return pool->type->volume_allocate != NULL && pool->type->volume_delete != NULL;
}

static bool can_clone(const struct pool *pool)
{
    return can_birth(pool) && pool->type->volume_clone != NULL;
}

static int32_t run_delete(struct ground *ground)
{
    return pool_delete(ground->pool, ground->name);
}

static void undo_delete(struct ground *ground)
{
    ground->name = pool_volume(ground->pool, 1, 1);
}

static int32_t resize(struct ground *ground, uint64_t size, uint32_t flags)
{
    return pool_resize(ground->pool, ground->name, size, flags);
}

static int32_t run_resize(struct ground *ground)
{
    return resize(ground, ground->pool->size * 2, 0);
}

static void undo_resize(struct ground *ground)
{
    pool_must(ground->pool, resize(ground, ground->pool->size, TARN_TRUNCATE_SHRINK),
              "volume_resize");
}

static bool can_resize(const struct pool *pool)
{
    return can_birth(pool) && pool->type->volume_resize != NULL;
}

/* --- the pool --------------------------------------------------------------------------------- */

static int32_t run_recover(struct ground *ground)
{
    return pool_recover(ground->pool);
}

static bool can_recover(const struct pool *pool)
{
    return pool->type->recover != NULL;
}

static int32_t run_start(struct ground *ground)
{
    return pool_start(ground->pool);
}

static void undo_start(struct ground *ground)
{
    pool_must(ground->pool, pool_stop(ground->pool), "stop");
}

static bool can_start(const struct pool *pool)
{
    return pool->type->start != NULL;
}

static int32_t run_stop(struct ground *ground)
{
    return pool_stop(ground->pool);
}

static void undo_stop(struct ground *ground)
{
    pool_must(ground->pool, pool_start(ground->pool), "start");
}

static bool can_stop(const struct pool *pool)
{
    return pool->type->stop != NULL;
}

static int32_t run_sources(struct ground *ground)
{
    struct host *host = ground->pool->host;

    host_begin(host, "find_sources", HOST_TAKES_SOURCES);
    return host_end(host, ground->pool->type->find_sources(&host->call));
}

static bool can_find(const struct pool *pool)
{
    return pool->type->find_sources != NULL;
}

const struct step fault_steps[] = {
    { "open", NULL, run_handle, NULL, false },
    { "check", can_check, run_check, NULL, false },
    { "info", can_info, run_info, NULL, false },
    { "refresh", NULL, run_refresh, NULL, false },
    { "volume_lookup", NULL, run_lookup, NULL, false },
    { "watching", can_watch, run_watch, NULL, false },
    { "reading a volume", can_read, run_reading, NULL, false },
    { "writing a volume", can_write, run_writing, NULL, false },
    { "filling a container", can_birth, run_abort, undo_abort, false },
    { "making a volume", can_birth, run_birth, undo_birth, false },
    { "cloning a volume", can_clone, run_clone, undo_birth, false },
    { "volume_resize", can_resize, run_resize, undo_resize, false },
    { "volume_delete", can_birth, run_delete, undo_delete, false },
    { "recover", can_recover, run_recover, NULL, false },
    { "stop", can_stop, run_stop, undo_stop, false },
    { "start", can_start, run_start, undo_start, true },
    { "find_sources", can_find, run_sources, NULL, false },
    { 0 },
};
