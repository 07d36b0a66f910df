/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of RFC 3629, section 4: a first byte says how many follow, and what the second may be.
 */
#include "core/base/utf8.h"

#include <stddef.h>

struct sequence {
    unsigned char first, last; /* of the first byte */
    unsigned char low, high;   /* of the second */
    unsigned char length;
};

static const struct sequence sequences[] = {
    { 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
    { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
    { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* How many bytes the character at `at` has, or 0. The text's NUL is never within one. */
static size_t character(const unsigned char *at)
{
    size_t count = sizeof(sequences) / sizeof(sequences[0]);
    const struct sequence *sequence = sequences;
    size_t i;

    while (count > 0 && (at[0] < sequence->first || at[0] > sequence->last)) {
        sequence++;
        count--;
    }
    if (count == 0)
        return 0;
    if (sequence->length > 1 && (at[1] < sequence->low || at[1] > sequence->high))
        return 0;
    for (i = 2; i < sequence->length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return sequence->length;
}

bool utf8_is_valid(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at != '\0') {
        size_t length = character(at);

        if (length == 0)
            return false;
        at += length;
    }
    return true;
}
