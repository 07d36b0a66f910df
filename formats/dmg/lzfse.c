/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lzfse.c - LZFSE, of ULFO images: the blocks of a stream. See lzfse.h.
 */
#include "lzfse.h"

#include <stdlib.h>

#include "codec.h"
#include "helpers/le.h"
#include "lz-output.h"

#define MAGIC(last) ((uint32_t)(last) << 24 | 0x787662u) /* "bvx" and one more */

struct decoder {
    struct lzfse_block block;
    struct lzfse_state l[LZFSE_L_STATES];
    struct lzfse_state m[LZFSE_M_STATES];
    struct lzfse_state d[LZFSE_D_STATES];
    struct lzfse_state literal[LZFSE_LITERAL_STATES];
    uint8_t literals[LZFSE_LITERALS_MAX];
};

/* Extra bits of the symbols that have any; the values of a symbol follow those of the one before.
 * Of D, four symbols in a row have equally many, from 0 to 15. */
static const uint8_t l_extra[LZFSE_L_SYMBOLS] = { [16] = 2, 3, 5, 8 };
static const uint8_t m_extra[LZFSE_M_SYMBOLS] = { [16] = 3, 5, 8, 11 };
static const uint16_t l_base[4] = { 16, 20, 28, 60 };
static const uint16_t m_base[4] = { 16, 24, 56, 312 };

static bool make_states(struct decoder *decoder)
{
    const uint16_t *frequency = decoder->block.frequency;

    return lzfse_states_make(decoder->l, LZFSE_L_STATES, frequency + LZFSE_L_FIRST,
                             LZFSE_L_SYMBOLS) &&
           lzfse_states_make(decoder->m, LZFSE_M_STATES, frequency + LZFSE_M_FIRST,
                             LZFSE_M_SYMBOLS) &&
           lzfse_states_make(decoder->d, LZFSE_D_STATES, frequency + LZFSE_D_FIRST,
                             LZFSE_D_SYMBOLS) &&
           lzfse_states_make(decoder->literal, LZFSE_LITERAL_STATES,
                             frequency + LZFSE_LITERAL_FIRST, LZFSE_LITERAL_SYMBOLS);
}

/* A table without a frequency has no states to be in. */
static bool any(const uint16_t *frequency, uint32_t symbols)
{
    for (uint32_t i = 0; i < symbols; i++)
        if (frequency[i] != 0)
            return true;
    return false;
}

static bool tables_suffice(const struct lzfse_block *block)
{
    const uint16_t *frequency = block->frequency;

    return (block->literals == 0 ||
            any(frequency + LZFSE_LITERAL_FIRST, LZFSE_LITERAL_SYMBOLS)) &&
           (block->matches == 0 || (any(frequency + LZFSE_L_FIRST, LZFSE_L_SYMBOLS) &&
                                    any(frequency + LZFSE_M_FIRST, LZFSE_M_SYMBOLS) &&
                                    any(frequency + LZFSE_D_FIRST, LZFSE_D_SYMBOLS)));
}

/* The symbol of the state, which goes on to the next. */
static bool take_symbol(const struct lzfse_state *table, uint16_t *state, struct lzfse_bits *bits,
                        uint32_t *out)
{
    const struct lzfse_state *entry = &table[*state];
    uint32_t more;

    if (!lzfse_bits_take(bits, entry->bits, &more))
        return false;
    *state = (uint16_t)(entry->next + more);
    *out = entry->symbol;
    return true;
}

/* Four machines take turns. */
static bool read_literals(struct decoder *decoder, const uint8_t *in)
{
    struct lzfse_block *block = &decoder->block;
    struct lzfse_bits bits;

    if (!lzfse_bits_init(&bits, in, block->literal_payload, block->literal_unused))
        return false;
    for (uint32_t i = 0; i < block->literals; i++) {
        uint32_t symbol;

        if (!take_symbol(decoder->literal, &block->literal_state[i % 4], &bits, &symbol))
            return false;
        decoder->literals[i] = (uint8_t)symbol;
    }
    return true;
}

/* L or M: the first sixteen symbols are themselves. */
static bool take_length(const struct lzfse_state *table, uint16_t *state, struct lzfse_bits *bits,
                        const uint8_t *extra, const uint16_t *base, uint32_t *out)
{
    uint32_t symbol;
    uint32_t more;

    if (!take_symbol(table, state, bits, &symbol) || !lzfse_bits_take(bits, extra[symbol], &more))
        return false;
    *out = symbol < 16 ? symbol : base[symbol - 16] + more;
    return true;
}

