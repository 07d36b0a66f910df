/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happens between a module's emit_volume and the inventory. This is the hot path of a refresh:
 * a known volume costs a comparison, a new one the copy of what was told and one call of its
 * format.
 */
#include "core/pool/observe.h"

#include <string.h>
#include <sys/stat.h>

#include "core/base/sized.h"
#include "core/context/event.h"
#include "core/pool/look-inside.h"
#include "core/volume/record.h"

void tell_volume(struct tarn_pool *pool, uint32_t kind, const char *volume)
{
    struct pool_text *text;

    if (!events_wanted(pool->context))
        return;
    text = pool_current_text(pool, false);
    event_add(pool->context, kind, pool->name, text != NULL ? text->head.uuid : NULL, volume,
              NULL);
    pool_text_unref(text);
}

/* --- copying what was told -------------------------------------------------------------------- */

static const struct tarn_permissions *copy_permissions(struct arena *arena,
                                                       const struct tarn_permissions *told)
{
    struct tarn_permissions *copy;

    if (told == NULL)
        return NULL;
    copy = arena_alloc(arena, sizeof(*copy));
    if (copy == NULL)
        return NULL;
    sized_copy(copy, sizeof(*copy), told);
    copy->label = arena_strdup(arena, copy->label);
    return copy;
}

static const struct tarn_device_extent *const *
copy_extents(struct arena *arena, const struct tarn_device_extent *const *told)
{
    const struct tarn_device_extent **list;
    size_t count = 0;
    size_t index;

    if (told == NULL)
        return NULL;
    while (told[count] != NULL)
        count++;
    list = arena_alloc(arena, (count + 1) * sizeof(struct tarn_device_extent *));
    for (index = 0; list != NULL && index < count; index++) {
        struct tarn_device_extent *copy = arena_alloc(arena, sizeof(*copy));

        if (copy == NULL)
            return NULL;
        sized_copy(copy, sizeof(*copy), told[index]);
        copy->device = arena_strdup(arena, copy->device);
        copy->kind = NULL;
        list[index] = copy;
    }
    return list;
}

void volume_entry_fill(struct volume_entry *entry, const struct tarn_volume_info *told)
{
    struct tarn_volume_info *info = &entry->info;
    struct arena *arena = entry->arena;

    sized_copy(info, sizeof(*info), told);
    info->name = arena_strdup(arena, info->name);
    info->path = arena_strdup(arena, info->path);
    info->key = info->key != NULL ? arena_strdup(arena, info->key) : info->path;
    info->type = arena_strdup(arena, info->type);
    info->format = arena_strdup(arena, info->format);
    info->status_text = arena_strdup(arena, info->status_text);
    info->backing_path = arena_strdup(arena, info->backing_path);
    info->backing_format = arena_strdup(arena, info->backing_format);
    info->permissions = copy_permissions(arena, info->permissions);
    info->extents = copy_extents(arena, info->extents);
    if (info->identity != NULL)
        sized_copy(&entry->identity, sizeof(entry->identity), info->identity);
    info->identity = &entry->identity;
    info->head = NULL;
    info->head_length = 0;
    info->io = NULL;
    info->mark = NULL;
    entry->format = info->format;
    entry->backing_path = info->backing_path;
    entry->backing_format = info->backing_format;
}

/* --- the backing store ------------------------------------------------------------------------ */

/* Only beneath the pool's folder is the file system asked: the name is somebody else's word. */
static bool backing_is_missing(const struct observer *observer, const struct volume_entry *entry)
{
    const char *root = observer->session->def->abi.target_path;
    size_t length = root != NULL ? strlen(root) : 0;
    struct stat known;

    /* What the storage itself has told of, it judges itself. */
    if (entry->backing_path == NULL || entry->backing_path == entry->info.backing_path ||
        length == 0 ||
        strncmp(entry->backing_path, root, length) != 0 || entry->backing_path[length] != '/')
        return false;
    return lstat(entry->backing_path, &known) < 0;
}

static void check_backing(const struct observer *observer, struct volume_entry *entry)
{
    if (entry->info.status != TARN_VOLUME_OK || !backing_is_missing(observer, entry))
        return;
    entry->info.status = TARN_VOLUME_BROKEN_BACKING;
    entry->info.status_text =
        arena_printf(entry->arena, "the backing store %s is missing", entry->backing_path);
}

