/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is there: the pool's sizes, its volumes, its free space.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"

#define RETRIES 20u /* 50 ms each */

/* --- the sizes -------------------------------------------------------------------------------- */

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* As far as partitions and free space reach; an extended partition is what is in it. */
static void measure(const struct disk *disk, struct tarn_pool_info *info)
{
    const struct table *table = &disk->table;
    uint64_t end = 0;
    size_t i;

    for (i = 0; i < table->part_count; i++) {
        const struct part *part = &table->parts[i];

        end = larger(end, part->start + part->length);
        if (part->kind != PART_EXTENDED && !part->kept)
            info->allocation += part->length * table->sector;
    }
    for (i = 0; i < table->gap_count; i++) {
        end = larger(end, table->gaps[i].end);
        info->available += (table->gaps[i].end - table->gaps[i].start) * table->sector;
    }
    info->capacity = end * table->sector;
}

static const char *damage_of(const struct table *table)
{
    if (table->label->code != LABEL_CODE_GPT)
        return NULL;
    if (!table->gpt.primary)
        return "the primary GPT is damaged, and the backup is used: the next change of a volume "
               "writes it anew";
    if (!table->gpt.backup)
        return "the backup GPT is missing or damaged: the next change of a volume writes it anew";
    if (!table->gpt.at_end)
        return "the backup GPT is not at the end of the disk, which has grown: the next change of "
               "a volume moves it there";
    return NULL;
}

/* The table's own facts, and the names that partitions bear in it. */
static int32_t emit_sizes(struct tarn_call *call, const struct disk *disk)
{
    const struct table *table = &disk->table;
    size_t room = table->part_count + 2;
    struct tarn_property *properties = calloc(room, sizeof(*properties));
    const struct tarn_property **list = calloc(room + 1, sizeof(*list));
    char(*nodes)[BLOCK_NAME_SIZE] = calloc(room, sizeof(*nodes));
    struct tarn_pool_info info = { .struct_size = sizeof(info) };
    size_t count = 0;
    size_t i;
    int32_t status;

    if (properties != NULL && list != NULL && nodes != NULL) {
        properties[count++] =
            (struct tarn_property){ .name = "label", .value = table->label->name };
        if (table->id[0] != '\0')
            properties[count++] = (struct tarn_property){ .name = "label-id", .value = table->id };
        for (i = 0; i < table->part_count; i++) {
            if (table->parts[i].name[0] == '\0')
                continue;
            list_name(disk, table->parts[i].number, nodes[count]);
            properties[count] = (struct tarn_property){ .name = nodes[count],
                                                        .value = table->parts[i].name };
            count++;
        }
        for (i = 0; i < count; i++) {
            properties[i].struct_size = sizeof(*properties);
            list[i] = &properties[i];
        }
        info.properties = list;
        info.state_text = damage_of(table);
        info.state = info.state_text != NULL ? TARN_POOL_DEGRADED : TARN_POOL_HEALTHY;
        measure(disk, &info);
        status = call->host->emit_pool(call, &info);
    } else {
        status = tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to describe %s",
                           disk->pool->device);
    }
    free(nodes);
    free(list);
    free(properties);
    return status;
}

static int32_t emit_gaps(struct tarn_call *call, const struct disk *disk)
{
    const struct table *table = &disk->table;
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; i < table->gap_count && status == TARN_OK; i++) {
        const struct gap *gap = &table->gaps[i];
        const struct tarn_device_extent extent = {
            .struct_size = sizeof(extent), .device = disk->pool->device,
            .kind = gap->logical ? "logical" : "normal",
            .start = gap->start * table->sector, .end = gap->end * table->sector,
        };

        status = call->host->emit_free(call, &extent);
    }
    return status;
}

/* --- the operations --------------------------------------------------------------------------- */

static bool is_complete(const struct disk *disk)
{
    size_t i;

    for (i = 0; i < disk->table.part_count; i++)
        if (!disk->table.parts[i].kept &&
            block_part_numbered(disk->parts, disk->part_count, disk->table.parts[i].number) == NULL)
            return false;
    return true;
}

/* Somebody may just now have had the kernel read the table again, for which partitions go away for
 * a moment. */
int32_t list_look(struct tarn_call *call, const struct disk_pool *pool, struct disk *disk)
{
    int32_t status = disk_open(call, pool, 0, disk);
    unsigned i;

    if (status == TARN_OK)
        status = disk_look(call, disk);
    for (i = 0; status == TARN_OK && !is_complete(disk) && i < RETRIES; i++) {
        status = disk_pause(call, 50);
        if (status == TARN_OK)
            status = disk_look_at_kernel(call, disk);
    }
    return status;
}

int32_t disk_info(struct tarn_call *call, void *pool)
{
    struct disk disk;
    int32_t status = disk_open(call, pool, 0, &disk);

    if (status == TARN_OK)
        status = disk_look(call, &disk);
    if (status == TARN_OK)
        status = emit_gaps(call, &disk);
    if (status == TARN_OK)
        status = emit_sizes(call, &disk);
    disk_close(&disk);
    return status;
}

int32_t disk_refresh(struct tarn_call *call, void *pool)
{
    struct disk disk;
    size_t i;
    int32_t status = list_look(call, pool, &disk);

    for (i = 0; status == TARN_OK && i < disk.table.part_count; i++)
        if (!disk.table.parts[i].kept)
            status = list_emit(call, &disk, &disk.table.parts[i]);
    if (status == TARN_OK)
        status = emit_gaps(call, &disk);
    if (status == TARN_OK)
        status = emit_sizes(call, &disk);
    disk_close(&disk);
    return status;
}

/* By the name that it bears in a GPT, if that is the only one of the name. */
static const struct part *find_by_own_name(const struct table *table, const char *name)
{
    const struct part *found = NULL;
    size_t i;

    for (i = 0; i < table->part_count; i++) {
        if (strcmp(table->parts[i].name, name) != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = &table->parts[i];
    }
    return found;
}

int32_t disk_volume_lookup(struct tarn_call *call, void *pool, const char *name)
{
    const struct part *part = NULL;
    struct disk disk;
    int32_t status = list_look(call, pool, &disk);

    if (status == TARN_OK) {
        part = list_find(&disk, name);
        if (part == NULL)
            part = find_by_own_name(&disk.table, name);
        status = part != NULL ? list_emit(call, &disk, part) : list_not_found(call, &disk, name);
    }
    disk_close(&disk);
    return status;
}
