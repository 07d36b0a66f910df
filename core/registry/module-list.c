/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Modules as hosts see them: tarn_module_list and tarn_module_read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/context/context.h"
#include "core/base/error.h"
#include "core/registry/param-records.h"
#include "core/registry/registry-private.h"

/* A record and the arena that it and its text lie in. */
struct box {
    struct arena *arena;
    struct tarn_module_record record;
};

static int no_memory(struct tarn_error **error)
{
    return error_set(error, TARN_E_INTERNAL, ENOMEM, "cannot list the modules");
}

static void fill_loaded(struct tarn_module_record *record, struct arena *arena,
                        const struct module *module)
{
    const struct tarn_module *descriptor = module_descriptor(module);

    record->loaded = 1;
    record->version = arena_strdup(arena, descriptor->version);
    record->summary = arena_strdup(arena, descriptor->summary);
    record->licence = arena_strdup(arena, descriptor->licence);
    record->params = param_records(arena, module);
}

/* NULL without memory. */
static struct tarn_module_record *record_new(const struct provider *provider)
{
    const struct plugin_conf *conf = provider->conf;
    struct arena *arena = arena_new();
    struct box *box = arena != NULL ? arena_alloc(arena, sizeof(*box)) : NULL;

    if (box == NULL) {
        arena_free(arena);
        return NULL;
    }
    box->arena = arena;
    box->record.struct_size = sizeof(box->record);
    box->record.enabled = conf->enabled;
    box->record.priority = conf->priority;
    box->record.abi_major = conf->abi;
    box->record.name = arena_strdup(arena, conf->name);
    box->record.conf = arena_strdup(arena, conf->path);
    box->record.file = arena_strdup(arena, conf->file);
    box->record.provides = arena_words(arena, conf->provides);
    box->record.reason = arena_strdup(arena, provider_reason(provider));
    box->record.isolation = conf->isolated ? "process" : "none";
    if (provider->module != NULL)
        fill_loaded(&box->record, arena, provider->module);
    if (!arena_failed(arena))
        return &box->record;
    arena_free(arena);
    return NULL;
}

void tarn_module_record_free(struct tarn_module_record *record)
{
    struct box *box;

    if (record == NULL)
        return;
    box = (struct box *)(void *)((char *)record - offsetof(struct box, record));
    arena_free(box->arena);
}

void tarn_module_list_free(struct tarn_module_record **list)
{
    struct tarn_module_record **record;

    for (record = list; record != NULL && *record != NULL; record++)
        tarn_module_record_free(*record);
    free(list);
}

static int by_name(const void *left, const void *right)
{
    return strcmp((*(struct tarn_module_record *const *)left)->name,
                  (*(struct tarn_module_record *const *)right)->name);
}

int tarn_module_list(struct tarn_module_record ***out, struct tarn_context *context,
                     struct tarn_error **error)
{
    struct registry *registry = context->registry;
    struct tarn_module_record **list;
    size_t count = 0;

    registry_enter(registry, true);
    list = calloc(registry->count + 1, sizeof(*list));
    while (list != NULL && count < registry->count) {
        list[count] = record_new(registry->providers[count]);
        if (list[count] == NULL)
            break;
        count++;
    }
    if (list != NULL && count < registry->count) {
        tarn_module_list_free(list);
        list = NULL;
    }
    registry_leave(registry);
    if (list == NULL)
        return no_memory(error);
    qsort(list, count, sizeof(*list), by_name);
    *out = list;
    return TARN_OK;
}

int tarn_module_read(struct tarn_module_record **out, struct tarn_context *context,
                     const char *name, struct tarn_error **error)
{
    struct registry *registry = context->registry;
    struct provider *provider;
    struct tarn_module_record *record = NULL;

    registry_enter(registry, true);
    provider = registry_find(registry, name);
    if (provider != NULL && provider->conf->enabled && provider->conf->error == NULL)
        provider_load(registry, provider);
    if (provider != NULL)
        record = record_new(provider);
    registry_leave(registry);
    if (provider == NULL)
        return error_set(error, TARN_E_NOT_FOUND, 0,
                         "there is no module \"%s\": tarn module-list shows those there are", name);
    if (record == NULL)
        return no_memory(error);
    *out = record;
    return TARN_OK;
}
