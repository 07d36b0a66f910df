/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * memory-io.h - a byte store in memory for unit tests: it counts, it fails when it is told to, and
 * it keeps a journal from which a test can make what a crash would have left behind.
 */
#ifndef MEMORY_IO_H
#define MEMORY_IO_H

#include <stdbool.h>

#include <tarn/call.h>

/* One step that changed the store, or a flush. */
struct memory_step {
    enum { MEMORY_WRITE, MEMORY_TRUNCATE, MEMORY_ZERO, MEMORY_FLUSH } what;
    uint64_t offset;
    uint64_t length; /* for MEMORY_TRUNCATE the new size */
    uint8_t *bytes;  /* for MEMORY_WRITE */
};

struct memory_io {
    struct tarn_io io; /* first */
    uint8_t *bytes;
    uint64_t size;
    uint64_t room;
    uint64_t limit; /* a size beyond it is TARN_E_NO_SPACE */
    bool keep;      /* tarn_io_close() leaves it alone: the test frees it */

    uint64_t reads;
    uint64_t writes;
    uint64_t flushes;
    uint64_t operations; /* all of them together */
    uint64_t fail_at;    /* this operation, counted from 1, and all later ones fail; 0 = none */
    int32_t fail_status;
    int32_t fail_errno;

    bool record; /* fill the journal */
    struct memory_step *journal;
    uint64_t journal_length;
    uint64_t journal_room;
};

/* An empty, writable, growing store of `size` zero bytes. Freed by memory_io_free(), or by
 * tarn_io_close() unless `keep` is set. */
struct memory_io *memory_io_new(uint64_t size);
/* A new store with these bytes. */
struct memory_io *memory_io_of(const void *bytes, uint64_t size);
void memory_io_free(struct memory_io *memory);

/* A new store with what `start` holds after the steps [0, count) of the journal, those left out
 * for which `lost` says so; `lost` NULL = none. */
struct memory_io *memory_io_replay(const struct memory_io *start, const struct memory_step *steps,
                                   uint64_t count, const bool *lost);

#endif
