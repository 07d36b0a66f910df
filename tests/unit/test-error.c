/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Errors.
 */
#include "core/base/error.h"

#include <errno.h>
#include <string.h>

#include <tarn/status.h>

#include "tests/unit/unit.h"

static void first_wins(void)
{
    struct tarn_error *error = NULL;

    CU_ASSERT_EQUAL(error_set(&error, TARN_E_ACCESS, EACCES, "cannot open %s", "a"),
                    TARN_E_ACCESS);
    CU_ASSERT_EQUAL(error_set(&error, TARN_E_IO, 0, "later"), TARN_E_IO);
    CU_ASSERT_EQUAL(tarn_error_status(error), TARN_E_ACCESS);
    CU_ASSERT_EQUAL(tarn_error_errno(error), EACCES);
    CU_ASSERT_STRING_EQUAL(tarn_error_message(error), "cannot open a: Permission denied");
    CU_ASSERT_PTR_NULL(tarn_error_module(error));
    tarn_error_free(error);
}

static void context_is_appended(void)
{
    struct tarn_error *error = NULL;

    error_while(error, "nothing");
    error_set(&error, TARN_E_IO, 0, "it broke");
    error_while(error, "reading %d", 7);
    error_while(error, "starting p");
    CU_ASSERT_STRING_EQUAL(tarn_error_message(error), "it broke; while reading 7; while starting p");
    error_set_module(error, "dir");
    error_set_module(error, "raw");
    CU_ASSERT_STRING_EQUAL(tarn_error_module(error), "dir");
    tarn_error_free(error);
}

static void nobody_wants_it(void)
{
    struct tarn_error *error = NULL;
    struct tarn_error *other = NULL;

    CU_ASSERT_EQUAL(error_set(NULL, TARN_E_BUSY, 0, "x"), TARN_E_BUSY);
    error_set(&error, TARN_E_BUSY, 0, "x");
    CU_ASSERT_EQUAL(error_pass(NULL, error), TARN_E_BUSY);
    error = NULL;
    error_set(&error, TARN_E_IO, 0, "first");
    error_set(&other, TARN_E_BUSY, 0, "second");
    CU_ASSERT_EQUAL(error_pass(&error, other), TARN_E_BUSY);
    CU_ASSERT_STRING_EQUAL(tarn_error_message(error), "first");
    tarn_error_free(error);
    tarn_error_free(NULL);
}

static void words(void)
{
    int status;

    for (status = 0; status < TARN_STATUS_COUNT; status++)
        CU_ASSERT_STRING_NOT_EQUAL(tarn_status_word(status), "unknown");
    CU_ASSERT_STRING_EQUAL(tarn_status_word(TARN_E_NO_SPACE), "no-space");
    CU_ASSERT_STRING_EQUAL(tarn_status_word(TARN_STATUS_COUNT), "unknown");
    CU_ASSERT_STRING_EQUAL(tarn_status_word(-1), "unknown");
}

static void none_is_no_memory(void)
{
    CU_ASSERT_EQUAL(tarn_error_status(NULL), TARN_E_INTERNAL);
    CU_ASSERT_EQUAL(tarn_error_errno(NULL), ENOMEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(NULL), "memory"));
    CU_ASSERT_PTR_NULL(tarn_error_module(NULL));
}

static const struct unit_test tests[] = {
    { "the first failure wins, with the text of its errno", first_wins },
    { "context is appended, the first module stays", context_is_appended },
    { "an error that nobody wants is freed", nobody_wants_it },
    { "every status has a word", words },
    { "an error that is not there tells that there was no memory", none_is_no_memory },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("error", tests);
}
