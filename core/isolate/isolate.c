/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening an isolated module: from what its first process says of it to a descriptor of proxies.
 */
#include "core/isolate/isolate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/context/call.h"
#include "core/context/context.h"
#include "core/isolate/descriptor-wire.h"
#include "core/isolate/wire-shapes.h"
#include "core/registry/module.h"
#include "core/registry/plugin-conf.h"
#include "core/registry/trust.h"

/* --- what a process says of the module -------------------------------------------------------- */

/* The first one decides what the module is: whatever was put in its place later is another. */
static int32_t compare(struct isolate *isolate, const void *told, size_t length,
                       struct tarn_call *call)
{
    if (isolate->description == NULL) {
        isolate->description = malloc(length + 1);
        if (isolate->description == NULL)
            return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for a module");
        memcpy(isolate->description, told, length);
        isolate->description_length = length;
    }
    if (length == isolate->description_length &&
        memcmp(told, isolate->description, length) == 0)
        return TARN_OK;
    return tarn_fail(call, TARN_E_ABI, 0,
                     "%s is another module than it was when it was loaded: start this program anew",
                     isolate->file);
}

static int32_t describe(struct isolate *isolate, struct worker *worker, struct tarn_call *call)
{
    struct exchange exchange;
    int32_t status = exchange_begin(&exchange, call, &worker->peer, FRAME_DESCRIBE);

    if (status != TARN_OK)
        return status;
    wire_put_u64(exchange.out, wire_fingerprint());
    wire_put_text(exchange.out, isolate->file);
    status = exchange_run(&exchange);
    if (status == TARN_OK) {
        size_t length = (size_t)(exchange.answer.end - exchange.answer.at);

        status = compare(isolate, exchange.answer.at, length, call);
        exchange.answer.at = exchange.answer.end;
    }
    return exchange_end(&exchange, status);
}

/* --- loading ---------------------------------------------------------------------------------- */

static int32_t load(struct isolate *isolate, struct worker *worker, struct tarn_call *call)
{
    const struct tarn_property *const *option;
    struct exchange exchange;
    int32_t status = exchange_begin(&exchange, call, &worker->peer, FRAME_LOAD);

    if (status != TARN_OK)
        return status;
    for (option = isolate->options; *option != NULL; option++)
        wire_put_struct(exchange.out, &shape_property, *option);
    return exchange_end(&exchange, exchange_run(&exchange));
}

int32_t isolate_prepare(struct isolate *isolate, struct worker *worker, struct tarn_call *call)
{
    int32_t status = describe(isolate, worker, call);

    return status == TARN_OK && isolate->loaded ? load(isolate, worker, call) : status;
}

/* The options as the registry checked them. */
static bool read_options(struct isolate *isolate, struct tarn_call *call)
{
    const struct tarn_param *const *param = isolate->descriptor->params;
    const struct tarn_property **options;
    size_t count = 0;

    while (param != NULL && param[count] != NULL)
        count++;
    options = arena_alloc(isolate->arena, (count + 1) * sizeof(*options));
    for (count = 0; options != NULL && param != NULL && *param != NULL; param++) {
        const char *value = call->host->option(call, (*param)->name);
        struct tarn_property *option;

        if (value == NULL)
            continue;
        option = arena_alloc(isolate->arena, sizeof(*option));
        if (option == NULL)
            return false;
        option->struct_size = sizeof(*option);
        option->name = (*param)->name;
        option->value = arena_strdup(isolate->arena, value);
        options[count++] = option;
    }
    isolate->options = options;
    return !arena_failed(isolate->arena);
}

int32_t proxy_load(struct tarn_call *call, void **out_state)
{
    struct isolate *isolate = module_isolate(call_of(call)->module);
    struct worker *worker = NULL;
    int32_t status = TARN_OK;

    if (!read_options(isolate, call))
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for the module's options");
    status = seat_take(&worker, &isolate->seat, call, false);
    if (status == TARN_OK)
        status = load(isolate, worker, call);
    worker_unref(worker);
    if (status != TARN_OK)
        return status;
    isolate->loaded = true;
    *out_state = isolate;
    return TARN_OK;
}

/* --- opening ---------------------------------------------------------------------------------- */

static const struct descriptor_proxies proxies = {
    &proxy_pool_type, proxy_format_functions, ISOLATE_MOST_FORMATS
};

/* A process has its statics for itself, so what may not be done at once in one may be done in two.
 * Within one the process itself sees to it. For formats that is no way, see descriptor-check.c. */
