/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lzfse-header.c - the two forms of a packed block's header: version 1 with everything as plain
 * numbers, version 2 with packed ones and frequencies of variable length.
 */
#include "lzfse.h"

#include "helpers/le.h"

#define V1_SIZE 772u /* 770 bytes of members, and two that a C structure of them ends with */
#define V2_SIZE 32u  /* without the frequencies */

static bool sane(const struct lzfse_block *block)
{
    for (int i = 0; i < 4; i++)
        if (block->literal_state[i] >= LZFSE_LITERAL_STATES)
            return false;
    return block->literals <= LZFSE_LITERALS_MAX && block->literals % 4 == 0 &&
           block->matches <= LZFSE_MATCHES_MAX && block->literal_unused <= 7 &&
           block->lmd_unused <= 7 && block->l_state < LZFSE_L_STATES &&
           block->m_state < LZFSE_M_STATES && block->d_state < LZFSE_D_STATES;
}

/* Stored as 0 to -7. */
static uint32_t unused_bits(const uint8_t *at)
{
    return 0u - le32_load(at);
}

bool lzfse_header_v1(const uint8_t *in, uint64_t in_size, struct lzfse_block *out)
{
    if (in_size < V1_SIZE)
        return false;
    *out = (struct lzfse_block){
        .header = V1_SIZE, .raw = le32_load(in + 4), .literals = le32_load(in + 12),
        .matches = le32_load(in + 16), .literal_payload = le32_load(in + 20),
        .lmd_payload = le32_load(in + 24), .literal_unused = unused_bits(in + 28),
        .lmd_unused = unused_bits(in + 40), .l_state = le16_load(in + 44),
        .m_state = le16_load(in + 46), .d_state = le16_load(in + 48),
    };
    for (int i = 0; i < 4; i++)
        out->literal_state[i] = le16_load(in + 32 + 2 * i);
    for (uint32_t i = 0; i < LZFSE_FREQUENCIES; i++)
        out->frequency[i] = le16_load(in + 50 + (uint64_t)2 * i);
    return sane(out);
}

static uint32_t field(uint64_t packed, unsigned int first, unsigned int count)
{
    return (uint32_t)(packed >> first & (((uint64_t)1 << count) - 1));
}

/* A frequency is a code of 2 to 14 bits, the lowest first:
 *   v0 (v = 0, 1)   v01 (2, 3)   vv011 (4 to 7)   vvvv0111 (8 to 23)   10 bits and 1111 (24 on) */
static uint32_t frequency_code(uint32_t bits, uint32_t *out_length)
{
    static const struct {
        uint8_t mask, mark, length, shift, base;
    } forms[] = {
        { 0x1, 0x0, 2, 1, 0 }, { 0x3, 0x1, 3, 2, 2 }, { 0x7, 0x3, 5, 3, 4 },
        { 0xf, 0x7, 8, 4, 8 }, { 0xf, 0xf, 14, 4, 24 },
    };
    uint32_t i = 0;

    while ((bits & forms[i].mask) != forms[i].mark)
        i++;
    *out_length = forms[i].length;
    return forms[i].base + ((bits & (((uint32_t)1 << forms[i].length) - 1)) >> forms[i].shift);
}

/* They end in the last byte of the header; without any, the block has neither literals nor
 * matches. */
static bool read_frequencies(const uint8_t *at, const uint8_t *end, struct lzfse_block *out)
{
    uint32_t bits = 0;
    uint32_t have = 0;

    if (at == end)
        return true;
    for (uint32_t i = 0; i < LZFSE_FREQUENCIES; i++) {
        uint32_t length;

        while (at < end && have <= 24) {
            bits |= (uint32_t)*at++ << have;
            have += 8;
        }
        out->frequency[i] = (uint16_t)frequency_code(bits, &length);
        if (length > have)
            return false;
        bits >>= length;
        have -= length;
    }
    return at == end && have < 8;
}

bool lzfse_header_v2(const uint8_t *in, uint64_t in_size, struct lzfse_block *out)
{
    uint64_t first;
    uint64_t second;
    uint64_t third;

    if (in_size < V2_SIZE)
        return false;
    first = le64_load(in + 8);
    second = le64_load(in + 16);
    third = le64_load(in + 24);
    *out = (struct lzfse_block){
        .header = field(third, 0, 32), .raw = le32_load(in + 4), .literals = field(first, 0, 20),
        .matches = field(first, 40, 20), .literal_payload = field(first, 20, 20),
        .lmd_payload = field(second, 40, 20), .literal_unused = 7 - field(first, 60, 3),
        .lmd_unused = 7 - field(second, 60, 3), .l_state = (uint16_t)field(third, 32, 10),
        .m_state = (uint16_t)field(third, 42, 10), .d_state = (uint16_t)field(third, 52, 10),
    };
    for (unsigned int i = 0; i < 4; i++)
        out->literal_state[i] = (uint16_t)field(second, 10 * i, 10);
    if (out->header < V2_SIZE || out->header > in_size)
        return false;
    return read_frequencies(in + V2_SIZE, in + out->header, out) && sane(out);
}
