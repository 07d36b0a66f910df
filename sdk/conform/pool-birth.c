/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-birth.c - volumes are made: allocated, filled, closed, published, or taken back.
 */
#include <string.h>

#include "conform/pool.h"

int32_t pool_name_check(struct pool *pool, const char *name)
{
    if (pool->type->volume_name_check == NULL)
        return TARN_OK;
    host_begin(pool->host, "volume_name_check", HOST_MAY_IDENTIFY);
    return host_end(pool->host,
                    pool->type->volume_name_check(&pool->host->call, pool->handle, name));
}

/* --- one birth -------------------------------------------------------------------------------- */

/* The type's own format, if that is its default; else the container of an image. */
static const char *own_format(const struct tarn_pool_type *type)
{
    const char *const *own = type->volume_formats;

    for (; own != NULL && *own != NULL; own++)
        if (type->default_volume_format != NULL && strcmp(*own, type->default_volume_format) == 0)
            return *own;
    return NULL;
}

void birth_resize(struct birth *birth, uint64_t size)
{
    birth->spec.size = size;
    birth->spec.capacity = size;
    birth->spec.allocation = size;
    birth->def.capacity = size;
    birth->def.allocation = size;
}

void birth_init(struct birth *out, struct pool *pool, const char *name)
{
    static const char *const no_features[] = { NULL };
    const struct tarn_pool_type *type = pool->type;

    memset(out, 0, sizeof(*out));
    out->pool = pool;
    out->permissions = (struct tarn_permissions){
        .struct_size = sizeof(out->permissions),
        .mode = TARN_MODE_UNSET,
        .owner = TARN_OWNER_UNSET,
        .group = TARN_OWNER_UNSET,
    };
    out->spec.struct_size = sizeof(out->spec);
    out->spec.name = name;
    out->spec.format = own_format(type);
    out->spec.permissions = &out->permissions;
    out->def.struct_size = sizeof(out->def);
    out->def.name = name;
    out->def.format = type->default_volume_format;
    out->def.permissions = &out->permissions;
    out->def.features = no_features;
    birth_resize(out, pool->size);
}

/* The definition lies where the trial can find it: a birth may be copied. */
static void show_definition(struct birth *birth)
{
    birth->spec.permissions = &birth->permissions;
    birth->def.permissions = &birth->permissions;
    birth->pool->host->call.volume = &birth->def;
}

static int32_t allocated(struct birth *birth, const char *operation, int32_t status)
{
    struct host *host = birth->pool->host;

    host->call.volume = NULL;
    host_end(host, status);
    if (status != TARN_OK) { /* what a failure left there counts for nothing */
        birth->container = NULL;
        birth->io = NULL;
    }
    trial_require(host->trial, status != TARN_OK || birth->container != NULL,
                  "%s answered ok and gave no container", operation);
    return status;
}

int32_t birth_allocate(struct birth *birth)
{
    struct pool *pool = birth->pool;

    show_definition(birth);
    host_begin(pool->host, "volume_allocate", HOST_MAY_IDENTIFY);
    return allocated(birth, "volume_allocate",
                     pool->type->volume_allocate(&pool->host->call, pool->handle, &birth->spec,
                                                 &birth->container, &birth->io));
}

int32_t birth_clone(struct birth *birth, const char *of)
{
    struct pool *pool = birth->pool;

    show_definition(birth);
    birth->spec.clone_of = of;
    host_begin(pool->host, "volume_clone", HOST_MAY_IDENTIFY);
    return allocated(birth, "volume_clone",
                     pool->type->volume_clone(&pool->host->call, pool->handle, &birth->spec,
                                              &birth->container, &birth->io));
}

int32_t birth_fill(struct birth *birth, unsigned seed)
{
    return birth->io != NULL ? store_fill(birth->pool, birth->io, birth->spec.size, seed) : TARN_OK;
}

int32_t birth_close(struct birth *birth)
{
    struct tarn_io *io = birth->io;
    int32_t status;
    int32_t closed;

    birth->io = NULL;
    if (io == NULL)
        return TARN_OK;
    status = store_flush(birth->pool, io);
    closed = store_close(birth->pool, io);
    return status != TARN_OK ? status : closed;
}

