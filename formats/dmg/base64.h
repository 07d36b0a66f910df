/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * base64.h - base64 as property lists have it: in lines, with padding.
 */
#ifndef DMG_BASE64_H
#define DMG_BASE64_H

#include <stdbool.h>
#include <stdint.h>

/* Decodes in place: what comes out is shorter. White space is passed over; anything else that is
 * not base64, a missing or misplaced padding and stray bits are refused. */
bool dmg_base64_decode(uint8_t *text, uint64_t length, uint64_t *out_length);
/* Encodes; `out` has room for (length + 2) / 3 * 4 bytes. */
void dmg_base64_encode(const uint8_t *bytes, uint64_t length, uint8_t *out);

#endif
