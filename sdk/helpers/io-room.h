/* SPDX-License-Identifier: BSD-2-Clause
 *
 * io-room.h - whether a new image fits into its container.
 */
#ifndef HELPERS_IO_ROOM_H
#define HELPERS_IO_ROOM_H

#include <tarn/call.h>

/* The size of `io` in *out. TARN_E_NO_SPACE if it is fixed and less than `needed` bytes. */
static inline int32_t io_room(struct tarn_call *call, struct tarn_io *io, uint64_t needed,
                              uint64_t *out)
{
    int32_t status;

    *out = 0;
    status = tarn_io_size(call, io, out);
    if (status == TARN_OK && (io->flags & TARN_IO_FIXED_SIZE) && *out < needed)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the image needs %llu bytes and its container has %llu",
                         (unsigned long long)needed, (unsigned long long)*out);
    return status;
}

#endif
