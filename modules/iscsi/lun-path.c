/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lun-path.c - when a session breaks in the middle: another, through the next portal, with the same
 * LUN behind it. What was written and not yet flushed is taken to be where it was: a target with two
 * portals keeps one cache, as every initiator assumes.
 */
#include <string.h>

#include "lun-io.h"

/* Milliseconds after which is looked whether the LUN is still the same: not every target tells by a unit
 * attention that it has put another disk there. */
#define LOOK_EVERY 1000

void path_drop(struct lun_io *lun)
{
    session_close(lun->session);
    lun->session = NULL;
    lun->ahead.count = 0;
}

/* Who connects anew looks what is there. */
void path_attend(struct lun_io *lun, const struct scsi_command *command)
{
    if (scsi_is_attention(command))
        path_drop(lun);
}

/* Of two that name nothing, the same serial number must do. */
static bool same_disk(const struct lun *was, const struct lun *is)
{
    return is->device_type == was->device_type && is->block_size == was->block_size &&
           strcmp(is->identity, was->identity) == 0 && strcmp(is->serial, was->serial) == 0;
}

static int32_t check_same(struct tarn_call *call, const struct lun_io *lun, const struct lun *is)
{
    if (is->status != TARN_OK)
        return tarn_fail(call, is->status, 0, "unit:0:0:%u of %s can be used no more: %s",
                         lun->lun.number, lun->target.iqn, is->why);
    if (same_disk(&lun->lun, is) && !is->no_medium && is->size >= lun->lun.size)
        return TARN_OK;
    if (!same_disk(&lun->lun, is))
        return tarn_fail(call, TARN_E_REPLACED, 0,
                         "unit:0:0:%u of %s has become another disk while it was in use: look "
                         "whether a LUN was removed there and its number given again",
                         lun->lun.number, lun->target.iqn);
    return tarn_fail(call, TARN_E_IO, 0,
                     "unit:0:0:%u of %s had %llu bytes and has %llu now: give it its size back, or "
                     "refresh the pool", lun->lun.number, lun->target.iqn,
                     (unsigned long long)lun->lun.size, (unsigned long long)is->size);
}

int32_t path_verify(struct tarn_call *call, struct lun_io *lun, char *why)
{
    struct lun is = { .number = lun->lun.number };
    int32_t status = lun_look(call, lun->session, &is, 1, why);

    if (status == TARN_OK) {
        why[0] = '\0';
        status = check_same(call, lun, &is);
    }
    if (status != TARN_OK) /* whoever comes next looks again */
        path_drop(lun);
    lun->looked = server_now();
    return status;
}

static int32_t connect_now(struct tarn_call *call, struct lun_io *lun)
{
    return target_connect(call, &lun->target, &lun->portals, &lun->portal, &lun->session);
}

int32_t path_need(struct tarn_call *call, struct lun_io *lun)
{
    char why[SERVER_WHY_SIZE] = "";
    int32_t status;

    if (lun->session != NULL && server_now() - lun->looked < LOOK_EVERY)
        return TARN_OK;
    status = lun->session == NULL ? connect_now(call, lun) : TARN_OK;
    if (status == TARN_OK)
        status = path_verify(call, lun, why);
    return status != TARN_OK && why[0] != '\0' ? path_again(call, lun, status, why) : status;
}

void path_lose(struct tarn_call *call, struct lun_io *lun, const char *why)
{
    char text[SERVER_WHY_SIZE + PORTAL_SIZE + ISCSI_NAME_MOST + 64];

    snprintf(text, sizeof(text), "lost %s at %s (%s), going on through another session",
             lun->target.iqn, lun->portals.list[lun->portal].text, why);
    call->host->log(call, TARN_LOG_WARNING, text);
    path_drop(lun);
    lun->portal = (lun->portal + 1) % lun->portals.count;
}

static int32_t give_up(struct tarn_call *call, struct lun_io *lun, int32_t status,
                       const char *why)
{
    path_drop(lun);
    return tarn_fail(call, status, 0,
                     "every session with %s breaks when unit:0:0:%u is used, at %s: %s",
                     lun->target.iqn, lun->lun.number, lun->portals.list[lun->portal].text, why);
}

/* One try more than there are portals: a server that was started anew resets each once. */
int32_t path_again(struct tarn_call *call, struct lun_io *lun, int32_t status, const char *why)
{
    char next_why[SERVER_WHY_SIZE];

    snprintf(next_why, sizeof(next_why), "%s", why);
    while (status != TARN_OK && next_why[0] != '\0') {
        if (++lun->breaks > lun->portals.count + 1)
            return give_up(call, lun, status, next_why);
        path_lose(call, lun, next_why);
        next_why[0] = '\0';
        status = connect_now(call, lun);
        if (status == TARN_OK)
            status = path_verify(call, lun, next_why);
    }
    if (status != TARN_OK) /* the call has ended, perhaps */
        path_drop(lun);
    return status;
}
