/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Building, starting and deleting pools. Each holds the pool's state alone while it works, and
 * undoes what it did if it cannot end it.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/flags.h"
#include "core/context/event.h"
#include "core/pool/inventory.h"
#include "core/pool/marks.h"
#include "core/pool/observe.h"
#include "core/pool/pool.h"
#include "core/volume/record.h"

#define BUILD_FLAGS \
    (TARN_POOL_BUILD | TARN_POOL_BUILD_OVERWRITE | TARN_POOL_BUILD_NO_OVERWRITE)

/* --- alone with a pool ------------------------------------------------------------------------ */

void solo_end(struct solo *solo)
{
    lock_release(&solo->state);
    operation_end(&solo->operation);
}

int solo_begin(struct solo *solo, struct tarn_pool *pool, const char *name, struct tarn_job *job,
               struct tarn_error **error)
{
    int status;

    memset(solo, 0, sizeof(*solo));
    solo->pool = pool;
    operation_begin(&solo->operation, pool->context, name, pool->name, NULL, job);
    status = lock_take(&solo->state, &solo->operation, LOCK_STATE, pool->name, NULL,
                       LOCK_EXCLUSIVE, error);
    if (status == TARN_OK)
        status = pool_follow(pool, error);
    if (status == TARN_OK && pool_is_gone(pool))
        status = error_set(error, TARN_E_NOT_FOUND, 0, "there is no pool %s any more", pool->name);
    if (status != TARN_OK)
        solo_end(solo);
    return status;
}

static int must_be_inactive(struct tarn_pool *pool, struct tarn_error **error)
{
    if (!pool_is_active(pool))
        return TARN_OK;
    return error_set(error, TARN_E_STATE, 0, "the pool %s is active: stop it first", pool->name);
}

static void tell(struct tarn_pool *pool, uint32_t kind, const struct pool_session *session)
{
    event_add(pool->context, kind, pool->name, session->def->abi.uuid, NULL, NULL);
}

/* --- the module's steps ----------------------------------------------------------------------- */

static int no_such_step(const struct pool_session *session, const char *what,
                        struct tarn_error **error)
{
    return error_set(error, TARN_E_UNSUPPORTED, 0, "pools of the type %s cannot be %s",
                     session->type.type->name, what);
}

static int step_build(struct pool_session *session, uint32_t flags, struct operation *operation,
                      struct tarn_error **error)
{
    const struct tarn_pool_type *type = session->type.type;
    uint32_t how = 0;
    struct call call;

    if ((flags & TARN_POOL_BUILD_OVERWRITE) && (flags & TARN_POOL_BUILD_NO_OVERWRITE))
        return error_set(error, TARN_E_INVALID, 0,
                         "overwrite and no-overwrite exclude each other: choose one");
    if (type->build == NULL)
        return no_such_step(session, "built", error);
    if (flags & TARN_POOL_BUILD_OVERWRITE)
        how |= TARN_BUILD_OVERWRITE;
    if (flags & TARN_POOL_BUILD_NO_OVERWRITE)
        how |= TARN_BUILD_NO_OVERWRITE;
    pool_call_begin(&call, session, operation, "build");
    return pool_call_end(&call, session, type->build(&call.abi, session->handle, how), error);
}

static int step_start(struct pool_session *session, struct operation *operation,
                      struct tarn_error **error)
{
    struct call call;

    if (session->type.type->start == NULL)
        return TARN_OK;
    pool_call_begin(&call, session, operation, "start");
    return pool_call_end(&call, session, session->type.type->start(&call.abi, session->handle),
                         error);
}

static int step_recover(struct pool_session *session, struct operation *operation,
                        struct tarn_error **error)
{
    struct call call;

    if (session->type.type->recover == NULL)
        return TARN_OK;
    pool_call_begin(&call, session, operation, "recover");
    return pool_call_end(&call, session, session->type.type->recover(&call.abi, session->handle),
                         error);
}

static int step_remove(struct pool_session *session, struct operation *operation,
                       struct tarn_error **error)
{
    struct call call;

    if (session->type.type->remove == NULL)
        return no_such_step(session, "deleted", error);
    pool_call_begin(&call, session, operation, "delete");
    return pool_call_end(&call, session, session->type.type->remove(&call.abi, session->handle),
                         error);
}

/* --- starting --------------------------------------------------------------------------------- */

/* A pool whose records are looked through. */
struct pruning {
    struct tarn_pool *pool;
    struct pool_session *session;
    struct operation *operation;
};

static bool in_inventory(void *arg, const char *volume)
{
    const struct pruning *pruning = arg;
    struct volume_entry *entry = inventory_find(pruning->pool->inventory, volume);
    bool found = entry != NULL;

    volume_entry_unref(entry);
    return found;
}

