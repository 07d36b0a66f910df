/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A pool. What it is lies in two files: its definition (config/pools/NAME.xml) and, while it is
 * active, the definition that it was started with (run/pools/NAME.xml). The object follows them, so
 * that what another process did is seen here. What it does goes through a session: the module's
 * handle for one definition.
 *
 * Locks: `mutex` guards the members and is held for no call of a module. LOCK_STATE
 * (core/context/lock.h) keeps the state from changing: shared by everything that works in the pool,
 * alone by what starts, stops or builds it.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <uthash.h>

#include "core/context/call.h"
#include "core/context/context.h"
#include "core/base/error.h"
#include "core/context/lock.h"
#include "core/registry/module.h"
#include "core/xml/pool-def.h"

struct inventory;

/* What one of the two files holds; never changes. */
struct pool_text {
    atomic_int references;
    struct tarn_identity identity; /* of the file: tells when to read it again */
    char *xml;
    size_t length;
    struct arena *arena;   /* holds the texts of `head` */
    struct pool_head head; /* type, name, uuid; all NULL if it cannot be read */
    char *reason;          /* why it cannot, or NULL */
};

/* A definition in use: parsed, completed by its module, with the module's handle. */
struct pool_session {
    atomic_int references;
    struct tarn_context *context;
    struct pool_text *text;
    struct pool_def *def;
    struct type_ref type;
    void *handle;
    pthread_mutex_t serial; /* for modules with TARN_THREADS_POOL; recursive */
};

struct tarn_pool {
    atomic_int references;
    struct tarn_context *context;
    char *name;
    UT_hash_handle hh; /* in struct pools */
    struct inventory *inventory;
    pthread_mutex_t mutex;
    struct pool_text *defined; /* NULL: transient */
    struct pool_text *active;  /* NULL: inactive */
    bool autostart;
    bool gone;                 /* neither file is there any more */
    char *reason;              /* why it is degraded, or did not start by itself; NULL */
    int64_t reason_since;
    bool degraded;
    struct tarn_pool_info sizes;           /* without its texts */
    struct tarn_permissions permissions;   /* of the target, as last seen */
    char *label;                           /* theirs */
    bool has_permissions;
    int64_t sizes_observed;
    pthread_mutex_t session_mutex; /* held while a session is made */
    struct pool_session *session;
};

struct pools {
    pthread_mutex_t mutex;      /* the table, not what is in it */
    struct tarn_pool *table;
    pthread_mutex_t scan_mutex; /* one scan of the folders at a time */
};

/* --- pools.c: which there are ----------------------------------------------------------------- */

int pools_open(struct pools **out, struct tarn_error **error);
void pools_close(struct pools *pools);
/* Brings the table and every pool up to date with the two folders, and tells what changed as
 * events. */
int pools_scan(struct tarn_context *context, struct tarn_error **error);
/* A new reference, for a name that has a file now. TARN_E_NOT_FOUND. */
int pools_find(struct tarn_pool **out, struct tarn_context *context, const char *name,
               struct tarn_error **error);
/* A new reference, whether it has a file or not: for who is about to write one. */
int pools_prepare(struct tarn_pool **out, struct tarn_context *context, const char *name,
                  struct tarn_error **error);
/* References to all that have a file, sorted by name, ending with NULL; freed with
 * tarn_pool_list_free. */
int pools_all(struct tarn_pool ***out, struct tarn_context *context, struct tarn_error **error);

/* --- pool-text.c: its files ------------------------------------------------------------------- */

/* Follows the two files, and tells listeners what is different: whoever changed it, and whoever
 * notices first. */
int pool_follow(struct tarn_pool *pool, struct tarn_error **error);
/* A text that is in no file yet. TARN_E_INVALID if it is no definition of a pool. */
int pool_text_new(struct pool_text **out, const char *xml, struct tarn_error **error);
struct pool_text *pool_text_ref(struct pool_text *text);
void pool_text_unref(struct pool_text *text);
/* Writes or removes one of them, and follows. */
int pool_store_defined(struct tarn_pool *pool, const char *xml, struct tarn_error **error);
int pool_store_active(struct tarn_pool *pool, const char *xml, struct tarn_error **error);
/* The text that counts: the active one, else the defined one, or the defined one if `inactive`;
 * counted; NULL if there is none. */
struct pool_text *pool_current_text(struct tarn_pool *pool, bool inactive);
bool pool_is_active(struct tarn_pool *pool);
bool pool_is_gone(struct tarn_pool *pool);

/* --- pool-session.c: its module --------------------------------------------------------------- */

/* A session for the definition that counts now. TARN_E_NO_MODULE, TARN_E_INVALID, … if the pool is
 * unavailable. */
int pool_session_get(struct pool_session **out, struct tarn_pool *pool,
                     struct operation *operation, struct tarn_error **error);
/* One for this text, which may be no pool's yet. */
int pool_session_new(struct pool_session **out, struct pool_text *text,
                     struct operation *operation, struct tarn_error **error);
void pool_session_unref(struct pool_session *session);
/* call_begin and call_end for a function of the session's pool type, one at a time if its module
 * wants that; `step` (static) names it if it may hang. */
void pool_call_begin(struct call *call, struct pool_session *session, struct operation *operation,
                     const char *step);
int pool_call_end(struct call *call, struct pool_session *session, int status,
                  struct tarn_error **error);

/* --- pool-state.c ----------------------------------------------------------------------------- */

/* Enters the pool for an operation: its state stays as it is until pool_leave. TARN_E_STATE if it
 * is not active. */
struct pool_visit {
    struct operation operation;
    struct lock state;
    struct pool_session *session;
    struct tarn_pool *pool;
};

/* The words "the pool NAME is not active: …". */
int pool_not_active(const struct tarn_pool *pool, struct tarn_error **error);
int pool_enter(struct pool_visit *visit, struct tarn_pool *pool, const char *operation,
               const char *volume, struct tarn_job *job, struct tarn_error **error);
void pool_leave(struct pool_visit *visit);

/* --- pool-sizes.c ----------------------------------------------------------------------------- */

/* Asks the storage for sizes and health, and keeps them. The state is locked. */
int pool_measure(struct tarn_pool *pool, struct pool_session *session, struct operation *operation,
                 struct tarn_error **error);
/* Keeps what a module told. */
void pool_keep_sizes(struct tarn_pool *pool, const struct tarn_pool_info *info);
/* Keeps why it did not start, until it does. */
void pool_keep_reason(struct tarn_pool *pool, const char *reason);

/* --- pool-read.c ------------------------------------------------------------------------------ */

/* Does a step in it outlive its deadline? Who only wants to look at all pools passes it over. */
bool pool_hangs(const struct tarn_pool *pool);

/* --- pool-define.c ---------------------------------------------------------------------------- */

/* A definition that is to become a pool's: parsed, completed, checked against all other pools. The
 * definitions are locked. Its XML, as it is to be stored, in *out_xml, freed with free(). */
int pool_draft(struct pool_session **out, char **out_xml, const char *xml, uint32_t flags,
               struct operation *operation, struct tarn_error **error);

/* --- pool-life.c ------------------------------------------------------------------------------ */

/* Starts it under the definition of the session. The state is locked alone, the pool is
 * inactive. */
int pool_activate(struct tarn_pool *pool, struct pool_session *session, const char *xml,
                  uint32_t flags, struct operation *operation, struct tarn_error **error);

#endif
