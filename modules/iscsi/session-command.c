/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * session-command.c - SCSI commands in a session, and what their outcomes mean.
 */
#include "session-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"

#define BUSY_PAUSE 100    /* milliseconds */
#define FLAT_SPACE 0x4000 /* addressing method of LUNs beyond 255, SAM-5, 4.7.7.3 */

#define SENSE_ILLEGAL_REQUEST 0x5
#define SENSE_UNIT_ATTENTION  0x6
#define SENSE_DATA_PROTECT    0x7

#define CODE_OUT_OF_RANGE      0x2100
#define CODE_NO_LUN            0x2500
#define CODE_SPACE_EXHAUSTED   0x2707
#define CODE_NO_MEDIUM         0x3a00 /* and what says why: 3A01, 3A02, … */

/* --- flights ----------------------------------------------------------------------------------- */

static void flight_link(struct flight *flight)
{
    struct session *session = flight->session;

    flight->next = session->flights;
    if (flight->next != NULL)
        flight->next->previous = flight;
    session->flights = flight;
}

static void flight_free(struct flight *flight)
{
    if (flight->previous != NULL)
        flight->previous->next = flight->next;
    else
        flight->session->flights = flight->next;
    if (flight->next != NULL)
        flight->next->previous = flight->previous;
    scsi_free_scsi_task(flight->task);
    free(flight);
}

void flights_lose(struct session *session)
{
    struct flight *flight;

    for (flight = session->flights; flight != NULL; flight = flight->next) {
        if (flight->command != NULL)
            flight->command->outcome = SCSI_LOST;
        flight->command = NULL;
    }
}

void flights_free(struct session *session)
{
    while (session->flights != NULL)
        flight_free(session->flights);
}

/* --- coming back ------------------------------------------------------------------------------- */

/* Fixed and descriptor format, SPC-4, 4.5, behind their length (RFC 7143, 11.4.7.2). What is missing
 * is 0. */
void sense_read(struct scsi_command *command, const uint8_t *data, size_t length)
{
    const uint8_t *sense = data + 2;
    uint8_t format;

    command->sense_key = 0;
    command->sense_code = 0;
    length = length > 2 ? length - 2 : 0;
    if (length > 0 && be16_load(data) < length)
        length = be16_load(data);
    format = length > 0 ? sense[0] & 0x7f : 0;
    if (format == 0x70 || format == 0x71) {
        command->sense_key = length > 2 ? sense[2] & 0x0f : 0;
        command->sense_code = length > 13 ? be16_load(sense + 12) : 0;
    } else if (format == 0x72 || format == 0x73) {
        command->sense_key = length > 1 ? sense[1] & 0x0f : 0;
        command->sense_code = length > 3 ? be16_load(sense + 2) : 0;
    }
}

/* Of what comes the guard knows the bytes; of what goes the target says what it took. */
static uint32_t transferred(const struct flight *flight)
{
    const struct scsi_command *command = flight->command;
    const struct scsi_task *task = flight->task;

    if (command->direction == SCSI_DATA_IN)
        return flight->moved;
    if (task->residual_status != SCSI_RESIDUAL_UNDERFLOW)
        return command->length;
    return task->residual < command->length ? command->length - (uint32_t)task->residual : 0;
}

static uint32_t outcome_of(int status)
{
    switch (status) {
    case SCSI_STATUS_GOOD:
    case SCSI_STATUS_CONDITION_MET:
        return SCSI_GOOD;
    case SCSI_STATUS_CHECK_CONDITION:
    case SCSI_STATUS_ACA_ACTIVE:
    case SCSI_STATUS_TASK_ABORTED: /* without sense data: an I/O error */
        return SCSI_CHECK;
    case SCSI_STATUS_BUSY:
    case SCSI_STATUS_TASK_SET_FULL:
        return SCSI_BUSY_NOW;
    case SCSI_STATUS_RESERVATION_CONFLICT:
        return SCSI_RESERVED;
    default:
        return SCSI_LOST;
    }
}

/* An iscsi_command_cb. */
static void came_back(struct iscsi_context *iscsi, int status, void *data, void *private)
{
    struct flight *flight = private;
    struct scsi_command *command = flight->command;

    (void)iscsi;
    (void)data;
    if (command != NULL) {
        command->outcome = outcome_of(status);
        command->transferred = command->outcome == SCSI_GOOD ? transferred(flight) : 0;
        if (status == SCSI_STATUS_CHECK_CONDITION && flight->task->datain.data != NULL)
            sense_read(command, flight->task->datain.data, (size_t)flight->task->datain.size);
        flight->session->heard++;
        if (command->outcome == SCSI_LOST)
            flight->session->broken = true;
    }
    flight_free(flight);
}

/* --- sending ----------------------------------------------------------------------------------- */

static int direction_of(const struct scsi_command *command)
{
    return command->direction == SCSI_DATA_IN    ? SCSI_XFER_READ
           : command->direction == SCSI_DATA_OUT ? SCSI_XFER_WRITE
                                                 : SCSI_XFER_NONE;
}

/* Where a task has no place for data that come, libiscsi wants to keep them itself. */
static struct flight *flight_new(struct session *session, struct scsi_command *command)
{
    struct flight *flight = calloc(1, sizeof(*flight));
    bool with_data = command->direction != SCSI_NO_DATA;

    if (flight == NULL)
        return NULL;
    flight->session = session;
    flight->command = command;
    flight->piece.iov_base = with_data ? command->data : &flight->none;
    flight->piece.iov_len = with_data ? command->length : sizeof(flight->none);
    flight->task = scsi_create_task((int)command->cdb_length, command->cdb,
                                    direction_of(command),
                                    with_data ? (int)command->length : 0);
    if (flight->task == NULL) {
        free(flight);
        return NULL;
    }
    if (command->direction == SCSI_DATA_OUT)
        scsi_task_set_iov_out(flight->task, &flight->piece, 1);
    else
        scsi_task_set_iov_in(flight->task, &flight->piece, 1);
    return flight;
}

