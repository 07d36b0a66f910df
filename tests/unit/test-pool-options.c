/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * <tarn:options> of a pool definition: what is taken, in which form modules and people get it back,
 * what is refused. tests/cli/test-pool-options.sh has the way to the module.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/registry/params.h"
#include "core/xml/pool-def.h"
#include "tests/unit/sample-types.h"
#include "tests/unit/unit.h"

#define DEFINITION(content) \
    "<pool type='dir' xmlns:o='" POOL_OPTIONS_NAMESPACE "'><name>p</name>" \
    "<target><path>/t</path></target>\n" content "</pool>"
#define OPTIONS(content) DEFINITION("<o:options>" content "</o:options>")

static const struct tarn_param size = { .struct_size = sizeof(size), .type = TARN_PARAM_BYTES,
                                        .name = "size", .summary = "A size",
                                        .default_value = "1KiB" };
static const struct tarn_param token = { .struct_size = sizeof(token), .type = TARN_PARAM_INTEGER,
                                         .flags = TARN_PARAM_SECRET, .name = "token",
                                         .summary = "A secret", .minimum = 0, .maximum = 9 };
static const struct tarn_param key = { .struct_size = sizeof(key), .type = TARN_PARAM_STRING,
                                       .flags = TARN_PARAM_SECRET | TARN_PARAM_REQUIRED,
                                       .name = "key", .summary = "A needed secret" };
static const struct tarn_param *const params[] = { &size, &token, NULL };
static const struct tarn_param *const needing[] = { &size, &key, NULL };

static struct pool_def *parse(const struct tarn_param *const *table, const char *xml,
                              struct tarn_error **error)
{
    static struct tarn_pool_type type; /* outlives the definition */
    struct pool_def *def = NULL;

    type = *sample_type("dir");
    type.params = table;
    pool_def_parse(&def, &type, xml, strlen(xml), NULL, NULL, error);
    return def;
}

static void refused(const struct tarn_param *const *table, const char *xml, const char *because)
{
    struct tarn_error *error = NULL;
    struct pool_def *def = parse(table, xml, &error);

    CU_ASSERT_PTR_NULL(def);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_EQUAL(tarn_error_status(error), TARN_E_INVALID);
    if (strstr(tarn_error_message(error), because) == NULL)
        printf("# expected '%s', got '%s'\n", because, tarn_error_message(error));
    CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(error), because));
    tarn_error_free(error);
    pool_def_unref(def);
}

static void given_and_defaults(void)
{
    struct pool_def *def = parse(params, OPTIONS("<o:option name='size' value='2k'/>"), NULL);
    bool secret = true;

    CU_ASSERT_PTR_NOT_NULL_FATAL(def);
    CU_ASSERT_STRING_EQUAL(pool_options_given(&def->options, "size", &secret), "2048");
    CU_ASSERT_FALSE(secret);
    CU_ASSERT_PTR_NULL(pool_options_given(&def->options, "token", &secret));
    CU_ASSERT_TRUE(secret);
    CU_ASSERT_PTR_NULL(pool_options_given(&def->options, "nothing", &secret));
    pool_def_unref(def);
    def = parse(params, DEFINITION(""), NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(def);
    CU_ASSERT_PTR_NULL(pool_options_given(&def->options, "size", &secret));
    CU_ASSERT_STRING_EQUAL(params_get(def->options.values, "size"), "1024");
    pool_def_unref(def);
}

/* The name of a secret is not judged by the type of its text. */
static void secrets_are_named(void)
{
    struct pool_def *def =
        parse(params, OPTIONS("<o:option name='token' secret='no number'/>"), NULL);
    bool secret = false;

    CU_ASSERT_PTR_NOT_NULL_FATAL(def);
    CU_ASSERT_STRING_EQUAL(pool_options_given(&def->options, "token", &secret), "no number");
    CU_ASSERT_TRUE(secret);
    pool_def_unref(def);
    refused(params, OPTIONS("<o:option name='token' value='1'/>"), "is a secret, and others may");
    refused(params, OPTIONS("<o:option name='token' secret='s' value='1'/>"), "is a secret");
    refused(params, OPTIONS("<o:option name='token' secret=''/>"), "has no secret");
    refused(params, OPTIONS("<o:option name='size' secret='s'/>"), "is no secret");
}

static void several_elements(void)
{
    struct pool_def *def =
        parse(params, DEFINITION("<o:options/><o:options><o:option name='size' value='3'/>"
                                 "</o:options>"), NULL);
    bool secret;

    CU_ASSERT_PTR_NOT_NULL_FATAL(def);
    CU_ASSERT_STRING_EQUAL(pool_options_given(&def->options, "size", &secret), "3");
    pool_def_unref(def);
    refused(params, DEFINITION("<o:options><o:option name='size' value='3'/></o:options>"
                               "<o:options><o:option name='size' value='3'/></o:options>"),
            "line 2: the pool type dir: size is given twice");
}

static void mistakes(void)
{
    refused(params, OPTIONS("<o:option name='sise' value='3'/>"),
            "the pool type dir has no option \"sise\", it knows: size token");
    refused(NULL, OPTIONS("<o:option name='size' value='3'/>"), "nor any other");
    refused(params, OPTIONS("<o:option name='size' value='3 apples'/>"), "size is \"3 apples\"");
    refused(params, OPTIONS("<o:option name='size'/>"), "has no value");
    refused(params, OPTIONS("<o:option value='3'/>"), "name");
    refused(params, OPTIONS("<option name='size' value='3'/>"), "<options> has no element <option>");
    refused(params, OPTIONS("<o:option name='size' value='3'><x/></o:option>"),
            "<option> has no element <x>");
    refused(needing, DEFINITION(""), "needs the option key: A needed secret");
}

/* As they were given, not as modules read them. */
static void printing(void)
{
    const char *const xml = OPTIONS("<o:option name='token' secret='s'/>"
                                    "<o:option name='size' value='2k'/>");
    struct pool_def *def = parse(params, xml, NULL);
    char *text = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(def);
    CU_ASSERT_EQUAL_FATAL(pool_def_print(&text, def, NULL, NULL, NULL), TARN_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  <tarn:options xmlns:tarn='urn:tarn:options:1'>\n"
                                        "    <tarn:option name='token' secret='s'/>\n"
                                        "    <tarn:option name='size' value='2k'/>\n"
                                        "  </tarn:options>\n"));
    free(text);
    pool_def_unref(def);
    def = parse(params, DEFINITION("<o:options/>"), NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(def);
    CU_ASSERT_EQUAL_FATAL(pool_def_print(&text, def, NULL, NULL, NULL), TARN_OK);
    CU_ASSERT_PTR_NULL(strstr(text, "options"));
    free(text);
    pool_def_unref(def);
}

static const struct unit_test tests[] = {
    { "what is given, and defaults", given_and_defaults },
    { "secrets are named", secrets_are_named },
    { "several elements are one list", several_elements },
    { "mistakes are refused", mistakes },
    { "they are printed as they were given", printing },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("pool-options", tests);
}
