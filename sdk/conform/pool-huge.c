/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-huge.c - a volume that is large and empty is told, listed and mapped in no time.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "conform/pool-checks.h"
#include "conform/pool.h"

#define LARGEST  ((uint64_t)1 << 50)
#define SMALLEST ((uint64_t)1 << 40)
#define SECONDS  5.0 /* for each operation; it is there to tell a second from a day */

struct watched {
    struct trial *trial;
    const char *what;
    double end;
    uint64_t size;
    uint64_t extents;
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void watch(struct watched *watched, const char *what)
{
    watched->what = what;
    watched->end = now() + SECONDS * watched->trial->options->patience;
}

static void must_be_in_time(const struct watched *watched)
{
    trial_require(watched->trial, now() < watched->end,
                  "%s of an empty volume of %" PRIu64 " bytes took more than %.0f seconds: it must "
                  "not depend on the capacity", watched->what, watched->size,
                  SECONDS * watched->trial->options->patience);
}

static int32_t take_extent(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct watched *watched = arg;

    (void)call;
    trial_require(watched->trial, now() < watched->end,
                  "extents of an empty volume of %" PRIu64 " bytes has told %" PRIu64
                  " extents, and come to %" PRIu64 ": tell a hole in one piece", watched->size,
                  watched->extents, extent->offset);
    watched->extents++;
    return TARN_OK;
}

/* The largest that the storage takes; 0: none. */
static uint64_t make_huge(struct pool *pool, struct birth *birth)
{
    for (uint64_t size = LARGEST; size >= SMALLEST; size /= 2) {
        birth_init(birth, pool, pool_volume_name(pool->trial, 1));
        birth_resize(birth, size);
        birth->spec.allocation = 0;
        birth->def.allocation = 0;
        if (birth_allocate(birth) != TARN_OK)
            continue;
        if (birth->io != NULL && store_size(pool, birth->io) < size &&
            (birth->io->truncate == NULL || store_cut(pool, birth->io, size, 0) != TARN_OK)) {
            birth_abort(birth);
            continue;
        }
        pool_must(pool, birth_close(birth), "closing a new container");
        pool_must(pool, birth_publish(birth), "volume_publish");
        return size;
    }
    return 0;
}

static void map(struct pool *pool, struct watched *watched, const char *name)
{
    struct tarn_io *io = pool_bytes(pool, name, 0);
    uint64_t size = store_size(pool, io);

    watch(watched, "extents");
    host_begin(pool->host, "extents", HOST_TAKES_NOTHING);
    if (io->extents != NULL)
        host_must(pool->host, tarn_io_extents(&pool->host->call, io, 0, size, take_extent,
                                              watched));
    pool->host->operation = NULL;
    must_be_in_time(watched);
    pool_bytes_close(pool, io);
}

void pool_huge(struct trial *trial)
{
    struct watched watched = { .trial = trial };
    struct pool *pool;
    struct birth birth;

    pool = pool_of_births(trial);
    if (pool_cannot(pool, TARN_OPERATION_THIN))
        trial_skip(trial, "its volumes take their space when they are made");
    watch(&watched, "making");
    watched.size = make_huge(pool, &birth);
    if (watched.size == 0)
        trial_skip(trial, "it takes no volumes of a TiB or more here: %s", pool->host->last);
    must_be_in_time(&watched);
    watch(&watched, "refresh");
    pool_must(pool, pool_refresh(pool), "refresh");
    must_be_in_time(&watched);
    if (pool->type->info != NULL) {
        watch(&watched, "info");
        pool_must(pool, pool_info(pool), "info");
        must_be_in_time(&watched);
    }
    if (pool->type->volume_open != NULL)
        map(pool, &watched, birth.spec.name);
    if (pool->type->volume_delete != NULL) {
        watch(&watched, "volume_delete");
        pool_must(pool, pool_delete(pool, birth.spec.name), "volume_delete");
        must_be_in_time(&watched);
    }
    pool_end(pool);
}
