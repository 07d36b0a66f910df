/* SPDX-License-Identifier: BSD-2-Clause
 *
 * memory-store.h - a byte store in a memory file, sparse up to exbibytes, which fails when it is
 * told to. It keeps io.h's rules to the letter, and notices who does not: a call after close, two
 * at once without TARN_IO_PARALLEL, a write to a store opened for reading.
 */
#ifndef CONFORM_MEMORY_STORE_H
#define CONFORM_MEMORY_STORE_H

#include <stdatomic.h>
#include <stdbool.h>

#include <tarn/io.h>

#include "conform/trial.h"

/* Which operations a fault counts. */
#define STORE_READS  0x01u
#define STORE_WRITES 0x02u /* pwrite, truncate, zero, discard, allocate */
#define STORE_FLUSH  0x04u
#define STORE_ALL    0x07u

/* One for all stores of a trial. */
struct store_faults {
    uint32_t counts;    /* STORE_… */
    uint32_t at;        /* the n-th of them fails, and each after it while `lasting`; 0 = never */
    bool lasting;
    int32_t status;     /* with this: TARN_E_IO, TARN_E_NO_SPACE */
    int32_t system_errno;
    bool part_written;  /* a write that fails has written its first half */
    atomic_uint seen;   /* how many there were */
    atomic_uint fired;
};

/* Which bytes were read. */
#define STORE_TRACED 4096u
struct store_trace {
    size_t count;
    struct {
        uint64_t offset;
        uint64_t length;
    } ranges[STORE_TRACED];
};

struct memory_store {
    struct tarn_io io; /* first; flags may be changed before it is given away */
    struct trial *trial;
    struct store_faults *faults; /* or NULL */
    struct memory_store *lasting; /* gets the bytes at each flush: what a crash leaves; or NULL */
    struct store_trace *trace; /* or NULL */
    atomic_uint *users;  /* one less when it is closed; or NULL */
    int file;
    uint64_t limit;      /* bytes: it does not grow beyond, as a full disk; UINT64_MAX = none */
    bool rubbish;        /* what growing adds are not zeros: take TARN_IO_ZERO_NEW away */
    bool keeps;          /* close() leaves it usable: the kit ends it with memory_store_free */
    atomic_uint inside;  /* calls at this moment */
    atomic_uint closed;  /* how often close() was called */
    atomic_ullong reads; /* calls and bytes since the kit set them to 0 */
    atomic_ullong writes;
    atomic_ullong bytes_read;
    atomic_ullong bytes_written;
};

/* An empty one, open for writing, sparse, whose growth reads as zeros; keeps = true. */
struct memory_store *memory_store_new(struct trial *trial);
/* The bytes of another one, and its size, in place of those that are there. */
void memory_store_take(struct memory_store *store, const struct memory_store *from);
/* A copy of the bytes, from start to end. */
struct memory_store *memory_store_copy(struct memory_store *store);
/* Another one on the same bytes. */
struct memory_store *memory_store_again(struct memory_store *store, bool writable);
void memory_store_free(struct memory_store *store);

/* For the kit: without faults and without a call. */
uint64_t memory_store_size(const struct memory_store *store);
void memory_store_read(const struct memory_store *store, void *buffer, uint64_t length,
                       uint64_t offset);
void memory_store_write(struct memory_store *store, const void *bytes, uint64_t length,
                        uint64_t offset);
void memory_store_cut(struct memory_store *store, uint64_t size);
/* A sum over the bytes and the size, by which contents are compared. */
uint64_t memory_store_sum(const struct memory_store *store);

#endif
