/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See image-request.h.
 */
#include "core/xml/image-request.h"

#include <string.h>

static bool is_ours(const xmlNode *node, const char *name)
{
    return xml_is_foreign(node) && strcmp((const char *)node->ns->href, IMAGE_NAMESPACE) == 0 &&
           strcmp((const char *)node->name, name) == 0;
}

static const xmlNode *find_ours(const xmlNode *node, const char *name)
{
    while (node != NULL && !is_ours(node, name))
        node = node->next;
    return node;
}

/* The vocabulary is our own: what is unknown is a mistake, and would be lost. */
static int refuse_unknown(const struct xml_reader *reader, const xmlNode *node,
                          const char *const *attributes, const char *element)
{
    const xmlAttr *attribute;
    const xmlNode *child;

    for (attribute = node->properties; attribute != NULL; attribute = attribute->next) {
        const char *const *known = attributes;

        while (*known != NULL && strcmp(*known, (const char *)attribute->name) != 0)
            known++;
        if (*known == NULL)
            return xml_fail(reader, node, TARN_E_INVALID, "<%s> has no attribute '%s'", node->name,
                            attribute->name);
    }
    for (child = node->children; child != NULL; child = child->next)
        if (child->type == XML_ELEMENT_NODE && (element == NULL || !is_ours(child, element)))
            return xml_fail(reader, child, TARN_E_INVALID, "<%s> has no element <%s>", node->name,
                            child->name);
    return TARN_OK;
}

static int read_option(struct tarn_property *out, const struct xml_reader *reader,
                       const xmlNode *node)
{
    static const char *const attributes[] = { "name", "value", NULL };
    int status = refuse_unknown(reader, node, attributes, NULL);

    if (status == TARN_OK)
        status = xml_attribute_required(&out->name, reader, node, "name");
    out->struct_size = sizeof(*out);
    out->value = xml_attribute_of(reader, node, "value");
    if (status == TARN_OK && out->value == NULL)
        status = xml_fail(reader, node, TARN_E_INVALID,
                          "the option '%s' has no value: add value=''", out->name);
    return status;
}

static int read_options(struct image_request *out, const struct xml_reader *reader,
                        const xmlNode *image)
{
    const struct tarn_property **list;
    const xmlNode *node;
    size_t count = 0;
    int status = TARN_OK;

    for (node = find_ours(image->children, "option"); node != NULL;
         node = find_ours(node->next, "option"))
        count++;
    list = arena_alloc(reader->arena, (count + 1) * sizeof(*list));
    if (list == NULL)
        return xml_memory_check(reader);
    out->options = list;
    for (node = find_ours(image->children, "option"); node != NULL && status == TARN_OK;
         node = find_ours(node->next, "option")) {
        struct tarn_property *option = arena_alloc(reader->arena, sizeof(*option));

        if (option == NULL)
            return xml_memory_check(reader);
        status = read_option(option, reader, node);
        *list++ = option;
    }
    return status;
}

int image_request_read(struct image_request *out, const struct xml_reader *reader,
                       const xmlNode *target)
{
    static const char *const attributes[] = { "subformat", "compress", NULL };
    const xmlNode *image = target != NULL ? find_ours(target->children, "image") : NULL;
    uint32_t compress = 0;
    int status;

    *out = (struct image_request){ NULL, false, NULL };
    if (image == NULL)
        return TARN_OK;
    out->subformat = xml_attribute_of(reader, image, "subformat");
    status = refuse_unknown(reader, image, attributes, "option");
    if (status == TARN_OK)
        status = xml_attribute_yes_no(&compress, reader, image, "compress");
    out->compress = compress == 1;
    return status == TARN_OK ? read_options(out, reader, image) : status;
}
