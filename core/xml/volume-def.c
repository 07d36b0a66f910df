/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading <volume>.
 */
#include "core/xml/volume-def.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/xml/permissions-xml.h"
#include "core/xml/pool-def-parts.h"
#include "core/base/size.h"
#include "core/base/uuid-text.h"
#include "core/xml/xml-reader.h"

/* A reading in progress. */
struct parse {
    struct xml_reader reader;
    struct volume_def *def;
    const struct tarn_pool_type *type;
    const xmlNode *volume;
    const xmlNode *target; /* NULL = absent */
    uint32_t flags;
};

static int is_among(const char *word, const char *const *list)
{
    for (; list != NULL && *list != NULL; list++)
        if (strcmp(word, *list) == 0)
            return 1;
    return 0;
}

int volume_name_check(const char *name, struct tarn_error **error)
{
    const char *fault = object_name_fault(name, VOLUME_NAME_LIMIT);

    if (fault == NULL)
        return TARN_OK;
    return error_set(error, TARN_E_INVALID, 0,
                     "the volume name '%.*s' %s: choose another, of 1 to %u bytes",
                     (int)strcspn(name, "\r\n"), name, fault, VOLUME_NAME_LIMIT);
}

/* Given by the storage, but a word that makes no sense is a mistake all the same. */
static int read_type(struct parse *parse)
{
    static const char *const types[] = { "file", "block", "dir", "network", "netdir", "ploop",
                                         NULL };
    const char *type = xml_attribute_of(&parse->reader, parse->volume, "type");

    if (type == NULL || is_among(type, types))
        return TARN_OK;
    return xml_fail(&parse->reader, parse->volume, TARN_E_INVALID,
                    "the volume type '%s' is unknown: leave it out, the pool decides it", type);
}

/* Until then it has one that nobody else has, to be locked by. */
static int stand_in(struct parse *parse)
{
    char uuid[UUID_TEXT_SIZE];

    uuid_text_new(uuid);
    parse->def->unnamed = 1;
    parse->def->abi.name = arena_printf(parse->reader.arena, "unnamed-%s", uuid);
    return TARN_OK;
}

static int read_name(struct parse *parse)
{
    const xmlNode *node = xml_child(parse->volume, "name");
    const char *name = xml_text(&parse->reader, node);
    struct tarn_error *fault = NULL;
    int status;

    if (node == NULL && (parse->type->flags & TARN_POOL_NAMES_VOLUMES))
        return stand_in(parse);
    if (name == NULL)
        return xml_fail(&parse->reader, parse->volume, TARN_E_INVALID,
                        "the volume has no name: add <name>…</name>");
    parse->def->abi.name = name;
    status = volume_name_check(name, &fault);
    if (status != TARN_OK)
        xml_fail(&parse->reader, node, status, "%s",
                 fault != NULL ? tarn_error_message(fault) : "the name is unusable");
    tarn_error_free(fault);
    return status;
}

static int read_backing(struct parse *parse)
{
    static const struct xml_known known[] = {
        { "path", 0 }, { "format", 0 }, { "permissions", 0 }, { "timestamps", 0 }, { NULL, 0 },
    };
    const xmlNode *node = xml_child(parse->volume, "backingStore");
    const xmlNode *format = xml_child(node, "format");
    const char *path = xml_text(&parse->reader, xml_child(node, "path"));
    struct tarn_volume_def *abi = &parse->def->abi;

    xml_warn_unknown(&parse->reader, node, known);
    if (path == NULL || *path == '\0')
        return TARN_OK;
    abi->backing_path = path;
    abi->backing_format = parse->type->default_volume_format;
    if (format == NULL)
        return TARN_OK;
    return xml_attribute_required(&abi->backing_format, &parse->reader, format, "type");
}

