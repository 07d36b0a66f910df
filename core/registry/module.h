/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A loaded module, its descriptors read by the rule of struct_size, and the locks that its declared
 * thread model asks for.
 */
#ifndef CORE_MODULE_H
#define CORE_MODULE_H

#include <tarn/module.h>

#include "core/base/error.h"

struct isolate;
struct operation;
struct plugin_conf;
struct tarn_context;
struct module; /* one per context and .so */

/* For the registry: loads what the .conf names, with its [options] checked, and calls its load().
 * Nothing of it remains in the context on failure; the mapping may. */
int module_load(struct module **out, struct tarn_context *context, const struct plugin_conf *conf,
                struct tarn_error **error);
/* Calls its unload(). NULL is legal. */
void module_close(struct module *module);
/* What it is called in the .conf: the path of its .so. */
const char *module_file(const struct module *module);
/* Its type or format of that name, or NULL. */
const struct tarn_pool_type *module_pool_type(const struct module *module, const char *name);
const struct tarn_format *module_format(const struct module *module, const char *name);

/* A pool type or a format, and the module it came from. Both live as long as the context. The
 * descriptors are the core's own copies: complete, whatever size the module's were. */
struct type_ref {
    const struct tarn_pool_type *type;
    struct module *module;
};

struct format_ref {
    const struct tarn_format *format;
    struct module *module;
};

const char *module_name(const struct module *module);
/* The descriptor, as a complete copy. */
const struct tarn_module *module_descriptor(const struct module *module);
/* What its load() stored, for struct tarn_call. */
void *module_state(const struct module *module);
/* A value of its [options], with defaults; NULL = it has no such parameter or no value. */
const char *module_option(const struct module *module, const char *name);

/* What it runs in, if that is not this process; else NULL. */
struct isolate *module_isolate(const struct module *module);

/* Around every call into the module, by its thread model: waits for the lock domain or the module's
 * own lock. A thread may enter again what it has entered. Nothing for TARN_THREADS_POOL and
 * TARN_THREADS_PARALLEL: the owner of the handle sees to the former. */
void module_enter(struct module *module);
void module_leave(struct module *module);

#endif
