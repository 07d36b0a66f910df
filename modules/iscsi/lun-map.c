/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lun-map.c - which blocks of a thin LUN are there (SBC-3, 5.6, GET LBA STATUS). Whatever the target
 * does not say, or says so that it makes no sense, is data.
 */
#include <stdlib.h>

#include "helpers/be.h"
#include "lun-io.h"

#define STATUS_HEADER 8u
#define STATUS_RANGE 16u
#define STATUS_SIZE (STATUS_HEADER + 1024u * STATUS_RANGE)

/* What the low half of a range's 13th byte says. */
#define DEALLOCATED 1
#define ANCHORED 2

/* The extent that is told once another kind follows. */
struct map {
    struct tarn_call *call;
    struct lun_io *lun;
    tarn_extent_fn emit;
    void *arg;
    struct tarn_extent extent;
    uint64_t at;  /* told or in `extent` up to here */
    uint64_t end;
    uint8_t *answer;
};

static int32_t tell(struct map *map)
{
    return map->extent.length > 0 ? map->emit(map->call, &map->extent, map->arg) : TARN_OK;
}

static int32_t add(struct map *map, uint32_t kind, uint64_t end)
{
    uint64_t length = lun_smaller(end, map->end) - map->at;
    int32_t status = TARN_OK;

    if (length == 0)
        return TARN_OK;
    if (kind != map->extent.kind) {
        status = tell(map);
        map->extent = (struct tarn_extent){ .struct_size = sizeof(map->extent), .kind = kind,
                                            .flags = TARN_EXTENT_HOST, .offset = map->at,
                                            .host_offset = map->at };
    }
    map->extent.length += length;
    map->at += length;
    return status;
}

static uint32_t kind_of(const uint8_t *range)
{
    switch (range[12] & 0x0f) {
    case DEALLOCATED:
        return TARN_EXTENT_HOLE;
    case ANCHORED:
        return TARN_EXTENT_ZERO;
    default:
        return TARN_EXTENT_DATA;
    }
}

/* The ranges of an answer, as long as each begins where we are or before, and ends behind. */
static int32_t take_answer(struct map *map, uint32_t length)
{
    uint64_t block = map->lun->lun.block_size;
    uint64_t blocks = map->lun->lun.size / block;
    const uint8_t *range = map->answer + STATUS_HEADER;
    int32_t status = TARN_OK;

    for (; length >= STATUS_HEADER + STATUS_RANGE && status == TARN_OK && map->at < map->end;
         length -= STATUS_RANGE, range += STATUS_RANGE) {
        uint64_t first = be64_load(range);
        uint64_t count = be32_load(range + 8);

        if (first > map->at / block || count > blocks || first + count <= map->at / block)
            break;
        status = add(map, kind_of(range), (first + count) * block);
    }
    return status;
}

/* The length of the list, as the target tells it and as it came. */
static uint32_t answer_length(const uint8_t *answer, uint32_t transferred)
{
    uint32_t told;

    if (transferred < STATUS_HEADER)
        return 0;
    told = be32_load(answer);
    return told < transferred - 4 ? told + 4 : transferred;
}

static int32_t ask(struct map *map)
{
    struct scsi_command command;
    uint32_t transferred = 0;
    uint64_t before = map->at;
    int32_t status;

    cdb_block_status(&command, &map->lun->lun, map->answer, STATUS_SIZE, map->at);
    status = queue_run_one(map->call, map->lun, &command, "map", true, &transferred);
    if (status == TARN_E_UNSUPPORTED)
        map->lun->no_status = true;
    else if (status == TARN_OK)
        status = take_answer(map, answer_length(map->answer, transferred));
    if (status == TARN_E_UNSUPPORTED || (status == TARN_OK && map->at == before))
        status = add(map, TARN_EXTENT_DATA, map->end);
    return status;
}

/* What is not there reads as zeros only if the target promises that. */
static bool can_tell(const struct lun_io *lun)
{
    return lun->lun.thin && lun->lun.zeroes_unmapped && !lun->no_status;
}

int32_t lun_extents(struct tarn_call *call, struct tarn_io *io, uint64_t offset, uint64_t length,
                    tarn_extent_fn emit, void *arg)
{
    struct map map = { .call = call, .lun = lun_io_of(io), .emit = emit, .arg = arg,
                       .at = offset, .end = offset + length };
    int32_t status = TARN_OK;

    if (offset > map.lun->lun.size || length > map.lun->lun.size - offset)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "cannot map %llu bytes at %llu of unit:0:0:%u: it has %llu",
                         (unsigned long long)length, (unsigned long long)offset,
                         map.lun->lun.number, (unsigned long long)map.lun->lun.size);
    if (can_tell(map.lun)) {
        map.answer = malloc(STATUS_SIZE);
        if (map.answer == NULL)
            return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to map a LUN");
    } else {
        status = add(&map, TARN_EXTENT_DATA, map.end);
    }
    while (status == TARN_OK && map.at < map.end) {
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = ask(&map);
    }
    if (status == TARN_OK)
        status = tell(&map);
    free(map.answer);
    return status;
}
