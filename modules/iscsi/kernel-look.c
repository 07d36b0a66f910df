/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel-look.c - what the units say of themselves. The kernel remembers what a unit was when it
 * was found: one that is new, grew, or is another disk now it learns of when it is told to look.
 */
#include "kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helpers/be.h"

/* SPC-4, 6.6 and 6.33; SBC-3, 5.15 and 5.16 */
#define INQUIRY 0x12
#define REPORT_LUNS 0xa0
#define READ_CAPACITY_10 0x25
#define SERVICE_ACTION_IN_16 0x9e
#define READ_CAPACITY_16 0x10

#define INQUIRY_SIZE 36u
#define PAGE_SIZE 1024u
#define CAPACITY_16_SIZE 32u
#define CAPACITY_10_SIZE 8u
#define LIST_SIZE (8u + 8u * 16384u) /* single-level addressing, SAM-5, 4.7 */

/* milliseconds */
#define NODE_PATIENCE 2000
#define NODE_STEP 20

#define NOT_READY 0x02
#define ILLEGAL_REQUEST 0x05
#define MEDIUM_NOT_PRESENT 0x3a

/* --- which there are -------------------------------------------------------------------------- */

/* SAM-5, 4.7.3: four levels of two bytes. The kernel's number has the first lowest. */
static uint64_t number_of(const uint8_t *lun)
{
    return (uint64_t)be16_load(lun) | (uint64_t)be16_load(lun + 2) << 16 |
           (uint64_t)be16_load(lun + 4) << 32 | (uint64_t)be16_load(lun + 6) << 48;
}

static bool has_number(const struct kernel_units *units, const struct kernel_session *session,
                       uint64_t number)
{
    size_t i;

    for (i = 0; i < units->count; i++)
        if (units->list[i].session == session && units->list[i].number == number)
            return true;
    return false;
}

static bool list_has_new(const struct kernel_question *list, const struct kernel_units *units,
                         const struct kernel_session *session)
{
    uint32_t length = list->got >= 8 ? be32_load(list->data) : 0;
    uint32_t at;

    if (length > list->got - 8)
        length = list->got - 8;
    for (at = 0; at + 8 <= length; at += 8)
        if (!has_number(units, session, number_of(list->data + 8 + at)))
            return true;
    return false;
}

/* Any unit of the session can be asked; NULL: it has none yet. */
static const struct kernel_unit *any_of(const struct kernel_units *units,
                                        const struct kernel_session *session)
{
    size_t i;

    for (i = 0; i < units->count; i++)
        if (units->list[i].session == session && units->list[i].generic[0] != '\0')
            return &units->list[i];
    return NULL;
}

static int32_t silent(struct tarn_call *call)
{
    return tarn_fail(call, TARN_E_TIMEOUT, 0,
                     "the target's sessions are there, but none of its logical units answers");
}

/* *out_answered: the target has said which there are, or has none that can be asked. */
static int32_t look_for_new(struct tarn_call *call, const struct kernel_session *session,
                            const struct kernel_units *units, uint8_t *room, bool *out_answered,
                            bool *out_rescan)
{
    const struct kernel_unit *unit = any_of(units, session);
    struct kernel_question list = { .cdb = { REPORT_LUNS }, .cdb_length = 12, .data = room,
                                    .length = LIST_SIZE };
    int32_t status;

    *out_answered = *out_rescan = unit == NULL;
    if (unit == NULL)
        return TARN_OK;
    list.generic = unit->generic;
    be32_store(list.cdb + 6, LIST_SIZE);
    status = kernel_ask(call, &list, 1);
    *out_answered = !list.broken;
    *out_rescan = list.good && list_has_new(&list, units, session);
    return status;
}

static int32_t find_new(struct tarn_call *call, const struct kernel_sessions *sessions,
                        const struct kernel_units *units, bool *out_found)
{
    uint8_t *room = malloc(LIST_SIZE);
    bool answered, rescan, any = false;
    int32_t status = room != NULL ? TARN_OK
                                  : tarn_fail(call, TARN_E_INTERNAL, ENOMEM,
                                              "no memory for logical units");
    size_t i;

    *out_found = false;
    for (i = 0; status == TARN_OK && i < kernel_sessions_usable(sessions); i++) {
        status = look_for_new(call, &sessions->list[i], units, room, &answered, &rescan);
        any = any || answered;
        if (status == TARN_OK && rescan) {
            *out_found = true;
            status = kernel_rescan(call, &sessions->list[i]);
        }
    }
    free(room);
    return status == TARN_OK && !any ? silent(call) : status;
}

/* --- what they are ---------------------------------------------------------------------------- */

struct answers {
    uint8_t inquiry[INQUIRY_SIZE];
    uint8_t page[PAGE_SIZE];
    uint8_t capacity[CAPACITY_16_SIZE];
};

