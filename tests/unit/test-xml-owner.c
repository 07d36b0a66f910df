/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whose an XML namespace is.
 */
#include <stdbool.h>
#include <string.h>

#include "core/base/error.h"
#include "core/registry/xml-owner.h"
#include "tests/unit/unit.h"

/* A module with one pool type. */
struct sample {
    struct tarn_pool_type type;
    const struct tarn_pool_type *types[2];
    struct tarn_module module;
};

static const struct tarn_module *sample(struct sample *sample, const char *module,
                                        const char *type, const char *uri, const char *prefix)
{
    memset(sample, 0, sizeof(*sample));
    sample->type.name = type;
    sample->type.xml_namespace = uri;
    sample->type.xml_prefix = prefix;
    sample->types[0] = &sample->type;
    sample->module.name = module;
    sample->module.pool_types = sample->types;
    return &sample->module;
}

static const struct {
    const char *uri;
    const char *prefix;
    const char *because; /* NULL: it is allowed */
} alone[] = {
    { NULL, NULL, NULL },
    { "urn:tarn:mine", "mine", NULL },
    { "urn:tarn:mine:2", "m-2", NULL },
    { "urn:tarn:type", "mine", NULL },
    { "https://example.org/storage", "x", NULL },
    { "urn:tarnish:1", "x", NULL },
    { "", "x", "is not for modules" },
    { "urn:tarn:", "x", "is not for modules" },
    { "urn:tarn:options:1", "x", "is not for modules" },
    { "urn:tarn:options:2", "x", "is not for modules" },
    { "urn:tarn:image:1", "x", "is not for modules" },
    { "urn:tarn:schema", "x", "is not for modules" },
    { "http://libvirt.org/schemas/storagepool/fs/1.0", "x", "is not for modules" },
    { "http://relaxng.org/ns/structure/1.0", "x", "is not for modules" },
    { "http://www.w3.org/XML/1998/namespace", "x", "is not for modules" },
    { "urn:tarn:other:1", "x", "begin it with urn:tarn:mine" },
    { "urn:tarn:mine2", "x", "begin it with urn:tarn:mine" },
    { "urn:tarn:min", "x", "begin it with urn:tarn:mine" },
    { "urn:tarn:mine", "", "lower case letters" },
    { "urn:tarn:mine", "Mine", "lower case letters" },
    { "urn:tarn:mine", "9", "lower case letters" },
    { "urn:tarn:mine", "a:b", "lower case letters" },
    { "urn:tarn:mine", "xmlns", "choose another" },
    { "urn:tarn:mine", "tarn", "choose another" },
    { "urn:tarn:mine", "fs", "choose another" },
};

static void one_module(void)
{
    struct sample one;
    size_t i;

    for (i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
        struct tarn_error *error = NULL;
        int status = xml_owner_check(sample(&one, "mine", "type", alone[i].uri, alone[i].prefix),
                                     &error);
        bool right = alone[i].because == NULL
                         ? status == TARN_OK
                         : status == TARN_E_INVALID && error != NULL &&
                               strstr(tarn_error_message(error), alone[i].because) != NULL;

        if (!right)
            printf("# %s: %s\n", alone[i].uri,
                   error != NULL ? tarn_error_message(error) : "allowed");
        CU_ASSERT_TRUE(right);
        tarn_error_free(error);
    }
}

static void compare(const char *type, const char *uri, const char *prefix, const char *because)
{
    struct sample first;
    struct sample second;
    struct tarn_error *error = NULL;
    const struct tarn_module *old = sample(&first, "old", "shelf", "urn:a", "a");
    int status = xml_owner_compare(sample(&second, "new", type, uri, prefix), old, &error);

    CU_ASSERT_EQUAL(status, because != NULL ? TARN_E_EXISTS : TARN_OK);
    if (because != NULL) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(error);
        CU_ASSERT_PTR_NOT_NULL(strstr(tarn_error_message(error), because));
    }
    tarn_error_free(error);
}

static void two_modules(void)
{
    struct sample none;
    struct sample one;

    compare("box", "urn:b", "b", NULL);
    compare("box", NULL, NULL, NULL);
    compare("box", "urn:a", "b", "the XML namespace \"urn:a\" of the pool type box of the module "
                                 "new is that of the pool type shelf of the module old");
    compare("box", "urn:b", "a", "the XML prefix \"a\" of the pool type box");
    compare("shelf", "urn:a", "a", NULL); /* the same type: one is the fallback of the other */
    sample(&none, "none", "none", NULL, NULL);
    none.module.pool_types = NULL;
    CU_ASSERT_EQUAL(xml_owner_check(&none.module, NULL), TARN_OK);
    CU_ASSERT_EQUAL(xml_owner_compare(&none.module, sample(&one, "a", "b", "urn:a", "a"), NULL),
                    TARN_OK);
    CU_ASSERT_EQUAL(xml_owner_compare(&one.module, &none.module, NULL), TARN_OK);
}

static const struct unit_test tests[] = {
    { "what is a module's own", one_module },
    { "two modules do not have the same", two_modules },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("xml-owner", tests);
}
