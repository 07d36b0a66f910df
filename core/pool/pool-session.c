/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sessions: from a definition's text to a module's handle.
 */
#include <stdlib.h>
#include <string.h>

#include "core/pool/pool.h"
#include "core/registry/registry.h"

/* --- completing a definition ------------------------------------------------------------------ */

static int take_amendment(void *arg, struct call *call, uint32_t part, const char *value)
{
    return pool_def_amend(arg, part, value, &call->error);
}

static int define(struct pool_session *session, struct operation *operation,
                  struct tarn_error **error)
{
    static const struct call_sink sink = { .amend = take_amendment };
    struct call call;

    if (session->type.type->define == NULL)
        return TARN_OK;
    pool_call_begin(&call, session, operation, NULL);
    call.sink = &sink;
    call.sink_arg = session->def;
    return pool_call_end(&call, session, session->type.type->define(&call.abi), error);
}

static int open_handle(struct pool_session *session, struct operation *operation,
                       struct tarn_error **error)
{
    struct call call;
    int status;

    pool_call_begin(&call, session, operation, NULL);
    status = session->type.type->open(&call.abi, &session->handle);
    if (status != TARN_OK)
        session->handle = NULL;
    return pool_call_end(&call, session, status, error);
}

static void warn(void *arg, const char *text)
{
    struct pool_session *session = arg;

    context_log(session->context, TARN_LOG_WARNING, "pool %s: %s", session->text->head.name, text);
}

static int session_fill(struct pool_session *session, struct operation *operation,
                        struct tarn_error **error)
{
    const struct pool_text *text = session->text;
    int status;

    if (text->reason != NULL)
        return error_set(error, TARN_E_INVALID, 0, "%s", text->reason);
    status = registry_type(&session->type, session->context->registry, text->head.type, error);
    if (status == TARN_OK)
        status = pool_def_parse(&session->def, session->type.type, text->xml, text->length, warn,
                                session, error);
    if (status == TARN_OK)
        status = define(session, operation, error);
    if (status == TARN_OK)
        status = open_handle(session, operation, error);
    return status;
}

int pool_session_new(struct pool_session **out, struct pool_text *text,
                     struct operation *operation, struct tarn_error **error)
{
    struct pool_session *session = calloc(1, sizeof(*session));
    pthread_mutexattr_t recursive;
    int status;

    if (session == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to open a pool");
    atomic_init(&session->references, 1);
    session->context = operation->context;
    session->text = pool_text_ref(text);
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&session->serial, &recursive);
    pthread_mutexattr_destroy(&recursive);
    status = session_fill(session, operation, error);
    if (status != TARN_OK) {
        pool_session_unref(session);
        return status;
    }
    *out = session;
    return TARN_OK;
}

void pool_session_unref(struct pool_session *session)
{
    if (session == NULL || atomic_fetch_sub(&session->references, 1) != 1)
        return;
    if (session->handle != NULL && session->type.type->close != NULL) {
        module_enter(session->type.module);
        session->type.type->close(session->handle);
        module_leave(session->type.module);
    }
    pool_def_unref(session->def);
    pool_text_unref(session->text);
    pthread_mutex_destroy(&session->serial);
    free(session->lost_how);
    free(session);
}

/* --- the pool's own --------------------------------------------------------------------------- */

/* The kept session if it is for this text, as a new reference. */
static struct pool_session *kept_session(struct tarn_pool *pool, const struct pool_text *text)
{
    struct pool_session *session;

    pthread_mutex_lock(&pool->session_mutex);
    session = pool->session;
    if (session != NULL && session->text == text)
        atomic_fetch_add(&session->references, 1);
    else
        session = NULL;
    pthread_mutex_unlock(&pool->session_mutex);
    return session;
}

/* Puts a new session in the place of the kept one, unless somebody was faster: then that is it.
 * Returns a new reference to the one that stays. */
static struct pool_session *keep_session(struct tarn_pool *pool, struct pool_session *made)
{
    struct pool_session *unused;
    struct pool_session *stays;

    pthread_mutex_lock(&pool->session_mutex);
    if (pool->session != NULL && pool->session->text == made->text) {
        unused = made;
    } else {
        unused = pool->session;
        made->pool = pool;
        pool->session = made;
    }
    stays = pool->session;
    atomic_fetch_add(&stays->references, 1);
    pthread_mutex_unlock(&pool->session_mutex);
    pool_session_unref(unused);
    return stays;
}

/* Nothing is locked while the module opens the pool, which may take as long as the storage likes:
 * who asks meanwhile opens it, too, with a deadline of its own. */
static int session_for_text(struct pool_session **out, struct tarn_pool *pool,
                            struct pool_text *text, struct operation *operation,
                            struct tarn_error **error)
{
    struct pool_session *made = NULL;
    int status;

    *out = kept_session(pool, text);
    if (*out != NULL)
        return TARN_OK;
    status = pool_session_new(&made, text, operation, error);
    if (status == TARN_OK)
        *out = keep_session(pool, made);
    return status;
}

int pool_session_get(struct pool_session **out, struct tarn_pool *pool,
                     struct operation *operation, struct tarn_error **error)
{
    struct pool_text *text = pool_current_text(pool, false);
    int status;

    if (text == NULL)
        return error_set(error, TARN_E_NOT_FOUND, 0, "there is no pool %s any more", pool->name);
    status = session_for_text(out, pool, text, operation, error);
    pool_text_unref(text);
    return status;
}

/* --- calls ------------------------------------------------------------------------------------ */

static bool is_serial(const struct pool_session *session)
{
    return module_descriptor(session->type.module)->threads == TARN_THREADS_POOL;
}

static void serial_lock(struct pool_session *session)
{
    if (is_serial(session))
        pthread_mutex_lock(&session->serial);
}

static void serial_unlock(struct pool_session *session)
{
    if (is_serial(session))
        pthread_mutex_unlock(&session->serial);
}

void pool_session_enter(struct pool_session *session)
{
    serial_lock(session);
    module_enter(session->type.module);
}

void pool_session_leave(struct pool_session *session)
{
    module_leave(session->type.module);
    serial_unlock(session);
}

void pool_call_begin(struct call *call, struct pool_session *session, struct operation *operation,
                     const char *step)
{
    serial_lock(session);
    if (step != NULL)
        operation_step_begin(operation, step);
    call_begin(call, operation, session->type.module);
    call->abi.pool = &session->def->abi;
    call->session = session;
    call->began = clock_monotonic();
    call->identify = session->pool != NULL ? pool_identify : NULL;
    call->notify = session->pool != NULL ? pool_notify : NULL;
    call->pool_xml = session->text->xml;
    call->options = &session->def->options;
    call->xml_prefix = session->type.type->xml_prefix;
    call->xml_namespace = session->type.type->xml_namespace;
}

int pool_call_end(struct call *call, struct pool_session *session, int status,
                  struct tarn_error **error)
{
    struct operation *operation = call->operation;
    struct tarn_error *why = NULL;

    if (session->pool != NULL)
        pool_heard(call, status);
    status = call_end(call, status, &why);
    operation_step_end(operation);
    pool_tell_notices(call);
    if (status == TARN_E_STATE)
        pool_check_again(session, operation, &why);
    serial_unlock(session);
    if (why != NULL)
        error_pass(error, why);
    return status;
}
