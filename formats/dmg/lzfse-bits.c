/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lzfse-bits.c - the bit streams and the state machines of LZFSE.
 */
#include "lzfse.h"

#include "helpers/le.h"

bool lzfse_bits_init(struct lzfse_bits *bits, const uint8_t *bytes, uint32_t size,
                     uint32_t unused)
{
    *bits = (struct lzfse_bits){ bytes, size, (uint64_t)size * 8 - unused };
    if (unused == 0)
        return true;
    return size > 0 && bytes[size - 1] >> (8 - unused) == 0;
}

bool lzfse_bits_take(struct lzfse_bits *bits, uint32_t count, uint32_t *out)
{
    uint64_t first;
    uint64_t window = 0;

    if (count > bits->left)
        return false;
    bits->left -= count;
    first = bits->left / 8;
    if (bits->size - first >= 4)
        window = le32_load(bits->bytes + first);
    else
        for (uint64_t i = bits->size; i > first; i--)
            window = window << 8 | bits->bytes[i - 1];
    *out = (uint32_t)(window >> bits->left % 8) & (((uint32_t)1 << count) - 1);
    return true;
}

static uint32_t log2_of(uint32_t value)
{
    uint32_t log = 0;

    while (value >>= 1)
        log++;
    return log;
}

/* A symbol of frequency f owns f states in a row. From each, a state of the whole table follows: f
 * is no power of two, so some of them read one bit less than others. */
static void add_symbol(struct lzfse_state *table, uint32_t states, uint32_t symbol, uint32_t f)
{
    uint32_t bits = log2_of(states) - log2_of(f);
    uint32_t longer = (2 * states >> bits) - f; /* the first so many read `bits` */

    for (uint32_t i = 0; i < f; i++) {
        bool less = i >= longer;
        uint32_t next = less ? (i - longer) << (bits - 1) : ((f + i) << bits) - states;

        table[i] = (struct lzfse_state){ (uint8_t)symbol, (uint8_t)(less ? bits - 1 : bits),
                                         (uint16_t)next };
    }
}

bool lzfse_states_make(struct lzfse_state *table, uint32_t states, const uint16_t *frequency,
                       uint32_t symbols)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i < symbols; i++) {
        if (frequency[i] > states - used)
            return false;
        if (frequency[i] > 0)
            add_symbol(table + used, states, i, frequency[i]);
        used += frequency[i];
    }
    return used == states || used == 0;
}
