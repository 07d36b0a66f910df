/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * resize.c - larger disks. After a crash at any step the disk has its old size or the new one, and
 * what was added reads as zeros.
 */
#include "vpc.h"

#include <stdlib.h>
#include <string.h>

#include "helpers/io-zero.h"

/* Room that a table gets when it moves: it grows again without moving. */
#define TABLE_ROOM ((uint64_t)4096)

static int32_t check_size(struct tarn_call *call, const struct vpc_head *head, uint64_t *size)
{
    uint64_t most = (uint64_t)VPC_MAX_SECTORS * VPC_SECTOR;

    if (*size < head->capacity)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "a VHD grows and does not shrink: convert it into a smaller image");
    if (*size > most)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "a VHD has at most %llu bytes (2040 GiB), and %llu were asked for",
                         (unsigned long long)most, (unsigned long long)*size);
    *size = vpc_round_up(*size, VPC_SECTOR);
    return TARN_OK;
}

static void now_has(struct vpc_disk *disk, uint64_t size)
{
    vpc_footer_resize(&disk->head.footer, size);
    disk->head.capacity = disk->span.size = size;
}

/* --- fixed ------------------------------------------------------------------------------------ */

static int32_t put_fixed_footer(struct tarn_call *call, struct vpc_head *head,
                                const struct vpc_footer *footer, uint64_t offset)
{
    int32_t status = tarn_io_pwrite(call, head->file, footer->bytes, VPC_FOOTER_SIZE, offset);

    return status == TARN_OK ? tarn_io_flush(call, head->file) : status;
}

/* The footer goes to its new place with the old size in it; then its old place is zeroed; only then
 * the footer gets the new size, which shows both to the guest. */
int32_t vpc_fixed_resize(struct tarn_call *call, struct span_disk *span, uint64_t size,
                         uint32_t flags)
{
    struct vpc_disk *disk = (struct vpc_disk *)(void *)span;
    struct vpc_head *head = &disk->head;
    struct vpc_footer footer = head->footer;
    uint64_t old = head->capacity;
    uint64_t zero_to = head->file_size;
    int32_t status = check_size(call, head, &size);

    if (status != TARN_OK || size == old)
        return status;
    if ((head->file->flags & TARN_IO_FIXED_SIZE) && size > head->last_offset)
        return tarn_fail(call, TARN_E_NO_SPACE, 0,
                         "the container has room for a disk of %llu bytes, and %llu were asked for",
                         (unsigned long long)head->last_offset, (unsigned long long)size);
    if (size > head->last_offset) {
        status = put_fixed_footer(call, head, &head->footer, size);
        if (status != TARN_OK)
            return status;
        head->last_offset = size;
        head->file_size = size + VPC_FOOTER_SIZE;
    }
    if (!(head->file->flags & TARN_IO_ZERO_NEW) || zero_to > size)
        zero_to = size;
    status = io_zero(call, head->file, old, zero_to - old, TARN_ZERO_MAY_UNMAP);
    if (status == TARN_OK && (flags & TARN_TRUNCATE_ALLOCATE))
        status = io_reserve(call, head->file, old, size - old);
    if (status == TARN_OK)
        status = tarn_io_flush(call, head->file);
    vpc_footer_resize(&footer, size);
    if (status == TARN_OK)
        status = put_fixed_footer(call, head, &footer, head->last_offset);
    if (status == TARN_OK)
        now_has(disk, size);
    return status;
}

/* --- dynamic: the table ----------------------------------------------------------------------- */

/* The table's entries may go on to here without moving. */
static uint64_t table_limit(const struct vpc_disk *disk)
{
    const struct vpc_head *head = &disk->head;
    uint64_t limit = head->last_offset;

    if (head->footer.data_offset > head->header.bat_offset)
        limit = vpc_min(limit, head->footer.data_offset);
    for (uint64_t i = 0; i < head->entries; i++) {
        uint64_t start = (uint64_t)disk->bat[i] * VPC_SECTOR;

        if (disk->bat[i] != VPC_UNUSED_BLOCK && start > head->header.bat_offset)
            limit = vpc_min(limit, start);
    }
    return limit;
}

