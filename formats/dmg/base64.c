/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * base64.c - see base64.h.
 */
#include "base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 0 to 63, or 64 for what is no digit. */
static uint32_t value_of(uint8_t byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - (uint32_t)'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - (uint32_t)'a' + 26;
    if (byte >= '0' && byte <= '9')
        return byte - (uint32_t)'0' + 52;
    if (byte == '+')
        return 62;
    return byte == '/' ? 63 : 64;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

bool dmg_base64_decode(uint8_t *text, uint64_t length, uint64_t *out_length)
{
    uint8_t *to = text;
    uint32_t bits = 0;
    uint32_t group = 0; /* digits and padding of the group so far */
    uint32_t padding = 0;

    for (uint64_t i = 0; i < length; i++) {
        uint32_t value = value_of(text[i]);

        if (is_space(text[i]))
            continue;
        if (text[i] == '=' && group >= 2 && group < 4) {
            padding++;
        } else if (value > 63 || padding > 0) {
            return false;
        } else {
            bits = bits << 6 | value;
        }
        if (++group < 4)
            continue;
        bits <<= 6 * padding;
        for (uint32_t byte = 0; byte < 3 - padding; byte++)
            *to++ = (uint8_t)(bits >> (16 - 8 * byte));
        if (padding > 0 && bits & (padding == 1 ? 0xffu : 0xffffu))
            return false;
        bits = 0;
        group = padding > 0 ? 4 : 0; /* nothing may follow */
    }
    *out_length = (uint64_t)(to - text);
    return group == 0 || group == 4;
}

void dmg_base64_encode(const uint8_t *bytes, uint64_t length, uint8_t *out)
{
    for (uint64_t at = 0; at < length; at += 3) {
        uint64_t left = length - at;
        uint32_t bits = (uint32_t)bytes[at] << 16 | (left > 1 ? (uint32_t)bytes[at + 1] << 8 : 0) |
                        (left > 2 ? bytes[at + 2] : 0);

        *out++ = (uint8_t)digits[bits >> 18];
        *out++ = (uint8_t)digits[bits >> 12 & 63];
        *out++ = left > 1 ? (uint8_t)digits[bits >> 6 & 63] : '=';
        *out++ = left > 2 ? (uint8_t)digits[bits & 63] : '=';
    }
}
