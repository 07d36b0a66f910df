/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-content.c - the byte stores that a pool type gives, by the rules of tarn/io.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conform/pool-checks.h"
#include "conform/pool.h"

/* A volume with the pattern of 1, opened for writing. */
struct subject_store {
    struct pool *pool;
    const char *name;
    struct tarn_io *io;
    uint64_t size; /* at most what the pattern fills */
};

static void store_begin(struct subject_store *out, struct trial *trial, uint32_t flags)
{
    out->pool = pool_started(trial);
    out->name = pool_volume(out->pool, 1, 1);
    out->io = pool_bytes(out->pool, out->name, flags);
    out->size = out->pool->size;
}

static void store_end(struct subject_store *store)
{
    pool_bytes_close(store->pool, store->io);
    pool_end(store->pool);
}

/* --- bytes ------------------------------------------------------------------------------------ */

struct span {
    uint64_t offset;
    uint64_t length;
};

/* Begins and ends that no block begins or ends at, and ones that all do. */
static void spans(struct span out[], size_t count, uint64_t size)
{
    uint64_t seed = 20;

    for (size_t index = 0; index < count; index++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[index].offset = (seed >> 20) % (size - 1);
        out[index].length = (seed >> 40) % (index % 3 == 0 ? 70000 : 700) + 1;
        if (out[index].length > size - out[index].offset)
            out[index].length = size - out[index].offset;
    }
    out[0] = (struct span){ 0, 1 };
    out[1] = (struct span){ size - 1, 1 };
    out[2] = (struct span){ 511, 2 };
    out[3] = (struct span){ 4096, 4096 };
}

static void must_equal(struct subject_store *store, const uint8_t *model, const struct span *span,
                       const char *when)
{
    uint8_t *read = trial_alloc(store->pool->trial, span->length);

    pool_must(store->pool, store_read(store->pool, store->io, read, span->length, span->offset),
              "pread");
    for (uint64_t index = 0; index < span->length; index++)
        trial_require(store->pool->trial, read[index] == model[span->offset + index],
                      "pread of %" PRIu64 " bytes at %" PRIu64 " %s gave 0x%02x at byte %" PRIu64
                      ", expected 0x%02x", span->length, span->offset, when, read[index], index,
                      model[span->offset + index]);
    free(read);
}

static void overwrite(struct subject_store *store, uint8_t *model, const struct span *span,
                      unsigned seed)
{
    pattern_put(model + span->offset, span->length, span->offset, seed);
    pool_must(store->pool,
              store_write(store->pool, store->io, model + span->offset, span->length, span->offset),
              "pwrite");
    must_equal(store, model, span, "after it was written");
}

void pool_content(struct trial *trial)
{
    struct subject_store store;
    struct span list[64];
    uint8_t *model;

    store_begin(&store, trial, TARN_OPEN_WRITE);
    model = trial_alloc(trial, store.size);
    pattern_put(model, store.size, 0, 1);
    spans(list, 64, store.size);
    for (unsigned index = 0; index < 64; index++)
        overwrite(&store, model, &list[index], index + 2);
    pool_bytes_close(store.pool, store.io);
    store.io = pool_bytes(store.pool, store.name, 0);
    trial_require(trial, store_size(store.pool, store.io) >= store.size,
                  "a volume of %" PRIu64 " bytes has a store of %" PRIu64, store.size,
                  store_size(store.pool, store.io));
    must_equal(&store, model, &(struct span){ 0, store.size }, "after it was closed and opened");
    store_end(&store);
}

/* --- reading alone ---------------------------------------------------------------------------- */

/* UNSUPPORTED may come without a word, and any refusal is right. */
static void must_refuse(struct subject_store *store, const char *what, int32_t status)
{
    store->pool->host->operation = NULL;
    trial_require(store->pool->trial, status != TARN_OK, "%s answered ok", what);
}

static void try_changes(struct subject_store *store)
{
    struct tarn_io *io = store->io;
    struct host *host = store->pool->host;
    struct tarn_call *call = &host->call;
    uint64_t half = store->size / 2;

    host_begin(host, "zero", HOST_TAKES_NOTHING);
    if (io->zero != NULL)
        must_refuse(store, "zero in a store that was opened for reading",
                    io->zero(call, io, 0, half, TARN_ZERO_MAY_UNMAP));
    host_begin(host, "discard", HOST_TAKES_NOTHING);
    if (io->discard != NULL)
        must_refuse(store, "discard in a store that was opened for reading",
                    io->discard(call, io, 0, half));
    host_begin(host, "allocate", HOST_TAKES_NOTHING);
    if (io->allocate != NULL)
        must_refuse(store, "allocate in a store that was opened for reading",
                    io->allocate(call, io, 0, half));
    host_begin(host, "truncate", HOST_TAKES_NOTHING);
    if (io->truncate != NULL)
        must_refuse(store, "truncate of a store that was opened for reading",
                    io->truncate(call, io, half, TARN_TRUNCATE_SHRINK));
    host->operation = NULL;
}

