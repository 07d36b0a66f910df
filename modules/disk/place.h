/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * place.h - where a new partition goes. Arithmetic on sectors: no disk is touched.
 */
#ifndef DISK_PLACE_H
#define DISK_PLACE_H

#include "table.h"

/* What the disk wants of a partition's beginning and length. */
struct grain {
    uint64_t start;  /* sectors: it begins at a multiple of this */
    uint64_t offset; /* plus this */
    uint64_t length; /* sectors: its length is a multiple of this */
};

/* For a disk whose best transfer size is `optimal` bytes (0 = it tells none), and whose physical
 * blocks begin `offset` bytes after its first sector. */
struct grain grain_of(const struct table *table, uint64_t optimal, uint64_t offset);

/* What of a gap a partition can have: NULL length if nothing. A logical partition's own sector lies
 * before it. */
struct gap place_usable(const struct gap *gap, const struct grain *grain);

/* The smallest gap of that kind into which `length` sectors (rounded up as the grain wants) fit,
 * the first of several. False: none; *out_largest is what would fit. */
bool place_find(const struct gap *gaps, size_t count, bool logical, const struct grain *grain,
                uint64_t length, struct gap *out, uint64_t *out_largest);

/* The gaps without [start, end): `gaps` has room for one more. The new count. */
size_t place_cut(struct gap *gaps, size_t count, uint64_t start, uint64_t end);

/* How far the partition that ends at `end` (exclusive) can grow: where the gap behind it ends, or
 * `end`. */
uint64_t place_limit(const struct gap *gaps, size_t count, bool logical, uint64_t end);

#endif
