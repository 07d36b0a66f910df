/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A call: one call of a module's function, with what the module can reach through it.
 *
 *     struct call call;
 *
 *     call_begin(&call, operation, module);
 *     call.abi.pool = &def->abi;
 *     status = type->refresh(&call.abi, handle);
 *     return call_end(&call, status, error);
 */
#ifndef CORE_CALL_H
#define CORE_CALL_H

#include <pthread.h>

#include <tarn/call.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/context/operation.h"

struct call;
struct module;
struct pool_options;
struct pool_session;

/* Where what the module pushes goes. A NULL member means that the operation has no such result: the
 * module is told so with TARN_E_INTERNAL. All get `arg` of the call's sink first. */
struct call_sink {
    int (*volume)(void *arg, struct call *call, const struct tarn_volume_info *volume);
    int (*volume_known)(void *arg, const char *name, const struct tarn_identity *identity);
    int (*pool)(void *arg, const struct tarn_pool_info *info);
    int (*capability)(void *arg, struct call *call, const struct tarn_capability *capability);
    int (*source)(void *arg, const struct tarn_source *source);
    int (*free_extent)(void *arg, const struct tarn_device_extent *extent);
    int (*claim)(void *arg, const char *claim);
    int (*changed)(void *arg, const char *volume_name);
    int (*image)(void *arg, const struct tarn_image_info *info);
    int (*snapshot)(void *arg, const struct tarn_snapshot *snapshot);
    int (*finding)(void *arg, const struct tarn_finding *finding);
    int (*check)(void *arg, const struct tarn_check_result *result);
    int (*amend)(void *arg, struct call *call, uint32_t part, const char *value);
    int (*open_related)(void *arg, struct call *call, uint32_t role, const char *name,
                        const char *format, uint32_t flags, struct tarn_io **out);
    int (*create_related)(void *arg, struct call *call, const char *suffix, uint64_t size,
                          const char **out_name, struct tarn_io **out);
};

struct call {
    struct tarn_call abi; /* first: the module's struct tarn_call is this */
    struct operation *operation;
    struct module *module;    /* whose function it is; NULL for the core's own byte stores */
    struct tarn_error *error; /* what the module recorded */
    const struct call_sink *sink; /* NULL: nothing may be pushed */
    void *sink_arg;
    struct pool_session *session; /* whose call it is, if it is one of a pool; else NULL */
    int64_t began;                /* nanoseconds of CLOCK_MONOTONIC, with a session */
    /* Compares what the storage says it is with what it was; NULL: nobody keeps that here. */
    int (*identify)(struct call *call, const char *kind, const char *id, uint32_t flags);
    /* Takes what listeners of the pool shall know; NULL: the log alone has it. */
    void (*notify)(struct call *call, uint32_t kind, const char *volume, const char *text);
    struct notice *notices; /* taken, and told when the call has ended: core/pool/pool-notice.c */
    const char *pool_xml;   /* for tarn_host.query, or NULL */
    const char *volume_xml;
    const char *xml_prefix; /* of the module's own elements, or NULL */
    const char *xml_namespace;
    /* <tarn:options> of the pool, or NULL; as long as the call. */
    const struct pool_options *options;
    pthread_mutex_t answers; /* of option and query: threads of the module may ask at once */
    struct arena *arena;    /* answers of query; made when first needed, as the next */
    struct arena *secrets;  /* the texts of options that are secrets; wiped at the end */
    struct told_secret *told_secrets;
};

/* tarn_host.option; within `answers`. */
const char *call_option(struct call *call, const char *name);

void call_begin(struct call *call, struct operation *operation, struct module *module);
/* The same without entering the module: for a call that lasts (an open image), whose owner enters
 * and leaves around each use, and gives back what it holds with call_clear. */
void call_prepare(struct call *call, struct operation *operation, struct module *module);
void call_clear(struct call *call);
/* Ends it. TARN_OK forgets what was recorded on the way; a failure passes it on in *error, and
 * makes up for a module that failed without a word. Returns the status, which is a known one. */
int call_end(struct call *call, int status, struct tarn_error **error);

/* The call that a module's function was given. */
static inline struct call *call_of(struct tarn_call *abi)
{
    return (struct call *)(void *)abi;
}

#endif