/* A table of `entries` at `offset`: those there are, and unused ones. */
static int32_t write_table(struct tarn_call *call, struct vpc_disk *disk, uint64_t offset,
                           uint64_t first, uint64_t entries)
{
    uint64_t count = vpc_round_up(entries * 4, VPC_SECTOR) / 4 - first;
    uint8_t *bytes = malloc(count * 4 + 1);
    int32_t status;

    if (bytes == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a block table of %llu entries",
                         (unsigned long long)entries);
    memset(bytes, 0xff, count * 4);
    status = tarn_io_pwrite(call, disk->head.file, bytes, count * 4, offset + first * 4);
    free(bytes);
    return status;
}

/* The header is one sector where it matters, so it points to the old table or to the new one. */
static int32_t put_header(struct tarn_call *call, struct vpc_disk *disk, uint64_t offset,
                          uint64_t entries)
{
    struct vpc_head *head = &disk->head;
    struct vpc_header header = head->header;
    int32_t status;

    header.bat_offset = offset;
    header.max_entries = (uint32_t)entries;
    vpc_header_seal(&header);
    status = tarn_io_flush(call, head->file);
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, head->file, header.bytes, VPC_HEADER_SIZE,
                                head->footer.data_offset);
    if (status == TARN_OK)
        status = tarn_io_flush(call, head->file);
    if (status == TARN_OK)
        head->header = header;
    return status;
}

/* A copy of the table, with `entries` of them, at the end. */
static int32_t move_table(struct tarn_call *call, struct vpc_disk *disk, uint64_t entries)
{
    uint64_t offset = vpc_round_up(disk->free, TABLE_ROOM);
    uint64_t length = vpc_round_up(entries * 4, TABLE_ROOM);
    uint64_t old = disk->head.header.bat_offset;
    int32_t status = vpc_room(call, disk, offset, length);

    if (status == TARN_OK)
        status = write_table(call, disk, offset, disk->head.entries, length / 4);
    if (status != TARN_OK)
        return status;
    /* vpc_table_write() writes to the table that counts; this one does not yet. */
    memset(disk->bat_dirty, 1, (disk->head.entries * 4 + VPC_SECTOR - 1) / VPC_SECTOR);
    disk->head.header.bat_offset = offset;
    status = vpc_table_write(call, disk);
    disk->head.header.bat_offset = old;
    if (status == TARN_OK)
        status = put_header(call, disk, offset, length / 4);
    if (status == TARN_OK)
        disk->free = offset + length;
    return status;
}

/* Room for `entries`; those that the disk does not have yet are unused, whatever was there. */
static int32_t extend_table(struct tarn_call *call, struct vpc_disk *disk, uint64_t entries)
{
    struct vpc_head *head = &disk->head;
    uint64_t offset = head->header.bat_offset;
    uint64_t end = offset + vpc_round_up(entries * 4, VPC_SECTOR);
    int32_t status;

    if (entries <= head->entries)
        return TARN_OK;
    if (end > table_limit(disk))
        return move_table(call, disk, entries);
    status = write_table(call, disk, offset, head->entries, entries);
    if (status == TARN_OK)
        status = put_header(call, disk, offset, vpc_max(entries, head->header.max_entries));
    disk->free = vpc_max(disk->free, vpc_tables_end(head));
    return status;
}

static int32_t more_memory(struct tarn_call *call, struct vpc_disk *disk, uint64_t entries)
{
    uint64_t sectors = (entries * 4 + VPC_SECTOR - 1) / VPC_SECTOR;
    uint64_t had = (disk->head.entries * 4 + VPC_SECTOR - 1) / VPC_SECTOR;
    uint32_t *bat = realloc(disk->bat, (entries + 1) * sizeof(*bat));
    bool *dirty;

    if (bat != NULL)
        disk->bat = bat;
    dirty = realloc(disk->bat_dirty, (sectors + 1) * sizeof(*dirty));
    if (dirty != NULL)
        disk->bat_dirty = dirty;
    if (bat == NULL || dirty == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a block table of %llu entries",
                         (unsigned long long)entries);
    for (uint64_t i = disk->head.entries; i < entries; i++)
        bat[i] = VPC_UNUSED_BLOCK;
    if (sectors > had)
        memset(dirty + had, 0, (sectors - had) * sizeof(*dirty));
    return TARN_OK;
}

