/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * header.c - the dynamic header: its fields, its checksum, and what of it can be true.
 */
#include "head.h"

#include <string.h>

#include "helpers/be.h"

#define AT_BAT_OFFSET       16u
#define AT_VERSION          24u
#define AT_MAX_ENTRIES      28u
#define AT_BLOCK_SIZE       32u
#define AT_CHECKSUM         36u
#define AT_PARENT_TIMESTAMP 56u

#define BAD(call, ...) tarn_fail(call, TARN_E_CORRUPT, 0, __VA_ARGS__)

void vpc_header_decode(const uint8_t *bytes, struct vpc_header *out)
{
    memset(out, 0, sizeof(*out));
    memcpy(out->bytes, bytes, VPC_HEADER_SIZE);
    out->bat_offset = be64_load(bytes + AT_BAT_OFFSET);
    out->version = be32_load(bytes + AT_VERSION);
    out->max_entries = be32_load(bytes + AT_MAX_ENTRIES);
    out->block_size = be32_load(bytes + AT_BLOCK_SIZE);
    out->parent_timestamp = be32_load(bytes + AT_PARENT_TIMESTAMP);
}

void vpc_header_seal(struct vpc_header *header)
{
    be64_store(header->bytes + AT_BAT_OFFSET, header->bat_offset);
    be32_store(header->bytes + AT_MAX_ENTRIES, header->max_entries);
    be32_store(header->bytes + AT_CHECKSUM,
               vpc_checksum(header->bytes, VPC_HEADER_SIZE, AT_CHECKSUM));
}

static int32_t check_geometry(struct tarn_call *call, const struct vpc_header *header)
{
    uint64_t block = header->block_size;

    if (header->version >> 16 != 1)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the version of the dynamic header is 0x%08x, known is 0x00010000",
                         (unsigned int)header->version);
    if (block < VPC_MIN_BLOCK || (block & (block - 1)) != 0)
        return BAD(call, "the block size is %llu, it can be a power of two from 512: the header is "
                         "damaged", (unsigned long long)block);
    if (block > VPC_MAX_BLOCK)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the blocks have %llu bytes, and %llu are the most that is read",
                         (unsigned long long)block, (unsigned long long)VPC_MAX_BLOCK);
    return TARN_OK;
}

static bool overlap(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
    return a < b + b_length && b < a + a_length;
}

/* The whole table lies in the file, whatever part of it is used: so it costs no more memory than
 * the file has bytes. */
static int32_t check_table(struct tarn_call *call, const struct vpc_head *head)
{
    const struct vpc_header *header = &head->header;
    uint64_t bytes = (uint64_t)header->max_entries * 4;
    uint64_t offset = header->bat_offset;

    if (header->max_entries < head->entries)
        return BAD(call, "the block table has %u entries, and a disk of %llu bytes needs %llu: the "
                         "header is damaged", (unsigned int)header->max_entries,
                   (unsigned long long)head->capacity, (unsigned long long)head->entries);
    if (offset > head->file_size || bytes > head->file_size - offset)
        return BAD(call, "the block table of %llu bytes at %llu passes the end of the file at "
                         "%llu: the file was cut off, or its header is damaged",
                   (unsigned long long)bytes, (unsigned long long)offset,
                   (unsigned long long)head->file_size);
    if (overlap(offset, bytes, 0, VPC_FOOTER_SIZE) ||
        overlap(offset, bytes, head->footer.data_offset, VPC_HEADER_SIZE))
        return BAD(call, "the block table at %llu lies on the headers: the header is damaged",
                   (unsigned long long)offset);
    if (head->last != VPC_COPY_NONE &&
        overlap(offset, bytes, head->last_offset, head->file_size - head->last_offset))
        return BAD(call, "the block table at %llu lies on the footer: the header is damaged",
                   (unsigned long long)offset);
    if (head->entries * 4 > VPC_MAX_BAT)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the block table has %llu bytes, and %llu are the most that is held in "
                         "memory: the blocks are too small for such a disk",
                         (unsigned long long)head->entries * 4, (unsigned long long)VPC_MAX_BAT);
    return TARN_OK;
}

int32_t vpc_header_read(struct tarn_call *call, const uint8_t *start, uint64_t start_length,
                        struct vpc_head *head)
{
    uint64_t offset = head->footer.data_offset;
    uint8_t bytes[VPC_HEADER_SIZE];
    int32_t status = TARN_OK;

    if (offset < VPC_FOOTER_SIZE || offset > head->file_size ||
        head->file_size - offset < VPC_HEADER_SIZE)
        return BAD(call, "the dynamic header at %llu does not lie in the file of %llu bytes: the "
                         "file was cut off, or its footer is damaged", (unsigned long long)offset,
                   (unsigned long long)head->file_size);
    if (offset <= start_length && start_length - offset >= VPC_HEADER_SIZE)
        memcpy(bytes, start + offset, VPC_HEADER_SIZE);
    else
        status = tarn_io_pread(call, head->file, bytes, VPC_HEADER_SIZE, offset);
    if (status != TARN_OK)
        return status;
    if (memcmp(bytes, "cxsparse", 8) != 0)
        return BAD(call, "there is no dynamic header at %llu: the footer or the header is damaged",
                   (unsigned long long)offset);
    vpc_header_decode(bytes, &head->header);
    head->header_sound = be32_load(bytes + AT_CHECKSUM) ==
                         vpc_checksum(bytes, VPC_HEADER_SIZE, AT_CHECKSUM);
    status = check_geometry(call, &head->header);
    if (status != TARN_OK)
        return status;
    head->entries = (head->capacity + head->header.block_size - 1) / head->header.block_size;
    head->bitmap_size = vpc_round_up((head->header.block_size / VPC_SECTOR + 7) / 8, VPC_SECTOR);
    return check_table(call, head);
}
