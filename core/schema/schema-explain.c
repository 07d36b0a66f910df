/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Why a document is refused, in words. libxml2 says that an element failed to validate, and means
 * the outermost; so this walks the grammar along the document, looks at what each pattern allows,
 * and reports the first thing that it does not. Patterns are taken apart into particles, each an
 * element or attribute that may or must stand there; what a <choice> excludes it does not see.
 */
#include "core/schema/schema-parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/schema/schema-class.h"
#include "core/xml/xml-doc.h"

#define PARTICLE_LIMIT 96u
#define REF_DEPTH_LIMIT 64u
/* Each value that is looked at costs a compilation of the grammar, some half a millisecond. */
#define VALUE_LIMIT 200

struct particle {
    const xmlNode *pattern; /* <element> or <attribute> */
    int required;
    int repeats;
    unsigned seen;
};

/* What one element may hold. */
struct content {
    struct particle particles[PARTICLE_LIMIT];
    unsigned count;
    int text; /* may it hold text? */
};

struct explain {
    const xmlDoc *grammar;
    struct tarn_error **error;
    int values; /* 0: look at the structure alone */
    int budget;
};

static void collect(struct content *content, const struct explain *explain, const xmlNode *pattern,
                    int required, int repeats, unsigned depth);

static void collect_all(struct content *content, const struct explain *explain,
                        const xmlNode *parent, int required, int repeats, unsigned depth)
{
    for (const xmlNode *node = parent->children; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE)
            collect(content, explain, node, required, repeats, depth);
}

static void collect_ref(struct content *content, const struct explain *explain,
                        const xmlNode *pattern, int required, int repeats, unsigned depth)
{
    xmlChar *name = xmlGetNoNsProp(pattern, BAD_CAST "name");
    const xmlNode *define =
        name != NULL ? schema_define(explain->grammar, (const char *)name) : NULL;

    xmlFree(name);
    if (define != NULL && depth < REF_DEPTH_LIMIT)
        collect_all(content, explain, define, required, repeats, depth + 1);
}

static void collect_one(struct content *content, const xmlNode *pattern, int required, int repeats)
{
    if (content->count < PARTICLE_LIMIT)
        content->particles[content->count++] =
            (struct particle){ pattern, required, repeats, 0 };
}

static void collect(struct content *content, const struct explain *explain, const xmlNode *pattern,
                    int required, int repeats, unsigned depth)
{
    if (schema_is(pattern, "element") || schema_is(pattern, "attribute"))
        collect_one(content, pattern, required, repeats);
    else if (schema_is(pattern, "ref"))
        collect_ref(content, explain, pattern, required, repeats, depth);
    else if (schema_is(pattern, "group") || schema_is(pattern, "interleave"))
        collect_all(content, explain, pattern, required, repeats, depth);
    else if (schema_is(pattern, "optional") || schema_is(pattern, "choice"))
        collect_all(content, explain, pattern, 0, repeats, depth);
    else if (schema_is(pattern, "oneOrMore"))
        collect_all(content, explain, pattern, required, 1, depth);
    else if (schema_is(pattern, "zeroOrMore"))
        collect_all(content, explain, pattern, 0, 1, depth);
    else if (schema_is(pattern, "mixed")) {
        content->text = 1;
        collect_all(content, explain, pattern, required, repeats, depth);
    } else if (schema_is(pattern, "text") || schema_is(pattern, "data") ||
               schema_is(pattern, "value") || schema_is(pattern, "list"))
        content->text = 1;
}

static int is_kind(const struct particle *particle, const char *kind)
{
    return schema_is(particle->pattern, kind);
}

/* "name, uuid, target": what may still stand there, in the grammar's order. */
static const char *expected_of(struct arena *arena, const struct content *content,
                               const char *kind)
{
    const char *list = NULL;

    for (unsigned i = 0; i < content->count; i++) {
        const struct particle *particle = &content->particles[i];
        const char *name = schema_class_name(arena, particle->pattern);

        if (name == NULL || !is_kind(particle, kind) || (particle->seen && !particle->repeats))
            continue;
        list = list == NULL ? name : arena_printf(arena, "%s, %s", list, name);
    }
    return list != NULL ? list : "nothing more";
}

static int fail_unexpected(const struct explain *explain, const struct content *content,
                           const xmlNode *node, const xmlAttr *attribute)
{
    struct arena *arena = arena_new();
    const char *expected;

    if (arena == NULL)
        return error_set(explain->error, TARN_E_INTERNAL, 0, "out of memory");
    expected = expected_of(arena, content, attribute != NULL ? "attribute" : "element");
    if (attribute != NULL)
        error_set(explain->error, TARN_E_SCHEMA, 0,
                  "line %ld: the attribute %s is not expected in <%s>; expected: %s",
                  xmlGetLineNo(node), attribute->name, node->name, expected);
    else
        error_set(explain->error, TARN_E_SCHEMA, 0,
                  "line %ld: <%s> is not expected in <%s>; expected: %s", xmlGetLineNo(node),
                  node->name, node->parent->name, expected);
    arena_free(arena);
    return TARN_E_SCHEMA;
}

static int fail_missing(const struct explain *explain, const struct particle *particle,
                        const xmlNode *node)
{
    struct arena *arena = arena_new();
    const char *name = arena != NULL ? schema_class_name(arena, particle->pattern) : NULL;

    if (name == NULL)
        name = "something";
    if (is_kind(particle, "element"))
        error_set(explain->error, TARN_E_SCHEMA, 0, "line %ld: <%s> lacks <%s>; add it",
                  xmlGetLineNo(node), node->name, name);
    else
        error_set(explain->error, TARN_E_SCHEMA, 0,
                  "line %ld: <%s> lacks the attribute %s; add it", xmlGetLineNo(node),
                  node->name, name);
    arena_free(arena);
    return TARN_E_SCHEMA;
}