static int read_sizes(struct parse *parse)
{
    const xmlNode *capacity = xml_child(parse->volume, "capacity");
    const xmlNode *allocation = xml_child(parse->volume, "allocation");
    struct volume_def *def = parse->def;
    int status = TARN_OK;

    def->capacity_given = capacity != NULL;
    def->allocation_given = allocation != NULL;
    if (capacity != NULL)
        status = xml_size(&def->abi.capacity, &parse->reader, capacity, SIZE_LIMIT);
    else if (def->abi.backing_path == NULL && !(parse->flags & VOLUME_DEF_NO_CAPACITY))
        status = xml_fail(&parse->reader, parse->volume, TARN_E_INVALID,
                          "the volume has no capacity: add <capacity unit='GiB'>…</capacity>");
    def->abi.allocation = def->abi.capacity;
    if (status == TARN_OK && allocation != NULL)
        status = xml_size(&def->abi.allocation, &parse->reader, allocation, SIZE_LIMIT);
    return status;
}

static int read_format(struct parse *parse)
{
    const struct tarn_pool_type *type = parse->type;
    const xmlNode *node = xml_child(parse->target, "format");
    struct volume_def *def = parse->def;
    int own;

    if (type->default_volume_format == NULL) {
        if (node != NULL)
            xml_warn(&parse->reader, node, "<format> is ignored: volumes of a pool of type %s "
                     "have none", type->name);
        return TARN_OK;
    }
    def->abi.format = type->default_volume_format;
    if (node != NULL) {
        if (xml_attribute_required(&def->abi.format, &parse->reader, node, "type") != TARN_OK)
            return TARN_E_INVALID;
        def->format_given = 1;
    }
    own = is_among(def->abi.format, type->volume_formats);
    def->format_is_image = !own;
    if (own || (type->flags & TARN_POOL_IMAGES))
        return TARN_OK;
    return xml_fail(&parse->reader, node != NULL ? node : parse->volume, TARN_E_INVALID,
                    "volumes of a pool of type %s have no format '%s'", type->name,
                    def->abi.format);
}

static int read_permissions(struct parse *parse)
{
    struct tarn_permissions *permissions = arena_alloc(parse->reader.arena, sizeof(*permissions));

    if (permissions == NULL)
        return xml_memory_check(&parse->reader);
    parse->def->abi.permissions = permissions;
    return permissions_read(permissions, &parse->reader, parse->target);
}

/* Better no volume than one whose content is not encrypted, against what was asked for. */
static int refuse_encryption(struct parse *parse)
{
    const xmlNode *node = xml_child(parse->target, "encryption");
    const char *format = xml_attribute_of(&parse->reader, node, "format");

    if (node == NULL)
        return TARN_OK;
    return xml_fail(&parse->reader, node, TARN_E_UNSUPPORTED,
                    "<encryption format='%s'>: tarn makes no encrypted volumes: remove the element "
                    "and encrypt inside of the volume", format != NULL ? format : "default");
}

/* Digits, a dot, digits. */
static int is_compat(const char *text)
{
    size_t major = strspn(text, "0123456789");
    size_t minor = text[major] == '.' ? strspn(text + major + 1, "0123456789") : 0;

    return major > 0 && minor > 0 && text[major + 1 + minor] == '\0';
}

static int read_compat(struct parse *parse)
{
    const xmlNode *node = xml_child(parse->target, "compat");
    const char *compat = xml_text(&parse->reader, node);

    if (compat != NULL && !is_compat(compat))
        return xml_fail(&parse->reader, node, TARN_E_INVALID,
                        "<compat> is '%s': it is a version such as 1.1", compat);
    parse->def->abi.compat = compat;
    return TARN_OK;
}

static int read_cluster_size(struct parse *parse)
{
    const xmlNode *node = xml_child(parse->target, "clusterSize");

    if (node == NULL)
        return TARN_OK;
    return xml_size(&parse->def->abi.cluster_size, &parse->reader, node, UINT64_MAX);
}

static size_t count_elements(const xmlNode *parent)
{
    size_t count = 0;

    if (parent == NULL)
        return 0;
    for (const xmlNode *node = parent->children; node != NULL; node = node->next)
        count += node->type == XML_ELEMENT_NODE && node->ns == NULL;
    return count;
}

