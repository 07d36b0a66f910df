/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing <source>, in libvirt's order.
 */
#include "core/xml/source-xml.h"

#include <string.h>

#include "core/xml/xml-writer.h"

static void hosts_write(struct xml_writer *writer, const struct tarn_source_host *const *host)
{
    for (; host != NULL && *host != NULL; host++) {
        xml_open(writer, "host");
        xml_attribute(writer, "name", (*host)->name);
        if ((*host)->port != 0)
            xml_attribute_number(writer, "port", (*host)->port);
        xml_close(writer);
    }
}

static void free_extents_write(struct xml_writer *writer, const char *device,
                               const struct tarn_device_extent *const *extent)
{
    for (; extent != NULL && *extent != NULL; extent++) {
        if ((*extent)->device == NULL || strcmp((*extent)->device, device) != 0)
            continue;
        xml_open(writer, "freeExtent");
        xml_attribute_number(writer, "start", (*extent)->start);
        xml_attribute_number(writer, "end", (*extent)->end);
        xml_close(writer);
    }
}

static void devices_write(struct xml_writer *writer,
                          const struct tarn_source_device *const *device,
                          const struct tarn_device_extent *const *free_extents)
{
    for (; device != NULL && *device != NULL; device++) {
        xml_open(writer, "device");
        xml_attribute(writer, "path", (*device)->path);
        if ((*device)->part_separator != 0)
            xml_attribute(writer, "part_separator",
                          (*device)->part_separator == 1 ? "yes" : "no");
        free_extents_write(writer, (*device)->path, free_extents);
        xml_close(writer);
    }
}

static void auth_write(struct xml_writer *writer, const struct tarn_source_auth *auth)
{
    if (auth == NULL)
        return;
    xml_open(writer, "auth");
    xml_attribute(writer, "type", auth->type);
    xml_attribute(writer, "username", auth->username);
    xml_value_element(writer, "secret", "uuid", auth->secret_uuid);
    xml_value_element(writer, "secret", "usage", auth->secret_usage);
    xml_close(writer);
}

void source_xml_write(struct xml_writer *writer, const struct tarn_source *source,
                      const struct tarn_device_extent *const *free_extents,
                      const char *const *kept)
{
    xml_open(writer, "source");
    hosts_write(writer, source->hosts);
    devices_write(writer, source->devices, free_extents);
    xml_value_element(writer, "dir", "path", source->dir);
    xml_text_element(writer, "name", source->name);
    if (source->initiator_iqn != NULL) {
        xml_open(writer, "initiator");
        xml_value_element(writer, "iqn", "name", source->initiator_iqn);
        xml_close(writer);
    }
    xml_value_element(writer, "format", "type", source->format);
    auth_write(writer, source->auth);
    xml_value_element(writer, "protocol", "ver", source->protocol_version);
    xml_value_element(writer, "vendor", "name", source->vendor);
    xml_value_element(writer, "product", "name", source->product);
    for (; kept != NULL && *kept != NULL; kept++)
        xml_raw_element(writer, *kept);
    xml_close_wide(writer);
}

int source_xml_print_list(char **out, const struct tarn_source *const *list,
                          struct tarn_error **error)
{
    struct xml_writer *writer = xml_writer_new();

    xml_open(writer, "sources");
    for (; *list != NULL; list++)
        source_xml_write(writer, *list, NULL, NULL);
    xml_close_wide(writer);
    return xml_writer_end(out, writer, error);
}
