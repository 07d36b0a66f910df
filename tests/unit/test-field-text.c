/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fields in lines of text.
 */
#include "core/base/field-text.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

/* The field as it is written, without its tab; good until the next. */
static char *written(const char *field)
{
    static char text[64];
    struct field_text to = { 0 };

    field_text_field(&to, field);
    CU_ASSERT_FATAL(!to.failed && to.length > 0 && to.length < sizeof(text));
    CU_ASSERT_EQUAL(to.bytes[0], '\t');
    memcpy(text, to.bytes + 1, to.length - 1);
    text[to.length - 1] = '\0';
    free(to.bytes);
    return text;
}

static void there_and_back(void)
{
    static const char *const fields[] = { "", "plain", "-", "--", "\\-", "tab\there", "\n", "\\n",
                                          "ends in \\", "\\\\\t\n\\t", "\xff\xfe" };
    size_t i;

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        char *text = written(fields[i]);

        CU_ASSERT_PTR_NULL(strpbrk(text, "\t\n"));
        CU_ASSERT_STRING_EQUAL(field_text_read(text), fields[i]);
    }
    CU_ASSERT_STRING_EQUAL(written(NULL), "-");
    CU_ASSERT_PTR_NULL(field_text_read(written(NULL)));
}

static void broken(void)
{
    char lone[] = "a\\";
    char strange[] = "\\x\\";

    CU_ASSERT_STRING_EQUAL(field_text_read(lone), "a\\");
    CU_ASSERT_STRING_EQUAL(field_text_read(strange), "x\\");
}

static void long_text(void)
{
    struct field_text to = { 0 };
    size_t i;

    for (i = 0; i < 10000; i++)
        field_text_field(&to, "0123456789");
    CU_ASSERT(!to.failed);
    CU_ASSERT_EQUAL(to.length, 110000);
    CU_ASSERT(memcmp(to.bytes + to.length - 11, "\t0123456789", 11) == 0);
    free(to.bytes);
}

static const struct unit_test tests[] = {
    { "every field comes back as it was", there_and_back },
    { "a broken escape stays what it is", broken },
    { "text grows", long_text },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("field-text", tests);
}
