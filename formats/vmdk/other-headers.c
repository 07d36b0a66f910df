/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * other-headers.c - sparse extents of ESX: "COWD" (vmfsSparse) and seSparse, both little-endian.
 */
#include "head.h"

#include <stdio.h>

#include "helpers/le.h"

/* --- COWD ------------------------------------------------------------------------------------- */

bool vmdk_cowd_magic(const uint8_t *bytes)
{
    return memcmp(bytes, "COWD", 4) == 0;
}

const char *vmdk_cowd_decode(const uint8_t *bytes, struct vmdk_cowd *out, char *room, size_t size)
{
    uint64_t covers;

    *out = (struct vmdk_cowd){
        .version = le32_load(bytes + 4), .flags = le32_load(bytes + 8),
        .capacity = le32_load(bytes + 12), .grain = le32_load(bytes + 16),
        .directory_offset = le32_load(bytes + 20), .directory_count = le32_load(bytes + 24),
        .free_sector = le32_load(bytes + 28),
        .unclean = le32_load(bytes + VMDK_COWD_UNCLEAN_AT) != 0,
    };
    covers = (uint64_t)VMDK_COWD_TABLE_ENTRIES * out->grain;
    if (out->version != 1)
        snprintf(room, size, "is of version %u; only 1 is known", (unsigned)out->version);
    else if (!vmdk_power_of_two(out->grain) || out->grain > VMDK_MAX_GRAIN_SECTORS)
        snprintf(room, size, "has grains of %u sectors; a power of two up to %u is allowed",
                 (unsigned)out->grain, VMDK_MAX_GRAIN_SECTORS);
    else if (out->directory_count < vmdk_divide_up(out->capacity, covers))
        snprintf(room, size, "has %u directory entries, too few for %u sectors",
                 (unsigned)out->directory_count, (unsigned)out->capacity);
    else
        return NULL;
    return room;
}

/* --- seSparse --------------------------------------------------------------------------------- */

#define SESPARSE_MAGIC 0x00000000cafebabeu
#define SESPARSE_VOLATILE_MAGIC 0x00000000cafecafeu
#define SESPARSE_VERSION 0x0000000200000001u

/* The header is a row of 64-bit fields. */
static uint64_t field(const uint8_t *bytes, unsigned number)
{
    return le64_load(bytes + (size_t)number * 8);
}

bool vmdk_sesparse_magic(const uint8_t *bytes)
{
    return field(bytes, 0) == SESPARSE_MAGIC;
}

static bool rest_is_zero(const uint8_t *bytes, unsigned from, unsigned to)
{
    while (from < to && field(bytes, from) == 0)
        from++;
    return from == to;
}

const char *vmdk_sesparse_decode(const uint8_t *bytes, struct vmdk_sesparse *out, char *room,
                                 size_t size)
{
    *out = (struct vmdk_sesparse){
        .capacity = field(bytes, 2), .grain = field(bytes, 3), .table_size = field(bytes, 4),
        .volatile_offset = field(bytes, 10), .directory_offset = field(bytes, 16),
        .directory_size = field(bytes, 17), .tables_offset = field(bytes, 18),
        .tables_size = field(bytes, 19), .grains_offset = field(bytes, 24),
        .grains_size = field(bytes, 25),
    };
    if (field(bytes, 1) != SESPARSE_VERSION)
        snprintf(room, size, "is of version 0x%llx; only 0x%llx is known",
                 (vmdk_ull)field(bytes, 1), (vmdk_ull)SESPARSE_VERSION);
    else if (field(bytes, 5) != 0)
        snprintf(room, size, "has unknown flags 0x%llx", (vmdk_ull)field(bytes, 5));
    else if (!rest_is_zero(bytes, 6, 10) || !rest_is_zero(bytes, 26, VMDK_SECTOR / 8))
        snprintf(room, size, "has reserved fields that are not zero");
    else if (out->grain != 8 || out->table_size != 64)
        snprintf(room, size, "has grains of %llu and tables of %llu sectors; 8 and 64 are known",
                 (vmdk_ull)out->grain, (vmdk_ull)out->table_size);
    else if (out->capacity > INT64_MAX / VMDK_SECTOR)
        snprintf(room, size, "has %llu sectors, more than a disk can have",
                 (vmdk_ull)out->capacity);
    else
        return NULL;
    return room;
}

const char *vmdk_sesparse_check_volatile(const uint8_t *bytes)
{
    if (field(bytes, 0) != SESPARSE_VOLATILE_MAGIC)
        return "has no second header where it should be: it is damaged";
    if (field(bytes, 3) != 0)
        return "has a journal that was not replayed: let ESX open and close it once";
    return NULL;
}
