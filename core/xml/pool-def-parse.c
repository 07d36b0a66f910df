/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading <pool>: what the descriptor of the type asks for is required, defaulted or dropped.
 */
#include "core/xml/pool-def.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/xml/permissions-xml.h"
#include "core/xml/pool-def-parts.h"
#include "core/xml/source-xml.h"
#include "core/base/uuid-text.h"
#include "core/xml/xml-reader.h"

/* A reading in progress. */
struct parse {
    struct xml_reader reader;
    struct pool_def *def;
    const struct tarn_pool_type *type;
    const xmlNode *pool;
};

/* Hands on the error that a check without a line made, with the line of `node`. */
static int fail_at(struct parse *parse, const xmlNode *node, struct tarn_error *fault)
{
    int status;

    if (fault == NULL)
        return error_set(parse->reader.error, TARN_E_INTERNAL, 0, "out of memory");
    status = xml_fail(&parse->reader, node, tarn_error_status(fault), "%s",
                      tarn_error_message(fault));
    tarn_error_free(fault);
    return status;
}

static int read_type(struct parse *parse)
{
    const char *type;
    int status = xml_attribute_required(&type, &parse->reader, parse->pool, "type");

    if (status != TARN_OK)
        return status;
    if (strcmp(type, parse->type->name) != 0)
        return xml_fail(&parse->reader, parse->pool, TARN_E_INVALID,
                        "the pool is of type '%s', not '%s'", type, parse->type->name);
    parse->def->abi.type = parse->type->name;
    return TARN_OK;
}

static int read_uuid(struct parse *parse)
{
    const xmlNode *node = xml_child(parse->pool, "uuid");
    const char *text = xml_text(&parse->reader, node);
    char uuid[UUID_TEXT_SIZE];

    if (text == NULL)
        uuid_text_new(uuid);
    else if (uuid_text_read(uuid, text) < 0)
        return xml_fail(&parse->reader, node, TARN_E_INVALID,
                        "'%s' is no UUID: write 32 hexadecimal digits, or leave <uuid> out to get "
                        "a new one", text);
    parse->def->abi.uuid = arena_strdup(parse->reader.arena, uuid);
    return TARN_OK;
}

static int read_features(struct parse *parse)
{
    static const struct xml_known known[] = { { "cow", 0 }, { NULL, 0 } };
    const xmlNode *features = xml_child(parse->pool, "features");
    const xmlNode *cow = xml_child(features, "cow");

    xml_warn_unknown(&parse->reader, features, known);
    if (cow == NULL)
        return TARN_OK;
    if (!(parse->type->flags & TARN_POOL_COW_FEATURE))
        return xml_fail(&parse->reader, cow, TARN_E_UNSUPPORTED,
                        "a pool of type %s cannot switch copy-on-write: remove <cow>",
                        parse->type->name);
    if (xml_attribute_of(&parse->reader, cow, "state") == NULL)
        return xml_fail(&parse->reader, cow, TARN_E_INVALID,
                        "<cow> has no attribute state: it is yes or no");
    return xml_attribute_yes_no(&parse->def->abi.cow, &parse->reader, cow, "state");
}

/* The parts of <source> that a type has or not, each with the member that tells its presence. */
static int part_is_there(const struct tarn_source *source, uint32_t part)
{
    switch (part) {
    case TARN_SOURCE_HOST:
        return source->hosts[0] != NULL;
    case TARN_SOURCE_DEVICE:
        return source->devices[0] != NULL;
    case TARN_SOURCE_DIR:
        return source->dir != NULL;
    case TARN_SOURCE_NAME:
        return source->name != NULL;
    case TARN_SOURCE_FORMAT:
        return source->format != NULL;
    case TARN_SOURCE_INITIATOR:
        return source->initiator_iqn != NULL;
    case TARN_SOURCE_AUTH:
        return source->auth != NULL;
    default:
        return source->protocol_version != NULL;
    }
}

static void part_drop(struct tarn_source *source, uint32_t part)
{
    static const struct tarn_source_host *const no_hosts[] = { NULL };
    static const struct tarn_source_device *const no_devices[] = { NULL };

    if (part == TARN_SOURCE_HOST)
        source->hosts = no_hosts;
    else if (part == TARN_SOURCE_DEVICE)
        source->devices = no_devices;
    else if (part == TARN_SOURCE_DIR)
        source->dir = NULL;
    else if (part == TARN_SOURCE_NAME)
        source->name = NULL;
    else if (part == TARN_SOURCE_FORMAT)
        source->format = NULL;
    else if (part == TARN_SOURCE_INITIATOR)
        source->initiator_iqn = NULL;
    else if (part == TARN_SOURCE_AUTH)
        source->auth = NULL;
    else
        source->protocol_version = NULL;
}

