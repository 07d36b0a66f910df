/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Puts grammars together, as trees: a later <define> replaces the earlier ones of its name.
 */
#include "core/schema/schema-parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/schema/embedded.h"
#include "core/xml/xml-doc.h"

int schema_is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns != NULL &&
           xmlStrEqual(node->ns->href, BAD_CAST RELAXNG_NAMESPACE) &&
           xmlStrEqual(node->name, BAD_CAST name);
}

static int has_name(const xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, BAD_CAST "name");
    int same = value != NULL && strcmp((const char *)value, name) == 0;

    xmlFree(value);
    return same;
}

static const xmlNode *define_from(const xmlNode *node, const char *name)
{
    while (node != NULL && !(schema_is(node, "define") && has_name(node, name)))
        node = node->next;
    return node;
}

const xmlNode *schema_define(const xmlDoc *grammar, const char *name)
{
    return define_from(xmlDocGetRootElement(grammar)->children, name);
}

static void remove_defines(xmlDoc *grammar, const char *name)
{
    xmlNode *node;

    while ((node = (xmlNode *)schema_define(grammar, name)) != NULL) {
        xmlUnlinkNode(node);
        xmlFreeNode(node);
    }
}

/* A fragment's <start> is what the core calls "pool.content". */
static int start_rename(xmlDoc *part)
{
    for (xmlNode *node = xmlDocGetRootElement(part)->children; node != NULL; node = node->next) {
        if (!schema_is(node, "start"))
            continue;
        xmlNodeSetName(node, BAD_CAST "define");
        if (xmlNewProp(node, BAD_CAST "name", BAD_CAST "pool.content") == NULL)
            return -1;
    }
    return 0;
}

static int inherit_from(xmlNode *copy, const xmlNode *ancestor)
{
    static const char *const inherited[] = { "datatypeLibrary", "ns" };
    /* An attribute's name is of no namespace unless it says so itself. */
    const size_t count = schema_is(copy, "attribute") ? 1 : 2;
    int failed = 0;

    for (const xmlNs *ns = ancestor->nsDef; ns != NULL; ns = ns->next)
        if (ns->prefix != NULL && xmlSearchNs(copy->doc, copy, ns->prefix) == NULL)
            failed |= xmlNewNs(copy, ns->href, ns->prefix) == NULL;
    for (size_t i = 0; i < count; i++) {
        xmlChar *value = xmlGetNoNsProp(ancestor, BAD_CAST inherited[i]);

        if (value != NULL && !xmlHasProp(copy, BAD_CAST inherited[i]))
            failed |= xmlNewProp(copy, BAD_CAST inherited[i], value) == NULL;
        xmlFree(value);
    }
    return failed ? -1 : 0;
}

int schema_inherit(xmlNode *copy, const xmlNode *original)
{
    int failed = 0;

    for (const xmlNode *node = original->parent;
         node != NULL && node->type == XML_ELEMENT_NODE; node = node->parent)
        failed |= inherit_from(copy, node);
    return failed ? -1 : 0;
}

static int no_memory(struct tarn_error **error)
{
    return error_set(error, TARN_E_INTERNAL, 0, "out of memory");
}

/* Moves in the children of `part`'s root, in place of what they replace. */
static int merge(xmlDoc *grammar, const xmlDoc *part, struct tarn_error **error)
{
    const xmlNode *from = xmlDocGetRootElement(part);
    xmlNode *to = xmlDocGetRootElement(grammar);
    xmlNode *copy;

    for (const xmlNode *node = from->children; node != NULL; node = node->next) {
        xmlChar *name = schema_is(node, "define") ? xmlGetNoNsProp(node, BAD_CAST "name") : NULL;

        if (name != NULL)
            remove_defines(grammar, (const char *)name);
        xmlFree(name);
    }
    for (const xmlNode *node = from->children; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        copy = xmlDocCopyNode((xmlNode *)node, grammar, 1);
        if (copy == NULL)
            return no_memory(error);
        xmlAddChild(to, copy);
        if (schema_inherit(copy, node) < 0)
            return no_memory(error);
    }
    return TARN_OK;
}

static int merge_text(xmlDoc *grammar, const char *text, struct tarn_error **error)
{
    xmlDoc *part;
    int status = xml_doc_parse(&part, text, strlen(text), error);

    if (status != TARN_OK)
        return status;
    status = merge(grammar, part, error);
    xmlFreeDoc(part);
    return status;
}

/* --- a fragment is of two grammars ------------------------------------------------------------ */

