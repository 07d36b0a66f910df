/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A pattern bears its name as an attribute, "x:name" if it is of a namespace that the grammar
 * declares; or its first child is a name class.
 */
#include "core/schema/schema-class.h"

#include <string.h>

#include "core/schema/schema-parts.h"

/* The nearest `ns` attribute, which holds for names without a prefix; "" if there is none. Not for
 * attributes named by an attribute: those look at their own alone. */
static xmlChar *namespace_of(const xmlNode *pattern)
{
    xmlChar *ns = NULL;
    int own_only = schema_is(pattern, "attribute");

    do {
        ns = xmlGetNoNsProp(pattern, BAD_CAST "ns");
        pattern = pattern->parent;
    } while (ns == NULL && !own_only && pattern != NULL && pattern->type == XML_ELEMENT_NODE);
    return ns != NULL ? ns : xmlStrdup(BAD_CAST "");
}

static int same(const xmlChar *uri, const xmlNs *ns)
{
    return xmlStrEqual(uri, ns != NULL ? ns->href : BAD_CAST "");
}

/* Is `qualified`, a name as the grammar has it, this name? */
static int name_is(const xmlNode *pattern, const xmlChar *qualified, const xmlChar *name,
                   const xmlNs *ns)
{
    const xmlChar *colon = xmlStrchr(qualified, ':');
    xmlChar *prefix;
    xmlChar *uri;
    const xmlNs *bound;
    int result;

    if (colon == NULL) {
        uri = namespace_of(pattern);
        result = xmlStrEqual(qualified, name) && same(uri, ns);
        xmlFree(uri);
        return result;
    }
    prefix = xmlStrndup(qualified, (int)(colon - qualified));
    bound = xmlSearchNs(pattern->doc, (xmlNode *)pattern, prefix);
    xmlFree(prefix);
    return bound != NULL && xmlStrEqual(colon + 1, name) && same(bound->href, ns);
}

static const xmlNode *first_element(const xmlNode *parent)
{
    const xmlNode *node = parent->children;

    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

static int class_has(const xmlNode *class, const xmlChar *name, const xmlNs *ns);

static int any_has(const xmlNode *parent, const xmlChar *name, const xmlNs *ns)
{
    for (const xmlNode *node = parent->children; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE && class_has(node, name, ns))
            return 1;
    return 0;
}

static int is_excepted(const xmlNode *class, const xmlChar *name, const xmlNs *ns)
{
    const xmlNode *except = first_element(class);

    return except != NULL && schema_is(except, "except") && any_has(except, name, ns);
}

static int class_has(const xmlNode *class, const xmlChar *name, const xmlNs *ns)
{
    xmlChar *text;
    int result = 0;

    if (schema_is(class, "choice"))
        return any_has(class, name, ns);
    if (schema_is(class, "anyName"))
        return !is_excepted(class, name, ns);
    if (schema_is(class, "nsName")) {
        text = namespace_of(class);
        result = same(text, ns) && !is_excepted(class, name, ns);
        xmlFree(text);
    } else if (schema_is(class, "name")) {
        text = xmlNodeGetContent(class);
        result = text != NULL && name_is(class, text, name, ns);
        xmlFree(text);
    }
    return result;
}

int schema_class_has(const xmlNode *pattern, const xmlChar *name, const xmlNs *ns)
{
    xmlChar *qualified = xmlGetNoNsProp(pattern, BAD_CAST "name");
    const xmlNode *class = first_element(pattern);
    int result;

    if (qualified == NULL)
        return class != NULL && class_has(class, name, ns);
    result = name_is(pattern, qualified, name, ns);
    xmlFree(qualified);
    return result;
}

/* Is a name as the grammar has it of that namespace? */
static int name_within(const xmlNode *pattern, const xmlChar *qualified, const char *uri)
{
    const xmlChar *colon = xmlStrchr(qualified, ':');
    xmlChar *text = colon != NULL ? xmlStrndup(qualified, (int)(colon - qualified))
                                  : namespace_of(pattern);
    const xmlNs *bound =
        colon != NULL ? xmlSearchNs(pattern->doc, (xmlNode *)pattern, text) : NULL;
    int result = colon != NULL ? bound != NULL && xmlStrEqual(bound->href, BAD_CAST uri)
                               : xmlStrEqual(text, BAD_CAST uri);

    xmlFree(text);
    return result;
}

static int class_within(const xmlNode *class, const char *uri)
{
    xmlChar *text;
    int result;

    if (schema_is(class, "choice")) {
        for (const xmlNode *node = class->children; node != NULL; node = node->next)
            if (node->type == XML_ELEMENT_NODE && !class_within(node, uri))
                return 0;
        return 1;
    }
    if (!schema_is(class, "name") && !schema_is(class, "nsName"))
        return 0;
    text = schema_is(class, "name") ? xmlNodeGetContent(class) : xmlStrdup(BAD_CAST "");
    result = text != NULL && name_within(class, text, uri);
    xmlFree(text);
    return result;
}

int schema_class_within(const xmlNode *pattern, const char *uri)
{
    xmlChar *qualified = xmlGetNoNsProp(pattern, BAD_CAST "name");
    const xmlNode *class = first_element(pattern);
    int result;

    if (uri == NULL || qualified == NULL)
        result = uri != NULL && class != NULL && class_within(class, uri);
    else
        result = name_within(pattern, qualified, uri);
    xmlFree(qualified);
    return result;
}

const char *schema_class_name(struct arena *arena, const xmlNode *pattern)
{
    xmlChar *name = xmlGetNoNsProp(pattern, BAD_CAST "name");
    const char *result = arena_strdup(arena, (const char *)name);

    xmlFree(name);
    return result;
}
