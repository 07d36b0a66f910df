/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the descriptor declares, and what holds now: the .conf's value or the default.
 */
#include "core/registry/param-records.h"

#include <stdbool.h>

#include <tarn/module.h>
#include <tarn/param.h>

struct list {
    struct arena *arena;
    const struct tarn_param_record **records;
    size_t count;
};

static const char *type_word(uint32_t type)
{
    switch (type) {
    case TARN_PARAM_PATH:
        return "path";
    case TARN_PARAM_BYTES:
        return "bytes";
    case TARN_PARAM_INTEGER:
        return "integer";
    case TARN_PARAM_BOOLEAN:
        return "boolean";
    case TARN_PARAM_ENUM:
        return "enum";
    default:
        return "string";
    }
}

static struct tarn_param_record *record_new(struct arena *arena, const struct tarn_param *param,
                                            const char *scope, const char *value)
{
    bool secret = (param->flags & TARN_PARAM_SECRET) != 0;
    struct tarn_param_record *record = arena_alloc(arena, sizeof(*record));

    if (record == NULL)
        return NULL;
    record->struct_size = sizeof(*record);
    record->required = (param->flags & TARN_PARAM_REQUIRED) != 0;
    record->secret = secret;
    record->scope = scope;
    record->name = arena_strdup(arena, param->name);
    record->summary = arena_strdup(arena, param->summary);
    record->type = type_word(param->type);
    record->default_value = secret ? NULL : arena_strdup(arena, param->default_value);
    record->value = secret ? NULL : arena_strdup(arena, value);
    record->choices = arena_words(arena, param->choices);
    record->minimum = param->minimum;
    record->maximum = param->maximum;
    return record;
}

/* Of types and formats a value is given with each pool or volume, and there is none here. */
static void add(struct list *list, const struct tarn_param *const *params, const char *scope,
                const struct module *configured)
{
    for (; params != NULL && *params != NULL; params++) {
        if (list->records != NULL)
            list->records[list->count] =
                record_new(list->arena, *params, scope,
                           configured != NULL ? module_option(configured, (*params)->name) : NULL);
        list->count++;
    }
}

static void add_all(struct list *list, const struct module *module)
{
    const struct tarn_module *descriptor = module_descriptor(module);
    const struct tarn_pool_type *const *type = descriptor->pool_types;
    const struct tarn_format *const *format = descriptor->formats;

    list->count = 0;
    add(list, descriptor->params, "module", module);
    for (; type != NULL && *type != NULL; type++)
        add(list, (*type)->params, arena_printf(list->arena, "pool:%s", (*type)->name), NULL);
    for (; format != NULL && *format != NULL; format++)
        add(list, (*format)->params, arena_printf(list->arena, "format:%s", (*format)->name),
            NULL);
}

const struct tarn_param_record *const *param_records(struct arena *arena,
                                                     const struct module *module)
{
    struct list list = { arena, NULL, 0 };

    add_all(&list, module); /* counts */
    list.records = arena_alloc(arena, (list.count + 1) * sizeof(struct tarn_param_record *));
    if (list.records != NULL)
        add_all(&list, module);
    return list.records;
}
