/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * luns.c - which logical units a target has, and what each is. All of a group are asked the same
 * question at once, then the next: so a hundred take hardly longer than one.
 */
#include "lun.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"

#define GROUP 64            /* LUNs that are asked at once */
#define ANSWER_SIZE 1024    /* of one question about one LUN */
#define LIST_HEAD 8         /* of REPORT LUNS data, and of each entry */
#define INQUIRY_MOST 255    /* bytes: targets of SPC-2 and before read one byte of the length */

#define OP_TEST_UNIT_READY  0x00
#define OP_INQUIRY          0x12
#define OP_MODE_SENSE_6     0x1a
#define OP_READ_CAPACITY_10 0x25
#define OP_SERVICE_IN_16    0x9e
#define OP_REPORT_LUNS      0xa0
#define READ_CAPACITY_16    0x10 /* service action */

/* --- numbers ----------------------------------------------------------------------------------- */

static int by_number(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;

    return a < b ? -1 : a > b;
}

/* One level of peripheral or flat space addressing, SAM-5, 4.7. */
static bool number_of(const uint8_t entry[LIST_HEAD], uint32_t *out)
{
    static const uint8_t zeros[LIST_HEAD];
    uint16_t level = be16_load(entry);

    *out = level & 0x3fff;
    return memcmp(entry + 2, zeros, LIST_HEAD - 2) == 0 && (level < 0x100 || level >> 14 == 1);
}

static size_t numbers_sort(uint32_t *numbers, size_t count)
{
    size_t kept = 0;
    size_t i;

    qsort(numbers, count, sizeof(*numbers), by_number);
    for (i = 0; i < count; i++)
        if (i == 0 || numbers[i] != numbers[i - 1])
            numbers[kept++] = numbers[i];
    return kept;
}

