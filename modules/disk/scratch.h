/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * scratch.h - a copy, in memory, of the sectors that a disk's partition table consists of: a sparse
 * file of the disk's size. libparted reads and changes that copy and never sees the disk. What it
 * changed is then written to the disk here, in an order in which a whole table is there at every
 * moment, old or new; or not at all.
 */
#ifndef DISK_SCRATCH_H
#define DISK_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

#include <tarn/call.h>

/* A range of bytes that was copied. */
struct scratch_span {
    uint64_t offset;
    uint64_t length;
};

struct scratch {
    const char *name; /* of the disk, for people */
    int disk;         /* not the scratch's */
    int fd;           /* the copy */
    uint64_t size;    /* bytes */
    uint32_t sector;  /* bytes */
    struct scratch_span *spans;
    size_t span_count;
    size_t span_room;
    bool changed;     /* it is no copy any more: nothing is copied into it */
};

/* Begins a copy of the disk with what may hold a table of any kind: its two ends. `name` and the
 * descriptor outlive the scratch. */
int32_t scratch_open(struct tarn_call *call, struct scratch *scratch, const char *name, int disk,
                     uint64_t size, uint32_t sector);
void scratch_close(struct scratch *scratch);

/* Makes sure that the range is in the copy. TARN_E_INVALID if it is not on the disk. */
int32_t scratch_copy(struct tarn_call *call, struct scratch *scratch, uint64_t offset,
                     uint64_t length);
bool scratch_has(const struct scratch *scratch, uint64_t offset, uint64_t length);

/* Of the copy as it is: what was never copied or written reads as zeros. */
int32_t scratch_read(struct tarn_call *call, struct scratch *scratch, void *buffer,
                     uint64_t length, uint64_t offset);
int32_t scratch_write(struct tarn_call *call, struct scratch *scratch, const void *buffer,
                      uint64_t length, uint64_t offset);

#endif