static int32_t read_description(struct isolate *isolate, struct tarn_call *call)
{
    struct wire_reader reader = { isolate->description,
                                  isolate->description + isolate->description_length,
                                  &isolate->arena, false };
    struct tarn_module *module =
        (struct tarn_module *)(uintptr_t)descriptor_get(&reader, &proxies);

    if (module == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0,
                         "what the module's process says of it makes no sense (an isolated module "
                         "has at most %u formats)", ISOLATE_MOST_FORMATS);
    isolate->parallel = module->threads >= TARN_THREADS_PARALLEL;
    if (module->threads < TARN_THREADS_POOL &&
        (module->formats == NULL || *module->formats == NULL))
        module->threads = TARN_THREADS_POOL;
    module->lock_domain = NULL;
    module->load = proxy_load;
    isolate->descriptor = module;
    return TARN_OK;
}

static int32_t ask(struct isolate *isolate, struct tarn_call *call)
{
    struct worker *worker = NULL;
    int32_t status = seat_take(&worker, &isolate->seat, call, false);

    worker_unref(worker);
    return status == TARN_OK ? read_description(isolate, call) : status;
}

static const char *const *copy_environment(struct arena *arena,
                                           const struct tarn_property *const *told)
{
    const char **list;
    size_t count = 0;
    size_t i;

    while (told[count] != NULL)
        count++;
    list = arena_alloc(arena, (count + 1) * sizeof(*list));
    for (i = 0; i < count && list != NULL; i++)
        list[i] = arena_printf(arena, "%s=%s", told[i]->name, told[i]->value);
    return list;
}

static struct isolate *isolate_new(struct tarn_context *context, const struct plugin_conf *conf)
{
    struct isolate *isolate = calloc(1, sizeof(*isolate));

    if (isolate == NULL)
        return NULL;
    isolate->context = context;
    isolate->arena = arena_new();
    isolate->name = strdup(conf->name);
    isolate->file = strdup(conf->file);
    if (isolate->arena != NULL)
        isolate->environment = copy_environment(isolate->arena, conf->environment);
    if (seat_init(&isolate->seat, isolate, NULL) && isolate->arena != NULL &&
        !arena_failed(isolate->arena) && isolate->name != NULL && isolate->file != NULL)
        return isolate;
    isolate_close(isolate);
    return NULL;
}

int isolate_open(struct isolate **out, const struct tarn_module **out_descriptor,
                 struct tarn_context *context, const struct plugin_conf *conf,
                 struct tarn_error **error)
{
    struct isolate *isolate = isolate_new(context, conf);
    struct operation operation;
    struct call call;
    int program = -1;
    int status;

    if (isolate == NULL)
        return error_set(error, TARN_E_INTERNAL, ENOMEM, "cannot load the module %s", conf->name);
    status = trust_open_file(&program, &isolate->program, context->folders.module_host, error);
    if (program >= 0)
        close(program);
    if (status == TARN_OK) {
        operation_begin(&operation, context, "module-load", NULL, NULL, NULL);
        operation_step_begin(&operation, "load");
        call_begin(&call, &operation, NULL);
        status = call_end(&call, ask(isolate, &call.abi), error);
        operation_step_end(&operation);
        operation_end(&operation);
    }
    if (status != TARN_OK) {
        isolate_close(isolate);
        return status;
    }
    *out = isolate;
    *out_descriptor = isolate->descriptor;
    return TARN_OK;
}

void isolate_close(struct isolate *isolate)
{
    if (isolate == NULL)
        return;
    seat_clear(&isolate->seat);
    arena_free(isolate->arena);
    free(isolate->description);
    free(isolate->name);
    free(isolate->file);
    free(isolate->program);
    free(isolate);
}

/* --- requests --------------------------------------------------------------------------------- */

void isolate_put_definitions(struct wire_writer *out, const struct tarn_call *call,
                             const struct tarn_pool_def *opened)
{
    if (call->pool == NULL) {
        wire_put_u32(out, DEFINITION_NONE);
    } else if (call->pool == opened) {
        wire_put_u32(out, DEFINITION_OPENED);
    } else {
        wire_put_u32(out, DEFINITION_HERE);
        wire_put_struct(out, &shape_pool_def, call->pool);
    }
    wire_put_u32(out, call->volume != NULL);
    if (call->volume != NULL)
        wire_put_struct(out, &shape_volume_def, call->volume);
}
