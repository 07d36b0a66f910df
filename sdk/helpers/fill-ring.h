/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fill-ring.h - units of fill-disk.h in their order: those with bytes are packed by several threads
 * at once, and come out packed, the oldest first. Only one thread calls these.
 */
#ifndef FILL_RING_H
#define FILL_RING_H

#include <stdbool.h>

#include "helpers/fill-disk.h"

struct fill_ring;

/* NULL = no memory. Starts no thread yet. Knows of the plan: arg, unit, packed_room, threads,
 * pack. */
struct fill_ring *fill_ring_new(const struct fill_plan *plan);
/* Waits for what is being packed. */
void fill_ring_free(struct fill_ring *ring);

bool fill_ring_full(const struct fill_ring *ring);
/* Adds the next one; the ring is not full. The bytes of a FILL_PLAIN unit are in *buffer, of
 * fill_plan.unit bytes, which the ring keeps; another buffer takes its place. */
void fill_ring_add(struct fill_ring *ring, const struct fill_unit *unit, uint8_t **buffer);
/* The oldest one, FILL_PACKED if it packed. NULL = there is none, or, unless told to wait, it is not
 * done yet. It is there until it is removed. */
const struct fill_unit *fill_ring_oldest(struct fill_ring *ring, bool wait);
void fill_ring_remove(struct fill_ring *ring);

#endif
