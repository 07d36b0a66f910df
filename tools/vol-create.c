/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vol-create, vol-create-as, vol-create-from.
 */
#include "tools/auto.h"
#include "tools/file.h"
#include "tools/lookup.h"
#include "tools/text.h"
#include "tools/vol.h"
#include "tools/xml.h"

static uint32_t create_flags(const struct args *args)
{
    return args_flag(args, "prealloc-metadata", TARN_VOLUME_PREALLOC_METADATA);
}

int vol_create(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    AUTO(volume) struct tarn_volume *volume = NULL;
    AUTO(text) char *xml = NULL;
    const char *file = args_text(args, "file");
    uint32_t flags = create_flags(args) | args_flag(args, "validate", TARN_DEFINE_VALIDATE) |
                     args_flag(args, "idempotent", TARN_VOLUME_IDEMPOTENT);
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = file_read_text(&xml, tool, file);
    if (status == TARN_OK)
        status = tarn_volume_create(&volume, pool, xml, flags, tool->job, &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "volume", tarn_volume_name(volume), "created", "Vol %s created from %s",
                 tarn_volume_name(volume), file);
    return status;
}

/* The backing store by name in the new volume's pool, or by key or path. */
static int read_backing(struct tarn_volume_record **out, struct tool *tool, struct tarn_pool *pool,
                        const char *name)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    int status = tarn_volume_lookup(&volume, pool, name, NULL);

    if (status != TARN_OK)
        status = lookup_volume(&volume, tool, NULL, name);
    return status == TARN_OK ? tarn_volume_read(out, volume, 0, &tool->error) : status;
}

static void put_backing(struct xml *xml, const struct tarn_volume_record *backing,
                        const char *format)
{
    xml_open(xml, "backingStore", NULL);
    xml_text(xml, "path", backing->path);
    xml_empty(xml, "format", XML_ATTRIBUTES("type", format ? format : backing->format));
    xml_close(xml, "backingStore");
}

static int xml_from_options(char **out, struct tool *tool, const struct args *args,
                            const struct tarn_volume_record *backing)
{
    const char *format = args_text(args, "format");
    struct xml xml = { 0 };

    xml_open(&xml, "volume", NULL);
    xml_text(&xml, "name", args_text(args, "name"));
    xml_size(&xml, "capacity", args_number(args, "capacity", 0));
    if (args_has(args, "allocation"))
        xml_size(&xml, "allocation", args_number(args, "allocation", 0));
    if (format) {
        xml_open(&xml, "target", NULL);
        xml_empty(&xml, "format", XML_ATTRIBUTES("type", format));
        xml_close(&xml, "target");
    }
    if (backing)
        put_backing(&xml, backing, args_text(args, "backing-vol-format"));
    xml_close(&xml, "volume");
    return xml_finish(out, &xml, tool);
}

int vol_create_as(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    AUTO(volume) struct tarn_volume *volume = NULL;
    AUTO(volume_record) struct tarn_volume_record *backing = NULL;
    AUTO(text) char *xml = NULL;
    const char *below = args_text(args, "backing-vol");
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK && below)
        status = read_backing(&backing, tool, pool, below);
    if (status == TARN_OK)
        status = xml_from_options(&xml, tool, args, backing);
    if (status == TARN_OK && args_has(args, "print-xml")) {
        tool_print_text(tool, "xml", xml);
        return TARN_OK;
    }
    if (status == TARN_OK)
        status = tarn_volume_create(&volume, pool, xml, create_flags(args) |
                                    args_flag(args, "idempotent", TARN_VOLUME_IDEMPOTENT),
                                    tool->job, &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "volume", tarn_volume_name(volume), "created", "Vol %s created",
                 tarn_volume_name(volume));
    return status;
}

int vol_create_from(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    AUTO(volume) struct tarn_volume *source = NULL;
    AUTO(volume) struct tarn_volume *volume = NULL;
    AUTO(text) char *xml = NULL;
    uint32_t flags = create_flags(args) | args_flag(args, "validate", TARN_DEFINE_VALIDATE) |
                     args_flag(args, "reflink", TARN_VOLUME_SHARE_REQUIRE);
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = file_read_text(&xml, tool, args_text(args, "file"));
    if (status == TARN_OK)
        status = lookup_volume(&source, tool, args_text(args, "inputpool"), args_text(args, "vol"));
    if (status == TARN_OK)
        status = tarn_volume_create_from(&volume, pool, xml, source, flags, tool->job,
                                         &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "volume", tarn_volume_name(volume), "created",
                 "Vol %s created from input vol %s", tarn_volume_name(volume),
                 tarn_volume_name(source));
    return status;
}
