/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-copies.c - volumes that share the bytes of another one, made by the storage.
 */
#include <string.h>

#include "conform/pool-checks.h"
#include "conform/pool.h"

static void publish(struct birth *birth)
{
    struct pool *pool = birth->pool;

    pool_must(pool, birth_close(birth), "closing a new container");
    pool_must(pool, birth_publish(birth), "volume_publish");
}

static void write_over(struct pool *pool, const char *name, uint64_t length, unsigned seed)
{
    struct tarn_io *io = pool_bytes(pool, name, TARN_OPEN_WRITE);

    pool_must(pool, store_fill(pool, io, length, seed), "pwrite");
    pool_bytes_close(pool, io);
}

/* Each is written, and the other one must stay. */
void pool_clones(struct trial *trial)
{
    struct pool *pool;
    struct birth birth;
    const char *origin;
    int32_t status;

    pool = pool_started(trial);
    if (pool->type->volume_clone == NULL)
        trial_skip(trial, "it does not clone");
    origin = pool_volume(pool, 1, 1);
    birth_init(&birth, pool, pool_volume_name(pool->trial, 2));
    status = birth_clone(&birth, origin);
    if (status == TARN_E_UNSUPPORTED)
        trial_skip(trial, "this storage cannot share bytes: %s", pool->host->text);
    pool_must(pool, status, "volume_clone");
    publish(&birth);
    pool_must_hold(pool, birth.spec.name, pool->size, 1, "in a clone of it");
    write_over(pool, birth.spec.name, pool->size, 2);
    pool_must_hold(pool, origin, pool->size, 1, "after a clone of it was written");
    write_over(pool, origin, pool->size, 3);
    pool_must_hold(pool, birth.spec.name, pool->size, 2, "after what it is a clone of was written");
    pool_end(pool);
}

void pool_snapshots(struct trial *trial)
{
    struct pool *pool;
    const char *origin;
    struct birth birth;
    int32_t status;

    pool = pool_started(trial);
    if (!(pool->type->flags & TARN_POOL_SNAPSHOTS))
        trial_skip(trial, "it makes no snapshots");
    origin = pool_volume(pool, 1, 1);
    birth_init(&birth, pool, pool_volume_name(pool->trial, 2));
    birth.def.backing_path = trial_text(trial, "%s", pool_need(pool, origin)->info.path);
    status = birth_allocate(&birth);
    if (status == TARN_E_UNSUPPORTED)
        trial_skip(trial, "this storage makes no snapshots: %s", pool->host->text);
    pool_must(pool, status, "volume_allocate of a snapshot");
    publish(&birth);
    pool_must_hold(pool, birth.spec.name, pool->size, 1, "in a snapshot of it");
    write_over(pool, origin, pool->size / 8, 2); /* storage keeps books of what differs, too */
    pool_must_hold(pool, birth.spec.name, pool->size, 1, "after its origin was written");
    pool_must_hold(pool, origin, pool->size / 8, 2, "after a snapshot of it was made");
    pool_end(pool);
}
