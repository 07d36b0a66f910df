/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * random-numbers.h - random numbers, the same ones in each run.
 */
#ifndef RANDOM_NUMBERS_H
#define RANDOM_NUMBERS_H

#include <stdint.h>

void random_start(uint64_t seed);
/* 0 to `limit` - 1. */
uint64_t random_below(uint64_t limit);

#endif
