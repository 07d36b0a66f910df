/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vol-clone, vol-convert: the volume's own XML, changed where something else is asked for, and the
 * bytes of the volume.
 */
#include <string.h>

#include "tools/auto.h"
#include "tools/image-options.h"
#include "tools/lookup.h"
#include "tools/text.h"
#include "tools/vol-backing.h"
#include "tools/vol.h"
#include "tools/xml-edit.h"
#include "tools/xml.h"

/* A copy in the making. */
struct copy {
    struct tool *tool;
    const struct args *args;
    struct image_options options;
    struct tarn_volume *source;
    struct tarn_pool *pool; /* of the new volume; nobody's reference */
    struct tarn_volume_record *record;  /* of the source */
    struct tarn_volume_record *backing; /* NULL = none is given */
};

static void drop(char **xml, const char *const *paths)
{
    for (; *paths; paths++)
        xml_replace(xml, *paths, "");
}

/* Replaces the element at `path` by those in `elements`, which are freed. */
static int put_instead(char **xml, struct tool *tool, const char *path, struct xml *elements)
{
    AUTO(text) char *text = NULL;
    int status = xml_finish(&text, elements, tool);

    if (status != TARN_OK)
        return status;
    text[strlen(text) - 1] = '\0';
    xml_replace(xml, path, text + strspn(text, " "));
    return TARN_OK;
}

/* Another format has other features; a copy in it holds all bytes, so that it needs no backing
 * store; and it takes what it needs, not what the old image took. */
static void leave_format(char **xml)
{
    static const char *const old[] = { "volume/target/compat",     "volume/target/clusterSize",
                                       "volume/target/features",   "volume/target/encryption",
                                       "volume/target/tarn:image", "volume/backingStore", NULL };

    drop(xml, old);
    xml_replace(xml, "volume/allocation", "<allocation unit='bytes'>0</allocation>");
}

static int edit_target(char **xml, const struct copy *copy)
{
    const char *wanted = args_text(copy->args, "format"), *known = copy->record->format;
    struct xml elements = { .depth = 2 };

    if (!wanted && !image_options_given(&copy->options))
        return TARN_OK;
    if (wanted && (!known || strcmp(wanted, known) != 0))
        leave_format(xml);
    image_options_make_room(xml, &copy->options);
    xml_empty(&elements, "format", XML_ATTRIBUTES("type", wanted ? wanted : known));
    image_options_put(&elements, &copy->options);
    return put_instead(xml, copy->tool, "volume/target/format", &elements);
}

static int make_xml(char **xml, const struct copy *copy)
{
    static const char *const of_the_old[] = { "volume/key", "volume/physical",
                                              "volume/target/path", "volume/target/timestamps",
                                              NULL };
    struct xml elements = { .depth = 1 };
    int status = tarn_volume_xml(xml, copy->source, &copy->tool->error);

    if (status != TARN_OK)
        return status;
    drop(xml, of_the_old);
    status = edit_target(xml, copy);
    if (status != TARN_OK)
        return status;
    xml_text(&elements, "name", args_text(copy->args, "newname"));
    if (copy->backing)
        xml_replace(xml, "volume/backingStore", "");
    vol_backing_put(&elements, copy->backing, copy->args);
    return put_instead(xml, copy->tool, "volume/name", &elements);
}

/* `pool` NULL = the source's. */
static int look_around(struct copy *copy, struct tarn_pool *pool)
{
    int status = tarn_volume_read(&copy->record, copy->source, UINT32_MAX, &copy->tool->error);

    copy->pool = pool ? pool : tarn_volume_pool(copy->source);
    if (status == TARN_OK)
        status = vol_backing_read(&copy->backing, copy->tool, copy->pool, copy->args);
    if (status == TARN_OK)
        status = image_options_read(&copy->options, copy->tool, copy->args);
    return status;
}

static int make_volume(const struct copy *copy, const char *xml, uint32_t flags, const char *result)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    struct tool *tool = copy->tool;
    int status = tarn_volume_create_from(&volume, copy->pool, xml, copy->source, flags, tool->job,
                                         &tool->error);

    if (status == TARN_OK)
        tool_say(tool, "volume", tarn_volume_name(volume), result, "Vol %s %s from %s",
                 tarn_volume_name(volume), result, tarn_volume_name(copy->source));
    return status;
}

static int copy_volume(struct tool *tool, const struct args *args, uint32_t flags,
                       const char *result)
{
    AUTO(pool) struct tarn_pool *other_pool = NULL;
    AUTO(text) char *xml = NULL;
    struct copy copy = { .tool = tool, .args = args };
    const char *newpool = args_text(args, "newpool");
    int status = lookup_named_volume(&copy.source, tool, args);

    if (status == TARN_OK && newpool)
        status = lookup_pool(&other_pool, tool, newpool);
    if (status == TARN_OK)
        status = look_around(&copy, other_pool);
    if (status == TARN_OK)
        status = make_xml(&xml, &copy);
    if (status == TARN_OK && args_has(args, "print-xml"))
        tool_print_text(tool, "xml", xml);
    else if (status == TARN_OK)
        status = make_volume(&copy, xml, flags, result);
    image_options_clear(&copy.options);
    tarn_volume_record_free(copy.record);
    tarn_volume_record_free(copy.backing);
    tarn_volume_unref(copy.source);
    return status;
}

int vol_clone(struct tool *tool, const struct args *args)
{
    uint32_t flags = args_flag(args, "prealloc-metadata", TARN_VOLUME_PREALLOC_METADATA) |
                     args_flag(args, "reflink", TARN_VOLUME_SHARE_REQUIRE);
    return copy_volume(tool, args, flags, "cloned");
}

int vol_convert(struct tool *tool, const struct args *args)
{
    uint32_t flags = args_flag(args, "prealloc-metadata", TARN_VOLUME_PREALLOC_METADATA);
    return copy_volume(tool, args, flags, "converted");
}