enum { ASK_INQUIRY, ASK_PAGE, ASK_CAPACITY, ASK_COUNT };

static void prepare(struct kernel_question *questions, const struct kernel_unit *unit,
                    struct answers *answers)
{
    questions[ASK_INQUIRY] = (struct kernel_question){
        .cdb = { INQUIRY, 0, 0, 0, INQUIRY_SIZE }, .cdb_length = 6,
        .data = answers->inquiry, .length = INQUIRY_SIZE };
    questions[ASK_PAGE] = (struct kernel_question){
        .cdb = { INQUIRY, 1, VPD_IDENTITY }, .cdb_length = 6,
        .data = answers->page, .length = PAGE_SIZE };
    be16_store(questions[ASK_PAGE].cdb + 3, PAGE_SIZE);
    questions[ASK_CAPACITY] = (struct kernel_question){
        .cdb = { SERVICE_ACTION_IN_16, READ_CAPACITY_16 }, .cdb_length = 16,
        .data = answers->capacity, .length = CAPACITY_16_SIZE };
    be32_store(questions[ASK_CAPACITY].cdb + 10, CAPACITY_16_SIZE);
    questions[ASK_INQUIRY].generic = questions[ASK_PAGE].generic =
        questions[ASK_CAPACITY].generic = unit->generic;
}

static void say(struct kernel_unit *unit, int32_t status, const char *why)
{
    unit->status = status;
    snprintf(unit->why, sizeof(unit->why), "%s", why);
}

static void take_capacity(struct kernel_unit *unit, const struct kernel_question *question)
{
    uint64_t last, block;

    if (question->broken) {
        say(unit, TARN_E_TIMEOUT, "it does not answer");
    } else if (!question->good && question->sense_key == NOT_READY) {
        say(unit, TARN_E_NOT_FOUND, question->sense_code == MEDIUM_NOT_PRESENT
                                        ? "there is no medium in it" : "it is not ready");
    } else if (!question->good || question->got < CAPACITY_10_SIZE) {
        say(unit, TARN_E_IO, "it does not tell its size");
    } else {
        bool ten = question->length == CAPACITY_10_SIZE;

        last = ten ? be32_load(question->data) : be64_load(question->data);
        block = ten ? be32_load(question->data + 4)
                    : question->got >= 12 ? be32_load(question->data + 8) : 0;
        if (block == 0 || last >= UINT64_MAX / block)
            say(unit, TARN_E_IO, "it tells a size that cannot be");
        else
            unit->size_told = (last + 1) * block;
    }
}

static void take(struct kernel_unit *unit, const struct kernel_question *questions)
{
    const struct kernel_question *inquiry = &questions[ASK_INQUIRY];
    const struct kernel_question *page = &questions[ASK_PAGE];

    unit->status = TARN_OK;
    if (inquiry->broken || page->broken) {
        say(unit, TARN_E_TIMEOUT, "it does not answer");
        return;
    }
    /* The peripheral qualifier: 0 = it is there (SPC-4, table 141). */
    if (!inquiry->good || inquiry->got < 1 || inquiry->data[0] >> 5 != 0) {
        say(unit, TARN_E_NOT_FOUND, "");
        return;
    }
    unit->type = inquiry->data[0] & 0x1f;
    if (!page->good || !vpd_identity(page->data, page->got, unit->identity))
        unit->identity[0] = '\0';
    take_capacity(unit, &questions[ASK_CAPACITY]);
}

/* CD/DVD know only the older command (MMC-6). */
static int32_t ask_older(struct tarn_call *call, struct kernel_question *questions, size_t count)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; status == TARN_OK && i < count; i++) {
        struct kernel_question *question = &questions[i * ASK_COUNT + ASK_CAPACITY];

        if (question->good || question->broken || question->sense_key != ILLEGAL_REQUEST ||
            !questions[i * ASK_COUNT].good)
            continue;
        memset(question->cdb, 0, sizeof(question->cdb));
        question->cdb[0] = READ_CAPACITY_10;
        question->cdb_length = 10;
        question->length = CAPACITY_10_SIZE;
        status = kernel_ask(call, question, 1);
    }
    return status;
}

static int32_t ask_all(struct tarn_call *call, struct kernel_units *units)
{
    struct answers *answers = calloc(units->count + 1, sizeof(*answers));
    struct kernel_question *questions =
        calloc(units->count + 1, ASK_COUNT * sizeof(*questions));
    int32_t status;
    size_t i;

    if (answers == NULL || questions == NULL) {
        status = tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for logical units");
    } else {
        for (i = 0; i < units->count; i++)
            prepare(&questions[i * ASK_COUNT], &units->list[i], &answers[i]);
        status = kernel_ask(call, questions, units->count * ASK_COUNT);
        if (status == TARN_OK)
            status = ask_older(call, questions, units->count);
        for (i = 0; status == TARN_OK && i < units->count; i++)
            take(&units->list[i], &questions[i * ASK_COUNT]);
    }
    free(answers);
    free(questions);
    return status;
}

