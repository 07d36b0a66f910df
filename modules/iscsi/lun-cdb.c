/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lun-cdb.c - the commands of a LUN's byte store, as bytes (SBC-3, 5). Offsets and lengths are in
 * bytes, and whole blocks.
 */
#include <string.h>

#include "helpers/be.h"
#include "lun-io.h"

#define READ_10          0x28
#define WRITE_10         0x2a
#define FLUSH_10         0x35 /* SYNCHRONIZE CACHE */
#define UNMAP            0x42
#define READ_16          0x88
#define WRITE_16         0x8a
#define WRITE_SAME_16    0x93
#define SERVICE_IN_16    0x9e
#define BLOCK_STATUS     0x12 /* of SERVICE_IN_16: GET LBA STATUS */
#define WRITE_SAME_UNMAP 0x08 /* in byte 1 */

static void begin(struct scsi_command *command, const struct lun *lun, uint8_t operation,
                  uint32_t cdb_length)
{
    memset(command, 0, sizeof(*command));
    command->cdb[0] = operation;
    command->cdb_length = cdb_length;
    command->lun = lun->number;
}

static void carry(struct scsi_command *command, uint32_t direction, void *data, uint32_t length)
{
    command->direction = direction;
    command->data = data;
    command->length = length;
}

/* The form of ten bytes wherever it reaches: discs and old targets know no other. */
void cdb_transfer(struct scsi_command *command, const struct lun *lun, uint32_t direction,
                  void *data, uint64_t offset, uint64_t length)
{
    bool write = direction == SCSI_DATA_OUT;
    uint64_t block = offset / lun->block_size;
    uint64_t count = length / lun->block_size;

    if (block + count <= UINT32_MAX && count <= UINT16_MAX) {
        begin(command, lun, write ? WRITE_10 : READ_10, 10);
        be32_store(command->cdb + 2, (uint32_t)block);
        be16_store(command->cdb + 7, (uint16_t)count);
    } else {
        begin(command, lun, write ? WRITE_16 : READ_16, 16);
        be64_store(command->cdb + 2, block);
        be32_store(command->cdb + 10, (uint32_t)count);
    }
    carry(command, direction, data, (uint32_t)length);
}

/* No blocks named: all. */
void cdb_flush(struct scsi_command *command, const struct lun *lun)
{
    begin(command, lun, FLUSH_10, 10);
}

void cdb_write_same(struct scsi_command *command, const struct lun *lun, bool unmap, void *data,
                    uint64_t offset, uint64_t length)
{
    begin(command, lun, WRITE_SAME_16, 16);
    command->cdb[1] = unmap ? WRITE_SAME_UNMAP : 0;
    be64_store(command->cdb + 2, offset / lun->block_size);
    be32_store(command->cdb + 10, (uint32_t)(length / lun->block_size));
    carry(command, SCSI_DATA_OUT, data, lun->block_size);
}

/* Two lengths, of what follows each; four bytes of nothing; the range. */
void cdb_unmap(struct scsi_command *command, const struct lun *lun, uint8_t data[24],
               uint64_t offset, uint64_t length)
{
    begin(command, lun, UNMAP, 10);
    be16_store(command->cdb + 7, 24);
    memset(data, 0, 24);
    be16_store(data, 22);
    be16_store(data + 2, 16);
    be64_store(data + 8, offset / lun->block_size);
    be32_store(data + 16, (uint32_t)(length / lun->block_size));
    carry(command, SCSI_DATA_OUT, data, 24);
}

void cdb_block_status(struct scsi_command *command, const struct lun *lun, void *data,
                      uint32_t length, uint64_t offset)
{
    begin(command, lun, SERVICE_IN_16, 16);
    command->cdb[1] = BLOCK_STATUS;
    be64_store(command->cdb + 2, offset / lun->block_size);
    be32_store(command->cdb + 10, length);
    carry(command, SCSI_DATA_IN, data, length);
}
