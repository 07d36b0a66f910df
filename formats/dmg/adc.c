/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * adc.c - Apple Data Compression, of UDCO images: plain bytes, and matches with two sizes of
 * distance.
 *
 *   1nnnnnnn                    n + 1 plain bytes follow
 *   00nnnndd dddddddd           a match of n + 3 bytes, d + 1 back
 *   01nnnnnn dddddddd dddddddd  a match of n + 4 bytes, d + 1 back
 */
#include "codec.h"
#include "helpers/be.h"
#include "lz-output.h"

bool dmg_adc_decode(const uint8_t *in, uint64_t in_size, uint8_t *bytes, uint64_t size)
{
    struct lz_output out = { bytes, 0, size };
    const uint8_t *end = in + in_size;

    while (out.at < size) {
        uint64_t left = (uint64_t)(end - in);
        uint8_t code = left > 0 ? *in : 0;

        if (code & 0x80) {
            uint64_t length = (code & 0x7fu) + 1;

            if (!lz_literal(&out, in + 1, left - 1, length))
                return false;
            in += 1 + length;
        } else if (code & 0x40) {
            if (left < 3 || !lz_match(&out, be16_load(in + 1) + (uint64_t)1, (code & 0x3fu) + 4))
                return false;
            in += 3;
        } else {
            if (left < 2 || !lz_match(&out, (be16_load(in) & 0x3ffu) + 1, (code >> 2) + 3u))
                return false;
            in += 2;
        }
    }
    return true;
}
