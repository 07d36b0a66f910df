/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tarn/tarn.h - storage pools and volumes, for host applications.
 *
 * One rule each:
 *  - Functions answer TARN_OK (0) or a TARN_E_… status. On failure, if `error` is not NULL, *error,
 *    which was NULL before, gets an error to be freed with tarn_error_free (or stays NULL if there
 *    is no memory for one); on success *error is left alone. Results come first and are called
 *    `out`; they are set only on success.
 *  - Handles are counted: what a function puts into `out` is the caller's to unref (or free, or
 *    close). Everything returned as `const char *` belongs to the object it was asked of.
 *  - Sizes, offsets and lengths are in bytes, times in nanoseconds since the epoch, time limits in
 *    milliseconds.
 *  - Every function may be called from any thread, on any handle, at the same time as any other;
 *    an image (struct tarn_image) serves one thread at a time. Nothing is global: two contexts do
 *    not know each other, except through the files they share, as two processes do.
 *  - Where a function takes a `job`, NULL means: without progress, without cancelling, with the
 *    default deadline.
 *  - Flags that this library does not know are refused with TARN_E_INVALID, before anything is done.
 *  - Structures that begin with `struct_size` are filled in by the caller with sizeof(struct …)
 *    there if the caller passes them, and may grow if the library does.
 */
#ifndef TARN_TARN_H
#define TARN_TARN_H

#include <stddef.h>
#include <stdint.h>

#include <tarn/result.h>
#include <tarn/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is exported; core/libtarn.map has the list. */
#define TARN_API __attribute__((__visibility__("default")))

struct tarn_context;
struct tarn_error;
struct tarn_pool;
struct tarn_volume;
struct tarn_image;
struct tarn_job;

/* --- errors ----------------------------------------------------------------------------------- */

/* The version of the library, "1.2.3". Static. */
TARN_API const char *tarn_version(void);
/* The stable word of a status: "not-found", "no-space"; "unknown" for a number from the future. */
TARN_API const char *tarn_status_word(int status);

/* Of an error that is NULL, because there was no memory to make one, these tell just that. */

/* The status that the failed function answered. */
TARN_API int tarn_error_status(const struct tarn_error *error);
/* One line: what happened, where, what to do next. */
TARN_API const char *tarn_error_message(const struct tarn_error *error);
/* The module in which it happened, or NULL. */
TARN_API const char *tarn_error_module(const struct tarn_error *error);
/* The errno of the system call that failed, or 0. */
TARN_API int tarn_error_errno(const struct tarn_error *error);
TARN_API void tarn_error_free(struct tarn_error *error);

/* A size as the XML and the command line write it: digits and an optional unit (none, B, byte,
 * bytes, K or KiB = 1024, KB = 1000, … up to E), any case. TARN_E_INVALID: no number, an unknown
 * unit, or over 2^63-1 bytes. */
TARN_API int tarn_size_parse(uint64_t *out, const char *text, struct tarn_error **error);

/* --- the context ------------------------------------------------------------------------------ */

/* How far the names inside an image (backing stores, data files) are followed. A name with a
 * scheme ("nbd://…", "json:…") is never followed. */
#define TARN_FOLLOW_NONE     10u /* never */
#define TARN_FOLLOW_RECORDED 20u /* if the image's format is in tarn's own record, or given by
                                    the caller, and the file lies beneath the pool: the default */
#define TARN_FOLLOW_POOL     30u /* the same for a format found by probing */
#define TARN_FOLLOW_ANYWHERE 40u /* any local path; for images one trusts as one's own */

/* Levels are those of the module ABI: 1 error, 2 warning, 3 information, 4 debug. Called from any
 * thread, also from several at once; it calls nothing of the context. */
typedef void (*tarn_log_fn)(void *arg, unsigned level, const char *text);

/* Copies the secret called `usage` (or with that UUID) into `buffer`, and its length into *length
 * (in: the room). TARN_OK; or TARN_E_NOT_FOUND, then the file of that name in config_dir/secrets is
 * looked for, which must have mode 0600. The library wipes the buffer after use. Called in the
 * thread of an operation; it calls nothing of the context. */
typedef int (*tarn_secret_fn)(void *arg, const char *usage, const char *uuid, void *buffer,
                              size_t *length);

