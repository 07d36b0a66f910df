/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * header.c - the header of a sparse extent of VMware's hosted products: "KDMV", little-endian.
 */
#include "head.h"

#include <stdio.h>

#include "helpers/le.h"

#define KNOWN_FLAGS (VMDK_FLAG_NEWLINES | VMDK_FLAG_REDUNDANT | VMDK_FLAG_ZERO_GRAINS | \
                     VMDK_FLAG_COMPRESSED | VMDK_FLAG_MARKERS)

/* Mangled by a transfer as text these would be others. */
static const uint8_t newlines[4] = { '\n', ' ', '\r', '\n' };

bool vmdk_header_magic(const uint8_t *bytes)
{
    return memcmp(bytes, "KDMV", 4) == 0;
}

static const char *check_shape(const struct vmdk_header *header, char *room, size_t size)
{
    uint32_t unknown = header->flags & ~KNOWN_FLAGS;

    if (header->version < 1 || header->version > 3)
        snprintf(room, size, "is of version %u; 1 to 3 are known", (unsigned)header->version);
    else if (unknown != 0)
        snprintf(room, size, "has the unknown flag bit %d", __builtin_ctz(unknown));
    else if (header->compression > 1)
        snprintf(room, size, "has compression %u; 0 (none) and 1 (deflate) are known",
                 (unsigned)header->compression);
    else if ((header->compression == 1) != ((header->flags & VMDK_FLAG_COMPRESSED) != 0))
        snprintf(room, size, "says by its flags and by its compression field different things");
    else if (header->compression == 1 && !(header->flags & VMDK_FLAG_MARKERS))
        snprintf(room, size, "has compressed grains without markers");
    else
        return NULL;
    return room;
}

static const char *check_numbers(const struct vmdk_header *header, char *room, size_t size)
{
    if (!vmdk_power_of_two(header->grain) || header->grain > VMDK_MAX_GRAIN_SECTORS)
        snprintf(room, size, "has grains of %llu sectors; a power of two up to %u is allowed",
                 (vmdk_ull)header->grain, VMDK_MAX_GRAIN_SECTORS);
    else if (header->table_entries == 0 || header->table_entries > 512)
        snprintf(room, size, "has grain tables of %u entries; 1 to 512 are allowed",
                 (unsigned)header->table_entries);
    else if (header->capacity > INT64_MAX / VMDK_SECTOR)
        snprintf(room, size, "has %llu sectors, more than a disk can have",
                 (vmdk_ull)header->capacity);
    else if (header->descriptor_size > VMDK_MAX_DESCRIPTOR / VMDK_SECTOR)
        snprintf(room, size, "has a descriptor of %llu sectors; at most %llu are read",
                 (vmdk_ull)header->descriptor_size,
                 (vmdk_ull)(VMDK_MAX_DESCRIPTOR / VMDK_SECTOR));
    else if (header->overhead > UINT32_MAX)
        snprintf(room, size, "has %llu sectors of metadata, more than can be addressed",
                 (vmdk_ull)header->overhead);
    else
        return NULL;
    return room;
}

const char *vmdk_header_decode(const uint8_t *bytes, struct vmdk_header *out, char *room,
                               size_t size)
{
    const char *fault;

    *out = (struct vmdk_header){
        .version = le32_load(bytes + 4), .flags = le32_load(bytes + 8),
        .capacity = le64_load(bytes + 12), .grain = le64_load(bytes + 20),
        .descriptor_offset = le64_load(bytes + 28), .descriptor_size = le64_load(bytes + 36),
        .table_entries = le32_load(bytes + 44), .redundant_offset = le64_load(bytes + 48),
        .directory_offset = le64_load(bytes + 56), .overhead = le64_load(bytes + 64),
        .unclean = bytes[VMDK_UNCLEAN_AT], .compression = le16_load(bytes + 77),
    };
    fault = check_shape(out, room, size);
    if (fault == NULL && (out->flags & VMDK_FLAG_NEWLINES) &&
        memcmp(bytes + 73, newlines, sizeof(newlines)) != 0) {
        snprintf(room, size, "has other line ends than it should: it was transferred as text");
        return room;
    }
    return fault != NULL ? fault : check_numbers(out, room, size);
}

void vmdk_header_encode(const struct vmdk_header *header, uint8_t *bytes)
{
    memset(bytes, 0, VMDK_SECTOR);
    memcpy(bytes, "KDMV", 4);
    le32_store(bytes + 4, header->version);
    le32_store(bytes + 8, header->flags);
    le64_store(bytes + 12, header->capacity);
    le64_store(bytes + 20, header->grain);
    le64_store(bytes + 28, header->descriptor_offset);
    le64_store(bytes + 36, header->descriptor_size);
    le32_store(bytes + 44, header->table_entries);
    le64_store(bytes + 48, header->redundant_offset);
    le64_store(bytes + 56, header->directory_offset);
    le64_store(bytes + 64, header->overhead);
    bytes[VMDK_UNCLEAN_AT] = header->unclean;
    memcpy(bytes + 73, newlines, sizeof(newlines));
    le16_store(bytes + 77, header->compression);
}
