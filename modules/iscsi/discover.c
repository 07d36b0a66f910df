/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * discover.c - which targets a host serves: what its portal tells in a session for discovery.
 */
#include "iscsi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOSTS_MOST 64 /* of one target */

struct search {
    const struct tarn_source_host *asked;
    const char *portal; /* by which the target was asked: "192.0.2.1:3260" */
    const char *wanted; /* the one target that is looked for; NULL = any */
    const char *initiator;
};

/* --- portals ----------------------------------------------------------------------------------- */

/* "192.0.2.1:3260,1", "[2001:db8::1]:3260,1", as a host. false: it is none. */
static bool host_of(const char *told, char *name, size_t size, uint32_t *out_port)
{
    size_t length = strcspn(told, ",");
    const char *colon = memrchr(told, ':', length);
    const char *end = told + length;
    char *after;

    if (told[0] == '[') {
        const char *bracket = memchr(told, ']', length);

        if (bracket == NULL)
            return false;
        told++;
        end = bracket;
        colon = bracket[1] == ':' ? bracket + 1 : NULL;
    } else if (colon != NULL)
        end = colon;
    length = (size_t)(end - told);
    *out_port = colon != NULL ? (uint32_t)strtoul(colon + 1, &after, 10) : ISCSI_PORT;
    if (length == 0 || length >= size || *out_port == 0 || *out_port > 65535)
        return false;
    memcpy(name, told, length);
    name[length] = '\0';
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             ".:%_-")] == '\0';
}

/* The hosts of one target: first the one that was asked, as it was named, if that serves it. The
 * port is always told. */
struct hosts {
    struct tarn_source_host room[HOSTS_MOST];
    const struct tarn_source_host *list[HOSTS_MOST + 1];
    char names[HOSTS_MOST][PORTAL_SIZE];
    size_t count;
};

static bool is_asked(const struct search *search, const char *told)
{
    size_t length = strcspn(told, ",");

    return strlen(search->portal) == length && strncmp(search->portal, told, length) == 0;
}

static void add_asked(struct hosts *hosts, const struct search *search)
{
    struct tarn_source_host *host = &hosts->room[hosts->count];

    *host = *search->asked;
    if (host->port == 0)
        host->port = ISCSI_PORT;
    hosts->list[hosts->count++] = host;
}

static void add_told(struct hosts *hosts, const char *told)
{
    struct tarn_source_host *host = &hosts->room[hosts->count];
    uint32_t port;

    if (hosts->count == HOSTS_MOST ||
        !host_of(told, hosts->names[hosts->count], sizeof(hosts->names[0]), &port))
        return;
    *host = (struct tarn_source_host){ .struct_size = sizeof(*host), .port = port,
                                       .name = hosts->names[hosts->count] };
    hosts->list[hosts->count++] = host;
}

/* A target that tells of no portal is at the one that was asked (RFC 7143, appendix C). */
static void hosts_fill(struct hosts *hosts, const struct search *search,
                       const char *const *portals)
{
    bool there = portals[0] == NULL;
    const char *const *told;

    hosts->count = 0;
    for (told = portals; *told != NULL; told++)
        there = there || is_asked(search, *told);
    if (there)
        add_asked(hosts, search);
    for (told = portals; *told != NULL; told++)
        if (!is_asked(search, *told))
            add_told(hosts, *told);
    hosts->list[hosts->count] = NULL;
}

/* --- targets ----------------------------------------------------------------------------------- */

/* A session_target_fn. */
static int32_t emit(struct tarn_call *call, const char *name, const char *const *portals,
                    void *arg)
{
    const struct search *search = arg;
    const struct tarn_source_device device = { .struct_size = sizeof(device), .path = name };
    const struct tarn_source_device *const devices[] = { &device, NULL };
    struct tarn_source source = { .struct_size = sizeof(source), .devices = devices,
                                  .initiator_iqn = search->initiator };
    struct hosts *hosts;
    int32_t status = TARN_OK;

    if (search->wanted != NULL && strcmp(search->wanted, name) != 0)
        return TARN_OK;
    if (!iscsi_is_name(name) || name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
                                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_")] !=
                                    '\0') {
        call->host->log(call, TARN_LOG_WARNING, "a target is left out: it has no valid name");
        return TARN_OK;
    }
    hosts = malloc(sizeof(*hosts));
    if (hosts == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for the hosts of a target");
    hosts_fill(hosts, search, portals);
    source.hosts = hosts->list;
    if (hosts->count > 0)
        status = call->host->emit_source(call, &source);
    free(hosts);
    return status;
}

/* --- asking ------------------------------------------------------------------------------------ */

static int32_t ask(struct tarn_call *call, const struct target *target, struct portals *portals,
                   struct search *search)
{
    struct session *session = NULL;
    char why[SERVER_WHY_SIZE] = "";
    size_t portal = 0;
    int32_t status = target_connect(call, target, portals, &portal, &session);

    if (status != TARN_OK)
        return status;
    search->portal = portals->list[portal].text;
    status = session_discover(call, session, emit, search, why);
    if (status != TARN_OK && why[0] != '\0')
        status = tarn_fail(call, status, 0, "%s does not tell its targets (%s)", search->portal,
                           why);
    session_close(session);
    return status;
}

int32_t iscsi_find_sources(struct tarn_call *call)
{
    const struct tarn_source *narrow = call->pool->source;
    struct search search = { .asked = narrow->hosts[0], .initiator = narrow->initiator_iqn };
    struct target target;
    struct portals portals;
    int32_t status;

    if (narrow->hosts[0] == NULL || narrow->hosts[1] != NULL)
        return tarn_fail(call, TARN_E_INVALID, 0, "name exactly one host to ask for its targets");
    status = target_read(call, &target);
    if (status != TARN_OK)
        return status;
    search.wanted = target.iqn;
    status = portals_find(call, &target, &portals);
    if (status == TARN_OK) {
        char *iqn = target.iqn;

        target.iqn = NULL; /* a session for discovery is with none of them */
        status = ask(call, &target, &portals, &search);
        target.iqn = iqn;
        portals_clear(&portals);
    }
    target_clear(&target);
    return status;
}
