/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create-extent.c - the metadata of a new sparse extent. It lies in this order: header, descriptor,
 * redundant directory and its tables, directory and its tables; then, at a multiple of a grain, the
 * grains. In a new file all of it but the header and the directories is a hole.
 */
#include "create.h"

#include "helpers/le.h"

#define TABLE_ENTRIES 512u
#define TABLE_SECTORS 4u

static uint64_t table_count(const struct vmdk_header *header)
{
    return vmdk_divide_up(header->capacity, header->grain * TABLE_ENTRIES);
}

static uint64_t directory_sectors(const struct vmdk_header *header)
{
    return vmdk_divide_up(table_count(header) * 4, VMDK_SECTOR);
}

struct vmdk_header vmdk_new_header(const struct vmdk_plan *plan, uint64_t sectors,
                                   bool descriptor)
{
    struct vmdk_header header = {
        .version = plan->zero_grains ? 2 : 1,
        .flags = VMDK_FLAG_NEWLINES | VMDK_FLAG_REDUNDANT |
                 (plan->zero_grains ? VMDK_FLAG_ZERO_GRAINS : 0),
        .capacity = sectors,
        .grain = plan->grain,
        .descriptor_offset = descriptor ? 1 : 0,
        .descriptor_size = descriptor ? VMDK_DESCRIPTOR_SECTORS : 0,
        .table_entries = TABLE_ENTRIES,
    };
    uint64_t start = 1 + header.descriptor_size;
    uint64_t each = directory_sectors(&header) + table_count(&header) * TABLE_SECTORS;

    if (plan->subformat->compressed) {
        header.version = 3;
        header.flags = VMDK_FLAG_NEWLINES | VMDK_FLAG_COMPRESSED | VMDK_FLAG_MARKERS;
        header.compression = 1;
        header.directory_offset = VMDK_GD_AT_END;
        header.overhead = vmdk_round_up(start, plan->grain);
        return header;
    }
    header.redundant_offset = start;
    header.directory_offset = start + each;
    header.overhead = vmdk_round_up(start + 2 * each, plan->grain);
    return header;
}

static int32_t write_directory(struct tarn_call *call, struct tarn_io *file,
                               const struct vmdk_header *header, uint64_t sector)
{
    uint64_t tables = sector + directory_sectors(header);
    uint64_t count = table_count(header);
    int32_t status = TARN_OK;

    for (uint64_t from = 0; from < count && status == TARN_OK; from += VMDK_PIECE / 4) {
        uint64_t some = vmdk_min(count - from, VMDK_PIECE / 4);
        uint8_t bytes[VMDK_PIECE];

        for (uint64_t i = 0; i < some; i++)
            le32_store(bytes + i * 4, (uint32_t)(tables + (from + i) * TABLE_SECTORS));
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = tarn_io_pwrite(call, file, bytes, some * 4,
                                    sector * VMDK_SECTOR + from * 4);
    }
    return status;
}

int32_t vmdk_write_extent(struct tarn_call *call, struct tarn_io *file,
                          const struct vmdk_header *header, const struct vmdk_text *text)
{
    uint8_t bytes[VMDK_SECTOR];
    int32_t status = TARN_OK;

    if (header->redundant_offset != 0)
        status = write_directory(call, file, header, header->redundant_offset);
    if (status == TARN_OK && header->directory_offset != VMDK_GD_AT_END)
        status = write_directory(call, file, header, header->directory_offset);
    if (status == TARN_OK && text != NULL)
        status = tarn_io_pwrite(call, file, text->bytes, text->length,
                                header->descriptor_offset * VMDK_SECTOR);
    if (status != TARN_OK)
        return status;
    vmdk_header_encode(header, bytes);
    return tarn_io_pwrite(call, file, bytes, sizeof(bytes), 0);
}
