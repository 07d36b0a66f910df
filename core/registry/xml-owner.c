/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See xml-owner.h.
 */
#include "core/registry/xml-owner.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/error.h"

#define OURS "urn:tarn:"
#define DIGITS_AND_MORE "abcdefghijklmnopqrstuvwxyz0123456789-"

/* --- namespaces ------------------------------------------------------------------------------- */

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Is `part`, as far as its colon or end, this word? */
static bool is_word(const char *part, const char *word)
{
    size_t length = strcspn(part, ":");

    return strlen(word) == length && strncmp(part, word, length) == 0;
}

static bool is_reserved(const char *uri)
{
    static const char *const starts[] = { "http://libvirt.org/", "https://libvirt.org/",
                                          "http://relaxng.org/", "http://www.w3.org/" };
    size_t i;

    for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (begins_with(uri, starts[i]))
            return true;
    return *uri == '\0';
}

/* Of urn:tarn:… the second word tells whose it is. */
static bool is_the_cores(const char *uri)
{
    static const char *const words[] = { "", "image", "options", "schema" };
    size_t i;

    for (i = 0; begins_with(uri, OURS) && i < sizeof(words) / sizeof(words[0]); i++)
        if (is_word(uri + strlen(OURS), words[i]))
            return true;
    return false;
}

static bool is_own(const char *uri, const char *module, const char *type)
{
    const char *part = uri + strlen(OURS);

    return !begins_with(uri, OURS) || is_word(part, module) || is_word(part, type);
}

/* --- prefixes --------------------------------------------------------------------------------- */

static bool is_prefix(const char *prefix)
{
    return *prefix >= 'a' && *prefix <= 'z' && prefix[strspn(prefix, DIGITS_AND_MORE)] == '\0';
}

static bool is_taken_prefix(const char *prefix)
{
    return begins_with(prefix, "xml") || strcmp(prefix, "fs") == 0 || strcmp(prefix, "tarn") == 0;
}

/* --- one module ------------------------------------------------------------------------------- */

static int check_type(const struct tarn_module *module, const struct tarn_pool_type *type,
                      struct tarn_error **error)
{
    const char *uri = type->xml_namespace;

    if (uri == NULL)
        return TARN_OK;
    if (is_reserved(uri) || is_the_cores(uri))
        return error_set(error, TARN_E_INVALID, 0,
                         "the XML namespace \"%s\" of the module's pool type %s is not for "
                         "modules: choose one of your own", uri, type->name);
    if (!is_own(uri, module->name, type->name))
        return error_set(error, TARN_E_INVALID, 0,
                         "the XML namespace \"%s\" of the pool type %s is not that of the module "
                         "%s: begin it with " OURS "%s, or an address of your own", uri, type->name,
                         module->name, module->name);
    if (!is_prefix(type->xml_prefix))
        return error_set(error, TARN_E_INVALID, 0,
                         "the XML prefix \"%s\" of the module's pool type %s is none: lower case "
                         "letters, digits and hyphens make one", type->xml_prefix, type->name);
    if (is_taken_prefix(type->xml_prefix))
        return error_set(error, TARN_E_INVALID, 0,
                         "the XML prefix \"%s\" of the module's pool type %s is not for modules: "
                         "choose another", type->xml_prefix, type->name);
    return TARN_OK;
}

int xml_owner_check(const struct tarn_module *module, struct tarn_error **error)
{
    const struct tarn_pool_type *const *type = module->pool_types;
    int status = TARN_OK;

    for (; type != NULL && *type != NULL && status == TARN_OK; type++)
        status = check_type(module, *type, error);
    return status;
}

/* --- two modules ------------------------------------------------------------------------------ */

static bool is_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Types of one name are the same type: one of them is the fallback of the other. */
static int compare_types(const struct tarn_module *module, const struct tarn_pool_type *type,
                         const struct tarn_module *other, const struct tarn_pool_type *theirs,
                         struct tarn_error **error)
{
    bool uri = is_same(type->xml_namespace, theirs->xml_namespace);

    if (strcmp(type->name, theirs->name) == 0 ||
        (!uri && !is_same(type->xml_prefix, theirs->xml_prefix)))
        return TARN_OK;
    return error_set(error, TARN_E_EXISTS, 0,
                     "the XML %s \"%s\" of the pool type %s of the module %s is that of the pool "
                     "type %s of the module %s: they cannot be used together",
                     uri ? "namespace" : "prefix", uri ? type->xml_namespace : type->xml_prefix,
                     type->name, module->name, theirs->name, other->name);
}

int xml_owner_compare(const struct tarn_module *module, const struct tarn_module *other,
                      struct tarn_error **error)
{
    const struct tarn_pool_type *const *type = module->pool_types;
    const struct tarn_pool_type *const *theirs;
    int status = TARN_OK;

    for (; type != NULL && *type != NULL; type++)
        for (theirs = other->pool_types; theirs != NULL && *theirs != NULL; theirs++) {
            status = compare_types(module, *type, other, *theirs, error);
            if (status != TARN_OK)
                return status;
        }
    return status;
}
