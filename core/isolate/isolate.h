/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An isolated module: one that runs in processes of its own, see tarn-isolation(7). To the rest of
 * the core it is a descriptor like any other, whose functions pass every call on.
 */
#ifndef CORE_ISOLATE_ISOLATE_H
#define CORE_ISOLATE_ISOLATE_H

#include <tarn/module.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/isolate/seat.h"

struct plugin_conf;
struct tarn_context;

/* Every format of a module has functions of its own, which know its number; there are so many. */
#define ISOLATE_MOST_FORMATS 16u

struct isolate {
    struct tarn_context *context;
    char *name;    /* of the module */
    char *file;    /* its .so */
    char *program; /* that its processes run */
    struct arena *arena;
    const char *const *environment; /* of its processes besides the program's: "NAME=VALUE"; ends
                                       with NULL */
    const struct tarn_module *descriptor; /* of proxies, in the arena; not checked yet */
    unsigned char *description; /* as the first process told it: each must tell the same */
    size_t description_length;
    bool parallel; /* its own thread model, not the proxies' */
    bool loaded;   /* options are known: each process loads the module with them */
    const struct tarn_property *const *options; /* ends with NULL */
    struct seat seat; /* of the process for all that has no pool handle */
};

/* Starts the module's first process and asks it what the module is. *out_descriptor is what the
 * module's entry would have given, of proxies; it lives until isolate_close. */
int isolate_open(struct isolate **out, const struct tarn_module **out_descriptor,
                 struct tarn_context *context, const struct plugin_conf *conf,
                 struct tarn_error **error);
/* After the module's unload; ends its processes. NULL is legal. */
void isolate_close(struct isolate *isolate);

/* --- for the files of this folder ------------------------------------------------------------- */

/* The module that a call without any other handle is for: what its load() stored. */
static inline struct isolate *isolate_of(const struct tarn_call *call)
{
    return call->module_state;
}

/* Readies a process: describes the module, compares, and loads it if it is to be loaded. */
int32_t isolate_prepare(struct isolate *isolate, struct worker *worker, struct tarn_call *call);

/* What a request says of the definitions that its call works on; `opened` is that of the pool that
 * is open in the process, or NULL. */
void isolate_put_definitions(struct wire_writer *out, const struct tarn_call *call,
                             const struct tarn_pool_def *opened);

/* proxy-module.c, proxy-pool.c, proxy-volume.c, proxy-format.c */
int32_t proxy_load(struct tarn_call *call, void **out_state);
extern const struct tarn_pool_type proxy_pool_type;
/* The functions of the format with that number; below ISOLATE_MOST_FORMATS. */
void proxy_format_functions(struct tarn_format *out, size_t number);

#endif
