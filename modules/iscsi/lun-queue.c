/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lun-queue.c - several commands in flight, until all have come back good. What a target may ask for
 * is done: again after a unit attention, later while it is busy, elsewhere when the session broke.
 */
#include <stdlib.h>
#include <string.h>

#include "lun-io.h"

/* SPC-4, 4.5.6 */
#define ILLEGAL_REQUEST 0x05
#define UNKNOWN_COMMAND 0x2000
#define UNKNOWN_FIELD   0x2400 /* in the command, or in its list of parameters */
#define UNKNOWN_IN_LIST 0x2600

/* Each tells of something else that has happened; more of them at once make no sense. */
#define ATTENTIONS_MOST 16u
#define BUSY_PAUSE 50 /* milliseconds */

struct run {
    struct tarn_call *call;
    struct lun_io *lun;
    const struct queue_work *work;
    size_t first; /* those in flight, in the lun's queue */
    size_t count;
    bool all;            /* there are no more */
    int64_t busy_until;  /* 0: the target is not busy */
    uint32_t transferred; /* by the last that came back */
};

static struct queued *nth(const struct run *run, size_t index)
{
    return &run->lun->queue[(run->first + index) % QUEUE_DEPTH];
}

/* --- sending ----------------------------------------------------------------------------------- */

/* Those that have not come back good, again; until a session holds. */
static int32_t send_again(struct run *run, int32_t status, const char *why)
{
    char next_why[SERVER_WHY_SIZE];

    snprintf(next_why, sizeof(next_why), "%s", why);
    while (status != TARN_OK) {
        size_t i;

        status = path_again(run->call, run->lun, status, next_why);
        if (status != TARN_OK)
            return status;
        for (i = 0; i < run->count && status == TARN_OK; i++)
            if (nth(run, i)->command.outcome != SCSI_GOOD)
                status = session_send(run->call, run->lun->session, &nth(run, i)->command,
                                      next_why);
    }
    return TARN_OK;
}

static int32_t send_one(struct run *run, struct queued *queued)
{
    char why[SERVER_WHY_SIZE] = "";
    int32_t status = session_send(run->call, run->lun->session, &queued->command, why);

    return status == TARN_OK ? TARN_OK : send_again(run, status, why);
}

static int32_t fill(struct run *run)
{
    int32_t status = TARN_OK;

    while (status == TARN_OK && !run->all && run->count < QUEUE_DEPTH) {
        struct queued *queued = nth(run, run->count);

        queued->attentions = 0;
        run->all = !run->work->next(run->lun, queued, run->work->arg);
        if (run->all)
            break;
        run->count++;
        status = send_one(run, queued);
    }
    return status;
}

/* --- coming back ------------------------------------------------------------------------------- */

static int32_t refused(struct run *run, const struct scsi_command *command)
{
    char what[64 + ISCSI_NAME_MOST];

    if (run->work->may_be_unknown && command->outcome == SCSI_CHECK &&
        command->sense_key == ILLEGAL_REQUEST &&
        (command->sense_code == UNKNOWN_COMMAND || command->sense_code == UNKNOWN_FIELD ||
         command->sense_code == UNKNOWN_IN_LIST))
        return TARN_E_UNSUPPORTED;
    snprintf(what, sizeof(what), "cannot %s unit:0:0:%u of %s", run->work->what, command->lun,
             run->lun->target.iqn);
    return scsi_command_status(run->call, command, what);
}

/* Every target knows how to read and write, and does it whole. */
static int32_t came_good(struct run *run, const struct scsi_command *command)
{
    run->transferred = command->transferred;
    run->busy_until = 0;
    run->lun->breaks = 0;
    if (command->transferred < command->length && !run->work->may_be_unknown)
        return tarn_fail(run->call, TARN_E_IO, 0,
                         "cannot %s unit:0:0:%u of %s: the target moved %u of %u bytes and calls it "
                         "good", run->work->what, command->lun, run->lun->target.iqn,
                         command->transferred, command->length);
    run->first = (run->first + 1) % QUEUE_DEPTH;
    run->count--;
    return TARN_OK;
}

