/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading <source>, part by part.
 */
#include "core/xml/source-xml.h"

#include <string.h>

#include "core/xml/pool-def.h"
#include "core/base/uuid-text.h"
#include "core/xml/xml-reader.h"
#include "core/xml/xml-writer.h"

#define PORT_LIMIT 65535u

static size_t count_of(const xmlNode *node)
{
    size_t count = 0;

    for (; node != NULL; node = xml_again(node))
        count++;
    return count;
}

static int port_read(uint32_t *out, const struct xml_reader *reader, const xmlNode *node)
{
    const char *text = xml_attribute_of(reader, node, "port");
    uint64_t port;

    /* libvirt's schema has -1 as another word for "unset". */
    if (text == NULL || strcmp(text, "-1") == 0)
        return TARN_OK;
    if (xml_digits(&port, text, 10, PORT_LIMIT) < 0)
        return xml_fail(reader, node, TARN_E_INVALID,
                        "the port '%s' is no number up to %u", text, PORT_LIMIT);
    *out = (uint32_t)port;
    return TARN_OK;
}

static int hosts_read(struct tarn_source *out, const struct xml_reader *reader,
                      const xmlNode *source)
{
    const xmlNode *node = xml_child(source, "host");
    struct tarn_source_host *host;
    const struct tarn_source_host **list;
    size_t count = 0;
    int status;

    list = arena_alloc(reader->arena, (count_of(node) + 1) * sizeof(*list));
    out->hosts = list;
    for (; node != NULL; node = xml_again(node)) {
        host = arena_alloc(reader->arena, sizeof(*host));
        if (list == NULL || host == NULL)
            return xml_memory_check(reader);
        host->struct_size = sizeof(*host);
        list[count++] = host;
        status = xml_attribute_required(&host->name, reader, node, "name");
        if (status == TARN_OK)
            status = port_read(&host->port, reader, node);
        if (status != TARN_OK)
            return status;
    }
    return TARN_OK;
}

static int devices_read(struct tarn_source *out, const struct xml_reader *reader,
                        const xmlNode *source)
{
    const xmlNode *node = xml_child(source, "device");
    struct tarn_source_device *device;
    const struct tarn_source_device **list;
    size_t count = 0;
    int status;

    list = arena_alloc(reader->arena, (count_of(node) + 1) * sizeof(*list));
    out->devices = list;
    for (; node != NULL; node = xml_again(node)) {
        device = arena_alloc(reader->arena, sizeof(*device));
        if (list == NULL || device == NULL)
            return xml_memory_check(reader);
        device->struct_size = sizeof(*device);
        list[count++] = device;
        status = xml_attribute_required(&device->path, reader, node, "path");
        if (status == TARN_OK)
            status = xml_attribute_yes_no(&device->part_separator, reader, node,
                                          "part_separator");
        if (status != TARN_OK)
            return status;
    }
    return TARN_OK;
}

static int secret_read(struct tarn_source_auth *out, const struct xml_reader *reader,
                       const xmlNode *auth)
{
    const xmlNode *node = xml_child(auth, "secret");
    const char *uuid = xml_attribute_of(reader, node, "uuid");
    char normal[UUID_TEXT_SIZE];

    if (node == NULL)
        return xml_fail(reader, auth, TARN_E_INVALID,
                        "<auth> has no <secret>: add <secret usage='…'/>");
    out->secret_usage = xml_attribute_of(reader, node, "usage");
    if ((uuid == NULL) == (out->secret_usage == NULL))
        return xml_fail(reader, node, TARN_E_INVALID,
                        "<secret> has %s: it needs exactly one of uuid and usage",
                        uuid == NULL ? "neither uuid nor usage" : "both uuid and usage");
    if (uuid == NULL)
        return TARN_OK;
    if (uuid_text_read(normal, uuid) < 0)
        return xml_fail(reader, node, TARN_E_INVALID, "the secret's uuid '%s' is no UUID", uuid);
    out->secret_uuid = arena_strdup(reader->arena, normal);
    return TARN_OK;
}

