/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * guard.c - moving bytes between the connection, libiscsi and the commands' own memory.
 */
#include "session-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "helpers/be.h"

#define PINGS_MOST 16   /* of a target that does not take our answers */
#define ROUNDS_MOST 1000 /* to have libiscsi take one PDU: it is about ten for the longest */
#define PDUS_A_TIME 256 /* then the caller sees whether it is still wanted */

/* --- coming and going -------------------------------------------------------------------------- */

bool guard_begin(struct guard *guard, int fd)
{
    int pair[2];

    guard->body = malloc(PDU_BODY_MOST);
    guard->connection = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (guard->body == NULL || guard->connection < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        return false;
    guard->inner = pair[0];
    if (dup3(pair[1], fd, O_CLOEXEC) < 0) {
        close(pair[1]);
        return false;
    }
    close(pair[1]);
    return true;
}

void guard_end(struct guard *guard)
{
    if (guard->connection >= 0)
        close(guard->connection);
    if (guard->inner >= 0)
        close(guard->inner);
    free(guard->body);
    guard->connection = guard->inner = -1;
    guard->body = NULL;
}

short guard_events(const struct guard *guard)
{
    bool out = guard->out_from < guard->out_to;

    /* Who does not listen is not listened to. */
    return (short)((out ? POLLOUT : 0) | (out && guard->pings >= PINGS_MOST ? 0 : POLLIN));
}

static int32_t broke(int error, char *why)
{
    char buffer[128];

    session_tell(why, "the connection broke: %s",
                 error == 0 ? "the target closed it" : strerror_r(error, buffer, sizeof(buffer)));
    return TARN_E_IO;
}

static int32_t serve(struct session *session, int events, char *why)
{
    if (iscsi_service(session->iscsi, events) == 0 && !session->broken)
        return TARN_OK;
    session_tell(why, "it makes no sense: %s", iscsi_get_error(session->iscsi));
    return TARN_E_IO;
}

/* --- out --------------------------------------------------------------------------------------- */

/* Takes what libiscsi wants to send; nothing in guard.out: it wants nothing. */
static int32_t collect(struct session *session, char *why)
{
    struct guard *guard = &session->guard;
    int32_t status = TARN_OK;
    ssize_t got;

    guard->out_from = guard->out_to = 0;
    if (iscsi_which_events(session->iscsi) & POLLOUT) {
        status = serve(session, POLLOUT, why);
        guard->behind = true;
    }
    if (status != TARN_OK || !guard->behind)
        return status;
    got = recv(guard->inner, guard->out, sizeof(guard->out), 0);
    guard->behind = got == (ssize_t)sizeof(guard->out);
    if (got > 0) {
        guard->out_to = (size_t)got;
        if (guard->awaits == GUARD_LOGIN)
            guard_note_request(guard, guard->out, guard->out_to);
        return TARN_OK;
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? TARN_OK : broke(errno, why);
}

int32_t guard_move_out(struct session *session, char *why)
{
    struct guard *guard = &session->guard;
    int32_t status;
    ssize_t sent;

    for (;;) {
        if (guard->out_from == guard->out_to) {
            status = collect(session, why);
            if (status != TARN_OK)
                return status;
            if (guard->out_to == 0) {
                guard->pings = 0;
                return TARN_OK;
            }
        }
        sent = send(guard->connection, guard->out + guard->out_from,
                    guard->out_to - guard->out_from, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN)
            return TARN_OK;
        if (sent < 0 && errno != EINTR)
            return broke(errno, why);
        if (sent > 0)
            guard->out_from += (size_t)sent;
    }
}

/* --- in: to libiscsi --------------------------------------------------------------------------- */

static int32_t not_taken(char *why)
{
    session_tell(why, "it makes no sense");
    return TARN_E_IO;
}

/* Has libiscsi deal with what it was handed, until nothing of it is left. */
static int32_t settle(struct session *session, char *why)
{
    int32_t status = TARN_OK;
    unsigned rounds = 0;
    int left = session->guard.handed ? 1 : 0;

    session->guard.handed = false;
    while (status == TARN_OK && left > 0) {
        status = rounds++ < ROUNDS_MOST ? serve(session, POLLIN, why) : not_taken(why);
        if (status == TARN_OK && ioctl(session->guard.inner, SIOCOUTQ, &left) < 0)
            return broke(errno, why);
    }
    return status;
}

/* Drops what has been sent. */
static void advance(struct iovec *pieces, size_t count, size_t sent)
{
    size_t i;

    for (i = 0; i < count; i++) {
        size_t part = sent < pieces[i].iov_len ? sent : pieces[i].iov_len;

        pieces[i].iov_base = (char *)pieces[i].iov_base + part;
        pieces[i].iov_len -= part;
        sent -= part;
    }
}

/* A whole PDU. libiscsi deals with it when the pair of sockets is full, or all that came is there:
 * one by one would cost five system calls each. */
static int32_t hand_on(struct session *session, char *why)
{
    static const uint8_t padding[3];
    struct guard *guard = &session->guard;
    size_t left = PDU_HEADER + ((guard->length + 3) & ~(size_t)3);
    struct iovec pieces[] = {
        { .iov_base = guard->header, .iov_len = PDU_HEADER },
        { .iov_base = guard->place, .iov_len = guard->length },
        { .iov_base = (void *)(uintptr_t)padding, .iov_len = -guard->length & 3 },
    };
    struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 3 };
    int32_t status = TARN_OK;

    be32_store(guard->header + 4, (uint32_t)guard->length);
    while (status == TARN_OK && left > 0) {
        ssize_t sent = sendmsg(guard->inner, &message, MSG_NOSIGNAL);

        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return broke(errno, why);
        if (sent > 0) {
            advance(pieces, 3, (size_t)sent);
            left -= (size_t)sent;
        }
        guard->handed = true;
        if (left > 0)
            status = settle(session, why);
    }
    return status;
}

/* --- in: from the connection ------------------------------------------------------------------- */

/* One call for the rest of the data, the padding and the header of the next PDU, or as much as is
 * there. *out_got 0: nothing. */
static int32_t receive(struct guard *guard, uint8_t next[PDU_HEADER], size_t *out_got, char *why)
{
    uint8_t padding[3];
    size_t data = guard->have < guard->length ? guard->length - guard->have : 0;
    struct iovec pieces[] = {
        { .iov_base = guard->place + (guard->length - data), .iov_len = data },
        { .iov_base = padding, .iov_len = guard->padded - guard->have - data },
        { .iov_base = next, .iov_len = PDU_HEADER },
    };
    ssize_t got = readv(guard->connection, pieces, 3);

    *out_got = got > 0 ? (size_t)got : 0;
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)) ? TARN_OK
                                                                       : broke(got < 0 ? errno : 0,
                                                                               why);
}

