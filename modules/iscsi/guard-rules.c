/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * guard-rules.c - what a target may send, when, and how libiscsi gets to see it.
 */
#include "session-internal.h"

#include <string.h>

#include "helpers/be.h"

#define SENSE_SIZE 20 /* its length, and fixed format, SPC-4, 4.5.3 */
#define LOGIN_MOST 16384

#define HAS_STATUS 0x01 /* of Data-In */

static int32_t nonsense(char *why, const char *what)
{
    session_tell(why, "it makes no sense: %s", what);
    return TARN_E_IO;
}

static struct flight *find(const struct session *session, uint32_t tag)
{
    struct flight *flight = session->flights;

    while (flight != NULL && (flight->tag != tag || flight->command == NULL || flight->over))
        flight = flight->next;
    return flight;
}

/* --- headers ----------------------------------------------------------------------------------- */

/* In order and without gaps, as libiscsi demands it at login (DataPDUInOrder and
 * DataSequenceInOrder): so what has come is one number, and no target can send for ever. */
static int32_t admit_data(struct guard *guard, char *why)
{
    struct flight *flight = guard->flight;
    const struct scsi_command *command = flight->command;

    if (guard->length == 0 && (guard->header[1] & HAS_STATUS) != 0)
        return TARN_OK;
    if (command->direction != SCSI_DATA_IN)
        return nonsense(why, "data for a command that wants none");
    if (be32_load(guard->header + 40) != flight->moved)
        return nonsense(why, "data out of order");
    if (guard->length > command->length - flight->moved)
        return nonsense(why, "more data than were asked for");
    guard->place = (uint8_t *)command->data + flight->moved;
    return TARN_OK;
}

static int32_t admit_ready(struct guard *guard, char *why)
{
    struct flight *flight = guard->flight;
    uint32_t offset = be32_load(guard->header + 40);
    uint32_t length = be32_load(guard->header + 44);

    if (flight->command->direction != SCSI_DATA_OUT)
        return nonsense(why, "it asks for data that there are none of");
    if (length == 0 || offset < flight->moved || offset > flight->command->length ||
        length > flight->command->length - offset)
        return nonsense(why, "it asks for data beyond those of the command");
    return TARN_OK;
}

static int32_t admit_answer(struct session *session, uint8_t opcode, char *why)
{
    struct guard *guard = &session->guard;

    guard->flight = find(session, be32_load(guard->header + 16));
    if (guard->flight == NULL)
        return nonsense(why, "it answers what was not asked");
    if (opcode == PDU_DATA_IN)
        return admit_data(guard, why);
    return opcode == PDU_R2T ? admit_ready(guard, why) : TARN_OK;
}

static int32_t admit_awaited(const struct guard *guard, enum guard_awaits what, char *why)
{
    if (guard->awaits != what)
        return nonsense(why, "it answers what was not asked");
    if (what == GUARD_LOGIN && guard->length > LOGIN_MOST)
        return nonsense(why, "its answer to the login is too long");
    return TARN_OK;
}

int32_t guard_admit(struct session *session, char *why)
{
    const struct guard *guard = &session->guard;
    uint8_t opcode = guard->header[0] & 0x3f;

    if (guard->header[4] != 0)
        return nonsense(why, "it sends additional headers");
    if (guard->length > PDU_BODY_MOST)
        return nonsense(why, "it sends more at once than it may");
    switch (opcode) {
    case PDU_SCSI_RESPONSE:
    case PDU_DATA_IN:
    case PDU_R2T:
        return admit_answer(session, opcode, why);
    case PDU_LOGIN_RESPONSE:
        return admit_awaited(guard, GUARD_LOGIN, why);
    case PDU_TEXT_RESPONSE:
        return admit_awaited(guard, GUARD_TEXT, why);
    case PDU_LOGOUT_RESPONSE:
        return admit_awaited(guard, GUARD_LOGOUT, why);
    case PDU_NOP_IN:
        if (guard->awaits == GUARD_LOGIN)
            return nonsense(why, "it pings before the login");
        return TARN_OK;
    case PDU_ASYNC:
    case PDU_REJECT:
        return TARN_OK;
    default:
        return nonsense(why, "it sends what nobody knows");
    }
}

