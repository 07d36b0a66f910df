/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See pool-options.h.
 */
#include "core/xml/pool-options.h"

#include "core/base/error.h"
#include "core/registry/params.h"

static const struct xml_name options_name = { POOL_OPTIONS_NAMESPACE, POOL_OPTIONS_ELEMENT };
static const struct xml_name option_name = { POOL_OPTIONS_NAMESPACE, "option" };

/* --- reading ---------------------------------------------------------------------------------- */

/* A value, or the name of a secret: by what the parameter is. Unknown ones are told by the table. */
static int read_value(struct tarn_property *out, const struct xml_reader *reader,
                      const xmlNode *node, const struct tarn_pool_type *type)
{
    const struct tarn_param *param = params_find(type->params, out->name);
    const char *value = xml_attribute_of(reader, node, "value");
    const char *secret = xml_attribute_of(reader, node, "secret");
    bool is_secret = param != NULL && (param->flags & TARN_PARAM_SECRET) != 0;

    if (is_secret && value != NULL)
        return xml_fail(reader, node, TARN_E_INVALID,
                        "the option '%s' is a secret, and others may read this: name it, as "
                        "secret='…', and remove value", out->name);
    if (param != NULL && !is_secret && secret != NULL)
        return xml_fail(reader, node, TARN_E_INVALID,
                        "the option '%s' is no secret: write value='…'", out->name);
    if (param != NULL && (is_secret ? secret == NULL || *secret == '\0' : value == NULL))
        return xml_fail(reader, node, TARN_E_INVALID, "the option '%s' has no %s: add %s='…'",
                        out->name, is_secret ? "secret" : "value", is_secret ? "secret" : "value");
    out->value = is_secret ? secret : value != NULL ? value : "";
    return xml_memory_check(reader);
}

static int read_option(const struct tarn_property **out, const struct xml_reader *reader,
                       const xmlNode *node, const struct tarn_pool_type *type)
{
    static const char *const attributes[] = { "name", "value", "secret", NULL };
    struct tarn_property *option = arena_alloc(reader->arena, sizeof(*option));
    int status = xml_refuse_unknown(reader, node, attributes, NULL);

    if (option == NULL)
        return xml_memory_check(reader);
    option->struct_size = sizeof(*option);
    if (status == TARN_OK)
        status = xml_attribute_required(&option->name, reader, node, "name");
    *out = option;
    return status == TARN_OK ? read_value(option, reader, node, type) : status;
}

static size_t count_options(const xmlNode *pool)
{
    size_t count = 0;

    for (const xmlNode *options = xml_find_named(pool->children, &options_name); options != NULL;
         options = xml_find_named(options->next, &options_name))
        for (const xmlNode *node = options->children; node != NULL; node = node->next)
            count++;
    return count;
}

/* All elements of the name count: libvirt's <fs:mount_opts> do. */
static int read_all(const struct tarn_property **list, const struct xml_reader *reader,
                    const xmlNode *pool, const struct tarn_pool_type *type)
{
    static const char *const attributes[] = { NULL };
    const xmlNode *options = xml_find_named(pool->children, &options_name);
    int status = TARN_OK;

    for (; options != NULL && status == TARN_OK;
         options = xml_find_named(options->next, &options_name)) {
        const xmlNode *node = xml_find_named(options->children, &option_name);

        status = xml_refuse_unknown(reader, options, attributes, &option_name);
        for (; node != NULL && status == TARN_OK; node = xml_find_named(node->next, &option_name))
            status = read_option(list++, reader, node, type);
    }
    return status;
}

static int check(struct pool_options *out, const struct xml_reader *reader, const xmlNode *pool)
{
    const xmlNode *options = xml_find_named(pool->children, &options_name);
    const char *what = arena_printf(reader->arena, "the pool type %s", out->type->name);
    struct tarn_error *fault = NULL;
    int status;

    if (what == NULL)
        return xml_memory_check(reader);
    status = params_check_named(&out->values, reader->arena, out->type->params, out->given, what,
                                &fault);
    if (status != TARN_OK)
        xml_fail(reader, options != NULL ? options : pool, status, "%s",
                 fault != NULL ? tarn_error_message(fault) : "the options cannot be used");
    tarn_error_free(fault);
    return status;
}

int pool_options_read(struct pool_options *out, const struct xml_reader *reader,
                      const xmlNode *pool, const struct tarn_pool_type *type)
{
    const struct tarn_property **list =
        arena_alloc(reader->arena, (count_options(pool) + 1) * sizeof(*list));
    int status;

    if (list == NULL)
        return xml_memory_check(reader);
    *out = (struct pool_options){ type, list, NULL };
    status = read_all(list, reader, pool, type);
    return status == TARN_OK ? check(out, reader, pool) : status;
}

int pool_options_default(struct pool_options *out, struct arena *arena,
                         const struct tarn_pool_type *type, struct tarn_error **error)
{
    *out = (struct pool_options){ type, NULL, NULL };
    return params_defaults(&out->values, arena, type->params, error);
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool is_secret(const struct pool_options *options, const char *name)
{
    const struct tarn_param *param = params_find(options->type->params, name);

    return param != NULL && (param->flags & TARN_PARAM_SECRET) != 0;
}

void pool_options_write(struct xml_writer *writer, const struct pool_options *options)
{
    const struct tarn_property *const *option = options->given;

    if (*option == NULL)
        return;
    xml_open(writer, POOL_OPTIONS_PREFIX ":" POOL_OPTIONS_ELEMENT);
    xml_attribute(writer, "xmlns:" POOL_OPTIONS_PREFIX, POOL_OPTIONS_NAMESPACE);
    for (; *option != NULL; option++) {
        xml_open(writer, POOL_OPTIONS_PREFIX ":option");
        xml_attribute(writer, "name", (*option)->name);
        xml_attribute(writer, is_secret(options, (*option)->name) ? "secret" : "value",
                      (*option)->value);
        xml_close(writer);
    }
    xml_close(writer);
}

/* --- asking ----------------------------------------------------------------------------------- */

const char *pool_options_given(const struct pool_options *options, const char *name, bool *secret)
{
    *secret = is_secret(options, name);
    return params_get(options->given, name) != NULL ? params_get(options->values, name) : NULL;
}