static int32_t numbers_take(struct tarn_call *call, const uint8_t *data, size_t length,
                            uint32_t **out, size_t *out_count, char *why)
{
    size_t told = length >= LIST_HEAD ? be32_load(data) / LIST_HEAD : 0;
    size_t count = 0;
    size_t i;

    if (length < LIST_HEAD || told > (length - LIST_HEAD) / LIST_HEAD) {
        snprintf(why, SERVER_WHY_SIZE, "it tells of %zu logical units and sends the numbers of %zu",
                 told, length < LIST_HEAD ? 0 : (length - LIST_HEAD) / LIST_HEAD);
        return TARN_E_IO;
    }
    *out = calloc(told + 1, sizeof(**out));
    if (*out == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for the numbers of LUNs");
    for (i = 0; i < told; i++)
        if (number_of(data + LIST_HEAD * (i + 1), &(*out)[count]))
            count++;
    *out_count = numbers_sort(*out, count);
    return TARN_OK;
}

int32_t lun_numbers(struct tarn_call *call, struct session *session, uint32_t **out,
                    size_t *out_count, char *why)
{
    struct scsi_command command = { .cdb = { OP_REPORT_LUNS }, .cdb_length = 12,
                                    .direction = SCSI_DATA_IN,
                                    .length = LIST_HEAD * (1 + LUN_MOST) };
    int32_t status;

    *out = NULL;
    *out_count = 0;
    why[0] = '\0';
    be32_store(command.cdb + 6, command.length);
    command.data = calloc(1, command.length);
    if (command.data == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory for the numbers of LUNs");
    status = session_run(call, session, &command, why);
    if (status == TARN_OK)
        status = scsi_command_why(&command, why);
    if (status == TARN_OK)
        status = numbers_take(call, command.data, command.transferred, out, out_count, why);
    free(command.data);
    return status;
}

/* --- questions --------------------------------------------------------------------------------- */

struct look {
    struct lun *lun;
    struct scsi_command command;
    bool briefly;
    bool asked;     /* the present question */
    bool capacity;  /* has been told */
    uint8_t pages[VPD_PROVISIONING + 1]; /* which there are: page 00 */
    uint8_t answer[ANSWER_SIZE];
};

/* A question puts together its command, or says that it need not be asked; `take` gets what came. */
struct question {
    bool (*ask)(struct look *look);
    void (*take)(struct look *look);
    bool brief; /* asked in a brief look, too */
};

static void ask_for(struct look *look, uint32_t cdb_length, uint32_t length)
{
    look->command.cdb_length = cdb_length;
    look->command.length = length;
    look->command.direction = length > 0 ? SCSI_DATA_IN : SCSI_NO_DATA;
}

static bool fine(const struct look *look)
{
    return look->command.outcome == SCSI_GOOD;
}

static void unusable(struct lun *lun, int32_t status, const char *why)
{
    lun->status = status;
    snprintf(lun->why, sizeof(lun->why), "%s", why);
}

static void failed(struct look *look, const char *what)
{
    char why[SERVER_WHY_SIZE / 2];
    char said[SERVER_WHY_SIZE];

    look->lun->status = scsi_command_why(&look->command, said);
    snprintf(why, sizeof(why), "%.*s", (int)sizeof(why) - 1, said);
    snprintf(look->lun->why, sizeof(look->lun->why), "%s: %s", what, why);
}

/* --- INQUIRY ----------------------------------------------------------------------------------- */

static bool ask_inquiry(struct look *look)
{
    look->command.cdb[0] = OP_INQUIRY;
    look->command.cdb[4] = INQUIRY_MOST;
    ask_for(look, 6, INQUIRY_MOST);
    return true;
}

/* Without trailing blanks, and "?" for what is no ASCII. */
static void take_text(char *out, const uint8_t *text, size_t length)
{
    size_t i;

    while (length > 0 && text[length - 1] <= ' ')
        length--;
    for (i = 0; i < length; i++)
        out[i] = text[i] >= ' ' && text[i] < 0x7f ? (char)text[i] : '?';
    out[length] = '\0';
}

static void take_inquiry(struct look *look)
{
    struct lun *lun = look->lun;
    const uint8_t *answer = look->answer;

    if (!fine(look)) {
        failed(look, "it does not tell what it is");
        return;
    }
    if (look->command.transferred < 36) {
        unusable(lun, TARN_E_IO, "it does not tell what it is: too few bytes came");
        return;
    }
    lun->device_type = answer[0] & 0x1f;
    lun->removable = (answer[1] & 0x80) != 0;
    lun->read_only = lun->device_type == LUN_TYPE_CD;
    take_text(lun->vendor, answer + 8, sizeof(lun->vendor) - 1);
    take_text(lun->product, answer + 16, sizeof(lun->product) - 1);
    if (answer[0] >> 5 != 0) /* peripheral qualifier, SPC-4, table 141 */
        unusable(lun, TARN_E_NOT_FOUND, "the target has no such logical unit");
    else if (lun->device_type != LUN_TYPE_DISK && lun->device_type != LUN_TYPE_CD)
        unusable(lun, TARN_E_UNSUPPORTED, "it is neither a disk nor a CD");
}

/* --- is there a medium? ------------------------------------------------------------------------ */

static bool ask_ready(struct look *look)
{
    if (!look->lun->removable && look->lun->device_type != LUN_TYPE_CD)
        return false;
    look->command.cdb[0] = OP_TEST_UNIT_READY;
    ask_for(look, 6, 0);
    return true;
}

/* Whatever else is wrong, reading the capacity fails as well, and tells. */
static void take_ready(struct look *look)
{
    look->lun->no_medium =
        look->command.outcome == SCSI_CHECK && look->command.sense_code >> 8 == 0x3a;
}

/* --- capacity ---------------------------------------------------------------------------------- */

static bool ask_capacity(struct look *look)
{
    if (look->lun->no_medium)
        return false;
    look->command.cdb[0] = OP_SERVICE_IN_16;
    look->command.cdb[1] = READ_CAPACITY_16;
    look->command.cdb[13] = 32;
    ask_for(look, 16, 32);
    return true;
}

static void set_size(struct lun *lun, uint64_t last_block, uint32_t block_size)
{
    if (block_size < 512 || block_size > 1048576 || (block_size & (block_size - 1)) != 0)
        unusable(lun, TARN_E_UNSUPPORTED,
                 "its blocks have a size that is no power of two from 512 bytes to 1 MiB");
    else if (last_block >= (uint64_t)INT64_MAX / block_size)
        unusable(lun, TARN_E_IO, "it says that it is larger than anything can be");
    else {
        lun->block_size = block_size;
        lun->size = (last_block + 1) * block_size;
    }
}

static void take_capacity(struct look *look)
{
    if (!fine(look) || look->command.transferred < 16)
        return;
    look->capacity = true;
    look->lun->thin = (look->answer[14] & 0x80) != 0;
    look->lun->zeroes_unmapped = (look->answer[14] & 0x40) != 0;
    set_size(look->lun, be64_load(look->answer), be32_load(look->answer + 8));
}

/* CDs, and disks of before SBC-3, know only this. */
static bool ask_old_capacity(struct look *look)
{
    if (look->lun->no_medium || look->capacity)
        return false;
    look->command.cdb[0] = OP_READ_CAPACITY_10;
    ask_for(look, 10, 8);
    return true;
}

static void take_old_capacity(struct look *look)
{
    if (!fine(look))
        failed(look, "it does not tell its size");
    else if (look->command.transferred < 8 || be32_load(look->answer) == UINT32_MAX)
        unusable(look->lun, TARN_E_IO, "it does not tell its size");
    else
        set_size(look->lun, be32_load(look->answer), be32_load(look->answer + 4));
}

/* --- may it be written? ------------------------------------------------------------------------ */

static bool ask_mode(struct look *look)
{
    if (look->lun->device_type != LUN_TYPE_DISK)
        return false;
    look->command.cdb[0] = OP_MODE_SENSE_6;
    look->command.cdb[1] = 0x08; /* DBD: no block descriptors */
    look->command.cdb[2] = 0x3f; /* all pages: some know no other */
    look->command.cdb[4] = 192;
    ask_for(look, 6, 192);
    return true;
}

/* Who does not answer says no when it is written. */
static void take_mode(struct look *look)
{
    if (fine(look) && look->command.transferred >= 4)
        look->lun->read_only = (look->answer[2] & 0x80) != 0;
}

/* --- vital product data ------------------------------------------------------------------------ */

static bool ask_page(struct look *look, uint8_t page)
{
    look->command.cdb[0] = OP_INQUIRY;
    look->command.cdb[1] = 0x01; /* EVPD */
    look->command.cdb[2] = page;
    be16_store(look->command.cdb + 3, INQUIRY_MOST);
    ask_for(look, 6, INQUIRY_MOST);
    return page == VPD_PAGES || look->pages[page];
}

static bool ask_pages(struct look *look)
{
    return ask_page(look, VPD_PAGES);
}

static void take_pages(struct look *look)
{
    unsigned page;

    for (page = 0; fine(look) && page < sizeof(look->pages); page++)
        look->pages[page] = vpd_has_page(look->answer, look->command.transferred, (uint8_t)page);
}

/* Briefly only where nothing better tells it from others. */
static bool ask_serial(struct look *look)
{
    return ask_page(look, VPD_SERIAL) && !(look->briefly && look->lun->identity[0] != '\0');
}

static void take_serial(struct look *look)
{
    if (fine(look))
        vpd_serial(look->answer, look->command.transferred, look->lun->serial);
}

static bool ask_identity(struct look *look)
{
    bool wanted = ask_page(look, VPD_IDENTITY);

    be16_store(look->command.cdb + 3, ANSWER_SIZE);
    ask_for(look, 6, ANSWER_SIZE);
    return wanted;
}

static void take_identity(struct look *look)
{
    if (fine(look))
        vpd_identity(look->answer, look->command.transferred, look->lun->identity);
}

static bool ask_limits(struct look *look)
{
    return ask_page(look, VPD_LIMITS);
}

static uint32_t blocks_to_bytes(uint32_t blocks, uint32_t block_size)
{
    return block_size != 0 && blocks > UINT32_MAX / block_size ? UINT32_MAX : blocks * block_size;
}

static void take_limits(struct look *look)
{
    struct lun *lun = look->lun;

    if (!fine(look))
        return;
    vpd_limits(look->answer, look->command.transferred, &lun->limits);
    lun->longest = blocks_to_bytes(lun->limits.longest_transfer, lun->block_size);
    lun->optimal = blocks_to_bytes(lun->limits.optimal_transfer, lun->block_size);
}

static bool ask_provisioning(struct look *look)
{
    return ask_page(look, VPD_PROVISIONING);
}

static void take_provisioning(struct look *look)
{
    if (fine(look))
        vpd_provisioning(look->answer, look->command.transferred, &look->lun->limits);
}

/* --- asking ------------------------------------------------------------------------------------ */

static const struct question questions[] = {
    { ask_inquiry, take_inquiry, true },      { ask_ready, take_ready, true },
    { ask_capacity, take_capacity, true },    { ask_old_capacity, take_old_capacity, true },
    { ask_mode, take_mode, false },           { ask_pages, take_pages, false },
    { ask_identity, take_identity, true },    { ask_serial, take_serial, true },
    { ask_limits, take_limits, false },       { ask_provisioning, take_provisioning, false },
};

/* Puts the question to a LUN if it is still of interest. */
static int32_t ask(struct tarn_call *call, struct session *session, struct look *look,
                   const struct question *question, char *why)
{
    memset(&look->command, 0, sizeof(look->command));
    memset(look->answer, 0, sizeof(look->answer));
    look->command.lun = look->lun->number;
    look->command.data = look->answer;
    look->asked = look->lun->status == TARN_OK && question->ask(look);
    return look->asked ? session_send(call, session, &look->command, why) : TARN_OK;
}

/* After a login a target has something to tell about each; then it is asked again. */
static int32_t ask_attentive(struct tarn_call *call, struct session *session, struct look *looks,
                             size_t count, char *why)
{
    int32_t status = TARN_OK;
    unsigned attentions;
    bool any = true;
    size_t i;

    for (attentions = 0; status == TARN_OK && any && attentions < SCSI_ATTENTIONS; attentions++) {
        any = false;
        for (i = 0; status == TARN_OK && i < count; i++)
            if (looks[i].asked && scsi_is_attention(&looks[i].command)) {
                any = true;
                status = session_send(call, session, &looks[i].command, why);
            }
        if (status == TARN_OK && any)
            status = session_wait(call, session, NULL, why);
    }
    return status;
}

static int32_t ask_all(struct tarn_call *call, struct session *session, struct look *looks,
                       size_t count, const struct question *question, char *why)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; status == TARN_OK && i < count; i++)
        status = ask(call, session, &looks[i], question, why);
    if (status == TARN_OK)
        status = session_wait(call, session, NULL, why);
    if (status == TARN_OK)
        status = ask_attentive(call, session, looks, count, why);
    for (i = 0; status == TARN_OK && i < count; i++) {
        if (!looks[i].asked)
            continue;
        if (looks[i].command.outcome == SCSI_BUSY_NOW)
            status = session_run(call, session, &looks[i].command, why);
        if (status == TARN_OK)
            question->take(&looks[i]);
    }
    return status;
}

