/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Structures of another size than ours are read as far as both go.
 */
#include "core/base/sized.h"

#include "tests/unit/unit.h"

struct ours {
    uint32_t struct_size;
    uint32_t old;
    uint64_t added;
};

static void shorter(void)
{
    static const struct {
        uint32_t struct_size;
        uint32_t old;
    } theirs = { sizeof(theirs), 7 };
    struct ours copy = { 1, 2, 3 };

    sized_copy(&copy, sizeof(copy), &theirs);
    CU_ASSERT_EQUAL(copy.old, 7);
    CU_ASSERT_EQUAL(copy.added, 0);
    CU_ASSERT_EQUAL(copy.struct_size, sizeof(copy));
}

static void longer(void)
{
    static const struct {
        struct ours known;
        uint64_t later;
    } theirs = { { sizeof(theirs), 7, 8 }, 9 };
    struct {
        struct ours copy;
        uint64_t behind;
    } room = { { 0, 0, 0 }, 5 };

    sized_copy(&room.copy, sizeof(room.copy), &theirs);
    CU_ASSERT_EQUAL(room.copy.old, 7);
    CU_ASSERT_EQUAL(room.copy.added, 8);
    CU_ASSERT_EQUAL(room.copy.struct_size, sizeof(room.copy));
    CU_ASSERT_EQUAL(room.behind, 5);
}

static const struct unit_test tests[] = {
    { "what a shorter structure lacks is zero", shorter },
    { "what a longer structure has beyond ours is left out", longer },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("sized", tests);
}
