/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Flags that a host passes.
 */
#include "core/base/flags.h"

#include <string.h>

#include "tests/unit/unit.h"

static void known_ones_pass(void)
{
    struct tarn_error *error = NULL;

    CU_ASSERT_FALSE(flags_unknown(0, 0, &error));
    CU_ASSERT_FALSE(flags_unknown(5, 7, &error));
    CU_ASSERT_PTR_NULL(error);
}

static void unknown_ones_are_named(void)
{
    struct tarn_error *error = NULL;

    CU_ASSERT_TRUE(flags_unknown(0x80000003u, 3, &error));
    CU_ASSERT_EQUAL(tarn_error_status(error), TARN_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(error), "0x80000000"));
    tarn_error_free(error);
}

static const struct unit_test tests[] = {
    { "known flags pass", known_ones_pass },
    { "unknown flags are refused and named", unknown_ones_are_named },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("flags", tests);
}