void pool_read_only(struct trial *trial)
{
    struct subject_store store;
    uint8_t byte = (uint8_t)~pattern_at(0, 1);

    store_begin(&store, trial, 0);
    trial_require(trial, !(store.io->flags & TARN_IO_WRITABLE),
                  "a store that volume_open gives without TARN_OPEN_WRITE has TARN_IO_WRITABLE");
    if (store.io->pwrite != NULL) {
        host_begin(store.pool->host, "pwrite", HOST_TAKES_NOTHING);
        if (store.io->pwrite(&store.pool->host->call, store.io, &byte, 1, 0) == TARN_OK)
            trial_fail(trial, "pwrite into a store that was opened for reading answered ok");
        store.pool->host->operation = NULL;
    }
    try_changes(&store);
    pool_must_hold(store.pool, store.name, store.size, 1, "after it was opened for reading");
    store_end(&store);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void must_refuse_reading(struct subject_store *store, uint64_t offset, uint64_t length)
{
    uint8_t *buffer = trial_alloc(store->pool->trial, length);
    struct host *host = store->pool->host;

    host_begin(host, "pread", HOST_TAKES_NOTHING);
    host_refuses(host, tarn_io_pread(&host->call, store->io, buffer, length, offset),
                 TARN_E_INVALID, TARN_E_INVALID, "a read that passes the end");
    free(buffer);
}

static void try_fixed(struct subject_store *store, uint64_t size)
{
    struct host *host = store->pool->host;
    uint8_t bytes[2] = { 1, 2 };

    host_begin(host, "pwrite", HOST_TAKES_NOTHING);
    host_refuses(host, tarn_io_pwrite(&host->call, store->io, bytes, 2, size - 1),
                 TARN_E_NO_SPACE, TARN_E_NO_SPACE, "a write past the end of a fixed size");
    host_begin(host, "pwrite", HOST_TAKES_NOTHING);
    host_refuses(host, tarn_io_pwrite(&host->call, store->io, bytes, 2, UINT64_MAX - 1),
                 TARN_E_NO_SPACE, TARN_E_INVALID, "a write at the end of all numbers");
    host_begin(host, "zero", HOST_TAKES_NOTHING);
    if (store->io->zero != NULL)
        must_refuse(store, "zero of 2 bytes, of which one is past the end of a fixed size,",
                    store->io->zero(&host->call, store->io, size - 1, 2, 0));
    host_begin(host, "discard", HOST_TAKES_NOTHING);
    if (store->io->discard != NULL)
        must_refuse(store, "discard of 2 bytes, of which one is past the end of a fixed size,",
                    store->io->discard(&host->call, store->io, size - 1, 2));
    host->operation = NULL;
    trial_require(store->pool->trial, store_size(store->pool, store->io) == size,
                  "what was refused past the end of a fixed size has changed the size");
}

static void try_growing(struct subject_store *store, uint64_t size)
{
    struct pool *pool = store->pool;
    struct host *host = pool->host;
    uint8_t byte = 7;

    pool_must(pool, store_write(pool, store->io, &byte, 1, size), "pwrite at the end");
    trial_require(pool->trial, store_size(pool, store->io) == size + 1,
                  "a write of one byte at the end of a store did not make it one byte longer");
    if (store->io->truncate == NULL)
        return;
    host_begin(host, "truncate", HOST_TAKES_NOTHING);
    host_refuses(host, tarn_io_truncate(&host->call, store->io, size, 0), TARN_E_INVALID,
                 TARN_E_UNSUPPORTED, "a smaller size without TARN_TRUNCATE_SHRINK");
    trial_require(pool->trial, store_size(pool, store->io) == size + 1,
                  "a truncate that was refused has changed the size");
}

void pool_limits(struct trial *trial)
{
    struct subject_store store;
    uint64_t size;

    store_begin(&store, trial, TARN_OPEN_WRITE);
    size = store_size(store.pool, store.io);
    must_refuse_reading(&store, size, 1);
    must_refuse_reading(&store, size - 1, 2);
    must_refuse_reading(&store, UINT64_MAX, 1);
    if (store.io->flags & TARN_IO_FIXED_SIZE)
        try_fixed(&store, size);
    else
        try_growing(&store, size);
    store_end(&store);
}

/* --- extents ---------------------------------------------------------------------------------- */

struct map {
    struct subject_store *store;
    uint64_t next; /* where the next extent must begin */
    uint64_t end;
    struct span holes[64];
    size_t hole_count;
};

static int32_t take_extent(struct tarn_call *call, const struct tarn_extent *extent, void *arg)
{
    struct map *map = arg;
    struct trial *trial = map->store->pool->trial;

    (void)call;
    trial_require(trial, extent->offset == map->next && extent->length > 0,
                  "extents tells %" PRIu64 " bytes at %" PRIu64 ", expected some at %" PRIu64
                  ": without gap or overlap, in order", extent->length, extent->offset, map->next);
    trial_require(trial, extent->length <= map->end - map->next,
                  "extents tells %" PRIu64 " bytes at %" PRIu64 ", which passes the end %" PRIu64
                  " of what was asked for", extent->length, extent->offset, map->end);
    trial_require(trial, extent->kind >= TARN_EXTENT_DATA && extent->kind <= TARN_EXTENT_BACKING,
                  "extents tells one of the kind %u, which is none", extent->kind);
    if (extent->kind != TARN_EXTENT_DATA && extent->kind != TARN_EXTENT_BACKING &&
        map->hole_count < 64)
        map->holes[map->hole_count++] = (struct span){ extent->offset, extent->length };
    map->next = extent->offset + extent->length;
    return TARN_OK;
}

static void map_range(struct map *map, uint64_t offset, uint64_t length)
{
    struct host *host = map->store->pool->host;

    map->next = offset;
    map->end = offset + length;
    map->hole_count = 0;
    host_begin(host, "extents", HOST_TAKES_NOTHING);
    host_must(host, tarn_io_extents(&host->call, map->store->io, offset, length, take_extent, map));
    trial_require(map->store->pool->trial, map->next == map->end,
                  "extents of %" PRIu64 " bytes at %" PRIu64 " ends at %" PRIu64, length, offset,
                  map->next);
}

static void must_be_zero(struct subject_store *store, const struct span *span, const char *what)
{
    uint64_t length = span->length < 65536 ? span->length : 65536;
    uint8_t *bytes = trial_alloc(store->pool->trial, length);

    pool_must(store->pool, store_read(store->pool, store->io, bytes, length, span->offset),
              "pread");
    for (uint64_t index = 0; index < length; index++)
        trial_require(store->pool->trial, bytes[index] == 0,
                      "%s, %" PRIu64 " bytes at %" PRIu64 ", reads 0x%02x at byte %" PRIu64
                      ", expected zeros", what, span->length, span->offset, bytes[index], index);
    free(bytes);
}

void pool_extents(struct trial *trial)
{
    struct subject_store store;
    struct map map = { .store = &store };
    uint64_t size;

    store_begin(&store, trial, TARN_OPEN_WRITE);
    if (store.io->extents == NULL)
        trial_skip(trial, "its stores tell no extents");
    size = store_size(store.pool, store.io);
    host_begin(store.pool->host, "zero", HOST_TAKES_NOTHING);
    host_end(store.pool->host,
             store.io->zero != NULL ? store.io->zero(&store.pool->host->call, store.io, size / 4,
                                                     size / 4, TARN_ZERO_MAY_UNMAP)
                                    : TARN_OK);
    map_range(&map, 0, size);
    for (size_t index = 0; index < map.hole_count; index++)
        must_be_zero(&store, &map.holes[index], "what extents tells as a hole or zeros");
    map_range(&map, size / 3, size / 3 + 1);
    map_range(&map, size - 1, 1);
    store_end(&store);
}

/* --- zeros ------------------------------------------------------------------------------------ */

/* TARN_E_UNSUPPORTED comes without a word: the host writes zeros. */
static int32_t zero(struct subject_store *store, const struct span *span, uint32_t flags)
{
    struct host *host = store->pool->host;
    int32_t status;

    host_begin(host, "zero", HOST_TAKES_NOTHING);
    status = tarn_io_zero(&host->call, store->io, span->offset, span->length, flags);
    if (status == TARN_E_UNSUPPORTED) {
        host->operation = NULL;
        return status;
    }
    return host_end(host, status);
}

static void try_zero(struct subject_store *store, uint8_t *model, const struct span *span,
                     uint32_t flags)
{
    int32_t status = zero(store, span, flags);

    if (status == TARN_E_UNSUPPORTED)
        return;
    pool_must(store->pool, status, "zero");
    memset(model + span->offset, 0, span->length);
    must_equal(store, model, &(struct span){ 0, store->size }, "after some of it was zeroed");
}

void pool_zero(struct trial *trial)
{
    const uint32_t ways[] = { 0, TARN_ZERO_MAY_UNMAP, TARN_ZERO_MAY_UNMAP | TARN_ZERO_FAST_ONLY };
    struct subject_store store;
    uint8_t *model;

    store_begin(&store, trial, TARN_OPEN_WRITE);
    if (store.io->zero == NULL)
        trial_skip(trial, "its stores do not zero: the host writes zeros");
    model = trial_alloc(trial, store.size);
    pattern_put(model, store.size, 0, 1);
    for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++) {
        uint64_t part = store.size / 8;

        try_zero(&store, model, &(struct span){ part * (way * 2 + 1), part }, ways[way]);
        try_zero(&store, model, &(struct span){ part * way * 2 + 700, 333 }, ways[way]);
    }
    store_end(&store);
}
