/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The MBR, and the chain of sectors in its extended partition. Each of these has one logical
 * partition, counted from that sector, and a link to the next, counted from the beginning of the
 * extended partition.
 */
#include "dos.h"

#include <stdlib.h>

#include "helpers/le.h"

#define FIRST_ENTRY 446u
#define ENTRY_SIZE 16u
#define ENTRY_TYPE 4u

/* libparted's limit, and more than the kernel shows. A chain that is longer goes in circles. */
#define LOGICAL_MAX 256u
#define ENTRIES_MAX (4 + LOGICAL_MAX)

static bool is_extended(uint8_t type)
{
    return type == 0x05 || type == 0x0f || type == 0x85;
}

/* A walk along the table. */
struct walk {
    struct tarn_call *call;
    struct scratch *scratch;
    uint32_t disk_id;
    struct dos_entry *entries; /* room for ENTRIES_MAX */
    size_t count;
    uint64_t extended; /* sectors; 0 = there is none */
};

/* False: it has no entries, or could not be read, which *status tells. */
static bool read_sector(struct walk *walk, uint64_t sector, uint8_t bytes[512], int32_t *status)
{
    uint64_t offset;

    if (sector >= walk->scratch->size / walk->scratch->sector)
        return false; /* no table that libparted would believe */
    offset = sector * walk->scratch->sector;
    *status = scratch_copy(walk->call, walk->scratch, offset, walk->scratch->sector);
    if (*status == TARN_OK)
        *status = scratch_read(walk->call, walk->scratch, bytes, 512, offset);
    return *status == TARN_OK && bytes[510] == 0x55 && bytes[511] == 0xaa;
}

static void note(struct walk *walk, uint64_t sector, unsigned index, const uint8_t *entry,
                 uint64_t base)
{
    if (walk->count < ENTRIES_MAX)
        walk->entries[walk->count++] = (struct dos_entry){
            base + le32_load(entry + 8), entry[ENTRY_TYPE],
            sector * walk->scratch->sector + FIRST_ENTRY + ENTRY_SIZE * index + ENTRY_TYPE,
        };
}

static int32_t walk_mbr(struct walk *walk)
{
    uint8_t bytes[512];
    int32_t status = TARN_OK;
    unsigned i;

    if (!read_sector(walk, 0, bytes, &status))
        return status;
    walk->disk_id = le32_load(bytes + 440);
    for (i = 0; i < 4; i++) {
        const uint8_t *entry = bytes + FIRST_ENTRY + ENTRY_SIZE * i;

        if (entry[ENTRY_TYPE] == 0)
            continue;
        note(walk, 0, i, entry, 0);
        if (is_extended(entry[ENTRY_TYPE]) && walk->extended == 0)
            walk->extended = le32_load(entry + 8);
    }
    return TARN_OK;
}

static int32_t walk_chain(struct walk *walk)
{
    uint64_t sector = walk->extended;
    unsigned steps;
    int32_t status = TARN_OK;

    for (steps = 0; sector != 0 && steps < LOGICAL_MAX; steps++) {
        uint64_t here = sector;
        uint8_t bytes[512];
        unsigned i;

        if (!read_sector(walk, here, bytes, &status))
            return status;
        sector = 0;
        for (i = 0; i < 2; i++) {
            const uint8_t *entry = bytes + FIRST_ENTRY + ENTRY_SIZE * i;

            if (is_extended(entry[ENTRY_TYPE]))
                sector = walk->extended + le32_load(entry + 8);
            else if (entry[ENTRY_TYPE] != 0)
                note(walk, here, i, entry, here);
        }
    }
    return TARN_OK;
}

int32_t dos_read(struct tarn_call *call, struct scratch *scratch, uint32_t *disk_id,
                 struct dos_entry **out, size_t *out_count)
{
    struct walk walk = { .call = call, .scratch = scratch };
    int32_t status;

    walk.entries = calloc(ENTRIES_MAX, sizeof(*walk.entries));
    if (walk.entries == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for the partitions of %s",
                         scratch->name);
    status = walk_mbr(&walk);
    if (status == TARN_OK)
        status = walk_chain(&walk);
    if (status != TARN_OK) {
        free(walk.entries);
        return status;
    }
    *disk_id = walk.disk_id;
    *out = walk.entries;
    *out_count = walk.count;
    return TARN_OK;
}

int32_t dos_examine(struct tarn_call *call, struct scratch *scratch)
{
    struct dos_entry *entries = NULL;
    uint32_t disk_id;
    size_t count;
    int32_t status = dos_read(call, scratch, &disk_id, &entries, &count);

    free(entries);
    return status;
}

int32_t dos_mark(struct tarn_call *call, struct scratch *scratch, uint64_t start, uint8_t type)
{
    struct dos_entry *entries = NULL;
    uint32_t disk_id;
    size_t count = 0;
    size_t i;
    int32_t status = dos_read(call, scratch, &disk_id, &entries, &count);

    if (status != TARN_OK)
        return status;
    for (i = 0; i < count; i++)
        if (entries[i].start == start && !is_extended(entries[i].type))
            break;
    if (i == count)
        status = tarn_fail(call, TARN_E_INTERNAL, 0, "the new entry is not in the table of %s",
                           scratch->name);
    else
        status = scratch_write(call, scratch, &type, 1, entries[i].at);
    free(entries);
    return status;
}