/* --- dynamic: the size ------------------------------------------------------------------------ */

/* The last block may go on behind the end of the disk, with anything in it. */
static int32_t clear_behind_end(struct tarn_call *call, struct vpc_disk *disk)
{
    const struct vpc_head *head = &disk->head;
    uint64_t within = head->capacity % head->header.block_size;
    uint64_t start = 0;
    int32_t status = TARN_OK;

    if (within != 0)
        status = vpc_block_find(call, disk, head->capacity / head->header.block_size, &start);
    if (status != TARN_OK || start == 0)
        return status;
    return io_zero(call, head->file, start + head->bitmap_size + within,
                   head->header.block_size - within, TARN_ZERO_MAY_UNMAP);
}

/* The copy at the start first: it is the one that counts. */
static int32_t put_footers(struct tarn_call *call, struct vpc_disk *disk, uint64_t size)
{
    struct vpc_head *head = &disk->head;
    struct vpc_footer footer = head->footer;
    int32_t status = tarn_io_flush(call, head->file);

    vpc_footer_resize(&footer, size);
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, head->file, footer.bytes, VPC_FOOTER_SIZE, 0);
    if (status == TARN_OK)
        status = tarn_io_flush(call, head->file);
    if (status == TARN_OK)
        now_has(disk, size);
    if (status == TARN_OK)
        status = tarn_io_pwrite(call, head->file, footer.bytes,
                                head->file_size - head->last_offset, head->last_offset);
    return status;
}

int32_t vpc_dynamic_resize(struct tarn_call *call, struct span_disk *span, uint64_t size,
                           uint32_t flags)
{
    struct vpc_disk *disk = (struct vpc_disk *)(void *)span;
    struct vpc_head *head = &disk->head;
    uint64_t old = head->capacity;
    uint64_t entries;
    int32_t status = check_size(call, head, &size);

    if (status != TARN_OK || size == old)
        return status;
    entries = (size + head->header.block_size - 1) / head->header.block_size;
    if (entries * 4 > VPC_MAX_BAT)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "blocks of %u bytes are too small for a disk of %llu: convert it into an "
                         "image with larger ones", (unsigned int)head->header.block_size,
                         (unsigned long long)size);
    status = vpc_commit(call, disk);
    if (status == TARN_OK)
        status = clear_behind_end(call, disk);
    if (status == TARN_OK)
        status = more_memory(call, disk, entries);
    if (status == TARN_OK)
        status = extend_table(call, disk, entries);
    if (status == TARN_OK) {
        head->entries = vpc_max(entries, head->entries);
        status = put_footers(call, disk, size);
    }
    if (status == TARN_OK && (flags & TARN_TRUNCATE_ALLOCATE))
        status = vpc_preallocate(call, disk, old, size - old, TARN_PREALLOC_FALLOC);
    return status;
}

/* --- space ------------------------------------------------------------------------------------ */

static int32_t preallocate_block(struct tarn_call *call, struct vpc_disk *disk, uint64_t block,
                                 uint32_t preallocation)
{
    uint64_t data;
    uint64_t start;
    int32_t status = vpc_block_find(call, disk, block, &start);

    if (status != TARN_OK || start != 0)
        return status;
    status = vpc_block_allocate(call, disk, block, &start);
    data = start + disk->head.bitmap_size;
    if (status == TARN_OK && preallocation == TARN_PREALLOC_FALLOC)
        status = io_reserve(call, disk->head.file, data, disk->head.header.block_size);
    if (status == TARN_OK && preallocation == TARN_PREALLOC_FULL)
        status = io_write_zeros(call, disk->head.file, data, disk->head.header.block_size);
    return status;
}

int32_t vpc_preallocate(struct tarn_call *call, struct vpc_disk *disk, uint64_t offset,
                        uint64_t length, uint32_t preallocation)
{
    uint64_t size = disk->head.header.block_size;
    int32_t status = TARN_OK;

    for (uint64_t block = offset / size; block * size < offset + length && status == TARN_OK;
         block++) {
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = preallocate_block(call, disk, block, preallocation);
    }
    return status;
}
