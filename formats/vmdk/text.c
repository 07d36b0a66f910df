/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * text.c - a text that grows, and numbers that are nothing but numbers.
 */
#include "head.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool make_room(struct vmdk_text *text, size_t more)
{
    size_t room = text->room != 0 ? text->room : 512;
    char *bytes;

    while (room - text->length <= more)
        room *= 2;
    if (room == text->room)
        return true;
    bytes = realloc(text->bytes, room);
    if (bytes == NULL)
        return false;
    text->bytes = bytes;
    text->room = room;
    return true;
}

void vmdk_text_add(struct vmdk_text *text, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (text->failed || length < 0 || !make_room(text, (size_t)length)) {
        text->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text->bytes + text->length, text->room - text->length, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

bool vmdk_number(const char *from, const char *to, uint64_t *out)
{
    uint64_t value = 0;

    if (from == to)
        return false;
    for (; from < to; from++) {
        if (*from < '0' || *from > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*from - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool vmdk_hex(const char *from, const char *to, uint32_t *out)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t value = 0;

    if (to - from < 1 || to - from > 8)
        return false;
    for (; from < to; from++) {
        char lower = (char)(*from >= 'A' && *from <= 'F' ? *from - 'A' + 'a' : *from);
        const char *digit = lower != '\0' ? strchr(digits, lower) : NULL;

        if (digit == NULL)
            return false;
        value = value << 4 | (uint32_t)(digit - digits);
    }
    *out = value;
    return true;
}