/* --- whole PDUs -------------------------------------------------------------------------------- */

/* Only the last one of a command says something to libiscsi, and its data are where they belong. */
static bool judge_data(struct session *session)
{
    struct guard *guard = &session->guard;

    guard->flight->moved += (uint32_t)guard->length;
    if (guard->length > 0)
        session->heard++;
    guard->length = 0;
    guard->flight->over =
        (guard->header[1] & (PDU_FINAL | HAS_STATUS)) == (PDU_FINAL | HAS_STATUS);
    return guard->flight->over;
}

/* libiscsi reads sense data without looking how many there are: it gets them in one form. A target
 * that failed (response) without a SCSI status is a hardware error. */
static void rewrite_sense(struct guard *guard)
{
    struct scsi_command sense = { .sense_key = 0x4, .sense_code = 0x4400 };
    uint8_t *body = guard->body;

    if (guard->header[2] == 0)
        sense_read(&sense, body, guard->length);
    guard->header[1] = PDU_FINAL;
    guard->header[2] = 0;
    guard->header[3] = SCSI_STATUS_CHECK_CONDITION;
    memset(body, 0, SENSE_SIZE);
    be16_store(body, SENSE_SIZE - 2);
    body[2] = 0x70;
    body[4] = sense.sense_key;
    body[9] = SENSE_SIZE - 2 - 8;
    be16_store(body + 14, sense.sense_code);
    guard->length = SENSE_SIZE;
}

static void judge_response(struct guard *guard)
{
    guard->flight->over = true;
    if (guard->header[2] != 0 || guard->header[3] == SCSI_STATUS_CHECK_CONDITION)
        rewrite_sense(guard);
    else
        guard->length = 0;
}

/* Anything else than news of a LUN means that the session ends or begins anew: ours just ends. */
static int32_t judge_async(const struct guard *guard, char *why)
{
    uint8_t event = guard->header[36];

    if (event == 0 || event == 255)
        return TARN_OK;
    session_tell(why, "the connection broke: the target ends it (event %u)", event);
    return TARN_E_IO;
}

static int32_t judge_text(struct guard *guard, char *why)
{
    if (guard->header[1] != PDU_FINAL)
        return nonsense(why, "its list of targets has no end");
    guard->awaits = GUARD_NOTHING;
    return TARN_OK;
}

int32_t guard_judge(struct session *session, bool *out_hand_on, char *why)
{
    struct guard *guard = &session->guard;

    *out_hand_on = true;
    switch (guard->header[0] & 0x3f) {
    case PDU_DATA_IN:
        *out_hand_on = judge_data(session);
        return TARN_OK;
    case PDU_SCSI_RESPONSE:
        judge_response(guard);
        return TARN_OK;
    case PDU_R2T:
        guard->flight->moved =
            be32_load(guard->header + 40) + be32_load(guard->header + 44);
        session->heard++;
        guard->length = 0;
        return TARN_OK;
    case PDU_LOGIN_RESPONSE:
        return guard_judge_login(guard, why);
    case PDU_TEXT_RESPONSE:
        return judge_text(guard, why);
    case PDU_NOP_IN:
        *out_hand_on = be32_load(guard->header + 20) != PDU_NO_TAG &&
                       be32_load(guard->header + 16) == PDU_NO_TAG;
        guard->pings += *out_hand_on;
        guard->length = 0;
        return TARN_OK;
    case PDU_ASYNC:
        *out_hand_on = false;
        return judge_async(guard, why);
    case PDU_REJECT:
        session_tell(why, "it rejects what was sent (reason %u)", guard->header[2]);
        return TARN_E_IO;
    default:
        guard->length = 0;
        return TARN_OK;
    }
}
