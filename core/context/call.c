/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The host's side of the call: the table of functions that modules reach through it.
 */
#include "core/context/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/context/context.h"
#include "core/context/secret.h"
#include "core/registry/lock-domain.h"
#include "core/registry/module.h"
#include "core/xml/xml-doc.h"

/* --- errors, cancellation, progress ----------------------------------------------------------- */

/* A module may use a call from several threads of its own. Failures are rare, so the lock of the
 * list of operations serves for them, too. */
static void error_lock(struct call *call)
{
    pthread_mutex_lock(&call->operation->context->operations_lock);
}

static void error_unlock(struct call *call)
{
    pthread_mutex_unlock(&call->operation->context->operations_lock);
}

static int32_t host_fail(struct tarn_call *abi, int32_t status, int32_t system_errno,
                         const char *text)
{
    struct call *call = call_of(abi);

    if (status <= TARN_OK || status >= TARN_STATUS_COUNT)
        status = TARN_E_INTERNAL;
    error_lock(call);
    if (call->error != NULL)
        error_while(call->error, "%s", text);
    else
        error_set(&call->error, status, system_errno, "%s", text);
    error_unlock(call);
    return status;
}

static void host_forget(struct tarn_call *abi)
{
    struct call *call = call_of(abi);

    error_lock(call);
    tarn_error_free(call->error);
    call->error = NULL;
    error_unlock(call);
}

static int32_t host_interrupted(struct tarn_call *abi)
{
    struct call *call = call_of(abi);
    struct tarn_error *why = NULL;
    int status = operation_interrupted(call->operation, &why);

    if (status != TARN_OK && why != NULL) {
        error_lock(call);
        error_pass(&call->error, why);
        error_unlock(call);
    }
    return status;
}

static int32_t host_cancel_fd(struct tarn_call *abi)
{
    return operation_cancel_fd(call_of(abi)->operation);
}

static int64_t host_time_left(struct tarn_call *abi)
{
    return operation_time_left(call_of(abi)->operation);
}

static void host_progress(struct tarn_call *abi, uint64_t done, uint64_t total)
{
    operation_progress(call_of(abi)->operation, done, total);
}

static void host_log(struct tarn_call *abi, uint32_t level, const char *text)
{
    struct call *call = call_of(abi);

    context_log(call->operation->context, level, "%s: %s",
                call->module != NULL ? module_name(call->module) : "core", text);
}

/* --- questions -------------------------------------------------------------------------------- */

static struct arena *call_arena(struct call *call)
{
    if (call->arena == NULL)
        call->arena = arena_new();
    return call->arena;
}

static const char *host_option(struct tarn_call *abi, const char *name)
{
    struct call *call = call_of(abi);
    const char *value;

    pthread_mutex_lock(&call->answers);
    value = call_option(call, name);
    pthread_mutex_unlock(&call->answers);
    return value;
}

static const char *host_query(struct tarn_call *abi, uint32_t which, const char *xpath,
                              uint32_t index)
{
    struct call *call = call_of(abi);
    const char *xml = which == TARN_DEFINITION_POOL     ? call->pool_xml
                      : which == TARN_DEFINITION_VOLUME ? call->volume_xml
                                                        : NULL;
    const char *text = NULL;

    pthread_mutex_lock(&call->answers);
    if (xml != NULL && call_arena(call) != NULL)
        text = xml_query(call->arena, xml, xpath, index, call->xml_prefix, call->xml_namespace);
    pthread_mutex_unlock(&call->answers);
    return text;
}

static int32_t host_secret(struct tarn_call *abi, const char *usage, const char *uuid,
                           void *buffer, uint64_t *length)
{
    const struct tarn_source_auth *auth = abi->pool != NULL ? abi->pool->source->auth : NULL;
    struct tarn_error *why = NULL;
    size_t room = *length;
    int status;

    if (usage == NULL && uuid == NULL && auth != NULL) {
        usage = auth->secret_usage;
        uuid = auth->secret_uuid;
    }
    status = secret_find(call_of(abi)->operation->context, usage, uuid, buffer, &room, &why);
    if (status != TARN_OK)
        tarn_fail(abi, status, 0, "%s", why != NULL ? tarn_error_message(why) : "no secret");
    tarn_error_free(why);
    *length = room;
    return status;
}

