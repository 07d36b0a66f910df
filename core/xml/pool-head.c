/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What stands at the head of a pool's definition, for lists: no module is needed for it.
 */
#include "core/xml/pool-def.h"

#include "core/base/uuid-text.h"
#include "core/xml/xml-reader.h"

struct parse {
    struct xml_reader reader;
    struct pool_head head;
};

static int read_uuid(struct parse *parse, const xmlNode *pool)
{
    const xmlNode *node = xml_child(pool, "uuid");
    const char *text = xml_text(&parse->reader, node);
    char uuid[UUID_TEXT_SIZE];

    if (text == NULL)
        return TARN_OK;
    if (uuid_text_read(uuid, text) < 0)
        return xml_fail(&parse->reader, node, TARN_E_INVALID, "'%s' is no UUID", text);
    parse->head.uuid = arena_strdup(parse->reader.arena, uuid);
    return TARN_OK;
}

static int read_name(struct parse *parse, const xmlNode *pool)
{
    const xmlNode *node = xml_child(pool, "name");

    if (node == NULL)
        node = xml_child(xml_child(pool, "source"), "name");
    if (node == NULL)
        return xml_fail(&parse->reader, pool, TARN_E_INVALID,
                        "the pool has no name: add <name>…</name>");
    parse->head.name = xml_text(&parse->reader, node);
    if (parse->head.name == NULL)
        return xml_memory_check(&parse->reader);
    return pool_name_check(parse->head.name, parse->reader.error);
}

static int read_head(void *arg, const xmlNode *pool)
{
    struct parse *parse = arg;
    int status = xml_attribute_required(&parse->head.type, &parse->reader, pool, "type");

    if (status == TARN_OK)
        status = read_name(parse, pool);
    return status == TARN_OK ? read_uuid(parse, pool) : status;
}

int pool_head_parse(struct pool_head *out, struct arena *arena, const char *xml, size_t length,
                    struct tarn_error **error)
{
    struct parse parse = { .reader = { .arena = arena, .error = error } };
    int status = xml_read_document(&parse.reader, xml, length, "pool", read_head, &parse);

    if (status == TARN_OK)
        *out = parse.head;
    return status;
}
