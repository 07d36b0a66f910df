/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The reader's rule for structures that cross the module boundary (tarn/abi.h): what the writer did
 * not know is zero, what the reader does not know is left out.
 */
#ifndef CORE_SIZED_H
#define CORE_SIZED_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void sized_fill(void *to, size_t size, const void *from, size_t theirs)
{
    memset(to, 0, size);
    memcpy(to, from, theirs < size ? theirs : size);
}

/* Makes *to, of `size` bytes, a complete copy of a structure whose struct_size is a uint32_t; the
 * copy's is `size`. Texts and arrays that it points to stay the writer's. */
static inline void sized_copy(void *to, size_t size, const void *from)
{
    uint32_t theirs;
    uint32_t ours = (uint32_t)size;

    memcpy(&theirs, from, sizeof(theirs));
    sized_fill(to, size, from, theirs);
    memcpy(to, &ours, sizeof(ours));
}

/* The same for a structure of the host API (tarn/tarn.h), whose struct_size is a size_t. */
static inline void sized_copy_host(void *to, size_t size, const void *from)
{
    size_t theirs;

    memcpy(&theirs, from, sizeof(theirs));
    sized_fill(to, size, from, theirs);
    memcpy(to, &size, sizeof(size));
}

#endif
