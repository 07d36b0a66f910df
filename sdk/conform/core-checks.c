/* SPDX-License-Identifier: BSD-2-Clause
 *
 * core-checks.c - pool types in the real core, by what host applications call.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/core-pool.h"
#include "conform/pool.h"

/* --- the pool --------------------------------------------------------------------------------- */

/* What is stored is the definition as define completed it, and can be defined anew. */
static void must_round_trip(struct core_pool *pool)
{
    struct tarn_error *error = NULL;
    struct tarn_pool *again = NULL;
    char *first = core_pool_xml(pool);
    char *second;
    int status = tarn_pool_define(&again, pool->context, first, TARN_DEFINE_VALIDATE, &error);

    core_must(pool->trial, status, error, "tarn_pool_define of the XML that the core gave");
    tarn_pool_unref(again);
    second = core_pool_xml(pool);
    trial_require(pool->trial, strcmp(first, second) == 0,
                  "with the real core: the XML of the pool, defined anew, gives another one");
    free(first);
    free(second);
}

static void life(struct trial *trial)
{
    struct core_pool *pool = core_pool_defined(trial, 0);

    must_round_trip(pool);
    core_pool_leave(pool);
    pool = core_pool_started(trial, 0);
    trial_require(trial, core_pool_is_active(pool),
                  "with the real core: the pool is inactive after it was started");
    core_pool_stop(pool);
    trial_require(trial, !core_pool_is_active(pool),
                  "with the real core: the pool is active after it was stopped");
    core_pool_start(pool);
    core_pool_end(pool);
}

/* --- volumes ---------------------------------------------------------------------------------- */

/* An equal one is what was asked for; one of another size is not. */
static void try_idempotent(struct core_pool *pool)
{
    struct tarn_volume *volume = NULL;
    struct tarn_error *error = NULL;
    int status;

    if (pool->trial->type->flags & TARN_POOL_NAMES_VOLUMES)
        return;
    status = core_volume_ask(&volume, pool, 1, pool->size, TARN_VOLUME_IDEMPOTENT, &error);
    core_must(pool->trial, status, error, "tarn_volume_create of an equal volume, idempotent,");
    tarn_volume_unref(volume);
    status = core_volume_ask(&volume, pool, 1, pool->size * 2, TARN_VOLUME_IDEMPOTENT, NULL);
    trial_require(pool->trial, status == TARN_E_EXISTS,
                  "with the real core: a second volume of the same name and another size is "
                  "answered with %s, expected exists", tarn_status_word(status));
}

static void try_growing(struct core_pool *pool, struct tarn_volume *volume)
{
    struct tarn_error *error = NULL;
    int status = tarn_volume_resize(volume, pool->size * 2, 0, NULL, &error);

    if (status == TARN_E_UNSUPPORTED) {
        tarn_error_free(error);
        return;
    }
    core_must(pool->trial, status, error, "tarn_volume_resize");
    trial_require(pool->trial, core_volume_capacity(pool, volume) >= pool->size * 2,
                  "with the real core: a volume that grew tells a smaller capacity");
}

static void try_deleting(struct core_pool *pool, struct tarn_volume *volume)
{
    struct tarn_error *error = NULL;
    int status = tarn_volume_delete(volume, 0, NULL, &error);

    core_must(pool->trial, status, error, "tarn_volume_delete");
}

static bool can_be_written(struct core_pool *pool)
{
    return core_pool_can(pool, TARN_OPERATION_UPLOAD) &&
           core_pool_can(pool, TARN_OPERATION_DOWNLOAD);
}

static void use_volumes(struct core_pool *pool)
{
    struct tarn_volume *volume = core_volume(pool, 1);
    bool births = core_pool_can(pool, TARN_OPERATION_CREATE);

    trial_require(pool->trial, core_volume_seen(pool, tarn_volume_name(volume)),
                  "with the real core: the volume \"%s\" is not seen after it was made",
                  tarn_volume_name(volume));
    trial_require(pool->trial, core_volume_capacity(pool, volume) >= pool->size,
                  "with the real core: the volume \"%s\" is smaller than it was asked for",
                  tarn_volume_name(volume));
    if (births)
        try_idempotent(pool);
    if (can_be_written(pool)) {
        core_volume_upload(pool, volume, 1);
        core_volume_compare(pool, volume, 1, "after an upload");
    }
    if (births && core_pool_can(pool, TARN_OPERATION_GROW))
        try_growing(pool, volume);
    if (births && core_pool_can(pool, TARN_OPERATION_REMOVE))
        try_deleting(pool, volume);
    tarn_volume_unref(volume);
}

static void volumes(struct trial *trial)
{
    struct core_pool *pool = core_pool_started(trial, 0);

    use_volumes(pool);
    core_pool_end(pool);
}

/* What could be other there: a state of its own, no descriptor of a store, results by message. */
static void isolated(struct trial *trial)
{
    struct core_pool *pool = core_pool_started(trial, CORE_ISOLATED);
    struct tarn_volume *volume = core_volume(pool, 1);

    trial_require(trial, core_volume_seen(pool, tarn_volume_name(volume)),
                  "with the real core, the module in a process of its own: the volume \"%s\" is "
                  "not seen after it was made", tarn_volume_name(volume));
    if (can_be_written(pool)) {
        core_volume_upload(pool, volume, 1);
        core_volume_compare(pool, volume, 1, "from a module in a process of its own");
    }
    tarn_volume_unref(volume);
    core_pool_stop(pool);
    core_pool_start(pool);
    core_pool_end(pool);
}

/* --- contexts --------------------------------------------------------------------------------- */

/* As another process sees it, beside this one and after it. */
static void contexts(struct trial *trial)
{
    struct core_pool *first;
    struct core_pool *second;
    struct tarn_volume *volume;
    char *name;

    pool_needs_lasting(trial);
    first = core_pool_started(trial, 0);
    volume = core_volume(first, 1);
    name = trial_text(trial, "%s", tarn_volume_name(volume));
    tarn_volume_unref(volume);
    second = core_pool_again(first);
    trial_require(trial, core_pool_is_active(second),
                  "with the real core: one context started the pool, in another it is inactive");
    trial_require(trial, core_volume_seen(second, name),
                  "with the real core: one context made the volume \"%s\", another does not see it",
                  name);
    core_pool_leave(first);
    first = core_pool_again(second);
    core_pool_leave(second);
    trial_require(trial, core_volume_seen(first, name),
                  "with the real core: the volume \"%s\" is not seen after the contexts were "
                  "closed and a new one opened", name);
    core_pool_end(first);
}

const struct check core_checks[] = {
    { "core/life", "the core defines, builds, starts and stops a pool, and gives back its XML",
      CHECK_POOL_TYPE, 0, life },
    { "core/volumes", "the core makes, finds, fills, grows and deletes volumes", CHECK_POOL_TYPE, 0,
      volumes },
    { "core/contexts", "what one context makes another one sees, now and later", CHECK_POOL_TYPE, 0,
      contexts },
    { "core/isolated", "in a process of its own the module does the same", CHECK_POOL_TYPE, 0,
      isolated },
    { 0 },
};
