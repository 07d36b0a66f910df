/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-sizes.c - sizes: none, absurd ones, larger and smaller ones.
 */
#include <inttypes.h>

#include "conform/pool-checks.h"
#include "conform/pool-traces.h"

static uint64_t size_of(struct pool *pool, const char *name)
{
    struct tarn_io *io = pool_bytes(pool, name, 0);
    uint64_t size = store_size(pool, io);

    pool_bytes_close(pool, io);
    return size;
}

/* A container of another size than was asked for holds less than the guest was promised. */
static void try_size(struct pool *pool, uint64_t size)
{
    struct trial *trial = pool->trial;
    struct birth birth;
    uint64_t made;

    birth_init(&birth, pool, pool_volume_name(pool->trial, 1));
    birth_resize(&birth, size);
    if (birth_allocate(&birth) != TARN_OK) {
        int32_t status = pool->host->status;

        trial_require(trial, status == TARN_E_INVALID || status == TARN_E_NO_SPACE ||
                                 status == TARN_E_UNSUPPORTED,
                      "a volume of %" PRIu64 " bytes is refused with %s (%s): invalid or no-space "
                      "is right", size, status_word(status), pool->host->text);
        return;
    }
    made = birth.io != NULL ? store_size(pool, birth.io) : size;
    trial_require(trial, made >= size,
                  "volume_allocate of %" PRIu64 " bytes answered ok and made %" PRIu64, size, made);
    birth_abort(&birth);
}

void pool_absurd_sizes(struct trial *trial)
{
    static const uint64_t sizes[] = { 0, 1, 513, INT64_MAX - 4095, INT64_MAX,
                                      (uint64_t)INT64_MAX + 1, UINT64_MAX - 511, UINT64_MAX };
    struct pool *pool;
    struct traces before, after;

    if (!(trial->type->flags & TARN_POOL_SIZED_CONTAINERS))
        trial_skip(trial, "its containers grow as they are written");
    pool = pool_of_births(trial);
    traces_take_all(&before, pool);
    for (size_t index = 0; index < sizeof(sizes) / sizeof(sizes[0]); index++)
        try_size(pool, sizes[index]);
    traces_take_all(&after, pool);
    traces_must_equal(trial, &before, &after, "making and taking back volumes of absurd sizes");
    pool_end(pool);
}

/* --- resize ----------------------------------------------------------------------------------- */

static struct pool *resizable(struct trial *trial, const char *operation)
{
    struct pool *pool;

    if (trial->type->volume_resize == NULL && !pool_grows_by_itself(trial->type))
        trial_skip(trial, "it does not resize volumes");
    pool = pool_started(trial);
    if (pool_cannot(pool, operation))
        trial_skip(trial, "it says that it cannot %s", operation);
    return pool;
}

static void may_be_unable(struct pool *pool, int32_t status, const char *what)
{
    if (status == TARN_E_UNSUPPORTED)
        trial_skip(pool->trial, "%s: %s", what, pool->host->text);
    pool_must(pool, status, "volume_resize");
}

static void grow_by_resize(struct pool *pool)
{
    struct trial *trial = pool->trial;
    const char *name = pool_volume(pool, 1, 1);
    uint64_t larger = size_of(pool, name) * 2;
    uint64_t size;

    may_be_unable(pool, pool_resize(pool, name, larger, 0), "it cannot grow here");
    size = size_of(pool, name);
    trial_require(trial, size >= larger,
                  "volume_resize to %" PRIu64 " bytes answered ok, and the store has %" PRIu64,
                  larger, size);
    trial_require(trial, pool_need(pool, name)->info.capacity >= larger,
                  "volume_resize to %" PRIu64 " bytes answered ok, and volume_lookup tells a "
                  "smaller capacity", larger);
    pool_must_hold(pool, name, pool->size, 1, "after it grew");
}

void pool_grow(struct trial *trial)
{
    struct pool *pool = resizable(trial, TARN_OPERATION_GROW);

    if (trial->type->volume_resize != NULL)
        grow_by_resize(pool);
    else
        pool_grow_by_itself(pool);
    pool_end(pool);
}

static void shrink_by_resize(struct pool *pool)
{
    struct trial *trial = pool->trial;
    const char *name = pool_volume(pool, 1, 1);
    uint64_t full = size_of(pool, name);

    host_begin(pool->host, "volume_resize", HOST_MAY_IDENTIFY);
    host_refuses(pool->host,
                 pool->type->volume_resize(&pool->host->call, pool->handle, name, full / 2, 0),
                 TARN_E_INVALID, TARN_E_UNSUPPORTED,
                 "a smaller size without TARN_TRUNCATE_SHRINK");
    trial_require(trial, size_of(pool, name) == full,
                  "volume_resize to a smaller size was refused, and the size is another one now");
    may_be_unable(pool, pool_resize(pool, name, full / 2, TARN_TRUNCATE_SHRINK),
                  "it cannot shrink here");
    trial_require(trial, size_of(pool, name) < full,
                  "volume_resize to a smaller size with TARN_TRUNCATE_SHRINK answered ok, and the "
                  "store has the size that it had");
    pool_must_hold(pool, name, full / 2, 1, "after it became smaller");
}

void pool_shrink(struct trial *trial)
{
    struct pool *pool = resizable(trial, TARN_OPERATION_SHRINK);

    if (trial->type->volume_resize != NULL)
        shrink_by_resize(pool);
    else
        pool_shrink_by_itself(pool);
    pool_end(pool);
}
