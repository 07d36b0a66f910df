/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * define.c - what a definition must have, and what no second pool may use.
 */
#include "iscsi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t invalid(struct tarn_call *call, const char *what, const char *value,
                       const char *advice)
{
    return tarn_fail(call, TARN_E_INVALID, 0, "the pool \"%s\" has %s \"%.240s\": %s",
                     call->pool->name, what, value, advice);
}

/* --- names ------------------------------------------------------------------------------------- */

static bool is_hexadecimal(const char *text, size_t length)
{
    return strlen(text) == length && text[strspn(text, "0123456789abcdefABCDEF")] == '\0';
}

/* "iqn.2024-01.org.example:disk" */
static bool is_qualified(const char *text)
{
    static const char form[] = "iqn.9999-99.";
    size_t i;

    for (i = 0; form[i] != '\0'; i++)
        if (form[i] == '9' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    return text[i] != '\0' && text[strcspn(text, " \t\r\n/")] == '\0';
}

bool iscsi_is_name(const char *text)
{
    if (strlen(text) > ISCSI_NAME_MOST)
        return false;
    if (strncmp(text, "eui.", 4) == 0)
        return is_hexadecimal(text + 4, 16);
    if (strncmp(text, "naa.", 4) == 0)
        return is_hexadecimal(text + 4, 16) || is_hexadecimal(text + 4, 32);
    return is_qualified(text);
}

/* --- the parts --------------------------------------------------------------------------------- */

static int32_t hosts_check(struct tarn_call *call)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.:%_-[]";
    const struct tarn_source_host *const *host = call->pool->source->hosts;

    if (*host == NULL)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the pool \"%s\" has no host: add <host name='…'/> to its source",
                         call->pool->name);
    for (; *host != NULL; host++) {
        const char *name = (*host)->name;

        if (name[0] == '\0' || name[0] == '-' || name[strspn(name, allowed)] != '\0')
            return invalid(call, "the host", name, "give a name or an address");
        if ((*host)->port > 65535)
            return invalid(call, "a wrong port at the host", name, "give one up to 65535");
    }
    return TARN_OK;
}

static int32_t device_check(struct tarn_call *call)
{
    const struct tarn_source_device *const *devices = call->pool->source->devices;

    if (devices[0] == NULL)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the pool \"%s\" has no target: add <device path='iqn.…'/> to its source",
                         call->pool->name);
    if (devices[1] != NULL)
        return invalid(call, "a second target", devices[1]->path, "define a pool for each");
    if (strlen(devices[0]->path) > ISCSI_NAME_MOST)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the pool \"%s\" has a target whose name has %zu bytes: the names of "
                         "targets have up to %d", call->pool->name, strlen(devices[0]->path),
                         ISCSI_NAME_MOST);
    return TARN_OK;
}

static int32_t initiator_check(struct tarn_call *call)
{
    const char *name = call->pool->source->initiator_iqn;

    if (name == NULL || iscsi_is_name(name))
        return TARN_OK;
    return invalid(call, "the initiator", name,
                   "it needs a name such as iqn.2024-01.org.example:host, of up to 223 bytes");
}

static int32_t auth_check(struct tarn_call *call)
{
    const struct tarn_source_auth *auth = call->pool->source->auth;
    const char *target = call->host->query(call, TARN_DEFINITION_POOL,
                                           "/pool/source/iscsi:target-auth/@username", 0);

    if (auth != NULL && strcmp(auth->type, "chap") != 0)
        return invalid(call, "the authentication type", auth->type,
                       "iSCSI knows type='chap'");
    if (auth == NULL && target != NULL)
        return invalid(call, "<iscsi:target-auth> for", target,
                       "add <auth type='chap'> as well, CHAP has the target prove itself only to "
                       "whom it knows");
    return TARN_OK;
}

int32_t iscsi_define(struct tarn_call *call)
{
    int32_t status = hosts_check(call);

    if (status == TARN_OK)
        status = device_check(call);
    if (status == TARN_OK)
        status = initiator_check(call);
    if (status == TARN_OK)
        status = auth_check(call);
    return status;
}

/* --- claims ------------------------------------------------------------------------------------ */

static int32_t claim(struct tarn_call *call, const struct tarn_source_host *host)
{
    const struct tarn_source *source = call->pool->source;
    const char *initiator = source->initiator_iqn != NULL ? source->initiator_iqn : "";
    char *text;
    int32_t status;

    if (asprintf(&text, "iscsi:%s:%s@%s:%u", source->devices[0]->path, initiator, host->name,
                 host->port != 0 ? host->port : ISCSI_PORT) < 0)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to claim a target");
    status = call->host->emit_claim(call, text);
    free(text);
    return status;
}

int32_t iscsi_claims(struct tarn_call *call)
{
    const struct tarn_source_host *const *host = call->pool->source->hosts;
    int32_t status = TARN_OK;

    for (; status == TARN_OK && *host != NULL; host++)
        status = claim(call, *host);
    return status;
}

/* --- new volumes ------------------------------------------------------------------------------- */

int32_t iscsi_volume_name_check(struct tarn_call *call, void *pool, const char *name)
{
    (void)pool;
    (void)name;
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                     "volumes cannot be created in pools of the type %s: add a logical unit to the "
                     "target %s where it is served, then refresh the pool", call->pool->type,
                     call->pool->source->devices[0] != NULL
                         ? call->pool->source->devices[0]->path
                         : "");
}
