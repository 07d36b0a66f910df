/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * core/base/size.c: units, limits, refusals.
 */
#include "core/base/size.h"

#include <string.h>

#include "tests/unit/unit.h"

struct good {
    const char *text;
    uint64_t size;
};

static void each_unit(void)
{
    static const struct good all[] = {
        { "0", 0 },
        { "7", 7 },
        { "7b", 7 },
        { "7BYTE", 7 },
        { "7bytes", 7 },
        { "1k", 1024 },
        { "1K", 1024 },
        { "1KiB", 1024 },
        { "1kib", 1024 },
        { "1KB", 1000 },
        { "1M", UINT64_C(1) << 20 },
        { "1MB", 1000000 },
        { "3GiB", UINT64_C(3) << 30 },
        { "3gb", UINT64_C(3000000000) },
        { "2T", UINT64_C(2) << 40 },
        { "2TB", UINT64_C(2000000000000) },
        { "1PiB", UINT64_C(1) << 50 },
        { "1PB", UINT64_C(1000000000000000) },
        { "7EiB", UINT64_C(7) << 60 },
        { "9EB", UINT64_C(9000000000000000000) },
        { "00012", 12 },
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        uint64_t size = 1;

        CU_ASSERT_EQUAL(tarn_size_parse(&size, all[i].text, NULL), TARN_OK);
        CU_ASSERT_EQUAL(size, all[i].size);
    }
}

static void refused(const char *text, const char *because)
{
    struct tarn_error *error = NULL;
    uint64_t size = 77;

    CU_ASSERT_EQUAL(tarn_size_parse(&size, text, &error), TARN_E_INVALID);
    CU_ASSERT_EQUAL(size, 77);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(error), because));
    tarn_error_free(error);
}

static void no_number(void)
{
    refused("", "is no size");
    refused("GiB", "is no size");
    refused("-1", "is no size");
    refused("+1", "is no size");
    refused(" 1", "is no size");
    refused("0x10 ", "is no unit");
    refused("ten", "is no size");
}

static void unknown_units(void)
{
    refused("1x", "'x' is no unit");
    refused("1 G", "' G' is no unit");
    refused("1GiBs", "is no unit");
    refused("1Gi", "is no unit");
    refused("1Z", "is no unit");
    refused("1.5G", "is no unit");
    refused("1byt", "is no unit");
    refused("1G\n", "is no unit");
}

static void the_limit_is_63_bits(void)
{
    uint64_t size;

    CU_ASSERT_EQUAL(tarn_size_parse(&size, "9223372036854775807", NULL), TARN_OK);
    CU_ASSERT_EQUAL(size, INT64_MAX);
    refused("9223372036854775808", "too large");
    refused("18446744073709551616", "too large");
    refused("99999999999999999999999999", "too large");
    refused("8EiB", "too large");
    refused("16E", "too large");
    refused("18014398509481984K", "too large");
}

static void number_and_unit_apart(void)
{
    uint64_t size;

    CU_ASSERT_EQUAL(size_scale(&size, " 10\n", "KiB", SIZE_LIMIT, NULL), TARN_OK);
    CU_ASSERT_EQUAL(size, 10240);
    CU_ASSERT_EQUAL(size_scale(&size, "10", NULL, SIZE_LIMIT, NULL), TARN_OK);
    CU_ASSERT_EQUAL(size, 10);
    CU_ASSERT_EQUAL(size_scale(&size, "18446744073709551615", "B", UINT64_MAX, NULL), TARN_OK);
    CU_ASSERT_EQUAL(size, UINT64_MAX);
    CU_ASSERT_EQUAL(size_scale(&size, "18446744073709551616", "B", UINT64_MAX, NULL),
                    TARN_E_INVALID);
    CU_ASSERT_EQUAL(size_scale(&size, "10K", NULL, SIZE_LIMIT, NULL), TARN_E_INVALID);
    CU_ASSERT_EQUAL(size_scale(&size, "1 0", NULL, SIZE_LIMIT, NULL), TARN_E_INVALID);
    CU_ASSERT_EQUAL(size_scale(&size, "", "K", SIZE_LIMIT, NULL), TARN_E_INVALID);
    CU_ASSERT_EQUAL(size_scale(&size, "-1", "K", SIZE_LIMIT, NULL), TARN_E_INVALID);
    CU_ASSERT_EQUAL(size_scale(&size, "1", " K", SIZE_LIMIT, NULL), TARN_E_INVALID);
}

static const struct unit_test tests[] = {
    { "each unit, in any case", each_unit },
    { "text without a number is refused", no_number },
    { "unknown units are refused", unknown_units },
    { "sizes end at 2^63-1", the_limit_is_63_bits },
    { "number and unit may come apart", number_and_unit_apart },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("size", tests);
}
