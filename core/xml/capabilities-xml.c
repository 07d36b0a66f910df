/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing <storagepoolCapabilities>.
 */
#include "core/xml/capabilities-xml.h"

#include "core/xml/xml-writer.h"

static void write_values(struct xml_writer *writer, const char *const *values)
{
    for (; values != NULL && *values != NULL; values++)
        xml_text_element(writer, "value", *values);
}

static void write_pool_options(struct xml_writer *writer, const struct tarn_pool_type *type)
{
    if (!(type->source_parts & TARN_SOURCE_FORMAT))
        return;
    xml_open(writer, "poolOptions");
    xml_value_element(writer, "defaultFormat", "type", type->default_source_format);
    if (type->source_formats != NULL) {
        xml_open(writer, "enum");
        xml_attribute(writer, "name", "sourceFormatType");
        write_values(writer, type->source_formats);
        xml_close(writer);
    }
    xml_close(writer);
}

static void write_volume_options(struct xml_writer *writer, const struct tarn_pool_type *type,
                                 const char *const *image_formats)
{
    if (type->default_volume_format == NULL)
        return;
    xml_open(writer, "volOptions");
    xml_value_element(writer, "defaultFormat", "type", type->default_volume_format);
    xml_open(writer, "enum");
    xml_attribute(writer, "name", "targetFormatType");
    if (type->flags & TARN_POOL_IMAGES)
        write_values(writer, image_formats);
    write_values(writer, type->volume_formats);
    xml_close(writer);
    xml_close(writer);
}

int capabilities_xml_print(char **out, const struct pool_capability *list,
                           const char *const *image_formats, struct tarn_error **error)
{
    struct xml_writer *writer = xml_writer_new();

    xml_open(writer, "storagepoolCapabilities");
    for (; list->name != NULL; list++) {
        xml_open(writer, "pool");
        xml_attribute(writer, "type", list->name);
        xml_attribute(writer, "supported", list->type != NULL ? "yes" : "no");
        if (list->type != NULL) {
            write_pool_options(writer, list->type);
            write_volume_options(writer, list->type, image_formats);
        }
        xml_close(writer);
    }
    xml_close_wide(writer);
    return xml_writer_end(out, writer, error);
}