/* May be zero except for struct_size. Text is copied. */
struct tarn_context_options {
    size_t struct_size;
    const char *root;        /* puts the folders below under root/etc, root/var/lib, root/run */
    const char *config_dir;  /* instead of the built-in $sysconfdir/tarn, or root's */
    const char *state_dir;   /* instead of $localstatedir/lib/tarn */
    const char *run_dir;     /* instead of /run/tarn */
    const char *module_dir;  /* instead of $libdir/tarn/modules */
    const char *plugins_dir; /* instead of $libdir/tarn/plugins.d */
    uint32_t follow;         /* TARN_FOLLOW_…, 0 = TARN_FOLLOW_RECORDED */
    uint32_t deadline;       /* milliseconds for a step outside of this process; 0 = 60,000 */
    tarn_log_fn log;
    void *log_arg;
    tarn_secret_fn secret;
    void *secret_arg;
    const char *module_host; /* instead of $libexecdir/tarn/tarn-module-host, in which modules with
                                isolation = process run */
};

/* Opens a context. Never fails for the sake of a pool or a module: those are listed as unavailable.
 * Errors: TARN_E_ACCESS, TARN_E_IO, TARN_E_NOT_FOUND if the folders cannot be made or read. */
TARN_API int tarn_context_open(struct tarn_context **out,
                               const struct tarn_context_options *options,
                               struct tarn_error **error);
/* Ends it. All its handles have been given back, all its jobs have ended. NULL is legal. */
TARN_API void tarn_context_close(struct tarn_context *context);

/* --- jobs: operations that somebody watches --------------------------------------------------- */

/* Told from a thread that works, at most some 20 times a second and once at the end. `total` 0 =
 * not known. It calls nothing of the context but tarn_job_cancel and tarn_job_list. */
typedef void (*tarn_progress_fn)(void *arg, uint64_t done, uint64_t total);

/* A job for one operation at a time. */
TARN_API int tarn_job_new(struct tarn_job **out, struct tarn_context *context,
                          struct tarn_error **error);
TARN_API void tarn_job_unref(struct tarn_job *job);
TARN_API void tarn_job_set_progress(struct tarn_job *job, tarn_progress_fn progress, void *arg);
/* Milliseconds that each following operation may take in all, instead of the context's deadline for
 * its steps; 0 takes that back. */
TARN_API void tarn_job_set_deadline(struct tarn_job *job, uint32_t milliseconds);
/* Asks the running operation (or the next) to end with TARN_E_CANCELLED, as if never started. Safe
 * in a signal handler. */
TARN_API void tarn_job_cancel(struct tarn_job *job);

struct tarn_job_record {
    size_t struct_size;
    uint64_t id;
    const char *operation; /* "vol-create" */
    const char *pool;      /* names, NULL = none */
    const char *volume;
    int64_t started;
    uint64_t done;
    uint64_t total;
};

/* The operations that are running in this context, with and without a job; an array that ends with
 * NULL. Freed by tarn_job_list_free. */
TARN_API int tarn_job_list(struct tarn_job_record ***out, struct tarn_context *context,
                           struct tarn_error **error);
TARN_API void tarn_job_list_free(struct tarn_job_record **list);

/* --- events ----------------------------------------------------------------------------------- */

#define TARN_EVENT_POOL_DEFINED      10u
#define TARN_EVENT_POOL_UNDEFINED    11u
#define TARN_EVENT_POOL_STARTED      12u
#define TARN_EVENT_POOL_STOPPED      13u /* also when its storage went away */
#define TARN_EVENT_POOL_CREATED      14u /* built */
#define TARN_EVENT_POOL_DELETED      15u /* what build made was removed */
#define TARN_EVENT_POOL_UNRESPONSIVE 16u /* its storage did not answer this process in time */
#define TARN_EVENT_POOL_RECOVERED    17u /* it answers again */
#define TARN_EVENT_POOL_WATERMARK    18u /* a fill passed a mark; `text` says of what, and `volume`
                                            if it is one's. As the next two, from every process
                                            that notices it */
#define TARN_EVENT_POOL_REPAIRED     19u /* `text` says what was wrong, and is mended */
#define TARN_EVENT_POOL_REFRESHED    20u
#define TARN_EVENT_VOLUME_ADDED      30u
#define TARN_EVENT_VOLUME_CHANGED    31u
#define TARN_EVENT_VOLUME_REMOVED    32u
#define TARN_EVENT_VOLUME_MOVED      33u /* it bears another name than before, which is in `text` */

