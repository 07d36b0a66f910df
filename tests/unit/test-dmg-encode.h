/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-dmg-encode.h - encoders for the chunks of dmg images, so that tests have something to unpack
 * in every codec. They pack badly, and use every form that their codec has.
 */
#ifndef TEST_DMG_ENCODE_H
#define TEST_DMG_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

enum lzfse_form { LZFSE_RAW, LZFSE_LZVN, LZFSE_V1, LZFSE_V2 };

/* Enough for what any of these makes of `size` bytes. */
uint64_t encode_room(uint64_t size);

/* Each answers the length of what it wrote to `out`. */
uint64_t encode_adc(const uint8_t *in, uint64_t size, uint8_t *out);
uint64_t encode_lzvn(const uint8_t *in, uint64_t size, uint8_t *out);
/* Blocks of the form, and the end mark. */
uint64_t encode_lzfse(enum lzfse_form form, const uint8_t *in, uint64_t size, uint8_t *out);
/* By the type of a chunk: LZFSE of version 2. */
uint64_t encode_chunk(uint32_t type, const uint8_t *in, uint64_t size, uint8_t *out);

/* What the encoders of one family share: a row of literals and matches. */
#define MATCHER_HASHES 4096u

struct matcher {
    const uint8_t *in;
    uint64_t size; /* where the matches end */
    uint64_t at;
    uint32_t most_literals;
    uint32_t most_match;
    uint32_t most_distance;
    uint64_t last[MATCHER_HASHES]; /* + 1 */
};

struct triple {
    uint32_t literals;
    uint32_t match; /* 0 = none */
    uint32_t distance;
};

/* Freed with free(). */
struct matcher *matcher_new(const uint8_t *in, uint64_t size, uint32_t literals, uint32_t match,
                            uint32_t distance);
/* The next literals and the match behind them; false at the end. */
bool next_triple(struct matcher *matcher, struct triple *out);

#endif
