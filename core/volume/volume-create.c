/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Creating volumes. Nothing is seen of one before it is whole; what fails on the way is taken back.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/flags.h"
#include "core/image/io-guard.h"
#include "core/registry/params.h"
#include "core/volume/volume-birth.h"

#define CREATE_FLAGS \
    (TARN_DEFINE_VALIDATE | TARN_VOLUME_PREALLOC_METADATA | TARN_VOLUME_IDEMPOTENT | \
     TARN_VOLUME_SHARE_REQUIRE | TARN_VOLUME_SHARE_NEVER)

/* --- locks: all volumes that it touches, in one order ----------------------------------------- */

struct wanted_lock {
    const char *pool;
    const char *volume;
    enum lock_mode mode;
};

static int by_lock_order(const void *left, const void *right)
{
    const struct wanted_lock *a = left;
    const struct wanted_lock *b = right;
    int order = lock_order(a->pool, a->volume, b->pool, b->volume);

    return order != 0 ? order : (int)b->mode - (int)a->mode; /* the stronger first */
}

static int lock_volumes(struct birth *birth, struct tarn_error **error)
{
    struct wanted_lock wanted[3] = {
        { birth->visit.pool->name, birth->def->abi.name, LOCK_EXCLUSIVE },
    };
    size_t count = 1;
    size_t index;
    int status = TARN_OK;

    if (birth->source != NULL)
        wanted[count++] =
            (struct wanted_lock){ birth->source->pool->name, birth->source->name, LOCK_SHARED };
    if (birth->backing != NULL)
        wanted[count++] =
            (struct wanted_lock){ birth->backing->pool->name, birth->backing->name, LOCK_SHARED };
    qsort(wanted, count, sizeof(wanted[0]), by_lock_order);
    for (index = 0; status == TARN_OK && index < count; index++) {
        if (index > 0 && lock_order(wanted[index].pool, wanted[index].volume,
                                    wanted[index - 1].pool, wanted[index - 1].volume) == 0)
            continue;
        status = lock_take(&birth->locks[index], &birth->visit.operation, LOCK_VOLUME,
                           wanted[index].pool, wanted[index].volume, wanted[index].mode, error);
    }
    return status;
}

/* --- what is asked of the modules ------------------------------------------------------------- */

static uint32_t preallocation(const struct birth *birth)
{
    const struct tarn_volume_def *def = &birth->def->abi;

    if (!(birth->flags & TARN_VOLUME_PREALLOC_METADATA) || birth->is_snapshot)
        return TARN_PREALLOC_OFF;
    return def->allocation < def->capacity ? TARN_PREALLOC_METADATA : TARN_PREALLOC_FALLOC;
}

static void fill_specs(struct birth *birth)
{
    const struct tarn_volume_def *def = &birth->def->abi;

    birth->spec = (struct tarn_image_spec){
        .struct_size = sizeof(birth->spec),
        .preallocation = preallocation(birth),
        .capacity = def->capacity,
        .allocation = birth->is_snapshot ? 0 : def->allocation, /* it shows its origin's bytes */
        .backing_name = birth->is_snapshot ? NULL : def->backing_path,
        .backing_format = birth->is_snapshot ? NULL : def->backing_format,
        .subformat = birth->def->image.subformat,
        .compat = def->compat,
        .cluster_size = def->cluster_size,
        .features = def->features,
    };
    birth->container_spec = (struct tarn_container_spec){
        .struct_size = sizeof(birth->container_spec),
        .name = birth->def->unnamed ? "" : def->name,
        .format = birth->format.format == NULL ? def->format : NULL,
        .size = def->capacity,
        .capacity = def->capacity,
        .allocation = def->allocation,
        .permissions = def->permissions,
        .nocow = def->nocow,
    };
}

static int take_options(struct birth *birth, struct tarn_error **error)
{
    const struct tarn_format *format = birth->format.format;
    struct arena *arena = birth->def->arena;

    if (format == NULL)
        return TARN_OK;
    if (birth->def->image.compress && !(format->capabilities & TARN_FORMAT_COMPRESS))
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s cannot be asked to compress", format->name);
    return params_check(&birth->spec.options, arena, format->params, birth->def->image.options,
                        arena_printf(arena, "the format %s", format->name), error);
}

