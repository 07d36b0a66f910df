/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is UTF-8 and what only looks like it.
 */
#include "core/base/utf8.h"

#include "tests/unit/unit.h"

static void text_is_valid(void)
{
    CU_ASSERT(utf8_is_valid(""));
    CU_ASSERT(utf8_is_valid("plain \x7f"));
    CU_ASSERT(utf8_is_valid("\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"));
    CU_ASSERT(utf8_is_valid("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
}

static void anything_else_is_not(void)
{
    static const char *const wrong[] = {
        "\x80",             /* a follower alone */
        "\xc0\x80",         /* longer than need be */
        "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* beyond the last */
        "\xf5\x80\x80\x80", "\xff",
        "\xc3", "\xe2\x82", "\xf0\x9f\x98", /* cut off */
        "\xe2\x82z", "\xf0\x9f\x98z",
    };
    unsigned i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CU_ASSERT(!utf8_is_valid(wrong[i]));
}

static const struct unit_test tests[] = {
    { "text is valid", text_is_valid },
    { "anything else is not", anything_else_is_not },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("utf8", tests);
}
