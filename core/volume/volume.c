/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Volumes: finding them, and what is known of them.
 */
#include "core/volume/volume.h"

#include <stdlib.h>
#include <string.h>

#include "core/xml/volume-xml.h"

/* --- handles ---------------------------------------------------------------------------------- */

int volume_new(struct tarn_volume **out, struct tarn_pool *pool, const char *name,
               struct tarn_error **error)
{
    struct tarn_volume *volume = malloc(sizeof(*volume) + strlen(name) + 1);

    if (volume == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for a volume");
    atomic_init(&volume->references, 1);
    volume->pool = tarn_pool_ref(pool);
    strcpy(volume->name, name);
    *out = volume;
    return TARN_OK;
}

struct tarn_volume *tarn_volume_ref(struct tarn_volume *volume)
{
    atomic_fetch_add(&volume->references, 1);
    return volume;
}

void tarn_volume_unref(struct tarn_volume *volume)
{
    if (volume == NULL || atomic_fetch_sub(&volume->references, 1) != 1)
        return;
    tarn_pool_unref(volume->pool);
    free(volume);
}

const char *tarn_volume_name(const struct tarn_volume *volume)
{
    return volume->name;
}

struct tarn_pool *tarn_volume_pool(const struct tarn_volume *volume)
{
    return volume->pool;
}

/* --- finding ---------------------------------------------------------------------------------- */

static int volumes_of(struct tarn_volume ***out, struct tarn_pool *pool, struct tarn_error **error)
{
    struct volume_entry **entries = inventory_all(pool->inventory);
    struct tarn_volume **list;
    size_t count = 0;
    size_t index;
    int status = TARN_OK;

    while (entries != NULL && entries[count] != NULL)
        count++;
    list = entries != NULL ? calloc(count + 1, sizeof(struct tarn_volume *)) : NULL;
    if (list == NULL)
        status = error_set(error, TARN_E_INTERNAL, 0, "no memory for the list of volumes");
    for (index = 0; status == TARN_OK && index < count; index++)
        status = volume_new(&list[index], pool, entries[index]->info.name, error);
    volume_entry_list_free(entries);
    if (status != TARN_OK) {
        tarn_volume_list_free(list);
        return status;
    }
    *out = list;
    return TARN_OK;
}

static bool recent_enough(struct tarn_pool *pool, uint32_t max_age)
{
    int64_t since = inventory_complete_since(pool->inventory);

    if (max_age == 0 || since == 0)
        return false;
    return max_age == UINT32_MAX || (clock_monotonic() - since) / 1000000 <= max_age;
}

/* What is known must do, for a storage that did not answer: perhaps an earlier process saw more. */
static bool must_do(struct tarn_pool *pool, int status)
{
    return status == TARN_E_TIMEOUT && pool_hangs(pool) && pool_seen_recall(pool);
}

static int look_at_all(struct tarn_pool *pool, struct tarn_job *job, struct tarn_error **error)
{
    struct pool_visit visit;
    int status = pool_enter(&visit, pool, "vol-list", NULL, job, error);

    if (status != TARN_OK)
        return status;
    status = pool_observe_all(pool, visit.session, &visit.operation, error);
    if (status == TARN_OK)
        status = pool_keep_marks(pool, visit.session, &visit.operation, error);
    pool_leave(&visit);
    return status;
}

int tarn_volume_list(struct tarn_volume ***out, struct tarn_pool *pool, uint32_t max_age,
                     struct tarn_job *job, struct tarn_error **error)
{
    struct tarn_error *why = NULL;
    int status;