struct tarn_event {
    size_t struct_size;
    uint32_t kind;
    uint32_t reserved;
    const char *pool;
    const char *pool_uuid;
    const char *volume; /* NULL for pool events */
    int64_t when;
    const char *text;   /* one line for people where the kind says so; else NULL */
};

typedef void (*tarn_event_fn)(void *arg, const struct tarn_event *event);

/* From now on events are collected, also those that other processes cause. `listener` is called by
 * tarn_event_dispatch only, in the thread that calls it, with no lock held: it may call anything
 * but tarn_event_unlisten of itself. *out identifies it. The first looks at all active pools. */
TARN_API int tarn_event_listen(uint64_t *out, struct tarn_context *context, tarn_event_fn listener,
                               void *arg, struct tarn_error **error);
/* Waits for the calls of the listener that are running; none comes after. */
TARN_API void tarn_event_unlisten(struct tarn_context *context, uint64_t listener);
/* A descriptor that polls readable when tarn_event_dispatch has something to do; the context's.
 * -1 before the first tarn_event_listen. */
TARN_API int tarn_event_fd(struct tarn_context *context);
/* Looks at what changed, which takes as long as the storage does, and hands out what was collected;
 * waits for no event. The number of events, or -1 with the error. */
TARN_API int tarn_event_dispatch(struct tarn_context *context, struct tarn_error **error);

/* --- pools ------------------------------------------------------------------------------------ */

#define TARN_POOL_INACTIVE     10u
#define TARN_POOL_STARTING     20u
#define TARN_POOL_BUILDING     30u
#define TARN_POOL_RUNNING      40u
#define TARN_POOL_IS_DEGRADED  50u
#define TARN_POOL_UNRESPONSIVE 60u /* a step outlived its deadline: see `reason` and `since` */
#define TARN_POOL_UNAVAILABLE  70u /* its definition or module cannot be used: see `reason` */

struct tarn_pool_record {
    size_t struct_size;
    uint32_t state;      /* TARN_POOL_INACTIVE, … */
    uint32_t persistent; /* 0 or 1, as the next */
    uint32_t autostart;
    uint32_t stale;      /* 1: sizes are from `observed`, and cannot be asked for now */
    const char *name;
    const char *uuid;    /* NULL if the definition cannot be read */
    const char *type;    /* NULL likewise */
    const char *reason;  /* NULL, or why it is degraded, unresponsive or unavailable; of an inactive
                            pool, why it did not start by itself, or that its storage went away */
    int64_t since;       /* of the reason */
    uint64_t capacity;   /* sizes are 0 if not active, or not asked for */
    uint64_t allocation;
    uint64_t available;
    int64_t observed;    /* when the sizes were read; 0 = never */
    int64_t next_try;    /* when it is started again by itself; 0 = it is not waiting for that */
    const struct tarn_property *const *properties; /* further facts, with the sizes; ends with NULL */
};

/* tarn_pool_list filter: no bit of a group = no filtering by it */
#define TARN_LIST_ACTIVE       0x00000001u
#define TARN_LIST_INACTIVE     0x00000002u
#define TARN_LIST_PERSISTENT   0x00000004u
#define TARN_LIST_TRANSIENT    0x00000008u
#define TARN_LIST_AUTOSTART    0x00000010u
#define TARN_LIST_NO_AUTOSTART 0x00000020u

/* The pools of the context, sorted by name, in an array that ends with NULL; loads no module.
 * Unavailable ones count as inactive. Freed by tarn_pool_list_free. */
TARN_API int tarn_pool_list(struct tarn_pool ***out, struct tarn_context *context, uint32_t filter,
                            struct tarn_error **error);
TARN_API void tarn_pool_list_free(struct tarn_pool **list);

/* One pool, by name or by UUID; TARN_E_NOT_FOUND. Loads no module. */
TARN_API int tarn_pool_lookup(struct tarn_pool **out, struct tarn_context *context,
                              const char *name, struct tarn_error **error);
TARN_API int tarn_pool_lookup_by_uuid(struct tarn_pool **out, struct tarn_context *context,
                                      const char *uuid, struct tarn_error **error);
