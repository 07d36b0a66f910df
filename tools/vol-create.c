/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vol-create, vol-create-as, vol-create-from.
 */
#include "tools/auto.h"
#include "tools/file.h"
#include "tools/image-options.h"
#include "tools/lookup.h"
#include "tools/vol-backing.h"
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

static void put_target(struct xml *xml, const char *format, const struct image_options *options)
{
    if (!format && !image_options_given(options))
        return;
    xml_open(xml, "target", NULL);
    xml_empty(xml, "format", XML_ATTRIBUTES("type", format));
    image_options_put(xml, options);
    xml_close(xml, "target");
}

static int xml_from_options(char **out, struct tool *tool, const struct args *args,
                            const struct tarn_volume_record *backing)
{
    struct image_options options;
    struct xml xml = { 0 };
    int status = image_options_read(&options, tool, args);

    if (status == TARN_OK) {
        xml_open(&xml, "volume", NULL);
        xml_text(&xml, "name", args_text(args, "name"));
        xml_size(&xml, "capacity", args_number(args, "capacity", 0));
        if (args_has(args, "allocation"))
            xml_size(&xml, "allocation", args_number(args, "allocation", 0));
        put_target(&xml, args_text(args, "format"), &options);
        vol_backing_put(&xml, backing, args);
        xml_close(&xml, "volume");
        status = xml_finish(out, &xml, tool);
    }
    image_options_clear(&options);
    return status;
}

int vol_create_as(struct tool *tool, const struct args *args)
{
    AUTO(pool) struct tarn_pool *pool = NULL;
    AUTO(volume) struct tarn_volume *volume = NULL;
    AUTO(volume_record) struct tarn_volume_record *backing = NULL;
    AUTO(text) char *xml = NULL;
    int status = lookup_named_pool(&pool, tool, args);

    if (status == TARN_OK)
        status = vol_backing_read(&backing, tool, pool, args);
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
