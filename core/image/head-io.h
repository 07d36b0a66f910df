/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A byte store that answers from a container's first bytes, which were read anyway, and goes to the
 * container itself for the rest. Read only; lives in its user's frame.
 */
#ifndef CORE_HEAD_IO_H
#define CORE_HEAD_IO_H

#include <tarn/call.h>

struct head_io {
    struct tarn_io io; /* first */
    struct tarn_io *below; /* NULL: the head is all there is */
    const unsigned char *head;
    uint64_t head_length;
    uint64_t size;
};

/* Everything stays the caller's and outlives it. `size` is the container's. */
void head_io_init(struct head_io *head, struct tarn_io *below, const void *bytes,
                  uint64_t length, uint64_t size);

#endif
