/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Is it the storage that the pool had? What a module tells during an operation is compared at once,
 * and recorded once the operation has succeeded.
 */
#include <stdlib.h>
#include <string.h>

#include "core/pool/marks.h"
#include "core/pool/pool.h"

static int is_another(struct tarn_pool *pool, const char *kind, const char *was, const char *is,
                      struct tarn_error **error)
{
    return error_set(error, TARN_E_REPLACED, 0,
                     "the storage of the pool %s is not what it was: the %s %s is recorded, the "
                     "%s %s is there now, and was not touched: bring the old one back, or %s this "
                     "one (pool-start %s --adopt), or build it anew", pool->name, kind, was, kind,
                     is, pool_is_active(pool) ? "stop the pool and accept" : "accept", pool->name);
}

/* Read once an operation: a target may have hundreds of units. */
static int recall(const struct marks **out, struct tarn_pool *pool, struct call *call,
                  struct tarn_error **error)
{
    struct operation *operation = call->operation;
    struct marks *known = operation->known;
    int status = TARN_OK;

    if (known == NULL) {
        known = calloc(1, sizeof(*known));
        if (known == NULL)
            return error_set(error, TARN_E_INTERNAL, 0, "no memory to recognise a storage");
        status = marks_read(known, pool->context, call->abi.pool, error);
        if (status != TARN_OK)
            free(known);
        else
            operation->known = known;
    }
    *out = operation->known;
    return status;
}

/* What this operation was told counts before what was recorded. */
static int compare(struct tarn_pool *pool, struct call *call, const char *kind, const char *id,
                   struct tarn_error **error)
{
    struct operation *operation = call->operation;
    const struct marks *known = NULL;
    const char *was = operation->marks != NULL ? marks_find(operation->marks, kind) : NULL;
    int status = TARN_OK;

    if (was == NULL && !operation->adopt) {
        status = recall(&known, pool, call, error);
        was = known != NULL ? marks_find(known, kind) : NULL;
    }
    if (status == TARN_OK && was != NULL && strcmp(was, id) != 0)
        status = is_another(pool, kind, was, id, error);
    return status;
}

static int note(struct operation *operation, const char *kind, const char *id, bool fresh,
                struct tarn_error **error)
{
    if (operation->marks == NULL)
        operation->marks = calloc(1, sizeof(*operation->marks));
    if (operation->marks == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to keep what a storage is");
    operation->marks->fresh |= fresh;
    return marks_put(operation->marks, kind, id, error);
}

int pool_recognise(struct call *call, const char *kind, const char *id, uint32_t flags,
                   struct tarn_error **error)
{
    struct tarn_pool *pool = call->session->pool;
    int status = TARN_OK;

    pthread_mutex_lock(&pool->marks_mutex);
    if (!(flags & TARN_IDENTIFY_NEW))
        status = compare(pool, call, kind, id, error);
    if (status == TARN_OK)
        status = note(call->operation, kind, id, (flags & TARN_IDENTIFY_NEW) != 0, error);
    pthread_mutex_unlock(&pool->marks_mutex);
    return status;
}

int pool_identify(struct call *call, const char *kind, const char *id, uint32_t flags)
{
    struct tarn_error *why = NULL;
    int status = pool_recognise(call, kind, id, flags, &why);

    if (status != TARN_OK)
        tarn_fail(&call->abi, status, 0, "%s",
                  why != NULL ? tarn_error_message(why) : "the storage cannot be recognised");
    tarn_error_free(why);
    return status;
}

/* Only what is new is written: a refresh tells the same each time. */
int pool_keep_marks(struct tarn_pool *pool, struct pool_session *session,
                    struct operation *operation, struct tarn_error **error)
{
    const struct tarn_pool_def *def = &session->def->abi;
    struct marks recorded = { 0 };
    struct tarn_error *why = NULL;
    const struct mark *mark;
    bool changed = false;
    int status = TARN_OK;

    if (operation->marks == NULL)
        return TARN_OK;
    pthread_mutex_lock(&pool->marks_mutex);
    /* A damaged record was an error to all but what was made just now, or is adopted. */
    if (!operation->adopt && marks_read(&recorded, pool->context, def, &why) == TARN_E_CORRUPT) {
        tarn_error_free(why);
        why = NULL;
    }
    if (why != NULL)
        status = error_pass(error, why);
    for (mark = operation->marks->table; status == TARN_OK && mark != NULL; mark = mark->hh.next) {
        const char *was = marks_find(&recorded, mark->kind);

        if (was != NULL && strcmp(was, mark->id) == 0)
            continue;
        status = marks_put(&recorded, mark->kind, mark->id, error);
        changed = true;
    }
    if (status == TARN_OK && changed)
        status = marks_write(pool->context, def, &recorded, error);
    pthread_mutex_unlock(&pool->marks_mutex);
    marks_clear(&recorded);
    return status;
}
