/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-dmg-encode.c - see test-dmg-encode.h.
 */
#include "tests/unit/test-dmg-encode.h"

#include <bzlib.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "formats/dmg/dmg.h"
#include "helpers/le.h"

uint64_t encode_room(uint64_t size)
{
    return size + size / 2 + 8192;
}

/* --- finding matches -------------------------------------------------------------------------- */

static uint64_t *slot_of(struct matcher *matcher, uint64_t at)
{
    return &matcher->last[le32_load(matcher->in + at) * 2654435761u >> 20];
}

static uint32_t match_at(struct matcher *matcher, uint64_t at, uint32_t *distance)
{
    uint64_t *slot;
    uint64_t from;
    uint32_t length = 0;

    if (matcher->size - at < 4)
        return 0;
    slot = slot_of(matcher, at);
    from = *slot - 1;
    *slot = at + 1;
    if (from == UINT64_MAX || at - from > matcher->most_distance)
        return 0;
    while (at + length < matcher->size && length < matcher->most_match &&
           matcher->in[from + length] == matcher->in[at + length])
        length++;
    *distance = (uint32_t)(at - from);
    return length >= 5 ? length : 0;
}

bool next_triple(struct matcher *matcher, struct triple *out)
{
    *out = (struct triple){ .literals = 0 };
    if (matcher->at == matcher->size)
        return false;
    while (matcher->at < matcher->size && out->literals < matcher->most_literals) {
        out->match = match_at(matcher, matcher->at, &out->distance);
        if (out->match > 0)
            break;
        matcher->at++;
        out->literals++;
    }
    matcher->at += out->match;
    return true;
}

struct matcher *matcher_new(const uint8_t *in, uint64_t size, uint32_t literals, uint32_t match,
                            uint32_t distance)
{
    struct matcher *matcher = calloc(1, sizeof(*matcher));

    if (matcher == NULL)
        exit(99);
    matcher->in = in;
    matcher->size = size;
    matcher->most_literals = literals;
    matcher->most_match = match;
    matcher->most_distance = distance;
    return matcher;
}

/* --- ADC and LZVN ----------------------------------------------------------------------------- */

static uint8_t *put_bytes(uint8_t *out, const uint8_t *in, uint32_t length)
{
    memcpy(out, in, length);
    return out + length;
}

uint64_t encode_adc(const uint8_t *in, uint64_t size, uint8_t *out)
{
    struct matcher *matcher = matcher_new(in, size, 128, 67, 65536);
    uint8_t *to = out;
    struct triple triple;

    while (next_triple(matcher, &triple)) {
        uint32_t back = triple.distance - 1;

        if (triple.literals > 0) {
            *to++ = (uint8_t)(0x80 | (triple.literals - 1));
            to = put_bytes(to, in, triple.literals);
        }
        if (triple.match >= 4 && (back > 1023 || triple.match > 18)) {
            *to++ = (uint8_t)(0x40 | (triple.match - 4));
            *to++ = (uint8_t)(back >> 8);
            *to++ = (uint8_t)back;
        } else if (triple.match > 0) {
            *to++ = (uint8_t)((triple.match - 3) << 2 | back >> 8);
            *to++ = (uint8_t)back;
        }
        in += triple.literals + triple.match;
    }
    free(matcher);
    return (uint64_t)(to - out);
}

/* Literals that do not fit into the operation of their match; what is left of them. */
static uint8_t *put_lzvn_literals(uint8_t *to, const uint8_t **in, uint32_t *literals)
{
    while (*literals > 3) {
        uint32_t piece = *literals > 271 ? 271 : *literals;

        if (piece > 15)
            *to++ = 0xe0;
        *to++ = (uint8_t)(piece > 15 ? piece - 16 : 0xe0 | piece);
        to = put_bytes(to, *in, piece);
        *in += piece;
        *literals -= piece;
    }
    return to;
}

static uint8_t *put_lzvn_few(uint8_t *to, const uint8_t *in, uint32_t literals)
{
    *to++ = (uint8_t)(0xe0 | literals);
    return put_bytes(to, in, literals);
}

/* A match in the form that suits its distance, and the rest of a long one by itself. */
static uint8_t *put_lzvn_match(uint8_t *to, const uint8_t *in, struct triple triple,
                               uint32_t before)
{
    uint32_t l = triple.literals;
    uint32_t most = triple.distance < 16384 && triple.distance != before && triple.match > 9 ? 34
                    : l == 3 ? 4 : l == 2 ? 6 : l == 1 ? 8 : 10;
    uint32_t m = triple.match < most ? triple.match : most;
    uint32_t rest = triple.match - m;

    if (most == 34) {
        *to++ = (uint8_t)(0xa0 | l << 3 | (m - 3) >> 2);
        *to++ = (uint8_t)(triple.distance << 2 | ((m - 3) & 3));
        *to++ = (uint8_t)(triple.distance >> 6);
    } else if (triple.distance == before && l > 0) {
        *to++ = (uint8_t)(l << 6 | (m - 3) << 3 | 6);
    } else if (triple.distance < 1536) {
        *to++ = (uint8_t)(l << 6 | (m - 3) << 3 | triple.distance >> 8);
        *to++ = (uint8_t)triple.distance;
    } else {
        *to++ = (uint8_t)(l << 6 | (m - 3) << 3 | 7);
        *to++ = (uint8_t)triple.distance;
        *to++ = (uint8_t)(triple.distance >> 8);
    }
    to = put_bytes(to, in, l);
    while (rest > 0) {
        uint32_t piece = rest > 271 ? 271 : rest;

        if (piece > 15)
            *to++ = 0xf0;
        *to++ = (uint8_t)(piece > 15 ? piece - 16 : 0xf0 | piece);
        rest -= piece;
    }
    return to;
}

uint64_t encode_lzvn(const uint8_t *in, uint64_t size, uint8_t *out)
{
    struct matcher *matcher = matcher_new(in, size, 1000, 5000, 65535);
    uint32_t before = 0;
    uint8_t *to = out;
    struct triple triple;

    while (next_triple(matcher, &triple)) {
        to = put_lzvn_literals(to, &in, &triple.literals);
        if (triple.match > 0)
            to = put_lzvn_match(to, in, triple, before);
        else if (triple.literals > 0)
            to = put_lzvn_few(to, in, triple.literals);
        if (triple.match > 0)
            before = triple.distance;
        in += triple.literals + triple.match;
    }
    memset(to, 0, 8);
    *to = 0x06;
    free(matcher);
    return (uint64_t)(to - out) + 8;
}

uint64_t encode_chunk(uint32_t type, const uint8_t *in, uint64_t size, uint8_t *out)
{
    uLongf zlib_length = (uLongf)encode_room(size);
    unsigned int bzip2_length = (unsigned int)encode_room(size);
    size_t xz_length = 0;

    switch (type) {
    case DMG_ADC:
        return encode_adc(in, size, out);
    case DMG_ZLIB:
        return compress(out, &zlib_length, in, (uLong)size) == Z_OK ? zlib_length : 0;
    case DMG_BZIP2:
        return BZ2_bzBuffToBuffCompress((char *)out, &bzip2_length, (char *)(uintptr_t)in,
                                        (unsigned int)size, 1, 0, 0) == BZ_OK ? bzip2_length : 0;
    case DMG_LZFSE:
        return encode_lzfse(LZFSE_V2, in, size, out);
    case DMG_LZMA:
        return lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, in, size, out, &xz_length,
                                       encode_room(size)) == LZMA_OK ? xz_length : 0;
    default:
        memcpy(out, in, size);
        return size;
    }
}
