/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * define.c - what a definition must have, and what no second pool may use. Hosts, directories and
 * options end up as arguments of mount helpers: what could be taken for something else is refused.
 */
#include "netfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t invalid(struct tarn_call *call, const char *what, const char *value,
                       const char *advice)
{
    return tarn_fail(call, TARN_E_INVALID, 0, "the pool \"%s\" has %s \"%s\": %s",
                     call->pool->name, what, value, advice);
}

/* As the schema has it; neither "-o…" nor "a,b". */
static bool is_host(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.:%_-[]";

    return name[0] != '\0' && name[0] != '-' && name[strspn(name, allowed)] == '\0';
}

static int32_t hosts_check(struct tarn_call *call)
{
    const struct tarn_source_host *const *host = call->pool->source->hosts;

    if (*host == NULL)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the pool \"%s\" has no host: add <host name='…'/> to its source",
                         call->pool->name);
    for (; *host != NULL; host++)
        if (!is_host((*host)->name))
            return invalid(call, "the host", (*host)->name, "give a name or an address");
    return TARN_OK;
}

static int32_t dir_check(struct tarn_call *call, const struct netfs_kind *kind)
{
    const char *dir = call->pool->source->dir;

    if (dir == NULL || dir[0] == '\0')
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the pool \"%s\" has no directory of the server: add <dir path='…'/> to "
                         "its source", call->pool->name);
    if (kind != NULL && strcmp(kind->format, "nfs") == 0 && dir[0] != '/')
        return invalid(call, "the NFS directory", dir, "begin it with /");
    if (kind != NULL && strcmp(kind->format, "nfs") != 0 && dir[strspn(dir, "/")] == '\0')
        return invalid(call, "the directory", dir, "name a share or a volume");
    return TARN_OK;
}

static int32_t protocol_check(struct tarn_call *call, const struct netfs_kind *kind)
{
    const char *version = call->pool->source->protocol_version;

    if (version == NULL)
        return TARN_OK;
    if (kind != NULL && strcmp(kind->format, "nfs") != 0)
        return invalid(call, "the protocol version", version,
                       "only NFS has one; leave <protocol> out, or name it in <fs:mount_opts>");
    if (strpbrk(version, ", \t\n") != NULL)
        return invalid(call, "the protocol version", version,
                       "write it without a comma or a blank, such as 3 or 4.2");
    return TARN_OK;
}

static int32_t auth_check(struct tarn_call *call, const struct netfs_kind *kind)
{
    const struct tarn_source_auth *auth = call->pool->source->auth;

    if (auth == NULL)
        return TARN_OK;
    if (kind == NULL || strcmp(kind->format, "cifs") != 0)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the pool \"%s\" has <auth>, which only the format cifs knows: leave it "
                         "out, or add <format type='cifs'/>", call->pool->name);
    if (strcmp(auth->type, "cifs") != 0)
        return invalid(call, "the authentication type", auth->type, "a share knows type='cifs'");
    return TARN_OK;
}

/* A definition is read by everybody; and only mount.cifs, which is not used, reads `credentials`. */
static int32_t options_check(struct tarn_call *call)
{
    static const char *const secret[] = { "password=", "pass=", "password2=", "pass2=",
                                          "credentials=", "cred=", NULL };
    const char *const *option = call->pool->mount_options;
    size_t i;

    for (; option != NULL && *option != NULL; option++)
        for (i = 0; secret[i] != NULL; i++)
            if (strncmp(*option, secret[i], strlen(secret[i])) == 0)
                return tarn_fail(call, TARN_E_INVALID, 0,
                                 "the pool \"%s\" has the mount option %.*s, which tells a secret "
                                 "to whoever reads the definition: use <auth type='cifs'>",
                                 call->pool->name, (int)strlen(secret[i]) - 1, secret[i]);
    return TARN_OK;
}

int32_t netfs_define(struct tarn_call *call)
{
    const struct netfs_kind *kind = netfs_kind_find(call->pool->source->format);
    int32_t status = file_volumes_define(call);

    if (status == TARN_OK)
        status = hosts_check(call);
    if (status == TARN_OK)
        status = dir_check(call, kind);
    if (status == TARN_OK)
        status = protocol_check(call, kind);
    if (status == TARN_OK)
        status = auth_check(call, kind);
    if (status == TARN_OK)
        status = options_check(call);
    return status;
}

static int32_t claim_host(struct tarn_call *call, const struct tarn_source_host *host)
{
    const char *dir = call->pool->source->dir;
    char port[16] = "";
    char *claim;
    int32_t status;

    if (host->port != 0)
        snprintf(port, sizeof(port), ":%u", host->port);
    if (asprintf(&claim, "netfs:%s%s:/%s", host->name, port, dir + strspn(dir, "/")) < 0)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to claim %s", dir);
    status = call->host->emit_claim(call, claim);
    free(claim);
    return status;
}

int32_t netfs_claims(struct tarn_call *call)
{
    const struct tarn_source_host *const *host = call->pool->source->hosts;
    int32_t status = file_volumes_claims(call);

    for (; status == TARN_OK && *host != NULL; host++)
        status = claim_host(call, *host);
    return status;
}