/* What is left of a volume in several files that was not made, or not deleted, to its end. */
static int remove_left(void *arg, const char *file, struct tarn_error **error)
{
    const struct pruning *pruning = arg;
    struct pool_session *session = pruning->session;
    struct call call;
    int status;

    if (!in_inventory(arg, file) || session->type.type->volume_delete == NULL)
        return TARN_OK;
    pool_call_begin(&call, session, pruning->operation, NULL);
    status = session->type.type->volume_delete(&call.abi, session->handle, file);
    status = pool_call_end(&call, session, status, error);
    if (status == TARN_OK)
        inventory_remove(pruning->pool->inventory, file, 0);
    return status;
}

/* What did not end well must be undone even if the operation was cancelled, or has no time left. */
static void undo_start(struct tarn_pool *pool, struct pool_session *session)
{
    struct operation undo;

    operation_begin(&undo, pool->context, "pool-stop", pool->name, NULL, NULL);
    pool_step_stop(session, 0, &undo, NULL);
    operation_end(&undo);
}

static void undo_build(struct tarn_pool *pool, struct pool_session *session)
{
    struct operation undo;

    if (session->type.type->remove == NULL)
        return;
    operation_begin(&undo, pool->context, "pool-delete", pool->name, NULL, NULL);
    if (step_remove(session, &undo, NULL) == TARN_OK)
        tell(pool, TARN_EVENT_POOL_DELETED, session);
    operation_end(&undo);
}

static int first_look(struct tarn_pool *pool, struct pool_session *session,
                      struct operation *operation, struct tarn_error **error)
{
    struct pruning pruning = { pool, session, operation };
    const struct record_prune_plan plan = { in_inventory, remove_left, &pruning };
    int status = step_recover(session, operation, error);

    if (status == TARN_OK)
        status = pool_measure(pool, session, operation, error);
    if (status == TARN_OK)
        status = pool_observe_all(pool, session, operation, error);
    if (status == TARN_OK)
        status = record_prune(pool->context, pool->name, &plan, error);
    return status;
}

/* The storage becomes available, is looked at, and the pool is active. */
static int start(struct tarn_pool *pool, struct pool_session *session, const char *xml,
                 struct operation *operation, struct tarn_error **error)
{
    int status = step_start(session, operation, error);

    if (status != TARN_OK)
        return status;
    status = first_look(pool, session, operation, error);
    if (status == TARN_OK)
        status = pool_keep_marks(pool, session, operation, error);
    if (status == TARN_OK)
        status = pool_store_active(pool, xml, error);
    if (status != TARN_OK) {
        inventory_clear(pool->inventory);
        undo_start(pool, session);
    }
    return status;
}

/* Not for a pool over a source: that it cannot be used says nothing of what it holds. */
static bool is_absent(struct pool_session *session, struct operation *operation)
{
    const struct tarn_pool_type *type = session->type.type;
    uint32_t there = 0;
    struct call call;
    int status;

    if (type->check == NULL || type->source_parts != 0)
        return false;
    pool_call_begin(&call, session, operation, "check");
    status = type->check(&call.abi, session->handle, &there);
    return pool_call_end(&call, session, status, NULL) == TARN_OK && there == 0;
}

/* *out_made: the storage is new, so that taking it back takes nothing from anybody. */
static int build(bool *out_made, struct tarn_pool *pool, struct pool_session *session,
                 uint32_t flags, struct operation *operation, struct tarn_error **error)
{
    bool was_absent = is_absent(session, operation);
    int status = step_build(session, flags, operation, error);

    if (status != TARN_OK)
        return status;
    tell(pool, TARN_EVENT_POOL_CREATED, session);
    *out_made = was_absent || (operation->marks != NULL && operation->marks->fresh);
    return TARN_OK;
}

int pool_activate(struct tarn_pool *pool, struct pool_session *session, const char *xml,
                  uint32_t flags, struct operation *operation, struct tarn_error **error)
{
    const uint32_t wants_build =
        TARN_POOL_BUILD | TARN_POOL_BUILD_OVERWRITE | TARN_POOL_BUILD_NO_OVERWRITE;
    bool made = false;
    int status = TARN_OK;

    operation->adopt = (flags & TARN_POOL_START_ADOPT) != 0;
    if (flags & wants_build)
        status = build(&made, pool, session, flags, operation, error);
    if (status == TARN_OK)
        status = start(pool, session, xml, operation, error);
    if (status != TARN_OK && made)
        undo_build(pool, session);
    if (status == TARN_OK)
        pool_reason_drop(pool);
    return status;
}

int tarn_pool_start(struct tarn_pool *pool, uint32_t flags, struct tarn_job *job,
                    struct tarn_error **error)
{
    if (flags_unknown(flags, BUILD_FLAGS | TARN_POOL_START_ADOPT, error))
        return TARN_E_INVALID;

    struct pool_session *session = NULL;
    struct solo solo;
    int status = solo_begin(&solo, pool, "pool-start", job, error);

    if (status != TARN_OK)
        return status;
    if (pool_is_active(pool))
        status = error_set(error, TARN_E_STATE, 0, "the pool %s is active already", pool->name);
    if (status == TARN_OK)
        status = pool_session_get(&session, pool, &solo.operation, error);
    if (status == TARN_OK)
        status = pool_activate(pool, session, session->text->xml, flags, &solo.operation, error);
    pool_session_unref(session);
    solo_end(&solo);
    return status;
}