/* The name is that of the last volume that was told, where the storage gives it. */
static void take_name(struct birth *birth)
{
    const struct results *results = &birth->pool->host->results;

    if (results->volume_count > 0 && results->volumes[results->volume_count - 1].info.name != NULL)
        birth->spec.name = trial_text(
            birth->pool->trial, "%s", results->volumes[results->volume_count - 1].info.name);
    trial_require(birth->pool->trial, birth->spec.name[0] != '\0',
                  "volume_publish of a volume without a name told none: emit_volume says which one "
                  "the storage gave it");
}

int32_t birth_publish(struct birth *birth)
{
    struct pool *pool = birth->pool;
    void *container = birth->container;
    int32_t status;

    birth->container = NULL;
    host_begin(pool->host, "volume_publish", HOST_TAKES_VOLUMES | HOST_MAY_IDENTIFY);
    status = host_end(pool->host, pool->type->volume_publish(&pool->host->call, pool->handle,
                                                             container));
    if (status == TARN_OK)
        take_name(birth);
    return status;
}

void birth_abort(struct birth *birth)
{
    struct pool *pool = birth->pool;

    if (birth->io != NULL)
        store_close(pool, birth->io);
    birth->io = NULL;
    if (birth->container == NULL)
        return;
    host_begin(pool->host, "volume_abort", HOST_MAY_IDENTIFY);
    pool->type->volume_abort(&pool->host->call, pool->handle, birth->container);
    pool->host->operation = NULL;
    birth->container = NULL;
}

/* --- volumes for other checks ----------------------------------------------------------------- */

void pool_needs_lasting(struct trial *trial)
{
    if (trial_setting(trial, "volatile") != NULL)
        trial_skip(trial, "its configuration says that its volumes go when it is stopped");
}

static void overwrite(struct pool *pool, const char *name, unsigned seed)
{
    struct tarn_io *io = pool_bytes(pool, name, TARN_OPEN_WRITE);

    pool_must(pool, store_fill(pool, io, pool->size, seed), "pwrite");
    pool_bytes_close(pool, io);
}

/* The bytes are written to the volume, not to the container: that these are kept is a promise of
 * its own. */
static const char *make(struct pool *pool, unsigned number, unsigned seed)
{
    bool opens = pool->type->volume_open != NULL && !pool_cannot(pool, TARN_OPERATION_UPLOAD);
    struct birth birth;
    bool bytes;

    birth_init(&birth, pool, pool_volume_name(pool->trial, number));
    pool_must(pool, pool_name_check(pool, birth.spec.name), "volume_name_check");
    pool_must(pool, birth_allocate(&birth), "volume_allocate");
    bytes = birth.io != NULL;
    if (!opens || !(pool->type->flags & TARN_POOL_SIZED_CONTAINERS))
        pool_must(pool, birth_fill(&birth, seed), "writing into a new container");
    pool_must(pool, birth_close(&birth), "closing a new container");
    pool_must(pool, birth_publish(&birth), "volume_publish");
    if (opens && bytes)
        overwrite(pool, birth.spec.name, seed);
    return birth.spec.name;
}

static const char *found(struct pool *pool, unsigned number)
{
    const struct results *list = pool_list(pool);
    const struct result_volume *volume = NULL;

    for (size_t index = 0; index < list->volume_count && number > 0; index++)
        if (list->volumes[index].info.status == TARN_VOLUME_OK && --number == 0)
            volume = &list->volumes[index];
    if (volume == NULL)
        trial_skip(pool->trial, "it makes no volumes, and too few are there: let the command "
                                "`prepare` of the configuration make some");
    return volume->info.name;
}

static bool makes(const struct pool *pool)
{
    return pool->type->volume_allocate != NULL && !pool_cannot(pool, TARN_OPERATION_CREATE);
}

const char *pool_volume(struct pool *pool, unsigned number, unsigned seed)
{
    const char *name;

    if (makes(pool))
        return make(pool, number, seed);
    name = found(pool, number);
    overwrite(pool, name, seed);
    return name;
}

const char *pool_any_volume(struct pool *pool)
{
    return makes(pool) ? make(pool, 1, 1) : found(pool, 1);
}

int32_t pool_delete(struct pool *pool, const char *name)
{
    host_begin(pool->host, "volume_delete", HOST_MAY_IDENTIFY);
    return host_end(pool->host, pool->type->volume_delete(&pool->host->call, pool->handle, name));
}

int32_t pool_resize(struct pool *pool, const char *name, uint64_t size, uint32_t flags)
{
    host_begin(pool->host, "volume_resize", HOST_MAY_IDENTIFY);
    return host_end(pool->host, pool->type->volume_resize(&pool->host->call, pool->handle, name,
                                                          size, flags));
}
