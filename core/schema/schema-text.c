/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What follows from a pool type's descriptor, written as a grammar.
 */
#include "core/schema/schema-parts.h"

#include <stdbool.h>

#include "core/xml/image-request.h"
#include "core/xml/pool-def-parts.h"
#include "core/xml/xml-writer.h"

static void begin_grammar(struct xml_writer *writer)
{
    xml_open(writer, "grammar");
    xml_attribute(writer, "xmlns", RELAXNG_NAMESPACE);
}

static void begin_define(struct xml_writer *writer, const char *name)
{
    xml_open(writer, "define");
    xml_attribute(writer, "name", name);
}

/* <ref name=…/> within <wrapper> (NULL = none). */
static void write_ref(struct xml_writer *writer, const char *wrapper, const char *name)
{
    if (wrapper != NULL)
        xml_open(writer, wrapper);
    xml_value_element(writer, "ref", "name", name);
    if (wrapper != NULL)
        xml_close(writer);
}

static const char *optional_unless(uint32_t required)
{
    return required ? NULL : "optional";
}

static void write_pool_type(struct xml_writer *writer, const struct tarn_pool_type *type)
{
    begin_define(writer, "pool.type");
    xml_open(writer, "attribute");
    xml_attribute(writer, "name", "type");
    xml_text_element(writer, "value", type->name);
    xml_close(writer);
    xml_close(writer);
}

static bool has_params(const struct tarn_pool_type *type)
{
    return type->params != NULL && *type->params != NULL;
}

/* Their values are for the table of parameters to judge, which knows ranges and defaults. */
static void write_option_names(struct xml_writer *writer, const struct tarn_pool_type *type)
{
    if (!has_params(type))
        return;
    begin_define(writer, "options.name");
    xml_open(writer, "choice");
    for (const struct tarn_param *const *param = type->params; *param != NULL; param++)
        xml_text_element(writer, "value", (*param)->name);
    xml_close(writer);
    xml_close(writer);
}

static void write_pool_content(struct xml_writer *writer, const struct tarn_pool_type *type)
{
    int name_stands_in = (type->flags & TARN_POOL_NAME_FROM_SOURCE) != 0;

    begin_define(writer, "pool.content");
    xml_open(writer, "interleave");
    write_ref(writer, optional_unless(!name_stands_in), "pool.name");
    write_ref(writer, "optional", "pool.uuid");
    write_ref(writer, NULL, "pool.sizes");
    write_ref(writer, "optional", "pool.features");
    write_ref(writer, optional_unless(type->source_required), "pool.source");
    if (!(type->flags & TARN_POOL_NO_TARGET))
        write_ref(writer, optional_unless(type->flags & TARN_POOL_TARGET_REQUIRED),
                  "pool.target");
    if (type->flags & TARN_POOL_MOUNT_OPTIONS)
        write_ref(writer, "optional", "pool.mount-options");
    if (has_params(type))
        write_ref(writer, "optional", "pool.options");
    write_ref(writer, NULL, "pool.own");
    write_ref(writer, NULL, "foreign");
    xml_close(writer);
    xml_close(writer);
}

static void write_source_content(struct xml_writer *writer, const struct tarn_pool_type *type)
{
    static const struct {
        uint32_t part;
        uint32_t repeats;
        const char *pattern;
    } parts[] = {
        { TARN_SOURCE_HOST, 1, "source.host" },
        { TARN_SOURCE_DEVICE, 1, "source.device" },
        { TARN_SOURCE_DIR, 0, "source.dir" },
        { TARN_SOURCE_NAME, 0, "source.name" },
        { TARN_SOURCE_FORMAT, 0, "source.format" },
        { TARN_SOURCE_INITIATOR, 0, "source.initiator" },
        { TARN_SOURCE_AUTH, 0, "source.auth" },
        { TARN_SOURCE_PROTOCOL, 0, "source.protocol" },
    };
    uint32_t required = type->source_required;

    /* The pool's name stands in for the source's. */
    if (type->flags & TARN_POOL_NAME_FROM_SOURCE)
        required &= ~TARN_SOURCE_NAME;
    /* So does the default format. */
    if (type->default_source_format != NULL)
        required &= ~TARN_SOURCE_FORMAT;
    begin_define(writer, "source.content");
    xml_open(writer, "interleave");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        uint32_t must = required & parts[i].part;

        if (!(type->source_parts & parts[i].part))
            continue;
        if (parts[i].repeats)
            write_ref(writer, must ? "oneOrMore" : "zeroOrMore", parts[i].pattern);
        else
            write_ref(writer, optional_unless(must), parts[i].pattern);
    }
    write_ref(writer, NULL, "source.maker");
    write_ref(writer, NULL, "source.own");
    write_ref(writer, NULL, "foreign");
    xml_close(writer);
    xml_close(writer);
}

static void write_source_formats(struct xml_writer *writer, const char *const *format)
{
    begin_define(writer, "source.format-name");
    if (format == NULL) {
        write_ref(writer, NULL, "value.word");
    } else {
        xml_open(writer, "choice");
        for (; *format != NULL; format++)
            xml_text_element(writer, "value", *format);
        xml_close(writer);
    }
    xml_close(writer);
}

static void write_target_content(struct xml_writer *writer, const struct tarn_pool_type *type)
{
    begin_define(writer, "target.content");
    xml_open(writer, "interleave");
    write_ref(writer, optional_unless(type->flags & TARN_POOL_TARGET_REQUIRED), "target.path");
    write_ref(writer, "optional", "permissions");
    write_ref(writer, NULL, "target.own");
    write_ref(writer, NULL, "foreign");
    xml_close(writer);
    xml_close(writer);
}

/* Elements of all namespaces but those that the grammar knows better: the type's, and `own`, those
 * of ours (ends with NULL). */
static void write_foreign(struct xml_writer *writer, const struct tarn_pool_type *type,
                          const char *const *own)
{
    begin_define(writer, "foreign");
    xml_open(writer, "zeroOrMore");
    xml_open(writer, "element");
    xml_open(writer, "anyName");
    xml_open(writer, "except");
    xml_value_element(writer, "nsName", "ns", "");
    for (; *own != NULL; own++)
        xml_value_element(writer, "nsName", "ns", *own);
    if (type->schema != NULL)
        xml_value_element(writer, "nsName", "ns", type->xml_namespace);
    xml_close(writer);
    xml_close(writer);
    write_ref(writer, NULL, "anything");
    xml_close(writer);
    xml_close(writer);
    xml_close(writer);
}

int schema_pool_text(char **out, const struct tarn_pool_type *type, struct tarn_error **error)
{
    static const char *const own[] = { POOL_FS_NAMESPACE, POOL_OPTIONS_NAMESPACE, NULL };
    struct xml_writer *writer = xml_writer_new();

    begin_grammar(writer);
    write_pool_type(writer, type);
    write_pool_content(writer, type);
    write_source_content(writer, type);
    write_source_formats(writer, type->source_formats);
    write_target_content(writer, type);
    write_option_names(writer, type);
    write_foreign(writer, type, type->flags & TARN_POOL_MOUNT_OPTIONS ? own : own + 1);
    xml_close(writer);
    return xml_writer_end(out, writer, error);
}

int schema_volume_text(char **out, const struct tarn_pool_type *type, struct tarn_error **error)
{
    static const char *const own[] = { IMAGE_NAMESPACE, NULL };
    struct xml_writer *writer = xml_writer_new();

    begin_grammar(writer);
    write_foreign(writer, type, own);
    xml_close(writer);
    return xml_writer_end(out, writer, error);
}
