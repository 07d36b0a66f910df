/* SPDX-License-Identifier: BSD-2-Clause
 *
 * io-zero.h - zeros into a byte store, by its own means if it has any, else written out.
 */
#ifndef HELPERS_IO_ZERO_H
#define HELPERS_IO_ZERO_H

#include <stdlib.h>

#include <tarn/call.h>

#define IO_ZERO_CHUNK ((uint64_t)256 << 10)

/* Writes `length` zero bytes at `offset`, so that the storage really takes them. Cancellable. */
static inline int32_t io_write_zeros(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                                     uint64_t length)
{
    uint64_t room = length < IO_ZERO_CHUNK ? length : IO_ZERO_CHUNK;
    void *zeros = calloc(1, room > 0 ? room : 1);
    int32_t status = TARN_OK;

    if (zeros == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for %llu zero bytes",
                         (unsigned long long)room);
    while (length > 0 && status == TARN_OK) {
        uint64_t piece = length < room ? length : room;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = tarn_io_pwrite(call, io, zeros, piece, offset);
        offset += piece;
        length -= piece;
    }
    free(zeros);
    return status;
}

/* Makes the range read as zeros; `flags` as for tarn_io.zero (without TARN_ZERO_FAST_ONLY). */
static inline int32_t io_zero(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                              uint64_t length, uint32_t flags)
{
    int32_t status = length > 0 ? tarn_io_zero(call, io, offset, length, flags) : TARN_OK;

    return status == TARN_E_UNSUPPORTED ? io_write_zeros(call, io, offset, length) : status;
}

/* Takes the space of the range, which reads as zeros before and after: reserved where the store
 * can, else written. */
static inline int32_t io_reserve(struct tarn_call *call, struct tarn_io *io, uint64_t offset,
                                 uint64_t length)
{
    int32_t status = length > 0 ? tarn_io_allocate(call, io, offset, length) : TARN_OK;

    return status == TARN_E_UNSUPPORTED ? io_write_zeros(call, io, offset, length) : status;
}

#endif