/* In a brief look the target is not asked which pages it has: what it has not it does not tell. */
static void look_begin(struct look *look, struct lun *lun, bool briefly)
{
    *lun = (struct lun){ .number = lun->number };
    look->lun = lun;
    look->briefly = briefly;
    look->capacity = false;
    memset(look->pages, briefly, sizeof(look->pages));
}

static int32_t look_at(struct tarn_call *call, struct session *session, struct look *looks,
                       size_t count, bool briefly, char *why)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; status == TARN_OK && i < sizeof(questions) / sizeof(questions[0]); i++)
        if (questions[i].brief || !briefly)
            status = ask_all(call, session, looks, count, &questions[i], why);
    return status;
}

static int32_t look(struct tarn_call *call, struct session *session, struct lun *luns,
                    size_t count, bool briefly, char *why)
{
    struct look *looks = calloc(GROUP, sizeof(*looks));
    int32_t status = TARN_OK;
    size_t at;
    size_t i;

    why[0] = '\0';
    if (looks == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to look at LUNs");
    for (at = 0; status == TARN_OK && at < count; at += GROUP) {
        size_t group = count - at < GROUP ? count - at : GROUP;

        for (i = 0; i < group; i++)
            look_begin(&looks[i], &luns[at + i], briefly);
        status = look_at(call, session, looks, group, briefly, why);
    }
    free(looks);
    return status;
}

int32_t lun_look(struct tarn_call *call, struct session *session, struct lun *luns, size_t count,
                 char *why)
{
    return look(call, session, luns, count, false, why);
}

int32_t lun_look_briefly(struct tarn_call *call, struct session *session, struct lun *luns,
                         size_t count, char *why)
{
    return look(call, session, luns, count, true, why);
}
