/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-lazy-io.h - an open file as a byte store for reading that becomes a real one only
 * when it is read: most images are recognised by their first bytes, which come along anyway.
 */
#ifndef HELPERS_FILE_VOLUMES_LAZY_IO_H
#define HELPERS_FILE_VOLUMES_LAZY_IO_H

#include <tarn/call.h>

struct lazy_io {
    struct tarn_io io; /* first: the two have the same address */
    int fd;            /* -1 once `real` has it */
    uint64_t size;
    struct tarn_io *real;
};

/* Takes the descriptor, which it closes in the end; allocates nothing. */
void lazy_io_begin(struct lazy_io *lazy, int fd, uint64_t size);
void lazy_io_end(struct tarn_call *call, struct lazy_io *lazy);

#endif