void birth_take(struct birth *birth, int status)
{
    if (status == TARN_OK)
        return;
    birth->container = NULL;
    birth->io = NULL;
}

static int allocate(struct birth *birth, struct tarn_error **error)
{
    const struct pool_session *session = birth->visit.session;
    struct call call;
    int status = birth->source != NULL ? birth_share(birth, error) : TARN_OK;

    if (status != TARN_OK || birth->shares)
        return status;
    pool_call_begin(&call, birth->visit.session, &birth->visit.operation, NULL);
    call.abi.volume = &birth->def->abi;
    call.volume_xml = birth->def->xml;
    status = session->type.type->volume_allocate(&call.abi, session->handle,
                                                 &birth->container_spec, &birth->container,
                                                 &birth->io);
    birth_take(birth, status);
    status = pool_call_end(&call, birth->visit.session, status, error);
    if (status == TARN_OK && birth->io != NULL)
        status = io_guard(&birth->io, session->type.module, error);
    return status;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool is_equal(const struct birth *birth, const struct volume_entry *entry)
{
    const struct tarn_volume_def *def = &birth->def->abi;
    const char *format = birth->format.format != NULL ? birth->format.format->name : def->format;
    const char *backing = entry->backing_path;

    if (entry->format == NULL || format == NULL || strcmp(entry->format, format) != 0)
        return entry->format == NULL && format == NULL;
    if ((backing == NULL) != (def->backing_path == NULL) ||
        (backing != NULL && strcmp(backing, def->backing_path) != 0))
        return false;
    return entry->info.capacity == def->capacity;
}

/* TARN_OK with *out_done: there is an equal one, and that is what was asked for. */
static int check_absent(struct birth *birth, bool *out_done, struct tarn_error **error)
{
    struct volume_entry *entry = NULL;
    struct tarn_error *why = NULL;
    const char *name = birth->def->abi.name;
    int status = pool_observe_one(&entry, birth->visit.pool, birth->visit.session,
                                  &birth->visit.operation, name, &why);

    *out_done = false;
    if (status == TARN_E_NOT_FOUND) {
        tarn_error_free(why);
        return TARN_OK;
    }
    if (status != TARN_OK)
        return why != NULL ? error_pass(error, why) : status;
    *out_done = (birth->flags & TARN_VOLUME_IDEMPOTENT) && is_equal(birth, entry);
    volume_entry_unref(entry);
    if (*out_done)
        return TARN_OK;
    return error_set(error, TARN_E_EXISTS, 0,
                     birth->flags & TARN_VOLUME_IDEMPOTENT
                         ? "the pool %s has a volume \"%s\" already, with another format, capacity "
                           "or backing store: choose another name, or delete it"
                         : "the pool %s has a volume \"%s\" already: choose another name, or "
                           "delete it", birth->visit.pool->name, name);
}

static int bear(struct birth *birth, struct tarn_error **error)
{
    bool done = false;
    int status = birth_settle(birth, error);

    if (status == TARN_OK)
        status = check_absent(birth, &done, error);
    if (status != TARN_OK || done)
        return status;
    fill_specs(birth);
    status = take_options(birth, error);
    if (status == TARN_OK)
        status = birth_measure(birth, error);
    if (status == TARN_OK)
        status = allocate(birth, error);
    if (status == TARN_OK)
        status = birth_fill(birth, error);
    if (status == TARN_OK)
        status = operation_interrupted(&birth->visit.operation, error);
    if (status == TARN_OK)
        status = birth_publish(birth, error);
    if (status != TARN_OK)
        birth_abort(birth);
    return status;
}

static int create(struct birth *birth, struct tarn_volume **out, struct tarn_error **error)
{
    struct tarn_pool *pool = birth->visit.pool;
    struct volume_entry *entry = NULL;
    int status = lock_volumes(birth, error);

    if (status == TARN_OK)
        status = bear(birth, error);
    if (status == TARN_OK)
        status = pool_observe_one(&entry, pool, birth->visit.session, &birth->visit.operation,
                                  birth->def->abi.name, error);
    if (status == TARN_OK)
        pool_news_tell(pool, birth->visit.session, TARN_EVENT_VOLUME_ADDED, birth->def->abi.name,
                       NULL);
    if (status == TARN_OK)
        status = birth_keep_key(birth, entry, error);
    if (status == TARN_OK)
        status = volume_new(out, pool, birth->def->abi.name, error);
    volume_entry_unref(entry);
    return status;
}

/* Two pools are entered in the order of their names, as everybody does who enters two. */
static int enter_pools(struct birth *birth, struct tarn_pool *pool, struct tarn_job *job,
                       struct tarn_error **error)
{
    struct tarn_pool *other = birth->source != NULL ? birth->source->pool : pool;
    bool other_first = strcmp(other->name, pool->name) < 0;
    int status = TARN_OK;

    birth->two_pools = strcmp(other->name, pool->name) != 0;
    if (birth->two_pools && other_first)
        status = pool_enter(&birth->source_visit, other, "vol-create-from", NULL, job, error);
    if (status != TARN_OK) {
        birth->two_pools = false;
        return status;
    }
    status = pool_enter(&birth->visit, pool,
                        birth->source != NULL ? "vol-create-from" : "vol-create", NULL, job, error);
    if (status == TARN_OK && birth->two_pools && !other_first) {
        status = pool_enter(&birth->source_visit, other, "vol-create-from", NULL, job, error);
        if (status != TARN_OK)
            pool_leave(&birth->visit);
    } else if (status != TARN_OK && birth->two_pools && other_first) {
        pool_leave(&birth->source_visit);
    }
    return status;
}

static void leave_pools(struct birth *birth)
{
    size_t index;

    for (index = 0; index < sizeof(birth->locks) / sizeof(birth->locks[0]); index++)
        lock_release(&birth->locks[index]);
    if (birth->two_pools)
        pool_leave(&birth->source_visit);
    pool_leave(&birth->visit);
}

/* Enters the pools and reads the request. Finding the backing store enters pools, too, and nobody
 * may enter a pool twice (who waits for it alone would come between): so with a backing store the
 * pools are left and entered again. */
static int prepare(struct birth *birth, struct tarn_pool *pool, const char *xml,
                   struct tarn_job *job, struct tarn_error **error)
{
    int status = enter_pools(birth, pool, job, error);

    if (status != TARN_OK)
        return status;
    status = birth_request(birth, xml, error);
    if (status != TARN_OK || birth->def->abi.backing_path != NULL) {
        leave_pools(birth);
        if (status == TARN_OK)
            status = birth_find_backing(birth, error);
        if (status == TARN_OK)
            status = enter_pools(birth, pool, job, error);
    }
    if (status == TARN_OK)
        operation_set_names(&birth->visit.operation, NULL, birth->def->abi.name);
    return status;
}

int tarn_volume_create_from(struct tarn_volume **out, struct tarn_pool *pool, const char *xml,
                            struct tarn_volume *source, uint32_t flags, struct tarn_job *job,
                            struct tarn_error **error)
{
    if (flags_unknown(flags, CREATE_FLAGS, error))
        return TARN_E_INVALID;

    struct birth birth = { .source = source, .flags = flags };
    int status;

    birth_family_init(&birth);
    status = prepare(&birth, pool, xml, job, error);

    if (status == TARN_OK) {
        status = create(&birth, out, error);
        leave_pools(&birth);
    }
    family_clear(&birth.family);
    free(birth.path);
    volume_entry_unref(birth.source_entry);
    volume_entry_unref(birth.backing_entry);
    tarn_volume_unref(birth.backing);
    volume_def_free(birth.def);
    return status;
}

int tarn_volume_create(struct tarn_volume **out, struct tarn_pool *pool, const char *xml,
                       uint32_t flags, struct tarn_job *job, struct tarn_error **error)
{
    return tarn_volume_create_from(out, pool, xml, NULL, flags, job, error);
}