static int parts_fit(struct parse *parse, const xmlNode *node)
{
    static const struct {
        uint32_t part;
        const char *element;
        const char *example;
    } parts[] = {
        { TARN_SOURCE_HOST, "host", "<host name='…'/>" },
        { TARN_SOURCE_DEVICE, "device", "<device path='…'/>" },
        { TARN_SOURCE_DIR, "dir", "<dir path='…'/>" },
        { TARN_SOURCE_NAME, "name", "<name>…</name>" },
        { TARN_SOURCE_FORMAT, "format", "<format type='…'/>" },
        { TARN_SOURCE_INITIATOR, "initiator", "<initiator><iqn name='…'/></initiator>" },
        { TARN_SOURCE_AUTH, "auth", "<auth type='…' username='…'><secret usage='…'/></auth>" },
        { TARN_SOURCE_PROTOCOL, "protocol", "<protocol ver='…'/>" },
    };
    struct tarn_source *source = parse->def->source;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        int there = part_is_there(source, parts[i].part);

        if (there && !(parse->type->source_parts & parts[i].part)) {
            xml_warn(&parse->reader, xml_child(node, parts[i].element),
                     "<%s> is ignored: the source of a pool of type %s has none",
                     parts[i].element, parse->type->name);
            part_drop(source, parts[i].part);
        }
        if (!there && (parse->type->source_required & parts[i].part))
            return xml_fail(&parse->reader, node != NULL ? node : parse->pool, TARN_E_INVALID,
                            "a pool of type %s needs %s in <source>", parse->type->name,
                            parts[i].example);
    }
    return TARN_OK;
}

static int read_source_format(struct parse *parse, const xmlNode *node)
{
    struct tarn_source *source = parse->def->source;
    struct tarn_error *fault = NULL;

    if (!(parse->type->source_parts & TARN_SOURCE_FORMAT))
        return TARN_OK;
    if (source->format == NULL)
        source->format = parse->type->default_source_format;
    else if (pool_source_format_check(parse->type, source->format, &fault) != TARN_OK)
        return fail_at(parse, xml_child(node, "format"), fault);
    return TARN_OK;
}

/* The pool's name and, where they stand for each other, its source's. */
static int read_names(struct parse *parse)
{
    const xmlNode *node = xml_child(parse->pool, "name");
    const char *name = xml_text(&parse->reader, node);
    struct tarn_source *source = parse->def->source;
    int stand_in = (parse->type->flags & TARN_POOL_NAME_FROM_SOURCE) != 0;
    struct tarn_error *fault = NULL;

    if (name == NULL && stand_in)
        name = source->name;
    if (name == NULL)
        return xml_fail(&parse->reader, parse->pool, TARN_E_INVALID,
                        "the pool has no name: add <name>…</name>%s",
                        stand_in ? ", here or in <source>" : "");
    if (pool_name_check(name, &fault) != TARN_OK)
        return fail_at(parse, node != NULL ? node : parse->pool, fault);
    if (stand_in && source->name == NULL)
        source->name = name;
    parse->def->abi.name = name;
    return TARN_OK;
}

static int read_source(struct parse *parse)
{
    const xmlNode *node = xml_child(parse->pool, "source");
    struct tarn_source *source = arena_alloc(parse->reader.arena, sizeof(*source));
    int status;

    if (source == NULL)
        return xml_memory_check(&parse->reader);
    parse->def->source = source;
    parse->def->abi.source = source;
    status = source_xml_read(source, &parse->reader, node);
    if (status == TARN_OK)
        status = read_source_format(parse, node);
    if (status == TARN_OK)
        status = read_names(parse);
    return status == TARN_OK ? parts_fit(parse, node) : status;
}

static int read_target_path(struct parse *parse, const xmlNode *target)
{
    const xmlNode *node = xml_child(target, "path");
    const char *path = xml_text(&parse->reader, node);
    struct tarn_error *fault = NULL;

    if (path != NULL && *path != '\0' && pool_target_check(path, &fault) != TARN_OK)
        return fail_at(parse, node, fault);
    if (path != NULL && *path != '\0')
        parse->def->abi.target_path = pool_path_clean(parse->reader.arena, path);
    else if (parse->type->flags & TARN_POOL_TARGET_REQUIRED)
        return xml_fail(&parse->reader, target != NULL ? target : parse->pool, TARN_E_INVALID,
                        "a pool of type %s needs <target><path>…</path></target>",
                        parse->type->name);
    return TARN_OK;
}

static int read_target(struct parse *parse)
{
    static const struct xml_known known[] = { { "path", 0 }, { "permissions", 0 }, { NULL, 0 } };
    const xmlNode *node = xml_child(parse->pool, "target");
    struct tarn_permissions *permissions;
    int status;

    permissions = arena_alloc(parse->reader.arena, sizeof(*permissions));
    if (permissions == NULL)
        return xml_memory_check(&parse->reader);
    parse->def->abi.permissions = permissions;
    if (parse->type->flags & TARN_POOL_NO_TARGET) {
        if (node != NULL)
            xml_warn(&parse->reader, node, "<target> is ignored: a pool of type %s has none",
                     parse->type->name);
        return permissions_read(permissions, &parse->reader, NULL);
    }
    xml_warn_unknown(&parse->reader, node, known);
    status = permissions_read(permissions, &parse->reader, node);
    return status == TARN_OK ? read_target_path(parse, node) : status;
}

