/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel-login.c - sessions of the kernel, by iscsiadm and iscsid.
 *
 * iscsid can be told to log in, but not to stop trying; and of what the target said it tells a
 * number. So we log in ourselves before: only a portal that lets us in is left to iscsid, and why
 * another does not is known, within the time that there is.
 */
#include "kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/run-tool.h"

#define SECOND 1000 /* milliseconds */
#define SLACK 5     /* seconds: iscsid waits three after a portal refused, and once more a bit */

/* iscsiadm(8), exit statuses */
#define ADM_CONNECTION 4
#define ADM_TRANSPORT_TIMEOUT 8
#define ADM_PDU_TIMEOUT 11
#define ADM_SESSION_EXISTS 15
#define ADM_NO_OBJECTS 21
#define ADM_AUTH_FAILED 24

#define BIT(number) (UINT64_C(1) << (number))

/* --- one portal ------------------------------------------------------------------------------- */

/* Seconds that iscsid may wait for an answer so that it has given up before the call's deadline. */
static unsigned patience_for(struct tarn_call *call)
{
    int64_t answer = (server_answer_until(call) - server_now() + SECOND / 2) / SECOND;
    int64_t left = call->host->time_left(call);

    if (left >= 0 && left / SECOND - SLACK < answer)
        answer = left / SECOND - SLACK;
    return answer > 1 ? (unsigned)answer : 1;
}

static int32_t judge(struct tarn_call *call, const struct kernel *kernel, const char *portal,
                     int status)
{
    switch (status) {
    case 0:
    case ADM_SESSION_EXISTS:
        return TARN_OK;
    case ADM_AUTH_FAILED:
        return tarn_fail(call, TARN_E_ACCESS, 0, "%s does not let the kernel in at %s (iscsiadm "
                         "ended with %d): are the user name and the secret those that it knows?",
                         kernel->target.iqn, portal, status);
    default:
        return tarn_fail(call, TARN_E_TIMEOUT, 0, "%s does not answer the kernel at %s (iscsiadm "
                         "ended with %d): see what iscsid logged", kernel->target.iqn, portal,
                         status);
    }
}

static int32_t log_in(struct tarn_call *call, const struct kernel *kernel, const char *portal,
                      unsigned patience)
{
    char place[PORTAL_SIZE + 8];
    const char *const argv[] = { "iscsiadm", "-m", "node", "-T", kernel->target.iqn, "-p", place,
                                 "-I", kernel->iface, "--login", NULL };
    const struct tool_run run = {
        .argv = argv,
        .timeout = (patience + SLACK) * SECOND,
        .accepted = BIT(ADM_CONNECTION) | BIT(ADM_TRANSPORT_TIMEOUT) | BIT(ADM_PDU_TIMEOUT) |
                    BIT(ADM_SESSION_EXISTS) | BIT(ADM_AUTH_FAILED),
    };
    int ended = 0;
    int32_t status;

    kernel_record_portal(place, portal);
    status = tool_run(call, &run, NULL, &ended);
    return status == TARN_OK ? judge(call, kernel, portal, ended) : status;
}

static int32_t get_in(struct tarn_call *call, const struct kernel *kernel, const char *portal)
{
    unsigned patience = patience_for(call);
    int32_t status = kernel_record_make(call, kernel, portal, patience);

    return status == TARN_OK ? log_in(call, kernel, portal, patience) : status;
}

/* --- those that there should be --------------------------------------------------------------- */

/* The portals through which there is no session. */
static int32_t find_missing(struct tarn_call *call, const struct kernel *kernel,
                            const struct kernel_sessions *sessions, struct portals *out)
{
    int32_t status = portals_find(call, &kernel->target, out);
    size_t count = 0;
    size_t i;

    if (status != TARN_OK)
        return status;
    for (i = 0; i < out->count; i++)
        if (kernel_sessions_at(sessions, out->list[i].text) == NULL)
            out->list[count++] = out->list[i];
    out->count = count;
    return TARN_OK;
}

