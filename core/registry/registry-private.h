/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The registry inside: its providers, and the lock that they are behind. For registry*.c, and for
 * module-list.c, which shows it.
 */
#ifndef CORE_REGISTRY_PRIVATE_H
#define CORE_REGISTRY_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>

#include "core/registry/plugin-conf.h"
#include "core/registry/registry.h"

enum provider_state {
    PROVIDER_UNTOUCHED,
    PROVIDER_LOADING, /* one thread is at it, without the lock; others wait for registry.loaded */
    PROVIDER_LOADED,
    PROVIDER_FAILED,
};

/* What one .conf stands for. */
struct provider {
    struct plugin_conf *conf;
    enum provider_state state;
    struct module *module;    /* of PROVIDER_LOADED */
    struct tarn_error *error; /* why it failed, or which promise of its .conf it does not hold */
    int64_t retry_at;         /* of PROVIDER_FAILED, CLOCK_MONOTONIC: the cause may have gone */
};

/* An answer of registry_formats; kept, since the asker may. */
struct format_array {
    struct format_array *older;
    size_t count;
    struct format_ref formats[];
};

struct registry {
    struct tarn_context *context;
    const struct folders *folders;
    pthread_mutex_t lock;  /* all below; never held while a module runs */
    pthread_cond_t loaded; /* a provider left PROVIDER_LOADING */
    struct provider **providers; /* by priority, the highest first, then by name */
    size_t count;
    struct module **retired; /* loaded, and no longer in plugins.d as they were: still in use */
    size_t retired_count;
    unsigned users;        /* threads that hold pointers to providers; no scan meanwhile */
    bool scanned;
    uint64_t signature;    /* of the folders, as they were scanned */
    int64_t looked_at;     /* when the signature was last compared, CLOCK_MONOTONIC */
    unsigned generation;   /* counts what may change an answer */
    struct format_array *formats; /* the newest first */
    unsigned formats_generation;
    int64_t formats_at;
};

/* Takes the lock, with the folders read if they changed: looked at once a second, or `now`. The
 * providers stay where they are until registry_leave. */
void registry_enter(struct registry *registry, bool now);
void registry_leave(struct registry *registry);

/* Under the lock: the provider whose module is called so, or NULL; how many words all provide. */
struct provider *registry_find(const struct registry *registry, const char *module);
size_t registry_words_count(const struct registry *registry);

/* Under the lock: reads the folders if they are not as they were. Memory that is short leaves
 * things as they are. registry-scan.c */
void registry_scan(struct registry *registry);
void provider_free(struct provider *provider);

/* Under the lock, which it drops while the module loads: afterwards the provider is loaded or has
 * failed. registry-load.c */
void provider_load(struct registry *registry, struct provider *provider);

/* Why the provider gives nothing: not to be freed; NULL if it is loaded, or not tried yet. */
const char *provider_reason(const struct provider *provider);

/* Has its module what `kind` ("pool", "format") and `name` say? */
bool provider_has(const struct provider *provider, const char *kind, const char *name);

#endif
