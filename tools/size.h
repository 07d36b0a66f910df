/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sizes as people read them.
 */
#ifndef TOOLS_SIZE_H
#define TOOLS_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* Room for any size in words. */
#define SIZE_TEXT 32

/* Writes "1.50 GiB" into `text` (SIZE_TEXT bytes), and returns it. */
const char *size_in_units(char *text, uint64_t bytes);
/* The same, or plain digits with `unit` after them if `plain`. */
const char *size_shown(char *text, uint64_t bytes, bool plain, const char *unit);

#endif
