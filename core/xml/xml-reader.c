/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding elements and reading their values.
 */
#include "core/xml/xml-reader.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/size.h"
#include "core/xml/xml-doc.h"
#include "core/xml/xml-quiet.h"

#define BLANKS " \t\r\n"

int xml_fail(const struct xml_reader *reader, const xmlNode *node, int status, const char *format,
             ...)
{
    char *text = NULL;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    error_set(reader->error, status, 0, "line %ld: %s", xmlGetLineNo(node),
              length < 0 ? "this is wrong" : text);
    if (length >= 0)
        free(text);
    return status;
}

int xml_memory_check(const struct xml_reader *reader)
{
    if (!arena_failed(reader->arena))
        return TARN_OK;
    return error_set(reader->error, TARN_E_INTERNAL, 0, "out of memory");
}

void xml_warn(const struct xml_reader *reader, const xmlNode *node, const char *format, ...)
{
    char text[512];
    va_list arguments;
    int length;

    if (reader->warn == NULL)
        return;
    length = snprintf(text, sizeof(text), "line %ld: ", xmlGetLineNo(node));
    va_start(arguments, format);
    vsnprintf(text + length, sizeof(text) - (size_t)length, format, arguments);
    va_end(arguments);
    reader->warn(reader->warn_arg, text);
}

int xml_is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns == NULL &&
           strcmp((const char *)node->name, name) == 0;
}

int xml_is_foreign(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE && node->ns != NULL;
}

static int root_check(const struct xml_reader *reader, const xmlNode *root, const char *name)
{
    if (xml_is_foreign(root))
        return xml_fail(reader, root, TARN_E_INVALID,
                        "the document element is <%s> of the namespace '%s': <%s> of no namespace "
                        "is expected", root->name, root->ns->href, name);
    if (!xml_is(root, name))
        return xml_fail(reader, root, TARN_E_INVALID,
                        "the document element is <%s>: <%s> is expected", root->name, name);
    return TARN_OK;
}

int xml_read_document(const struct xml_reader *reader, const char *xml, size_t length,
                      const char *root, int (*read)(void *arg, const xmlNode *node), void *arg)
{
    struct xml_quiet quiet;
    const xmlNode *node;
    xmlDoc *doc;
    int status = xml_doc_parse(&doc, xml, length, reader->error);

    if (status != TARN_OK)
        return status;
    xml_quiet_begin(&quiet);
    node = xmlDocGetRootElement(doc);
    status = root_check(reader, node, root);
    if (status == TARN_OK)
        status = read(arg, node);
    xml_quiet_end(&quiet);
    xmlFreeDoc(doc);
    if (status == TARN_OK && quiet.no_memory)
        return error_set(reader->error, TARN_E_INTERNAL, 0, "out of memory");
    return status == TARN_OK ? xml_memory_check(reader) : status;
}

static const xmlNode *find_from(const xmlNode *node, const char *name)
{
    while (node != NULL && !xml_is(node, name))
        node = node->next;
    return node;
}

const xmlNode *xml_child(const xmlNode *parent, const char *name)
{
    return parent == NULL ? NULL : find_from(parent->children, name);
}

const xmlNode *xml_again(const xmlNode *node)
{
    return find_from(node->next, (const char *)node->name);
}

/* Into the arena, and out of libxml2's memory. */
static const char *take(const struct xml_reader *reader, xmlChar *value)
{
    const char *text = arena_strdup(reader->arena, (const char *)value);

    xmlFree(value);
    return text;
}

const char *xml_text(const struct xml_reader *reader, const xmlNode *node)
{
    xmlChar *content;

    if (node == NULL)
        return NULL;
    content = xmlNodeGetContent(node);
    return content != NULL ? take(reader, content) : arena_strdup(reader->arena, "");
}

const char *xml_attribute_of(const struct xml_reader *reader, const xmlNode *node,
                             const char *name)
{
    xmlChar *value = node == NULL ? NULL : xmlGetNoNsProp(node, BAD_CAST name);

    return value == NULL ? NULL : take(reader, value);
}

int xml_attribute_required(const char **out, const struct xml_reader *reader,
                           const xmlNode *node, const char *name)
{
    *out = xml_attribute_of(reader, node, name);
    if (*out == NULL || **out == '\0')
        return xml_fail(reader, node, TARN_E_INVALID,
                        "<%s> has no attribute %s: add %s='…'", node->name, name, name);
    return TARN_OK;
}

int xml_attribute_yes_no(uint32_t *out, const struct xml_reader *reader, const xmlNode *node,
                         const char *name)
{
    const char *value = xml_attribute_of(reader, node, name);

    if (value == NULL)
        *out = 0;
    else if (strcmp(value, "yes") == 0)
        *out = 1;
    else if (strcmp(value, "no") == 0)
        *out = 2;
    else
        return xml_fail(reader, node, TARN_E_INVALID,
                        "the attribute %s of <%s> is '%s': it is yes or no", name, node->name,
                        value);
    return TARN_OK;
}

