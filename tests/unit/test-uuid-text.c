/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * core/base/uuid-text.c
 */
#include "core/base/uuid-text.h"

#include <string.h>

#include "tests/unit/unit.h"

#define NORMAL "2ec115d7-3a88-3ceb-bc12-0ac909a6fd87"

static void both_forms_are_normalised(void)
{
    char uuid[UUID_TEXT_SIZE];

    CU_ASSERT_EQUAL(uuid_text_read(uuid, NORMAL), 0);
    CU_ASSERT_STRING_EQUAL(uuid, NORMAL);
    CU_ASSERT_EQUAL(uuid_text_read(uuid, "2EC115D73A883CEBBC120AC909A6FD87"), 0);
    CU_ASSERT_STRING_EQUAL(uuid, NORMAL);
    CU_ASSERT_EQUAL(uuid_text_read(uuid, "\n 2EC115d7-3a88-3ceb-bc12-0ac909a6fd87 "), 0);
    CU_ASSERT_STRING_EQUAL(uuid, NORMAL);
}

static void others_are_refused(void)
{
    static const char *const bad[] = {
        "",
        "2ec115d7",
        "2ec115d7-3a88-3ceb-bc12-0ac909a6fd8",
        "2ec115d7-3a88-3ceb-bc12-0ac909a6fd877",
        "2ec115d7-3a88-3ceb-bc12-0ac909a6fd8g",
        "2ec115d73a88-3ceb-bc12-0ac909a6fd87",
        "2ec1-15d7-3a88-3ceb-bc12-0ac909a6fd87",
        "{2ec115d7-3a88-3ceb-bc12-0ac909a6fd87}",
    };
    char uuid[UUID_TEXT_SIZE];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_EQUAL(uuid_text_read(uuid, bad[i]), -1);
}

static void new_ones_differ(void)
{
    char one[UUID_TEXT_SIZE];
    char other[UUID_TEXT_SIZE];
    char read[UUID_TEXT_SIZE];

    uuid_text_new(one);
    uuid_text_new(other);
    CU_ASSERT_STRING_NOT_EQUAL(one, other);
    CU_ASSERT_EQUAL(uuid_text_read(read, one), 0);
    CU_ASSERT_STRING_EQUAL(read, one);
}

static const struct unit_test tests[] = {
    { "with hyphens or without, any case", both_forms_are_normalised },
    { "anything else is refused", others_are_refused },
    { "new ones are valid and differ", new_ones_differ },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("uuid-text", tests);
}
