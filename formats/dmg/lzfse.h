/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lzfse.h - what the files of the LZFSE decoder share.
 *
 * A stream is a row of blocks. A packed block holds literals, and triples of L (literals to copy),
 * M (length of the match that follows) and D (its distance; 0 = as before). All four are symbols of
 * finite-state entropy coders, L, M and D with extra bits, in two bit streams that are read from
 * their last bit to their first.
 */
#ifndef DMG_LZFSE_H
#define DMG_LZFSE_H

#include <stdbool.h>
#include <stdint.h>

#define LZFSE_L_SYMBOLS       20u
#define LZFSE_M_SYMBOLS       20u
#define LZFSE_D_SYMBOLS       64u
#define LZFSE_LITERAL_SYMBOLS 256u
#define LZFSE_L_STATES        64u
#define LZFSE_M_STATES        64u
#define LZFSE_D_STATES        256u
#define LZFSE_LITERAL_STATES  1024u
#define LZFSE_LITERALS_MAX    40000u /* of a block */
#define LZFSE_MATCHES_MAX     10000u

/* Where the four tables of frequencies begin in struct lzfse_block. */
#define LZFSE_L_FIRST       0u
#define LZFSE_M_FIRST       (LZFSE_L_FIRST + LZFSE_L_SYMBOLS)
#define LZFSE_D_FIRST       (LZFSE_M_FIRST + LZFSE_M_SYMBOLS)
#define LZFSE_LITERAL_FIRST (LZFSE_D_FIRST + LZFSE_D_SYMBOLS)
#define LZFSE_FREQUENCIES   (LZFSE_LITERAL_FIRST + LZFSE_LITERAL_SYMBOLS)

/* The header of a packed block, of either version. */
struct lzfse_block {
    uint32_t header; /* bytes */
    uint32_t raw;    /* bytes that it unpacks to */
    uint32_t literals;
    uint32_t matches;
    uint32_t literal_payload; /* bytes, behind the header */
    uint32_t lmd_payload;     /* bytes, behind those */
    uint32_t literal_unused;  /* bits at the end of the literals' last byte, 0 to 7 */
    uint32_t lmd_unused;
    uint16_t literal_state[4];
    uint16_t l_state;
    uint16_t m_state;
    uint16_t d_state;
    uint16_t frequency[LZFSE_FREQUENCIES];
};

/* Read a header from the start of `in` and check all its members but the payload's sizes. */
bool lzfse_header_v1(const uint8_t *in, uint64_t in_size, struct lzfse_block *out);
bool lzfse_header_v2(const uint8_t *in, uint64_t in_size, struct lzfse_block *out);

/* A bit stream that is read backwards: `left` bits of it remain. */
struct lzfse_bits {
    const uint8_t *bytes;
    uint64_t size;
    uint64_t left;
};

bool lzfse_bits_init(struct lzfse_bits *bits, const uint8_t *bytes, uint32_t size,
                     uint32_t unused);
/* Takes the next `count` bits, at most 25, the first of them the highest. */
bool lzfse_bits_take(struct lzfse_bits *bits, uint32_t count, uint32_t *out);

/* What a state means, and what comes after it. */
struct lzfse_state {
    uint8_t symbol;
    uint8_t bits;  /* to be read: they are added to `next` */
    uint16_t next;
};

/* Makes the table of `states` entries, a power of two; answers false if the frequencies do not sum
 * up to it, unless all are 0: such a table is never used. */
bool lzfse_states_make(struct lzfse_state *table, uint32_t states, const uint16_t *frequency,
                       uint32_t symbols);

#endif
