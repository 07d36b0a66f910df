/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Typed parameters: what each type takes, what it makes of it, what it refuses and how it says so.
 */
#include <string.h>

#include "core/base/error.h"
#include "core/registry/params.h"
#include "tests/unit/unit.h"

static const char *const colours[] = { "red", "green", NULL };
static const struct tarn_param text = { .struct_size = sizeof(text), .type = TARN_PARAM_STRING,
                                        .name = "text", .summary = "Any text" };
static const struct tarn_param path = { .struct_size = sizeof(path), .type = TARN_PARAM_PATH,
                                        .name = "path", .summary = "A path" };
static const struct tarn_param bytes = { .struct_size = sizeof(bytes), .type = TARN_PARAM_BYTES,
                                         .name = "bytes", .summary = "A size",
                                         .default_value = "64KiB", .minimum = 512,
                                         .maximum = 2097152 };
static const struct tarn_param number = { .struct_size = sizeof(number),
                                          .type = TARN_PARAM_INTEGER, .name = "number",
                                          .summary = "A number", .minimum = -5, .maximum = 5 };
static const struct tarn_param any = { .struct_size = sizeof(any), .type = TARN_PARAM_INTEGER,
                                       .name = "any", .summary = "Any number" };
static const struct tarn_param flag = { .struct_size = sizeof(flag), .type = TARN_PARAM_BOOLEAN,
                                        .name = "flag", .summary = "Yes or no" };
static const struct tarn_param colour = { .struct_size = sizeof(colour), .type = TARN_PARAM_ENUM,
                                          .name = "colour", .summary = "A colour",
                                          .choices = colours };
static const struct tarn_param secret = { .struct_size = sizeof(secret),
                                          .type = TARN_PARAM_INTEGER, .flags = TARN_PARAM_SECRET,
                                          .name = "secret", .summary = "A secret number" };
static const struct tarn_param later = { .struct_size = sizeof(later), .type = 45,
                                         .name = "later", .summary = "Of a later version" };
static const struct tarn_param needed = { .struct_size = sizeof(needed),
                                          .type = TARN_PARAM_STRING,
                                          .flags = TARN_PARAM_REQUIRED, .name = "needed",
                                          .summary = "what it is for" };
static const struct tarn_param *const table[] = { &text, &path,   &bytes,  &number, &any,
                                                  &flag, &colour, &secret, NULL };

static const struct {
    const struct tarn_param *param;
    const char *value;
    const char *made;
} taken[] = {
    { &text, "", "" },
    { &text, "caf\xc3\xa9 = 1", "caf\xc3\xa9 = 1" },
    { &path, "/srv/images", "/srv/images" },
    { &bytes, "512", "512" },
    { &bytes, "2MiB", "2097152" },
    { &bytes, "64k", "65536" },
    { &number, "-5", "-5" },
    { &number, "005", "5" },
    { &number, "-0", "0" },
    { &any, "9223372036854775807", "9223372036854775807" },
    { &any, "-9223372036854775808", "-9223372036854775808" },
    { &flag, "yes", "yes" },
    { &flag, "no", "no" },
    { &colour, "green", "green" },
};

static void good_values(void)
{
    struct arena *arena = arena_new();
    size_t i;

    for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        const char *made = "";

        CU_ASSERT_EQUAL(param_value_check(&made, arena, taken[i].param, taken[i].value, "x", NULL),
                        TARN_OK);
        CU_ASSERT_STRING_EQUAL(made, taken[i].made);
    }
    arena_free(arena);
}

static const struct {
    const struct tarn_param *param;
    const char *value;
    const char *told;
} refused[] = {
    { &text, "a\nb", "x: text holds a control character" },
    { &text, "\xff", "x: text is not UTF-8" },
    { &path, "srv", "x: path is \"srv\", not an absolute path" },
    { &path, "", "x: path is \"\", not an absolute path" },
    { &bytes, "511", "x: bytes is \"511\", allowed is 512 to 2097152" },
    { &bytes, "3MiB", "x: bytes is \"3MiB\", allowed is 512 to 2097152" },
    { &bytes, "-1", "x: bytes is \"-1\", not a size such as 65536 or 64KiB" },
    { &bytes, "1 furlong", "x: bytes is \"1 furlong\", not a size such as 65536 or 64KiB" },
    { &number, "6", "x: number is \"6\", allowed is -5 to 5" },
    { &number, "-6", "x: number is \"-6\", allowed is -5 to 5" },
    { &number, "", "x: number is \"\", not a decimal number" },
    { &number, "-", "x: number is \"-\", not a decimal number" },
    { &number, " 1", "x: number is \" 1\", not a decimal number" },
    { &number, "+1", "x: number is \"+1\", not a decimal number" },
    { &number, "1x", "x: number is \"1x\", not a decimal number" },
    { &any, "9223372036854775808", "not a number of 64 bits" },
    { &any, "-9223372036854775809", "not a number of 64 bits" },
    { &flag, "true", "x: flag is \"true\", not yes or no" },
    { &flag, "Yes", "x: flag is \"Yes\", not yes or no" },
    { &colour, "blue", "x: colour is \"blue\", not one of red green" },
    { &later, "1", "x: later is of the unknown type 45" },
};

static void bad_values(void)
{
    struct arena *arena = arena_new();
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct tarn_error *error = NULL;
        const char *made;

        CU_ASSERT_NOT_EQUAL(param_value_check(&made, arena, refused[i].param, refused[i].value,
                                              "x", &error), TARN_OK);
        CU_ASSERT_PTR_NOT_NULL_FATAL(error);
        CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(error), refused[i].told));
        tarn_error_free(error);
    }
    arena_free(arena);
}

