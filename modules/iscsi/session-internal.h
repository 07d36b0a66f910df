/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * session-internal.h - what the files that make up a session share. libiscsi calls back from within
 * iscsi_service alone, so everything here happens in the thread that waits.
 */
#ifndef ISCSI_SESSION_INTERNAL_H
#define ISCSI_SESSION_INTERNAL_H

#include "guard.h"
#include "session.h"

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

/* A command that is in flight. */
struct flight {
    struct flight *previous;
    struct flight *next;
    struct session *session;
    struct scsi_command *command; /* NULL: it is lost, and may be gone */
    struct scsi_task *task;
    uint32_t tag;   /* initiator task tag */
    uint32_t moved; /* bytes that came, or that were asked for */
    bool over;      /* its status has come: nothing more is to be said of it */
    struct scsi_iovec piece; /* the command's data, as libiscsi wants it */
    uint8_t none;            /* what stands for the data of a command without */
};

struct found;

struct session {
    struct iscsi_context *iscsi;
    struct guard guard;
    struct flight *flights;
    int64_t patience; /* milliseconds of answer-timeout */
    uint64_t heard;   /* counts whatever shows that the target works */
    bool connected;
    bool broken;
    /* of logging in, out, and of a discovery, which are one at a time */
    bool answered;
    int answer;         /* SCSI_STATUS_GOOD, … */
    struct found *found; /* of the discovery that somebody waits for */
};

/* Text for people that a target may have written: no control characters. */
void session_tell(char *why, const char *format, ...) TARN_PRINTF(2, 3);
/* The session is of no use any more: all in flight are SCSI_LOST. Returns `status`. */
int32_t session_break(struct session *session, int32_t status);
/* Waits until something can be read or written, or `until`, and does it. Not TARN_OK: the session is
 * broken, and `why` told as session.h has it. */
int32_t session_turn(struct tarn_call *call, struct session *session, int64_t until, char *why);
/* Turns until session.answered; TARN_OK, whatever the answer was. */
int32_t session_answer(struct tarn_call *call, struct session *session, char *why);
/* An iscsi_command_cb that keeps the answer. `private` is the session. */
void session_answered(struct iscsi_context *iscsi, int status, void *data, void *private);
/* The key and code of the `length` bytes that hold sense data behind their own length. */
void sense_read(struct scsi_command *command, const uint8_t *data, size_t length);
/* All in flight come back as SCSI_LOST. What libiscsi knows of them stays until it is gone. */
void flights_lose(struct session *session);
void flights_free(struct session *session);

#endif
