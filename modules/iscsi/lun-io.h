/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lun-io.h - what the parts of a LUN's byte store share: the store itself, commands in a queue, and
 * reading ahead.
 */
#ifndef ISCSI_LUN_IO_H
#define ISCSI_LUN_IO_H

#include <tarn/io.h>

#include "lun.h"

#define QUEUE_DEPTH 8u
/* Bytes of a read or write: larger ones make the target no faster, and wait for each other. */
#define TRANSFER_MOST ((uint64_t)256 << 10)
#define AHEAD_DEPTH 16u

/* A command, and the data that only it needs. */
struct queued {
    struct scsi_command command;
    uint8_t data[24]; /* UNMAP's list of one range */
    uint32_t attentions;
};

/* --- reading ahead (lun-ahead.c) --------------------------------------------------------------- */

struct ahead_part {
    struct scsi_command command;
    uint64_t offset;
};

/* Parts that lie one behind the other; the oldest is at `first`. */
struct ahead {
    struct ahead_part parts[AHEAD_DEPTH];
    uint8_t *memory; /* of all parts; NULL until it is needed */
    size_t first;
    size_t count;
    uint64_t expected; /* where a reader in sequence reads next */
    uint64_t streak;   /* bytes that it has read so */
};

/* --- the store --------------------------------------------------------------------------------- */

struct lun_io {
    struct tarn_io io; /* first */
    struct target target;
    struct portals portals;
    size_t portal;
    struct session *session; /* NULL: it broke, or its call ended; the next operation connects */
    size_t breaks;           /* of sessions, since something came back */
    int64_t looked;          /* when it was seen that the LUN is the one that was opened */
    struct lun lun;
    bool unflushed;
    bool no_write_same; /* the target has refused the command, as the following */
    bool no_status;
    bool no_flush;
    uint64_t transfer;  /* bytes of the longest read or write: a multiple of the block */
    uint8_t *edges;     /* two blocks, of which the user wants parts */
    uint8_t *zeros;     /* a block; NULL until it is needed */
    struct queued queue[QUEUE_DEPTH];
    struct ahead ahead;
};

static inline struct lun_io *lun_io_of(struct tarn_io *io)
{
    return (struct lun_io *)(void *)io;
}

static inline uint64_t lun_smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Whole blocks. */
struct lun_piece {
    uint8_t *bytes;
    uint64_t offset;
    uint64_t length;
};

/* Reads or writes them, whatever their lengths; `direction` as of a command. */
int32_t lun_transfer(struct tarn_call *call, struct lun_io *lun, uint32_t direction,
                     struct lun_piece *pieces, size_t count);
/* As tarn_io.pread and pwrite, of a range that lies within the LUN, and without reading ahead. */
int32_t lun_read(struct tarn_call *call, struct lun_io *lun, uint8_t *to, uint64_t length,
                 uint64_t offset);
int32_t lun_write(struct tarn_call *call, struct lun_io *lun, const uint8_t *from,
                  uint64_t length, uint64_t offset);
/* TARN_OK if a writer may touch the range. */
int32_t lun_may_write(struct tarn_call *call, const struct lun_io *lun, uint64_t offset,
                      uint64_t length);

/* --- commands (lun-cdb.c) ---------------------------------------------------------------------- */

void cdb_transfer(struct scsi_command *command, const struct lun *lun, uint32_t direction,
                  void *data, uint64_t offset, uint64_t length);
void cdb_flush(struct scsi_command *command, const struct lun *lun);
/* `data` is one block. */
void cdb_write_same(struct scsi_command *command, const struct lun *lun, bool unmap, void *data,
                    uint64_t offset, uint64_t length);
/* `data` has room for the list. */
void cdb_unmap(struct scsi_command *command, const struct lun *lun, uint8_t data[24],
               uint64_t offset, uint64_t length);
void cdb_block_status(struct scsi_command *command, const struct lun *lun, void *data,
                      uint32_t length, uint64_t offset);

/* --- several in flight (lun-queue.c) ----------------------------------------------------------- */

/* The next command of several; false: there is none. */
typedef bool (*queue_next_fn)(struct lun_io *lun, struct queued *queued, void *arg);

/* Commands that may be done twice. */
struct queue_work {
    queue_next_fn next;
    void *arg;
    const char *what;    /* "read": of "cannot read unit:0:0:1 …" */
    bool may_be_unknown; /* the target need not know the command: TARN_E_UNSUPPORTED, not recorded */
};

/* Does them all, through another portal where one breaks. Nothing is in flight afterwards but what
 * is read ahead. */
int32_t queue_run(struct tarn_call *call, struct lun_io *lun, const struct queue_work *work);
/* A single one. */
int32_t queue_run_one(struct tarn_call *call, struct lun_io *lun,
                      const struct scsi_command *command, const char *what, bool may_be_unknown,
                      uint32_t *out_transferred);

/* --- getting through again (lun-path.c) -------------------------------------------------------- */

/* A session, if there is none, with the LUN that was opened. */
int32_t path_need(struct tarn_call *call, struct lun_io *lun);
/* The session broke with `status` and `why`: another one, with the same LUN. An empty `why`: the call
 * has ended, which is returned. */
int32_t path_again(struct tarn_call *call, struct lun_io *lun, int32_t status, const char *why);
/* The session broke: the next operation gets another, through the next portal. */
void path_lose(struct tarn_call *call, struct lun_io *lun, const char *why);
/* TARN_OK if the LUN is still the one that was opened; TARN_E_REPLACED. The session broke: not
 * recorded, `why` tells. A failure ends the session. */
int32_t path_verify(struct tarn_call *call, struct lun_io *lun, char *why);
/* Ends the session, and with it all that is in flight. */
void path_drop(struct lun_io *lun);
/* A command that nobody wants any more came back: its unit attention shall not be missed. */
void path_attend(struct lun_io *lun, const struct scsi_command *command);

/* --- reading ahead ----------------------------------------------------------------------------- */

/* Takes what was read ahead of the range into `to`: *out_taken bytes from its front. */
int32_t ahead_take(struct tarn_call *call, struct lun_io *lun, uint8_t *to, uint64_t length,
                   uint64_t offset, uint64_t *out_taken);
/* The range was read: goes on behind it if the reader seems to read in sequence. */
int32_t ahead_go_on(struct tarn_call *call, struct lun_io *lun, uint64_t length, uint64_t offset);
/* What was read ahead is of no use any more. */
int32_t ahead_stop(struct tarn_call *call, struct lun_io *lun);

/* --- operations of the store ------------------------------------------------------------------- */

int32_t lun_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset, uint64_t length,
                 uint32_t flags);
int32_t lun_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset, uint64_t length);
int32_t lun_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset, uint64_t length,
                    tarn_extent_fn emit, void *arg);

#endif
