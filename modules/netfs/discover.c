/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * discover.c - which directories a server exports. Its mount program is asked, as showmount would,
 * but in this process: so it ends with the call, and a path arrives as it is, blanks and all.
 */
#include "netfs.h"

#include <stdio.h>
#include <string.h>

/* Text that can stand in XML: UTF-8 without control characters. */
static bool is_text(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    int more;

    while (*at != '\0') {
        unsigned char lead = *at++;

        if (lead < 0x20 || lead == 0x7f || (lead >= 0x80 && lead < 0xc2) || lead > 0xf4)
            return false;
        for (more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc2 ? 1 : 0; more > 0; more--)
            if ((*at++ & 0xc0) != 0x80)
                return false;
    }
    return true;
}

static int32_t emit(struct tarn_call *call, const char *dir, void *arg)
{
    static const struct tarn_source_device *const no_devices[] = { NULL };
    const struct tarn_source_host host = { .struct_size = sizeof(host), .name = *(const char **)arg };
    const struct tarn_source_host *const hosts[] = { &host, NULL };
    const struct tarn_source source = { .struct_size = sizeof(source), .hosts = hosts,
                                        .devices = no_devices, .dir = dir, .format = "nfs" };

    if (dir[0] == '/' && is_text(dir))
        return call->host->emit_source(call, &source);
    call->host->log(call, TARN_LOG_WARNING,
                    "an export is left out: its path is relative, or no text");
    return TARN_OK;
}

/* All addresses are those of one host; the first that answers tells. */
static int32_t ask_addresses(struct tarn_call *call, const struct tarn_source_host *host,
                             const struct server_addresses *addresses, bool *out_only_version_4,
                             char why[SERVER_WHY_SIZE])
{
    int64_t until = server_answer_until(call);
    char other[SERVER_WHY_SIZE];
    const char *name = host->name;
    int32_t status = TARN_E_IO;
    size_t i;

    for (i = 0; status == TARN_E_IO && addresses->list[i] != NULL; i++)
        status = netfs_rpc_exports(call, addresses->list[i], host->port, until, emit, &name, why);
    *out_only_version_4 = false;
    for (i = 0; status == TARN_E_IO && !*out_only_version_4 && addresses->list[i] != NULL; i++)
        *out_only_version_4 =
            netfs_rpc_ping(call, addresses->list[i],
                           host->port != 0 ? host->port : netfs_kind_find("nfs")->port,
                           4, until, other) == TARN_OK;
    return status;
}

static int32_t find(struct tarn_call *call, const struct tarn_source_host *host)
{
    struct server_addresses addresses;
    char why[SERVER_WHY_SIZE] = "";
    bool only_version_4 = false;
    int32_t status = server_resolve(host->name, &addresses, why);

    if (status == TARN_OK) {
        status = ask_addresses(call, host, &addresses, &only_version_4, why);
        server_addresses_free(&addresses);
    }
    if (status == TARN_OK || tarn_interrupted(call) != TARN_OK)
        return status;
    /* What version 4 shows below / may be exports or the way to them: nothing tells which. */
    if (only_version_4)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "%s answers by NFS version 4 alone%s, which has no list of exports: %sgive "
                         "the directory that its administrator names, or / for all of them",
                         host->name, host->port != 0 ? " at that port" : "",
                         host->port != 0 ? "leave the port out, or " : "");
    return tarn_fail(call, status, 0, "%s does not tell its NFS exports (%s): is it up, and are "
                     "rpcbind and mountd reachable there?", host->name, why);
}

int32_t netfs_find_sources(struct tarn_call *call)
{
    const struct tarn_source *narrow = call->pool->source;

    if (narrow->hosts[0] == NULL || narrow->hosts[1] != NULL)
        return tarn_fail(call, TARN_E_INVALID, 0, "name exactly one host to ask for its exports");
    if (narrow->format != NULL && strcmp(narrow->format, "nfs") != 0 &&
        strcmp(narrow->format, "auto") != 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "only NFS servers can be asked what they export, not those of %s",
                         narrow->format);
    return find(call, narrow->hosts[0]);
}
