/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-growing.c - containers that grow as they are written: their byte stores are resized, since
 * such a type needs no volume_resize.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "conform/pool-checks.h"
#include "conform/pool.h"

bool pool_grows_by_itself(const struct tarn_pool_type *type)
{
    return !(type->flags & TARN_POOL_SIZED_CONTAINERS) && type->volume_open != NULL;
}

int32_t store_cut(struct pool *pool, struct tarn_io *io, uint64_t size, uint32_t flags)
{
    host_begin(pool->host, "truncate", HOST_TAKES_NOTHING);
    return host_end(pool->host, tarn_io_truncate(&pool->host->call, io, size, flags));
}

int32_t pool_cut(struct pool *pool, const char *name, uint64_t size, uint32_t flags)
{
    struct tarn_io *io = NULL;
    int32_t status = pool_volume_open(pool, name, TARN_OPEN_WRITE, &io);

    if (status != TARN_OK)
        return status;
    status = store_cut(pool, io, size, flags);
    pool_bytes_close(pool, io);
    return status;
}

static struct tarn_io *cuttable(struct pool *pool, const char *name)
{
    struct tarn_io *io = pool_bytes(pool, name, TARN_OPEN_WRITE);

    if (io->truncate == NULL || (io->flags & TARN_IO_FIXED_SIZE))
        trial_skip(pool->trial, "its byte stores have no truncate");
    return io;
}

static void cut(struct pool *pool, struct tarn_io *io, uint64_t size, uint32_t flags)
{
    int32_t status = store_cut(pool, io, size, flags);

    if (status == TARN_E_UNSUPPORTED)
        trial_skip(pool->trial, "its byte stores cannot be cut so: %s", pool->host->text);
    pool_must(pool, status, "truncate of a byte store");
    trial_require(pool->trial, store_size(pool, io) == size,
                  "truncate to %" PRIu64 " bytes answered ok, and the store has %" PRIu64, size,
                  store_size(pool, io));
}

/* Only where it is promised. */
static void must_be_zeros(struct pool *pool, struct tarn_io *io, uint64_t offset, uint64_t length,
                          const char *when)
{
    uint8_t *bytes = trial_alloc(pool->trial, length);

    pool_must(pool, store_read(pool, io, bytes, length, offset), "pread");
    for (uint64_t index = 0; (io->flags & TARN_IO_ZERO_NEW) && index < length; index++)
        trial_require(pool->trial, bytes[index] == 0,
                      "byte %" PRIu64 " of a store with TARN_IO_ZERO_NEW is 0x%02x %s, expected "
                      "zeros", offset + index, bytes[index], when);
    free(bytes);
}

/* In the middle of a block, too: what was cut off there must not come back. */
void pool_grow_by_itself(struct pool *pool)
{
    const char *name = pool_volume(pool, 1, 1);
    struct tarn_io *io = cuttable(pool, name);
    uint64_t kept = pool->size / 2 - 100;

    cut(pool, io, pool->size * 2, 0);
    must_be_zeros(pool, io, pool->size, pool->size, "after it grew");
    pool_bytes_close(pool, io);
    pool_must_hold(pool, name, pool->size, 1, "after it grew");
    io = cuttable(pool, name);
    cut(pool, io, kept, TARN_TRUNCATE_SHRINK);
    cut(pool, io, pool->size, 0);
    must_be_zeros(pool, io, kept, pool->size - kept, "after it shrank and grew again");
    pool_bytes_close(pool, io);
}

void pool_shrink_by_itself(struct pool *pool)
{
    const char *name = pool_volume(pool, 1, 1);
    struct tarn_io *io = cuttable(pool, name);

    cut(pool, io, pool->size / 2, TARN_TRUNCATE_SHRINK);
    pool_bytes_close(pool, io);
    pool_must_hold(pool, name, pool->size / 2, 1, "after it became smaller");
}