    /* What is known needs nobody's answer, not even a pool's that hangs. */
    if (recent_enough(pool, max_age) && pool_is_active(pool))
        return volumes_of(out, pool, error);
    status = look_at_all(pool, job, &why);
    if (max_age == UINT32_MAX && must_do(pool, status))
        status = TARN_OK;
    else if (why != NULL)
        return error_pass(error, why);
    tarn_error_free(why);
    return status == TARN_OK ? volumes_of(out, pool, error) : status;
}

void tarn_volume_list_free(struct tarn_volume **list)
{
    size_t index;

    for (index = 0; list != NULL && list[index] != NULL; index++)
        tarn_volume_unref(list[index]);
    free(list);
}

static int look_at_one(struct volume_entry **out, struct tarn_pool *pool, const char *name,
                       const char *operation, uint32_t max_age, struct tarn_error **error)
{
    struct pool_visit visit;
    int status = pool_enter(&visit, pool, operation, name, NULL, error);

    if (status != TARN_OK)
        return status;
    status = pool_volume_entry(out, pool, visit.session, &visit.operation, name, max_age, error);
    pool_leave(&visit);
    return status;
}

/* The same, or what is known if that must do. */
static int see_one(struct volume_entry **out, struct tarn_pool *pool, const char *name,
                   const char *operation, struct tarn_error **error)
{
    struct tarn_error *why = NULL;
    int status = look_at_one(out, pool, name, operation, 0, &why);

    if (must_do(pool, status) && (*out = inventory_find(pool->inventory, name)) != NULL) {
        tarn_error_free(why);
        return TARN_OK;
    }
    return why != NULL ? error_pass(error, why) : status;
}

int tarn_volume_lookup(struct tarn_volume **out, struct tarn_pool *pool, const char *name,
                       struct tarn_error **error)
{
    struct volume_entry *entry = NULL;
    int status = see_one(&entry, pool, name, "vol-lookup", error);

    if (status == TARN_OK) /* under the name that the storage calls it by */
        status = volume_new(out, pool, entry->info.name, error);
    volume_entry_unref(entry);
    return status;
}

/* By the path alone: the name behind the folder of the pool, if the volumes are files there. */
static const char *name_within(const struct pool_session *session, const char *path)
{
    const char *root = session->def->abi.target_path;
    size_t length = root != NULL ? strlen(root) : 0;

    if (!(session->type.type->flags & TARN_POOL_VOLUME_IS_FILE) || length == 0 ||
        strncmp(path, root, length) != 0 || path[length] != '/')
        return NULL;
    return strchr(path + length + 1, '/') == NULL ? path + length + 1 : NULL;
}

static int find_in_inventory(struct tarn_volume **out, struct tarn_pool *pool, const char *wanted)
{
    struct volume_entry **entries = inventory_all(pool->inventory);
    size_t index;
    int status = TARN_E_NOT_FOUND;

    for (index = 0; entries != NULL && status != TARN_OK && entries[index] != NULL; index++) {
        const struct tarn_volume_info *info = &entries[index]->info;

        if (strcmp(info->key, wanted) == 0 || strcmp(info->path, wanted) == 0)
            status = volume_new(out, pool, info->name, NULL);
    }
    volume_entry_list_free(entries);
    return status;
}

static int find_in(struct tarn_volume **out, struct tarn_pool *pool, const char *wanted)
{
    struct volume_entry *entry = NULL;
    struct pool_visit visit;
    const char *name;
    int status;

    if (pool_hangs(pool))
        return find_in_inventory(out, pool, wanted);
    if (pool_enter(&visit, pool, "vol-lookup", NULL, NULL, NULL) != TARN_OK)
        return TARN_E_NOT_FOUND;
    name = name_within(visit.session, wanted);
    if (name != NULL) {
        status = pool_observe_one(&entry, pool, visit.session, &visit.operation, name, NULL);
        if (status == TARN_OK)
            status = volume_new(out, pool, name, NULL);
        volume_entry_unref(entry);
    } else if (visit.session->type.type->flags & TARN_POOL_VOLUME_IS_FILE) {
        status = TARN_E_NOT_FOUND; /* the key of a file is its path */
    } else {
        status = pool_observe_all(pool, visit.session, &visit.operation, NULL);
        if (status == TARN_OK)
            status = find_in_inventory(out, pool, wanted);
    }
    pool_leave(&visit);
    return status;
}

int tarn_volume_find(struct tarn_volume **out, struct tarn_context *context,
                     const char *key_or_path, struct tarn_error **error)
{
    struct arena *arena = arena_new();
    const char *wanted = arena != NULL ? pool_path_clean(arena, key_or_path) : NULL;
    struct tarn_pool **pools = NULL;
    size_t index;
    int status;

    if (wanted == NULL) {
        arena_free(arena);
        return error_set(error, TARN_E_INTERNAL, 0, "no memory to find a volume");
    }
    status = tarn_pool_list(&pools, context, TARN_LIST_ACTIVE, error);
    if (status == TARN_OK) {
        status = TARN_E_NOT_FOUND;
        for (index = 0; status != TARN_OK && pools[index] != NULL; index++)
            status = find_in(out, pools[index], wanted);
        if (status != TARN_OK)
            status = error_set(error, TARN_E_NOT_FOUND, 0,
                               "no active pool has a volume with the key or path \"%s\": start "
                               "its pool, or name the pool and the volume", wanted);
    }
    tarn_pool_list_free(pools);
    arena_free(arena);
    return status;
}

/* --- visits ----------------------------------------------------------------------------------- */

int volume_enter(struct volume_visit *visit, struct tarn_volume *volume, const char *operation,
                 enum lock_mode mode, struct tarn_job *job, struct tarn_error **error)
{
    struct tarn_pool *pool = volume->pool;
    int status;

