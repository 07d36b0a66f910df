/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * portal.c - the addresses at which a target can be had, and getting through to it.
 */
#include "target.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/quiet-thread.h"

#define TOLD_SIZE 768 /* of what portals said, in one error text */

/* --- finding ----------------------------------------------------------------------------------- */

void portals_clear(struct portals *portals)
{
    free(portals->list);
    *portals = (struct portals){ .list = NULL };
}

static bool has(const struct portals *portals, const char *text)
{
    size_t i;

    for (i = 0; i < portals->count; i++)
        if (strcmp(portals->list[i].text, text) == 0)
            return true;
    return false;
}

static int32_t add(struct tarn_call *call, struct portals *portals,
                   const struct target_host *host, const char *address, const char *why)
{
    struct portal portal = { .host = host->name, .unresolved = why[0] != '\0' };
    struct portal *list;
    bool brackets = strchr(address, ':') != NULL && address[0] != '[';
    int length = snprintf(portal.text, sizeof(portal.text), "%s%s%s:%u", brackets ? "[" : "",
                          address, brackets ? "]" : "", host->port);

    snprintf(portal.why, sizeof(portal.why), "%s", why);
    if (length < 0 || (size_t)length >= sizeof(portal.text)) {
        portal.unresolved = true;
        snprintf(portal.why, sizeof(portal.why), "its name is too long");
    } else if (has(portals, portal.text))
        return TARN_OK;
    list = realloc(portals->list, (portals->count + 1) * sizeof(*list));
    if (list == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for the portals of a target");
    portals->list = list;
    portals->list[portals->count++] = portal;
    return TARN_OK;
}

static int32_t find(struct tarn_call *call, const struct target_host *host, struct portals *out)
{
    struct server_addresses addresses;
    char why[SERVER_WHY_SIZE] = "";
    int32_t status = server_resolve(host->name, &addresses, why);
    size_t i;

    if (status == TARN_E_INTERNAL)
        return tarn_fail(call, status, ENOMEM, "no memory for the addresses of %s", host->name);
    if (status != TARN_OK)
        return add(call, out, host, host->name, why);
    for (i = 0; status == TARN_OK && addresses.list[i] != NULL; i++)
        status = add(call, out, host, addresses.list[i], "");
    server_addresses_free(&addresses);
    return status;
}

int32_t portals_find(struct tarn_call *call, const struct target *target, struct portals *out)
{
    int32_t status = TARN_OK;
    size_t i;

    *out = (struct portals){ .list = NULL };
    for (i = 0; status == TARN_OK && i < target->host_count; i++) {
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = find(call, &target->hosts[i], out);
    }
    if (status != TARN_OK)
        portals_clear(out);
    return status;
}

/* --- getting through --------------------------------------------------------------------------- */

/* What stands against all portals, as one text and one status: a word of refusal weighs more than
 * silence, since who refuses is there. */
static int32_t refuse(struct tarn_call *call, const struct target *target,
                      const struct portals *portals, int32_t worst)
{
    const char *name = target->iqn != NULL ? target->iqn : "the targets";
    char told[TOLD_SIZE] = "";
    size_t used = 0;
    size_t i;

    for (i = 0; i < portals->count && used < sizeof(told); i++)
        used += (size_t)snprintf(told + used, sizeof(told) - used, "%s%s (%s)",
                                 i > 0 ? ", " : "", portals->list[i].text, portals->list[i].why);
    if (worst == TARN_E_ACCESS)
        return tarn_fail(call, worst, 0, "%s is not for us: %s: are user name, secret and "
                         "initiator name those that it knows?", name, told);
    if (worst == TARN_E_NOT_FOUND)
        return tarn_fail(call, worst, 0, "%s is not there: %s: is that its name?", name, told);
    return tarn_fail(call, TARN_E_TIMEOUT, 0, "%s cannot be reached: %s", name,
                     portals->count > 0 ? told : "it has no host");
}

/* TARN_OK, *out NULL: this portal is of no use, told in its `why` and *io_worst. */
static int32_t try(struct tarn_call *call, const struct target *target, const struct chap *chap,
                   struct portal *portal, int32_t *io_worst, struct session **out)
{
    const struct session_login login = { .portal = portal->text, .initiator = target->initiator,
                                         .target = target->iqn, .chap = chap };
    int32_t status;

    *out = NULL;
    if (portal->unresolved)
        return TARN_OK;
    portal->why[0] = '\0';
    status = session_open(call, &login, out, portal->why);
    if (status != TARN_OK && portal->why[0] == '\0')
        return status;
    if (status == TARN_E_ACCESS || (status == TARN_E_NOT_FOUND && *io_worst != TARN_E_ACCESS))
        *io_worst = status;
    return TARN_OK;
}

int32_t target_connect(struct tarn_call *call, const struct target *target,
                       struct portals *portals, size_t *io_first, struct session **out)
{
    int32_t worst = TARN_E_TIMEOUT;
    struct chap *chap;
    int32_t status = chap_new(call, &target->chap, &chap);
    size_t first = *io_first;
    size_t i;

    *out = NULL;
    if (status != TARN_OK)
        return status;
    for (i = 0; status == TARN_OK && *out == NULL && i < portals->count; i++) {
        *io_first = (first + i) % portals->count;
        status = try(call, target, chap, &portals->list[*io_first], &worst, out);
    }
    chap_free(chap);
    if (status == TARN_OK && *out == NULL)
        status = refuse(call, target, portals, worst);
    return status;
}

/* --- through all ------------------------------------------------------------------------------- */

/* Each portal waits for itself: one that is silent does not hold the others. */
struct attempt {
    pthread_t thread;
    bool running;
    struct tarn_call *call;
    const struct target *target;
    const struct chap *chap;
    struct portal *portal;
    struct session **out;
    int32_t worst;
    int32_t status;
};

static void *attempt_run(void *arg)
{
    struct attempt *attempt = arg;

    attempt->status = try(attempt->call, attempt->target, attempt->chap, attempt->portal,
                          &attempt->worst, attempt->out);
    return NULL;
}

/* Where no thread can be had it runs here. */
static void attempt_begin(struct attempt *attempt)
{
    attempt->running = quiet_thread_start(&attempt->thread, false, attempt_run, attempt) == 0;
    if (!attempt->running)
        attempt_run(attempt);
}

static void close_all(struct session **sessions, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        session_close(sessions[i]);
        sessions[i] = NULL;
    }
}

