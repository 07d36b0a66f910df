/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading a partition table: its shape by libparted, what libparted does not tell by us.
 */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dos.h"
#include "guard.h"
#include "helpers/be.h"
#include "helpers/le.h"

/* --- its shape -------------------------------------------------------------------------------- */

static int32_t room_for(struct tarn_call *call, struct table *table, PedDisk *disk)
{
    PedPartition *each = NULL;
    size_t count = 1;

    while ((each = ped_disk_next_partition(disk, each)) != NULL)
        count++;
    table->parts = calloc(count, sizeof(*table->parts));
    table->gaps = calloc(count, sizeof(*table->gaps));
    if (table->parts == NULL || table->gaps == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a partition table");
    return TARN_OK;
}

/* The very beginning is never free, whatever a table says that does not mention itself. */
static void take_gap(struct table *table, const PedPartition *each)
{
    uint64_t start = (uint64_t)each->geom.start;
    uint64_t end = (uint64_t)each->geom.end + 1;

    if (start == 0)
        start = 1;
    if (table->label->sectors_max != 0 && end > table->label->sectors_max)
        end = table->label->sectors_max;
    if ((each->type & PED_PARTITION_LOGICAL) && !table->label->extended)
        return; /* in a volume header (dvh) */
    if (start < end)
        table->gaps[table->gap_count++] =
            (struct gap){ start, end, (each->type & PED_PARTITION_LOGICAL) != 0 };
}

/* A volume header's parts (dvh) are files, which the kernel does not know. */
static void take_part(struct table *table, const PedPartition *each)
{
    bool logical = (each->type & PED_PARTITION_LOGICAL) != 0;
    bool extended = (each->type & PED_PARTITION_EXTENDED) != 0;

    if (logical && !table->label->extended)
        return;
    table->parts[table->part_count++] = (struct part){
        .number = (unsigned)each->num,
        .kind = logical ? PART_LOGICAL : extended ? PART_EXTENDED : PART_PRIMARY,
        .start = (uint64_t)each->geom.start,
        .length = (uint64_t)each->geom.length,
        .type = "none",
        .kept = !label_may_number(table->label, (unsigned)each->num) || each->geom.start == 0 ||
                (extended && !table->label->extended),
    };
}

static int32_t take_shape(struct guard *guard, struct table *table)
{
    const PedCHSGeometry *geometry = &guard->device->bios_geom;
    PedPartition *each = NULL;
    int32_t status = guard_read(guard);

    if (status == TARN_OK)
        status = room_for(guard->call, table, guard->disk);
    if (status != TARN_OK)
        return status;
    table->number_max = (unsigned)ped_disk_get_max_primary_partition_count(guard->disk);
    table->cylinder = (uint64_t)geometry->heads * (uint64_t)geometry->sectors;
    while ((each = ped_disk_next_partition(guard->disk, each)) != NULL) {
        if (each->type & PED_PARTITION_FREESPACE)
            take_gap(table, each);
        else if (!(each->type & (PED_PARTITION_METADATA | PED_PARTITION_PROTECTED)) &&
                 each->num > 0)
            take_part(table, each);
    }
    return TARN_OK;
}

/* --- what libparted does not tell ------------------------------------------------------------- */

static struct part *part_at(struct table *table, uint64_t start)
{
    for (size_t i = 0; i < table->part_count; i++)
        if (table->parts[i].start == start)
            return &table->parts[i];
    return NULL;
}

static int32_t add_from_gpt(struct tarn_call *call, struct table *table, struct scratch *scratch)
{
    struct gpt_entry *entries = NULL;
    size_t count = 0;
    size_t i;
    int32_t status = gpt_read(call, scratch, table->id, &entries, &count);

    for (i = 0; i < count; i++) {
        struct part *part = part_at(table, entries[i].start);

        if (part == NULL)
            continue;
        part->type = label_type_of_code(table->label, entries[i].type);
        if (entries[i].unmounted && strcmp(part->type, "linux") == 0)
            part->type = "none";
        memcpy(part->uuid, entries[i].uuid, sizeof(part->uuid));
        memcpy(part->name, entries[i].name, sizeof(part->name));
    }
    free(entries);
    return status;
}

static int32_t add_from_dos(struct tarn_call *call, struct table *table, struct scratch *scratch)
{
    struct dos_entry *entries = NULL;
    uint32_t id = 0;
    size_t count = 0;
    size_t i;
    int32_t status = dos_read(call, scratch, &id, &entries, &count);

    if (status == TARN_OK && id != 0)
        snprintf(table->id, sizeof(table->id), "%08x", id);
    for (i = 0; i < count; i++) {
        struct part *part = part_at(table, entries[i].start);
        char code[8];

        snprintf(code, sizeof(code), "0x%02x", entries[i].type);
        if (part != NULL)
            part->type = label_type_of_code(table->label, code);
    }
    free(entries);
    return status;
}

static int32_t add_from_map(struct tarn_call *call, struct table *table, struct scratch *scratch)
{
    uint8_t sector[512];
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; status == TARN_OK && i < table->part_count; i++) {
        struct part *part = &table->parts[i];
        char name[33] = "";
        char type[33] = "";

        status = scratch_read(call, scratch, sector, sizeof(sector),
                              (uint64_t)part->number * scratch->sector);
        memcpy(name, sector + 16, 32);
        memcpy(type, sector + 48, 32);
        part->type = label_type_of_code(table->label, type);
        if (strcmp(part->type, "linux") == 0 &&
            (strcmp(name, "swap") == 0 || strcmp(name, "untitled") == 0))
            part->type = label_type_of_code(table->label, name);
    }
    return status;
}

