/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Questions to the registry: who provides this, by priority, with the next as fallback.
 */
#include "core/registry/registry-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/context/context.h"
#include "core/base/error.h"

#define LOOK_INTERVAL INT64_C(1000000000)

int registry_open(struct registry **out, struct tarn_context *context,
                  const struct folders *folders, struct tarn_error **error)
{
    struct registry *registry = calloc(1, sizeof(*registry));

    if (registry == NULL)
        return error_set(error, TARN_E_INTERNAL, ENOMEM, "cannot make the list of modules");
    registry->context = context;
    registry->folders = folders;
    pthread_mutex_init(&registry->lock, NULL);
    pthread_cond_init(&registry->loaded, NULL);
    *out = registry;
    return TARN_OK;
}

void registry_close(struct registry *registry)
{
    size_t i;

    if (registry == NULL)
        return;
    for (i = 0; i < registry->count; i++)
        provider_free(registry->providers[i]);
    for (i = 0; i < registry->retired_count; i++)
        module_close(registry->retired[i]);
    while (registry->formats != NULL) {
        struct format_array *newest = registry->formats;

        registry->formats = newest->older;
        free(newest);
    }
    free(registry->providers);
    free(registry->retired);
    pthread_cond_destroy(&registry->loaded);
    pthread_mutex_destroy(&registry->lock);
    free(registry);
}

void registry_enter(struct registry *registry, bool now)
{
    int64_t time = clock_monotonic();

    pthread_mutex_lock(&registry->lock);
    if (registry->users == 0 &&
        (now || !registry->scanned || time >= registry->looked_at + LOOK_INTERVAL)) {
        registry_scan(registry);
        registry->looked_at = time;
    }
    registry->users++;
}

void registry_leave(struct registry *registry)
{
    registry->users--;
    pthread_mutex_unlock(&registry->lock);
}

struct provider *registry_find(const struct registry *registry, const char *module)
{
    size_t i;

    for (i = 0; i < registry->count; i++)
        if (strcmp(registry->providers[i]->conf->name, module) == 0)
            return registry->providers[i];
    return NULL;
}

/* --- one name --------------------------------------------------------------------------------- */

/* Why a provider that says it has the thing does not give it. */
static const char *refusal(const struct provider *provider)
{
    const char *reason = provider_reason(provider);

    if (!provider->conf->enabled)
        return "disabled; see tarn module-enable";
    return reason != NULL ? reason : "the module does not have it";
}

/* *reasons = why not, of all who were asked; NULL if nobody says that he provides it. */
static struct module *find(struct registry *registry, const char *kind, const char *name,
                           struct arena *arena, const char **reasons)
{
    const char *told = NULL;
    size_t i;

    for (i = 0; i < registry->count; i++) {
        struct provider *provider = registry->providers[i];
        const struct plugin_conf *conf = provider->conf;

        if (!plugin_conf_provides(conf, kind, name))
            continue;
        if (conf->enabled && conf->error == NULL) {
            provider_load(registry, provider);
            if (provider_has(provider, kind, name))
                return provider->module;
        }
        told = arena_printf(arena, "%s%smodule %s: %s", told != NULL ? told : "",
                            told != NULL ? "; " : "", conf->name, refusal(provider));
    }
    *reasons = told;
    return NULL;
}

static size_t broken_count(const struct registry *registry)
{
    size_t count = 0;
    size_t i;

    for (i = 0; i < registry->count; i++)
        count += registry->providers[i]->conf->error != NULL;
    return count;
}

static int not_had(const struct registry *registry, const char *what, const char *name,
                   const char *reasons, struct tarn_error **error)
{
    size_t broken = broken_count(registry);

    if (reasons != NULL)
        return error_set(error, TARN_E_NO_MODULE, 0, "the %s \"%s\" is not to be had (%s)", what,
                         name, reasons);
    if (broken > 0)
        return error_set(error, TARN_E_NO_MODULE, 0,
                         "no module provides the %s \"%s\", and %zu cannot be used: see tarn "
                         "module-list", what, name, broken);
    return error_set(error, TARN_E_NO_MODULE, 0,
                     "no module provides the %s \"%s\": install one that does", what, name);
}

