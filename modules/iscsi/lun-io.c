/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lun-io.c - the byte store of a LUN: ranges of bytes, where the target knows blocks alone.
 */
#include <stdlib.h>
#include <string.h>

#include "lun-io.h"

/* --- whole blocks ------------------------------------------------------------------------------ */

struct transfer {
    uint32_t direction;
    struct lun_piece *pieces; /* what is left of them */
    size_t count;
};

static bool next_transfer(struct lun_io *lun, struct queued *queued, void *arg)
{
    struct transfer *transfer = arg;
    struct lun_piece *piece = transfer->pieces;
    uint64_t part;

    while (transfer->count > 0 && piece->length == 0) {
        piece = ++transfer->pieces;
        transfer->count--;
    }
    if (transfer->count == 0)
        return false;
    part = lun_smaller(piece->length, lun->transfer);
    cdb_transfer(&queued->command, &lun->lun, transfer->direction, piece->bytes, piece->offset,
                 part);
    piece->bytes += part;
    piece->offset += part;
    piece->length -= part;
    return true;
}

int32_t lun_transfer(struct tarn_call *call, struct lun_io *lun, uint32_t direction,
                     struct lun_piece *pieces, size_t count)
{
    struct transfer transfer = { direction, pieces, count };
    const struct queue_work work = { next_transfer, &transfer,
                                     direction == SCSI_DATA_IN ? "read" : "write", false };

    return queue_run(call, lun, &work);
}

/* --- parts of blocks --------------------------------------------------------------------------- */

/* A range of bytes as whole blocks: one of which the range begins in the middle, those that it
 * covers, one of which it ends in the middle. The first and the last pass through lun->edges. */
struct cover {
    struct lun_piece pieces[3];
    uint64_t head_skip; /* bytes of the first block before the range */
    uint64_t head;      /* bytes of the range in the first */
    uint64_t tail;      /* in the last */
};

static struct cover cover(const struct lun_io *lun, uint8_t *bytes, uint64_t length,
                          uint64_t offset)
{
    uint64_t block = lun->lun.block_size;
    struct cover out = { .head_skip = offset % block };

    if (out.head_skip > 0) {
        out.head = lun_smaller(block - out.head_skip, length);
        out.pieces[0] = (struct lun_piece){ lun->edges, offset - out.head_skip, block };
    }
    out.tail = (length - out.head) % block;
    out.pieces[1] = (struct lun_piece){ bytes + out.head, offset + out.head,
                                        length - out.head - out.tail };
    if (out.tail > 0)
        out.pieces[2] = (struct lun_piece){ lun->edges + block, offset + length - out.tail, block };
    return out;
}

int32_t lun_read(struct tarn_call *call, struct lun_io *lun, uint8_t *to, uint64_t length,
                 uint64_t offset)
{
    struct cover range = cover(lun, to, length, offset);
    int32_t status = lun_transfer(call, lun, SCSI_DATA_IN, range.pieces, 3);

    if (status != TARN_OK)
        return status;
    memcpy(to, lun->edges + range.head_skip, (size_t)range.head);
    memcpy(to + length - range.tail, lun->edges + lun->lun.block_size, (size_t)range.tail);
    return TARN_OK;
}

/* What of the edges is not the writer's stays as it is. */
int32_t lun_write(struct tarn_call *call, struct lun_io *lun, const uint8_t *from,
                  uint64_t length, uint64_t offset)
{
    struct cover range = cover(lun, (uint8_t *)(uintptr_t)from, length, offset);
    struct lun_piece edges[2] = { range.pieces[0], range.pieces[2] };
    int32_t status = lun_transfer(call, lun, SCSI_DATA_IN, edges, 2);

    if (status != TARN_OK)
        return status;
    memcpy(lun->edges + range.head_skip, from, (size_t)range.head);
    memcpy(lun->edges + lun->lun.block_size, from + length - range.tail, (size_t)range.tail);
    lun->unflushed = true;
    return lun_transfer(call, lun, SCSI_DATA_OUT, range.pieces, 3);
}

/* --- operations -------------------------------------------------------------------------------- */

static bool fits(const struct lun_io *lun, uint64_t offset, uint64_t length)
{
    return offset <= lun->lun.size && length <= lun->lun.size - offset;
}

static int32_t lun_pread(struct tarn_call *call, struct tarn_io *io, void *buffer, uint64_t length,
                         uint64_t offset)
{
    struct lun_io *lun = lun_io_of(io);
    uint64_t taken;
    int32_t status;

    if (!fits(lun, offset, length))
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "cannot read %llu bytes at %llu of unit:0:0:%u: it has %llu",
                         (unsigned long long)length, (unsigned long long)offset, lun->lun.number,
                         (unsigned long long)lun->lun.size);
    status = ahead_take(call, lun, buffer, length, offset, &taken);
    if (status == TARN_OK && taken < length)
        status = lun_read(call, lun, (uint8_t *)buffer + taken, length - taken, offset + taken);
    return status == TARN_OK ? ahead_go_on(call, lun, length, offset) : status;
}

