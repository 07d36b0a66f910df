/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * squash.c - files as volumes, on servers that take root for nobody: an operation that root may not
 * do in the pool's directory is done as the directory's owner; a file that may not be opened is
 * opened as its owner; a volume that shall belong to somebody is made as that one, if it cannot be
 * made and given away.
 */
#include "netfs.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOKING (R_OK | X_OK)
#define CHANGING (R_OK | W_OK | X_OK)

/* What the thread was before. */
static struct netfs_identity begin(void *pool, int needed)
{
    const struct file_volumes *files = pool;
    struct netfs_identity identity = netfs_identity_for(files->path, needed);

    return netfs_identity_assume(&identity);
}

int32_t netfs_recover(struct tarn_call *call, void *pool)
{
    struct netfs_identity before = begin(pool, CHANGING);
    int32_t status = file_volumes_recover(call, pool);

    netfs_identity_assume(&before);
    return status;
}

int32_t netfs_capabilities(struct tarn_call *call, void *pool)
{
    struct netfs_identity before = begin(pool, CHANGING);
    int32_t status = file_volumes_capabilities(call, pool);

    netfs_identity_assume(&before);
    return status;
}

int32_t netfs_info(struct tarn_call *call, void *pool)
{
    struct netfs_identity before = begin(pool, LOOKING);
    int32_t status = file_volumes_info(call, pool);

    netfs_identity_assume(&before);
    return status;
}

int32_t netfs_refresh(struct tarn_call *call, void *pool)
{
    struct netfs_identity before = begin(pool, LOOKING);
    int32_t status = file_volumes_refresh(call, pool);

    netfs_identity_assume(&before);
    return status;
}

int32_t netfs_volume_lookup(struct tarn_call *call, void *pool, const char *name)
{
    struct netfs_identity before = begin(pool, LOOKING);
    int32_t status = file_volumes_volume_lookup(call, pool, name);

    netfs_identity_assume(&before);
    return status;
}

int32_t netfs_watch_open(struct tarn_call *call, void *pool, void **out_watch, int32_t *out_fd)
{
    struct netfs_identity before = begin(pool, LOOKING);
    int32_t status = file_volumes_watch_open(call, pool, out_watch, out_fd);

    netfs_identity_assume(&before);
    return status;
}

int32_t netfs_volume_open(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                          struct tarn_io **out_io)
{
    struct netfs_identity before = begin(pool, LOOKING);
    int32_t status = file_volumes_volume_open(call, pool, name, flags, out_io);

    netfs_identity_assume(&before);
    return status;
}

int32_t netfs_volume_delete(struct tarn_call *call, void *pool, const char *name)
{
    struct netfs_identity before = begin(pool, CHANGING);
    int32_t status = file_volumes_volume_delete(call, pool, name);

    netfs_identity_assume(&before);
    return status;
}

/* --- new volumes ------------------------------------------------------------------------------- */

/* A container, and as whom it was made: so it is published, or removed. */
struct owned {
    void *container;
    struct netfs_identity maker;
};

typedef int32_t (*make_fn)(struct tarn_call *call, void *pool,
                           const struct tarn_container_spec *spec, void **out_container,
                           struct tarn_io **out_io);

static int32_t make_as(struct tarn_call *call, void *pool, const struct tarn_container_spec *spec,
                       make_fn make, struct owned *owned, struct tarn_io **out_io)
{
    struct netfs_identity before = netfs_identity_assume(&owned->maker);
    int32_t status = make(call, pool, spec, &owned->container, out_io);

    netfs_identity_assume(&before);
    return status;
}

/* Root that is squashed can give nothing away; but it can be the one who shall have it. */
static bool other_maker(const struct tarn_permissions *wanted, const struct netfs_identity *tried,
                        struct netfs_identity *out)
{
    uint32_t group = wanted->group != TARN_OWNER_UNSET ? wanted->group
                     : tried->other ? tried->group : getegid();

    *out = netfs_identity_of(wanted->owner, group);
    return out->other && !(tried->other && tried->owner == out->owner &&
                           tried->group == out->group);
}

static int32_t make_owned(struct tarn_call *call, void *pool,
                          const struct tarn_container_spec *spec, make_fn make,
                          void **out_container, struct tarn_io **out_io)
{
    const struct file_volumes *files = pool;
    struct owned *owned = calloc(1, sizeof(*owned));
    struct netfs_identity other;
    int32_t status;

    if (owned == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to make a volume");
    owned->maker = netfs_identity_for(files->path, CHANGING);
    status = make_as(call, pool, spec, make, owned, out_io);
    if (status == TARN_E_ACCESS && other_maker(spec->permissions, &owned->maker, &other)) {
        call->host->forget(call);
        owned->maker = other;
        status = make_as(call, pool, spec, make, owned, out_io);
    }
    if (status == TARN_OK)
        *out_container = owned;
    else
        free(owned);
    return status;
}

int32_t netfs_volume_allocate(struct tarn_call *call, void *pool,
                              const struct tarn_container_spec *spec, void **out_container,
                              struct tarn_io **out_io)
{
    return make_owned(call, pool, spec, file_volumes_volume_allocate, out_container, out_io);
}

int32_t netfs_volume_clone(struct tarn_call *call, void *pool,
                           const struct tarn_container_spec *spec, void **out_container,
                           struct tarn_io **out_io)
{
    return make_owned(call, pool, spec, file_volumes_volume_clone, out_container, out_io);
}

int32_t netfs_volume_publish(struct tarn_call *call, void *pool, void *container)
{
    struct owned *owned = container;
    struct netfs_identity before = netfs_identity_assume(&owned->maker);
    int32_t status = file_volumes_volume_publish(call, pool, owned->container);

    netfs_identity_assume(&before);
    free(owned);
    return status;
}

void netfs_volume_abort(struct tarn_call *call, void *pool, void *container)
{
    struct owned *owned = container;
    struct netfs_identity before = netfs_identity_assume(&owned->maker);

    file_volumes_volume_abort(call, pool, owned->container);
    netfs_identity_assume(&before);
    free(owned);
}