/* --- results ---------------------------------------------------------------------------------- */

static int32_t not_here(struct tarn_call *abi, const char *what)
{
    return tarn_fail(abi, TARN_E_INTERNAL, 0, "the module tells %s where none is asked for", what);
}

static int32_t host_amend(struct tarn_call *abi, uint32_t part, const char *value)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->amend == NULL)
        return not_here(abi, "an amendment");
    return call->sink->amend(call->sink_arg, call, part, value);
}

/* Who does not compare takes every storage for the right one. */
static int32_t host_identify(struct tarn_call *abi, const char *kind, const char *id,
                             uint32_t flags)
{
    struct call *call = call_of(abi);

    return call->identify != NULL ? call->identify(call, kind, id, flags) : TARN_OK;
}

static void host_notify(struct tarn_call *abi, uint32_t kind, const char *volume, const char *text)
{
    struct call *call = call_of(abi);

    if (call->notify != NULL)
        call->notify(call, kind, volume, text);
    else
        host_log(abi, TARN_LOG_INFO, text);
}

static int32_t host_volume_known(struct tarn_call *abi, const char *name,
                                 const struct tarn_identity *identity)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->volume_known == NULL)
        return 0;
    return call->sink->volume_known(call->sink_arg, name, identity);
}

static int32_t host_open_related(struct tarn_call *abi, uint32_t role, const char *name,
                                 const char *format, uint32_t flags, struct tarn_io **out)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->open_related == NULL)
        return tarn_fail(abi, TARN_E_ACCESS, 0, "\"%s\" is not opened: no other file is, here",
                         name);
    return call->sink->open_related(call->sink_arg, call, role, name, format, flags, out);
}

static int32_t host_create_related(struct tarn_call *abi, const char *suffix, uint64_t size,
                                   const char **out_name, struct tarn_io **out)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->create_related == NULL)
        return tarn_fail(abi, TARN_E_UNSUPPORTED, 0,
                         "no further file can be made for the image, here");
    return call->sink->create_related(call->sink_arg, call, suffix, size, out_name, out);
}

static int32_t host_emit_volume(struct tarn_call *abi, const struct tarn_volume_info *volume)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->volume == NULL)
        return not_here(abi, "a volume");
    return call->sink->volume(call->sink_arg, call, volume);
}

static int32_t host_emit_pool(struct tarn_call *abi, const struct tarn_pool_info *info)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->pool == NULL)
        return not_here(abi, "pool sizes");
    return call->sink->pool(call->sink_arg, info);
}

static int32_t host_emit_source(struct tarn_call *abi, const struct tarn_source *source)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->source == NULL)
        return not_here(abi, "a source");
    return call->sink->source(call->sink_arg, source);
}

static int32_t host_emit_capability(struct tarn_call *abi,
                                    const struct tarn_capability *capability)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->capability == NULL)
        return not_here(abi, "a capability");
    return call->sink->capability(call->sink_arg, call, capability);
}

static int32_t host_emit_free(struct tarn_call *abi, const struct tarn_device_extent *extent)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->free_extent == NULL)
        return not_here(abi, "a free extent");
    return call->sink->free_extent(call->sink_arg, extent);
}

static int32_t host_emit_claim(struct tarn_call *abi, const char *claim)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->claim == NULL)
        return not_here(abi, "a claim");
    return call->sink->claim(call->sink_arg, claim);
}

static int32_t host_emit_changed(struct tarn_call *abi, const char *volume_name)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->changed == NULL)
        return not_here(abi, "a change");
    return call->sink->changed(call->sink_arg, volume_name);
}

static int32_t host_emit_image(struct tarn_call *abi, const struct tarn_image_info *info)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->image == NULL)
        return not_here(abi, "an image");
    return call->sink->image(call->sink_arg, info);
}

/* Snapshots come along with every description; who does not want them has no member for them. */
static int32_t host_emit_snapshot(struct tarn_call *abi, const struct tarn_snapshot *snapshot)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->snapshot == NULL)
        return TARN_OK;
    return call->sink->snapshot(call->sink_arg, snapshot);
}

