/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-bytes.c - the bytes of volumes: byte stores opened, used and closed, and the pattern that
 * tells a byte's place.
 */
#include <stdlib.h>
#include <string.h>

#include "conform/pool.h"

#define PART ((uint64_t)256 << 10)

uint8_t pattern_at(uint64_t offset, unsigned seed)
{
    return (uint8_t)((offset ^ (offset >> 9) ^ (offset >> 18)) * 31u + seed * 97u + 1u);
}

void pattern_put(void *buffer, uint64_t length, uint64_t offset, unsigned seed)
{
    uint8_t *bytes = buffer;

    for (uint64_t index = 0; index < length; index++)
        bytes[index] = pattern_at(offset + index, seed);
}

/* --- one use each ----------------------------------------------------------------------------- */

int32_t store_read(struct pool *pool, struct tarn_io *io, void *buffer, uint64_t length,
                   uint64_t offset)
{
    host_begin(pool->host, "pread", HOST_TAKES_NOTHING);
    return host_end(pool->host, tarn_io_pread(&pool->host->call, io, buffer, length, offset));
}

int32_t store_write(struct pool *pool, struct tarn_io *io, const void *buffer, uint64_t length,
                    uint64_t offset)
{
    host_begin(pool->host, "pwrite", HOST_TAKES_NOTHING);
    return host_end(pool->host, tarn_io_pwrite(&pool->host->call, io, buffer, length, offset));
}

int32_t store_flush(struct pool *pool, struct tarn_io *io)
{
    host_begin(pool->host, "flush", HOST_TAKES_NOTHING);
    return host_end(pool->host, tarn_io_flush(&pool->host->call, io));
}

int32_t store_close(struct pool *pool, struct tarn_io *io)
{
    host_begin(pool->host, "close of a byte store", HOST_TAKES_NOTHING);
    return host_end(pool->host, tarn_io_close(&pool->host->call, io));
}

int32_t store_fill(struct pool *pool, struct tarn_io *io, uint64_t length, unsigned seed)
{
    uint8_t *buffer = trial_alloc(pool->trial, PART);
    int32_t status = TARN_OK;

    for (uint64_t offset = 0; status == TARN_OK && offset < length; offset += PART) {
        uint64_t part = length - offset < PART ? length - offset : PART;

        pattern_put(buffer, part, offset, seed);
        status = store_write(pool, io, buffer, part, offset);
    }
    free(buffer);
    return status;
}

uint64_t store_size(struct pool *pool, struct tarn_io *io)
{
    uint64_t size = 0;
    int32_t status;

    host_begin(pool->host, "size", HOST_TAKES_NOTHING);
    status = host_end(pool->host, tarn_io_size(&pool->host->call, io, &size));
    pool_must(pool, status, "size");
    return size;
}

/* --- volumes ---------------------------------------------------------------------------------- */

int32_t pool_volume_open(struct pool *pool, const char *name, uint32_t flags,
                         struct tarn_io **out_io)
{
    int32_t status;

    host_begin(pool->host, "volume_open", HOST_MAY_IDENTIFY);
    status = host_end(pool->host, pool->type->volume_open(&pool->host->call, pool->handle, name,
                                                          flags, out_io));
    if (status != TARN_OK)
        *out_io = NULL;
    trial_require(pool->trial, status != TARN_OK || *out_io != NULL,
                  "volume_open of \"%s\" answered ok and gave no byte store", name);
    return status;
}

struct tarn_io *pool_bytes(struct pool *pool, const char *name, uint32_t flags)
{
    struct tarn_io *io = NULL;

    if (pool->type->volume_open == NULL)
        trial_skip(pool->trial, "its volumes cannot be opened");
    if (pool_cannot(pool, flags & TARN_OPEN_WRITE ? TARN_OPERATION_UPLOAD
                                                  : TARN_OPERATION_DOWNLOAD))
        trial_skip(pool->trial, "it says that its volumes cannot be %s",
                   flags & TARN_OPEN_WRITE ? "written" : "read");
    pool_must(pool, pool_volume_open(pool, name, flags, &io), "volume_open");
    return io;
}

void pool_bytes_close(struct pool *pool, struct tarn_io *io)
{
    if (io->flags & TARN_IO_WRITABLE)
        pool_must(pool, store_flush(pool, io), "flush");
    pool_must(pool, store_close(pool, io), "close of a byte store");
}

static void must_be_pattern(struct pool *pool, const char *name, const uint8_t *bytes,
                            uint64_t length, uint64_t offset, unsigned seed, const char *when)
{
    for (uint64_t index = 0; index < length; index++) {
        uint8_t expected = pattern_at(offset + index, seed);

        trial_require(pool->trial, bytes[index] == expected,
                      "what was written to the volume \"%s\" is not there any more %s: byte %llu "
                      "is 0x%02x, expected 0x%02x", name, when,
                      (unsigned long long)(offset + index), bytes[index], expected);
    }
}

void pool_must_hold(struct pool *pool, const char *name, uint64_t length, unsigned seed,
                    const char *when)
{
    struct tarn_io *io = pool_bytes(pool, name, 0);
    uint8_t *buffer = trial_alloc(pool->trial, PART);

    for (uint64_t offset = 0; offset < length; offset += PART) {
        uint64_t part = length - offset < PART ? length - offset : PART;

        pool_must(pool, store_read(pool, io, buffer, part, offset), "pread");
        must_be_pattern(pool, name, buffer, part, offset, seed, when);
    }
    free(buffer);
    pool_bytes_close(pool, io);
}