static void secrets_are_not_told(void)
{
    struct arena *arena = arena_new();
    struct tarn_error *error = NULL;
    const char *made;

    CU_ASSERT_EQUAL(param_value_check(&made, arena, &secret, "hunter2", "x", &error),
                    TARN_E_INVALID);
    CU_ASSERT_PTR_NULL(strstr(tarn_error_message(error), "hunter2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(error), "secret"));
    tarn_error_free(error);
    arena_free(arena);
}

static const struct tarn_property text_is_a = { sizeof(text_is_a), 0, "text", "a" };
static const struct tarn_property text_is_b = { sizeof(text_is_b), 0, "text", "b" };
static const struct tarn_property bytes_is_1k = { sizeof(bytes_is_1k), 0, "bytes", "1K" };
static const struct tarn_property stranger = { sizeof(stranger), 0, "byte", "1" };

static void lists_are_in_the_tables_order_with_defaults(void)
{
    const struct tarn_property *const given[] = { &bytes_is_1k, &text_is_a, NULL };
    const struct tarn_property *const *values = NULL;
    struct arena *arena = arena_new();

    CU_ASSERT_EQUAL_FATAL(params_check(&values, arena, table, given, "x", NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(values[0]->name, "text");
    CU_ASSERT_STRING_EQUAL(values[1]->value, "1024");
    CU_ASSERT_PTR_NULL(values[2]);
    CU_ASSERT_STRING_EQUAL(params_get(values, "text"), "a");
    CU_ASSERT_PTR_NULL(params_get(values, "number"));
    CU_ASSERT_EQUAL_FATAL(params_check(&values, arena, table, NULL, "x", NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(params_get(values, "bytes"), "65536");
    CU_ASSERT_EQUAL_FATAL(params_check(&values, arena, NULL, NULL, "x", NULL), TARN_OK);
    CU_ASSERT_PTR_NULL(values[0]);
    arena_free(arena);
}

static void expect_refusal(const struct tarn_param *const *params,
                           const struct tarn_property *const *given, const char *told)
{
    const struct tarn_property *const *values = NULL;
    struct arena *arena = arena_new();
    struct tarn_error *error = NULL;

    CU_ASSERT_EQUAL(params_check(&values, arena, params, given, "the format qcow2", &error),
                    TARN_E_INVALID);
    CU_ASSERT_PTR_NULL(values);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_STRING_EQUAL(tarn_error_message(error), told);
    tarn_error_free(error);
    arena_free(arena);
}

static void unknown_names_tell_the_known_ones(void)
{
    const struct tarn_property *const given[] = { &stranger, NULL };
    const struct tarn_param *const few[] = { &text, &bytes, NULL };

    expect_refusal(few, given, "the format qcow2 has no option \"byte\", it knows: text bytes");
    expect_refusal(NULL, given, "the format qcow2 has no option \"byte\", nor any other");
}

static void twice_and_missing_are_refused(void)
{
    const struct tarn_property *const twice[] = { &text_is_a, &text_is_b, NULL };
    const struct tarn_param *const required[] = { &needed, NULL };

    expect_refusal(table, twice, "the format qcow2: text is given twice");
    expect_refusal(required, NULL, "the format qcow2 needs the option needed: what it is for");
}

static const struct tarn_property secret_is_named = { sizeof(secret_is_named), 0, "secret",
                                                      "the name of it" };

static void named_secrets_are_taken_as_they_are(void)
{
    const struct tarn_property *const given[] = { &secret_is_named, &bytes_is_1k, NULL };
    const struct tarn_property *const *values = NULL;
    struct arena *arena = arena_new();

    CU_ASSERT_EQUAL_FATAL(params_check_named(&values, arena, table, given, "x", NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(params_get(values, "secret"), "the name of it");
    CU_ASSERT_STRING_EQUAL(params_get(values, "bytes"), "1024");
    CU_ASSERT_EQUAL(params_check(&values, arena, table, given, "x", NULL), TARN_E_INVALID);
    arena_free(arena);
}

static void defaults_want_nothing(void)
{
    const struct tarn_param *const required[] = { &needed, &bytes, NULL };
    const struct tarn_property *const *values = NULL;
    struct arena *arena = arena_new();

    CU_ASSERT_EQUAL_FATAL(params_defaults(&values, arena, required, NULL), TARN_OK);
    CU_ASSERT_PTR_NULL(params_get(values, "needed"));
    CU_ASSERT_STRING_EQUAL(params_get(values, "bytes"), "65536");
    CU_ASSERT_PTR_EQUAL(params_find(required, "bytes"), &bytes);
    CU_ASSERT_PTR_NULL(params_find(required, "text"));
    CU_ASSERT_PTR_NULL(params_find(NULL, "text"));
    arena_free(arena);
}

static const struct unit_test tests[] = {
    { "values that are right come out in one form", good_values },
    { "values that are wrong are refused by name", bad_values },
    { "a secret is not told, even if it is wrong", secrets_are_not_told },
    { "a list has the table's order and its defaults",
      lists_are_in_the_tables_order_with_defaults },
    { "an unknown name is refused with the known ones", unknown_names_tell_the_known_ones },
    { "twice and missing are refused", twice_and_missing_are_refused },
    { "the name of a secret is taken as it is", named_secrets_are_taken_as_they_are },
    { "defaults can be had without what is required", defaults_want_nothing },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("params", tests);
}
