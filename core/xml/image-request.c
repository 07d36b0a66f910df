/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See image-request.h.
 */
#include "core/xml/image-request.h"

static const struct xml_name image_name = { IMAGE_NAMESPACE, "image" };
static const struct xml_name option_name = { IMAGE_NAMESPACE, "option" };

static int read_option(struct tarn_property *out, const struct xml_reader *reader,
                       const xmlNode *node)
{
    static const char *const attributes[] = { "name", "value", NULL };
    int status = xml_refuse_unknown(reader, node, attributes, NULL);

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

    for (node = xml_find_named(image->children, &option_name); node != NULL;
         node = xml_find_named(node->next, &option_name))
        count++;
    list = arena_alloc(reader->arena, (count + 1) * sizeof(*list));
    if (list == NULL)
        return xml_memory_check(reader);
    out->options = list;
    for (node = xml_find_named(image->children, &option_name); node != NULL && status == TARN_OK;
         node = xml_find_named(node->next, &option_name)) {
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
    const xmlNode *image = target != NULL ? xml_find_named(target->children, &image_name) : NULL;
    uint32_t compress = 0;
    int status;

    *out = (struct image_request){ NULL, false, NULL };
    if (image == NULL)
        return TARN_OK;
    out->subformat = xml_attribute_of(reader, image, "subformat");
    status = xml_refuse_unknown(reader, image, attributes, &option_name);
    if (status == TARN_OK)
        status = xml_attribute_yes_no(&compress, reader, image, "compress");
    out->compress = compress == 1;
    return status == TARN_OK ? read_options(out, reader, image) : status;
}