static void warn(struct tarn_call *call, const struct kernel *kernel, const char *portal,
                 const char *why)
{
    char text[512];

    snprintf(text, sizeof(text), "%s: no session through %s: %s", kernel->target.iqn, portal, why);
    call->host->log(call, TARN_LOG_WARNING, text);
}

static int32_t get_in_by_first(struct tarn_call *call, const struct kernel *kernel,
                               struct portals *portals)
{
    struct session *session = NULL;
    size_t first = 0;
    int32_t status = target_connect(call, &kernel->target, portals, &first, &session);

    session_close(session);
    return status == TARN_OK ? get_in(call, kernel, portals->list[first].text) : status;
}

/* TARN_OK if one of them lets us in; its `why` is empty. */
static int32_t probe_all(struct tarn_call *call, const struct kernel *kernel,
                         struct portals *portals)
{
    struct session **sessions = calloc(portals->count + 1, sizeof(struct session *));
    int32_t status;
    size_t i;

    if (sessions == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for sessions");
    status = target_connect_all(call, &kernel->target, portals, sessions);
    for (i = 0; i < portals->count; i++)
        session_close(sessions[i]);
    free(sessions);
    return status;
}

/* One that fails is no error while there is any other. */
static int32_t get_in_by_all(struct tarn_call *call, const struct kernel *kernel,
                             struct portals *portals, bool any)
{
    int32_t failure = probe_all(call, kernel, portals);
    bool reached = failure == TARN_OK;
    size_t i;

    for (i = 0; i < portals->count && tarn_interrupted(call) == TARN_OK; i++) {
        if (!reached || portals->list[i].why[0] != '\0') {
            warn(call, kernel, portals->list[i].text, portals->list[i].why);
            continue;
        }
        failure = get_in(call, kernel, portals->list[i].text);
        any = any || failure == TARN_OK;
    }
    if (tarn_interrupted(call) != TARN_OK)
        return tarn_interrupted(call);
    if (!any)
        return failure;
    call->host->forget(call);
    return TARN_OK;
}

int32_t kernel_login(struct tarn_call *call, const struct kernel *kernel, bool retry)
{
    bool all = kernel->target.all_portals;
    struct kernel_sessions sessions;
    struct portals missing = { .list = NULL };
    int32_t status = kernel_sessions_find(call, kernel, &sessions);
    bool any = kernel_sessions_usable(&sessions) > 0;

    if (status == TARN_OK && (!any || (all && retry))) {
        status = find_missing(call, kernel, &sessions, &missing);
        if (status == TARN_OK && (missing.count > 0 || sessions.count == 0))
            status = all ? get_in_by_all(call, kernel, &missing, any)
                         : get_in_by_first(call, kernel, &missing);
    }
    portals_clear(&missing);
    kernel_sessions_clear(&sessions);
    return status;
}

/* --- the end of sessions ---------------------------------------------------------------------- */

static int32_t on_session(struct tarn_call *call, const struct kernel_session *session,
                          const char *what)
{
    char number[16];
    const char *const argv[] = { "iscsiadm", "-m", "session", "-r", number, what, NULL };
    const struct tool_run run = { .argv = argv, .accepted = BIT(ADM_NO_OBJECTS) };

    snprintf(number, sizeof(number), "%u", session->id);
    return tool_run(call, &run, NULL, NULL);
}

int32_t kernel_rescan(struct tarn_call *call, const struct kernel_session *session)
{
    return on_session(call, session, "--rescan");
}

int32_t kernel_logout(struct tarn_call *call, const struct kernel *kernel)
{
    struct kernel_sessions sessions;
    int32_t status = kernel_sessions_find(call, kernel, &sessions);
    size_t i;

    for (i = 0; status == TARN_OK && i < sessions.count; i++) {
        if (!sessions.list[i].ours)
            continue;
        status = kernel_iface_make(call, kernel);
        if (status == TARN_OK)
            status = on_session(call, &sessions.list[i], "--logout");
    }
    kernel_sessions_clear(&sessions);
    return status;
}
