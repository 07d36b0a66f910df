/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-dmg-lzfse-encode.c - an encoder of LZFSE, see test-dmg-encode.h. It inverts the tables of
 * the decoder: to be right, what it makes must also unpack elsewhere.
 */
#include "tests/unit/test-dmg-encode.h"

#include <stdlib.h>
#include <string.h>

#include "formats/dmg/lzfse.h"
#include "helpers/le.h"

#define BLOCK 20000u /* bytes that a packed block packs here */

/* Bits are pushed, the decoder takes them off again. */
struct pushed {
    uint8_t bytes[200000];
    uint64_t count; /* bits */
};

static void push(struct pushed *to, uint32_t value, uint32_t bits)
{
    for (uint32_t i = 0; i < bits; i++, to->count++)
        if (value >> i & 1)
            to->bytes[to->count / 8] |= (uint8_t)(1 << to->count % 8);
}

/* The state from which the decoder gets to `state` by way of the symbol. */
static void push_symbol(struct pushed *to, const struct lzfse_state *table, uint32_t states,
                        uint32_t symbol, uint16_t *state)
{
    for (uint32_t i = 0; i < states; i++) {
        const struct lzfse_state *from = &table[i];

        if (from->symbol == symbol && *state >= from->next &&
            *state < from->next + (1 << from->bits)) {
            push(to, *state - from->next, from->bits);
            *state = (uint16_t)i;
            return;
        }
    }
    exit(99);
}

struct value {
    uint32_t symbol;
    uint32_t extra;
    uint32_t extra_bits;
};

static struct value length_value(uint32_t length, bool match)
{
    static const uint32_t bits[2][4] = { { 2, 3, 5, 8 }, { 3, 5, 8, 11 } };
    uint32_t base = 16;
    uint32_t i = 0;

    if (length < 16)
        return (struct value){ length, 0, 0 };
    while (i < 3 && length - base >= (uint32_t)1 << bits[match][i])
        base += (uint32_t)1 << bits[match][i++];
    return (struct value){ 16 + i, length - base, bits[match][i] };
}

static struct value distance_value(uint32_t distance)
{
    uint32_t base = 0;
    uint32_t symbol = 0;

    while (distance - base >= (uint32_t)1 << symbol / 4)
        base += (uint32_t)1 << symbol++ / 4;
    return (struct value){ symbol, distance - base, symbol / 4 };
}

/* Makes frequencies of counts: they sum up to `states`, and none that was there becomes 0. */
static void normalise(uint16_t *frequency, uint32_t symbols, uint32_t states)
{
    uint32_t total = 0;
    uint32_t sum = 0;
    uint32_t largest = 0;

    for (uint32_t i = 0; i < symbols; i++)
        total += frequency[i];
    for (uint32_t i = 0; i < symbols && total > 0; i++) {
        uint32_t scaled = frequency[i] * states / total;

        if (frequency[i] > 0)
            frequency[i] = (uint16_t)(scaled > 0 ? scaled : 1);
        sum += frequency[i];
        largest = frequency[i] > frequency[largest] ? i : largest;
    }
    if (total > 0)
        frequency[largest] = (uint16_t)(frequency[largest] + states - sum);
    while (frequency[largest] > states) { /* wrapped below 0: take from others, one each */
        for (uint32_t i = 0; i < symbols && frequency[largest] > states; i++)
            if (i != largest && frequency[i] > 1) {
                frequency[i]--;
                frequency[largest]++;
            }
    }
}

struct encoder {
    struct lzfse_block block;
    struct triple triple[LZFSE_MATCHES_MAX];
    uint8_t literals[LZFSE_LITERALS_MAX];
    struct lzfse_state table[4][LZFSE_LITERAL_STATES]; /* L, M, D, literals */
    struct pushed literal_bits;
    struct pushed lmd_bits;
};

static void gather(struct encoder *encoder, struct matcher *matcher)
{
    struct lzfse_block *block = &encoder->block;
    uint64_t start = matcher->at;
    uint64_t at = start;
    struct triple *triple = encoder->triple;

    while (next_triple(matcher, triple)) {
        memcpy(encoder->literals + block->literals, matcher->in + at, triple->literals);
        block->literals += triple->literals;
        at += triple->literals + triple->match;
        if (triple->match == 0)
            triple->distance = 1;
        if (block->matches > 0 && block->matches % 2 == 0 &&
            triple->distance == triple[-1].distance)
            triple->distance |= (uint32_t)1 << 31; /* told as "as before" */
        block->matches++;
        triple++;
    }
    while (block->literals % 4 != 0)
        encoder->literals[block->literals++] = 0;
    block->raw = (uint32_t)(at - start);
}

