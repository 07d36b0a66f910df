/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Options as a call gives them to its module: the pool's, the module's, the defaults; and the texts
 * of those that are secrets, which live no longer than the call.
 */
#include "core/context/call.h"

#include <stdlib.h>
#include <string.h>

#include "core/context/secret.h"
#include "core/registry/module.h"
#include "core/registry/params.h"
#include "core/xml/pool-options.h"

/* As much as a key or a token ever has. */
#define MOST_SECRET 65536u

/* Somebody may have been asked for it: once is enough. */
struct told_secret {
    struct told_secret *next;
    const char *name;
    const char *text;
};

static const char *told_before(const struct call *call, const char *name)
{
    const struct told_secret *told = call->told_secrets;

    while (told != NULL && strcmp(told->name, name) != 0)
        told = told->next;
    return told != NULL ? told->text : NULL;
}

static struct told_secret *told_new(struct call *call, const char *name, const char *text,
                                    size_t length)
{
    struct told_secret *told;

    if (call->secrets == NULL)
        call->secrets = arena_new();
    told = call->secrets != NULL ? arena_alloc(call->secrets, sizeof(*told)) : NULL;
    if (told == NULL)
        return NULL;
    told->name = arena_strdup(call->secrets, name);
    told->text = arena_strndup(call->secrets, text, length);
    return arena_failed(call->secrets) ? NULL : told;
}

/* What a person wrote into a file is judged as what stands in the XML is. */
static int take(struct call *call, const char *name, const char *text, size_t length,
                struct tarn_error **error)
{
    const struct tarn_param *param = params_find(call->options->type->params, name);
    struct told_secret *told = told_new(call, name, text, length);
    int status;

    if (told == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for a secret");
    if (strlen(told->text) != length)
        return error_set(error, TARN_E_INVALID, 0, "the secret for the option %s is no text", name);
    status = param_value_check(&told->text, call->secrets, param, told->text,
                               "the options of the pool", error);
    if (status != TARN_OK)
        return status;
    told->next = call->told_secrets;
    call->told_secrets = told;
    return TARN_OK;
}

static int fetch(struct call *call, const char *name, const char *usage, struct tarn_error **error)
{
    char *buffer = malloc(MOST_SECRET);
    size_t length = MOST_SECRET;
    int status;

    if (buffer == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for a secret");
    status = secret_find(call->operation->context, usage, NULL, buffer, &length, error);
    if (status == TARN_OK)
        status = take(call, name, buffer, length, error);
    explicit_bzero(buffer, MOST_SECRET);
    free(buffer);
    return status;
}

static const char *secret_text(struct call *call, const char *name, const char *usage)
{
    const char *text = told_before(call, name);
    struct tarn_error *why = NULL;
    int status = text == NULL ? fetch(call, name, usage, &why) : TARN_OK;

    if (status != TARN_OK)
        tarn_fail(&call->abi, status, 0, "%s",
                  why != NULL ? tarn_error_message(why) : "no memory for a secret");
    tarn_error_free(why);
    return status == TARN_OK ? told_before(call, name) : NULL;
}

const char *call_option(struct call *call, const char *name)
{
    const struct pool_options *options = call->options;
    bool is_secret = false;
    const char *value = options != NULL ? pool_options_given(options, name, &is_secret) : NULL;

    if (value != NULL && is_secret)
        return secret_text(call, name, value);
    if (value == NULL && call->module != NULL)
        value = module_option(call->module, name);
    if (value == NULL && options != NULL)
        value = params_get(options->values, name);
    return value;
}
