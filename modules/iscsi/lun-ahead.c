/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lun-ahead.c - reading on behind a reader in sequence, so that the target has always something to
 * do. What cannot be read here is not missed: who wants it reads it in the ordinary way.
 */
#include <stdlib.h>
#include <string.h>

#include "lun-io.h"

/* Less is no sequence: formats read their metadata so. */
#define STREAK_LEAST ((uint64_t)512 << 10)

static struct ahead_part *nth(struct ahead *ahead, size_t index)
{
    return &ahead->parts[(ahead->first + index) % AHEAD_DEPTH];
}

/* Where the parts end. */
static uint64_t end_of(struct ahead *ahead)
{
    const struct ahead_part *last = nth(ahead, ahead->count - 1);

    return last->offset + last->command.length;
}

/* Unless the call has ended that is no failure: what is missing is read once more. */
static int32_t broken(struct tarn_call *call, struct lun_io *lun, int32_t status, const char *why)
{
    if (why[0] == '\0') {
        path_drop(lun);
        return status;
    }
    path_lose(call, lun, why);
    return TARN_OK;
}

int32_t ahead_stop(struct tarn_call *call, struct lun_io *lun)
{
    char why[SERVER_WHY_SIZE] = "";
    size_t count = lun->ahead.count;
    int32_t status;
    size_t i;

    lun->ahead.streak = 0;
    if (count == 0)
        return TARN_OK;
    status = session_wait(call, lun->session, NULL, why);
    if (status != TARN_OK)
        return broken(call, lun, status, why);
    lun->ahead.count = 0;
    for (i = 0; i < count; i++)
        path_attend(lun, &nth(&lun->ahead, i)->command);
    return TARN_OK;
}

/* --- taking ------------------------------------------------------------------------------------ */

/* As much of the oldest part as is wanted; 0: it is not there. */
static uint64_t take_part(struct ahead *ahead, uint8_t *to, uint64_t length, uint64_t offset)
{
    const struct ahead_part *part = nth(ahead, 0);
    uint64_t within = offset - part->offset;
    uint64_t taken = lun_smaller(part->command.length - within, length);

    if (part->command.outcome != SCSI_GOOD ||
        part->command.transferred != part->command.length)
        return 0;
    memcpy(to, (const uint8_t *)part->command.data + within, (size_t)taken);
    if (within + taken == part->command.length) {
        ahead->first = (ahead->first + 1) % AHEAD_DEPTH;
        ahead->count--;
    }
    return taken;
}

static bool is_next(struct ahead *ahead, uint64_t offset)
{
    return ahead->count > 0 && offset >= nth(ahead, 0)->offset &&
           offset < nth(ahead, 0)->offset + nth(ahead, 0)->command.length;
}

int32_t ahead_take(struct tarn_call *call, struct lun_io *lun, uint8_t *to, uint64_t length,
                   uint64_t offset, uint64_t *out_taken)
{
    struct ahead *ahead = &lun->ahead;
    char why[SERVER_WHY_SIZE] = "";

    *out_taken = 0;
    if (offset != ahead->expected)
        return ahead_stop(call, lun);
    while (length > *out_taken && is_next(ahead, offset + *out_taken)) {
        uint64_t taken;
        int32_t status = session_wait(call, lun->session, &nth(ahead, 0)->command, why);

        if (status != TARN_OK)
            return broken(call, lun, status, why);
        taken = take_part(ahead, to + *out_taken, length - *out_taken, offset + *out_taken);
        if (taken == 0)
            return ahead_stop(call, lun);
        *out_taken += taken;
    }
    return TARN_OK;
}

/* --- going on ---------------------------------------------------------------------------------- */

static int32_t send_part(struct tarn_call *call, struct lun_io *lun, uint64_t offset)
{
    struct ahead *ahead = &lun->ahead;
    size_t place = (ahead->first + ahead->count) % AHEAD_DEPTH;
    struct ahead_part *part = &ahead->parts[place];
    char why[SERVER_WHY_SIZE] = "";
    int32_t status;

    part->offset = offset;
    cdb_transfer(&part->command, &lun->lun, SCSI_DATA_IN, ahead->memory + place * lun->transfer,
                 offset, lun_smaller(lun->lun.size - offset, lun->transfer));
    status = session_send(call, lun->session, &part->command, why);
    if (status != TARN_OK)
        return broken(call, lun, status, why);
    ahead->count++;
    return TARN_OK;
}

/* Twice as much is kept in flight as the reader has read in sequence. */
static size_t wanted_parts(const struct lun_io *lun)
{
    uint64_t parts = lun->ahead.streak / lun->transfer * 2;

    return parts < AHEAD_DEPTH ? (size_t)parts : AHEAD_DEPTH;
}

/* Without memory there is no reading ahead. */
static bool have_memory(struct lun_io *lun)
{
    if (lun->ahead.memory == NULL)
        lun->ahead.memory = malloc((size_t)lun->transfer * AHEAD_DEPTH);
    return lun->ahead.memory != NULL;
}

int32_t ahead_go_on(struct tarn_call *call, struct lun_io *lun, uint64_t length, uint64_t offset)
{
    struct ahead *ahead = &lun->ahead;
    int32_t status = TARN_OK;

    ahead->streak = offset == ahead->expected ? ahead->streak + length : length;
    ahead->expected = offset + length;
    if (ahead->streak < STREAK_LEAST || lun->session == NULL || !have_memory(lun))
        return TARN_OK;
    while (status == TARN_OK && lun->session != NULL && ahead->count < wanted_parts(lun)) {
        uint64_t next = ahead->count > 0 ? end_of(ahead)
                                         : ahead->expected / lun->lun.block_size *
                                               lun->lun.block_size;

        if (next >= lun->lun.size)
            break;
        status = send_part(call, lun, next);
    }
    if (lun->session != NULL)
        session_push(lun->session);
    return status;
}