    memset(visit, 0, sizeof(*visit));
    status = pool_enter(&visit->pool, pool, operation, volume->name, job, error);
    if (status != TARN_OK)
        return status;
    status = lock_take(&visit->lock, &visit->pool.operation, LOCK_VOLUME, pool->name, volume->name,
                       mode, error);
    if (status == TARN_OK)
        status = pool_observe_one(&visit->entry, pool, visit->pool.session,
                                  &visit->pool.operation, volume->name, error);
    if (status != TARN_OK)
        volume_leave(visit);
    return status;
}

void volume_leave(struct volume_visit *visit)
{
    volume_entry_unref(visit->entry);
    lock_release(&visit->lock);
    pool_leave(&visit->pool);
}

void volume_changed(struct volume_visit *visit)
{
    struct volume_entry *entry = NULL;

    pool_observe_one(&entry, visit->pool.pool, visit->pool.session, &visit->pool.operation,
                     visit->entry->info.name, NULL);
    pool_news_tell(visit->pool.pool, visit->pool.session, TARN_EVENT_VOLUME_CHANGED,
                   visit->entry->info.name, NULL);
    volume_entry_unref(entry);
}

/* --- what is known ---------------------------------------------------------------------------- */

struct record_holder {
    struct tarn_volume_record record; /* first */
    struct volume_entry *entry;       /* holds the texts */
};

static int record_new(struct tarn_volume_record **out, struct tarn_pool *pool,
                      struct volume_entry *entry, struct tarn_error **error)
{
    struct record_holder *holder = calloc(1, sizeof(*holder));
    struct tarn_volume_record *record;

    if (holder == NULL) {
        volume_entry_unref(entry);
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the record of a volume");
    }
    record = &holder->record;
    holder->entry = entry;
    record->struct_size = sizeof(*record);
    record->status = entry->info.status;
    record->recorded = entry->recorded;
    record->status_text = entry->info.status_text;
    record->name = entry->info.name;
    record->key = entry->info.key;
    record->path = entry->info.path;
    record->type = entry->info.type;
    record->format = entry->format;
    record->capacity = entry->info.capacity;
    record->allocation = entry->info.allocation;
    record->physical = entry->info.physical;
    record->backing_path = entry->backing_path;
    record->backing_format = entry->backing_format;
    record->observed = entry->observed;
    record->stale = entry->recalled || pool_hangs(pool);
    *out = record;
    return TARN_OK;
}

void tarn_volume_record_free(struct tarn_volume_record *record)
{
    struct record_holder *holder = (struct record_holder *)(void *)record;

    if (holder == NULL)
        return;
    volume_entry_unref(holder->entry);
    free(holder);
}

static int entry_now(struct volume_entry **out, struct tarn_volume *volume, uint32_t max_age,
                     struct tarn_error **error)
{
    if (max_age != UINT32_MAX)
        return look_at_one(out, volume->pool, volume->name, "vol-info", max_age, error);
    *out = inventory_find(volume->pool->inventory, volume->name);
    return *out != NULL ? TARN_OK : see_one(out, volume->pool, volume->name, "vol-info", error);
}

int tarn_volume_read(struct tarn_volume_record **out, struct tarn_volume *volume, uint32_t max_age,
                     struct tarn_error **error)
{
    struct volume_entry *entry = NULL;
    int status = entry_now(&entry, volume, max_age, error);

    return status == TARN_OK ? record_new(out, volume->pool, entry, error) : status;
}

int tarn_volume_xml(char **out, struct tarn_volume *volume, struct tarn_error **error)
{
    struct volume_entry *entry = NULL;
    struct volume_xml xml;
    int status = see_one(&entry, volume->pool, volume->name, "vol-dumpxml", error);

    if (status != TARN_OK)
        return status;
    xml.info = &entry->info;
    xml.image = entry->has_image ? &entry->image : NULL;
    xml.format = entry->unsaid ? NULL : entry->format;
    xml.backing_path = entry->backing_path;
    xml.backing_format = entry->backing_format;
    status = volume_xml_print(out, &xml, error);
    volume_entry_unref(entry);
    return status;
}
