/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a pool can do now: what its type's descriptor has, narrowed by what the module tells of this
 * very pool, widened by what the core does itself, and whether the state of the pool allows it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/sized.h"
#include "core/pool/pool.h"
#include "core/registry/plugin-conf.h"

/* Words that a newer module knows are passed on, but not without end. */
#define MOST_CAPABILITIES 64u

/* A list and the arena that the records and their texts lie in. */
struct abilities {
    struct arena *arena;
    const struct tarn_pool_type *type;
    bool active;
    size_t count;
    struct tarn_pool_capability_record *records[MOST_CAPABILITIES + 1];
};

/* --- by the descriptor ------------------------------------------------------------------------ */

static bool is_sized(const struct tarn_pool_type *type)
{
    return (type->flags & TARN_POOL_SIZED_CONTAINERS) != 0;
}

static bool can_build(const struct tarn_pool_type *type)
{
    return type->build != NULL;
}

static bool can_delete(const struct tarn_pool_type *type)
{
    return type->remove != NULL;
}

static bool can_watch(const struct tarn_pool_type *type)
{
    return type->watch_open != NULL;
}

static bool can_create(const struct tarn_pool_type *type)
{
    return type->volume_allocate != NULL;
}

/* A container that grows as it is written is thin by itself. */
static bool can_thin(const struct tarn_pool_type *type)
{
    return can_create(type) && !is_sized(type);
}

static bool can_snapshot(const struct tarn_pool_type *type)
{
    return can_create(type) && (type->flags & TARN_POOL_SNAPSHOTS) != 0;
}

static bool can_clone(const struct tarn_pool_type *type)
{
    return type->volume_clone != NULL;
}

static bool can_open(const struct tarn_pool_type *type)
{
    return type->volume_open != NULL;
}

static bool can_resize(const struct tarn_pool_type *type)
{
    return is_sized(type) ? type->volume_resize != NULL : type->volume_open != NULL;
}

static bool can_remove(const struct tarn_pool_type *type)
{
    return type->volume_delete != NULL;
}

static bool never(const struct tarn_pool_type *type)
{
    (void)type;
    return false;
}

/* Some format of image that rests on another one keeps the difference. */
static bool can_layer(const struct tarn_pool_type *type)
{
    return can_create(type) && (type->flags & TARN_POOL_IMAGES) != 0;
}

static bool can_copy(const struct tarn_pool_type *type)
{
    return can_create(type) && can_open(type);
}

