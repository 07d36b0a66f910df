/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vol-clone, vol-convert: the volume's own XML with another name, and the bytes of the volume.
 */
#include <string.h>

#include "tools/auto.h"
#include "tools/lookup.h"
#include "tools/text.h"
#include "tools/vol.h"
#include "tools/xml-edit.h"
#include "tools/xml.h"

/* "<name>…</name>", escaped, without the newline at its end. */
static int element(char **out, struct tool *tool, const char *name, const char *text,
                   const char *attribute)
{
    struct xml xml = { 0 };

    if (attribute)
        xml_empty(&xml, name, XML_ATTRIBUTES(attribute, text));
    else
        xml_text(&xml, name, text);
    int status = xml_finish(out, &xml, tool);
    if (status == TARN_OK)
        (*out)[strlen(*out) - 1] = '\0';
    return status;
}

/* Another format has other features; a copy in it holds all bytes, so that it needs no backing
 * store; and it takes what it needs, not what the old image took. */
static int change_format(char **xml, struct tool *tool, const char *format)
{
    static const char *const old[] = {
        "volume/target/compat",     "volume/target/clusterSize", "volume/target/features",
        "volume/target/encryption", "volume/backingStore",
    };
    AUTO(text) char *instead = NULL;
    int status = element(&instead, tool, "format", format, "type");

    if (status != TARN_OK)
        return status;
    for (size_t i = 0; i < sizeof(old) / sizeof(*old); i++)
        xml_replace(xml, old[i], "");
    xml_replace(xml, "volume/allocation", "<allocation unit='bytes'>0</allocation>");
    xml_replace(xml, "volume/target/format", instead);
    return TARN_OK;
}

static int make_xml(char **xml, struct tool *tool, struct tarn_volume *source,
                    const struct args *args)
{
    static const char *const of_the_old[] = { "volume/key", "volume/physical",
                                              "volume/target/path", "volume/target/timestamps" };
    AUTO(volume_record) struct tarn_volume_record *record = NULL;
    AUTO(text) char *name = NULL;
    const char *format = args_text(args, "format");
    int status = tarn_volume_xml(xml, source, &tool->error);

    if (status == TARN_OK)
        status = element(&name, tool, "name", args_text(args, "newname"), NULL);
    if (status == TARN_OK)
        status = tarn_volume_read(&record, source, UINT32_MAX, &tool->error);
    if (status != TARN_OK)
        return status;
    xml_replace(xml, "volume/name", name);
    for (size_t i = 0; i < sizeof(of_the_old) / sizeof(*of_the_old); i++)
        xml_replace(xml, of_the_old[i], "");
    if (format && (!record->format || strcmp(format, record->format) != 0))
        status = change_format(xml, tool, format);
    return status;
}

static int copy(struct tool *tool, const struct args *args, uint32_t flags, const char *result)
{
    AUTO(pool) struct tarn_pool *other_pool = NULL;
    AUTO(volume) struct tarn_volume *source = NULL;
    AUTO(volume) struct tarn_volume *volume = NULL;
    AUTO(text) char *xml = NULL;
    const char *newpool = args_text(args, "newpool");
    int status = lookup_named_volume(&source, tool, args);

    if (status == TARN_OK && newpool)
        status = lookup_pool(&other_pool, tool, newpool);
    if (status == TARN_OK)
        status = make_xml(&xml, tool, source, args);
    if (status == TARN_OK && args_has(args, "print-xml")) {
        tool_print_text(tool, "xml", xml);
        return TARN_OK;
    }
    if (status == TARN_OK)
        status = tarn_volume_create_from(&volume,
                                         other_pool ? other_pool : tarn_volume_pool(source), xml,
                                         source, flags, tool->job, &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "volume", tarn_volume_name(volume), result, "Vol %s %s from %s",
                 tarn_volume_name(volume), result, tarn_volume_name(source));
    return status;
}

int vol_clone(struct tool *tool, const struct args *args)
{
    uint32_t flags = args_flag(args, "prealloc-metadata", TARN_VOLUME_PREALLOC_METADATA) |
                     args_flag(args, "reflink", TARN_VOLUME_SHARE_REQUIRE);
    return copy(tool, args, flags, "cloned");
}

int vol_convert(struct tool *tool, const struct args *args)
{
    uint32_t flags = args_flag(args, "prealloc-metadata", TARN_VOLUME_PREALLOC_METADATA);
    return copy(tool, args, flags, "converted");
}
