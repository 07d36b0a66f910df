/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check.h - what the parts of the check share.
 */
#ifndef FORMAT_VMDK_CHECK_H
#define FORMAT_VMDK_CHECK_H

#include "vmdk.h"

struct vmdk_check {
    struct tarn_call *call;
    struct vmdk_image *image;
    struct tarn_check_result result;
    uint64_t told; /* findings that were emitted */
    bool repair;
};

/* Counts a fault, and tells it if it is one of the first. */
void vmdk_found(struct vmdk_check *check, uint32_t kind, uint64_t offset, uint64_t length,
                const char *format, ...) TARN_PRINTF(5, 6);
/* The same, of what is mended already. */
void vmdk_mended(struct vmdk_check *check, uint64_t offset, uint64_t length, const char *format,
                 ...) TARN_PRINTF(4, 5);
/* A part that failed: a fault of the image becomes a finding, with the error forgotten; anything
 * else, as a cancelled call or a storage that fails, stays an error. */
int32_t vmdk_found_error(struct vmdk_check *check, int32_t status, const char *what,
                         const char *name);

/* check-map.c: which sectors of a file are in use. Files that are larger than the map can hold are
 * looked at in several passes, so that the memory is bounded. */
#define VMDK_MAP_SECTORS ((uint64_t)1 << 28) /* 32 MiB of bits: 128 GiB of the file */

struct vmdk_map {
    uint64_t *bits;
    uint64_t first; /* sector */
    uint64_t count; /* of this pass */
    uint64_t next; /* the first sector behind this pass that is in use; UINT64_MAX = none */
    uint64_t free_run; /* sectors without use before `first` */
    uint64_t leaks; /* whole grains that nothing uses */
    uint64_t used_end; /* sector */
};

int32_t vmdk_map_new(struct tarn_call *call, uint64_t sectors, struct vmdk_map *out);
/* Begins the pass that starts at `first`, of a file of `sectors`. */
void vmdk_map_begin(struct vmdk_map *map, uint64_t first, uint64_t sectors);
/* False if a part of it is in use already. */
bool vmdk_map_use(struct vmdk_map *map, uint64_t first, uint64_t count);
/* Counts runs of at least `grain` sectors that nothing uses. Answers where the next pass begins:
 * `sectors` if there is none. */
uint64_t vmdk_map_end(struct vmdk_map *map, uint64_t grain, uint64_t sectors);

/* check-extent.c: all tables and grains of a sparse extent. */
int32_t vmdk_check_extent(struct vmdk_check *check, struct vmdk_extent *extent);

/* check-copy.c: compares the redundant copy of a table, at `place`, with the table; mends it if
 * that is asked for. `room` has room for it. */
int32_t vmdk_check_copy(struct vmdk_check *check, const struct vmdk_extent *extent, uint64_t number,
                        uint64_t place, const uint8_t *table, uint8_t *room);
/* An extent without faults needs no mark of an unclean end, and no size of a growth that was
 * interrupted. */
int32_t vmdk_check_unmark(struct vmdk_check *check, struct vmdk_extent *extent);

#endif
