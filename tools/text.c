/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text as people may see it: escaping, width, likeness.
 */
#include "tools/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static void out_of_memory(void)
{
    fputs("tarn: out of memory: end other programs and try again\n", stderr);
    exit(1);
}

void *must_alloc(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

void *must_grow(void *memory, size_t size)
{
    void *grown = realloc(memory, size);
    if (!grown)
        out_of_memory();
    return grown;
}

char *must_copy(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        out_of_memory();
    return copy;
}

char *text_format(const char *format, ...)
{
    va_list list;
    char *text = NULL;

    va_start(list, format);
    if (vasprintf(&text, format, list) < 0)
        out_of_memory();
    va_end(list);
    return text;
}

/* RFC 3629: the shortest form only, no surrogates, nothing above U+10FFFF. */
size_t text_decode(unsigned *out, const char *text)
{
    static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *byte = (const unsigned char *)text;
    size_t length = byte[0] < 0x80 ? 1 : (byte[0] & 0xe0) == 0xc0 ? 2
                    : (byte[0] & 0xf0) == 0xe0 ? 3 : (byte[0] & 0xf8) == 0xf0 ? 4 : 0;
    if (length == 0)
        return 0;
    unsigned point = length == 1 ? byte[0] : byte[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (byte[i] & 0x3fu);
    }
    if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        return 0;
    *out = point;
    return length;
}

bool text_is_utf8(const char *text)
{
    while (*text) {
        unsigned point;
        size_t length = text_decode(&point, text);
        if (length == 0)
            return false;
        text += length;
    }
    return true;
}

/* C0, DEL and C1 steer terminals; line and paragraph separators break lines; the marks and
 * overrides of writing direction make a name look like another one. */
static bool is_harmful(unsigned point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c ||
           (point >= 0x200e && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069);
}

static int escape(char *to, size_t room, unsigned point)
{
    static const char letters[] = "abtnvfr"; /* 7 to 13 */
    if (point >= 7 && point <= 13)
        return snprintf(to, room, "\\%c", letters[point - 7]);
    return snprintf(to, room, point < 0x100 ? "\\x%02x" : "\\u%04x", point);
}

char *text_shown(const char *text)
{
    enum { LONGEST = 6 }; /* "\u202e" for three bytes, "\xff" for one */
    size_t room = strlen(text) * LONGEST + 1;
    char *shown = must_alloc(room), *to = shown;

    while (*text) {
        unsigned point;
        size_t length = text_decode(&point, text);
        if (length == 0) {
            to += escape(to, room - (size_t)(to - shown), (unsigned char)*text++);
        } else if (is_harmful(point)) {
            to += escape(to, room - (size_t)(to - shown), point);
            text += length;
        } else {
            memcpy(to, text, length);
            to += length;
            text += length;
        }
    }
    *to = '\0';
    return shown;
}

size_t text_width(const char *shown)
{
    size_t width = 0;

    while (*shown) {
        unsigned point;
        size_t length = text_decode(&point, shown);
        int columns = length == 0 || point < 0x80 ? 1 : wcwidth((wchar_t)point);
        width += columns < 0 ? 1 : (size_t)columns;
        shown += length ? length : 1;
    }
    return width;
}

/* How many characters must be put in, left out or changed to make one of the other. */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    size_t row[LONGEST + 1], length = strlen(b);

    if (length > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[length];
}

const char *text_nearest(const char *word, const char *const *list)
{
    const char *nearest = NULL;
    size_t least = strlen(word) / 3 + 1; /* a third of it may be mistyped */

    for (; *list; list++) {
        size_t far = distance(word, *list);
        if (far < least) {
            least = far;
            nearest = *list;
        }
    }
    return nearest;
}
