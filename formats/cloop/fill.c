/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fill.c - a disk on its way into a cloop image: blocks behind each other, the table beside them a
 * page at a time, and the header at the end, once everything else is on the storage.
 */
#include "cloop.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "helpers/be.h"
#include "helpers/fill-disk.h"

#define PAGE_ENTRIES ((uint64_t)4096)
#define ZEROS_ROOM   ((uint64_t)64 << 10) /* many blocks of zeros in one write */

struct filling {
    struct tarn_io *file;
    struct cloop_header header;
    int level;
    uint64_t end;     /* where the next block goes */
    uint64_t entries; /* in the table already, those in `page` included */
    uint64_t in_page;
    uint8_t page[PAGE_ENTRIES * 8];
    uint8_t *zeros;   /* packed blocks of zeros, one after the other; NULL = not needed so far */
    uint64_t zeros_length; /* of one */
    uint64_t zeros_count;
};

static uint64_t packed_room(const struct filling *filling)
{
    return compressBound((uLong)filling->header.block);
}

/* --- the table -------------------------------------------------------------------------------- */

static int32_t write_page(struct tarn_call *call, struct filling *filling)
{
    uint64_t first = filling->entries - filling->in_page;
    int32_t status;

    if (filling->in_page == 0)
        return TARN_OK;
    status = tarn_io_pwrite(call, filling->file, filling->page, filling->in_page * 8,
                            filling->header.table + first * 8);
    filling->in_page = 0;
    return status;
}

/* The next block begins, or the last one ends, at `end`. */
static int32_t add_entry(struct tarn_call *call, struct filling *filling)
{
    be64_store(filling->page + filling->in_page * 8, filling->end);
    filling->entries++;
    filling->in_page++;
    return filling->in_page == PAGE_ENTRIES ? write_page(call, filling) : TARN_OK;
}

/* --- blocks ----------------------------------------------------------------------------------- */

static uint64_t pack(const void *arg, const void *bytes, uint64_t length, void *out)
{
    const struct filling *filling = arg;
    uLongf packed = (uLongf)packed_room(filling);

    return compress2(out, &packed, bytes, (uLong)length, filling->level) == Z_OK ? packed : 0;
}

static int32_t no_memory(struct tarn_call *call)
{
    return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to pack a block of a cloop image");
}

/* All blocks of zeros are alike: they are packed once. */
static int32_t prepare_zeros(struct tarn_call *call, struct filling *filling)
{
    uint64_t room = packed_room(filling);
    uint8_t *block;

    if (filling->zeros_count > 0)
        return TARN_OK;
    room = room > ZEROS_ROOM ? room : ZEROS_ROOM;
    block = calloc(1, filling->header.block);
    free(filling->zeros);
    filling->zeros = malloc(room);
    if (block != NULL && filling->zeros != NULL)
        filling->zeros_length = pack(filling, block, filling->header.block, filling->zeros);
    free(block);
    if (filling->zeros_length == 0)
        return no_memory(call);
    filling->zeros_count = room / filling->zeros_length;
    for (uint64_t i = 1; i < filling->zeros_count; i++)
        memcpy(filling->zeros + i * filling->zeros_length, filling->zeros, filling->zeros_length);
    return TARN_OK;
}

static int32_t put_zeros(struct tarn_call *call, struct filling *filling, uint64_t count)
{
    int32_t status = prepare_zeros(call, filling);

    while (count > 0 && status == TARN_OK) {
        uint64_t now = count < filling->zeros_count ? count : filling->zeros_count;

        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = tarn_io_pwrite(call, filling->file, filling->zeros,
                                    now * filling->zeros_length, filling->end);
        count -= now;
        for (; now > 0 && status == TARN_OK; now--) {
            status = add_entry(call, filling);
            filling->end += filling->zeros_length;
        }
    }
    return status;
}

static int32_t put(struct tarn_call *call, void *arg, const struct fill_unit *unit)
{
    struct filling *filling = arg;
    int32_t status;

    if (unit->kind == FILL_SKIPPED || unit->kind == FILL_ZERO)
        return put_zeros(call, filling, unit->count);
    if (unit->kind == FILL_PLAIN) /* there is room for whatever zlib makes of it */
        return no_memory(call);
    status = tarn_io_pwrite(call, filling->file, unit->packed, unit->packed_length, filling->end);
    if (status == TARN_OK)
        status = add_entry(call, filling);
    filling->end += unit->packed_length;
    return status;
}

static int32_t finish(struct tarn_call *call, void *arg)
{
    struct filling *filling = arg;
    uint8_t bytes[CLOOP_HEADER_SIZE];
    int32_t status = add_entry(call, filling);

    if (status == TARN_OK)
        status = write_page(call, filling);
    if (status == TARN_OK)
        status = tarn_io_flush(call, filling->file);
    cloop_header_write(&filling->header, bytes);
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, filling->file, bytes, sizeof(bytes), 0);
    return status == TARN_OK ? tarn_io_flush(call, filling->file) : status;
}

static int32_t close_filling(struct tarn_call *call, void *arg)
{
    struct filling *filling = arg;

    (void)call;
    free(filling->zeros);
    free(filling);
    return TARN_OK;
}

static int32_t open_filling(struct tarn_call *call, struct tarn_io *file, struct filling *filling,
                            struct tarn_io **out)
{
    struct fill_plan fill = {
        .arg = filling, .size = filling->header.block * filling->header.blocks,
        .unit = filling->header.block, .packed_room = packed_room(filling),
        .pack = pack, .put = put, .finish = finish, .close = close_filling,
    };

    filling->file = file;
    filling->end = filling->header.data;
    return fill_disk_open(call, &fill, out);
}

int32_t cloop_open_fill(struct tarn_call *call, struct tarn_io *file, struct tarn_io **out)
{
    uint8_t bytes[CLOOP_HEADER_SIZE] = { 0 };
    uint64_t size;
    struct filling *filling;
    int32_t status = tarn_io_size(call, file, &size);

    if (status == TARN_OK && size >= sizeof(bytes))
        status = tarn_io_pread(call, file, bytes, sizeof(bytes), 0);
    if (status != TARN_OK)
        return status;
    filling = calloc(1, sizeof(*filling));
    if (filling == NULL)
        return no_memory(call);
    status = cloop_draft_parse(bytes, &filling->header, &filling->level)
                 ? open_filling(call, file, filling, out)
                 : tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                             "this cloop image is complete: convert the disk into a new one");
    if (status != TARN_OK)
        free(filling);
    return status;
}