/* TARN_OK if one got through, or none that was refused or failed: *io_worst tells. */
static int32_t attempts_end(struct attempt *attempts, size_t count, bool *out_through,
                            int32_t *io_worst)
{
    int32_t status = TARN_OK;
    size_t i;

    *out_through = false;
    for (i = 0; i < count; i++) {
        if (attempts[i].running)
            pthread_join(attempts[i].thread, NULL);
        if (*attempts[i].out != NULL)
            *out_through = true;
        if (attempts[i].status != TARN_OK)
            status = attempts[i].status;
        if (attempts[i].worst == TARN_E_ACCESS ||
            (attempts[i].worst == TARN_E_NOT_FOUND && *io_worst != TARN_E_ACCESS))
            *io_worst = attempts[i].worst;
    }
    return status;
}

int32_t target_connect_all(struct tarn_call *call, const struct target *target,
                           struct portals *portals, struct session **sessions)
{
    struct attempt *attempts = calloc(portals->count + 1, sizeof(*attempts));
    int32_t worst = TARN_E_TIMEOUT;
    bool through = false;
    struct chap *chap = NULL;
    int32_t status = attempts != NULL
                         ? chap_new(call, &target->chap, &chap)
                         : tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for sessions");
    size_t i;

    memset(sessions, 0, portals->count * sizeof(struct session *));
    if (status == TARN_OK) {
        for (i = 0; i < portals->count; i++) {
            attempts[i] = (struct attempt){ .call = call, .target = target, .chap = chap,
                                            .portal = &portals->list[i], .out = &sessions[i],
                                            .worst = TARN_E_TIMEOUT };
            attempt_begin(&attempts[i]);
        }
        status = attempts_end(attempts, portals->count, &through, &worst);
    }
    chap_free(chap);
    free(attempts);
    if (status == TARN_OK && !through)
        return refuse(call, target, portals, worst);
    if (status != TARN_OK)
        close_all(sessions, portals->count);
    return status;
}
