/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The production Char of XML 1.0, and UTF-8 as RFC 3629 has it: the shortest form only, no
 * surrogates, nothing above U+10FFFF.
 */
#include "core/xml/xml-char.h"

#include <stdint.h>

static size_t sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

static int xml_has(uint32_t c, size_t length)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };

    if (c < smallest[length])
        return 0;
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xd800) ||
           (c >= 0xe000 && c < 0xfffe) || (c >= 0x10000 && c < 0x110000);
}

size_t xml_char_length(const char *text, size_t room)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = sequence_length(bytes[0]);
    uint32_t c;

    if (length == 0 || length > room)
        return 0;
    c = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (bytes[i] & 0x3f);
    }
    return xml_has(c, length) ? length : 0;
}