static uint32_t load_code(const struct label *label, const uint8_t *at)
{
    switch (label->code_width) {
    case 1:
        return *at;
    case 2:
        return label->code_big ? be16_load(at) : le16_load(at);
    default:
        return label->code_big ? be32_load(at) : le32_load(at);
    }
}

static int32_t add_from_fields(struct tarn_call *call, struct table *table,
                               struct scratch *scratch)
{
    const struct label *label = table->label;
    uint8_t sector[512];
    int32_t status = scratch_read(call, scratch, sector, sizeof(sector),
                                  label->code_second ? scratch->sector : 0);
    size_t i;

    for (i = 0; status == TARN_OK && i < table->part_count; i++) {
        struct part *part = &table->parts[i];
        uint64_t at = label->code_at + (uint64_t)(part->number - 1) * label->code_stride;
        char code[16];

        if (at + label->code_width > sizeof(sector))
            continue;
        snprintf(code, sizeof(code), "0x%02x", load_code(label, sector + at));
        part->type = label_type_of_code(label, code);
    }
    return status;
}

static int32_t add_details(struct tarn_call *call, struct table *table, struct scratch *scratch)
{
    switch (table->label->code) {
    case LABEL_CODE_GPT:
        return add_from_gpt(call, table, scratch);
    case LABEL_CODE_DOS:
        return add_from_dos(call, table, scratch);
    case LABEL_CODE_MAC:
        return add_from_map(call, table, scratch);
    default:
        return add_from_fields(call, table, scratch);
    }
}

/* --- the whole -------------------------------------------------------------------------------- */

static int32_t fail_without(struct tarn_call *call, const struct scratch *scratch,
                            const struct gpt_state *gpt)
{
    if (gpt->protective)
        return tarn_fail(call, TARN_E_CORRUPT, 0,
                         "both copies of the GPT of %s are damaged: repair it (gdisk), or build "
                         "the pool with --overwrite", scratch->name);
    return tarn_fail(call, TARN_E_NOT_FOUND, 0,
                     "%s has no partition table that tarn knows: build the pool to make one",
                     scratch->name);
}

int32_t table_read(struct tarn_call *call, struct table *table, struct scratch *scratch)
{
    struct guard guard;
    int32_t status;

    memset(table, 0, sizeof(*table));
    table->sector = scratch->sector;
    status = gpt_examine(call, scratch, &table->gpt);
    if (status == TARN_OK && !table->gpt.protective)
        status = dos_examine(call, scratch);
    if (status != TARN_OK)
        return status;
    if (table->gpt.protective && !table->gpt.primary && !table->gpt.backup)
        return fail_without(call, scratch, &table->gpt);
    status = guard_enter(call, &guard, scratch);
    if (status == TARN_OK) {
        table->label = guard_probe(&guard);
        status = table->label != NULL ? take_shape(&guard, table)
                                      : fail_without(call, scratch, &table->gpt);
    }
    guard_leave(&guard);
    if (status == TARN_OK)
        status = add_details(call, table, scratch);
    if (status != TARN_OK)
        table_clear(table);
    return status;
}

void table_clear(struct table *table)
{
    free(table->parts);
    free(table->gaps);
    table->parts = NULL;
    table->gaps = NULL;
    table->part_count = table->gap_count = 0;
}

const struct part *table_part(const struct table *table, unsigned number)
{
    for (size_t i = 0; i < table->part_count; i++)
        if (table->parts[i].number == number)
            return &table->parts[i];
    return NULL;
}

const struct part *table_extended(const struct table *table)
{
    for (size_t i = 0; i < table->part_count; i++)
        if (table->parts[i].kind == PART_EXTENDED && !table->parts[i].kept)
            return &table->parts[i];
    return NULL;
}

unsigned table_primaries(const struct table *table)
{
    unsigned count = 0;

    for (size_t i = 0; i < table->part_count; i++)
        count += table->parts[i].kind != PART_LOGICAL;
    return count;
}