static int32_t host_emit_finding(struct tarn_call *abi, const struct tarn_finding *finding)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->finding == NULL)
        return not_here(abi, "a finding");
    return call->sink->finding(call->sink_arg, finding);
}

static int32_t host_emit_check(struct tarn_call *abi, const struct tarn_check_result *result)
{
    struct call *call = call_of(abi);

    if (call->sink == NULL || call->sink->check == NULL)
        return not_here(abi, "the result of a check");
    return call->sink->check(call->sink_arg, result);
}

/* --- libraries that no two threads may use at once -------------------------------------------- */

/* By the name that module.c gives the domains of modules. */
static struct lock_domain *domain_of(const char *name)
{
    char text[128];

    snprintf(text, sizeof(text), "domain:%s", name);
    return lock_domain_get(text);
}

static int32_t host_domain_enter(struct tarn_call *abi, const char *name)
{
    struct lock_domain *domain = domain_of(name);

    if (domain == NULL)
        return tarn_fail(abi, TARN_E_INTERNAL, 0, "no memory for the lock of %s", name);
    lock_domain_enter(domain); /* which is counted until it is left */
    return TARN_OK;
}

static void host_domain_leave(struct tarn_call *abi, const char *name)
{
    struct lock_domain *domain = domain_of(name);

    (void)abi;
    lock_domain_leave(domain);
    lock_domain_unref(domain);
    lock_domain_unref(domain);
}

static const struct tarn_host host = {
    .struct_size = sizeof(struct tarn_host),
    .abi_version = TARN_ABI_VERSION,
    .fail = host_fail,
    .forget = host_forget,
    .interrupted = host_interrupted,
    .cancel_fd = host_cancel_fd,
    .time_left = host_time_left,
    .progress = host_progress,
    .log = host_log,
    .option = host_option,
    .query = host_query,
    .secret = host_secret,
    .amend = host_amend,
    .identify = host_identify,
    .notify = host_notify,
    .volume_known = host_volume_known,
    .open_related = host_open_related,
    .create_related = host_create_related,
    .emit_volume = host_emit_volume,
    .emit_pool = host_emit_pool,
    .emit_source = host_emit_source,
    .emit_capability = host_emit_capability,
    .emit_free = host_emit_free,
    .emit_claim = host_emit_claim,
    .emit_changed = host_emit_changed,
    .emit_image = host_emit_image,
    .emit_snapshot = host_emit_snapshot,
    .emit_finding = host_emit_finding,
    .emit_check = host_emit_check,
    .domain_enter = host_domain_enter,
    .domain_leave = host_domain_leave,
};

/* --- the life of a call ----------------------------------------------------------------------- */

void call_prepare(struct call *call, struct operation *operation, struct module *module)
{
    memset(call, 0, sizeof(*call));
    call->abi.struct_size = sizeof(call->abi);
    call->abi.host = &host;
    call->abi.module_state = module != NULL ? module_state(module) : NULL;
    call->operation = operation;
    call->module = module;
    pthread_mutex_init(&call->answers, NULL);
}

void call_clear(struct call *call)
{
    arena_wipe(call->secrets);
    arena_free(call->secrets);
    arena_free(call->arena);
    tarn_error_free(call->error);
    pthread_mutex_destroy(&call->answers);
    call->secrets = NULL;
    call->told_secrets = NULL;
    call->arena = NULL;
    call->error = NULL;
}

void call_begin(struct call *call, struct operation *operation, struct module *module)
{
    call_prepare(call, operation, module);
    if (module != NULL)
        module_enter(module);
}

int call_end(struct call *call, int status, struct tarn_error **error)
{
    const char *name = call->module != NULL ? module_name(call->module) : NULL;

    if (call->module != NULL)
        module_leave(call->module);
    if (status < 0 || status >= TARN_STATUS_COUNT)
        status = TARN_E_INTERNAL;
    if (status != TARN_OK) {
        if (call->error == NULL)
            error_set(&call->error, status, 0, "the module %s failed without saying why",
                      name != NULL ? name : "core");
        error_set_module(call->error, name);
        if (call->error != NULL)
            error_pass(error, call->error);
        call->error = NULL;
    }
    call_clear(call);
    return status;
}