int xml_digits(uint64_t *out, const char *text, unsigned base, uint64_t limit)
{
    const char *digit = text + strspn(text, BLANKS);
    const char *first = digit;
    uint64_t number = 0;

    for (; *digit >= '0' && *digit < (char)('0' + base); digit++)
        if (__builtin_mul_overflow(number, base, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*digit - '0'), &number) || number > limit)
            return -1;
    if (digit == first || digit[strspn(digit, BLANKS)] != '\0')
        return -1;
    *out = number;
    return 0;
}

int xml_size(uint64_t *out, const struct xml_reader *reader, const xmlNode *node, uint64_t limit)
{
    const char *text = xml_text(reader, node);
    const char *unit = xml_attribute_of(reader, node, "unit");
    struct tarn_error *fault = NULL;
    int status;

    if (text == NULL)
        return xml_memory_check(reader);
    status = size_scale(out, text, unit, limit, &fault);
    if (status != TARN_OK)
        xml_fail(reader, node, status, "<%s>: %s", node->name,
                 fault != NULL ? tarn_error_message(fault) : "not a size");
    tarn_error_free(fault);
    return status;
}

static const struct xml_known *known_find(const struct xml_known *known, const xmlNode *node)
{
    while (known->name != NULL && !xml_is(node, known->name))
        known++;
    return known->name != NULL ? known : NULL;
}

void xml_warn_unknown(const struct xml_reader *reader, const xmlNode *parent,
                      const struct xml_known *known)
{
    const struct xml_known *entry;

    if (parent == NULL || reader->warn == NULL)
        return;
    for (const xmlNode *node = parent->children; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE || node->ns != NULL)
            continue;
        entry = known_find(known, node);
        if (entry == NULL)
            xml_warn(reader, node, "<%s> is ignored: tarn knows no such element in <%s>",
                     node->name, parent->name);
        else if (!entry->repeats && xml_child(parent, entry->name) != node)
            xml_warn(reader, node, "<%s> is ignored: it stands in <%s> already", node->name,
                     parent->name);
    }
}

/* The element alone; libxml2 declares on the copy what the original inherits. */
static const char *serialise(const struct xml_reader *reader, const xmlNode *node)
{
    xmlNode *copy = xmlDocCopyNode((xmlNode *)node, node->doc, 1);
    xmlBuffer *buffer = xmlBufferCreate();
    const char *text = NULL;

    if (copy != NULL && buffer != NULL && xmlNodeDump(buffer, node->doc, copy, 0, 0) >= 0)
        text = arena_strdup(reader->arena, (const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    xmlFreeNode(copy);
    return text;
}

static bool is_named(const xmlNode *node, const struct xml_name *name)
{
    return xml_is_foreign(node) && strcmp((const char *)node->ns->href, name->uri) == 0 &&
           strcmp((const char *)node->name, name->name) == 0;
}

const xmlNode *xml_find_named(const xmlNode *node, const struct xml_name *name)
{
    while (node != NULL && !is_named(node, name))
        node = node->next;
    return node;
}

int xml_refuse_unknown(const struct xml_reader *reader, const xmlNode *node,
                       const char *const *attributes, const struct xml_name *child)
{
    for (const xmlAttr *attribute = node->properties; attribute != NULL;
         attribute = attribute->next) {
        const char *const *known = attributes;

        while (*known != NULL && strcmp(*known, (const char *)attribute->name) != 0)
            known++;
        if (*known == NULL)
            return xml_fail(reader, node, TARN_E_INVALID, "<%s> has no attribute '%s'", node->name,
                            attribute->name);
    }
    for (const xmlNode *inner = node->children; inner != NULL; inner = inner->next)
        if (inner->type == XML_ELEMENT_NODE && (child == NULL || !is_named(inner, child)))
            return xml_fail(reader, inner, TARN_E_INVALID, "<%s> has no element <%s>", node->name,
                            inner->name);
    return TARN_OK;
}

static bool is_read(const xmlNode *node, const struct xml_name *read)
{
    for (; read->name != NULL; read++)
        if (is_named(node, read))
            return true;
    return false;
}

const char *const *xml_keep_foreign(const struct xml_reader *reader, const xmlNode *parent,
                                    const struct xml_name *read)
{
    const xmlNode *first = parent == NULL ? NULL : parent->children;
    const char **list;
    size_t count = 0;

    for (const xmlNode *node = first; node != NULL; node = node->next)
        count += (size_t)xml_is_foreign(node);
    list = arena_alloc(reader->arena, (count + 1) * sizeof(*list));
    if (list == NULL)
        return NULL;
    count = 0;
    for (const xmlNode *node = first; node != NULL; node = node->next)
        if (xml_is_foreign(node) && !is_read(node, read)) {
            list[count] = serialise(reader, node);
            if (list[count++] == NULL)
                return NULL;
        }
    return list;
}