static int is_fs(const xmlNode *node, const char *name)
{
    return xml_is_foreign(node) && strcmp((const char *)node->name, name) == 0 &&
           strcmp((const char *)node->ns->href, POOL_FS_NAMESPACE) == 0;
}

/* Counts the <fs:option>s; puts their names into `list` if that is not NULL. */
static int options_collect(size_t *count, const char **list, struct parse *parse)
{
    int status = TARN_OK;

    *count = 0;
    for (const xmlNode *options = parse->pool->children; options != NULL; options = options->next) {
        if (!is_fs(options, "mount_opts"))
            continue;
        for (const xmlNode *node = options->children; node != NULL; node = node->next) {
            if (!is_fs(node, "option"))
                continue;
            if (list != NULL)
                status = xml_attribute_required(&list[*count], &parse->reader, node, "name");
            if (status != TARN_OK)
                return status;
            (*count)++;
        }
    }
    return TARN_OK;
}

static int read_mount_options(struct parse *parse)
{
    static const char *const none[] = { NULL };
    const char **list;
    size_t count;

    parse->def->abi.mount_options = none;
    if (!(parse->type->flags & TARN_POOL_MOUNT_OPTIONS))
        return TARN_OK;
    options_collect(&count, NULL, parse);
    list = arena_alloc(parse->reader.arena, (count + 1) * sizeof(*list));
    if (list == NULL)
        return xml_memory_check(&parse->reader);
    parse->def->abi.mount_options = list;
    return options_collect(&count, list, parse);
}

static int read_options(struct parse *parse)
{
    return pool_options_read(&parse->def->options, &parse->reader, parse->pool, parse->type);
}

static int read_kept(struct parse *parse)
{
    static const struct xml_name read[] = {
        { POOL_FS_NAMESPACE, "mount_opts" }, /* by those that mount something */
        { POOL_OPTIONS_NAMESPACE, POOL_OPTIONS_ELEMENT },
        { NULL, NULL },
    };
    const struct xml_name *nothing = read + 2;
    const struct xml_name *in_pool =
        parse->type->flags & TARN_POOL_MOUNT_OPTIONS ? read : read + 1;
    const xmlNode *source = xml_child(parse->pool, "source");
    const xmlNode *target = xml_child(parse->pool, "target");
    struct pool_kept *kept = &parse->def->kept;

    kept->in_pool = xml_keep_foreign(&parse->reader, parse->pool, in_pool);
    kept->in_source = xml_keep_foreign(&parse->reader, source, nothing);
    kept->in_target = xml_keep_foreign(&parse->reader, target, nothing);
    if (kept->in_pool == NULL || kept->in_source == NULL || kept->in_target == NULL)
        return error_set(parse->reader.error, TARN_E_INTERNAL, 0, "out of memory");
    return TARN_OK;
}

static int read_pool(void *arg, const xmlNode *pool)
{
    static const struct xml_known known[] = {
        { "name", 0 },       { "uuid", 0 },      { "capacity", 0 },
        { "allocation", 0 }, { "available", 0 }, { "features", 0 },
        { "source", 0 },     { "target", 0 },    { NULL, 0 },
    };
    static int (*const steps[])(struct parse *) = {
        read_type, read_uuid, read_features, read_source, read_target, read_mount_options,
        read_options, read_kept,
    };
    struct parse *parse = arg;
    int status;

    parse->pool = pool;
    xml_warn_unknown(&parse->reader, pool, known);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        status = steps[i](parse);
        if (status != TARN_OK)
            return status;
    }
    return TARN_OK;
}

static struct pool_def *def_new(const struct tarn_pool_type *type)
{
    struct pool_def *def = calloc(1, sizeof(*def));

    if (def == NULL)
        return NULL;
    def->arena = arena_new();
    if (def->arena == NULL) {
        free(def);
        return NULL;
    }
    def->type = type;
    def->abi.struct_size = sizeof(def->abi);
    atomic_init(&def->references, 1);
    return def;
}

int pool_def_parse(struct pool_def **out, const struct tarn_pool_type *type, const char *xml,
                   size_t length, pool_def_warn_fn warn, void *warn_arg,
                   struct tarn_error **error)
{
    struct parse parse = { .type = type, .def = def_new(type) };
    int status;

    if (parse.def == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "out of memory");
    parse.reader = (struct xml_reader){ parse.def->arena, error, warn, warn_arg };
    status = xml_read_document(&parse.reader, xml, length, "pool", read_pool, &parse);
    if (status == TARN_OK)
        *out = parse.def;
    else
        pool_def_unref(parse.def);
    return status;
}