static uint32_t told_distance(const struct triple *triple)
{
    return triple->distance >> 31 ? 0 : triple->distance;
}

static void make_tables(struct encoder *encoder)
{
    static const uint32_t first[4] = { LZFSE_L_FIRST, LZFSE_M_FIRST, LZFSE_D_FIRST,
                                       LZFSE_LITERAL_FIRST };
    static const uint32_t symbols[4] = { LZFSE_L_SYMBOLS, LZFSE_M_SYMBOLS, LZFSE_D_SYMBOLS,
                                         LZFSE_LITERAL_SYMBOLS };
    static const uint32_t states[4] = { LZFSE_L_STATES, LZFSE_M_STATES, LZFSE_D_STATES,
                                        LZFSE_LITERAL_STATES };
    uint16_t *frequency = encoder->block.frequency;

    for (uint32_t i = 0; i < encoder->block.matches; i++) {
        const struct triple *triple = &encoder->triple[i];

        frequency[LZFSE_L_FIRST + length_value(triple->literals, false).symbol]++;
        frequency[LZFSE_M_FIRST + length_value(triple->match, true).symbol]++;
        frequency[LZFSE_D_FIRST + distance_value(told_distance(triple)).symbol]++;
    }
    for (uint32_t i = 0; i < encoder->block.literals; i++)
        frequency[LZFSE_LITERAL_FIRST + encoder->literals[i]]++;
    for (int i = 0; i < 4; i++) {
        normalise(frequency + first[i], symbols[i], states[i]);
        if (!lzfse_states_make(encoder->table[i], states[i], frequency + first[i], symbols[i]))
            exit(99);
    }
}

static void push_value(struct encoder *encoder, int table, uint32_t states, struct value value,
                       uint16_t *state)
{
    push(&encoder->lmd_bits, value.extra, value.extra_bits);
    push_symbol(&encoder->lmd_bits, encoder->table[table], states, value.symbol, state);
}

static void push_all(struct encoder *encoder)
{
    struct lzfse_block *block = &encoder->block;

    for (uint32_t i = block->literals; i > 0; i--)
        push_symbol(&encoder->literal_bits, encoder->table[3], LZFSE_LITERAL_STATES,
                    encoder->literals[i - 1], &block->literal_state[(i - 1) % 4]);
    push(&encoder->lmd_bits, 0, 32); /* as Apple's encoder begins, and 7z expects */
    push(&encoder->lmd_bits, 0, 32);
    for (uint32_t i = block->matches; i > 0; i--) {
        const struct triple *triple = &encoder->triple[i - 1];

        push_value(encoder, 2, LZFSE_D_STATES, distance_value(told_distance(triple)),
                   &block->d_state);
        push_value(encoder, 1, LZFSE_M_STATES, length_value(triple->match, true), &block->m_state);
        push_value(encoder, 0, LZFSE_L_STATES, length_value(triple->literals, false),
                   &block->l_state);
    }
    block->literal_payload = (uint32_t)(encoder->literal_bits.count + 7) / 8;
    block->literal_unused = (uint32_t)(block->literal_payload * 8 - encoder->literal_bits.count);
    block->lmd_payload = (uint32_t)(encoder->lmd_bits.count + 7) / 8;
    block->lmd_unused = (uint32_t)(block->lmd_payload * 8 - encoder->lmd_bits.count);
}

static uint64_t put_header_v1(const struct lzfse_block *block, uint8_t *out)
{
    memset(out, 0, 772);
    memcpy(out, "bvx1", 4);
    le32_store(out + 4, block->raw);
    le32_store(out + 8, block->literal_payload + block->lmd_payload);
    le32_store(out + 12, block->literals);
    le32_store(out + 16, block->matches);
    le32_store(out + 20, block->literal_payload);
    le32_store(out + 24, block->lmd_payload);
    le32_store(out + 28, 0u - block->literal_unused);
    for (int i = 0; i < 4; i++)
        le16_store(out + 32 + 2 * i, block->literal_state[i]);
    le32_store(out + 40, 0u - block->lmd_unused);
    le16_store(out + 44, block->l_state);
    le16_store(out + 46, block->m_state);
    le16_store(out + 48, block->d_state);
    for (uint32_t i = 0; i < LZFSE_FREQUENCIES; i++)
        le16_store(out + 50 + (uint64_t)2 * i, block->frequency[i]);
    return 772;
}

