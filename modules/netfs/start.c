/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * start.c - mounting from the first host that answers.
 */
#include "netfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/run-tool.h"

static void say(struct tarn_call *call, uint32_t level, const char *format, ...)
    TARN_PRINTF(3, 4);

static void say(struct tarn_call *call, uint32_t level, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    call->host->log(call, level, text);
}

/* --- who answers ------------------------------------------------------------------------------- */

/* With these options the kernel goes another way to the server than we do. */
static bool goes_another_way(const struct tarn_pool_def *pool)
{
    static const char *const ways[] = { "proto=", "udp", "rdma", "port=", "ip=", "addr=",
                                        "server-port=", "transport=", NULL };
    const char *const *option = pool->mount_options;
    size_t i;

    for (; option != NULL && *option != NULL; option++)
        for (i = 0; ways[i] != NULL; i++)
            if (strncmp(*option, ways[i], strlen(ways[i])) == 0)
                return true;
    return false;
}

/* `why` is left empty if the failure is recorded. */
static int32_t ask(struct tarn_call *call, const struct netfs_kind *kind,
                   const struct tarn_source_host *host, char why[SERVER_WHY_SIZE])
{
    char reason[SERVER_WHY_SIZE] = "";
    uint32_t port = host->port != 0 ? host->port : kind->port;
    int32_t status = netfs_ask(call, kind, host->name, port, reason);

    if (status != TARN_OK && reason[0] != '\0')
        snprintf(why, SERVER_WHY_SIZE, "no %s server at port %u of %.100s: %.100s", kind->format,
                 port, host->name, reason);
    return status;
}

/* A host that keeps silent is taken to be down, for all kinds; only NFS has protocol versions. */
static int32_t find_kind(struct tarn_call *call, const struct tarn_source_host *host,
                         const struct netfs_kind **out, char why[SERVER_WHY_SIZE])
{
    bool only_nfs = call->pool->source->protocol_version != NULL;
    char other[SERVER_WHY_SIZE] = "";
    const struct netfs_kind *const *kind = netfs_kinds;
    int32_t status = ask(call, *kind, host, why);

    while (status == TARN_E_IO && !only_nfs && *++kind != NULL)
        status = ask(call, *kind, host, other);
    if (status == TARN_OK) {
        *out = *kind;
        say(call, TARN_LOG_INFO, "%s serves %s", host->name, (*kind)->format);
    }
    return status;
}

/* Which kind of server to mount from; recorded if there is none. */
static int32_t choose_kind(struct tarn_call *call, const struct netfs *netfs,
                           const struct tarn_source_host *host, const struct netfs_kind **out)
{
    char why[SERVER_WHY_SIZE] = "";
    int32_t status = TARN_OK;

    *out = netfs->kind;
    if (netfs->kind == NULL)
        status = find_kind(call, host, out, why);
    else if (!goes_another_way(call->pool))
        status = ask(call, netfs->kind, host, why);
    if (status == TARN_OK || why[0] == '\0')
        return status;
    return tarn_fail(call, status, 0, "%s", why);
}

/* --- mounting ---------------------------------------------------------------------------------- */

static int32_t require_helper(struct tarn_call *call, const struct netfs_kind *kind)
{
    if (kind->helper == NULL || tool_exists(kind->helper))
        return TARN_OK;
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                     "%s is mounted by %s, which is not installed: install the package %s",
                     kind->format, kind->helper, kind->package);
}

static int32_t mount_kind(struct tarn_call *call, struct netfs *netfs,
                          const struct netfs_kind *kind, const struct tarn_source_host *host)
{
    char *source = netfs_source_text(kind, host->name, netfs->dir);
    char *options = netfs_options_text(kind, call->pool->source, host->port);
    struct mount_request request = { .source = source, .type = kind->format,
                                     .options = options };
    int32_t status;

    if (source == NULL || options == NULL)
        status = tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to mount a pool");
    else if (strcmp(kind->format, "cifs") == 0)
        status = mounted_volumes_start_by(call, &netfs->volumes, &request, netfs_cifs_attach);
    else
        status = mounted_volumes_start(call, &netfs->volumes, &request);
    free(source);
    free(options);
    return status;
}

static int32_t start_from(struct tarn_call *call, struct netfs *netfs,
                          const struct tarn_source_host *host)
{
    const struct netfs_kind *kind;
    int32_t status = choose_kind(call, netfs, host, &kind);

    if (status == TARN_OK)
        status = require_helper(call, kind);
    if (status == TARN_OK)
        status = mount_kind(call, netfs, kind, host);
    if (status == TARN_OK)
        say(call, TARN_LOG_INFO, "the pool %s is served by %s (%s)", call->pool->name, host->name,
            kind->format);
    return status;
}

/* What is wrong on this side will be wrong with the next host, too. */
static bool may_try_next(int32_t status)
{
    return status == TARN_E_IO || status == TARN_E_TIMEOUT || status == TARN_E_NOT_FOUND ||
           status == TARN_E_ACCESS;
}

int32_t netfs_start(struct tarn_call *call, void *pool)
{
    const struct tarn_source_host *const *host = call->pool->source->hosts;
    struct netfs *netfs = pool;
    uint32_t active = 0;
    int32_t status = mounted_volumes_check(call, pool, &active);

    if (status != TARN_OK || active)
        return status;
    status = start_from(call, netfs, *host);
    while (may_try_next(status) && host[1] != NULL && call->host->time_left(call) != 0) {
        say(call, TARN_LOG_WARNING, "the pool %s cannot be had from %s: trying %s",
            call->pool->name, host[0]->name, host[1]->name);
        host++;
        status = start_from(call, netfs, *host);
        if (status == TARN_OK)
            call->host->forget(call); /* what the others had said */
    }
    return status;
}