int32_t lun_may_write(struct tarn_call *call, const struct lun_io *lun, uint64_t offset,
                      uint64_t length)
{
    if (!(lun->io.flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "unit:0:0:%u was opened for reading only",
                         lun->lun.number);
    if (!fits(lun, offset, length))
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "cannot write %llu bytes at %llu of unit:0:0:%u: it has only %llu",
                         (unsigned long long)length, (unsigned long long)offset, lun->lun.number,
                         (unsigned long long)lun->lun.size);
    return TARN_OK;
}

static int32_t lun_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                          uint64_t length, uint64_t offset)
{
    struct lun_io *lun = lun_io_of(io);
    int32_t status = lun_may_write(call, lun, offset, length);

    if (status != TARN_OK || length == 0)
        return status;
    status = ahead_stop(call, lun);
    return status == TARN_OK ? lun_write(call, lun, buffer, length, offset) : status;
}

/* A target that does not know the command has no cache that could be lost. */
static int32_t lun_flush(struct tarn_call *call, struct tarn_io *io)
{
    struct lun_io *lun = lun_io_of(io);
    struct scsi_command command;
    uint32_t transferred;
    int32_t status = TARN_OK;

    if (!lun->unflushed)
        return TARN_OK;
    cdb_flush(&command, &lun->lun);
    if (!lun->no_flush)
        status = queue_run_one(call, lun, &command, "flush", true, &transferred);
    if (status == TARN_E_UNSUPPORTED) {
        lun->no_flush = true;
        status = TARN_OK;
    }
    if (status == TARN_OK)
        lun->unflushed = false;
    return status;
}

static int32_t lun_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = lun_io_of(io)->lun.size;
    return TARN_OK;
}

/* --- life -------------------------------------------------------------------------------------- */

static void lun_free(struct lun_io *lun)
{
    path_drop(lun); /* first: what is in flight has the memory */
    target_clear(&lun->target);
    portals_clear(&lun->portals);
    free(lun->ahead.memory);
    free(lun->edges);
    free(lun->zeros);
    free(lun);
}

/* The target's own cache is nothing that it would lose by the end of a session. */
static int32_t lun_close(struct tarn_call *call, struct tarn_io *io)
{
    (void)call;
    lun_free(lun_io_of(io));
    return TARN_OK;
}

static void set_operations(struct lun_io *lun, bool write)
{
    lun->io = (struct tarn_io){
        .struct_size = sizeof(lun->io),
        .flags = TARN_IO_FIXED_SIZE | (write ? TARN_IO_WRITABLE : 0),
        .fd = -1,
        .block_size = lun->lun.block_size,
        .pread = lun_pread,
        .pwrite = lun_pwrite,
        .flush = lun_flush,
        .size = lun_size,
        .extents = lun_extents,
        .zero = lun_zero,
        .discard = lun_discard,
        .close = lun_close,
    };
}

/* As large as the target moves at once, but whole blocks. */
static uint64_t transfer_size(const struct lun *lun)
{
    uint64_t most = lun->longest != 0 ? lun_smaller(lun->longest, TRANSFER_MOST) : TRANSFER_MOST;

    most -= most % lun->block_size;
    return most != 0 ? most : lun->block_size;
}

static int32_t check_usable(struct tarn_call *call, const struct target *target,
                            const struct lun *lun, bool write)
{
    if (lun->status != TARN_OK)
        return tarn_fail(call, lun->status, 0, "cannot use unit:0:0:%u of %s: %s", lun->number,
                         target->iqn, lun->why);
    if (lun->no_medium)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0,
                         "there is no medium in unit:0:0:%u of %s: put one in", lun->number,
                         target->iqn);
    if (write && lun->read_only)
        return tarn_fail(call, TARN_E_ACCESS, 0,
                         "unit:0:0:%u of %s is write-protected: have the target allow writing",
                         lun->number, target->iqn);
    return TARN_OK;
}

int32_t lun_io_open(struct tarn_call *call, const struct target *target, struct portals *portals,
                    size_t portal, struct session *session, const struct lun *lun, bool write,
                    struct tarn_io **out)
{
    struct lun_io *made = calloc(1, sizeof(*made));
    int32_t status;

    *out = NULL;
    if (made == NULL) {
        session_close(session);
        portals_clear(portals);
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open a LUN");
    }
    made->portals = *portals;
    *portals = (struct portals){ NULL, 0 };
    made->portal = portal;
    made->session = session;
    made->lun = *lun;
    made->looked = server_now();
    status = target_copy(call, target, &made->target);
    if (status == TARN_OK)
        status = check_usable(call, target, lun, write);
    if (status == TARN_OK) {
        made->transfer = transfer_size(lun);
        made->edges = calloc(2, lun->block_size);
        if (made->edges == NULL)
            status = tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open a LUN");
    }
    if (status != TARN_OK) {
        lun_free(made);
        return status;
    }
    set_operations(made, write);
    *out = &made->io;
    return TARN_OK;
}
