/* SPDX-License-Identifier: BSD-2-Clause
 *
 * span-disk-internal.h - what the files of span-disk share.
 */
#ifndef SPAN_DISK_INTERNAL_H
#define SPAN_DISK_INTERNAL_H

#include "span-disk.h"

static inline struct span_disk *span_disk_of(struct tarn_io *io)
{
    return (struct span_disk *)(void *)io;
}

/* Fails with TARN_E_INVALID unless the range lies within the disk. */
int32_t span_disk_range(struct tarn_call *call, const struct span_disk *disk, uint64_t offset,
                        uint64_t length);
/* ops->find, with a span that goes no further than was asked for. */
int32_t span_disk_find(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                       uint64_t length, struct span *out);
/* Does the span read as zeros for certain? */
bool span_is_zero(const struct span_disk *disk, const struct span *span);

/* The operations of the byte store. */
int32_t span_disk_read(struct tarn_call *call, struct tarn_io *io, void *buffer, uint64_t length,
                       uint64_t offset);
int32_t span_disk_write(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                        uint64_t length, uint64_t offset);
int32_t span_disk_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                       uint64_t length, uint32_t flags);
int32_t span_disk_discard(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                          uint64_t length);
int32_t span_disk_truncate(struct tarn_call *call, struct tarn_io *io, uint64_t size,
                           uint32_t flags);
int32_t span_disk_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                          uint64_t length, tarn_extent_fn emit, void *arg);

#endif
