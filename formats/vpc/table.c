/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * table.c - the block allocation table (BAT): one number for each block, the sector of the file
 * where it begins. And where in the file things may lie.
 */
#include "vpc.h"

#include <stdlib.h>

#include "helpers/be.h"

#define ENTRIES_IN_SECTOR (VPC_SECTOR / 4)

/* Entries that are read or written at once. */
#define CHUNK ((uint64_t)16384)

/* --- what lies where -------------------------------------------------------------------------- */

static bool apart(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
    return a + a_length <= b || b + b_length <= a;
}

/* False for an entry of the list that names nothing in the file. */
static bool locator_place(const struct vpc_head *head, uint32_t i, uint64_t *out_offset,
                          uint64_t *out_length)
{
    const uint8_t *entry = head->header.bytes + VPC_LOCATOR_AT(i);

    *out_length = be32_load(entry + 8);
    *out_offset = be64_load(entry + 16);
    return be32_load(entry) != 0 && *out_length > 0 && *out_offset <= head->file_size &&
           *out_length <= head->file_size - *out_offset;
}

bool vpc_place_is_free(const struct vpc_head *head, uint64_t offset, uint64_t length)
{
    const struct vpc_header *header = &head->header;
    uint64_t limit = head->last != VPC_COPY_NONE ? head->last_offset : head->file_size;
    uint64_t at;
    uint64_t size;

    if (offset < VPC_FOOTER_SIZE || offset > limit || length > limit - offset ||
        !apart(offset, length, head->footer.data_offset, VPC_HEADER_SIZE) ||
        !apart(offset, length, header->bat_offset, (uint64_t)header->max_entries * 4))
        return false;
    for (uint32_t i = 0; i < VPC_LOCATORS; i++)
        if (locator_place(head, i, &at, &size) && !apart(offset, length, at, size))
            return false;
    return true;
}

uint64_t vpc_tables_end(const struct vpc_head *head)
{
    uint64_t end = head->footer.data_offset + VPC_HEADER_SIZE;
    uint64_t at;
    uint64_t size;

    end = vpc_max(end, head->header.bat_offset + (uint64_t)head->header.max_entries * 4);
    for (uint32_t i = 0; i < VPC_LOCATORS; i++)
        if (locator_place(head, i, &at, &size))
            end = vpc_max(end, at + size);
    return end;
}

/* --- the table -------------------------------------------------------------------------------- */

static uint64_t sectors_of(uint64_t entries)
{
    return (entries + ENTRIES_IN_SECTOR - 1) / ENTRIES_IN_SECTOR;
}

/* The header's check has seen that the table lies in the file, and that it is no larger than
 * VPC_MAX_BAT. */
int32_t vpc_table_load(struct tarn_call *call, struct vpc_disk *disk)
{
    uint64_t count = disk->head.entries;
    int32_t status;

    disk->bat = calloc(count + 1, sizeof(*disk->bat));
    disk->bat_dirty = calloc(sectors_of(count) + 1, sizeof(*disk->bat_dirty));
    if (disk->bat == NULL || disk->bat_dirty == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a block table of %llu entries",
                         (unsigned long long)count);
    status = tarn_io_pread(call, disk->head.file, disk->bat, count * 4,
                           disk->head.header.bat_offset);
    for (uint64_t i = 0; i < count && status == TARN_OK; i++)
        disk->bat[i] = be32_load(&disk->bat[i]);
    return status;
}

void vpc_table_set(struct vpc_disk *disk, uint64_t block, uint32_t sector)
{
    disk->bat[block] = sector;
    disk->bat_dirty[block / ENTRIES_IN_SECTOR] = true;
    disk->dirty = true;
}

static int32_t write_entries(struct tarn_call *call, struct vpc_disk *disk, uint64_t first,
                             uint64_t count, uint8_t *buffer)
{
    for (uint64_t i = 0; i < count; i++)
        be32_store(buffer + i * 4, disk->bat[first + i]);
    return tarn_io_pwrite(call, disk->head.file, buffer, count * 4,
                          disk->head.header.bat_offset + first * 4);
}

int32_t vpc_table_write(struct tarn_call *call, struct vpc_disk *disk)
{
    uint64_t sectors = sectors_of(disk->head.entries);
    uint8_t *buffer = malloc(CHUNK * 4);
    int32_t status = TARN_OK;

    if (buffer == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to write the block table");
    for (uint64_t i = 0; i < sectors && status == TARN_OK; i++) {
        uint64_t end = i;
        uint64_t first = i * ENTRIES_IN_SECTOR;

        while (end < sectors && end - i < CHUNK / ENTRIES_IN_SECTOR && disk->bat_dirty[end])
            end++;
        if (end == i)
            continue;
        status = write_entries(call, disk, first,
                               vpc_min(end * ENTRIES_IN_SECTOR, disk->head.entries) - first,
                               buffer);
        for (; i < end && status == TARN_OK; i++)
            disk->bat_dirty[i] = false;
        i = end - 1;
    }
    free(buffer);
    return status;
}

/* --- survey ----------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;

    return left < right ? -1 : left > right;
}

int32_t vpc_table_sorted(struct tarn_call *call, const struct vpc_disk *disk, uint32_t **out,
                         uint64_t *out_count)
{
    uint64_t count = 0;
    uint64_t used = 0;
    bool sorted = true;

    for (uint64_t i = 0; i < disk->head.entries; i++)
        count += disk->bat[i] != VPC_UNUSED_BLOCK;
    *out = malloc((count + 1) * sizeof(**out));
    *out_count = count;
    if (*out == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to sort %llu blocks",
                         (unsigned long long)count);
    for (uint64_t i = 0; i < disk->head.entries; i++) {
        if (disk->bat[i] == VPC_UNUSED_BLOCK)
            continue;
        sorted = sorted && (used == 0 || (*out)[used - 1] <= disk->bat[i]);
        (*out)[used++] = disk->bat[i];
    }
    if (!sorted)
        qsort(*out, count, sizeof(**out), compare);
    return TARN_OK;
}

int32_t vpc_table_survey(struct tarn_call *call, struct vpc_disk *disk)
{
    uint64_t stride = vpc_stride(&disk->head);
    uint64_t end = 0;
    uint64_t count;
    uint64_t start;
    uint32_t *places;
    int32_t status;

    for (uint64_t i = 0; i < disk->head.entries; i++)
        if ((status = vpc_block_find(call, disk, i, &start)) != TARN_OK)
            return status;
    status = vpc_table_sorted(call, disk, &places, &count);
    if (status != TARN_OK)
        return status;
    for (uint64_t i = 0; i < count && status == TARN_OK; i++) {
        start = (uint64_t)places[i] * VPC_SECTOR;
        if (start < end)
            status = tarn_fail(call, TARN_E_CORRUPT, 0,
                               "two blocks lie on each other at %llu, so nothing can be written: "
                               "check the image, and copy what can be read",
                               (unsigned long long)start);
        end = start + stride;
    }
    free(places);
    disk->free = vpc_max(end, vpc_tables_end(&disk->head));
    return status;
}