static int32_t receive_header(struct guard *guard, size_t *out_got, char *why)
{
    ssize_t got = recv(guard->connection, guard->header + guard->header_have,
                       PDU_HEADER - guard->header_have, 0);

    *out_got = got > 0 ? (size_t)got : 0;
    guard->header_have += *out_got;
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)) ? TARN_OK
                                                                       : broke(got < 0 ? errno : 0,
                                                                               why);
}

static int32_t admit(struct session *session, char *why)
{
    struct guard *guard = &session->guard;

    guard->have = 0;
    guard->length = be32_load(guard->header + 4) & 0xffffff;
    guard->padded = (guard->length + 3) & ~(size_t)3;
    guard->flight = NULL;
    guard->place = guard->body;
    return guard_admit(session, why);
}

static int32_t finish(struct session *session, const uint8_t *next, size_t next_have, char *why)
{
    struct guard *guard = &session->guard;
    bool wanted = false;
    int32_t status = guard_judge(session, &wanted, why);

    if (status == TARN_OK && wanted)
        status = hand_on(session, why);
    memcpy(guard->header, next, next_have);
    guard->header_have = next_have;
    if (status == TARN_OK && next_have == PDU_HEADER)
        status = admit(session, why);
    return status;
}

/* *out_more: it took something. */
static int32_t step(struct session *session, bool *out_more, char *why)
{
    struct guard *guard = &session->guard;
    uint8_t next[PDU_HEADER];
    size_t got = 0;
    size_t left;
    int32_t status;

    if (guard->header_have < PDU_HEADER) {
        status = receive_header(guard, &got, why);
        *out_more = got > 0;
        return status == TARN_OK && guard->header_have == PDU_HEADER ? admit(session, why)
                                                                     : status;
    }
    left = guard->padded - guard->have;
    if (left == 0) { /* it has no data: what follows may not be there for long */
        *out_more = true;
        return finish(session, next, 0, why);
    }
    status = receive(guard, next, &got, why);
    *out_more = got > 0;
    if (status != TARN_OK || got < left) {
        guard->have += got;
        return status;
    }
    return finish(session, next, got - left, why);
}

int32_t guard_move_in(struct session *session, char *why)
{
    const struct guard *guard = &session->guard;
    char unheard[SERVER_WHY_SIZE];
    int32_t status = TARN_OK;
    bool more = true;
    unsigned count;

    for (count = 0; status == TARN_OK && more && count < PDUS_A_TIME; count++) {
        if ((guard_events(guard) & POLLIN) == 0)
            break;
        status = step(session, &more, why);
    }
    if (status == TARN_OK)
        return settle(session, why);
    settle(session, unheard); /* what came before the connection broke */
    return status;
}