static void remove_node(xmlNode *node)
{
    xmlUnlinkNode(node);
    xmlFreeNode(node);
}

static int is_own(const xmlNode *define)
{
    xmlChar *name = xmlGetNoNsProp(define, BAD_CAST "name");
    int own = name != NULL && strncmp((const char *)name, "own.", 4) == 0;

    xmlFree(name);
    return own;
}

/* What it says of <volume> is not for the grammar of <pool>, nor the other way round. */
static void keep_fitting(xmlDoc *part, const xmlDoc *grammar)
{
    xmlNode *next;

    for (xmlNode *node = xmlDocGetRootElement(part)->children; node != NULL; node = next) {
        xmlChar *name = node->type == XML_ELEMENT_NODE
                            ? xmlGetNoNsProp(node, BAD_CAST "name") : NULL;

        next = node->next;
        if (name != NULL && !is_own(node) && schema_define(grammar, (const char *)name) == NULL)
            remove_node(node);
        xmlFree(name);
    }
}

static int refers(const xmlNode *node, const char *name)
{
    int found = 0;

    for (; node != NULL && !found; node = node->next)
        found = (schema_is(node, "ref") && has_name(node, name)) ||
                (node->type == XML_ELEMENT_NODE && refers(node->children, name));
    return found;
}

static int is_used(const xmlNode *define)
{
    xmlChar *name = xmlGetNoNsProp(define, BAD_CAST "name");
    int used = 0;

    for (const xmlNode *node = define->parent->children; node != NULL && !used; node = node->next)
        used = node != define && node->type == XML_ELEMENT_NODE &&
               refers(node->children, (const char *)name);
    xmlFree(name);
    return used;
}

/* And what only that referred to: it may refer to patterns that the other grammar alone has. */
static void drop_unused(xmlDoc *grammar)
{
    xmlNode *next;
    int dropped;

    do {
        dropped = 0;
        for (xmlNode *node = xmlDocGetRootElement(grammar)->children; node != NULL; node = next) {
            next = node->next;
            if (!schema_is(node, "define") || !is_own(node) || is_used(node))
                continue;
            remove_node(node);
            dropped = 1;
        }
    } while (dropped);
}

static int merge_fragment(xmlDoc *grammar, const struct tarn_pool_type *type,
                          struct tarn_error **error)
{
    xmlDoc *part;
    int status;

    if (type->schema == NULL)
        return TARN_OK;
    status = schema_fragment_read(&part, type, error);
    if (status != TARN_OK)
        return status;
    if (start_rename(part) < 0)
        status = no_memory(error);
    keep_fitting(part, grammar);
    if (status == TARN_OK)
        status = merge(grammar, part, error);
    if (status == TARN_OK)
        drop_unused(grammar);
    xmlFreeDoc(part);
    return status;
}

/* What makes the text of the patterns that follow from a descriptor. */
typedef int (*describe_fn)(char **out, const struct tarn_pool_type *type,
                           struct tarn_error **error);

static int merge_into(xmlDoc *grammar, const char *core, describe_fn describe,
                      const struct tarn_pool_type *type, struct tarn_error **error)
{
    char *described = NULL;
    int status = merge_text(grammar, core, error);

    if (status == TARN_OK)
        status = describe(&described, type, error);
    if (status == TARN_OK)
        status = merge_text(grammar, described, error);
    if (status == TARN_OK)
        status = merge_fragment(grammar, type, error);
    free(described);
    return status;
}

static int merge_all(xmlDoc **out, const char *core, describe_fn describe,
                     const struct tarn_pool_type *type, struct tarn_error **error)
{
    struct xml_quiet quiet;
    xmlDoc *grammar;
    int status = xml_doc_parse(&grammar, schema_common_rng, strlen(schema_common_rng), error);

    if (status != TARN_OK)
        return status;
    xml_quiet_begin(&quiet);
    status = merge_into(grammar, core, describe, type, error);
    xml_quiet_end(&quiet);
    if (status == TARN_OK && quiet.no_memory)
        status = no_memory(error);
    if (status == TARN_OK)
        *out = grammar;
    else
        xmlFreeDoc(grammar);
    return status;
}

int schema_merge_pool(xmlDoc **out, const struct tarn_pool_type *type, struct tarn_error **error)
{
    return merge_all(out, schema_pool_rng, schema_pool_text, type, error);
}

int schema_merge_volume(xmlDoc **out, const struct tarn_pool_type *type,
                        struct tarn_error **error)
{
    return merge_all(out, schema_volume_rng, schema_volume_text, type, error);
}
