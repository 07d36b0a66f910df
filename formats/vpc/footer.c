/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * footer.c - the footer: its fields, its checksum, and the two ways to understand the size.
 */
#include "head.h"

#include <string.h>

#include "helpers/be.h"

#define AT_VERSION         12u
#define AT_DATA_OFFSET     16u
#define AT_TIMESTAMP       24u
#define AT_CREATOR         28u
#define AT_CREATOR_VERSION 32u
#define AT_ORIGINAL_SIZE   40u
#define AT_CURRENT_SIZE    48u
#define AT_CYLINDERS       56u
#define AT_HEADS           58u
#define AT_SECTORS         59u
#define AT_TYPE            60u
#define AT_CHECKSUM        64u
#define AT_SAVED_STATE     84u

#define MAX_CYLINDERS 65535u
#define MAX_HEADS     16u
#define MAX_SECTORS   255u

/* What the specification's own rule makes of small disks, and what a BIOS of old understands. */
#define LEAST_HEADS   4u
#define LEAST_SECTORS 17u
#define MOST_SECTORS  63u

uint32_t vpc_checksum(const uint8_t *bytes, uint32_t length, uint32_t at)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < length; i++)
        if (i < at || i >= at + 4)
            sum += bytes[i];
    return ~sum;
}

enum vpc_copy vpc_footer_look(const uint8_t *bytes)
{
    if (memcmp(bytes, "conectix", 8) != 0)
        return VPC_COPY_NONE;
    return be32_load(bytes + AT_CHECKSUM) == vpc_checksum(bytes, VPC_FOOTER_SIZE, AT_CHECKSUM)
               ? VPC_COPY_SOUND : VPC_COPY_DAMAGED;
}

void vpc_footer_decode(const uint8_t *bytes, struct vpc_footer *out)
{
    memset(out, 0, sizeof(*out));
    memcpy(out->bytes, bytes, VPC_FOOTER_SIZE);
    out->version = be32_load(bytes + AT_VERSION);
    out->data_offset = be64_load(bytes + AT_DATA_OFFSET);
    out->timestamp = be32_load(bytes + AT_TIMESTAMP);
    memcpy(out->creator, bytes + AT_CREATOR, 4);
    out->creator_version = be32_load(bytes + AT_CREATOR_VERSION);
    out->original_size = be64_load(bytes + AT_ORIGINAL_SIZE);
    out->current_size = be64_load(bytes + AT_CURRENT_SIZE);
    out->cylinders = be16_load(bytes + AT_CYLINDERS);
    out->heads = bytes[AT_HEADS];
    out->sectors = bytes[AT_SECTORS];
    out->type = be32_load(bytes + AT_TYPE);
    out->saved_state = bytes[AT_SAVED_STATE] != 0;
}

void vpc_footer_seal(struct vpc_footer *footer)
{
    be32_store(footer->bytes + AT_CHECKSUM,
               vpc_checksum(footer->bytes, VPC_FOOTER_SIZE, AT_CHECKSUM));
}

/* --- the size --------------------------------------------------------------------------------- */

/* Virtual PC, and QEMU before it had "qem2", show the guest what the geometry holds, which is less
 * than the current size; everybody else shows the current size. A geometry at its maximum, of
 * 127 GiB, says nothing. This is QEMU's rule since 10.0; before that it took the geometry of all
 * creators that it did not know. */
bool vpc_by_geometry(const struct vpc_footer *footer)
{
    if (footer->cylinders == MAX_CYLINDERS && footer->heads == MAX_HEADS &&
        footer->sectors == MAX_SECTORS)
        return false;
    return memcmp(footer->creator, "vpc ", 4) == 0 || memcmp(footer->creator, "qemu", 4) == 0;
}

uint64_t vpc_capacity(const struct vpc_footer *footer)
{
    if (vpc_by_geometry(footer))
        return (uint64_t)footer->cylinders * footer->heads * footer->sectors * VPC_SECTOR;
    return footer->current_size & ~(uint64_t)(VPC_SECTOR - 1);
}

/* Every reader shall see the same size, whichever rule it follows: so the geometry holds exactly
 * the disk where one can, and is the maximum, which no rule believes, where none can. */
static void put_geometry(uint8_t *bytes, uint64_t total)
{
    be16_store(bytes + AT_CYLINDERS, MAX_CYLINDERS);
    bytes[AT_HEADS] = MAX_HEADS;
    bytes[AT_SECTORS] = MAX_SECTORS;
    for (uint64_t heads = MAX_HEADS; heads >= LEAST_HEADS; heads--)
        for (uint64_t sectors = MOST_SECTORS; sectors >= LEAST_SECTORS; sectors--)
            if (total > 0 && total % (heads * sectors) == 0 &&
                total / (heads * sectors) <= MAX_CYLINDERS) {
                be16_store(bytes + AT_CYLINDERS, (uint16_t)(total / (heads * sectors)));
                bytes[AT_HEADS] = (uint8_t)heads;
                bytes[AT_SECTORS] = (uint8_t)sectors;
                return;
            }
}

void vpc_footer_resize(struct vpc_footer *footer, uint64_t size)
{
    uint8_t bytes[VPC_FOOTER_SIZE];

    memcpy(bytes, footer->bytes, sizeof(bytes));
    be64_store(bytes + AT_CURRENT_SIZE, size);
    /* libvirt reads this one. */
    be64_store(bytes + AT_ORIGINAL_SIZE, size);
    put_geometry(bytes, size / VPC_SECTOR);
    vpc_footer_decode(bytes, footer);
    vpc_footer_seal(footer);
}
