/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-life.c - handles, and the states of a pool: built, started, stopped, removed.
 */
#include "conform/pool-checks.h"
#include "conform/pool-traces.h"

void pool_handles(struct trial *trial)
{
    struct pool *pool = pool_defined(trial);
    struct traces before, after;

    traces_take(&before, trial);
    for (unsigned round = 0; round < 20; round++) {
        pool_must(pool, pool_open(pool), "open");
        pool_close(pool);
    }
    traces_take(&after, trial);
    traces_must_equal(trial, &before, &after, "opening and closing handles");
}

/* --- check ------------------------------------------------------------------------------------ */

static bool ask(struct pool *pool)
{
    bool active;

    pool_must(pool, pool_check(pool, &active), "check");
    return active;
}

/* What needs no start is available when it is built. */
void pool_truth(struct trial *trial)
{
    struct pool *pool;
    bool before;

    if (trial->type->check == NULL)
        trial_skip(trial, "it has no check: whether it is available it cannot tell");
    pool = pool_built(trial);
    before = ask(pool);
    pool_must(pool, pool_start(pool), "start");
    trial_require(trial, ask(pool), "check says 0 after start: the storage is available, so 1");
    trial_require(trial, ask(pool), "check says 0 when it is asked again after start");
    pool_must(pool, pool_stop(pool), "stop");
    trial_require(trial, ask(pool) == before,
                  "check says %d after stop, as it did not before start: stop takes back what "
                  "start did", !before);
    if (pool->type->remove != NULL && pool_builds(trial)) {
        pool_must(pool, pool_remove(pool), "remove");
        trial_require(trial, !ask(pool), "check says 1 after remove: there is nothing any more");
    }
    pool_close(pool);
}

/* A process that was killed has started it, and the core does not know; somebody else has stopped
 * it, and the core stops it, too. */
void pool_twice(struct trial *trial)
{
    struct pool *pool = pool_built(trial);

    pool_must(pool, pool_start(pool), "start");
    pool_must(pool, pool_start(pool), "start of a pool that is started already");
    pool_must(pool, pool_refresh(pool), "refresh after a second start");
    pool_must(pool, pool_stop(pool), "stop");
    pool_must(pool, pool_stop(pool), "stop of a pool that is stopped already");
    pool_must(pool, pool_start(pool), "start after two stops");
    pool_must(pool, pool_refresh(pool), "refresh after stop and start");
    pool_end(pool);
}

/* --- what stays ------------------------------------------------------------------------------- */

void pool_remains(struct trial *trial)
{
    struct pool *pool;
    const struct results *before;
    const char *how;

    pool_needs_lasting(trial);
    pool = pool_started(trial);
    if (pool->type->volume_allocate != NULL)
        pool_volume(pool, 1, 1);
    before = pool_list(pool);
    pool_must(pool, pool_stop(pool), "stop");
    pool_close(pool);
    pool_must(pool, pool_open(pool), "open");
    pool_must(pool, pool_start(pool), "start");
    pool_must(pool, pool_recover(pool), "recover");
    how = listing_difference(trial, before, pool_list(pool));
    trial_require(trial, how == NULL, "after a stop and a start %s", how);
    pool_end(pool);
}

/* --- remove ----------------------------------------------------------------------------------- */

/* Only what stays can be taken by remove. */
static const char *lasting_volume(struct pool *pool)
{
    const char *name;

    if (pool->type->volume_allocate == NULL || pool->type->volume_delete == NULL)
        return NULL;
    name = pool_volume(pool, 1, 1);
    pool_must(pool, pool_stop(pool), "stop");
    pool_must(pool, pool_start(pool), "start");
    return pool_has(pool, name) ? name : NULL;
}

/* What was made again is made as carefully as can be: a folder, not a file system. */
static bool is_still_there(struct pool *pool, const char *name)
{
    bool started = pool_start(pool) == TARN_OK ||
                   (pool_build_so(pool, 0) == TARN_OK && pool_start(pool) == TARN_OK);

    return started && pool_has(pool, name);
}

void pool_removal(struct trial *trial)
{
    struct pool *pool;
    const char *name;
    bool refused;

    if (!pool_builds(trial))
        trial_skip(trial, "it does not build");
    pool = pool_started(trial);
    if (pool->type->remove == NULL)
        trial_skip(trial, "it cannot be deleted");
    name = lasting_volume(pool);
    pool_must(pool, pool_stop(pool), "stop");
    if (name != NULL) {
        refused = pool_remove(pool) != TARN_OK;
        if (!is_still_there(pool, name))
            trial_fail(trial, "remove %s while the volume \"%s\" was there, which is gone now: "
                              "refuse it", refused ? "was refused" : "answered ok", name);
        pool_must(pool, pool_delete(pool, name), "volume_delete");
        pool_must(pool, pool_stop(pool), "stop");
        if (!refused) /* it takes back what it can beside volumes */
            return;
    }
    pool_must(pool, pool_remove(pool), "remove of a pool without volumes");
    pool_close(pool);
}
