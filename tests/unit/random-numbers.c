/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * random-numbers.c - see random-numbers.h. Marsaglia's xorshift, with 64 bits.
 */
#include "tests/unit/random-numbers.h"

static uint64_t random_state = 1;

void random_start(uint64_t seed)
{
    random_state = seed * 0x9e3779b97f4a7c15u + 1;
}

uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 8) % limit;
}
