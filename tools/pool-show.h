/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What pool-list and pool-info tell of a pool, in words and in JSON.
 */
#ifndef TOOLS_POOL_SHOW_H
#define TOOLS_POOL_SHOW_H

#include <jansson.h>
#include <stdbool.h>

#include <tarn/tarn.h>

/* "running", "unavailable" */
const char *pool_state_word(uint32_t state);
/* Whether it has sizes: it runs, well or not. */
bool pool_is_active(const struct tarn_pool_record *record);
const char *yes_or_no(bool value);
/* The record as a JSON object, without sizes if it has none or they were not asked for. */
json_t *pool_json(const struct tarn_pool_record *record, bool with_sizes);

#endif
