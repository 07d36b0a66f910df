/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Is a fragment what schema.h says that one is? Looked at when its module is loaded, so that its
 * author learns of a mistake at once, and nobody else ever.
 */
#include "core/schema/schema-parts.h"

#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/schema/embedded.h"
#include "core/schema/schema-class.h"
#include "core/xml/xml-doc.h"

/* A fragment that is looked through. */
struct look {
    const struct tarn_pool_type *type;
    struct tarn_error **error;
};

static int refuse(const struct look *look, const xmlNode *node, const char *text)
{
    return error_set(look->error, TARN_E_INTERNAL, 0,
                     "the schema fragment of the pool type %s has <%s> in line %ld%s",
                     look->type->name, node->name, xmlGetLineNo(node), text);
}

/* --- names of patterns ------------------------------------------------------------------------ */

/* What follows from descriptors stands in no file. */
static bool is_described(const char *name)
{
    static const char *const names[] = { "pool.type",   "pool.content",   "source.content",
                                         "foreign",     "target.content", "source.format-name",
                                         "options.name" };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool is_the_cores(const char *name)
{
    const char *const grammars[] = { schema_common_rng, schema_pool_rng, schema_volume_rng };
    char text[128];
    size_t i;

    snprintf(text, sizeof(text), "<define name=\"%.100s\"", name);
    for (i = 0; i < sizeof(grammars) / sizeof(grammars[0]); i++)
        if (strstr(grammars[i], text) != NULL)
            return true;
    return is_described(name);
}

/* "pool.own" and the like are the core's places for what is the fragment's. */
static bool is_for_own(const char *name)
{
    const char *last = strrchr(name, '.');

    return strncmp(name, "own.", 4) == 0 || (last != NULL && strcmp(last, ".own") == 0);
}

/* --- elements --------------------------------------------------------------------------------- */

/* Elements of ours where they stand in for ours, of the type's own namespace everywhere. */
static int check_elements(const struct look *look, const xmlNode *node, bool in_ours)
{
    int status = TARN_OK;

    for (; node != NULL && status == TARN_OK; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (schema_is(node, "include") || schema_is(node, "externalRef"))
            return refuse(look, node, ", which is not allowed");
        if (schema_is(node, "element") && !schema_class_within(node, look->type->xml_namespace) &&
            !(in_ours && schema_class_within(node, "")))
            return refuse(look, node, look->type->xml_namespace != NULL
                                          ? " that is not of its xml_namespace"
                                          : ", and the type has no xml_namespace");
        status = check_elements(look, node->children, in_ours);
    }
    return status;
}

static int check_define(const struct look *look, const xmlNode *node)
{
    xmlChar *name = xmlGetNoNsProp(node, BAD_CAST "name");
    bool ours = schema_is(node, "start") ||
                (name != NULL && !is_for_own((char *)name) && is_the_cores((char *)name));
    int status = TARN_OK;

    if (!ours && (name == NULL || (!is_the_cores((char *)name) &&
                                   strncmp((char *)name, "own.", 4) != 0)))
        status = refuse(look, node, ", whose name is no pattern of the core's: begin it with own.");
    if (status == TARN_OK)
        status = check_elements(look, node->children, ours);
    xmlFree(name);
    return status;
}

static int check(const struct look *look, const xmlDoc *fragment)
{
    const xmlNode *root = xmlDocGetRootElement(fragment);
    int status = TARN_OK;

    if (!schema_is(root, "grammar"))
        return error_set(look->error, TARN_E_INTERNAL, 0,
                         "the schema fragment of the pool type %s is no <grammar> of RELAX NG",
                         look->type->name);
    for (const xmlNode *node = root->children; node != NULL && status == TARN_OK;
         node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (schema_is(node, "include"))
            status = refuse(look, node, ", which is not allowed");
        else if (!schema_is(node, "define") && !schema_is(node, "start"))
            status = refuse(look, node, ": only <start> and <define> may stand there");
        else
            status = check_define(look, node);
    }
    return status;
}

int schema_fragment_read(xmlDoc **out, const struct tarn_pool_type *type,
                         struct tarn_error **error)
{
    const struct look look = { type, error };
    struct tarn_error *fault = NULL;
    xmlDoc *fragment;
    int status;

    if (xml_doc_parse(&fragment, type->schema, strlen(type->schema), &fault) != TARN_OK) {
        error_set(error, TARN_E_INTERNAL, 0, "the schema fragment of the pool type %s, %s",
                  type->name, fault != NULL ? tarn_error_message(fault) : "which is no XML");
        tarn_error_free(fault);
        return TARN_E_INTERNAL;
    }
    status = check(&look, fragment);
    if (status == TARN_OK)
        *out = fragment;
    else
        xmlFreeDoc(fragment);
    return status;
}
