/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pool.c - the handle of a pool, and which mounts are its own.
 */
#include "netfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Whichever host it was mounted from, and whatever "auto" had found. */
static bool is_ours(const struct mounted_volumes *volumes, const struct mount_entry *entry)
{
    const struct netfs *netfs = (const struct netfs *)volumes;
    const struct netfs_kind *const *kind;
    char *const *host;

    for (host = netfs->hosts; *host != NULL; host++)
        for (kind = netfs_kinds; *kind != NULL; kind++)
            if ((netfs->kind == NULL || netfs->kind == *kind) &&
                netfs_is_mount_of(*kind, *host, netfs->dir, entry))
                return true;
    return false;
}

/* Tells as well which of the hosts it is. */
static int32_t emit_pool(struct tarn_call *call, const struct file_volumes *volumes,
                         struct tarn_pool_info *info)
{
    struct tarn_property from = { .struct_size = sizeof(from), .name = "mounted-from" };
    const struct tarn_property *const properties[] = { &from, NULL };
    uint64_t who = netfs_step_out();
    struct mount_entry entry;
    bool found;
    int32_t status = mount_find(call, volumes->path, &entry, &found);

    if (status == TARN_OK && found) {
        from.value = entry.source;
        info->properties = properties;
    }
    if (status == TARN_OK)
        status = call->host->emit_pool(call, info);
    mount_entry_clear(&entry);
    netfs_step_in(who);
    return status;
}

static void hosts_free(char **hosts)
{
    char **host;

    for (host = hosts; host != NULL && *host != NULL; host++)
        free(*host);
    free(hosts);
}

/* NULL without memory. */
static char **hosts_copy(const struct tarn_source_host *const *hosts)
{
    size_t count = 0;
    char **copy;
    size_t i;

    while (hosts[count] != NULL)
        count++;
    copy = calloc(count + 1, sizeof(*copy));
    for (i = 0; copy != NULL && i < count; i++)
        if ((copy[i] = strdup(hosts[i]->name)) == NULL) {
            hosts_free(copy);
            return NULL;
        }
    return copy;
}

static int32_t fill_in(struct tarn_call *call, struct netfs *netfs)
{
    const struct tarn_source *source = call->pool->source;
    int32_t status = mounted_volumes_init(call, &netfs->volumes, is_ours);

    if (status != TARN_OK)
        return status;
    netfs->volumes.files.open_denied = netfs_open_as_owner;
    netfs->volumes.files.step_out = netfs_step_out;
    netfs->volumes.files.step_in = netfs_step_in;
    netfs->volumes.files.emit_pool = emit_pool;
    netfs->kind = netfs_kind_find(source->format);
    netfs->hosts = hosts_copy(source->hosts);
    netfs->dir = strdup(source->dir);
    if (netfs->hosts != NULL && netfs->dir != NULL)
        return TARN_OK;
    mounted_volumes_fini(&netfs->volumes);
    return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a pool");
}

int32_t netfs_open(struct tarn_call *call, void **out_pool)
{
    struct netfs *netfs = calloc(1, sizeof(*netfs));
    int32_t status;

    if (netfs == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a pool");
    status = fill_in(call, netfs);
    if (status == TARN_OK) {
        *out_pool = netfs;
        return TARN_OK;
    }
    hosts_free(netfs->hosts);
    free(netfs->dir);
    free(netfs);
    return status;
}

void netfs_close(void *pool)
{
    struct netfs *netfs = pool;

    if (netfs == NULL)
        return;
    mounted_volumes_fini(&netfs->volumes);
    hosts_free(netfs->hosts);
    free(netfs->dir);
    free(netfs);
}

int32_t netfs_build(struct tarn_call *call, void *pool, uint32_t flags)
{
    int32_t status = mounted_volumes_need_unmounted(call, pool);

    return status == TARN_OK ? file_volumes_build(call, pool, flags) : status;
}