static int explain_value(struct explain *explain, const xmlNode *pattern, const xmlNode *node,
                         const xmlAttr *attribute)
{
    if (!explain->values)
        return TARN_OK;
    return schema_value_explain(explain->grammar, pattern, node, attribute, &explain->budget,
                                explain->error);
}

static int explain_attributes(struct explain *explain, struct content *content,
                              const xmlNode *node)
{
    int status = TARN_OK;

    for (const xmlAttr *attribute = node->properties; attribute != NULL && status == TARN_OK;
         attribute = attribute->next) {
        struct particle *found = NULL;

        for (unsigned i = 0; i < content->count && found == NULL; i++)
            if (is_kind(&content->particles[i], "attribute") &&
                schema_class_has(content->particles[i].pattern, attribute->name, attribute->ns))
                found = &content->particles[i];
        if (found == NULL)
            return fail_unexpected(explain, content, node, attribute);
        found->seen++;
        status = explain_value(explain, found->pattern, node, attribute);
    }
    return status;
}

static int explain_element(struct explain *explain, const xmlNode *pattern, const xmlNode *node);

/* One child. Of several patterns that it may stand for, one that it fits will do. */
static int explain_child(struct explain *explain, struct content *content, const xmlNode *node)
{
    struct tarn_error **error = explain->error;
    struct tarn_error *first = NULL;
    unsigned candidates = 0;
    int status = TARN_E_SCHEMA;

    for (unsigned i = 0; i < content->count && status != TARN_OK; i++) {
        struct particle *particle = &content->particles[i];

        if (!is_kind(particle, "element") ||
            !schema_class_has(particle->pattern, node->name, node->ns))
            continue;
        candidates++;
        particle->seen++;
        if (particle->seen == 2 && !particle->repeats)
            return error_set(error, TARN_E_SCHEMA, 0,
                             "line %ld: <%s> stands in <%s> already; remove one of them",
                             xmlGetLineNo(node), node->name, node->parent->name);
        explain->error = &first;
        status = explain_element(explain, particle->pattern, node);
        explain->error = error;
    }
    if (status == TARN_OK || candidates == 0) {
        tarn_error_free(first);
        return status == TARN_OK ? TARN_OK : fail_unexpected(explain, content, node, NULL);
    }
    return first != NULL ? error_pass(error, first) : status;
}

static int is_blank(const xmlNode *node)
{
    return node->content == NULL ||
           node->content[strspn((const char *)node->content, " \t\r\n")] == '\0';
}

static int explain_children(struct explain *explain, struct content *content, const xmlNode *node)
{
    int status = TARN_OK;

    for (const xmlNode *child = node->children; child != NULL && status == TARN_OK;
         child = child->next) {
        if (child->type == XML_ELEMENT_NODE)
            status = explain_child(explain, content, child);
        else if (child->type == XML_TEXT_NODE && !content->text && !is_blank(child))
            status = error_set(explain->error, TARN_E_SCHEMA, 0,
                               "line %ld: text is not expected in <%s>; expected are elements or "
                               "nothing", xmlGetLineNo(child), node->name);
    }
    return status;
}

static int explain_missing(struct explain *explain, const struct content *content,
                           const xmlNode *node)
{
    for (unsigned i = 0; i < content->count; i++)
        if (content->particles[i].required && content->particles[i].seen == 0)
            return fail_missing(explain, &content->particles[i], node);
    return TARN_OK;
}

static int explain_element(struct explain *explain, const xmlNode *pattern, const xmlNode *node)
{
    struct content *content = calloc(1, sizeof(*content));
    int status;

    if (content == NULL)
        return error_set(explain->error, TARN_E_INTERNAL, 0, "out of memory");
    collect_all(content, explain, pattern, 1, 0, 0);
    status = explain_attributes(explain, content, node);
    if (status == TARN_OK)
        status = explain_children(explain, content, node);
    if (status == TARN_OK)
        status = explain_missing(explain, content, node);
    if (status == TARN_OK && content->text && xmlChildElementCount((xmlNode *)node) == 0)
        status = explain_value(explain, pattern, node, NULL);
    free(content);
    return status;
}

static int explain_root(struct explain *explain, const xmlNode *root)
{
    struct content *content = calloc(1, sizeof(*content));
    const xmlNode *start = xmlDocGetRootElement(explain->grammar)->children;
    int status = TARN_OK;

    if (content == NULL)
        return error_set(explain->error, TARN_E_INTERNAL, 0, "out of memory");
    while (start != NULL && !schema_is(start, "start"))
        start = start->next;
    if (start != NULL)
        collect_all(content, explain, start, 1, 0, 0);
    if (content->count == 1)
        status = schema_class_has(content->particles[0].pattern, root->name, root->ns)
                     ? explain_element(explain, content->particles[0].pattern, root)
                     : error_set(explain->error, TARN_E_SCHEMA, 0,
                                 "line %ld: the document element is <%s>, which is not expected",
                                 xmlGetLineNo(root), root->name);
    free(content);
    return status;
}

int schema_explain(const xmlDoc *grammar, const xmlDoc *doc, struct tarn_error **error)
{
    struct explain explain = { grammar, error, 0, VALUE_LIMIT };
    const xmlNode *root = xmlDocGetRootElement(doc);
    int status = explain_root(&explain, root);

    if (status != TARN_OK)
        return status;
    explain.values = 1;
    return explain_root(&explain, root);
}