/* The definitions stay locked only until the name is ours: starting may take long. */
static int prepare_transient(struct solo *solo, struct pool_session **session, char **stored,
                             struct tarn_context *context, const char *xml, uint32_t flags,
                             struct tarn_job *job, struct tarn_error **error)
{
    struct lock definitions = { 0 };
    int status;

    memset(solo, 0, sizeof(*solo));
    operation_begin(&solo->operation, context, "pool-create", NULL, NULL, job);
    status = lock_take(&definitions, &solo->operation, LOCK_DEFINITIONS, NULL, NULL,
                       LOCK_EXCLUSIVE, error);
    if (status == TARN_OK)
        status = pool_draft(session, stored, xml, flags, &solo->operation, error);
    if (status == TARN_OK)
        status = pools_prepare(&solo->pool, context, (*session)->def->abi.name, error);
    if (status == TARN_OK) {
        (*session)->pool = solo->pool;
        operation_set_names(&solo->operation, solo->pool->name, NULL);
        status = lock_take(&solo->state, &solo->operation, LOCK_STATE, solo->pool->name, NULL,
                           LOCK_EXCLUSIVE, error);
    }
    lock_release(&definitions);
    if (status == TARN_OK)
        status = pool_follow(solo->pool, error);
    if (status == TARN_OK && pool_is_active(solo->pool))
        status = error_set(error, TARN_E_EXISTS, 0, "the pool %s is active already",
                           solo->pool->name);
    return status;
}

int tarn_pool_create(struct tarn_pool **out, struct tarn_context *context, const char *xml,
                     uint32_t flags, struct tarn_job *job, struct tarn_error **error)
{
    if (flags_unknown(flags, TARN_DEFINE_VALIDATE | BUILD_FLAGS, error))
        return TARN_E_INVALID;

    struct pool_session *session = NULL;
    char *stored = NULL;
    struct solo solo;
    int status =
        prepare_transient(&solo, &session, &stored, context, xml, flags, job, error);

    if (status == TARN_OK)
        status = pool_activate(solo.pool, session, stored, flags, &solo.operation, error);
    free(stored);
    pool_session_unref(session);
    solo_end(&solo);
    if (status != TARN_OK) {
        tarn_pool_unref(solo.pool);
        return status;
    }
    *out = solo.pool;
    return TARN_OK;
}

/* --- the others ------------------------------------------------------------------------------- */

int tarn_pool_build(struct tarn_pool *pool, uint32_t flags, struct tarn_job *job,
                    struct tarn_error **error)
{
    if (flags_unknown(flags, BUILD_FLAGS, error))
        return TARN_E_INVALID;

    struct pool_session *session = NULL;
    struct solo solo;
    int status = solo_begin(&solo, pool, "pool-build", job, error);

    if (status != TARN_OK)
        return status;
    status = must_be_inactive(pool, error);
    if (status == TARN_OK)
        status = pool_session_get(&session, pool, &solo.operation, error);
    if (status == TARN_OK)
        status = step_build(session, flags, &solo.operation, error);
    if (status == TARN_OK)
        status = pool_keep_marks(pool, session, &solo.operation, error);
    if (status == TARN_OK)
        tell(pool, TARN_EVENT_POOL_CREATED, session);
    pool_session_unref(session);
    solo_end(&solo);
    return status;
}

int tarn_pool_delete(struct tarn_pool *pool, struct tarn_job *job, struct tarn_error **error)
{
    struct pool_session *session = NULL;
    struct solo solo;
    int status = solo_begin(&solo, pool, "pool-delete", job, error);

    if (status != TARN_OK)
        return status;
    status = must_be_inactive(pool, error);
    if (status == TARN_OK)
        status = pool_session_get(&session, pool, &solo.operation, error);
    if (status == TARN_OK)
        status = step_remove(session, &solo.operation, error);
    if (status == TARN_OK)
        tell(pool, TARN_EVENT_POOL_DELETED, session);
    pool_session_unref(session);
    solo_end(&solo);
    return status;
}

int tarn_pool_refresh(struct tarn_pool *pool, struct tarn_job *job, struct tarn_error **error)
{
    struct pool_visit visit;
    int status;

    pool_try_now(pool);
    status = pool_enter(&visit, pool, "pool-refresh", NULL, job, error);
    if (status != TARN_OK)
        return status;
    status = pool_measure(pool, visit.session, &visit.operation, error);
    if (status == TARN_OK)
        status = pool_observe_all(pool, visit.session, &visit.operation, error);
    if (status == TARN_OK)
        status = pool_keep_marks(pool, visit.session, &visit.operation, error);
    if (status == TARN_OK)
        tell(pool, TARN_EVENT_POOL_REFRESHED, visit.session);
    pool_leave(&visit);
    return status;
}
