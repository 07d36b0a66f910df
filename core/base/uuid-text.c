/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * UUIDs as text. libuuid does not read the form without hyphens.
 */
#include "core/base/uuid-text.h"

#include <ctype.h>
#include <string.h>

#include <uuid/uuid.h>

#define BLANKS " \t\r\n"
#define HEX_DIGITS 32u

static int hyphen_before(unsigned digit)
{
    return digit == 8 || digit == 12 || digit == 16 || digit == 20;
}

/* Reads 32 digits, with hyphens where they belong or with none; *end is where it stopped. */
static int digits_read(char *out, const char *text, int hyphens, const char **end)
{
    for (unsigned digit = 0; digit < HEX_DIGITS; digit++) {
        if (hyphen_before(digit)) {
            *out++ = '-';
            if (hyphens && *text++ != '-')
                return -1;
        }
        if (!isxdigit((unsigned char)*text))
            return -1;
        *out++ = (char)tolower((unsigned char)*text++);
    }
    *out = '\0';
    *end = text;
    return 0;
}

int uuid_text_read(char out[UUID_TEXT_SIZE], const char *text)
{
    const char *end;

    text += strspn(text, BLANKS);
    if (digits_read(out, text, 1, &end) < 0 && digits_read(out, text, 0, &end) < 0)
        return -1;
    return end[strspn(end, BLANKS)] == '\0' ? 0 : -1;
}

void uuid_text_new(char out[UUID_TEXT_SIZE])
{
    uuid_t uuid;

    /* Not uuid_generate: that may ask a daemon. */
    uuid_generate_random(uuid);
    uuid_unparse_lower(uuid, out);
}
