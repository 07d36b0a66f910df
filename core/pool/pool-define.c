/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Defining and undefining pools, and whether two definitions can stand side by side.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/flags.h"
#include "core/base/persist.h"
#include "core/pool/marks.h"
#include "core/pool/pool.h"
#include "core/registry/registry.h"
#include "core/schema/schema.h"

/* --- claims ----------------------------------------------------------------------------------- */

/* What one definition claims: an array of texts in an arena. */
struct claims {
    struct arena *arena;
    const char **list;
    size_t count;
    size_t room;
};

static int take_claim(void *arg, const char *claim)
{
    struct claims *claims = arg;

    if (claims->count == claims->room) {
        size_t room = claims->room != 0 ? claims->room * 2 : 8;
        const char **list = arena_alloc(claims->arena, room * sizeof(*list));

        if (list == NULL)
            return TARN_E_INTERNAL;
        if (claims->count > 0)
            memcpy(list, claims->list, claims->count * sizeof(*list));
        claims->list = list;
        claims->room = room;
    }
    claims->list[claims->count++] = arena_strdup(claims->arena, claim);
    return arena_failed(claims->arena) ? TARN_E_INTERNAL : TARN_OK;
}

static int claims_of(struct claims *out, struct pool_session *session,
                     struct operation *operation, struct tarn_error **error)
{
    static const struct call_sink sink = { .claim = take_claim };
    struct call call;

    memset(out, 0, sizeof(*out));
    out->arena = arena_new();
    if (out->arena == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to compare pools");
    if (session->type.type->claims == NULL)
        return TARN_OK;
    pool_call_begin(&call, session, operation, NULL);
    call.sink = &sink;
    call.sink_arg = out;
    return pool_call_end(&call, session, session->type.type->claims(&call.abi), error);
}

static const char *common_claim(const struct claims *a, const struct claims *b)
{
    size_t i;
    size_t j;

    for (i = 0; i < a->count; i++)
        for (j = 0; j < b->count; j++)
            if (strcmp(a->list[i], b->list[j]) == 0)
                return a->list[i];
    return NULL;
}

/* --- side by side ----------------------------------------------------------------------------- */

/* A definition that cannot be used claims nothing: it could not be started either. */
static int check_text_claims(const struct claims *claims, const struct tarn_pool *other,
                             struct pool_text *text, struct operation *operation,
                             struct tarn_error **error)
{
    struct pool_session *session = NULL;
    struct claims others = { 0 };
    const char *common = NULL;
    int status = TARN_OK;

    if (pool_session_new(&session, text, operation, NULL) != TARN_OK)
        return TARN_OK;
    if (claims_of(&others, session, operation, NULL) == TARN_OK)
        common = common_claim(claims, &others);
    if (common != NULL)
        status = error_set(error, TARN_E_EXISTS, 0,
                           "the source (%s) is that of the pool %s already: two pools over one "
                           "source would not know of each other", common, other->name);
    arena_free(others.arena);
    pool_session_unref(session);
    return status;
}

/* Those of the definition that counts, and of the one that waits for the next start. */
static int check_claims(const struct claims *claims, struct tarn_pool *other,
                        struct operation *operation, struct tarn_error **error)
{
    struct pool_text *now = pool_current_text(other, false);
    struct pool_text *next = pool_current_text(other, true);
    int status = TARN_OK;

    if (now != NULL)
        status = check_text_claims(claims, other, now, operation, error);
    if (status == TARN_OK && next != NULL && next != now)
        status = check_text_claims(claims, other, next, operation, error);
    pool_text_unref(now);
    pool_text_unref(next);
    return status;
}

static int check_identity(const struct pool_def *def, struct tarn_pool *other,
                          struct tarn_error **error)
{
    struct pool_text *text = pool_current_text(other, false);
    const char *uuid = text != NULL ? text->head.uuid : NULL;
    bool same_name = strcmp(def->abi.name, other->name) == 0;
    bool same_uuid = uuid != NULL && strcmp(def->abi.uuid, uuid) == 0;
    int status = TARN_OK;

