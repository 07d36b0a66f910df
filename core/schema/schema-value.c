/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether one value fits its pattern. The datatypes are libxml2's to judge: so the pattern is made
 * the start of a grammar of its own, and a document of the one element is validated by that.
 */
#include "core/schema/schema-parts.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/error.h"

#define REF_DEPTH_LIMIT 64u
#define SHOWN 80

/* A document with a copy of `node`, or with <v> that bears a copy of `attribute`. */
static xmlDoc *document_of(const xmlNode *node, const xmlAttr *attribute)
{
    xmlDoc *doc = xmlNewDoc(BAD_CAST "1.0");
    xmlNode *root = NULL;

    if (doc == NULL)
        return NULL;
    if (attribute == NULL)
        root = xmlDocCopyNode((xmlNode *)node, doc, 1);
    else
        root = xmlNewDocNode(doc, NULL, BAD_CAST "v", NULL);
    if (root == NULL) {
        xmlFreeDoc(doc);
        return NULL;
    }
    xmlDocSetRootElement(doc, root);
    if (attribute != NULL) {
        xmlAttr *copy = xmlCopyProp(root, (xmlAttr *)attribute);

        if (copy != NULL)
            root->properties = copy;
    }
    return doc;
}

/* Replaces what is in <start> by the pattern, that of an attribute in an <element name="v">. */
static int start_set(xmlDoc *grammar, const xmlNode *pattern)
{
    xmlNode *start = xmlDocGetRootElement(grammar)->children;
    xmlNode *copy = xmlDocCopyNode((xmlNode *)pattern, grammar, 1);
    xmlNode *parent;

    while (start != NULL && !schema_is(start, "start"))
        start = start->next;
    if (start == NULL || copy == NULL) {
        xmlFreeNode(copy);
        return -1;
    }
    xmlFreeNodeList(start->children);
    start->children = start->last = NULL;
    parent = start;
    if (schema_is(pattern, "attribute")) {
        parent = xmlNewChild(start, start->ns, BAD_CAST "element", NULL);
        if (parent == NULL || xmlNewProp(parent, BAD_CAST "name", BAD_CAST "v") == NULL) {
            xmlFreeNode(copy);
            return -1;
        }
    }
    xmlAddChild(parent, copy);
    return schema_inherit(copy, pattern);
}

/* Without memory the value counts as fitting: the reason is then another's to find. */
static int fits(const xmlDoc *grammar, const xmlNode *pattern, const xmlNode *node,
                const xmlAttr *attribute)
{
    xmlDoc *small = xmlCopyDoc((xmlDoc *)grammar, 1);
    xmlDoc *doc = document_of(node, attribute);
    xmlRelaxNG *compiled = NULL;
    struct xml_quiet fault;
    int result = 1;

    if (small != NULL && doc != NULL && start_set(small, pattern) == 0)
        compiled = schema_compile(small, &fault);
    if (compiled != NULL)
        result = schema_is_valid(compiled, doc, &fault) || fault.no_memory;
    xmlRelaxNGFree(compiled);
    xmlFreeDoc(doc);
    xmlFreeDoc(small);
    return result;
}

/* "a, b": the texts of all <value>s and the says="…" of all else below `pattern`, after `list`. */
static const char *describe(struct arena *arena, const xmlDoc *grammar, const xmlNode *pattern,
                            const char *list, unsigned depth)
{
    xmlChar *text = xmlGetNsProp(pattern, BAD_CAST "says", BAD_CAST SCHEMA_SAYS);
    const xmlNode *define = NULL;

    if (text == NULL && schema_is(pattern, "value"))
        text = xmlNodeGetContent(pattern);
    if (text != NULL) {
        list = list == NULL ? arena_strdup(arena, (const char *)text)
                            : arena_printf(arena, "%s, %s", list, text);
        xmlFree(text);
        return list;
    }
    if (schema_is(pattern, "ref")) {
        text = xmlGetNoNsProp(pattern, BAD_CAST "name");
        define = text != NULL ? schema_define(grammar, (const char *)text) : NULL;
        xmlFree(text);
        return define != NULL && depth < REF_DEPTH_LIMIT
                   ? describe(arena, grammar, define, list, depth + 1)
                   : list;
    }
    for (const xmlNode *node = pattern->children; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE && !schema_is(node, "attribute"))
            list = describe(arena, grammar, node, list, depth);
    return list;
}

static int refuse(const xmlDoc *grammar, const xmlNode *pattern, const xmlNode *node,
                  const xmlAttr *attribute, struct tarn_error **error)
{
    struct arena *arena = arena_new();
    const char *expected =
        arena != NULL ? describe(arena, grammar, pattern, NULL, 0) : NULL;
    xmlChar *value = xmlNodeGetContent(attribute != NULL ? (const xmlNode *)attribute : node);
    const char *shown = value != NULL ? (const char *)value : "";
    int length = (int)strcspn(shown, "\r\n");

    if (length > SHOWN)
        length = SHOWN;
    if (expected == NULL)
        expected = "another value";
    if (attribute != NULL)
        error_set(error, TARN_E_SCHEMA, 0,
                  "line %ld: the attribute %s of <%s> is '%.*s'; expected: %s",
                  xmlGetLineNo(node), attribute->name, node->name, length, shown, expected);
    else
        error_set(error, TARN_E_SCHEMA, 0, "line %ld: <%s> is '%.*s'; expected: %s",
                  xmlGetLineNo(node), node->name, length, shown, expected);
    xmlFree(value);
    arena_free(arena);
    return TARN_E_SCHEMA;
}

int schema_value_explain(const xmlDoc *grammar, const xmlNode *pattern, const xmlNode *node,
                         const xmlAttr *attribute, int *budget, struct tarn_error **error)
{
    if (*budget <= 0)
        return TARN_OK;
    (*budget)--;
    return fits(grammar, pattern, node, attribute)
               ? TARN_OK
               : refuse(grammar, pattern, node, attribute, error);
}
