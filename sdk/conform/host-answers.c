/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host-answers.c - what a module may ask of the fake host: options, the definition, secrets,
 * further files of an image.
 */
#include <string.h>

#include "conform/definition.h"
#include "conform/host.h"
#include "conform/parameters.h"

/* --- options ---------------------------------------------------------------------------------- */

/* A default, or a text of the configuration, which was judged before. */
static const char *converted(struct trial *trial, const struct tarn_param *param, const char *text)
{
    char *why = NULL;
    char *value = text != NULL ? parameter_value(param, text, &why) : NULL;

    trial_require(trial, text == NULL || value != NULL, "the parameter %s %s", param->name, why);
    return value;
}

/* Of the module, by [options] or its default. */
static const char *module_option(struct trial *trial, const struct tarn_param *param)
{
    const char *text = param != NULL ? config_get(trial->config, "options", param->name) : NULL;

    if (param == NULL)
        return NULL;
    return converted(trial, param, text != NULL ? text : param->default_value);
}

/* First the pool's XML, then the module's, then the type's default. */
static const char *host_option(struct tarn_call *call, const char *name)
{
    struct host *host = host_of(call);
    struct trial *trial = host->trial;
    const struct tarn_param *of_type =
        trial->type != NULL ? parameter_find(trial->type->params, name) : NULL;
    const struct tarn_param *of_module = parameter_find(trial->module->params, name);
    const char *value = NULL;

    if (of_type == NULL && of_module == NULL)
        host_misuse(host, "it asks for the option %s, which it does not declare", name);
    if (of_type != NULL && host->definition != NULL)
        value = definition_option(trial, host->definition, of_type);
    if (value == NULL)
        value = module_option(trial, of_module);
    if (value == NULL && of_type != NULL)
        value = converted(trial, of_type, of_type->default_value);
    return value;
}

/* --- definitions and secrets ------------------------------------------------------------------ */

static const char *host_query(struct tarn_call *call, uint32_t which, const char *xpath,
                              uint32_t index)
{
    struct host *host = host_of(call);

    if (which != TARN_DEFINITION_POOL && which != TARN_DEFINITION_VOLUME)
        host_misuse(host, "it asks for the definition %u", which);
    if (which != TARN_DEFINITION_POOL || host->definition == NULL)
        return NULL;
    return definition_query(host->trial, host->definition->doc, xpath, index);
}

static int32_t host_secret(struct tarn_call *call, const char *usage, const char *uuid,
                           void *buffer, uint64_t *length)
{
    struct host *host = host_of(call);
    const struct tarn_source_auth *auth =
        host->definition != NULL ? host->definition->source.auth : NULL;
    const char *name = usage != NULL ? usage : uuid;
    const char *secret;

    if (name == NULL && auth != NULL)
        name = auth->secret_usage != NULL ? auth->secret_usage : auth->secret_uuid;
    secret = name != NULL ? config_get(host->trial->config, "secrets", name) : NULL;
    if (secret == NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0,
                         "there is no secret \"%s\": write it into [secrets] of the configuration",
                         name != NULL ? name : "");
    if (strlen(secret) > *length)
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "the secret \"%s\" has %zu bytes", name,
                         strlen(secret));
    *length = strlen(secret);
    memcpy(buffer, secret, *length);
    return TARN_OK;
}

static int32_t host_amend(struct tarn_call *call, uint32_t part, const char *value)
{
    struct host *host = host_of(call);

    if (!(host->takes & HOST_MAY_AMEND))
        host_misuse(host, "%s amends the definition, which only define may",
                    host->operation != NULL ? host->operation : "it");
    if (host->definition == NULL ||
        !definition_amend(host->trial, host->definition, part, value))
        return tarn_fail(call, TARN_E_INTERNAL, 0, "there is no part %u to be amended", part);
    return TARN_OK;
}

/* What is told once is so for ever: the kit's storage is not replaced. */
static int32_t host_identify(struct tarn_call *call, const char *kind, const char *id,
                             uint32_t flags)
{
    struct host *host = host_of(call);

    (void)flags;
    if (!(host->takes & HOST_MAY_IDENTIFY))
        host_misuse(host, "%s tells which storage it is, which it may not",
                    host->operation != NULL ? host->operation : "it");
    if (kind == NULL || *kind == '\0' || id == NULL || *id == '\0')
        host_misuse(host, "it identifies its storage without saying what as");
    return TARN_OK;
}

static void host_notify(struct tarn_call *call, uint32_t kind, const char *volume, const char *text)
{
    (void)volume;
    if (kind < TARN_NOTICE_WATERMARK || kind > TARN_NOTICE_REPAIRED || text == NULL)
        host_misuse(host_of(call), "it notifies of %u, which is no notice", kind);
}

/* --- further files of an image ---------------------------------------------------------------- */

static bool may_relate(struct host *host, const char *what)
{
    if (host->takes & HOST_MAY_RELATE)
        return true;
    host_misuse(host, "%s asks for %s, which only create, open and check may",
                host->operation != NULL ? host->operation : "it", what);
    return false;
}

static int32_t host_open_related(struct tarn_call *call, uint32_t role, const char *name,
                                 const char *format, uint32_t flags, struct tarn_io **out)
{
    struct host *host = host_of(call);

    *out = NULL;
    if (!may_relate(host, "another file") || host->open_related == NULL)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "the kit has no file \"%s\"",
                         name != NULL ? name : "");
    return host->open_related(host, role, name, format, flags, out);
}

static int32_t host_create_related(struct tarn_call *call, const char *suffix, uint64_t size,
                                   const char **out_name, struct tarn_io **out)
{
    struct host *host = host_of(call);

    *out = NULL;
    if (!may_relate(host, "a further file") || host->create_related == NULL)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0, "no further files can be made here");
    return host->create_related(host, suffix, size, out_name, out);
}

void host_set_answers(struct tarn_host *table)
{
    table->option = host_option;
    table->query = host_query;
    table->secret = host_secret;
    table->amend = host_amend;
    table->identify = host_identify;
    table->notify = host_notify;
    table->open_related = host_open_related;
    table->create_related = host_create_related;
}
