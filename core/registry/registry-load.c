/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Loading what a provider stands for, once, by whichever thread comes first.
 */
#include "core/registry/registry-private.h"

#include <stdio.h>
#include <string.h>

#include "core/context/context.h"
#include "core/base/error.h"
#include "core/registry/xml-owner.h"

/* Something that failed is tried again when it is asked for after two seconds, or after ten times
 * what the attempt took: a module that hangs until its deadline must not hang every question. */
#define RETRY_AFTER INT64_C(2000000000)
#define RETRY_FACTOR 10

bool provider_has(const struct provider *provider, const char *kind, const char *name)
{
    if (provider->module == NULL)
        return false;
    return strcmp(kind, "pool") == 0 ? module_pool_type(provider->module, name) != NULL
                                     : module_format(provider->module, name) != NULL;
}

const char *provider_reason(const struct provider *provider)
{
    if (provider->conf->error != NULL)
        return tarn_error_message(provider->conf->error);
    return provider->error != NULL ? tarn_error_message(provider->error) : NULL;
}

/* The .conf decides what a module is used for; what it leaves out may be meant so. */
static void log_surplus(struct registry *registry, const struct plugin_conf *conf,
                        const struct module *module)
{
    const struct tarn_module *descriptor = module_descriptor(module);
    size_t i;

    for (i = 0; descriptor->pool_types != NULL && descriptor->pool_types[i] != NULL; i++)
        if (!plugin_conf_provides(conf, "pool", descriptor->pool_types[i]->name))
            context_log(registry->context, TARN_LOG_WARNING,
                        "%s does not list pool:%s, which the module has: it is not used",
                        conf->path, descriptor->pool_types[i]->name);
    for (i = 0; descriptor->formats != NULL && descriptor->formats[i] != NULL; i++)
        if (!plugin_conf_provides(conf, "format", descriptor->formats[i]->name))
            context_log(registry->context, TARN_LOG_WARNING,
                        "%s does not list format:%s, which the module has: it is not used",
                        conf->path, descriptor->formats[i]->name);
}

static void log_failure(const struct registry *registry, const struct provider *provider,
                        const struct tarn_error *error)
{
    context_log(registry->context, TARN_LOG_WARNING, "the module %s cannot be used: %s",
                provider->conf->name, error != NULL ? tarn_error_message(error) : "out of memory");
}

static void check_promises(struct provider *provider)
{
    const char *const *word;

    for (word = provider->conf->provides; *word != NULL; word++) {
        bool pool = strncmp(*word, "pool:", 5) == 0;
        const char *name = strchr(*word, ':') + 1;

        if (!provider_has(provider, pool ? "pool" : "format", name))
            error_set(&provider->error, TARN_E_NO_MODULE, 0,
                      "%s lists %s, which the module %s does not have: correct provides",
                      provider->conf->path, *word, provider->conf->name);
    }
}

/* Does a module that is in use have the same XML? Of those that provide one type that is meant. */
static int find_rival(const struct registry *registry, const struct module *module,
                      struct tarn_error **error)
{
    int status = TARN_OK;
    size_t i;

    for (i = 0; i < registry->count && status == TARN_OK; i++)
        if (registry->providers[i]->module != NULL)
            status = xml_owner_compare(module_descriptor(module),
                                       module_descriptor(registry->providers[i]->module), error);
    return status;
}

/* The lock is dropped while the module ends. */
static struct module *admit(struct registry *registry, const struct provider *provider,
                            struct module *module, struct tarn_error **error)
{
    if (module == NULL || find_rival(registry, module, error) == TARN_OK)
        return module;
    error_set_module(*error, provider->conf->name);
    pthread_mutex_unlock(&registry->lock);
    log_failure(registry, provider, *error);
    module_close(module);
    pthread_mutex_lock(&registry->lock);
    return NULL;
}

static void load_unlocked(struct registry *registry, struct provider *provider)
{
    struct module *module = NULL;
    struct tarn_error *error = NULL;
    int64_t started = clock_monotonic();
    int64_t took;

    provider->state = PROVIDER_LOADING;
    pthread_mutex_unlock(&registry->lock);
    module_load(&module, registry->context, provider->conf, &error);
    if (module != NULL)
        log_surplus(registry, provider->conf, module);
    else
        log_failure(registry, provider, error);
    took = clock_monotonic() - started;
    pthread_mutex_lock(&registry->lock);
    module = admit(registry, provider, module, &error);
    tarn_error_free(provider->error);
    provider->error = error;
    provider->module = module;
    provider->state = module != NULL ? PROVIDER_LOADED : PROVIDER_FAILED;
    provider->retry_at = started + took +
                         (took * RETRY_FACTOR > RETRY_AFTER ? took * RETRY_FACTOR : RETRY_AFTER);
    check_promises(provider);
    registry->generation++;
    pthread_cond_broadcast(&registry->loaded);
}

void provider_load(struct registry *registry, struct provider *provider)
{
    while (provider->state == PROVIDER_LOADING)
        pthread_cond_wait(&registry->loaded, &registry->lock);
    if (provider->state == PROVIDER_UNTOUCHED ||
        (provider->state == PROVIDER_FAILED && clock_monotonic() >= provider->retry_at))
        load_unlocked(registry, provider);
}