static bool all_silent(const struct kernel_units *units)
{
    size_t i;

    for (i = 0; i < units->count; i++)
        if (units->list[i].status != TARN_E_TIMEOUT)
            return false;
    return units->count > 0;
}

/* --- what changed ----------------------------------------------------------------------------- */

static bool has_changed(const struct kernel_unit *unit)
{
    char known[VPD_TEXT_SIZE];

    if (unit->status != TARN_OK || unit->disk[0] == '\0' || !kernel_unit_is_volume(unit))
        return false;
    kernel_unit_identity(unit, known);
    return unit->size != unit->size_told || strcmp(known, unit->identity) != 0;
}

static bool session_changed(const struct kernel_units *units, const struct kernel_session *session)
{
    size_t i;

    for (i = 0; i < units->count; i++)
        if (units->list[i].session == session && has_changed(&units->list[i]))
            return true;
    return false;
}

static int32_t tell_kernel(struct tarn_call *call, const struct kernel_sessions *sessions,
                           const struct kernel_units *units)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; status == TARN_OK && i < kernel_sessions_usable(sessions); i++)
        if (session_changed(units, &sessions->list[i]))
            status = kernel_rescan(call, &sessions->list[i]);
    return status;
}

/* What the kernel knows now, beside what the units said. */
static int32_t read_again(struct tarn_call *call, const struct kernel_sessions *sessions,
                          struct kernel_units *io_units)
{
    struct kernel_units now;
    int32_t status = kernel_units_read(call, sessions, NULL, &now);
    size_t i, k;

    if (status != TARN_OK)
        return status;
    for (i = 0; i < io_units->count; i++)
        for (k = 0; k < now.count; k++)
            if (io_units->list[i].session == now.list[k].session &&
                kernel_unit_is_same(&io_units->list[i], &now.list[k])) {
                io_units->list[i].size = now.list[k].size;
                io_units->list[i].device = now.list[k].device;
                strcpy(io_units->list[i].disk, now.list[k].disk);
            }
    kernel_units_clear(&now);
    return TARN_OK;
}

/* --- which can be asked ----------------------------------------------------------------------- */

static bool have_nodes(const struct kernel_units *units)
{
    size_t i;

    for (i = 0; i < units->count; i++)
        if (units->list[i].generic[0] == '\0' || access(units->list[i].generic, F_OK) < 0)
            return false;
    return true;
}

/* The kernel shows a unit before it has made the node through which it is asked. */
static int32_t read_units(struct tarn_call *call, const struct kernel_sessions *sessions,
                          const char *only, struct kernel_units *out)
{
    int64_t until = server_now() + NODE_PATIENCE;
    int32_t status = kernel_units_read(call, sessions, only, out);
    short ready;

    while (status == TARN_OK && !have_nodes(out) && server_now() < until) {
        status = server_wait(call, -1, 0, server_now() + NODE_STEP, &ready);
        if (status != TARN_OK)
            break;
        kernel_units_clear(out);
        status = kernel_units_read(call, sessions, only, out);
    }
    return status;
}

/* --- looking ---------------------------------------------------------------------------------- */

static int32_t read_all(struct tarn_call *call, const struct kernel_sessions *sessions,
                        struct kernel_units *out)
{
    bool found = false;
    int32_t status = read_units(call, sessions, NULL, out);

    if (status == TARN_OK)
        status = find_new(call, sessions, out, &found);
    if (status == TARN_OK && found) {
        kernel_units_clear(out);
        status = read_units(call, sessions, NULL, out);
    }
    return status;
}

int32_t kernel_look(struct tarn_call *call, const struct kernel_sessions *sessions,
                    const char *only, struct kernel_units *out)
{
    int32_t status;

    *out = (struct kernel_units){ .list = NULL };
    status = only != NULL ? read_units(call, sessions, only, out)
                          : read_all(call, sessions, out);
    if (status == TARN_OK)
        status = ask_all(call, out);
    if (status == TARN_OK && all_silent(out))
        status = silent(call);
    if (status == TARN_OK && only == NULL)
        status = tell_kernel(call, sessions, out);
    if (status == TARN_OK && only == NULL)
        status = kernel_settle(call, out);
    if (status == TARN_OK && only == NULL)
        status = read_again(call, sessions, out);
    if (status == TARN_OK && only == NULL)
        status = kernel_grow_maps(call, out);
    if (status != TARN_OK)
        kernel_units_clear(out);
    return status;
}