TARN_API struct tarn_pool *tarn_pool_ref(struct tarn_pool *pool);
TARN_API void tarn_pool_unref(struct tarn_pool *pool);
TARN_API const char *tarn_pool_name(const struct tarn_pool *pool);

/* tarn_pool_read flags */
#define TARN_READ_SIZES 0x00000001u /* sizes and health, asked of the storage */

/* What is known of the pool now. Without TARN_READ_SIZES no module is loaded. Freed by
 * tarn_pool_record_free. */
TARN_API int tarn_pool_read(struct tarn_pool_record **out, struct tarn_pool *pool, uint32_t flags,
                            struct tarn_error **error);
TARN_API void tarn_pool_record_free(struct tarn_pool_record *record);

/* tarn_pool_xml flags */
#define TARN_XML_INACTIVE 0x00000001u /* the definition of the next start */

/* The pool's XML; of an unavailable pool what its file holds, byte for byte. Freed with free(). */
TARN_API int tarn_pool_xml(char **out, struct tarn_pool *pool, uint32_t flags,
                           struct tarn_error **error);

/* tarn_pool_define, tarn_pool_create, tarn_volume_create… flags */
#define TARN_DEFINE_VALIDATE 0x00000001u /* refuse what the schema does not know */
/* tarn_pool_create, tarn_pool_start, tarn_pool_build flags */
#define TARN_POOL_BUILD              0x00000002u
#define TARN_POOL_BUILD_OVERWRITE    0x00000004u
#define TARN_POOL_BUILD_NO_OVERWRITE 0x00000008u
/* tarn_pool_start: other storage than before (TARN_E_REPLACED) becomes the pool's own */
#define TARN_POOL_START_ADOPT        0x00000010u

/* Defines a persistent pool, or defines it anew: of an active one the new definition waits for the
 * next start. Errors: TARN_E_INVALID, TARN_E_SCHEMA, TARN_E_EXISTS (name, UUID or source taken),
 * TARN_E_NO_MODULE. */
TARN_API int tarn_pool_define(struct tarn_pool **out, struct tarn_context *context,
                              const char *xml, uint32_t flags, struct tarn_error **error);
/* A pool whose storage did not answer in time is TARN_POOL_UNRESPONSIVE: what is known of it can
 * still be read (tarn_volume_list and tarn_volume_read with UINT32_MAX, the XML), all else is
 * refused at once with TARN_E_TIMEOUT. It is tried again by who comes after 2 to 30 seconds, and at
 * once by tarn_pool_refresh; any answer ends that. An active pool whose storage is found to have
 * gone is inactive from then on: TARN_E_STATE. TARN_E_REPLACED: the storage that is there is not
 * the one that the pool had. */

/* Creates and starts a transient pool; on failure nothing of it remains. */
TARN_API int tarn_pool_create(struct tarn_pool **out, struct tarn_context *context,
                              const char *xml, uint32_t flags, struct tarn_job *job,
                              struct tarn_error **error);
/* Prepares the storage of an inactive pool (folder, filesystem, label, volume group). */
TARN_API int tarn_pool_build(struct tarn_pool *pool, uint32_t flags, struct tarn_job *job,
                             struct tarn_error **error);
/* With a build flag, storage that was made new is taken back if the start then fails. */
TARN_API int tarn_pool_start(struct tarn_pool *pool, uint32_t flags, struct tarn_job *job,
                             struct tarn_error **error);
/* tarn_pool_stop flags */
#define TARN_POOL_STOP_FORCE 0x00000001u /* also if it is in use, hangs, or has no module: within
                                            seconds; the log tells what may be left behind */
/* Four verbs. Stop: no longer uses the storage; touches neither data nor definition, but a
 * transient pool is gone then. */
TARN_API int tarn_pool_stop(struct tarn_pool *pool, uint32_t flags, struct tarn_job *job,
                            struct tarn_error **error);
/* Delete: removes what build made, if nothing else is in there; touches no volume and not the
 * definition. Inactive pools. (Volumes are deleted one by one, by tarn_volume_delete.) */
TARN_API int tarn_pool_delete(struct tarn_pool *pool, struct tarn_job *job,
                              struct tarn_error **error);
/* Undefine: forgets the definition; touches no storage. Inactive pools. */
TARN_API int tarn_pool_undefine(struct tarn_pool *pool, struct tarn_error **error);
TARN_API int tarn_pool_refresh(struct tarn_pool *pool, struct tarn_job *job,
                               struct tarn_error **error);
