/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * toy-disk.h - a toy format over sdk/helpers/span-disk: a table in memory says of each unit what it
 * is, and the bytes of unit i lie at i units into the container; packed ones inverted.
 */
#ifndef TOY_DISK_H
#define TOY_DISK_H

#include "helpers/span-disk.h"
#include "tests/unit/fake-host.h"
#include "tests/unit/memory-io.h"

#define MOST_UNITS 64

struct toy {
    struct span_disk disk; /* first */
    enum span_kind table[MOST_UNITS];
    bool erases;        /* has marks for zeros */
    bool one_at_a_time; /* stores only one unit per call */
    uint64_t stores;
    uint64_t unpacks;
    uint64_t finds;
};

struct frame {
    struct fake_host host;
    struct memory_io *container;
    struct memory_io *backing; /* or NULL */
    struct toy toy;
};

extern const struct span_ops toy_growing;
extern const struct span_ops toy_fixed;    /* cannot be resized */
extern const struct span_ops toy_readable; /* cannot be written */

/* A disk of `size` bytes, all absent, over a backing store full of 'b' unless `backing_size` is
 * 0. */
void toy_begin(struct frame *frame, const struct span_ops *ops, uint64_t unit, uint64_t size,
               uint64_t backing_size);
void toy_end(struct frame *frame);

/* Writes `length` times `byte`. */
int32_t toy_put(struct frame *frame, uint64_t offset, uint64_t length, int byte);
/* Are all these bytes `byte`? */
bool toy_holds(struct frame *frame, uint64_t offset, uint64_t length, int byte);
int32_t toy_zero(struct frame *frame, uint64_t offset, uint64_t length, uint32_t flags);

#endif