static int auth_read(struct tarn_source *out, const struct xml_reader *reader,
                     const xmlNode *source)
{
    const xmlNode *node = xml_child(source, "auth");
    struct tarn_source_auth *auth;
    int status;

    if (node == NULL)
        return TARN_OK;
    auth = arena_alloc(reader->arena, sizeof(*auth));
    if (auth == NULL)
        return xml_memory_check(reader);
    auth->struct_size = sizeof(*auth);
    out->auth = auth;
    status = xml_attribute_required(&auth->type, reader, node, "type");
    if (status == TARN_OK)
        status = xml_attribute_required(&auth->username, reader, node, "username");
    return status == TARN_OK ? secret_read(auth, reader, node) : status;
}

static int protocol_read(struct tarn_source *out, const struct xml_reader *reader,
                         const xmlNode *source)
{
    const xmlNode *node = xml_child(source, "protocol");
    int status;

    if (node == NULL)
        return TARN_OK;
    status = xml_attribute_required(&out->protocol_version, reader, node, "ver");
    /* It ends up among mount options, which commas part. */
    if (status == TARN_OK && strchr(out->protocol_version, ',') != NULL)
        return xml_fail(reader, node, TARN_E_INVALID,
                        "the protocol version '%s' has a comma in it", out->protocol_version);
    return status;
}

/* An element that is one attribute: NULL where it is absent. */
static int value_read(const char **out, const struct xml_reader *reader, const xmlNode *parent,
                      const char *name, const char *attribute)
{
    const xmlNode *node = xml_child(parent, name);

    return node == NULL ? TARN_OK : xml_attribute_required(out, reader, node, attribute);
}

static int values_read(struct tarn_source *out, const struct xml_reader *reader,
                       const xmlNode *source)
{
    const char *name = xml_text(reader, xml_child(source, "name"));
    int status = value_read(&out->dir, reader, source, "dir", "path");

    out->dir = pool_path_clean(reader->arena, out->dir);
    out->name = name != NULL && *name != '\0' ? name : NULL;
    out->vendor = xml_attribute_of(reader, xml_child(source, "vendor"), "name");
    out->product = xml_attribute_of(reader, xml_child(source, "product"), "name");
    if (status == TARN_OK)
        status = value_read(&out->format, reader, source, "format", "type");
    if (status == TARN_OK)
        status = value_read(&out->initiator_iqn, reader, xml_child(source, "initiator"), "iqn",
                            "name");
    return status;
}

int source_xml_read(struct tarn_source *out, struct xml_reader *reader, const xmlNode *node)
{
    static const struct xml_known known[] = {
        { "host", 1 },     { "device", 1 }, { "dir", 0 },     { "name", 0 },
        { "format", 0 },   { "auth", 0 },   { "vendor", 0 },  { "product", 0 },
        { "protocol", 0 }, { "initiator", 0 }, { NULL, 0 },
    };
    int status;

    *out = (struct tarn_source){ .struct_size = sizeof(*out) };
    xml_warn_unknown(reader, node, known);
    status = hosts_read(out, reader, node);
    if (status == TARN_OK)
        status = devices_read(out, reader, node);
    if (status == TARN_OK)
        status = values_read(out, reader, node);
    if (status == TARN_OK)
        status = auth_read(out, reader, node);
    if (status == TARN_OK)
        status = protocol_read(out, reader, node);
    return status;
}

struct parse {
    struct xml_reader reader;
    struct tarn_source *source;
};

static int read_root(void *arg, const xmlNode *root)
{
    struct parse *parse = arg;

    return source_xml_read(parse->source, &parse->reader, root);
}

int source_xml_parse(const struct tarn_source **out, struct arena *arena, const char *xml,
                     size_t length, struct tarn_error **error)
{
    struct parse parse = { .reader = { .arena = arena, .error = error } };
    int status;

    parse.source = arena_alloc(arena, sizeof(*parse.source));
    if (parse.source == NULL)
        return xml_memory_check(&parse.reader);
    status = xml_read_document(&parse.reader, xml, length, "source", read_root, &parse);
    if (status == TARN_OK)
        *out = parse.source;
    return status;
}