/* --- is it the unit that it was? ---------------------------------------------------------------- */

/* One that is not hides no other: what cannot be recognised is not to be used, and is told so. */
static void check_mark(struct call *call, struct volume_entry *entry, const char *mark)
{
    struct tarn_error *why = NULL;
    int status;

    if (mark == NULL || entry->info.status != TARN_VOLUME_OK || call->session == NULL ||
        call->session->pool == NULL)
        return;
    status = pool_recognise(call, entry->info.name, mark, 0, &why);
    if (status != TARN_OK) {
        entry->info.status = TARN_VOLUME_UNREADABLE;
        entry->info.status_text =
            status == TARN_E_REPLACED
                ? arena_printf(entry->arena, "it is another disk than the one that the pool had "
                               "there: if that is wanted, start the pool with --adopt")
                : arena_strdup(entry->arena,
                               why != NULL ? tarn_error_message(why) : "it cannot be recognised");
    }
    tarn_error_free(why);
}

/* --- the sink --------------------------------------------------------------------------------- */

/* A volume of one of the type's own formats holds an image only if we put one there. */
static bool may_hold_image(const struct tarn_pool_type *type, const struct volume_entry *entry)
{
    return entry->info.status == TARN_VOLUME_OK && (type->flags & TARN_POOL_IMAGES) &&
           (entry->info.format == NULL || (type->flags & TARN_POOL_BYTES));
}

static int take_volume(void *arg, struct call *call, const struct tarn_volume_info *told)
{
    static const uint32_t events[] = { [INVENTORY_ADDED] = TARN_EVENT_VOLUME_ADDED,
                                       [INVENTORY_CHANGED] = TARN_EVENT_VOLUME_CHANGED };
    struct observer *observer = arg;
    struct volume_entry *entry = volume_entry_new();
    enum inventory_news news;

    if (entry == NULL)
        return tarn_fail(&call->abi, TARN_E_INTERNAL, 0, "no memory for a volume");
    volume_entry_fill(entry, told);
    entry->observed = clock_realtime();
    if (entry->info.name != NULL && TARN_REACHES(told, struct tarn_volume_info, mark))
        check_mark(call, entry, told->mark);
    if (may_hold_image(observer->session->type.type, entry))
        look_inside(observer, entry, call, told);
    check_backing(observer, entry);
    if (arena_failed(entry->arena) || entry->info.name == NULL || entry->info.path == NULL) {
        volume_entry_unref(entry);
        return tarn_fail(&call->abi, TARN_E_INTERNAL, 0,
                         "a volume without a name or path, or no memory for it");
    }
    if (observer->single) {
        volume_entry_unref(observer->found);
        observer->found = volume_entry_ref(entry);
    }
    volume_entry_ref(entry); /* the inventory may drop its own at once */
    news = inventory_put(observer->pool->inventory, entry, observer->generation);
    if (news <= INVENTORY_CHANGED)
        atomic_store(&observer->changed, true);
    if (observer->tell && news <= INVENTORY_CHANGED)
        tell_volume(observer->pool, events[news], entry->info.name);
    volume_entry_unref(entry);
    return TARN_OK;
}

/* A backing store comes and goes without its overlay changing. */
static bool still_true(void *arg, const struct volume_entry *entry)
{
    const struct observer *observer = arg;

    if (entry->info.status == TARN_VOLUME_OK)
        return !backing_is_missing(observer, entry);
    return entry->info.status == TARN_VOLUME_CORRUPT;
}

static int know_volume(void *arg, const char *name, const struct tarn_identity *identity)
{
    struct observer *observer = arg;

    if (observer->single) /* who asks for one volume wants it told */
        return 0;
    return inventory_confirm(observer->pool->inventory, name, observer->generation, identity,
                             still_true, observer);
}

static int take_pool(void *arg, const struct tarn_pool_info *info)
{
    struct observer *observer = arg;

    pool_keep_sizes(observer->pool, info);
    if (observer->gathering != NULL)
        pool_gather_properties(observer->gathering, info->properties);
    return TARN_OK;
}

static int take_free_extent(void *arg, const struct tarn_device_extent *extent)
{
    struct observer *observer = arg;

    if (observer->gathering != NULL)
        pool_gather_free(observer->gathering, extent);
    return TARN_OK;
}