TARN_API int tarn_pool_set_autostart(struct tarn_pool *pool, int autostart,
                                     struct tarn_error **error);
/* Starts every inactive pool marked for it, those whose storage is another machine's last; a
 * failure is logged and kept as the pool's reason, and ends nothing. What failed is started again
 * and again, after 1 to 30 seconds, until all are active or `patience` milliseconds have passed (0:
 * once). *out = how many were started; who is not is still inactive. */
TARN_API int tarn_context_autostart(unsigned *out, struct tarn_context *context, uint32_t patience,
                                    struct tarn_job *job, struct tarn_error **error);

/* Which sources there are, for pool types that can tell; `source` is a <source> document or NULL.
 * *out is a <sources> document, freed with free(). */
TARN_API int tarn_pool_find_sources(char **out, struct tarn_context *context, const char *type,
                                    const char *source, struct tarn_job *job,
                                    struct tarn_error **error);
/* libvirt's <storagepoolCapabilities>, of all types that have a module. Freed with free(). */
TARN_API int tarn_pool_capabilities(char **out, struct tarn_context *context,
                                    struct tarn_error **error);

/* What this pool can do now; see struct tarn_capability in tarn/result.h. */
struct tarn_pool_capability_record {
    size_t struct_size;
    uint32_t support;      /* TARN_SUPPORT_… */
    uint32_t ready;        /* 0: not in the state that the pool is in: TARN_E_STATE */
    const char *operation; /* TARN_OPERATION_… */
    const char *reason;    /* why it is none, emulated or not ready; or NULL */
    uint64_t minimum;      /* of a size, in bytes; 0 = no limit, as for the next */
    uint64_t maximum;
    uint64_t granularity;  /* bytes; 0 = any size */
};

/* Every operation once, in an array that ends with NULL. Of a pool that is not active it is what its
 * type can do; of an active one its module is asked. A support of TARN_SUPPORT_NONE is refused with
 * TARN_E_UNSUPPORTED before anything is touched. Freed by tarn_pool_capability_list_free. */
TARN_API int tarn_pool_capability_list(struct tarn_pool_capability_record ***out,
                                       struct tarn_pool *pool, struct tarn_job *job,
                                       struct tarn_error **error);
TARN_API void tarn_pool_capability_list_free(struct tarn_pool_capability_record **list);

/* --- volumes ---------------------------------------------------------------------------------- */

struct tarn_volume_record {
    size_t struct_size;
    uint32_t status;         /* TARN_VOLUME_OK, … */
    uint32_t recorded;       /* 1: the format is from tarn's record, not from probing */
    const char *status_text; /* why, if not OK */
    const char *name;
    const char *key;
    const char *path;
    const char *type;   /* "file", "block", "dir", "network", "netdir" */
    const char *format; /* NULL: volumes of this pool have none */
    uint64_t capacity;
    uint64_t allocation;
    uint64_t physical;
    const char *backing_path; /* resolved against the volume's folder; NULL = none */
    const char *backing_format;
    int64_t observed;
    uint32_t stale; /* 1: the storage does not answer now, this is from `observed` */
    uint32_t reserved;
};

/* Everything in the pool, sorted by name, in an array that ends with NULL, not older than `max_age`
 * milliseconds (0: looks now; UINT32_MAX: whatever is known). Freed by tarn_volume_list_free. */
TARN_API int tarn_volume_list(struct tarn_volume ***out, struct tarn_pool *pool, uint32_t max_age,
                              struct tarn_job *job, struct tarn_error **error);
TARN_API void tarn_volume_list_free(struct tarn_volume **list);

/* One volume by name; looks at that one only. */
TARN_API int tarn_volume_lookup(struct tarn_volume **out, struct tarn_pool *pool, const char *name,
                                struct tarn_error **error);
/* One volume by key or path, in all active pools. */
TARN_API int tarn_volume_find(struct tarn_volume **out, struct tarn_context *context,
                              const char *key_or_path, struct tarn_error **error);
TARN_API struct tarn_volume *tarn_volume_ref(struct tarn_volume *volume);
TARN_API void tarn_volume_unref(struct tarn_volume *volume);
TARN_API const char *tarn_volume_name(const struct tarn_volume *volume);
/* The pool it is in; not a new reference. */
TARN_API struct tarn_pool *tarn_volume_pool(const struct tarn_volume *volume);

