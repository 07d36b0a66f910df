/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store.c - the bytes of a volume at the service, asked for in pieces.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rest.h"

#define PIECE ((uint64_t)1 << 20)

struct store {
    struct tarn_io io; /* first: the host's pointer to it is ours to the whole */
    struct http own;
    struct http *http;
    struct place place;
    uint64_t size;
};

static struct store *store_of(struct tarn_io *io)
{
    return (struct store *)(void *)io;
}

static int passes_end(const struct store *store, uint64_t length, uint64_t offset)
{
    return offset > store->size || length > store->size - offset;
}

static uint64_t piece_of(uint64_t length)
{
    return length < PIECE ? length : PIECE;
}

static int32_t store_pread(struct tarn_call *call, struct tarn_io *io, void *buffer,
                           uint64_t length, uint64_t offset)
{
    struct store *store = store_of(io);
    char path[PATH_MOST + 64];
    char *to = buffer;
    int32_t status = TARN_OK;

    if (passes_end(store, length, offset))
        return tarn_fail(call, TARN_E_INVALID, 0, "a read passes the end of the volume");
    while (status == TARN_OK && length > 0) {
        uint64_t piece = piece_of(length);
        const struct request request = { .method = "GET", .path = path, .into = to, .room = piece };
        struct answer answer;

        snprintf(path, sizeof(path), "%s/bytes/%llu/%llu", store->place.path,
                 (unsigned long long)offset, (unsigned long long)piece);
        status = http_do(call, store->http, &request, &answer, "read a volume");
        to += piece;
        offset += piece;
        length -= piece;
    }
    return status;
}

static int32_t store_pwrite(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                            uint64_t length, uint64_t offset)
{
    struct store *store = store_of(io);
    char path[PATH_MOST + 64];
    const char *from = buffer;
    int32_t status = TARN_OK;

    if (!(io->flags & TARN_IO_WRITABLE))
        return tarn_fail(call, TARN_E_ACCESS, 0, "the volume is open for reading only");
    if (passes_end(store, length, offset))
        return tarn_fail(call, TARN_E_NO_SPACE, 0, "a write passes the end of the volume");
    while (status == TARN_OK && length > 0) {
        uint64_t piece = piece_of(length);
        const struct request request = { .method = "PUT", .path = path, .body = from,
                                         .length = piece };
        struct answer answer;

        snprintf(path, sizeof(path), "%s/bytes/%llu", store->place.path,
                 (unsigned long long)offset);
        status = http_do(call, store->http, &request, &answer, "write a volume");
        free(answer.body);
        from += piece;
        offset += piece;
        length -= piece;
    }
    return status;
}

static int32_t store_size(struct tarn_call *call, struct tarn_io *io, uint64_t *out)
{
    (void)call;
    *out = store_of(io)->size;
    return TARN_OK;
}

static int32_t store_close(struct tarn_call *call, struct tarn_io *io)
{
    struct store *store = store_of(io);

    (void)call;
    http_close(&store->own);
    free(store);
    return TARN_OK;
}

int32_t rest_store_new(struct tarn_call *call, const struct service *service, struct http *shared,
                       const struct place *place, uint64_t size, uint32_t writable,
                       struct tarn_io **out)
{
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a volume");
    store->own = (struct http){ .service = service, .fd = -1 };
    store->http = shared != NULL ? shared : &store->own;
    store->place = *place;
    store->size = size;
    store->io = (struct tarn_io){
        .struct_size = sizeof(store->io),
        .flags = TARN_IO_FIXED_SIZE | (writable ? TARN_IO_WRITABLE : 0),
        .fd = -1,
        .pread = store_pread,
        .pwrite = store_pwrite,
        .size = store_size,
        .close = store_close,
    };
    *out = &store->io;
    return TARN_OK;
}
