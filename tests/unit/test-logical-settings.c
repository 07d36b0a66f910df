/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a pool's and a volume's XML say in the namespace of the pool type.
 */
#include <stdio.h>
#include <string.h>

#include "modules/logical/logical.h"
#include "tests/unit/fake-host.h"
#include "tests/unit/unit.h"

/* "element/attribute=value" */
static const char *const *said;
static struct fake_host host;

/* The two kinds of questions that are asked. */
static const char *answer(struct tarn_call *call, uint32_t which, const char *xpath, uint32_t index)
{
    char element[32], attribute[32];
    bool counts = sscanf(xpath, "count(/*/logical:%31[^)])", element) == 1;
    size_t length, i;

    (void)call;
    (void)which;
    (void)index;
    if (!counts && sscanf(xpath, "/*/logical:%31[^/]/@%31s", element, attribute) != 2)
        return NULL;
    length = strlen(element);
    for (i = 0; said[i] != NULL; i++) {
        if (strncmp(said[i], element, length) != 0 || said[i][length] != '/')
            continue;
        if (counts)
            return "1";
        if (strncmp(said[i] + length + 1, attribute, strlen(attribute)) == 0 &&
            said[i][length + 1 + strlen(attribute)] == '=')
            return strchr(said[i], '=') + 1;
    }
    return counts ? "0" : NULL;
}

static int32_t read_settings(const char *const *words, struct logical_settings *out)
{
    static const struct tarn_source source = { .struct_size = sizeof(source), .name = "vg" };
    static const struct tarn_pool_def pool = { .struct_size = sizeof(pool), .name = "p",
                                               .source = &source };

    fake_host_init(&host);
    host.table.query = answer;
    host.call.pool = &pool;
    said = words;
    return logical_settings_read(&host.call, out);
}

#define READ(settings, ...) read_settings((const char *const[]){ __VA_ARGS__, NULL }, settings)

static void end(struct logical_settings *settings)
{
    logical_settings_clear(settings);
    fake_host_clear(&host);
}

static void defaults(void)
{
    struct logical_settings settings;

    CU_ASSERT_EQUAL(read_settings((const char *const[]){ NULL }, &settings), TARN_OK);
    CU_ASSERT_PTR_NULL(settings.thin_pool);
    CU_ASSERT(!settings.activate_all);
    CU_ASSERT_PTR_NULL(settings.layout.type);
    CU_ASSERT_EQUAL(settings.marks[0], 80);
    CU_ASSERT_EQUAL(settings.marks[1], 95);
    CU_ASSERT_EQUAL(settings.marks[2], 0);
    end(&settings);
}

static void everything(void)
{
    struct logical_settings settings;

    CU_ASSERT_EQUAL(READ(&settings, "thin-pool/name=tp", "thin-pool/capacity=4 GiB",
                         "thin-pool/metadata=8MB", "thin-pool/overcommit=150",
                         "watermarks/percent=5 50 100", "activation/volumes=all",
                         "layout/type=raid10", "layout/mirrors=2", "layout/stripes=3",
                         "layout/stripe-size=64k"), TARN_OK);
    CU_ASSERT_STRING_EQUAL(settings.thin_pool, "tp");
    CU_ASSERT_EQUAL(settings.thin_capacity, UINT64_C(4) << 30);
    CU_ASSERT_EQUAL(settings.thin_metadata, 8000000);
    CU_ASSERT_EQUAL(settings.overcommit, 150);
    CU_ASSERT_EQUAL(settings.marks[0], 5);
    CU_ASSERT_EQUAL(settings.marks[2], 100);
    CU_ASSERT_EQUAL(settings.marks[3], 0);
    CU_ASSERT(settings.activate_all);
    CU_ASSERT_STRING_EQUAL(settings.layout.type, "raid10");
    CU_ASSERT_EQUAL(settings.layout.mirrors, 2);
    CU_ASSERT_EQUAL(settings.layout.stripes, 3);
    CU_ASSERT_EQUAL(settings.layout.stripe_size, 65536);
    end(&settings);
}

