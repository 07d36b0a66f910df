/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lzvn.c - LZVN, the codec that LZFSE uses for short blocks. Every operation begins with one byte
 * that says which it is; it copies plain bytes that follow it (L), then a match of M bytes that
 * starts D bytes back.
 *
 *   LLMMMDDD dddddddd           D up to 2047; low bits 110 and 111 mean the next two
 *   LLMMM110                    D as before
 *   LLMMM111 dddddddd dddddddd  D of 16 bits, little-endian
 *   101LLMMM DDDDDDMM DDDDDDDD  M of 5 bits, D of 14
 *   1110LLLL                    plain bytes alone; 11100000 LLLLLLLL for 16 and more
 *   1111MMMM                    a match alone, D as before; 11110000 MMMMMMMM for 16 and more
 *   00000110 and 7 bytes        the end; 00001110 and 00010110 do nothing
 *
 * In the first four M counts from 3. Every other first byte is undefined.
 */
#include "codec.h"
#include "helpers/le.h"
#include "lz-output.h"

#define MATCH_LEAST 3u
#define END_LENGTH  8u

struct operation {
    uint32_t header;   /* bytes in front of the plain ones */
    uint32_t literals;
    uint32_t match;    /* 0 = none */
    uint32_t distance; /* 0 = as before */
    bool end;
};

/* 0000_0110 to 0011_1110 by eights: too short for "a distance as before", so they are free. */
static bool decode_special(uint8_t code, struct operation *out)
{
    *out = (struct operation){ .header = 1 };
    if (code == 0x06) {
        out->header = END_LENGTH;
        out->end = true;
    }
    return code == 0x06 || code == 0x0e || code == 0x16;
}

static bool decode_alone(const uint8_t *in, uint64_t left, struct operation *out)
{
    uint32_t length = *in & 15u;

    *out = (struct operation){ .header = 1 };
    if (length == 0) {
        if (left < 2)
            return false;
        out->header = 2;
        length = in[1] + 16u;
    }
    if (*in & 0x10)
        out->match = length;
    else
        out->literals = length;
    return true;
}

static bool decode_medium(const uint8_t *in, uint64_t left, struct operation *out)
{
    if (left < 3)
        return false;
    *out = (struct operation){
        .header = 3, .literals = *in >> 3 & 3u,
        .match = ((*in & 7u) << 2 | (in[1] & 3u)) + MATCH_LEAST, .distance = le16_load(in + 1) >> 2,
    };
    return out->distance != 0;
}

static bool decode_common(const uint8_t *in, uint64_t left, struct operation *out)
{
    uint32_t low = *in & 7u;
    uint32_t header = low == 6 ? 1 : low == 7 ? 3 : 2;

    if (left < header)
        return false;
    *out = (struct operation){ .header = header, .literals = *in >> 6,
                               .match = (*in >> 3 & 7u) + MATCH_LEAST };
    if (low == 6)
        return true;
    out->distance = low == 7 ? le16_load(in + 1) : low << 8 | in[1];
    return out->distance != 0;
}

static bool decode(const uint8_t *in, uint64_t left, struct operation *out)
{
    uint8_t code = *in;

    if (code >= 0xe0)
        return decode_alone(in, left, out);
    if ((code & 0xe0) == 0xa0)
        return decode_medium(in, left, out);
    if ((code & 0xf0) == 0x70 || (code & 0xf0) == 0xd0)
        return false;
    if (code < 0x40 && (code & 7) == 6)
        return decode_special(code, out);
    return decode_common(in, left, out);
}

bool dmg_lzvn_decode(const uint8_t *in, uint64_t in_size, struct lz_output *out)
{
    uint64_t distance = 0;
    uint64_t at = 0;

    while (at < in_size) {
        struct operation operation;

        if (!decode(in + at, in_size - at, &operation) || operation.header > in_size - at)
            return false;
        at += operation.header;
        if (operation.end)
            return at == in_size;
        if (!lz_literal(out, in + at, in_size - at, operation.literals))
            return false;
        at += operation.literals;
        if (operation.distance != 0)
            distance = operation.distance;
        if (operation.match > 0 && !lz_match(out, distance, operation.match))
            return false;
    }
    return false;
}
