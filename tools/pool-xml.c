/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The <pool> and <source> documents made of options.
 */
#include "tools/pool-xml.h"

#include <string.h>

#include "tools/assignment.h"
#include "tools/auto.h"
#include "tools/xml.h"

static bool has_any(const struct args *args, const char *const *names)
{
    for (; *names; names++)
        if (args_has(args, *names))
            return true;
    return false;
}

static void put_each(struct xml *xml, const struct args *args, const char *option,
                     const char *element, const char *attribute)
{
    size_t position = 0;

    for (const char *value; (value = args_each(args, option, &position));)
        xml_empty(xml, element, XML_ATTRIBUTES(attribute, value));
}

static void put_initiator(struct xml *xml, const char *iqn)
{
    if (!iqn)
        return;
    xml_open(xml, "initiator", NULL);
    xml_empty(xml, "iqn", XML_ATTRIBUTES("name", iqn));
    xml_close(xml, "initiator");
}

static void put_auth(struct xml *xml, const struct args *args)
{
    static const char *const options[] = { "auth-type", "auth-username", "secret-usage",
                                           "secret-uuid", NULL };
    if (!has_any(args, options))
        return;
    xml_open(xml, "auth", XML_ATTRIBUTES("type", args_text(args, "auth-type"), "username",
                                         args_text(args, "auth-username")));
    xml_empty(xml, "secret", XML_ATTRIBUTES("usage", args_text(args, "secret-usage"), "uuid",
                                            args_text(args, "secret-uuid")));
    xml_close(xml, "auth");
}

static void put_source(struct xml *xml, const struct args *args)
{
    static const char *const options[] = {
        "source-host", "source-path", "source-dev", "source-name", "source-format", "auth-type",
        "auth-username", "secret-usage", "secret-uuid", "source-protocol-ver", "source-initiator",
        NULL,
    };
    if (!has_any(args, options))
        return;
    xml_open(xml, "source", NULL);
    put_each(xml, args, "source-host", "host", "name");
    put_each(xml, args, "source-dev", "device", "path");
    xml_empty(xml, "dir", XML_ATTRIBUTES("path", args_text(args, "source-path")));
    xml_text(xml, "name", args_text(args, "source-name"));
    put_initiator(xml, args_text(args, "source-initiator"));
    xml_empty(xml, "format", XML_ATTRIBUTES("type", args_text(args, "source-format")));
    put_auth(xml, args);
    xml_empty(xml, "protocol", XML_ATTRIBUTES("ver", args_text(args, "source-protocol-ver")));
    xml_close(xml, "source");
}

static void put_target(struct xml *xml, const char *path)
{
    if (!path)
        return;
    xml_open(xml, "target", NULL);
    xml_text(xml, "path", path);
    xml_close(xml, "target");
}

static void put_assigned(struct xml *xml, const struct args *args, const char *option,
                         const char *attribute)
{
    size_t position = 0;

    for (const char *text; (text = args_each(args, option, &position));) {
        AUTO(text) char *name = assignment_name(text);

        xml_empty(xml, "tarn:option",
                  XML_ATTRIBUTES("name", name, attribute, assignment_value(text)));
    }
}

static void put_own_options(struct xml *xml, const struct args *args)
{
    if (!args_has(args, "option") && !args_has(args, "option-secret"))
        return;
    xml_open(xml, "tarn:options", XML_ATTRIBUTES("xmlns:tarn", "urn:tarn:options:1"));
    put_assigned(xml, args, "option", "value");
    put_assigned(xml, args, "option-secret", "secret");
    xml_close(xml, "tarn:options");
}

int pool_xml_from_options(char **out, struct tool *tool, const struct args *args)
{
    static const char mount_namespace[] = "http://libvirt.org/schemas/storagepool/fs/1.0";
    bool mounts = args_has(args, "mount-option");
    struct xml xml = { 0 };
    int status = assignments_check(tool, args, "option");

    if (status == TARN_OK)
        status = assignments_check(tool, args, "option-secret");
    if (status != TARN_OK)
        return status;
    xml_open(&xml, "pool", XML_ATTRIBUTES("type", args_text(args, "type"), "xmlns:fs",
                                          mounts ? mount_namespace : NULL));
    xml_text(&xml, "name", args_text(args, "name"));
    put_source(&xml, args);
    put_target(&xml, args_text(args, "target"));
    if (mounts) {
        xml_open(&xml, "fs:mount_opts", NULL);
        put_each(&xml, args, "mount-option", "fs:option", "name");
        xml_close(&xml, "fs:mount_opts");
    }
    put_own_options(&xml, args);
    xml_close(&xml, "pool");
    return xml_finish(out, &xml, tool);
}

int source_xml_from_options(char **out, struct tool *tool, const struct args *args)
{
    static const char *const options[] = { "host", "port", "initiator", NULL };
    struct xml xml = { 0 };

    if (!has_any(args, options))
        return TARN_OK;
    xml_open(&xml, "source", NULL);
    xml_empty(&xml, "host", XML_ATTRIBUTES("name", args_text(args, "host"), "port",
                                           args_text(args, "port")));
    put_initiator(&xml, args_text(args, "initiator"));
    xml_close(&xml, "source");
    return xml_finish(out, &xml, tool);
}
