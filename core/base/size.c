/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sizes as people write them: libvirt's units, in any case.
 */
#include "core/base/size.h"

#include "core/base/error.h"

#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\n"

/* The factor of a unit of `length` characters, 0 if there is none such. */
static uint64_t unit_factor(const char *unit, size_t length)
{
    static const char letters[] = "kmgtpe";
    const char *letter;
    uint64_t factor = 1;
    uint64_t step = 1024;
    int power;

    if (length == 0 || (length == 1 && strncasecmp(unit, "b", 1) == 0) ||
        (length == 4 && strncasecmp(unit, "byte", 4) == 0) ||
        (length == 5 && strncasecmp(unit, "bytes", 5) == 0))
        return 1;
    letter = memchr(letters, unit[0] | 0x20, sizeof(letters) - 1);
    if (letter == NULL)
        return 0;
    if (length == 2 && strncasecmp(unit + 1, "b", 1) == 0)
        step = 1000;
    else if (length != 1 && !(length == 3 && strncasecmp(unit + 1, "ib", 2) == 0))
        return 0;
    for (power = (int)(letter - letters) + 1; power > 0; power--)
        factor *= step;
    return factor;
}

/* How many digits `text` begins with; their value in *out, or -1 if it is over 64 bits. */
static int digits_read(uint64_t *out, size_t *length, const char *text)
{
    int overflow = 0;

    *out = 0;
    *length = strspn(text, "0123456789");
    for (size_t i = 0; i < *length; i++)
        overflow |= __builtin_mul_overflow(*out, 10u, out) ||
                    __builtin_add_overflow(*out, (uint64_t)(text[i] - '0'), out);
    return overflow ? -1 : 0;
}

static int size_from(uint64_t *out, const char *digits, const char *unit, size_t unit_length,
                     uint64_t limit, const char *whole, struct tarn_error **error)
{
    uint64_t factor = unit_factor(unit, unit_length);
    uint64_t size;
    size_t length;
    int overflow = digits_read(&size, &length, digits) < 0;

    if (length == 0)
        return error_set(error, TARN_E_INVALID, 0,
                         "'%s' is no size: give a number of bytes, or one with a unit as in 10GiB",
                         whole);
    if (factor == 0)
        return error_set(error, TARN_E_INVALID, 0,
                         "'%.*s' is no unit of size: use B, K, KiB or KB, and so on up to E",
                         (int)unit_length, unit);
    if (overflow || __builtin_mul_overflow(size, factor, &size) || size > limit)
        return error_set(error, TARN_E_INVALID, 0,
                         "the size '%s' is too large: the limit is %llu bytes", whole,
                         (unsigned long long)limit);
    *out = size;
    return TARN_OK;
}

int tarn_size_parse(uint64_t *out, const char *text, struct tarn_error **error)
{
    const char *unit = text + strspn(text, "0123456789");

    return size_from(out, text, unit, strlen(unit), SIZE_LIMIT, text, error);
}

int size_scale(uint64_t *out, const char *number, const char *unit, uint64_t limit,
               struct tarn_error **error)
{
    const char *digits = number + strspn(number, BLANKS);
    const char *rest = digits + strspn(digits, "0123456789");

    if (rest[strspn(rest, BLANKS)] != '\0')
        return error_set(error, TARN_E_INVALID, 0,
                         "'%s' is no size: digits alone are expected, the unit goes into the "
                         "attribute unit", number);
    if (unit == NULL)
        unit = "";
    return size_from(out, digits, unit, strlen(unit), limit, number, error);
}
