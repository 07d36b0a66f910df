/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lz-output.h - where the decoders of ADC, LZVN and LZFSE put their bytes: room of a known size,
 * and the two things that such a decoder ever does, each of which refuses to leave that room.
 */
#ifndef DMG_LZ_OUTPUT_H
#define DMG_LZ_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct lz_output {
    uint8_t *bytes;
    uint64_t at;   /* so many are there; at <= size */
    uint64_t size; /* the room */
};

/* Appends bytes of the input; `left` is how many the input still has. */
static inline bool lz_literal(struct lz_output *out, const uint8_t *from, uint64_t left,
                              uint64_t length)
{
    if (length > left || length > out->size - out->at)
        return false;
    if (length > 0)
        memcpy(out->bytes + out->at, from, length);
    out->at += length;
    return true;
}

/* Appends bytes that came `distance` earlier; they may overlap what they make, and then repeat:
 * what there is of the pattern doubles with each turn. */
static inline bool lz_match(struct lz_output *out, uint64_t distance, uint64_t length)
{
    const uint8_t *from;

    if (distance == 0 || distance > out->at || length > out->size - out->at)
        return false;
    from = out->bytes + out->at - distance;
    while (length > 0) {
        uint64_t there = (uint64_t)(out->bytes + out->at - from);
        uint64_t piece = length < there ? length : there;

        memcpy(out->bytes + out->at, from, piece);
        out->at += piece;
        length -= piece;
    }
    return true;
}

#endif
