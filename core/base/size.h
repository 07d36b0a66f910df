/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sizes as people write them. tarn_size_parse of tarn.h reads number and unit from one text; the
 * XML has them apart.
 */
#ifndef CORE_SIZE_H
#define CORE_SIZE_H

#include <stdint.h>

#include <tarn/tarn.h>

/* The largest size of a volume, in bytes. */
#define SIZE_LIMIT ((uint64_t)INT64_MAX)

/* *out = `number` (decimal digits, blanks around them allowed) times `unit` (as tarn_size_parse has
 * them, NULL or "" = bytes), in bytes. TARN_E_INVALID: no number, an unknown unit, a sign, or a
 * result over `limit`. */
int size_scale(uint64_t *out, const char *number, const char *unit, uint64_t limit,
               struct tarn_error **error);

#endif