/* Something happened to the LUN, maybe that another took its number. */
static int32_t attend(struct run *run, struct queued *queued)
{
    char why[SERVER_WHY_SIZE] = "";
    int32_t status;

    if (++queued->attentions > ATTENTIONS_MOST)
        return refused(run, &queued->command);
    status = path_verify(run->call, run->lun, why);
    if (status == TARN_OK)
        return send_one(run, queued);
    return why[0] != '\0' ? send_again(run, status, why) : status;
}

static int32_t pause_for(struct run *run, struct queued *queued)
{
    short events;
    int32_t status;

    if (run->busy_until == 0)
        run->busy_until = server_answer_until(run->call);
    if (server_now() > run->busy_until)
        return tarn_fail(run->call, TARN_E_BUSY, 0,
                         "cannot %s unit:0:0:%u of %s: the target is busy all the time",
                         run->work->what, queued->command.lun, run->lun->target.iqn);
    status = server_wait(run->call, -1, 0, server_now() + BUSY_PAUSE, &events);
    return status == TARN_OK ? send_one(run, queued) : status;
}

static int32_t take_first(struct run *run)
{
    struct queued *queued = nth(run, 0);
    char why[SERVER_WHY_SIZE] = "";
    int32_t status = session_wait(run->call, run->lun->session, &queued->command, why);

    if (status != TARN_OK)
        return send_again(run, status, why);
    switch (queued->command.outcome) {
    case SCSI_GOOD:
        return came_good(run, &queued->command);
    case SCSI_BUSY_NOW:
        return pause_for(run, queued);
    case SCSI_LOST:
        return send_again(run, TARN_E_IO, "the connection broke");
    case SCSI_CHECK:
        return scsi_is_attention(&queued->command) ? attend(run, queued)
                                                   : refused(run, &queued->command);
    default:
        return refused(run, &queued->command);
    }
}

/* --- the whole --------------------------------------------------------------------------------- */

/* The data of those in flight are the caller's, who will free them. */
static void leave_none(struct run *run)
{
    char why[SERVER_WHY_SIZE];
    size_t i;

    if (run->count == 0 || run->lun->session == NULL)
        return;
    if (session_wait(run->call, run->lun->session, NULL, why) != TARN_OK)
        path_drop(run->lun);
    for (i = 0; i < run->count; i++)
        path_attend(run->lun, &nth(run, i)->command);
}

static int32_t run_all(struct run *run)
{
    int32_t status = path_need(run->call, run->lun);

    if (status == TARN_OK)
        status = fill(run);
    while (status == TARN_OK && run->count > 0) {
        status = take_first(run);
        if (status == TARN_OK)
            status = fill(run);
    }
    if (status != TARN_OK)
        leave_none(run);
    return status;
}

int32_t queue_run(struct tarn_call *call, struct lun_io *lun, const struct queue_work *work)
{
    struct run run = { .call = call, .lun = lun, .work = work };

    return run_all(&run);
}

static bool next_one(struct lun_io *lun, struct queued *queued, void *arg)
{
    const struct scsi_command **left = arg;

    (void)lun;
    if (*left == NULL)
        return false;
    queued->command = **left;
    *left = NULL;
    return true;
}

int32_t queue_run_one(struct tarn_call *call, struct lun_io *lun,
                      const struct scsi_command *command, const char *what, bool may_be_unknown,
                      uint32_t *out_transferred)
{
    const struct scsi_command *left = command;
    const struct queue_work work = { next_one, &left, what, may_be_unknown };
    struct run run = { .call = call, .lun = lun, .work = &work };
    int32_t status = run_all(&run);

    *out_transferred = run.transferred;
    return status;
}