/* What is known of the volume, not older than `max_age` milliseconds. Freed by
 * tarn_volume_record_free. */
TARN_API int tarn_volume_read(struct tarn_volume_record **out, struct tarn_volume *volume,
                              uint32_t max_age, struct tarn_error **error);
TARN_API void tarn_volume_record_free(struct tarn_volume_record *record);
/* Freed with free(). */
TARN_API int tarn_volume_xml(char **out, struct tarn_volume *volume, struct tarn_error **error);

/* tarn_volume_create, tarn_volume_create_from flags, besides TARN_DEFINE_VALIDATE */
#define TARN_VOLUME_PREALLOC_METADATA 0x00000010u
#define TARN_VOLUME_IDEMPOTENT        0x00000020u /* an equal volume that exists is a success */
#define TARN_VOLUME_SHARE_REQUIRE     0x00000040u /* share the source's bytes or fail */
#define TARN_VOLUME_SHARE_NEVER       0x00000080u /* copy them */

/* Creates a volume: whole under its name, or not at all. */
TARN_API int tarn_volume_create(struct tarn_volume **out, struct tarn_pool *pool, const char *xml,
                                uint32_t flags, struct tarn_job *job, struct tarn_error **error);
/* The same, with the guest's bytes of `source`, converted if the formats differ. If they do not, the
 * subformat, compat level and cluster size that the XML leaves open are the source's, as far as
 * images can be made so. */
TARN_API int tarn_volume_create_from(struct tarn_volume **out, struct tarn_pool *pool,
                                     const char *xml, struct tarn_volume *source, uint32_t flags,
                                     struct tarn_job *job, struct tarn_error **error);

/* tarn_volume_delete flags */
#define TARN_VOLUME_DELETE_FORCE 0x00000001u /* even if others need it */
#define TARN_VOLUME_DELETE_WIPE  0x00000002u /* its bytes, with zeros, before */

/* Refused with TARN_E_BUSY, naming them, while other volumes use it as their backing store, or
 * another program has it open. */
TARN_API int tarn_volume_delete(struct tarn_volume *volume, uint32_t flags, struct tarn_job *job,
                                struct tarn_error **error);

/* tarn_volume_resize flags */
#define TARN_VOLUME_RESIZE_ALLOCATE 0x00000001u
#define TARN_VOLUME_RESIZE_DELTA    0x00000002u /* `capacity` is added, with SHRINK subtracted */
#define TARN_VOLUME_RESIZE_SHRINK   0x00000004u /* data beyond the new end may be lost */

/* Changes the capacity, in bytes. Smaller ones are refused with TARN_E_INVALID unless
 * TARN_VOLUME_RESIZE_SHRINK is given. */
TARN_API int tarn_volume_resize(struct tarn_volume *volume, uint64_t capacity, uint32_t flags,
                                struct tarn_job *job, struct tarn_error **error);

/* Overwrites the container: "zero", "random", "trim", or one of virsh's patterns ("nnsa", "dod",
 * "bsi", "gutmann", "schneier", "pfitzner7", "pfitzner33"). What was an image is raw bytes then. */
TARN_API int tarn_volume_wipe(struct tarn_volume *volume, const char *algorithm,
                              struct tarn_job *job, struct tarn_error **error);

/* Gives up to *length bytes (in: the room) for an upload; *length 0 = the end. A status
 * otherwise. */
typedef int (*tarn_source_fn)(void *arg, void *buffer, size_t *length);
/* Takes bytes of a download; `data` NULL = a hole of that length (only with
 * TARN_TRANSFER_SPARSE). */
typedef int (*tarn_sink_fn)(void *arg, const void *data, uint64_t length);

/* tarn_volume_upload, tarn_volume_download flags */
#define TARN_TRANSFER_SPARSE 0x00000001u /* zeros become holes; holes are told as such */

/* Replaces the container's bytes from `offset` on, `length` at most (0 = to the end of the source).
 * Bytes beyond the container's end are refused with TARN_E_NO_SPACE. */
TARN_API int tarn_volume_upload(struct tarn_volume *volume, uint64_t offset, uint64_t length,
                                tarn_source_fn source, void *arg, uint32_t flags,
                                struct tarn_job *job, struct tarn_error **error);

