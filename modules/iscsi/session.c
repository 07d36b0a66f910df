/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * session.c - logging in and out, and waiting for what a target answers.
 */
#include "session-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "helpers/errno-status.h"

#define SECOND 1000
#define LOGOUT_TIME 1000 /* milliseconds */

/* --- telling ----------------------------------------------------------------------------------- */

void session_tell(char *why, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(why, SERVER_WHY_SIZE, format, arguments);
    va_end(arguments);
    for (; *why != '\0'; why++)
        if ((unsigned char)*why < ' ' || (unsigned char)*why >= 0x7f)
            *why = '?';
}

int32_t session_break(struct session *session, int32_t status)
{
    session->broken = true;
    flights_lose(session);
    return status;
}

/* --- waiting ----------------------------------------------------------------------------------- */

static int32_t connecting_failed(int error, char *why)
{
    char buffer[128];

    session_tell(why, "%s%s", error == ECONNREFUSED ? "nothing listens there: " : "",
                 strerror_r(error, buffer, sizeof(buffer)));
    return TARN_E_TIMEOUT;
}

/* Before libiscsi sees it, which would only tell it in a sentence. */
static int32_t connect_check(struct session *session, short events, char *why)
{
    int error = 0;
    socklen_t length = sizeof(error);

    if ((events & (POLLERR | POLLHUP)) == 0)
        return TARN_OK;
    if (getsockopt(iscsi_get_fd(session->iscsi), SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        error = errno;
    return connecting_failed(error != 0 ? error : ECONNRESET, why);
}

static int32_t wait_for(struct tarn_call *call, int fd, short events, int64_t until,
                        short *out_events, char *why)
{
    int32_t status = server_wait(call, fd, events, until, out_events);

    why[0] = '\0';
    if (status != TARN_OK || *out_events != 0)
        return status;
    session_tell(why, "it does not answer");
    return TARN_E_TIMEOUT;
}

/* libiscsi's own: before there is a connection for the guard to hold. */
static int32_t turn_connecting(struct tarn_call *call, struct session *session, int64_t until,
                               char *why)
{
    short events = 0;
    int32_t status = wait_for(call, iscsi_get_fd(session->iscsi),
                              (short)iscsi_which_events(session->iscsi), until, &events, why);

    if (status == TARN_OK)
        status = connect_check(session, events, why);
    if (status == TARN_OK && iscsi_service(session->iscsi, events) != 0) {
        session_tell(why, "%s", iscsi_get_error(session->iscsi));
        status = TARN_E_TIMEOUT;
    }
    return status;
}

static int32_t turn_connected(struct tarn_call *call, struct session *session, int64_t until,
                              char *why)
{
    short events = 0;
    int32_t status = guard_move_out(session, why);

    if (status == TARN_OK)
        status = wait_for(call, session->guard.connection, guard_events(&session->guard), until,
                          &events, why);
    return status == TARN_OK ? guard_move_in(session, why) : status;
}

int32_t session_turn(struct tarn_call *call, struct session *session, int64_t until, char *why)
{
    int32_t status;

    if (session->broken) {
        session_tell(why, "the connection is broken");
        return TARN_E_IO;
    }
    status = session->connected ? turn_connected(call, session, until, why)
                                : turn_connecting(call, session, until, why);
    return status == TARN_OK ? TARN_OK : session_break(session, status);
}

void session_answered(struct iscsi_context *iscsi, int status, void *data, void *private)
{
    struct session *session = private;

    (void)iscsi;
    (void)data;
    session->answered = true;
    session->answer = status;
}

int32_t session_answer(struct tarn_call *call, struct session *session, char *why)
{
    int64_t until = server_now() + session->patience;
    int32_t status = TARN_OK;

    while (status == TARN_OK && !session->answered)
        status = session_turn(call, session, until, why);
    if (session->answered) /* and who then hung up has answered all the same */
        why[0] = '\0';
    return session->answered ? TARN_OK : status;
}

/* --- logging in -------------------------------------------------------------------------------- */

/* Two sessions of one initiator with one target need different identifiers, or the second ends the
 * first (RFC 7143, 6.3.5); ours may be in several processes. */
static int set_identifier(struct iscsi_context *iscsi)
{
    uint32_t random[2];

    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return -1;
    return iscsi_set_isid_random(iscsi, random[0] & 0xffffff, random[1] & 0xffff);
}

static int set_up(struct iscsi_context *iscsi, const struct session_login *login)
{
    const struct chap *chap = login->chap;
    int status = set_identifier(iscsi);

    iscsi_set_noautoreconnect(iscsi, 1);
    status |= iscsi_set_header_digest(iscsi, ISCSI_HEADER_DIGEST_NONE);
    status |= iscsi_set_session_type(iscsi, login->target != NULL ? ISCSI_SESSION_NORMAL
                                                                  : ISCSI_SESSION_DISCOVERY);
    if (login->target != NULL)
        status |= iscsi_set_targetname(iscsi, login->target);
    if (chap != NULL)
        status |= iscsi_set_initiator_username_pwd(iscsi, chap->user, chap->secret);
    if (chap != NULL && chap->target_user[0] != '\0')
        status |= iscsi_set_target_username_pwd(iscsi, chap->target_user, chap->target_secret);
    return status;
}

/* libiscsi copies a secret with strncpy, which fills the rest of its field with zeros. */
static void forget_secrets(struct iscsi_context *iscsi)
{
    iscsi_set_initiator_username_pwd(iscsi, "", "");
    iscsi_set_target_username_pwd(iscsi, "", "");
}

static int32_t connect_to(struct tarn_call *call, struct session *session, const char *portal,
                          char *why)
{
    int32_t status;

    errno = 0;
    if (iscsi_connect_async(session->iscsi, portal, session_answered, session) != 0)
        return connecting_failed(errno != 0 ? errno : EHOSTUNREACH, why);
    fcntl(iscsi_get_fd(session->iscsi), F_SETFD, FD_CLOEXEC);
    status = session_answer(call, session, why);
    if (status == TARN_OK && session->answer != SCSI_STATUS_GOOD) {
        session_tell(why, "%s", iscsi_get_error(session->iscsi));
        status = TARN_E_TIMEOUT;
    }
    if (status != TARN_OK)
        return status;
    if (!guard_begin(&session->guard, iscsi_get_fd(session->iscsi)))
        return tarn_fail(call, status_from_errno(errno), errno,
                         "no connection of one's own to %s", portal);
    session->connected = true;
    return TARN_OK;
}

/* RFC 7143, 11.13.5: class and detail. */
static int32_t refusal_status(uint16_t status)
{
    switch (status) {
    case 0x0201: /* authentication */
    case 0x0202: /* authorization */
        return TARN_E_ACCESS;
    case 0x0203: /* not found */
    case 0x0204: /* removed */
        return TARN_E_NOT_FOUND;
    default:
        return TARN_E_IO;
    }
}

static int32_t refused(const struct session *session, char *why)
{
    uint16_t status = session->guard.login_status;

    switch (status >> 8) {
    case 0: /* it let us in, and libiscsi does not like how it proves itself */
        session_tell(why, "%s", iscsi_get_error(session->iscsi));
        return session->guard.mutual ? TARN_E_ACCESS : TARN_E_IO;
    case 1:
        session_tell(why, "it sends us to another portal, %s: name that as the host",
                     iscsi_get_target_address(session->iscsi));
        return TARN_E_IO;
    default:
        session_tell(why, "it refuses the login: %s (status %04x)",
                     status == 0x0201   ? "it does not know this user with this secret"
                     : status == 0x0202 ? "it does not let this initiator in"
                     : status == 0x0203 ? "it knows no such target"
                     : status == 0x0204 ? "the target was removed"
                     : status == 0x0206 ? "it has too many sessions"
                                        : "it cannot serve now, or not us", status);
        return refusal_status(status);
    }
}

static int32_t log_in(struct tarn_call *call, struct session *session, char *why)
{
    int32_t status;

    session->answered = false;
    session->guard.awaits = GUARD_LOGIN;
    if (iscsi_login_async(session->iscsi, session_answered, session) != 0) {
        session_tell(why, "%s", iscsi_get_error(session->iscsi));
        return TARN_E_IO;
    }
    status = session_answer(call, session, why);
    session->guard.awaits = GUARD_NOTHING;
    if (status != TARN_OK || session->answer == SCSI_STATUS_GOOD)
        return status;
    return refused(session, why);
}

static struct session *session_new(struct tarn_call *call, const struct session_login *login)
{
    struct session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->guard.connection = session->guard.inner = -1;
    session->guard.mutual = login->chap != NULL && login->chap->target_user[0] != '\0';
    session->patience = server_answer_until(call) - server_now();
    session->iscsi = iscsi_create_context(login->initiator);
    if (session->iscsi != NULL && set_up(session->iscsi, login) == 0)
        return session;
    session_close(session);
    return NULL;
}

int32_t session_open(struct tarn_call *call, const struct session_login *login,
                     struct session **out, char *why)
{
    struct session *session = session_new(call, login);
    int32_t status;

    why[0] = '\0';
    if (session == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for an iSCSI session");
    status = connect_to(call, session, login->portal, why);
    if (status == TARN_OK)
        status = log_in(call, session, why);
    forget_secrets(session->iscsi);
    if (status == TARN_OK) {
        *out = session;
        return TARN_OK;
    }
    session->broken = true;
    session_close(session);
    return status;
}

/* --- logging out ------------------------------------------------------------------------------- */

/* Without a call: it may have ended, and this is short. */
static void log_out(struct session *session)
{
    int64_t until = server_now() + LOGOUT_TIME;
    char why[SERVER_WHY_SIZE];
    struct pollfd polled = { .fd = session->guard.connection };
    int32_t status = TARN_OK;
    int left;

    session->answered = false;
    session->guard.awaits = GUARD_LOGOUT;
    if (iscsi_logout_async(session->iscsi, session_answered, session) != 0)
        return;
    while (status == TARN_OK && !session->answered && (left = (int)(until - server_now())) > 0) {
        status = guard_move_out(session, why);
        polled.events = guard_events(&session->guard);
        if (status == TARN_OK && poll(&polled, 1, left) > 0)
            status = guard_move_in(session, why);
    }
}

void session_close(struct session *session)
{
    if (session == NULL)
        return;
    if (session->iscsi != NULL && !session->broken && iscsi_is_logged_in(session->iscsi))
        log_out(session);
    flights_lose(session);
    if (session->iscsi != NULL) {
        forget_secrets(session->iscsi);
        iscsi_destroy_context(session->iscsi); /* calls back for some of them */
    }
    flights_free(session);
    guard_end(&session->guard);
    free(session);
}
