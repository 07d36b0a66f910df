/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lun-peek.c - reading a little of a LUN in a session that somebody else has: the head of an image.
 */
#include <stdlib.h>
#include <string.h>

#include "lun-io.h"

#define PEEK_MOST ((uint64_t)64 << 10)

static struct lun_peek *peek_of(struct tarn_io *io)
{
    return (struct lun_peek *)(void *)io;
}

/* Whole blocks, into memory of our own. */
static int32_t read_blocks(struct tarn_call *call, struct lun_peek *peek, void *blocks,
                           uint64_t offset, uint64_t length)
{
    char what[64 + VPD_TEXT_SIZE];
    char why[SERVER_WHY_SIZE] = "";
    struct scsi_command command;
    int32_t status;

    snprintf(what, sizeof(what), "cannot read unit:0:0:%u", peek->lun->number);
    cdb_transfer(&command, peek->lun, SCSI_DATA_IN, blocks, offset, length);
    status = session_run(call, peek->session, &command, why);
    if (status != TARN_OK)
        return why[0] != '\0' ? tarn_fail(call, status, 0, "%s: %s", what, why) : status;
    if (command.outcome == SCSI_GOOD && command.transferred < length)
        return tarn_fail(call, TARN_E_IO, 0, "%s: too few bytes came", what);
    return scsi_command_status(call, &command, what);
}

static int32_t read_part(struct tarn_call *call, struct lun_peek *peek, uint8_t *to,
                         uint64_t length, uint64_t offset)
{
    uint64_t block = peek->lun->block_size;
    uint64_t first = offset - offset % block;
    uint64_t covered = (offset + length - first + block - 1) / block * block;
    uint8_t *blocks = malloc((size_t)covered);
    int32_t status;

    if (blocks == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to look into a LUN");
    status = read_blocks(call, peek, blocks, first, covered);
    if (status == TARN_OK)
        memcpy(to, blocks + (offset - first), (size_t)length);
    free(blocks);
    return status;
}

static int32_t peek_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                          uint64_t length, uint64_t offset)
{
    struct lun_peek *peek = peek_of(io);
    uint8_t *to = buffer;
    int32_t status = TARN_OK;

    if (offset > peek->lun->size || length > peek->lun->size - offset)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "cannot read %llu bytes at %llu of unit:0:0:%u: it has %llu",
                         (unsigned long long)length, (unsigned long long)offset,
                         peek->lun->number, (unsigned long long)peek->lun->size);
    while (status == TARN_OK && length > 0) {
        uint64_t part = lun_smaller(length, PEEK_MOST);

        status = read_part(call, peek, to, part, offset);
        to += part;
        offset += part;
        length -= part;
    }
    return status;
}

static int32_t peek_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = peek_of(io)->lun->size;
    return TARN_OK;
}

void lun_peek_init(struct lun_peek *peek, struct session *session, const struct lun *lun)
{
    *peek = (struct lun_peek){
        .io = { .struct_size = sizeof(peek->io), .flags = TARN_IO_FIXED_SIZE, .fd = -1,
                .block_size = lun->block_size, .pread = peek_pread, .size = peek_size },
        .session = session,
        .lun = lun,
    };
}
