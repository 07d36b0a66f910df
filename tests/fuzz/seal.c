/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * seal.c - see seal.h.
 */
#include "seal.h"

#include <string.h>

#include "helpers/be.h"

#define VPC_FOOTER          512u
#define VPC_HEADER          1024u
#define VPC_FOOTER_CHECKSUM 64u
#define VPC_HEADER_CHECKSUM 36u
#define VPC_DATA_OFFSET     16u

/* The complement of the sum of all bytes, its own four counted as zeros. */
static void seal_sum(uint8_t *bytes, size_t length, size_t at)
{
    uint32_t sum = 0;
    size_t i;

    memset(bytes + at, 0, 4);
    for (i = 0; i < length; i++)
        sum += bytes[i];
    be32_store(bytes + at, ~sum);
}

static void seal_vpc_footer(uint8_t *bytes, size_t size, size_t at)
{
    uint64_t header;

    if (size < VPC_FOOTER || at > size - VPC_FOOTER || memcmp(bytes + at, "conectix", 8) != 0)
        return;
    header = be64_load(bytes + at + VPC_DATA_OFFSET);
    if (size >= VPC_HEADER && header <= size - VPC_HEADER)
        seal_sum(bytes + header, VPC_HEADER, VPC_HEADER_CHECKSUM);
    seal_sum(bytes + at, VPC_FOOTER, VPC_FOOTER_CHECKSUM);
}

void seal(const char *format, uint8_t *bytes, size_t size)
{
    if (strcmp(format, "vpc") != 0)
        return;
    seal_vpc_footer(bytes, size, 0);
    if (size >= VPC_FOOTER)
        seal_vpc_footer(bytes, size, size - VPC_FOOTER);
}