static int provided(struct module **out, struct registry *registry, const char *kind,
                    const char *what, const char *name, struct tarn_error **error)
{
    struct arena *arena = arena_new();
    const char *reasons = NULL;
    struct module *module;
    int status = TARN_OK;

    if (arena == NULL)
        return error_set(error, TARN_E_INTERNAL, ENOMEM, "cannot look for the %s %s", what, name);
    registry_enter(registry, false);
    module = find(registry, kind, name, arena, &reasons);
    registry_leave(registry);
    if (module == NULL) {
        /* Before a "no" the folders are looked at once more: the cause may have gone just now. */
        registry_enter(registry, true);
        module = find(registry, kind, name, arena, &reasons);
        if (module == NULL)
            status = not_had(registry, what, name, reasons, error);
        registry_leave(registry);
    }
    arena_free(arena);
    *out = module;
    return status;
}

int registry_type(struct type_ref *out, struct registry *registry, const char *name,
                  struct tarn_error **error)
{
    struct module *module;
    int status = provided(&module, registry, "pool", "pool type", name, error);

    if (status != TARN_OK)
        return status;
    out->module = module;
    out->type = module_pool_type(module, name);
    return TARN_OK;
}

int registry_format(struct format_ref *out, struct registry *registry, const char *name,
                    struct tarn_error **error)
{
    struct module *module;
    int status = provided(&module, registry, "format", "volume format", name, error);

    if (status != TARN_OK)
        return status;
    out->module = module;
    out->format = module_format(module, name);
    return TARN_OK;
}

static int is_provided(struct registry *registry, const char *kind, const char *name)
{
    int answer = 0;
    size_t i;

    registry_enter(registry, false);
    for (i = 0; i < registry->count && !answer; i++) {
        const struct plugin_conf *conf = registry->providers[i]->conf;

        answer = conf->enabled && conf->error == NULL && plugin_conf_provides(conf, kind, name);
    }
    registry_leave(registry);
    return answer;
}

int registry_provides_type(struct registry *registry, const char *name)
{
    return is_provided(registry, "pool", name);
}

int registry_provides_format(struct registry *registry, const char *name)
{
    return is_provided(registry, "format", name);
}

/* --- all formats ------------------------------------------------------------------------------ */

static bool known_before(const struct format_array *array, const char *name)
{
    size_t i;

    for (i = 0; i < array->count; i++)
        if (strcmp(array->formats[i].format->name, name) == 0)
            return true;
    return false;
}

size_t registry_words_count(const struct registry *registry)
{
    size_t count = 0;
    size_t i;

    for (i = 0; i < registry->count; i++) {
        const char *const *word = registry->providers[i]->conf->provides;

        while (*word != NULL) {
            count++;
            word++;
        }
    }
    return count;
}

/* Highest priority first: what a lower one has of the same name is the fallback, and left out. */
static void collect(struct format_array *array, struct registry *registry)
{
    size_t i;

    for (i = 0; i < registry->count; i++) {
        struct provider *provider = registry->providers[i];
        const char *const *word;

        if (!provider->conf->enabled || provider->conf->error != NULL)
            continue;
        for (word = provider->conf->provides; *word != NULL; word++) {
            const char *name = strncmp(*word, "format:", 7) == 0 ? *word + 7 : NULL;

            if (name == NULL || known_before(array, name))
                continue;
            provider_load(registry, provider);
            if (!provider_has(provider, "format", name))
                continue;
            array->formats[array->count].format = module_format(provider->module, name);
            array->formats[array->count++].module = provider->module;
        }
    }
}

static bool same(const struct format_array *a, const struct format_array *b)
{
    return a != NULL && a->count == b->count &&
           memcmp(a->formats, b->formats, a->count * sizeof(a->formats[0])) == 0;
}

static int collect_anew(struct registry *registry, struct tarn_error **error)
{
    size_t room = sizeof(struct format_array) +
                  (registry_words_count(registry) + 1) * sizeof(struct format_ref);
    struct format_array *array = calloc(1, room);

    if (array == NULL)
        return error_set(error, TARN_E_INTERNAL, ENOMEM, "cannot list the volume formats");
    collect(array, registry);
    if (same(registry->formats, array)) {
        free(array);
    } else {
        array->older = registry->formats;
        registry->formats = array;
    }
    registry->formats_generation = registry->generation;
    registry->formats_at = clock_monotonic();
    return TARN_OK;
}

int registry_formats(const struct format_ref **out, struct registry *registry,
                     struct tarn_error **error)
{
    int status = TARN_OK;

    registry_enter(registry, false);
    /* Now and then again: a module that failed may be had by now. */
    if (registry->formats == NULL || registry->formats_generation != registry->generation ||
        clock_monotonic() >= registry->formats_at + LOOK_INTERVAL)
        status = collect_anew(registry, error);
    if (status == TARN_OK)
        *out = registry->formats->formats;
    registry_leave(registry);
    return status;
}
