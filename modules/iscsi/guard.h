/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * guard.h - stands between libiscsi and the network. libiscsi believes a target: lengths, tags and
 * offsets that make no sense have it read through null pointers or take memory without end, and a
 * target that sends without pause has it read without pause. So it gets one end of a pair of sockets
 * in place of its connection, and the guard at the other end hands on, one at a time, only PDUs that
 * answer what was asked. The data of a read never pass through libiscsi at all: they go from the
 * connection to where the command wants them. Numbers are those of RFC 7143, section 11.
 */
#ifndef ISCSI_GUARD_H
#define ISCSI_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PDU_HEADER 48u
#define PDU_BODY_MOST 262144u /* what libiscsi offers as MaxRecvDataSegmentLength */

#define PDU_NOP_IN         0x20
#define PDU_SCSI_RESPONSE  0x21
#define PDU_LOGIN_RESPONSE 0x23
#define PDU_TEXT_RESPONSE  0x24
#define PDU_DATA_IN        0x25
#define PDU_LOGOUT_RESPONSE 0x26
#define PDU_R2T            0x31
#define PDU_ASYNC          0x32
#define PDU_REJECT         0x3f

#define PDU_FINAL 0x80 /* in the second byte of a header; a login's transit bit as well */
#define PDU_NO_TAG UINT32_MAX

struct flight;
struct session;

/* What is expected beside answers to commands. */
enum guard_awaits { GUARD_NOTHING, GUARD_LOGIN, GUARD_TEXT, GUARD_LOGOUT };

struct guard {
    int connection;
    int inner; /* libiscsi has the other end */
    enum guard_awaits awaits;
    bool mutual;            /* the target has to prove itself */
    uint16_t login_status;  /* class and detail of the last answer to a login */
    unsigned pings;         /* of the target, which are not answered yet */

    bool handed;            /* libiscsi has not dealt with all that it was handed */

    /* the PDU that is coming */
    uint8_t header[PDU_HEADER];
    size_t header_have;
    uint8_t *place;         /* of its data: in a command's, or in `body` */
    size_t length;          /* of its data */
    size_t padded;          /* with padding */
    size_t have;            /* of these */
    struct flight *flight;  /* the command that it answers; NULL = none */
    uint8_t *body;          /* PDU_BODY_MOST */

    /* what libiscsi sends: the last request of a login, and what the connection has not taken yet */
    uint8_t out[65536];
    size_t out_from;
    size_t out_to;
    bool behind; /* there may be more of it in the pair of sockets */
    bool request_has_proof; /* our answer to the target's challenge, and a challenge for it */
    uint8_t request_flags;  /* of the login request: stages and the transit bit */
};

/* Gets between: `fd` is libiscsi's connection, which stays open under that number. false: errno. */
bool guard_begin(struct guard *guard, int fd);
void guard_end(struct guard *guard);

/* What the connection shall be waited for. */
short guard_events(const struct guard *guard);
/* Moves what libiscsi wants to send as far as the connection takes it, and takes what came, a while
 * at most. TARN_OK; or TARN_E_IO, told in `why`. */
int32_t guard_move_out(struct session *session, char *why);
int32_t guard_move_in(struct session *session, char *why);

/* --- the rules (guard-rules.c, guard-login.c) -------------------------------------------------- */

/* Looks at a header, and sets guard.flight and guard.place. TARN_OK, or TARN_E_IO, told. */
int32_t guard_admit(struct session *session, char *why);
/* The whole PDU is there: *out_hand_on = libiscsi shall have it, as it is in guard.header and the
 * guard.length bytes of guard.place then. */
int32_t guard_judge(struct session *session, bool *out_hand_on, char *why);
/* The same for the answer to a login. */
int32_t guard_judge_login(struct guard *guard, char *why);
/* Notes what a login request asks for. */
void guard_note_request(struct guard *guard, const uint8_t *bytes, size_t length);

#endif
