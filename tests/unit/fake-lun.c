/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fake-lun.c - see fake-lun.h. What is in flight is done when somebody waits, the latest first: as
 * queued commands may. Out of memory is a failed test: it ends the program.
 */
#include "fake-lun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/be.h"

#define FLIGHTS 64

struct session {
    struct scsi_command *flights[FLIGHTS];
    size_t count;
    bool broken;
};

static struct fake_lun *only;

/* --- what a disk does -------------------------------------------------------------------------- */

static void check(struct scsi_command *command, uint8_t key, uint16_t code)
{
    command->outcome = SCSI_CHECK;
    command->sense_key = key;
    command->sense_code = code;
    command->transferred = 0;
}

static void good(struct scsi_command *command, uint32_t transferred)
{
    command->outcome = SCSI_GOOD;
    command->transferred = transferred;
}

static void copy_blocks(struct scsi_command *command, uint64_t block, uint64_t count)
{
    uint64_t size = only->lun.block_size;
    uint8_t *at = only->bytes + block * size;

    if (block + count > only->lun.size / size || count * size != command->length) {
        check(command, 0x05, 0x2100);
        return;
    }
    if (command->length > only->longest)
        only->longest = command->length;
    if (command->direction == SCSI_DATA_IN) {
        memcpy(command->data, at, command->length);
    } else {
        memcpy(at, command->data, command->length);
        memset(only->mapped + block, 1, count);
    }
    good(command, command->length);
}

static void write_same(struct scsi_command *command)
{
    uint64_t block = be64_load(command->cdb + 2);
    uint64_t count = be32_load(command->cdb + 10);
    uint64_t size = only->lun.block_size;
    uint64_t i;

    only->unmapping_same = (command->cdb[1] & 0x08) != 0;
    if (only->no_write_same || (only->unmapping_same && !only->lun.limits.write_same_unmaps) ||
        count == 0 || block + count > only->lun.size / size || command->length != size) {
        check(command, 0x05, only->no_write_same ? 0x2000 : 0x2400);
        return;
    }
    for (i = block; i < block + count; i++) {
        memcpy(only->bytes + i * size, command->data, size);
        only->mapped[i] = !only->unmapping_same;
    }
    good(command, command->length);
}

static void unmap(struct scsi_command *command)
{
    const uint8_t *list = command->data;
    uint64_t block = be64_load(list + 8);
    uint64_t count = be32_load(list + 16);
    uint64_t size = only->lun.block_size;

    if (command->length != 24 || be16_load(list) != 22 || be16_load(list + 2) != 16 ||
        be16_load(command->cdb + 7) != 24 || block + count > only->lun.size / size) {
        check(command, 0x05, 0x2600);
        return;
    }
    if (!only->no_unmap) {
        memset(only->bytes + block * size, 0, count * size);
        memset(only->mapped + block, 0, count);
    }
    good(command, command->length);
}

/* As many ranges as have room, from the asked block on. */
static void block_status(struct scsi_command *command)
{
    uint64_t blocks = only->lun.size / only->lun.block_size;
    uint64_t block = be64_load(command->cdb + 2);
    uint8_t *answer = command->data;
    uint32_t length = 8;

    if (only->no_status) {
        check(command, 0x05, 0x2000);
        return;
    }
    if (only->status_length > 0) {
        memcpy(answer, only->status_answer, only->status_length);
        good(command, only->status_length);
        return;
    }
    memset(answer, 0, command->length);
    while (block < blocks && length + 16 <= 8 + 16 * 3) { /* several answers for one map */
        uint64_t end = block + 1;

        while (end < blocks && only->mapped[end] == only->mapped[block])
            end++;
        be64_store(answer + length, block);
        be32_store(answer + length + 8, (uint32_t)(end - block));
        answer[length + 12] = only->mapped[block] ? 0 : 1;
        block = end;
        length += 16;
    }
    be32_store(answer, length - 4);
    good(command, length);
}

static void perform(struct scsi_command *command)
{
    const uint8_t *cdb = command->cdb;

    switch (cdb[0]) {
    case 0x28:
    case 0x2a:
        copy_blocks(command, be32_load(cdb + 2), be16_load(cdb + 7));
        return;
    case 0x88:
    case 0x8a:
        copy_blocks(command, be64_load(cdb + 2), be32_load(cdb + 10));
        return;
    case 0x35:
        if (only->no_flush)
            check(command, 0x05, 0x2000);
        else
            good(command, 0);
        return;
    case 0x93:
        write_same(command);
        return;
    case 0x42:
        unmap(command);
        return;
    case 0x9e:
        block_status(command);
        return;
    default:
        check(command, 0x05, 0x2000);
    }
}

/* --- a session --------------------------------------------------------------------------------- */

static int32_t lose(struct session *session, char *why, int32_t status, const char *text)
{
    session->broken = true;
    for (; session->count > 0; session->count--)
        session->flights[session->count - 1]->outcome = SCSI_LOST;
    snprintf(why, SERVER_WHY_SIZE, "%s", text);
    return status;
}