static void no_marks(void)
{
    struct logical_settings settings;

    CU_ASSERT_EQUAL(READ(&settings, "watermarks/percent="), TARN_OK);
    CU_ASSERT_EQUAL(settings.marks[0], 0);
    end(&settings);
}

static void sizes(void)
{
    static const struct { const char *text; uint64_t bytes; } good[] = {
        { "thin-pool/capacity=1", 1 },          { "thin-pool/capacity=1b", 1 },
        { "thin-pool/capacity=1 bytes", 1 },    { "thin-pool/capacity=1k", 1024 },
        { "thin-pool/capacity=1KiB", 1024 },    { "thin-pool/capacity=1kB", 1000 },
        { "thin-pool/capacity=2E", UINT64_C(2) << 60 }, { NULL, 0 },
    };
    struct logical_settings settings;
    size_t i;

    for (i = 0; good[i].text != NULL; i++) {
        CU_ASSERT_EQUAL(READ(&settings, "thin-pool/name=t", good[i].text), TARN_OK);
        CU_ASSERT_EQUAL(settings.thin_capacity, good[i].bytes);
        end(&settings);
    }
}

static void refused(void)
{
    static const char *const bad[] = {
        "thin-pool/capacity=1", "thin-pool/name=-x", "thin-pool/name=a b",
        "watermarks/percent=50 40", "watermarks/percent=0",
        "watermarks/percent=101", "watermarks/percent=1 2 3 4 5 6 7 8 9",
        "watermarks/percent=50,60",
        "activation/volumes=some", "layout/mirrors=1", "layout/type=raid7", "layout/type=", NULL,
    };
    static const char *const bad_sizes[] = {
        "thin-pool/capacity=", "thin-pool/capacity=x", "thin-pool/capacity=-1",
        "thin-pool/capacity=0", "thin-pool/capacity=9E", "thin-pool/capacity=1 Kib x",
        "thin-pool/capacity=1x", "thin-pool/overcommit=0", "thin-pool/overcommit=1%", NULL,
    };
    struct logical_settings settings;
    size_t i;

    for (i = 0; bad[i] != NULL; i++) {
        CU_ASSERT_EQUAL(READ(&settings, bad[i]), TARN_E_INVALID);
        CU_ASSERT_EQUAL(host.failures, 1);
        fake_host_clear(&host);
    }
    for (i = 0; bad_sizes[i] != NULL; i++) {
        CU_ASSERT_EQUAL(READ(&settings, "thin-pool/name=t", bad_sizes[i]), TARN_E_INVALID);
        fake_host_clear(&host);
    }
}

static void layouts(void)
{
    struct logical_settings settings;

    CU_ASSERT_EQUAL(READ(&settings, "layout/type=linear", "layout/stripes=2"), TARN_E_INVALID);
    fake_host_clear(&host);
    CU_ASSERT_EQUAL(READ(&settings, "layout/type=raid1", "layout/stripes=2"), TARN_E_INVALID);
    fake_host_clear(&host);
    CU_ASSERT_EQUAL(READ(&settings, "layout/type=raid5", "layout/mirrors=1"), TARN_E_INVALID);
    fake_host_clear(&host);
    CU_ASSERT_EQUAL(READ(&settings, "layout/type=striped", "layout/stripe-size=5000"),
                    TARN_E_INVALID);
    fake_host_clear(&host);
    CU_ASSERT_EQUAL(READ(&settings, "layout/type=striped", "layout/stripe-size=1024"),
                    TARN_E_INVALID);
    fake_host_clear(&host);
    CU_ASSERT_EQUAL(READ(&settings, "layout/type=raid6", "layout/stripes=3"), TARN_OK);
    end(&settings);
}

static const struct unit_test tests[] = {
    { "nothing said: the defaults", defaults },
    { "everything said", everything },
    { "an empty list has no marks", no_marks },
    { "sizes are written as elsewhere", sizes },
    { "what makes no sense is refused", refused },
    { "a layout has only what is its own", layouts },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("logical-settings", tests);
}
