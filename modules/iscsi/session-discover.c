/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * session-discover.c - which targets there are behind a portal (SendTargets, RFC 7143, appendix C).
 */
#include "session-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What libiscsi tells lives for the time of its callback only. */
struct found {
    size_t count;
    char **names;    /* ends with NULL, as all lists here */
    char ***portals; /* of each name */
    bool no_memory;
};

static void list_free(char **list)
{
    char **text;

    for (text = list; text != NULL && *text != NULL; text++)
        free(*text);
    free(list);
}

static void found_clear(struct found *found)
{
    char ***list;

    list_free(found->names);
    for (list = found->portals; list != NULL && *list != NULL; list++)
        list_free(*list);
    free(found->portals);
}

static bool copy_portals(const struct iscsi_target_portal *portal, char ***out)
{
    const struct iscsi_target_portal *one;
    size_t count = 0, i;

    for (one = portal; one != NULL; one = one->next)
        count++;
    *out = calloc(count + 1, sizeof(**out));
    for (i = 0; *out != NULL && i < count; i++, portal = portal->next)
        if (((*out)[i] = strdup(portal->portal)) == NULL)
            return false;
    return *out != NULL;
}

static bool copy_targets(struct found *found, const struct iscsi_discovery_address *target)
{
    const struct iscsi_discovery_address *one;
    size_t i;

    for (one = target; one != NULL; one = one->next)
        found->count++;
    found->names = calloc(found->count + 1, sizeof(*found->names));
    found->portals = calloc(found->count + 1, sizeof(*found->portals));
    if (found->names == NULL || found->portals == NULL)
        return false;
    for (i = 0; i < found->count; i++, target = target->next) {
        found->names[i] = strdup(target->target_name);
        if (found->names[i] == NULL || !copy_portals(target->portals, &found->portals[i]))
            return false;
    }
    return true;
}

/* An iscsi_command_cb; called as well when the session ends and nobody waits any more. */
static void take_targets(struct iscsi_context *iscsi, int status, void *data, void *private)
{
    struct session *session = private;

    session_answered(iscsi, status, data, session);
    if (status == SCSI_STATUS_GOOD && session->found != NULL)
        session->found->no_memory = !copy_targets(session->found, data);
}

/* libiscsi puts what comes before what came: this is the order in which the target told. */
static void reverse(char **list)
{
    char **last = list;
    char *text;

    while (*last != NULL)
        last++;
    while (last-- > list + 1) {
        text = *list;
        *list++ = *last;
        *last = text;
    }
}

static int32_t give(struct tarn_call *call, const struct found *found, session_target_fn take,
                    void *arg)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = found->count; status == TARN_OK && i-- > 0;) {
        reverse(found->portals[i]);
        status = take(call, found->names[i], (const char *const *)found->portals[i], arg);
    }
    return status;
}

static int32_t ask(struct tarn_call *call, struct session *session, char *why)
{
    int32_t status;

    session->answered = false;
    session->guard.awaits = GUARD_TEXT;
    if (iscsi_discovery_async(session->iscsi, take_targets, session) != 0) {
        session_tell(why, "%s", iscsi_get_error(session->iscsi));
        return session_break(session, TARN_E_IO);
    }
    status = session_answer(call, session, why);
    if (status == TARN_OK && session->answer != SCSI_STATUS_GOOD) {
        session_tell(why, "its list of targets makes no sense: %s",
                     iscsi_get_error(session->iscsi));
        status = session_break(session, TARN_E_IO);
    }
    return status;
}

int32_t session_discover(struct tarn_call *call, struct session *session, session_target_fn take,
                         void *arg, char *why)
{
    struct found found = { .count = 0 };
    int32_t status;

    why[0] = '\0';
    session->found = &found;
    status = ask(call, session, why);
    session->found = NULL;
    if (status == TARN_OK && found.no_memory)
        status = tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for a list of targets");
    if (status == TARN_OK)
        status = give(call, &found, take, arg);
    found_clear(&found);
    return status;
}