/* TARN_OK, or the session broke. */
static int32_t happen(struct session *session, struct scsi_command *command, char *why)
{
    enum fake_fault fault = 0;

    only->commands++;
    only->count[command->cdb[0]]++;
    if (only->fault_at != 0 && only->commands >= only->fault_at &&
        only->commands < only->fault_at + only->fault_times) {
        fault = only->fault;
        if (only->on_fault != NULL)
            only->on_fault(only);
    }
    switch (fault) {
    case FAKE_BREAKS:
        return lose(session, why, TARN_E_IO, "the test broke it");
    case FAKE_SILENCE:
        return lose(session, why, TARN_E_TIMEOUT, "it does not answer");
    case FAKE_ATTENTION:
        check(command, 0x06, 0x3f0e);
        return TARN_OK;
    case FAKE_MEDIUM:
        check(command, 0x03, 0x1100);
        return TARN_OK;
    case FAKE_BUSY:
        command->outcome = SCSI_BUSY_NOW;
        return TARN_OK;
    case FAKE_SHORT:
        perform(command);
        command->transferred /= 2;
        return TARN_OK;
    default:
        perform(command);
        return TARN_OK;
    }
}

int32_t session_send(struct tarn_call *call, struct session *session,
                     struct scsi_command *command, char *why)
{
    (void)call;
    why[0] = '\0';
    command->outcome = SCSI_LOST;
    if (session->broken)
        return lose(session, why, TARN_E_IO, "it is broken");
    command->outcome = SCSI_PENDING;
    session->flights[session->count++] = command;
    if (session->count > only->most_in_flight)
        only->most_in_flight = session->count;
    return TARN_OK;
}

void session_push(struct session *session)
{
    (void)session;
}

int32_t session_wait(struct tarn_call *call, struct session *session,
                     struct scsi_command *command, char *why)
{
    int32_t status = TARN_OK;

    why[0] = '\0';
    while (status == TARN_OK && session->count > 0 &&
           (command == NULL || command->outcome == SCSI_PENDING)) {
        struct scsi_command *latest = session->flights[--session->count];

        status = tarn_interrupted(call);
        if (status != TARN_OK) {
            session->count++;
            return lose(session, why, status, "");
        }
        latest->outcome = SCSI_LOST;
        status = happen(session, latest, why);
    }
    return status;
}

void session_close(struct session *session)
{
    free(session);
}

bool scsi_is_attention(const struct scsi_command *command)
{
    return command->outcome == SCSI_CHECK && command->sense_key == 0x06;
}

int32_t scsi_command_status(struct tarn_call *call, const struct scsi_command *command,
                            const char *what)
{
    return tarn_fail(call, TARN_E_IO, 0, "%s: outcome %u, sense %x/%04x", what, command->outcome,
                     command->sense_key, command->sense_code);
}

/* --- getting through --------------------------------------------------------------------------- */

int32_t target_connect(struct tarn_call *call, const struct target *target,
                       struct portals *portals, size_t *io_first, struct session **out)
{
    size_t i;

    (void)target;
    *out = NULL;
    for (i = 0; i < portals->count; i++) {
        size_t portal = (*io_first + i) % portals->count;

        if (only->down[portal])
            continue;
        *io_first = only->portal = portal;
        only->connects++;
        *out = calloc(1, sizeof(**out));
        if (*out == NULL)
            exit(99);
        return TARN_OK;
    }
    return tarn_fail(call, TARN_E_TIMEOUT, 0, "no portal answers");
}

int32_t target_copy(struct tarn_call *call, const struct target *target, struct target *out)
{
    (void)call;
    *out = (struct target){ .iqn = strdup(target->iqn) };
    return TARN_OK;
}

void target_clear(struct target *target)
{
    free(target->iqn);
}

void portals_clear(struct portals *portals)
{
    free(portals->list);
    *portals = (struct portals){ NULL, 0 };
}

int32_t lun_look(struct tarn_call *call, struct session *session, struct lun *luns, size_t count,
                 char *why)
{
    (void)call;
    (void)session;
    (void)count;
    why[0] = '\0';
    luns[0] = only->lun;
    return TARN_OK;
}

/* --- for tests --------------------------------------------------------------------------------- */

void fake_lun_init(struct fake_lun *fake, uint64_t blocks, uint32_t block_size)
{
    uint64_t i;

    *fake = (struct fake_lun){ .lun = { .number = 1, .block_size = block_size,
                                        .size = blocks * block_size,
                                        .identity = "360000000000000001" } };
    fake->bytes = malloc(fake->lun.size);
    fake->mapped = malloc(blocks);
    if (fake->bytes == NULL || fake->mapped == NULL)
        exit(99);
    for (i = 0; i < fake->lun.size; i++)
        fake->bytes[i] = (uint8_t)(i * 7 + (i >> 9) * 13 + 1);
    memset(fake->mapped, 1, blocks);
    fake->fault_times = 1;
    only = fake;
}

void fake_lun_clear(struct fake_lun *fake)
{
    free(fake->bytes);
    free(fake->mapped);
    only = NULL;
}

int32_t fake_lun_open(struct tarn_call *call, struct fake_lun *fake, bool write,
                      struct tarn_io **out)
{
    const struct target target = { .iqn = (char *)(uintptr_t)"iqn.2024-01.org.example:fake" };
    struct portals portals = { calloc(FAKE_PORTALS, sizeof(struct portal)), FAKE_PORTALS };
    struct session *session;
    size_t first = 0;

    if (portals.list == NULL || target_connect(call, &target, &portals, &first, &session) != 0)
        exit(99);
    return lun_io_open(call, &target, &portals, first, session, &fake->lun, write, out);
}