/* How the core knows an operation; the texts stand where it is no more than that. */
static const struct operation_kind {
    const char *word;
    bool (*native)(const struct tarn_pool_type *type);
    bool (*emulated)(const struct tarn_pool_type *type);
    bool when_active; /* or else inactive */
    const char *none;
    const char *how;
} kinds[] = {
    { TARN_OPERATION_BUILD, can_build, never, false, "its storage is not made by tarn", NULL },
    { TARN_OPERATION_DELETE, can_delete, never, false, "its storage is not made by tarn", NULL },
    { TARN_OPERATION_WATCH, can_watch, never, true, "what others change is seen by a refresh",
      NULL },
    { TARN_OPERATION_CREATE, can_create, never, true, "volumes are made by other means", NULL },
    { TARN_OPERATION_THIN, can_thin, never, true, "the space of a volume is taken as it is made",
      NULL },
    { TARN_OPERATION_SNAPSHOT, can_snapshot, can_layer, true, "nothing keeps the difference",
      "a format with a backing store keeps the difference" },
    { TARN_OPERATION_CLONE, can_clone, can_copy, true, "volumes are made by other means",
      "the bytes are copied" },
    { TARN_OPERATION_GROW, can_resize, never, true, "volumes keep their size", NULL },
    { TARN_OPERATION_SHRINK, can_resize, never, true, "volumes keep their size", NULL },
    { TARN_OPERATION_WIPE, never, can_open, true, "its volumes cannot be opened",
      "the bytes are overwritten" },
    { TARN_OPERATION_UPLOAD, can_open, never, true, "its volumes cannot be opened", NULL },
    { TARN_OPERATION_DOWNLOAD, can_open, never, true, "its volumes cannot be opened", NULL },
    { TARN_OPERATION_REMOVE, can_remove, never, true, "volumes are deleted by other means", NULL },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct tarn_pool_capability_record *add(struct abilities *list, const char *word)
{
    struct tarn_pool_capability_record *record = arena_alloc(list->arena, sizeof(*record));

    if (record == NULL)
        return NULL;
    record->struct_size = sizeof(*record);
    record->operation = arena_strdup(list->arena, word);
    record->ready = list->active;
    list->records[list->count++] = record;
    return record;
}

static void derive(struct abilities *list)
{
    size_t i;

    for (i = 0; i < KINDS; i++) {
        const struct operation_kind *kind = &kinds[i];
        struct tarn_pool_capability_record *record = add(list, kind->word);

        if (record == NULL)
            return;
        record->ready = list->active == kind->when_active;
        record->support = kind->native(list->type)     ? TARN_SUPPORT_NATIVE
                          : kind->emulated(list->type) ? TARN_SUPPORT_EMULATED
                                                       : TARN_SUPPORT_NONE;
    }
}

/* --- by the module ---------------------------------------------------------------------------- */

static struct tarn_pool_capability_record *find(struct abilities *list, const char *word)
{
    size_t i;

    for (i = 0; i < list->count; i++)
        if (strcmp(list->records[i]->operation, word) == 0)
            return list->records[i];
    return NULL;
}

/* A number between two that are known is as good as the lower. */
static uint32_t known_support(uint32_t support)
{
    if (support >= TARN_SUPPORT_NATIVE)
        return TARN_SUPPORT_NATIVE;
    return support >= TARN_SUPPORT_EMULATED ? TARN_SUPPORT_EMULATED : TARN_SUPPORT_NONE;
}

/* What has no function is not promised, but for what needs none of its own. */
static void narrow(struct tarn_pool_capability_record *record, uint32_t told)
{
    bool grows = strcmp(record->operation, TARN_OPERATION_THIN) == 0;

    if (told < record->support || grows)
        record->support = told;
}

static int take_capability(void *arg, struct call *call, const struct tarn_capability *told)
{
    struct abilities *list = arg;
    struct tarn_pool_capability_record *record;
    struct tarn_capability own;

    sized_copy(&own, sizeof(own), told);
    if (!plugin_name_valid(own.operation))
        return tarn_fail(&call->abi, TARN_E_INTERNAL, 0,
                         "the module tells a capability without the name of an operation");
    record = find(list, own.operation);
    if (record != NULL) {
        narrow(record, known_support(own.support));
    } else if (list->count < MOST_CAPABILITIES && (record = add(list, own.operation)) != NULL) {
        record->support = known_support(own.support);
    }
    if (record == NULL)
        return tarn_fail(&call->abi, TARN_E_INTERNAL, 0,
                         "the module tells more capabilities than there is room for");
    record->reason = arena_strdup(list->arena, own.reason);
    record->minimum = own.minimum;
    record->maximum = own.maximum;
    record->granularity = own.granularity;
    return TARN_OK;
}

static int ask_module(struct abilities *list, struct pool_visit *visit, struct tarn_error **error)
{
    static const struct call_sink sink = { .capability = take_capability };
    struct pool_session *session = visit->session;
    struct call call;

    if (list->type->capabilities == NULL)
        return TARN_OK;
    pool_call_begin(&call, session, &visit->operation, "capabilities");
    call.sink = &sink;
    call.sink_arg = list;
    return pool_call_end(&call, session, list->type->capabilities(&call.abi, session->handle),
                         error);
}

/* --- by what the core does, and the state ----------------------------------------------------- */

/* What the storage does not, the core may do; but nothing that makes a volume where none is made. */
static void emulate(struct abilities *list, const struct operation_kind *kind)
{
    struct tarn_pool_capability_record *record = find(list, kind->word);
    bool makes = kind->emulated == can_layer || kind->emulated == can_copy ||
                 kind->native == can_thin;
    const struct tarn_pool_capability_record *create = find(list, TARN_OPERATION_CREATE);

    if (makes && create->support == TARN_SUPPORT_NONE) {
        record->support = TARN_SUPPORT_NONE;
        record->reason = create->reason;
    } else if (record->support == TARN_SUPPORT_NONE && kind->emulated(list->type)) {
        record->support = TARN_SUPPORT_EMULATED;
    }
}

static void give_reason(struct abilities *list, const struct operation_kind *kind)
{
    struct tarn_pool_capability_record *record = find(list, kind->word);

    if (record->reason == NULL && record->support == TARN_SUPPORT_NONE)
        record->reason = kind->none;
    else if (record->support != TARN_SUPPORT_NONE && !record->ready)
        record->reason = list->active ? "the pool is active: stop it first"
                                      : "the pool is not active: start it first";
    else if (record->reason == NULL && record->support == TARN_SUPPORT_EMULATED)
        record->reason = kind->how;
}

static void complete(struct abilities *list)
{
    size_t i;

    for (i = 0; i < KINDS; i++) {
        emulate(list, &kinds[i]);
        give_reason(list, &kinds[i]);
    }
}

/* --- the list --------------------------------------------------------------------------------- */

static int fill_active(struct abilities *list, struct tarn_pool *pool, struct tarn_job *job,
                       struct tarn_error **error)
{
    struct pool_visit visit;
    int status = pool_enter(&visit, pool, "pool-capabilities", NULL, job, error);

    if (status != TARN_OK)
        return status;
    list->type = visit.session->type.type;
    derive(list);
    status = ask_module(list, &visit, error);
    pool_leave(&visit);
    return status;
}

static int fill_inactive(struct abilities *list, struct tarn_pool *pool, struct tarn_job *job,
                         struct tarn_error **error)
{
    struct pool_session *session = NULL;
    struct operation operation;
    int status;

    operation_begin(&operation, pool->context, "pool-capabilities", pool->name, NULL, job);
    status = pool_session_get(&session, pool, &operation, error);
    if (status == TARN_OK) {
        list->type = session->type.type;
        derive(list);
    }
    pool_session_unref(session);
    operation_end(&operation);
    return status;
}

static struct abilities *abilities_new(void)
{
    struct arena *arena = arena_new();
    struct abilities *list = arena != NULL ? arena_alloc(arena, sizeof(*list)) : NULL;

    if (list != NULL)
        list->arena = arena;
    else
        arena_free(arena);
    return list;
}

int tarn_pool_capability_list(struct tarn_pool_capability_record ***out, struct tarn_pool *pool,
                              struct tarn_job *job, struct tarn_error **error)
{
    struct abilities *list = abilities_new();
    int status = list != NULL ? pool_follow(pool, error)
                              : error_set(error, TARN_E_INTERNAL, ENOMEM, "no capabilities");

    if (status == TARN_OK) {
        list->active = pool_is_active(pool);
        status = list->active ? fill_active(list, pool, job, error)
                              : fill_inactive(list, pool, job, error);
    }
    if (status == TARN_OK && !arena_failed(list->arena))
        complete(list);
    if (status == TARN_OK && arena_failed(list->arena))
        status = error_set(error, TARN_E_INTERNAL, ENOMEM, "no capabilities");
    if (status == TARN_OK)
        *out = list->records;
    else if (list != NULL)
        arena_free(list->arena);
    return status;
}

void tarn_pool_capability_list_free(struct tarn_pool_capability_record **list)
{
    if (list != NULL)
        arena_free(((struct abilities *)(void *)((char *)list -
                                                 offsetof(struct abilities, records)))->arena);
}