/* Says what the container holds, after an upload of an image into a volume which nobody looks into:
 * an image of that format. It is described before that is believed (TARN_E_INVALID: it is none);
 * then it counts as if the volume had been made so. */
TARN_API int tarn_volume_set_format(struct tarn_volume *volume, const char *format,
                                    struct tarn_job *job, struct tarn_error **error);
/* The container's bytes as they are; `length` 0 = to the end. */
TARN_API int tarn_volume_download(struct tarn_volume *volume, uint64_t offset, uint64_t length,
                                  tarn_sink_fn sink, void *arg, uint32_t flags,
                                  struct tarn_job *job, struct tarn_error **error);

/* --- images: what is inside of a volume, or of a file in no pool ------------------------------ */

/* Every function with a `path` takes a `format` too; NULL = find out by probing, which only
 * reports: names inside such an image are followed under TARN_FOLLOW_POOL and ANYWHERE alone. */

/* Each of these pointers lives until the listener returns. */
struct tarn_image_listener {
    size_t struct_size;
    void *arg;
    int (*image)(void *arg, const char *format, const struct tarn_image_info *info);
    int (*snapshot)(void *arg, const struct tarn_snapshot *snapshot);
    int (*extent)(void *arg, const struct tarn_extent *extent); /* with depth */
    int (*finding)(void *arg, const struct tarn_finding *finding);
    int (*checked)(void *arg, const struct tarn_check_result *result);
};

/* What the image says of itself: `image` once, `snapshot` for each. Opens no other file. */
TARN_API int tarn_image_describe(struct tarn_context *context, const char *path,
                                 const char *format, const struct tarn_image_listener *listener,
                                 struct tarn_error **error);
TARN_API int tarn_volume_describe(struct tarn_volume *volume,
                                  const struct tarn_image_listener *listener,
                                  struct tarn_error **error);

/* tarn_image_check flags */
#define TARN_IMAGE_REPAIR_LEAKS 0x00000001u
#define TARN_IMAGE_REPAIR_ALL   0x00000002u

/* `finding` for each fault, `checked` once. Faults found are no failure of the call. */
TARN_API int tarn_image_check(struct tarn_context *context, const char *path, const char *format,
                              uint32_t flags, const struct tarn_image_listener *listener,
                              struct tarn_job *job, struct tarn_error **error);
TARN_API int tarn_volume_check(struct tarn_volume *volume, uint32_t flags,
                               const struct tarn_image_listener *listener, struct tarn_job *job,
                               struct tarn_error **error);

/* tarn_image_open flags */
#define TARN_IMAGE_WRITE 0x00000001u

/* Opens the guest's disk. A volume is locked while one of its images is open: shared for reading,
 * alone for writing. TARN_E_BUSY if another program uses the image in a way that does not go
 * together with that. The job is for the opening alone. */
TARN_API int tarn_image_open(struct tarn_image **out, struct tarn_context *context,
                             const char *path, const char *format, uint32_t flags,
                             struct tarn_job *job, struct tarn_error **error);
TARN_API int tarn_volume_open(struct tarn_image **out, struct tarn_volume *volume, uint32_t flags,
                              struct tarn_job *job, struct tarn_error **error);
TARN_API int tarn_image_size(uint64_t *out, struct tarn_image *image, struct tarn_error **error);
TARN_API int tarn_image_pread(struct tarn_image *image, void *buffer, uint64_t length,
                              uint64_t offset, struct tarn_error **error);
TARN_API int tarn_image_pwrite(struct tarn_image *image, const void *buffer, uint64_t length,
                               uint64_t offset, struct tarn_error **error);
TARN_API int tarn_image_zero(struct tarn_image *image, uint64_t offset, uint64_t length,
                             struct tarn_job *job, struct tarn_error **error);
TARN_API int tarn_image_discard(struct tarn_image *image, uint64_t offset, uint64_t length,
                                struct tarn_job *job, struct tarn_error **error);
TARN_API int tarn_image_flush(struct tarn_image *image, struct tarn_error **error);
/* `extent` for each extent of [offset, offset + length), merged, through all backing stores. */
TARN_API int tarn_image_map(struct tarn_image *image, uint64_t offset, uint64_t length,
                            const struct tarn_image_listener *listener, struct tarn_job *job,
                            struct tarn_error **error);
/* Ends it, whatever it answers. NULL is legal. */
TARN_API int tarn_image_close(struct tarn_image *image, struct tarn_error **error);

