/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * session.h - a session with an iSCSI target through one portal, and SCSI commands in it: any number
 * in flight at once. libiscsi speaks the protocol; nothing else of it is seen outside of session.c.
 *
 * A session is used by one thread at a time. What can be tried with another portal is not recorded in
 * the call: `why` (of SERVER_WHY_SIZE) tells it to people, and the status is TARN_E_TIMEOUT (nobody
 * answers), TARN_E_IO (the connection broke, or nonsense came), TARN_E_ACCESS (it refuses us) or
 * TARN_E_NOT_FOUND (it knows no such target). What ends the call (cancelled, its deadline, no
 * memory) is recorded, and `why` left empty.
 */
#ifndef ISCSI_SESSION_H
#define ISCSI_SESSION_H

#include <stdbool.h>

#include "chap.h"
#include "helpers/server.h"

struct session;

struct session_login {
    const char *portal;      /* "192.0.2.1:3260", "[2001:db8::1]:3260": an address, no name */
    const char *initiator;   /* IQN */
    const char *target;      /* IQN; NULL = a session for discovery */
    const struct chap *chap; /* NULL = without */
};

/* Logs in, within the module's option answer-timeout. */
int32_t session_open(struct tarn_call *call, const struct session_login *login,
                     struct session **out, char *why);
/* Logs out of a session that still works, waits for that no longer than a second, and frees it.
 * Commands in flight end undone. NULL is legal. */
void session_close(struct session *session);

/* --- commands ---------------------------------------------------------------------------------- */

#define SCSI_NO_DATA  0u
#define SCSI_DATA_IN  1u /* the target writes `data` */
#define SCSI_DATA_OUT 2u /* the target reads it */

/* scsi_command.outcome */
#define SCSI_PENDING   0u /* in flight */
#define SCSI_GOOD      1u
#define SCSI_CHECK     2u /* sense_key and sense_code tell why not */
#define SCSI_BUSY_NOW  3u /* the target asks to try again (BUSY, TASK SET FULL) */
#define SCSI_RESERVED  4u /* another initiator has reserved the LUN */
#define SCSI_LOST      5u /* the session broke */

/* One command; it and its data live until it has come back. */
struct scsi_command {
    uint8_t cdb[16];
    uint32_t cdb_length;
    uint32_t lun;
    uint32_t direction;   /* SCSI_NO_DATA, … */
    void *data;
    uint32_t length;      /* bytes of data */

    uint32_t outcome;     /* SCSI_PENDING, … */
    uint32_t transferred; /* bytes that really came or went, never more than length */
    uint8_t sense_key;    /* SPC-4, table 27 */
    uint16_t sense_code;  /* ASC and ASCQ */
};

/* Sends it; it is in flight from now on. Not TARN_OK: the session is of no use any more. */
int32_t session_send(struct tarn_call *call, struct session *session,
                     struct scsi_command *command, char *why);
/* Gives what was sent to the network, as far as that goes without waiting: for who has something else
 * to do before it waits. */
void session_push(struct session *session);
/* Waits until `command` has come back, or, NULL, all that are in flight. As long as answers come
 * the target may take its time: it is given up when for answer-timeout nothing came. Then, and when
 * the call ends, all in flight are SCSI_LOST, and the session is of no use any more. */
int32_t session_wait(struct tarn_call *call, struct session *session,
                     struct scsi_command *command, char *why);
/* Sends it and waits, again after a unit attention and while the target is busy. TARN_OK: it came
 * back with another outcome than those. */
int32_t session_run(struct tarn_call *call, struct session *session, struct scsi_command *command,
                    char *why);
/* What a command's outcome means: TARN_OK; or, recorded with `what` ("cannot read unit:0:0:1"):
 * TARN_E_NO_SPACE (a thin LUN is full), TARN_E_ACCESS (write-protected), TARN_E_BUSY (reserved),
 * TARN_E_UNSUPPORTED (the target has no such command), TARN_E_NOT_FOUND (no such LUN, or no medium
 * in it), TARN_E_INVALID (beyond its end), TARN_E_IO. */
int32_t scsi_command_status(struct tarn_call *call, const struct scsi_command *command,
                            const char *what);
/* The same, told in `why` alone. */
int32_t scsi_command_why(const struct scsi_command *command, char *why);

/* The target only wanted to tell something (SPC-4, 5.14): send it again, a few times. */
bool scsi_is_attention(const struct scsi_command *command);
#define SCSI_ATTENTIONS 16u

/* --- discovery --------------------------------------------------------------------------------- */

/* Takes a target and the portals at which it can be reached, "ADDRESS:PORT,GROUP" each; ends with
 * NULL. Another value than TARN_OK ends the list and is returned. */
typedef int32_t (*session_target_fn)(struct tarn_call *call, const char *target,
                                     const char *const *portals, void *arg);

int32_t session_discover(struct tarn_call *call, struct session *session, session_target_fn take,
                         void *arg, char *why);

#endif