int32_t session_send(struct tarn_call *call, struct session *session,
                     struct scsi_command *command, char *why)
{
    uint32_t lun = command->lun < 256 ? command->lun : FLAT_SPACE | command->lun;
    struct flight *flight;

    why[0] = '\0';
    command->transferred = 0;
    command->sense_key = 0;
    command->sense_code = 0;
    command->outcome = SCSI_LOST;
    if (session->broken) {
        session_tell(why, "the connection is broken");
        return TARN_E_IO;
    }
    flight = flight_new(session, command);
    if (flight == NULL) {
        session_break(session, TARN_E_INTERNAL);
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for a SCSI command");
    }
    flight_link(flight);
    if (iscsi_scsi_command_async(session->iscsi, (int)lun, flight->task, came_back, NULL,
                                 flight) != 0) {
        session_tell(why, "%s", iscsi_get_error(session->iscsi));
        return session_break(session, TARN_E_IO);
    }
    flight->tag = flight->task->itt;
    command->outcome = SCSI_PENDING;
    return TARN_OK;
}

void session_push(struct session *session)
{
    char why[SERVER_WHY_SIZE];

    if (!session->broken && guard_move_out(session, why) != TARN_OK)
        session_break(session, TARN_E_IO);
}

/* --- waiting ----------------------------------------------------------------------------------- */

static bool is_back(const struct session *session, const struct scsi_command *command)
{
    if (command == NULL)
        return session->flights == NULL;
    return command->outcome != SCSI_PENDING && command->outcome != SCSI_LOST;
}

int32_t session_wait(struct tarn_call *call, struct session *session,
                     struct scsi_command *command, char *why)
{
    int64_t until = server_now() + session->patience;
    uint64_t heard = session->heard;
    int32_t status = TARN_OK;

    why[0] = '\0';
    while (status == TARN_OK && !is_back(session, command)) {
        status = session_turn(call, session, until, why);
        if (heard != session->heard)
            until = server_now() + session->patience;
        heard = session->heard;
    }
    if (status != TARN_OK && is_back(session, command)) { /* it broke after that */
        why[0] = '\0';
        return tarn_interrupted(call);
    }
    return status;
}

bool scsi_is_attention(const struct scsi_command *command)
{
    return command->outcome == SCSI_CHECK && command->sense_key == SENSE_UNIT_ATTENTION;
}

static int32_t pause_for(struct tarn_call *call, int64_t milliseconds)
{
    short events;

    return server_wait(call, -1, 0, server_now() + milliseconds, &events);
}

int32_t session_run(struct tarn_call *call, struct session *session, struct scsi_command *command,
                    char *why)
{
    int64_t until = server_now() + session->patience;
    unsigned attentions = 0;
    int32_t status;

    for (;;) {
        status = session_send(call, session, command, why);
        if (status == TARN_OK)
            status = session_wait(call, session, command, why);
        if (status != TARN_OK)
            return status;
        if (scsi_is_attention(command) && attentions++ < SCSI_ATTENTIONS)
            continue;
        if (command->outcome != SCSI_BUSY_NOW || server_now() >= until)
            return TARN_OK;
        status = pause_for(call, BUSY_PAUSE);
        if (status != TARN_OK)
            return status;
    }
}

/* --- outcomes ---------------------------------------------------------------------------------- */

static int32_t check_why(const struct scsi_command *command, char *why)
{
    uint16_t code = command->sense_code;

    if (code == CODE_SPACE_EXHAUSTED) {
        session_tell(why, "the target's storage is full; add to it, or discard what is not needed");
        return TARN_E_NO_SPACE;
    }
    if (command->sense_key == SENSE_DATA_PROTECT) {
        session_tell(why, "it is write-protected");
        return TARN_E_ACCESS;
    }
    if ((code & 0xff00) == CODE_NO_MEDIUM) {
        session_tell(why, "there is no medium in it");
        return TARN_E_NOT_FOUND;
    }
    if (code == CODE_NO_LUN) {
        session_tell(why, "the target has no such logical unit");
        return TARN_E_NOT_FOUND;
    }
    if (code == CODE_OUT_OF_RANGE) {
        session_tell(why, "that is beyond its end");
        return TARN_E_INVALID;
    }
    session_tell(why, "the target %s (sense %x/%04x)",
                 command->sense_key == SENSE_ILLEGAL_REQUEST ? "does not support it"
                                                             : "reports an error",
                 command->sense_key, code);
    return command->sense_key == SENSE_ILLEGAL_REQUEST ? TARN_E_UNSUPPORTED : TARN_E_IO;
}

int32_t scsi_command_why(const struct scsi_command *command, char *why)
{
    why[0] = '\0';
    switch (command->outcome) {
    case SCSI_GOOD:
        return TARN_OK;
    case SCSI_CHECK:
        return check_why(command, why);
    case SCSI_BUSY_NOW:
        session_tell(why, "the target says again and again that it is busy");
        return TARN_E_BUSY;
    case SCSI_RESERVED:
        session_tell(why, "another initiator has reserved it");
        return TARN_E_BUSY;
    default:
        session_tell(why, "the connection broke");
        return TARN_E_IO;
    }
}

int32_t scsi_command_status(struct tarn_call *call, const struct scsi_command *command,
                            const char *what)
{
    char why[SERVER_WHY_SIZE];
    int32_t status = scsi_command_why(command, why);

    return status == TARN_OK ? TARN_OK : tarn_fail(call, status, 0, "%s: %s", what, why);
}