/* tarn_conversion.flags */
#define TARN_CONVERT_COMPRESS 0x00000001u /* what is stored is compressed */

/* From which file, into which, and how. What is NULL or 0 is the target format's default. */
struct tarn_conversion {
    size_t struct_size;
    uint32_t flags;            /* TARN_CONVERT_… */
    uint32_t reserved;
    const char *source_path;
    const char *source_format; /* NULL = probed */
    const char *snapshot;      /* of the source, by id or name; NULL = what it holds now */
    const char *target_path;
    const char *target_format;
    const char *backing_path;  /* the target rests on this one, and stores what differs from it */
    const char *backing_format;
    const char *subformat;
    const char *compat;
    uint64_t cluster_size;       /* bytes */
    const char *const *features; /* ends with NULL */
    const char *const *options;  /* "name=value", by the format's parameters; ends with NULL */
};

/* Writes the guest's bytes of one file into a new image of another format, whole or not at all.
 * TARN_E_EXISTS if the target exists. */
TARN_API int tarn_image_convert(struct tarn_context *context,
                                const struct tarn_conversion *conversion, struct tarn_job *job,
                                struct tarn_error **error);

/* --- modules, types, formats ------------------------------------------------------------------ */

/* A parameter that a module declares: tarn/param.h of the module ABI. */
struct tarn_param_record {
    size_t struct_size;
    uint32_t required;
    uint32_t secret;            /* neither its default nor its value is told */
    const char *scope;          /* "module": in [options] of the .conf; "pool:fs", "format:qcow2" */
    const char *name;
    const char *summary;
    const char *type;           /* "string", "path", "bytes", "integer", "boolean", "enum" */
    const char *default_value;  /* NULL = none */
    const char *value;          /* what holds now, with scope "module"; or NULL */
    const char *const *choices; /* of an enum; ends with NULL */
    int64_t minimum;            /* of bytes and integers, if minimum < maximum */
    int64_t maximum;
};

struct tarn_module_record {
    size_t struct_size;
    uint32_t enabled;
    uint32_t loaded;
    int32_t priority;
    uint32_t abi_major;
    const char *name;
    const char *conf;            /* path of its .conf */
    const char *file;            /* path of its .so */
    const char *const *provides; /* "pool:dir", "format:raw"; ends with NULL */
    const char *version;         /* NULL unless loaded, as the next two */
    const char *summary;
    const char *licence;
    const char *reason;          /* why it cannot be used, or NULL */
    const char *isolation;       /* "none", or "process": it runs in processes of its own */
    const struct tarn_param_record *const *params; /* ends with NULL; NULL unless loaded */
};

/* All that plugins.d holds, sorted by name; opens no module. Freed by tarn_module_list_free. */
TARN_API int tarn_module_list(struct tarn_module_record ***out, struct tarn_context *context,
                              struct tarn_error **error);
TARN_API void tarn_module_list_free(struct tarn_module_record **list);
/* One of them, loaded if it can be; `reason` tells if not. Freed by tarn_module_record_free. */
TARN_API int tarn_module_read(struct tarn_module_record **out, struct tarn_context *context,
                              const char *name, struct tarn_error **error);
TARN_API void tarn_module_record_free(struct tarn_module_record *record);
/* Writes a .conf in the configuration folder that masks the installed one. */
TARN_API int tarn_module_enable(struct tarn_context *context, const char *name, int enable,
                                struct tarn_error **error);

struct tarn_capability_record {
    size_t struct_size;
    const char *name;           /* of the type or format */
    const char *module;
    const char *summary;        /* NULL if the module cannot be loaded */
    const char *const *abilities; /* "probe", "read", "create", …; ends with NULL */
    const char *reason;         /* why it is not to be had, or NULL */
};

/* Every pool type, or volume format, that a module provides; loads the modules. Sorted by name,
 * ends with NULL. Freed by tarn_capability_list_free. */
TARN_API int tarn_type_list(struct tarn_capability_record ***out, struct tarn_context *context,
                            struct tarn_error **error);
TARN_API int tarn_format_list(struct tarn_capability_record ***out, struct tarn_context *context,
                              struct tarn_error **error);
TARN_API void tarn_capability_list_free(struct tarn_capability_record **list);

#ifdef __cplusplus
}
#endif

#endif