static void push_frequency(struct pushed *to, uint32_t value)
{
    if (value < 2)
        push(to, value << 1, 2);
    else if (value < 4)
        push(to, (value - 2) << 2 | 1, 3);
    else if (value < 8)
        push(to, (value - 4) << 3 | 3, 5);
    else if (value < 24)
        push(to, (value - 8) << 4 | 7, 8);
    else
        push(to, (value - 24) << 4 | 15, 14);
}

static uint64_t put_header_v2(const struct lzfse_block *block, uint8_t *out)
{
    struct pushed *bits = calloc(1, sizeof(*bits));
    const uint16_t *state = block->literal_state;
    uint64_t size;

    if (bits == NULL)
        exit(99);
    for (uint32_t i = 0; i < LZFSE_FREQUENCIES; i++)
        push_frequency(bits, block->frequency[i]);
    size = 32 + (bits->count + 7) / 8;
    memcpy(out, "bvx2", 4);
    le32_store(out + 4, block->raw);
    le64_store(out + 8, block->literals | (uint64_t)block->literal_payload << 20 |
                        (uint64_t)block->matches << 40 |
                        (uint64_t)(7 - block->literal_unused) << 60);
    le64_store(out + 16, state[0] | (uint64_t)state[1] << 10 | (uint64_t)state[2] << 20 |
                         (uint64_t)state[3] << 30 | (uint64_t)block->lmd_payload << 40 |
                         (uint64_t)(7 - block->lmd_unused) << 60);
    le64_store(out + 24, size | (uint64_t)block->l_state << 32 | (uint64_t)block->m_state << 42 |
                         (uint64_t)block->d_state << 52);
    memcpy(out + 32, bits->bytes, size - 32);
    free(bits);
    return size;
}

static uint64_t put_packed_block(enum lzfse_form form, struct matcher *matcher, uint8_t *out)
{
    struct encoder *encoder = calloc(1, sizeof(*encoder));
    uint64_t length;

    if (encoder == NULL)
        exit(99);
    gather(encoder, matcher);
    make_tables(encoder);
    push_all(encoder);
    length = form == LZFSE_V1 ? put_header_v1(&encoder->block, out)
                              : put_header_v2(&encoder->block, out);
    memcpy(out + length, encoder->literal_bits.bytes, encoder->block.literal_payload);
    length += encoder->block.literal_payload;
    memcpy(out + length, encoder->lmd_bits.bytes, encoder->block.lmd_payload);
    length += encoder->block.lmd_payload;
    free(encoder);
    return length;
}

/* Matches reach back into earlier blocks. */
static uint64_t put_packed_blocks(enum lzfse_form form, const uint8_t *in, uint64_t size,
                                  uint8_t *out)
{
    struct matcher *matcher = matcher_new(in, 0, 315, 2359, 262139);
    uint64_t length = 0;

    while (matcher->size < size) {
        matcher->size = size - matcher->size > BLOCK ? matcher->size + BLOCK : size;
        length += put_packed_block(form, matcher, out + length);
    }
    free(matcher);
    return length;
}

uint64_t encode_lzfse(enum lzfse_form form, const uint8_t *in, uint64_t size, uint8_t *out)
{
    uint64_t length = 0;

    if (form == LZFSE_RAW) {
        memcpy(out, "bvx-", 4);
        le32_store(out + 4, (uint32_t)size);
        memcpy(out + 8, in, size);
        length = 8 + size;
    } else if (form == LZFSE_LZVN) {
        length = encode_lzvn(in, size, out + 12);
        memcpy(out, "bvxn", 4);
        le32_store(out + 4, (uint32_t)size);
        le32_store(out + 8, (uint32_t)length);
        length += 12;
    } else {
        length = put_packed_blocks(form, in, size, out);
    }
    memcpy(out + length, "bvx$", 4);
    return length + 4;
}
