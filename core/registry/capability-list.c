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

#define MOST_ABILITIES 24

/* A record and the arena that it and its text lie in. */
struct box {
    struct arena *arena;
    struct tarn_capability_record record;
};

/* --- abilities -------------------------------------------------------------------------------- */

struct words {
    const char *list[MOST_ABILITIES + 1];
    size_t count;
};

static void say_if(struct words *words, int able, const char *word)
{
    if (able && words->count < MOST_ABILITIES)
        words->list[words->count++] = word;
}

static void type_abilities(struct words *words, const struct tarn_pool_type *type)
{
    say_if(words, type->find_sources != NULL, "find-sources");
    say_if(words, type->build != NULL, "build");
    say_if(words, type->start != NULL, "start");
    say_if(words, type->stop != NULL, "stop");
    say_if(words, type->remove != NULL, "delete");
    say_if(words, type->watch_open != NULL, "watch");
    say_if(words, type->volume_allocate != NULL, "create");
    say_if(words, type->volume_clone != NULL, "clone");
    say_if(words, type->volume_open != NULL, "open");
    say_if(words, type->volume_delete != NULL, "delete-volume");
    /* A container that grows as it is written needs no operation of the type's own for it. */
    say_if(words, type->volume_resize != NULL ||
           (type->volume_open != NULL && !(type->flags & TARN_POOL_SIZED_CONTAINERS)), "resize");
    say_if(words, (type->flags & TARN_POOL_SNAPSHOTS) != 0, "snapshots");
}

static void format_abilities(struct words *words, const struct tarn_format *format)
{
    static const struct {
        uint32_t capability;
        const char *word;
    } known[] = {
        { TARN_FORMAT_PROBE, "probe" },       { TARN_FORMAT_READ, "read" },
        { TARN_FORMAT_WRITE, "write" },       { TARN_FORMAT_CREATE, "create" },
        { TARN_FORMAT_GROW, "grow" },         { TARN_FORMAT_SHRINK, "shrink" },
        { TARN_FORMAT_CHECK, "check" },       { TARN_FORMAT_REPAIR, "repair" },
        { TARN_FORMAT_MAP, "map" },           { TARN_FORMAT_BACKING, "backing" },
        { TARN_FORMAT_COMPRESS, "compress" }, { TARN_FORMAT_TRANSPARENT, "transparent" },
    };
    const uint32_t rewritten = TARN_FORMAT_CREATE | TARN_FORMAT_WRITE;
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        say_if(words, (format->capabilities & known[i].capability) != 0, known[i].word);
    say_if(words, (format->capabilities & TARN_FORMAT_FILL) != 0 ||
           (format->capabilities & rewritten) == rewritten, "convert");
}

/* --- one record ------------------------------------------------------------------------------- */

static const char *describe(struct words *words, struct tarn_capability_record *record,
                            struct arena *arena, struct registry *registry, const char *kind,
                            const char *name)
{
    struct tarn_error *error = NULL;
    struct type_ref type;
    struct format_ref format;
    const struct module *module = NULL;
    const char *reason = NULL;

    if (strcmp(kind, "pool") == 0) {
        if (registry_type(&type, registry, name, &error) == TARN_OK) {
            module = type.module;
            record->summary = arena_strdup(arena, type.type->summary);
            type_abilities(words, type.type);
        }
    } else if (registry_format(&format, registry, name, &error) == TARN_OK) {
        module = format.module;
        record->summary = arena_strdup(arena, format.format->summary);
        format_abilities(words, format.format);
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
    struct words words = { .count = 0 };
    const char **abilities;

    if (box == NULL) {
        arena_free(arena);
        return NULL;
    }
    box->arena = arena;
    box->record.struct_size = sizeof(box->record);
    box->record.name = arena_strdup(arena, name);
    box->record.module = arena_strdup(arena, provider);
    box->record.reason = describe(&words, &box->record, arena, registry, kind, name);
    abilities = arena_alloc(arena, (words.count + 1) * sizeof(*abilities));
    if (abilities != NULL)
        memcpy(abilities, words.list, words.count * sizeof(*abilities));
    box->record.abilities = abilities;
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
