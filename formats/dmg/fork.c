/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fork.c - the block tables of a resource fork, which images had before they had a property list.
 * The fork begins with where its data and its map are; the data are a row of resources, each with
 * its length in front. Those that begin with "mish" are block tables.
 */
#include "dmg.h"

#include <string.h>

#include "helpers/be.h"

#define HEADER_SIZE 16u

int32_t dmg_fork_tables(struct dmg_tables *tables, const struct dmg_koly *koly,
                        const uint8_t *bytes, uint64_t length, struct dmg_fault *fault)
{
    uint64_t at = length >= HEADER_SIZE ? be32_load(bytes) : 0;
    uint64_t left = length >= HEADER_SIZE ? be32_load(bytes + 8) : 0;

    if (length < HEADER_SIZE || at < HEADER_SIZE || at > length || left > length - at)
        return dmg_fault_set(fault, TARN_E_CORRUPT,
                             "the resource fork puts its data beyond its %llu bytes: it is damaged",
                             (unsigned long long)length);
    while (left > 0) {
        uint32_t size = left >= 4 ? be32_load(bytes + at) : 0;
        int32_t status = TARN_OK;

        if (left < 4 || size > left - 4)
            return dmg_fault_set(fault, TARN_E_CORRUPT,
                                 "the resource at byte %llu of the resource fork passes its end: "
                                 "it is damaged", (unsigned long long)at);
        if (size >= 4 && memcmp(bytes + at + 4, "mish", 4) == 0)
            status = dmg_tables_add(tables, koly, bytes + at + 4, size, "", fault);
        if (status != TARN_OK)
            return status;
        at += 4 + (uint64_t)size;
        left -= 4 + (uint64_t)size;
    }
    return TARN_OK;
}