    if (same_uuid && !same_name)
        status = error_set(error, TARN_E_EXISTS, 0,
                           "the UUID %s belongs to the pool %s: leave it out to get a new one",
                           uuid, other->name);
    else if (same_name && uuid != NULL && !same_uuid)
        status = error_set(error, TARN_E_EXISTS, 0,
                           "there is a pool called %s with the UUID %s: define it with that UUID "
                           "to change it, or undefine it first", other->name, uuid);
    pool_text_unref(text);
    return status;
}

static int check_conflicts(struct pool_session *session, struct operation *operation,
                           struct tarn_error **error)
{
    struct tarn_pool **all = NULL;
    struct claims claims = { 0 };
    size_t index;
    int status = claims_of(&claims, session, operation, error);

    if (status == TARN_OK)
        status = pools_all(&all, session->context, error);
    for (index = 0; status == TARN_OK && all[index] != NULL; index++) {
        status = check_identity(session->def, all[index], error);
        if (status == TARN_OK && strcmp(all[index]->name, session->def->abi.name) != 0)
            status = check_claims(&claims, all[index], operation, error);
    }
    tarn_pool_list_free(all);
    arena_free(claims.arena);
    return status;
}

/* --- a new definition ------------------------------------------------------------------------- */

static int validate(const struct tarn_pool_type *type, const char *xml, struct tarn_error **error)
{
    struct schema *schema = NULL;
    int status = schema_for_pool(&schema, type, error);

    if (status == TARN_OK)
        status = schema_validate(schema, xml, strlen(xml), error);
    schema_free(schema);
    return status;
}

/* Without a UUID a definition keeps the one that its pool has already. */
static int keep_uuid(struct pool_session *session, struct tarn_error **error)
{
    struct tarn_pool *old = NULL;
    struct pool_text *text = NULL;
    struct pool_def *def = session->def;

    if (session->text->head.uuid != NULL ||
        pools_find(&old, session->context, def->abi.name, NULL) != TARN_OK)
        return TARN_OK;
    text = pool_current_text(old, false);
    if (text != NULL && text->head.uuid != NULL)
        def->abi.uuid = arena_strdup(def->arena, text->head.uuid);
    pool_text_unref(text);
    tarn_pool_unref(old);
    if (arena_failed(def->arena))
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for a definition");
    return TARN_OK;
}

int pool_draft(struct pool_session **out, char **out_xml, const char *xml, uint32_t flags,
               struct operation *operation, struct tarn_error **error)
{
    struct pool_text *text = NULL;
    struct pool_session *session = NULL;
    int status = pool_text_new(&text, xml, error);