const struct call_sink observer_sink = {
    .volume = take_volume,
    .volume_known = know_volume,
    .pool = take_pool,
    .free_extent = take_free_extent,
};

/* --- looks ------------------------------------------------------------------------------------ */

static void observer_begin(struct observer *observer, struct tarn_pool *pool,
                           struct pool_session *session, struct operation *operation, bool single)
{
    memset(observer, 0, sizeof(*observer));
    observer->pool = pool;
    observer->session = session;
    observer->operation = operation;
    observer->single = single;
    observer->records = record_any(pool->context, pool->name);
    /* What was there before the first look at everything is no news. */
    observer->tell = events_wanted(pool->context) &&
                     (single || inventory_complete_since(pool->inventory) != 0);
    observer->generation = inventory_begin(pool->inventory);
}

static void tell_removed(void *arg, const struct volume_entry *entry)
{
    struct observer *observer = arg;

    atomic_store(&observer->changed, true);
    if (observer->tell)
        tell_volume(observer->pool, TARN_EVENT_VOLUME_REMOVED, entry->info.name);
}

int pool_observe_all(struct tarn_pool *pool, struct pool_session *session,
                     struct operation *operation, struct tarn_error **error)
{
    int64_t since = clock_monotonic();
    struct pool_gathering gathering;
    struct observer observer;
    struct call call;
    int status;

    observer_begin(&observer, pool, session, operation, false);
    pool_gathering_begin(&gathering);
    observer.gathering = &gathering;
    pool_call_begin(&call, session, operation, "refresh");
    call.sink = &observer_sink;
    call.sink_arg = &observer;
    status = pool_call_end(&call, session,
                           session->type.type->refresh(&call.abi, session->handle), error);
    pool_gathering_end(&gathering, status == TARN_OK ? pool : NULL);
    inventory_end(pool->inventory, observer.generation, status == TARN_OK ? since : 0,
                  tell_removed, &observer);
    if (status == TARN_OK)
        pool_seen_keep(pool, session, atomic_load(&observer.changed));
    return status;
}

int pool_observe_one(struct volume_entry **out, struct tarn_pool *pool,
                     struct pool_session *session, struct operation *operation, const char *name,
                     struct tarn_error **error)
{
    const struct tarn_pool_type *type = session->type.type;
    struct tarn_error *why = NULL;
    struct observer observer;
    struct call call;
    int status;

    if (type->volume_lookup == NULL) {
        status = pool_observe_all(pool, session, operation, error);
        *out = status == TARN_OK ? inventory_find(pool->inventory, name) : NULL;
        if (status == TARN_OK && *out == NULL)
            status = error_set(error, TARN_E_NOT_FOUND, 0, "the pool %s has no volume \"%s\"",
                               pool->name, name);
        return status;
    }
    observer_begin(&observer, pool, session, operation, true);
    pool_call_begin(&call, session, operation, "lookup");
    call.sink = &observer_sink;
    call.sink_arg = &observer;
    status = pool_call_end(&call, session, type->volume_lookup(&call.abi, session->handle, name),
                           &why);
    if (status == TARN_OK && observer.found == NULL)
        status = error_set(&why, TARN_E_INTERNAL, 0, "the module found it and told nothing");
    if (status == TARN_E_NOT_FOUND &&
        inventory_remove(pool->inventory, name, observer.generation) && observer.tell)
        tell_volume(pool, TARN_EVENT_VOLUME_REMOVED, name);
    inventory_end(pool->inventory, observer.generation, 0, NULL, NULL);
    if (status != TARN_OK) {
        volume_entry_unref(observer.found);
        return why != NULL ? error_pass(error, why) : status;
    }
    *out = observer.found;
    return TARN_OK;
}

int pool_volume_entry(struct volume_entry **out, struct tarn_pool *pool,
                      struct pool_session *session, struct operation *operation, const char *name,
                      uint32_t max_age, struct tarn_error **error)
{
    if (max_age > 0) {
        struct volume_entry *entry = inventory_find(pool->inventory, name);
        int64_t age = entry != NULL ? (clock_realtime() - entry->observed) / 1000000 : 0;

        if (entry != NULL && (max_age == UINT32_MAX || age <= max_age)) {
            *out = entry;
            return TARN_OK;
        }
        volume_entry_unref(entry);
    }
    return pool_observe_one(out, pool, session, operation, name, error);
}