/* The vocabulary is libvirt's; a format says which of these it has. */
static int read_features(struct parse *parse)
{
    static const char *const known[] = { "lazy_refcounts", "extended_l2", NULL };
    const xmlNode *features = xml_child(parse->target, "features");
    const char **list;
    size_t count = 0;

    list = arena_alloc(parse->reader.arena, (count_elements(features) + 1) * sizeof(*list));
    if (list == NULL)
        return xml_memory_check(&parse->reader);
    parse->def->abi.features = list;
    if (features == NULL)
        return TARN_OK;
    for (const xmlNode *node = features->children; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE || node->ns != NULL)
            continue;
        if (!is_among((const char *)node->name, known))
            return xml_fail(&parse->reader, node, TARN_E_INVALID,
                            "the feature <%s> is unknown: there are <lazy_refcounts/> and "
                            "<extended_l2/>", node->name);
        if (!is_among((const char *)node->name, list))
            list[count++] = arena_strdup(parse->reader.arena, (const char *)node->name);
    }
    /* libvirt's rule: whoever asks for features, even for none, asks for the version with them. */
    if (parse->def->abi.compat == NULL)
        parse->def->abi.compat = "1.1";
    return TARN_OK;
}

static int read_nocow(struct parse *parse)
{
    parse->def->abi.nocow = xml_child(parse->target, "nocow") != NULL;
    return TARN_OK;
}

static int read_image(struct parse *parse)
{
    return image_request_read(&parse->def->image, &parse->reader, parse->target);
}

static void warn_unknown(struct parse *parse)
{
    static const struct xml_known in_volume[] = {
        { "name", 0 },     { "key", 0 },    { "source", 0 },       { "capacity", 0 },
        { "allocation", 0 }, { "physical", 0 }, { "target", 0 }, { "backingStore", 0 },
        { NULL, 0 },
    };
    static const struct xml_known in_target[] = {
        { "path", 0 },   { "format", 0 },      { "permissions", 0 }, { "timestamps", 0 },
        { "compat", 0 }, { "clusterSize", 0 }, { "encryption", 0 },  { "features", 0 },
        { "nocow", 0 },  { NULL, 0 },
    };

    xml_warn_unknown(&parse->reader, parse->volume, in_volume);
    xml_warn_unknown(&parse->reader, parse->target, in_target);
}

static int read_volume(void *arg, const xmlNode *volume)
{
    static int (*const steps[])(struct parse *) = {
        read_type,   read_name,         read_backing, read_sizes,        refuse_encryption,
        read_format, read_permissions,  read_compat,  read_cluster_size, read_features,
        read_nocow,  read_image,
    };
    struct parse *parse = arg;
    int status;

    parse->volume = volume;
    parse->target = xml_child(volume, "target");
    warn_unknown(parse);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        status = steps[i](parse);
        if (status != TARN_OK)
            return status;
    }
    return TARN_OK;
}

static struct volume_def *def_new(const char *xml, size_t length)
{
    struct arena *arena = arena_new();
    struct volume_def *def = arena != NULL ? arena_alloc(arena, sizeof(*def)) : NULL;

    if (def == NULL) {
        arena_free(arena);
        return NULL;
    }
    def->arena = arena;
    def->abi.struct_size = sizeof(def->abi);
    def->xml = arena_strndup(arena, xml, length);
    return def;
}

void volume_def_free(struct volume_def *def)
{
    if (def != NULL)
        arena_free(def->arena);
}

int volume_def_parse(struct volume_def **out, const struct tarn_pool_type *type, const char *xml,
                     size_t length, uint32_t flags, void (*warn)(void *arg, const char *text),
                     void *warn_arg, struct tarn_error **error)
{
    struct parse parse = { .type = type, .flags = flags, .def = def_new(xml, length) };
    int status;

    if (parse.def == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "out of memory");
    parse.reader = (struct xml_reader){ parse.def->arena, error, warn, warn_arg };
    status = xml_read_document(&parse.reader, xml, length, "volume", read_volume, &parse);
    if (status == TARN_OK)
        *out = parse.def;
    else
        volume_def_free(parse.def);
    return status;
}
