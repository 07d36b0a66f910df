/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Loading: entry, descriptor, options, lock, load(). In that order, so that a module is asked to do
 * something only when everything that it was told and tells is valid.
 */
#include "core/registry/module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/context/call.h"
#include "core/isolate/isolate.h"
#include "core/registry/descriptor.h"
#include "core/registry/loader.h"
#include "core/registry/lock-domain.h"
#include "core/registry/params.h"
#include "core/registry/plugin-conf.h"
#include "core/registry/xml-owner.h"
#include "core/schema/schema.h"

struct module {
    struct arena *arena; /* the descriptor's copy and the options */
    const struct tarn_module *descriptor;
    const struct tarn_property *const *options;
    struct lock_domain *lock; /* NULL: calls may run at once */
    struct isolate *isolate;  /* NULL: it is in this process */
    const char *name;
    const char *file;
    void *state;
    int loaded;
};

static int no_memory(const struct plugin_conf *conf, struct tarn_error **error)
{
    return error_set(error, TARN_E_INTERNAL, ENOMEM, "cannot load the module %s", conf->name);
}

/* The statics of a .so are one in the process, however many contexts loaded it: so is its lock. */
static int make_lock(struct module *module, const struct plugin_conf *conf, const char *real_path,
                     struct tarn_error **error)
{
    const char *name = NULL;

    if (module->descriptor->threads == TARN_THREADS_DOMAIN)
        name = arena_printf(module->arena, "domain:%s", module->descriptor->lock_domain);
    else if (module->descriptor->threads == TARN_THREADS_MODULE)
        name = arena_printf(module->arena, "module:%s", real_path);
    if (name != NULL)
        module->lock = lock_domain_get(name);
    if (arena_failed(module->arena) || (name != NULL && module->lock == NULL))
        return no_memory(conf, error);
    return TARN_OK;
}

static int check_name(const struct module *module, const struct plugin_conf *conf,
                      struct tarn_error **error)
{
    if (strcmp(module->descriptor->name, conf->name) == 0)
        return TARN_OK;
    return error_set(error, TARN_E_INVALID, 0,
                     "%s is the module %s: its .conf must be called %s" PLUGIN_CONF_SUFFIX,
                     conf->file, module->descriptor->name, module->descriptor->name);
}

static int check_xml(const struct tarn_module *descriptor, struct tarn_error **error)
{
    const struct tarn_pool_type *const *type = descriptor->pool_types;
    int status = xml_owner_check(descriptor, error);

    for (; type != NULL && *type != NULL && status == TARN_OK; type++)
        status = schema_check_type(*type, error);
    return status;
}

static int check_options(struct module *module, const struct plugin_conf *conf,
                         struct tarn_error **error)
{
    const char *what = arena_printf(module->arena, "%s: the module %s", conf->path, conf->name);

    if (what == NULL)
        return no_memory(conf, error);
    return params_check(&module->options, module->arena, module->descriptor->params, conf->options,
                        what, error);
}

static int call_load(struct module *module, struct tarn_context *context, struct tarn_error **error)
{
    struct operation operation;
    struct call call;
    int status;

    if (module->descriptor->load != NULL) {
        operation_begin(&operation, context, "module-load", NULL, NULL, NULL);
        operation_step_begin(&operation, "load");
        call_begin(&call, &operation, module);
        status = module->descriptor->load(&call.abi, &module->state);
        status = call_end(&call, status, error);
        operation_step_end(&operation);
        operation_end(&operation);
        if (status != TARN_OK)
            return status;
    }
    module->loaded = 1;
    return TARN_OK;
}

/* What the module says of itself: in this process, or from one of its own. */
static int open_file(const struct tarn_module **out, char **out_path, struct module *module,
                     const struct plugin_conf *conf, struct tarn_context *context,
                     struct tarn_error **error)
{
    loader_entry_fn entry;
    int status;

    if (conf->isolated)
        return isolate_open(&module->isolate, out, context, conf, error);
    status = loader_open(&entry, out_path, conf->file, error);
    if (status == TARN_OK)
        *out = entry(TARN_ABI_VERSION);
    return status;
}

static int module_open(struct module *module, const struct plugin_conf *conf,
                       struct tarn_context *context, struct tarn_error **error)
{
    const struct tarn_module *told = NULL;
    char *real_path = NULL;
    int status;

    module->name = arena_strdup(module->arena, conf->name);
    module->file = arena_strdup(module->arena, conf->file);
    if (arena_failed(module->arena))
        return no_memory(conf, error);
    status = open_file(&told, &real_path, module, conf, context, error);
    if (status == TARN_OK)
        status = descriptor_read(&module->descriptor, module->arena, told, error);
    if (status == TARN_OK)
        status = check_name(module, conf, error);
    if (status == TARN_OK)
        status = check_xml(module->descriptor, error);
    if (status == TARN_OK)
        status = check_options(module, conf, error);
    if (status == TARN_OK)
        status = make_lock(module, conf, real_path, error);
    free(real_path);
    return status == TARN_OK ? call_load(module, context, error) : status;
}

int module_load(struct module **out, struct tarn_context *context, const struct plugin_conf *conf,
                struct tarn_error **error)
{
    struct module *module = calloc(1, sizeof(*module));
    struct tarn_error *failure = NULL;
    int status;

    if (module == NULL || (module->arena = arena_new()) == NULL) {
        free(module);
        return no_memory(conf, error);
    }
    status = module_open(module, conf, context, &failure);
    if (status == TARN_OK) {
        *out = module;
        return TARN_OK;
    }
    error_set_module(failure, conf->name);
    if (failure != NULL)
        error_pass(error, failure);
    module_close(module);
    return status;
}

void module_close(struct module *module)
{
    if (module == NULL)
        return;
    if (module->loaded && module->descriptor->unload != NULL) {
        module_enter(module);
        module->descriptor->unload(module->state);
        module_leave(module);
    }
    isolate_close(module->isolate);
    lock_domain_unref(module->lock);
    arena_free(module->arena);
    free(module);
}

const char *module_name(const struct module *module)
{
    return module->name;
}

const char *module_file(const struct module *module)
{
    return module->file;
}

const struct tarn_module *module_descriptor(const struct module *module)
{
    return module->descriptor;
}

void *module_state(const struct module *module)
{
    return module->state;
}

struct isolate *module_isolate(const struct module *module)
{
    return module->isolate;
}

const char *module_option(const struct module *module, const char *name)
{
    return params_get(module->options, name);
}

const struct tarn_pool_type *module_pool_type(const struct module *module, const char *name)
{
    const struct tarn_pool_type *const *type = module->descriptor->pool_types;

    for (; type != NULL && *type != NULL; type++)
        if (strcmp((*type)->name, name) == 0)
            return *type;
    return NULL;
}

const struct tarn_format *module_format(const struct module *module, const char *name)
{
    const struct tarn_format *const *format = module->descriptor->formats;

    for (; format != NULL && *format != NULL; format++)
        if (strcmp((*format)->name, name) == 0)
            return *format;
    return NULL;
}

void module_enter(struct module *module)
{
    if (module->lock != NULL)
        lock_domain_enter(module->lock);
}

void module_leave(struct module *module)
{
    if (module->lock != NULL)
        lock_domain_leave(module->lock);
}
