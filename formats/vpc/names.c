/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * names.c - the names of parents: UTF-16 of either end, the paths of Windows, and URLs of files.
 */
#include "vpc.h"

#include <string.h>

#include "helpers/be.h"
#include "helpers/le.h"

/* --- UTF-16 ----------------------------------------------------------------------------------- */

static uint32_t load(const uint8_t *from, bool big)
{
    return big ? be16_load(from) : le16_load(from);
}

static bool is_high(uint32_t unit)
{
    return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(uint32_t unit)
{
    return unit >= 0xdc00 && unit < 0xe000;
}

static uint64_t put_utf8(uint32_t code, char *to)
{
    uint8_t *byte = (uint8_t *)to;

    if (code < 0x80) {
        byte[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        byte[0] = (uint8_t)(0xc0 | code >> 6);
        byte[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        byte[0] = (uint8_t)(0xe0 | code >> 12);
        byte[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        byte[2] = (uint8_t)(0x80 | (code & 0x3f));
        return 3;
    }
    byte[0] = (uint8_t)(0xf0 | code >> 18);
    byte[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
    byte[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    byte[3] = (uint8_t)(0x80 | (code & 0x3f));
    return 4;
}

bool vpc_utf16_decode(const uint8_t *from, uint64_t length, bool big, char *to, uint64_t room)
{
    uint64_t used = 0;

    for (uint64_t at = 0; at + 2 <= length; at += 2) {
        uint32_t code = load(from + at, big);

        if (code == 0)
            break;
        if (is_high(code) && at + 4 <= length && is_low(load(from + at + 2, big))) {
            code = 0x10000 + ((code - 0xd800) << 10) + (load(from + at + 2, big) - 0xdc00);
            at += 2;
        } else if (is_high(code) || is_low(code)) {
            return false;
        }
        /* A name with control characters is no name, but could upset whoever prints it. */
        if (code < 0x20 || code == 0x7f || used + 5 > room)
            return false;
        used += put_utf8(code, to + used);
    }
    to[used] = '\0';
    return used > 0;
}

/* The next character; 0 at the end, UINT32_MAX if there is none. */
static uint32_t take_utf8(const uint8_t **from)
{
    static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    const uint8_t *byte = *from;
    uint32_t more = byte[0] < 0x80 ? 0 : byte[0] < 0xe0 ? 1 : byte[0] < 0xf0 ? 2 : 3;
    uint32_t code = more == 0 ? byte[0] : byte[0] & (0x3fu >> more);

    if ((byte[0] >= 0x80 && byte[0] < 0xc2) || byte[0] > 0xf4)
        return UINT32_MAX;
    for (uint32_t i = 1; i <= more; i++) {
        if ((byte[i] & 0xc0) != 0x80)
            return UINT32_MAX;
        code = code << 6 | (byte[i] & 0x3f);
    }
    if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return UINT32_MAX;
    *from = byte + more + 1;
    return code;
}

static void store(uint8_t *to, uint32_t unit, bool big)
{
    if (big)
        be16_store(to, (uint16_t)unit);
    else
        le16_store(to, (uint16_t)unit);
}

uint64_t vpc_utf16_encode(const char *from, bool big, uint8_t *to, uint64_t room)
{
    const uint8_t *at = (const uint8_t *)from;
    uint64_t used = 0;
    uint32_t code;

    while ((code = take_utf8(&at)) != 0) {
        if (code == UINT32_MAX || used + 4 > room)
            return 0;
        if (code >= 0x10000) {
            store(to + used, 0xd800 + ((code - 0x10000) >> 10), big);
            store(to + used + 2, 0xdc00 + ((code - 0x10000) & 0x3ff), big);
            used += 4;
        } else {
            store(to + used, code, big);
            used += 2;
        }
    }
    return used;
}

/* --- paths ------------------------------------------------------------------------------------ */

/* A drive or a server: no path of this system. */
static bool is_foreign(const char *name)
{
    bool letter = (name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z');

    return (letter && name[1] == ':') || strncmp(name, "\\\\", 2) == 0;
}

bool vpc_name_from_windows(const char *from, char *to, uint64_t room)
{
    uint64_t length = strlen(from);
    bool foreign = is_foreign(from);

    if (strncmp(from, ".\\", 2) == 0 || strncmp(from, "./", 2) == 0) {
        from += 2;
        length -= 2;
    }
    if (length == 0 || length >= room)
        return false;
    memcpy(to, from, length + 1);
    for (char *at = to; *at != '\0' && !foreign; at++)
        if (*at == '\\')
            *at = '/';
    return true;
}

bool vpc_name_to_windows(const char *from, char *to, uint64_t room)
{
    uint64_t length = strlen(from);
    bool relative = from[0] != '/';

    if (strncmp(from, "./", 2) == 0) {
        from += 2;
        length -= 2;
    }
    if (length == 0 || length + 3 > room || strpbrk(from, "\\:") != NULL)
        return false;
    snprintf(to, room, "%s%s", relative ? ".\\" : "", from);
    for (char *at = to; *at != '\0'; at++)
        if (*at == '/')
            *at = '\\';
    return true;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "file://localhost/srv/a%20b.vhd", "file:///srv/x.vhd"; and "file://./x.vhd", as Xen writes it. */
bool vpc_name_from_url(const char *from, char *to, uint64_t room)
{
    uint64_t used = 0;

    if (strncmp(from, "file://", 7) != 0)
        return false;
    from += 7;
    if (strncmp(from, "localhost/", 10) == 0)
        from += 9;
    else if (strncmp(from, "./", 2) == 0)
        from += 2;
    else if (from[0] != '/')
        return false;
    for (; *from != '\0'; from++) {
        int byte = (unsigned char)*from;

        if (byte == '%') {
            byte = digit(from[1]) < 0 || digit(from[2]) < 0
                       ? -1 : digit(from[1]) * 16 + digit(from[2]);
            from += 2;
        }
        if (byte < 0x20 || byte == 0x7f || used + 2 > room)
            return false;
        to[used++] = (char)byte;
    }
    to[used] = '\0';
    return used > 0;
}
