/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the two plugins.d to the list of providers, and again when somebody changed them.
 */
#include "core/registry/registry-private.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/registry/trust.h"
#include "sdk/helpers/errno-status.h"

#define MOST_PROVIDERS 4096u

void provider_free(struct provider *provider)
{
    if (provider == NULL)
        return;
    plugin_conf_free(provider->conf);
    module_close(provider->module);
    tarn_error_free(provider->error);
    free(provider);
}

/* --- did anything change? --------------------------------------------------------------------- */

/* FNV-1a. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;

    while (length-- > 0)
        hash = (hash ^ *byte++) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t file_signature(int folder, const char *name)
{
    uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), name, strlen(name));
    struct stat known;
    int64_t facts[6];

    if (fstatat(folder, name, &known, 0) < 0)
        return hash;
    facts[0] = (int64_t)known.st_ino;
    facts[1] = known.st_size;
    facts[2] = known.st_ctim.tv_sec;
    facts[3] = known.st_ctim.tv_nsec;
    facts[4] = known.st_mtim.tv_sec;
    facts[5] = known.st_mtim.tv_nsec;
    return mix(hash, facts, sizeof(facts));
}

/* A sum, so that the order in which the folder is told does not matter. "." is in it: a chmod of
 * the folder counts. */
static uint64_t folder_signature(const char *path)
{
    DIR *listing = opendir(path);
    struct dirent *entry;
    uint64_t sum = 0;

    if (listing == NULL)
        return (uint64_t)errno;
    while ((entry = readdir(listing)) != NULL)
        if (strcmp(entry->d_name, "..") != 0)
            sum += file_signature(dirfd(listing), entry->d_name);
    closedir(listing);
    return sum;
}

static uint64_t signature(const struct folders *folders)
{
    uint64_t parts[3] = { folder_signature(folders->own_plugins),
                          folder_signature(folders->plugins),
                          folder_signature(folders->modules) };

    return mix(0, parts, sizeof(parts));
}

/* --- reading ---------------------------------------------------------------------------------- */

struct scan {
    struct registry *registry;
    struct provider **providers;
    size_t count;
    size_t own; /* how many of them are from the administrator's folder */
    int failed;
};

static bool is_conf(const char *name)
{
    size_t length = strlen(name);
    size_t suffix = sizeof(PLUGIN_CONF_SUFFIX) - 1;

    return name[0] != '.' && length > suffix &&
           strcmp(name + length - suffix, PLUGIN_CONF_SUFFIX) == 0;
}

static void add(struct scan *scan, struct plugin_conf *conf)
{
    struct provider *provider = conf != NULL ? calloc(1, sizeof(*provider)) : NULL;

    if (provider == NULL) {
        plugin_conf_free(conf);
        scan->failed = 1;
        return;
    }
    provider->conf = conf;
    scan->providers[scan->count++] = provider;
}

static const char *file_name(const struct provider *provider)
{
    return strrchr(provider->conf->path, '/') + 1;
}

static bool masked(const struct scan *scan, const char *name)
{
    size_t i;

    for (i = 0; i < scan->own; i++)
        if (strcmp(file_name(scan->providers[i]), name) == 0)
            return true;
    return false;
}

/* A folder that is not to be trusted still masks: what its files say is not believed, but a module
 * that the administrator switched off in it does not come back. */
static void read_folder(struct scan *scan, const char *path, bool may_be_absent)
{
    struct tarn_error *distrust = NULL;
    DIR *listing;
    struct dirent *entry;
    int fd = -1;

    trust_open_folder(&fd, path, &distrust);
    if (fd >= 0)
        close(fd);
    listing = opendir(path);
    if (listing == NULL) {
        int absent = errno == ENOENT && may_be_absent;

        if (!absent)
            add(scan, plugin_conf_of_folder(path, distrust));
        tarn_error_free(distrust);
        return;
    }
    while ((entry = readdir(listing)) != NULL)
        if (is_conf(entry->d_name) && !masked(scan, entry->d_name) &&
            scan->count < MOST_PROVIDERS)
            add(scan, plugin_conf_read(path, entry->d_name, scan->registry->folders->modules,
                                       distrust));
    closedir(listing);
    tarn_error_free(distrust);
}

static int by_priority(const void *left, const void *right)
{
    const struct plugin_conf *a = (*(struct provider *const *)left)->conf;
    const struct plugin_conf *b = (*(struct provider *const *)right)->conf;

    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* --- the new list in place of the old --------------------------------------------------------- */

static struct provider *find_loaded(const struct registry *registry, const struct plugin_conf *conf)
{
    size_t i;

    for (i = 0; i < registry->count; i++) {
        struct provider *old = registry->providers[i];

        if (old->module != NULL && conf->file != NULL && strcmp(old->conf->name, conf->name) == 0 &&
            strcmp(module_file(old->module), conf->file) == 0)
            return old;
    }
    return NULL;
}

/* A module is loaded once per context: it goes with its .conf; other options wait for the next
 * context. */
static void adopt_loaded(struct scan *scan)
{
    size_t i;

    for (i = 0; i < scan->count; i++) {
        struct provider *provider = scan->providers[i];
        struct provider *old = find_loaded(scan->registry, provider->conf);

        if (old == NULL || provider->conf->error != NULL)
            continue;
        provider->state = PROVIDER_LOADED;
        provider->module = old->module;
        provider->error = old->error;
        old->module = NULL;
        old->error = NULL;
    }
}

/* What is loaded and was not adopted may be in use by pools and images. */
static void retire_rest(struct registry *registry)
{
    size_t i;

    for (i = 0; i < registry->count; i++) {
        struct provider *old = registry->providers[i];

        if (old->module != NULL)
            registry->retired[registry->retired_count++] = old->module;
        old->module = NULL;
        provider_free(old);
    }
    free(registry->providers);
}

static void put_in_place(struct scan *scan)
{
    struct registry *registry = scan->registry;

    adopt_loaded(scan);
    retire_rest(registry);
    registry->providers = scan->providers;
    registry->count = scan->count;
    registry->generation++;
}

static void give_up(struct scan *scan)
{
    size_t i;

    for (i = 0; i < scan->count; i++)
        provider_free(scan->providers[i]);
    free(scan->providers);
}

/* Room for the retired is made before anything is touched. */
static int make_room(struct scan *scan)
{
    struct registry *registry = scan->registry;
    size_t most = registry->retired_count + registry->count + 1;
    struct module **retired = realloc(registry->retired, most * sizeof(*retired));

    if (retired == NULL)
        return -1;
    registry->retired = retired;
    /* One more for each folder that cannot be read. */
    scan->providers = calloc(MOST_PROVIDERS + 2, sizeof(*scan->providers));
    return scan->providers != NULL ? 0 : -1;
}

void registry_scan(struct registry *registry)
{
    struct scan scan = { .registry = registry };
    uint64_t now = signature(registry->folders);

    if ((registry->scanned && now == registry->signature) || make_room(&scan) < 0)
        return;
    read_folder(&scan, registry->folders->own_plugins, true);
    scan.own = scan.count;
    read_folder(&scan, registry->folders->plugins, false);
    if (scan.failed) {
        give_up(&scan);
        return;
    }
    qsort(scan.providers, scan.count, sizeof(*scan.providers), by_priority);
    put_in_place(&scan);
    registry->scanned = true;
    registry->signature = now;
}
