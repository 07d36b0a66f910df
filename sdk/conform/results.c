/* SPDX-License-Identifier: BSD-2-Clause
 *
 * results.c - the fake host's side of everything that is pushed: each result is judged by the rules
 * of its header, and copied.
 */
#include "conform/results.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "conform/host.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* --- copies ----------------------------------------------------------------------------------- */

static const char *copy(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

/* A structure of any size in one of the kit's. */
static void take(void *to, size_t size, const void *from)
{
    uint32_t told;

    memcpy(&told, from, sizeof(told));
    memset(to, 0, size);
    memcpy(to, from, told < size ? told : size);
}

static void *more(struct host *host, void *list, size_t count, size_t size)
{
    char *grown = realloc(list, (count + 1) * size);

    trial_require(host->trial, grown != NULL, "the kit itself is out of memory");
    memset(grown + count * size, 0, size);
    return grown;
}

/* May the operation have this result, and has the structure a size? */
static bool allowed(struct host *host, uint32_t takes, const char *what, const void *structure)
{
    uint32_t size = 4;

    if (structure != NULL)
        memcpy(&size, structure, sizeof(size));
    if (!(host->takes & takes) || host->operation == NULL) {
        host_misuse(host, "it called %s, which %s does not have", what,
                    host->operation != NULL ? host->operation : "no operation");
        return false;
    }
    if (size < 4) {
        host_misuse(host, "a structure given to %s has a struct_size of %u", what, size);
        return false;
    }
    pthread_mutex_lock(&lock);
    return true;
}

static int32_t taken(void)
{
    pthread_mutex_unlock(&lock);
    return TARN_OK;
}

static int32_t refused(struct tarn_call *call)
{
    return call->host->fail(call, TARN_E_INTERNAL, 0, "a result that this operation does not have");
}

/* --- pools ------------------------------------------------------------------------------------ */

static void copy_volume(struct result_volume *to, const struct tarn_volume_info *from)
{
    struct tarn_volume_info *info = &to->info;

    take(info, sizeof(*info), from);
    if (info->identity != NULL) {
        to->has_identity = true;
        take(&to->identity, sizeof(to->identity), info->identity);
    }
    info->name = copy(info->name);
    info->key = copy(info->key);
    info->path = copy(info->path);
    info->type = copy(info->type);
    info->format = copy(info->format);
    info->status_text = copy(info->status_text);
    info->mark = copy(info->mark);
    info->backing_path = copy(info->backing_path);
    info->backing_format = copy(info->backing_format);
    info->identity = NULL;
    if (info->permissions != NULL) {
        to->has_permissions = true;
        take(&to->permissions, sizeof(to->permissions), info->permissions);
        to->permissions.label = NULL;
    }
    info->permissions = NULL;
    info->extents = NULL;
    info->head = NULL;
    info->io = NULL;
}

static int32_t emit_volume(struct tarn_call *call, const struct tarn_volume_info *volume)
{
    struct host *host = host_of(call);
    struct results *results = &host->results;

    host_is_asked(host, volume->name);
    if (!allowed(host, HOST_TAKES_VOLUMES, "emit_volume", volume))
        return refused(call);
    results->volumes = more(host, results->volumes, results->volume_count,
                            sizeof(*results->volumes));
    copy_volume(&results->volumes[results->volume_count++], volume);
    return taken();
}

static bool same(const struct tarn_identity *one, const struct tarn_identity *other)
{
    return one->device == other->device && one->inode == other->inode &&
           one->size == other->size && one->mtime == other->mtime && one->ctime == other->ctime;
}

static int32_t volume_known(struct tarn_call *call, const char *name,
                            const struct tarn_identity *identity)
{
    struct host *host = host_of(call);
    const struct result_volume *known = results_volume(&host->known, name);
    struct tarn_identity full;

    host_is_asked(host, name);
    if (!allowed(host, HOST_TAKES_VOLUMES, "volume_known", identity))
        return 0;
    take(&full, sizeof(full), identity);
    if (known == NULL || !known->has_identity || !same(&known->identity, &full)) {
        taken();
        return 0;
    }
    host->results.known_hits++;
    host->results.volumes = more(host, host->results.volumes, host->results.volume_count,
                                 sizeof(*host->results.volumes));
    copy_volume(&host->results.volumes[host->results.volume_count], &known->info);
    host->results.volumes[host->results.volume_count].has_identity = true;
    host->results.volumes[host->results.volume_count++].identity = known->identity;
    taken();
    return 1;
}

static int32_t emit_pool(struct tarn_call *call, const struct tarn_pool_info *info)
{
    struct host *host = host_of(call);
    struct tarn_pool_info *pool = &host->results.pool;

    if (!allowed(host, HOST_TAKES_POOL, "emit_pool", info))
        return refused(call);
    free((char *)(uintptr_t)pool->state_text);
    take(pool, sizeof(*pool), info);
    pool->state_text = copy(pool->state_text);
    pool->permissions = NULL;
    pool->properties = NULL;
    host->results.pools++;
    return taken();
}

static int32_t emit_free(struct tarn_call *call, const struct tarn_device_extent *extent)
{
    struct host *host = host_of(call);

    if (!allowed(host, HOST_TAKES_POOL, "emit_free", extent))
        return refused(call);
    host->results.free_extents++;
    return taken();
}

static int32_t emit_source(struct tarn_call *call, const struct tarn_source *source)
{
    struct host *host = host_of(call);
    struct results *results = &host->results;
    struct tarn_source *to;

    if (!allowed(host, HOST_TAKES_SOURCES, "emit_source", source))
        return refused(call);
    results->sources = more(host, results->sources, results->source_count,
                            sizeof(*results->sources));
    to = &results->sources[results->source_count++];
    take(to, sizeof(*to), source);
    *to = (struct tarn_source){ .struct_size = sizeof(*to), .name = copy(to->name),
                                .format = copy(to->format) };
    return taken();
}

static int32_t emit_capability(struct tarn_call *call, const struct tarn_capability *capability)
{
    struct host *host = host_of(call);
    struct results *results = &host->results;
    struct tarn_capability *to;

    if (!allowed(host, HOST_TAKES_ABILITIES, "emit_capability", capability))
        return refused(call);
    results->capabilities = more(host, results->capabilities, results->capability_count,
                                 sizeof(*results->capabilities));
    to = &results->capabilities[results->capability_count++];
    take(to, sizeof(*to), capability);
    to->operation = copy(to->operation);
    to->reason = copy(to->reason);
    return taken();
}

static int32_t emit_claim(struct tarn_call *call, const char *claim)
{
    struct host *host = host_of(call);
    struct results *results = &host->results;

    if (!allowed(host, HOST_TAKES_CLAIMS, "emit_claim", NULL))
        return refused(call);
    results->claims = more(host, results->claims, results->claim_count, sizeof(char *));
    results->claims[results->claim_count++] = strdup(claim != NULL ? claim : "");
    return taken();
}

static int32_t emit_changed(struct tarn_call *call, const char *volume_name)
{
    struct host *host = host_of(call);
    struct results *results = &host->results;

    if (!allowed(host, HOST_TAKES_CHANGES, "emit_changed", NULL))
        return refused(call);
    results->changes = more(host, results->changes, results->change_count, sizeof(char *));
    results->changes[results->change_count++] = (char *)(uintptr_t)copy(volume_name);
    return taken();
}

/* --- images ----------------------------------------------------------------------------------- */

static int32_t emit_image(struct tarn_call *call, const struct tarn_image_info *info)
{
    struct host *host = host_of(call);
    struct tarn_image_info *image = &host->results.image;

    if (!allowed(host, HOST_TAKES_IMAGE, "emit_image", info))
        return refused(call);
    take(image, sizeof(*image), info);
    for (size_t i = 0; image->files != NULL && image->files[i] != NULL; i++)
        host->results.image_files++;
    image->subformat = copy(image->subformat);
    image->compat = copy(image->compat);
    image->backing_name = copy(image->backing_name);
    image->backing_format = copy(image->backing_format);
    image->encryption = copy(image->encryption);
    image->compression = copy(image->compression);
    image->creator = copy(image->creator);
    image->features = NULL;
    image->files = NULL;
    image->properties = NULL;
    host->results.images++;
    return taken();
}

static int32_t emit_snapshot(struct tarn_call *call, const struct tarn_snapshot *snapshot)
{
    struct host *host = host_of(call);

    if (!allowed(host, HOST_TAKES_IMAGE, "emit_snapshot", snapshot))
        return refused(call);
    host->results.snapshots++;
    return taken();
}

static int32_t emit_finding(struct tarn_call *call, const struct tarn_finding *finding)
{
    struct host *host = host_of(call);
    struct tarn_finding full;

    if (!allowed(host, HOST_TAKES_CHECK, "emit_finding", finding))
        return refused(call);
    take(&full, sizeof(full), finding);
    host->results.findings++;
    host->results.corruptions += full.kind == TARN_FINDING_CORRUPTION && full.repaired == 0;
    return taken();
}

static int32_t emit_check(struct tarn_call *call, const struct tarn_check_result *result)
{
    struct host *host = host_of(call);

    if (!allowed(host, HOST_TAKES_CHECK, "emit_check", result))
        return refused(call);
    take(&host->results.check, sizeof(host->results.check), result);
    host->results.checks++;
    return taken();
}

void host_set_results(struct tarn_host *table)
{
    table->volume_known = volume_known;
    table->emit_volume = emit_volume;
    table->emit_pool = emit_pool;
    table->emit_source = emit_source;
    table->emit_free = emit_free;
    table->emit_claim = emit_claim;
    table->emit_capability = emit_capability;
    table->emit_changed = emit_changed;
    table->emit_image = emit_image;
    table->emit_snapshot = emit_snapshot;
    table->emit_finding = emit_finding;
    table->emit_check = emit_check;
}

/* --- and its end ------------------------------------------------------------------------------ */

static void drop(const char *text)
{
    free((char *)(uintptr_t)text);
}

static void volume_clear(struct tarn_volume_info *info)
{
    drop(info->name);
    drop(info->key);
    drop(info->path);
    drop(info->type);
    drop(info->format);
    drop(info->status_text);
    drop(info->mark);
    drop(info->backing_path);
    drop(info->backing_format);
}

static void list_clear(char **list, size_t count)
{
    for (size_t index = 0; index < count; index++)
        free(list[index]);
    free(list);
}

void results_clear(struct results *results)
{
    struct tarn_image_info *image = &results->image;

    for (size_t index = 0; index < results->volume_count; index++)
        volume_clear(&results->volumes[index].info);
    free(results->volumes);
    for (size_t index = 0; index < results->source_count; index++) {
        drop(results->sources[index].name);
        drop(results->sources[index].format);
    }
    free(results->sources);
    for (size_t index = 0; index < results->capability_count; index++) {
        drop(results->capabilities[index].operation);
        drop(results->capabilities[index].reason);
    }
    free(results->capabilities);
    list_clear(results->claims, results->claim_count);
    list_clear(results->changes, results->change_count);
    drop(results->pool.state_text);
    drop(image->subformat);
    drop(image->compat);
    drop(image->backing_name);
    drop(image->backing_format);
    drop(image->encryption);
    drop(image->compression);
    drop(image->creator);
    memset(results, 0, sizeof(*results));
}

const struct result_volume *results_volume(const struct results *results, const char *name)
{
    for (size_t index = 0; name != NULL && index < results->volume_count; index++)
        if (results->volumes[index].info.name != NULL &&
            strcmp(results->volumes[index].info.name, name) == 0)
            return &results->volumes[index];
    return NULL;
}

const struct tarn_capability *results_capability(const struct results *results,
                                                 const char *operation)
{
    for (size_t index = 0; index < results->capability_count; index++)
        if (results->capabilities[index].operation != NULL &&
            strcmp(results->capabilities[index].operation, operation) == 0)
            return &results->capabilities[index];
    return NULL;
}
