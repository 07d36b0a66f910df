/* SPDX-License-Identifier: BSD-2-Clause
 *
 * io-data.h - where a byte store may hold something else than zeros, asked in portions: while it
 * tells its extents a store is in use, so that nothing can be read of it before that is over.
 *
 *     struct io_data data = io_data_of(offset, length);
 *
 *     while (status == TARN_OK && (status = io_data_next(call, io, &data)) == TARN_OK &&
 *            data.start < data.end)
 *         status = look_at(data.start, data.end - data.start);
 */
#ifndef HELPERS_IO_DATA_H
#define HELPERS_IO_DATA_H

#include <tarn/call.h>

#define IO_DATA_PORTION 64u

struct io_data {
    uint64_t start; /* the present run; empty after the last one */
    uint64_t end;
    /* --- its own --- */
    uint64_t next;  /* what comes from here on was not asked for yet */
    uint64_t most;
    uint32_t taken; /* of the portion */
    uint32_t count;
    uint64_t starts[IO_DATA_PORTION];
    uint64_t ends[IO_DATA_PORTION];
};

/* Runs within [offset, offset + length), which lies within the store. */
static inline struct io_data io_data_of(uint64_t offset, uint64_t length)
{
    struct io_data data = { .next = offset, .most = offset + length };

    return data;
}

static inline int32_t io_data_take(struct tarn_call *call, const struct tarn_extent *extent,
                                   void *arg)
{
    struct io_data *data = (struct io_data *)arg;

    (void)call;
    data->next = extent->offset + extent->length;
    if (extent->kind == TARN_EXTENT_HOLE || extent->kind == TARN_EXTENT_ZERO)
        return TARN_OK;
    if (data->count > 0 && data->ends[data->count - 1] == extent->offset) {
        data->ends[data->count - 1] = data->next;
        return TARN_OK;
    }
    data->starts[data->count] = extent->offset;
    data->ends[data->count++] = data->next;
    return data->count < IO_DATA_PORTION ? TARN_OK : -1; /* ends it: no status, so it is known */
}

/* Stores the next run in data->start and data->end. */
static inline int32_t io_data_next(struct tarn_call *call, struct tarn_io *io, struct io_data *data)
{
    int32_t status = TARN_OK;

    if (data->taken == data->count && data->next < data->most) {
        data->taken = data->count = 0;
        status = tarn_io_extents(call, io, data->next, data->most - data->next, io_data_take, data);
        if (status == -1)
            status = TARN_OK;
    }
    data->start = data->end = data->most;
    if (status == TARN_OK && data->taken < data->count) {
        data->start = data->starts[data->taken];
        data->end = data->ends[data->taken++];
    }
    return status;
}

#endif