    if (status == TARN_OK)
        status = pool_session_new(&session, text, operation, error);
    if (status == TARN_OK && (flags & TARN_DEFINE_VALIDATE))
        status = validate(session->type.type, xml, error);
    if (status == TARN_OK)
        status = keep_uuid(session, error);
    if (status == TARN_OK)
        status = check_conflicts(session, operation, error);
    if (status == TARN_OK)
        status = pool_def_print(out_xml, session->def, NULL, NULL, error);
    pool_text_unref(text);
    if (status != TARN_OK) {
        pool_session_unref(session);
        return status;
    }
    *out = session;
    return TARN_OK;
}

int tarn_pool_define(struct tarn_pool **out, struct tarn_context *context, const char *xml,
                     uint32_t flags, struct tarn_error **error)
{
    if (flags_unknown(flags, TARN_DEFINE_VALIDATE, error))
        return TARN_E_INVALID;

    struct operation operation;
    struct lock definitions = { 0 };
    struct pool_session *session = NULL;
    struct tarn_pool *pool = NULL;
    char *stored = NULL;
    int status;

    operation_begin(&operation, context, "pool-define", NULL, NULL, NULL);
    status = lock_take(&definitions, &operation, LOCK_DEFINITIONS, NULL, NULL, LOCK_EXCLUSIVE,
                       error);
    if (status == TARN_OK)
        status = pool_draft(&session, &stored, xml, flags, &operation, error);
    if (status == TARN_OK)
        status = pools_prepare(&pool, context, session->def->abi.name, error);
    if (status == TARN_OK)
        status = pool_store_defined(pool, stored, error);
    lock_release(&definitions);
    free(stored);
    pool_session_unref(session);
    operation_end(&operation);
    if (status != TARN_OK) {
        tarn_pool_unref(pool);
        return status;
    }
    *out = pool;
    return TARN_OK;
}

static int forget(struct tarn_pool *pool, struct tarn_error **error)
{
    char name[POOL_NAME_LIMIT + sizeof(".xml")];
    struct tarn_error *why = NULL;
    int status;

    snprintf(name, sizeof(name), "%s.xml", pool->name);
    status = persist_remove(pool->context->folders.autostart, name, &why);
    if (status == TARN_OK || status == TARN_E_NOT_FOUND)
        status = pool_store_defined(pool, NULL, error);
    else if (why != NULL)
        return error_pass(error, why);
    tarn_error_free(why);
    if (status != TARN_OK)
        return status;
    pool_reason_drop(pool);
    return marks_forget(pool->context, pool->name, error);
}

/* Needs no module: what is not there cannot be asked, and must not be in the way. */
int tarn_pool_undefine(struct tarn_pool *pool, struct tarn_error **error)
{
    struct operation operation;
    struct lock definitions = { 0 };
    struct lock state = { 0 };
    int status;

    operation_begin(&operation, pool->context, "pool-undefine", pool->name, NULL, NULL);
    status = lock_take(&definitions, &operation, LOCK_DEFINITIONS, NULL, NULL, LOCK_EXCLUSIVE,
                       error);
    if (status == TARN_OK)
        status = lock_take(&state, &operation, LOCK_STATE, pool->name, NULL, LOCK_EXCLUSIVE, error);
    if (status == TARN_OK)
        status = pool_follow(pool, error);
    if (status == TARN_OK && pool_is_active(pool))
        status = error_set(error, TARN_E_STATE, 0, "the pool %s is active: stop it first",
                           pool->name);
    if (status == TARN_OK)
        status = forget(pool, error);
    lock_release(&state);
    lock_release(&definitions);
    operation_end(&operation);
    return status;
}

static int mark_autostart(struct tarn_pool *pool, int autostart, struct tarn_error **error)
{
    char name[POOL_NAME_LIMIT + sizeof(".xml")];
    char target[POOL_NAME_LIMIT + sizeof("../pools/.xml")];
    const char *folder = pool->context->folders.autostart;
    struct tarn_error *why = NULL;
    int status = pool_follow(pool, error);
    bool persistent;

    if (status != TARN_OK)
        return status;
    pthread_mutex_lock(&pool->mutex);
    persistent = pool->defined != NULL;
    pthread_mutex_unlock(&pool->mutex);
    if (!persistent)
        return error_set(error, TARN_E_STATE, 0,
                         "the pool %s is transient: only a defined pool can be started by itself",
                         pool->name);
    snprintf(name, sizeof(name), "%s.xml", pool->name);
    snprintf(target, sizeof(target), "../pools/%s.xml", pool->name);
    status = autostart ? persist_link(folder, name, target, &why)
                       : persist_remove(folder, name, &why);
    if (!autostart && status == TARN_E_NOT_FOUND)
        status = TARN_OK;
    if (status == TARN_OK) {
        tarn_error_free(why);
        return pool_follow(pool, error);
    }
    return why != NULL ? error_pass(error, why) : status;
}

/* The definitions stay as they are meanwhile, or the mark could outlive its definition. */
int tarn_pool_set_autostart(struct tarn_pool *pool, int autostart, struct tarn_error **error)
{
    struct operation operation;
    struct lock definitions = { 0 };
    int status;

    operation_begin(&operation, pool->context, "pool-autostart", pool->name, NULL, NULL);
    status = lock_take(&definitions, &operation, LOCK_DEFINITIONS, NULL, NULL, LOCK_EXCLUSIVE,
                       error);
    if (status == TARN_OK)
        status = mark_autostart(pool, autostart, error);
    lock_release(&definitions);
    operation_end(&operation);
    return status;
}