static bool take_distance(struct decoder *decoder, struct lzfse_bits *bits, uint32_t *out)
{
    uint32_t symbol;
    uint32_t more;

    if (!take_symbol(decoder->d, &decoder->block.d_state, bits, &symbol) ||
        !lzfse_bits_take(bits, symbol / 4, &more))
        return false;
    /* 4 * (2^0 + 2^1 + …) for the groups before, and the place in the group. */
    *out = 4 * (((uint32_t)1 << symbol / 4) - 1) + (symbol % 4 << symbol / 4) + more;
    return true;
}

static bool copy_matches(struct decoder *decoder, const uint8_t *in, struct lz_output *out)
{
    struct lzfse_block *block = &decoder->block;
    const uint8_t *literal = decoder->literals;
    const uint8_t *end = literal + block->literals;
    uint32_t distance = 0;
    struct lzfse_bits bits;

    if (!lzfse_bits_init(&bits, in, block->lmd_payload, block->lmd_unused))
        return false;
    for (uint32_t i = 0; i < block->matches; i++) {
        uint32_t l;
        uint32_t m;
        uint32_t d;

        if (!take_length(decoder->l, &block->l_state, &bits, l_extra, l_base, &l) ||
            !take_length(decoder->m, &block->m_state, &bits, m_extra, m_base, &m) ||
            !take_distance(decoder, &bits, &d))
            return false;
        distance = d != 0 ? d : distance;
        if (!lz_literal(out, literal, (uint64_t)(end - literal), l) ||
            (m > 0 && !lz_match(out, distance, m)))
            return false;
        literal += l;
    }
    return true;
}

/* Each of these decodes one block at `in` and answers its length, or 0 if it is damaged. */
static uint64_t packed_block(struct decoder *decoder, bool second, const uint8_t *in,
                             uint64_t in_size, struct lz_output *out)
{
    struct lzfse_block *block = &decoder->block;
    uint64_t before = out->at;
    uint64_t length;

    if (!(second ? lzfse_header_v2(in, in_size, block) : lzfse_header_v1(in, in_size, block)))
        return 0;
    length = (uint64_t)block->header + block->literal_payload + block->lmd_payload;
    if (length > in_size || !tables_suffice(block) || !make_states(decoder) ||
        !read_literals(decoder, in + block->header) ||
        !copy_matches(decoder, in + block->header + block->literal_payload, out) ||
        out->at - before != block->raw)
        return 0;
    return length;
}

static uint64_t plain_block(const uint8_t *in, uint64_t in_size, struct lz_output *out)
{
    uint32_t raw = in_size >= 8 ? le32_load(in + 4) : 0;

    if (in_size < 8 || !lz_literal(out, in + 8, in_size - 8, raw))
        return 0;
    return (uint64_t)8 + raw;
}

static uint64_t lzvn_block(const uint8_t *in, uint64_t in_size, struct lz_output *out)
{
    uint64_t before = out->at;
    uint32_t payload = in_size >= 12 ? le32_load(in + 8) : 0;

    if (in_size < 12 || payload > in_size - 12 || !dmg_lzvn_decode(in + 12, payload, out) ||
        out->at - before != le32_load(in + 4))
        return 0;
    return (uint64_t)12 + payload;
}

static bool decode_blocks(struct decoder *decoder, const uint8_t *in, uint64_t in_size,
                          struct lz_output *out)
{
    while (in_size >= 4) {
        uint32_t magic = le32_load(in);
        uint64_t length = 0;

        if (magic == MAGIC('$'))
            return out->at == out->size;
        if (magic == MAGIC('-'))
            length = plain_block(in, in_size, out);
        else if (magic == MAGIC('n'))
            length = lzvn_block(in, in_size, out);
        else if (magic == MAGIC('1') || magic == MAGIC('2'))
            length = packed_block(decoder, magic == MAGIC('2'), in, in_size, out);
        if (length == 0)
            return false;
        in += length;
        in_size -= length;
    }
    return false;
}

int32_t dmg_lzfse_decode(const uint8_t *in, uint64_t in_size, uint8_t *bytes, uint64_t size)
{
    struct lz_output out = { bytes, 0, size };
    struct decoder *decoder = malloc(sizeof(*decoder));
    bool good;

    if (decoder == NULL)
        return TARN_E_INTERNAL;
    good = decode_blocks(decoder, in, in_size, &out);
    free(decoder);
    return good ? TARN_OK : TARN_E_CORRUPT;
}
