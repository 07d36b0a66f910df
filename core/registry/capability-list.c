/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What pool types and volume formats there are, and what each can do.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/context/context.h"
#include "core/base/error.h"
#include "core/registry/registry-private.h"
#include "sdk/helpers/abilities.h"

/* A record and the arena that it and its text lie in. */
struct box {
    struct arena *arena;
    struct abilities abilities;
    struct tarn_capability_record record;
};

/* --- one record ------------------------------------------------------------------------------- */

static const char *describe(struct box *box, struct registry *registry, const char *kind,
                            const char *name)
{
    struct tarn_capability_record *record = &box->record;
    struct arena *arena = box->arena;
    struct tarn_error *error = NULL;
    struct type_ref type;
    struct format_ref format;
    const struct module *module = NULL;
    const char *reason = NULL;

    if (strcmp(kind, "pool") == 0) {
        if (registry_type(&type, registry, name, &error) == TARN_OK) {
            module = type.module;
            record->summary = arena_strdup(arena, type.type->summary);
            abilities_of_type(&box->abilities, type.type);
        }
    } else if (registry_format(&format, registry, name, &error) == TARN_OK) {
        module = format.module;
        record->summary = arena_strdup(arena, format.format->summary);
        abilities_of_format(&box->abilities, format.format);
    }
    if (module != NULL)
        record->module = arena_strdup(arena, module_name(module));
    else
        reason = arena_strdup(arena, error != NULL ? tarn_error_message(error) : "out of memory");
    tarn_error_free(error);
    return reason;
}

/* `provider` is who is named if nobody can give it. NULL without memory. */
static struct tarn_capability_record *record_new(struct registry *registry, const char *kind,
                                                 const char *name, const char *provider)
{
    struct arena *arena = arena_new();
    struct box *box = arena != NULL ? arena_alloc(arena, sizeof(*box)) : NULL;

    if (box == NULL) {
        arena_free(arena);
        return NULL;
    }
    box->arena = arena;
    box->record.struct_size = sizeof(box->record);
    box->record.name = arena_strdup(arena, name);
    box->record.module = arena_strdup(arena, provider);
    box->record.reason = describe(box, registry, kind, name);
    box->record.abilities = box->abilities.words;
    if (!arena_failed(arena))
        return &box->record;
    arena_free(arena);
    return NULL;
}

static void record_free(struct tarn_capability_record *record)
{
    struct box *box = (struct box *)(void *)((char *)record - offsetof(struct box, record));

    arena_free(box->arena);
}

void tarn_capability_list_free(struct tarn_capability_record **list)
{
    struct tarn_capability_record **record;

    for (record = list; record != NULL && *record != NULL; record++)
        record_free(*record);
    free(list);
}

/* --- the list --------------------------------------------------------------------------------- */

struct name {
    const char *name;
    const char *module;
};

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct name *)left)->name, ((const struct name *)right)->name);
}

/* The different names of a kind that any .conf says it provides, sorted, in the arena. */
static size_t collect_names(struct name **out, struct arena *arena, struct registry *registry,
                            const char *kind)
{
    size_t prefix = strlen(kind);
    size_t count = 0;
    size_t unique = 0;
    struct name *names;
    size_t i;

    registry_enter(registry, true);
    names = arena_alloc(arena, (registry_words_count(registry) + 1) * sizeof(*names));
    for (i = 0; i < registry->count && names != NULL; i++) {
        const struct plugin_conf *conf = registry->providers[i]->conf;
        const char *const *word;

        for (word = conf->provides; *word != NULL; word++)
            if (strncmp(*word, kind, prefix) == 0 && (*word)[prefix] == ':')
                names[count++] = (struct name){ arena_strdup(arena, *word + prefix + 1),
                                                arena_strdup(arena, conf->name) };
    }
    registry_leave(registry);
    if (arena_failed(arena))
        return 0;
    qsort(names, count, sizeof(*names), by_name);
    for (i = 0; i < count; i++)
        if (unique == 0 || strcmp(names[unique - 1].name, names[i].name) != 0)
            names[unique++] = names[i];
    *out = names;
    return unique;
}

static int capability_list(struct tarn_capability_record ***out, struct tarn_context *context,
                           const char *kind, struct tarn_error **error)
{
    struct arena *arena = arena_new();
    struct name *names = NULL;
    struct tarn_capability_record **list = NULL;
    size_t count = arena != NULL ? collect_names(&names, arena, context->registry, kind) : 0;
    size_t i;

    if (arena != NULL && !arena_failed(arena))
        list = calloc(count + 1, sizeof(*list));
    for (i = 0; list != NULL && i < count; i++) {
        list[i] = record_new(context->registry, kind, names[i].name, names[i].module);
        if (list[i] == NULL) {
            tarn_capability_list_free(list);
            list = NULL;
        }
    }
    arena_free(arena);
    if (list == NULL)
        return error_set(error, TARN_E_INTERNAL, ENOMEM, "cannot list what the modules can do");
    *out = list;
    return TARN_OK;
}

int tarn_type_list(struct tarn_capability_record ***out, struct tarn_context *context,
                   struct tarn_error **error)
{
    return capability_list(out, context, "pool", error);
}

int tarn_format_list(struct tarn_capability_record ***out, struct tarn_context *context,
                     struct tarn_error **error)
{
    return capability_list(out, context, "format", error);
}
