/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CUnit runs and judges the tests; this prints a line for each as it ends.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const char *suite;
    const char *skipped;
    unsigned number;
    int failed;
} state;

void unit_skip(const char *reason)
{
    state.skipped = reason;
}

static int in_ci(void)
{
    const char *value = getenv("CI");

    return value != NULL && strcmp(value, "true") == 0;
}

static void test_started(const CU_pTest test, const CU_pSuite suite)
{
    (void)test;
    (void)suite;
    state.skipped = NULL;
}

static void test_ended(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
    CU_pFailureRecord record;
    int bad = failure != NULL || (state.skipped != NULL && in_ci());

    (void)suite;
    state.number++;
    state.failed |= bad;
    printf("%s %u - %s: %s", bad ? "not ok" : "ok", state.number, state.suite, test->pName);
    if (state.skipped != NULL)
        printf(bad ? " (skipped: %s)" : " # SKIP %s", state.skipped);
    putchar('\n');
    for (record = failure; record != NULL; record = record->pNext)
        printf("#   %s:%u: %s\n", record->strFileName, record->uiLineNumber,
               record->strCondition);
    fflush(stdout);
}

int unit_main(const char *suite_name, const struct unit_test *tests)
{
    CU_pSuite suite;
    const struct unit_test *test;

    state.suite = suite_name;
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    suite = CU_add_suite(suite_name, NULL, NULL);
    for (test = tests; suite != NULL && test->name != NULL; test++)
        if (CU_add_test(suite, test->name, test->run) == NULL)
            return 1;
    CU_set_test_start_handler(test_started);
    CU_set_test_complete_handler(test_ended);
    if (suite == NULL || CU_run_all_tests() != CUE_SUCCESS)
        return 1;
    CU_cleanup_registry();
    return state.failed;
}
