/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-reserve.c - thin volumes, and space that is reserved in them.
 */
#include <inttypes.h>
#include <string.h>

#include "conform/pool-checks.h"
#include "conform/pool.h"

#define SEED 1

const char *pool_thin_volume(struct pool *pool, unsigned number)
{
    struct birth birth;
    int32_t status;

    birth_init(&birth, pool, pool_volume_name(pool->trial, number));
    birth.spec.allocation = 0;
    birth.def.allocation = 0;
    status = birth_allocate(&birth);
    if (status == TARN_E_UNSUPPORTED || (status == TARN_OK && birth.io == NULL))
        trial_skip(pool->trial, "it makes no thin volumes here: %s", pool->host->text);
    pool_must(pool, status, "volume_allocate");
    if (store_size(pool, birth.io) < pool->size)
        pool_must(pool, store_cut(pool, birth.io, pool->size, 0), "truncate of a new container");
    pool_must(pool, store_fill(pool, birth.io, pool->size / 4, SEED), "pwrite");
    pool_must(pool, birth_close(&birth), "closing a new container");
    pool_must(pool, birth_publish(&birth), "volume_publish");
    return birth.spec.name;
}

/* TARN_E_UNSUPPORTED comes without a word: the host writes zeros. */
static void reserve(struct pool *pool, struct tarn_io *io)
{
    struct host *host = pool->host;
    int32_t status;

    host_begin(host, "allocate", HOST_TAKES_NOTHING);
    status = tarn_io_allocate(&host->call, io, 0, pool->size);
    if (status == TARN_E_UNSUPPORTED)
        trial_skip(pool->trial, "its byte stores reserve nothing: the host writes zeros");
    host_must(host, status);
}

static uint8_t *read_all(struct pool *pool, struct tarn_io *io)
{
    uint8_t *bytes = trial_alloc(pool->trial, pool->size);

    pool_must(pool, store_read(pool, io, bytes, pool->size, 0), "pread");
    return bytes;
}

void pool_reserve(struct trial *trial)
{
    struct pool *pool;
    struct tarn_io *io;
    const char *name;
    uint64_t size, allocation;
    const uint8_t *before, *after;

    pool = pool_of_births(trial);
    if (pool_cannot(pool, TARN_OPERATION_THIN))
        trial_skip(trial, "its volumes take their space when they are made");
    name = pool_thin_volume(pool, 1);
    io = pool_bytes(pool, name, TARN_OPEN_WRITE);
    size = store_size(pool, io);
    before = read_all(pool, io);
    reserve(pool, io);
    after = read_all(pool, io);
    trial_require(trial, store_size(pool, io) == size, "allocate has changed the size");
    trial_require(trial, memcmp(before, after, pool->size) == 0,
                  "allocate has changed what the volume reads");
    pool_bytes_close(pool, io);
    allocation = pool_need(pool, name)->info.allocation;
    trial_require(trial, allocation >= pool->size,
                  "allocate of all %" PRIu64 " bytes of a volume answered ok, and volume_lookup "
                  "tells that it takes %" PRIu64 ": answer unsupported where nothing is reserved",
                  pool->size, allocation);
    pool_end(pool);
}
