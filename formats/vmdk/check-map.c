/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check-map.c - see check.h.
 */
#include "check.h"

#include <stdlib.h>

int32_t vmdk_map_new(struct tarn_call *call, uint64_t sectors, struct vmdk_map *out)
{
    uint64_t most = vmdk_min(sectors, VMDK_MAP_SECTORS);

    *out = (struct vmdk_map){ .bits = calloc(most / 64 + 1, sizeof(uint64_t)) };
    return out->bits != NULL ? TARN_OK : VMDK_NO_MEMORY(call);
}

void vmdk_map_begin(struct vmdk_map *map, uint64_t first, uint64_t sectors)
{
    map->first = first;
    map->count = vmdk_min(sectors - first, VMDK_MAP_SECTORS);
    map->next = UINT64_MAX;
    memset(map->bits, 0, (map->count / 64 + 1) * sizeof(uint64_t));
}

static uint64_t mask_of(uint64_t bit, uint64_t count)
{
    return (count == 64 ? UINT64_MAX : ((uint64_t)1 << count) - 1) << bit;
}

bool vmdk_map_use(struct vmdk_map *map, uint64_t first, uint64_t count)
{
    uint64_t behind = map->first + map->count;
    uint64_t end = vmdk_min(first + count, behind);
    bool fresh = true;

    if (first + count > map->used_end)
        map->used_end = first + count;
    if (first + count > behind)
        map->next = vmdk_min(map->next, first > behind ? first : behind);
    if (first < map->first)
        first = map->first;
    while (first < end) {
        uint64_t at = first - map->first;
        uint64_t some = vmdk_min(64 - at % 64, end - first);
        uint64_t mask = mask_of(at % 64, some);

        fresh = fresh && (map->bits[at / 64] & mask) == 0;
        map->bits[at / 64] |= mask;
        first += some;
    }
    return fresh;
}

static void end_run(struct vmdk_map *map, uint64_t grain)
{
    map->leaks += map->free_run / grain;
    map->free_run = 0;
}

/* Files may have holes of any length: what lies between two passes is none of their cost. */
uint64_t vmdk_map_end(struct vmdk_map *map, uint64_t grain, uint64_t sectors)
{
    uint64_t behind = map->first + map->count;
    uint64_t next = vmdk_min(map->next, sectors);

    for (uint64_t at = 0; at < map->count;) {
        uint64_t word = map->bits[at / 64];

        if (at % 64 == 0 && word == 0 && map->count - at >= 64) {
            map->free_run += 64;
            at += 64;
        } else if (at % 64 == 0 && word == UINT64_MAX) {
            end_run(map, grain);
            at += 64;
        } else {
            if (word >> at % 64 & 1)
                end_run(map, grain);
            else
                map->free_run++;
            at++;
        }
    }
    map->free_run += next - behind;
    return next;
}
