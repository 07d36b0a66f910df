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
struct pool_facts;

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
    struct tarn_pool *pool; /* whose it is, and who outlives it; NULL: no pool's yet */
    atomic_bool present;    /* its storage was there when this process began to use it */
    atomic_bool lost;       /* it went away since */
    char *lost_how;         /* under the pool's mutex */
    struct pool_text *text;
    struct pool_def *def;
    struct type_ref type;
    void *handle;
    pthread_mutex_t serial; /* for modules with TARN_THREADS_POOL; recursive */
};

/* A storage that does not answer: see pool-silence.c. */
struct pool_silence {
    char *why;        /* NULL: it answers */
    int64_t since;    /* nanoseconds since the epoch; the others are of CLOCK_MONOTONIC */
    int64_t last_try;
    int64_t next_try;
    int64_t pause;
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
    char *reason;              /* why it is degraded; NULL: it is not */
    int64_t reason_since;
    struct pool_silence silence;
    atomic_bool recalled;          /* its inventory began with what an earlier process saw */
    struct tarn_pool_info seen_sizes; /* as they were kept for later processes */
    _Atomic int64_t seen_kept;        /* when, CLOCK_MONOTONIC; 0 = never */
    struct tarn_pool_info sizes;           /* without its texts */
    struct tarn_permissions permissions;   /* of the target, as last seen */
    char *label;                           /* theirs */
    bool has_permissions;
    int64_t sizes_observed;
    struct pool_facts *facts;      /* NULL before a look told any */
    off_t news_heard;              /* bytes of its news that listeners here have been told */
    pthread_mutex_t marks_mutex;   /* an operation's marks, and the record */
    pthread_mutex_t session_mutex; /* of the pointer to the session */
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
/* The same locks, for a function of the type that gets no call. */
void pool_session_enter(struct pool_session *session);
void pool_session_leave(struct pool_session *session);

/* --- pool-visit.c ----------------------------------------------------------------------------- */

/* Enters the pool for an operation: its state stays as it is until pool_leave. TARN_E_STATE if it
 * is not active. */
struct pool_visit {
    struct operation operation;
    struct lock state;
    struct pool_session *session;
    struct tarn_pool *pool;
    bool is_trial; /* of a storage that did not answer */
};

/* The words "the pool NAME is not active: …". */
int pool_not_active(struct tarn_pool *pool, struct tarn_error **error);
int pool_enter(struct pool_visit *visit, struct tarn_pool *pool, const char *operation,
               const char *volume, struct tarn_job *job, struct tarn_error **error);
void pool_leave(struct pool_visit *visit);

/* --- pool-check.c: is its storage there? ------------------------------------------------------ */

/* Asks, unless this process knows. TARN_E_STATE: it is not, and the session is lost. What cannot be
 * found out is a failure, too: then nothing is done in there. The state is locked. */
int pool_check(struct pool_session *session, struct operation *operation,
               struct tarn_error **error);
/* A function of its module answered TARN_E_STATE, for the reason `why`: asks again. If it is not
 * there, *why says so. */
void pool_check_again(struct pool_session *session, struct operation *operation,
                      struct tarn_error **why);
/* Lets go of a pool whose session is lost. The state is not locked. */
void pool_let_go_of_lost(struct tarn_pool *pool, struct pool_session *session);

/* --- pool-silence.c: does it answer? ---------------------------------------------------------- */

/* What this process is doing with it; asks nobody, so it answers while a module hangs. */
struct pool_activity {
    uint32_t state; /* TARN_POOL_STARTING, BUILDING, or UNRESPONSIVE: a step outlives its deadline;
                       0 = none of them */
    char reason[128];
    int64_t since;
};

void pool_find_activity(struct pool_activity *activity, struct tarn_pool *pool);
/* Does a step in it outlive its deadline, or did the storage not answer lately? Who only wants to
 * look at all pools passes it over. */
bool pool_hangs(struct tarn_pool *pool);
/* May the storage be asked now? TARN_E_TIMEOUT if it did not answer lately. *out_trial: it did not,
 * and it is time to try again; then pool_trial_ended follows. */
int pool_may_ask(bool *out_trial, struct tarn_pool *pool, struct tarn_error **error);
void pool_trial_ended(struct tarn_pool *pool);
/* The next one may ask at once. */
void pool_try_now(struct tarn_pool *pool);
/* What a call of its module tells of that: its status, and the error in it. */
void pool_heard(const struct call *call, int status);
/* It did not answer. `why` is one line. */
void pool_no_answer(struct tarn_pool *pool, int64_t since, const char *why);
bool pool_is_silent(struct tarn_pool *pool);
/* It is another pool's silence now: the pool was stopped or started. */
void pool_forget_silence(struct tarn_pool *pool);

/* --- pool-identity.c: is it the storage that it was? ------------------------------------------ */

/* Is that what the storage, or the unit of it that `kind` names, was before? Notes it then, as call
 * and core/pool/marks.h have it. TARN_E_REPLACED. */
int pool_recognise(struct call *call, const char *kind, const char *id, uint32_t flags,
                   struct tarn_error **error);
/* As call.identify, for calls with a session of a pool. */
int pool_identify(struct call *call, const char *kind, const char *id, uint32_t flags);
/* The operation has succeeded: what its calls told is recorded. */
int pool_keep_marks(struct tarn_pool *pool, struct pool_session *session,
                    struct operation *operation, struct tarn_error **error);

/* --- pool-notice.c: what listeners shall know ------------------------------------------------- */

/* As call.notify, for calls with a session of a pool. */
void pool_notify(struct call *call, uint32_t kind, const char *volume, const char *text);
/* The call has ended. A volume that moved has moved for the core, too. */
void pool_tell_notices(struct call *call);

/* Of what is known, one volume bears another name from now on: it, not what it is, moves. */
void pool_rename_known(struct tarn_pool *pool, const char *from, const char *to);

/* --- pool-news.c: what other processes do in it ------------------------------------------------ */

/* Tells their listeners; `kind` is TARN_EVENT_…, of a volume or a notice; `volume` and `text` may be
 * NULL. Never fails: what cannot be told is lost. */
void pool_news_tell(struct tarn_pool *pool, const struct pool_session *session, uint32_t kind,
                    const char *volume, const char *text);
/* Makes events of what others told since the last time; one thread at a time. */
void pool_news_hear(struct tarn_pool *pool, struct pool_session *session,
                    struct operation *operation);
/* What was told until now is no news. */
void pool_news_skip(struct tarn_pool *pool);
/* It is not active any more. */
void pool_news_drop(struct tarn_pool *pool);

/* --- pool-reason.c: why is it not active? ----------------------------------------------------- */

/* Of a pool that did not start by itself, or whose storage went away. All processes see it. */
struct pool_reason {
    char *text;       /* NULL: none */
    int64_t since;    /* nanoseconds since the epoch, as the next */
    int64_t next_try; /* when it is started again; 0 = it is not */
};

void pool_reason_keep(struct tarn_pool *pool, const char *text, int64_t next_try);
/* *out is cleared with pool_reason_clear. */
void pool_reason_read(struct pool_reason *out, const struct tarn_pool *pool);
void pool_reason_clear(struct pool_reason *reason);
/* It is active, or stopped on purpose, or no more. */
void pool_reason_drop(struct tarn_pool *pool);

/* --- pool-seen.c: what was last seen, for later processes ------------------------------------- */

/* After everything was looked at: keeps it, if the storage is one that may not answer. `changed`:
 * volumes are not what they were at the look before. */
void pool_seen_keep(struct tarn_pool *pool, struct pool_session *session, bool changed);
/* Takes it up where this process has not seen everything itself. False: there is nothing. */
bool pool_seen_recall(struct tarn_pool *pool);
void pool_seen_drop(struct tarn_pool *pool);

/* --- pool-sizes.c ----------------------------------------------------------------------------- */

/* Asks the storage for sizes and health, and keeps them. The state is locked. */
int pool_measure(struct tarn_pool *pool, struct pool_session *session, struct operation *operation,
                 struct tarn_error **error);
/* Keeps the sizes and the health that a module told. */
void pool_keep_sizes(struct tarn_pool *pool, const struct tarn_pool_info *info);
/* Keeps why it is degraded, until its sizes are told. */
void pool_keep_trouble(struct tarn_pool *pool, const char *reason);

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

/* Alone with a pool. */
struct solo {
    struct operation operation;
    struct lock state;
    struct tarn_pool *pool;
};

int solo_begin(struct solo *solo, struct tarn_pool *pool, const char *name, struct tarn_job *job,
               struct tarn_error **error);
void solo_end(struct solo *solo);
/* --- pool-stop.c ------------------------------------------------------------------------------ */

/* The module's part of it; `how` is TARN_STOP_…. */
int pool_step_stop(struct pool_session *session, uint32_t how, struct operation *operation,
                   struct tarn_error **error);
/* It is not active from now on, whatever the storage does; a new definition may be waiting. */
int pool_deactivate(struct tarn_pool *pool, struct tarn_error **error);

#endif
