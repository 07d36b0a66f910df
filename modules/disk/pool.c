/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pool: its definition, and whether its disk is there.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"

/* --- the definition --------------------------------------------------------------------------- */

/* The first counts, as in libvirt. */
static const char *device_of(const struct tarn_pool_def *def)
{
    return def->source->devices[0] != NULL ? def->source->devices[0]->path : NULL;
}

int32_t disk_define(struct tarn_call *call)
{
    const char *device = device_of(call->pool);

    if (device == NULL || device[0] != '/')
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the source of a disk pool is one <device path='/dev/…'/>");
    if (call->pool->target_path == NULL || call->pool->target_path[0] != '/')
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the target of a disk pool is an absolute <path>, such as /dev");
    return TARN_OK;
}

int32_t disk_claims(struct tarn_call *call)
{
    char claim[PATH_MAX + 8];

    snprintf(claim, sizeof(claim), "device:%s", device_of(call->pool));
    return call->host->emit_claim(call, claim);
}

int32_t disk_pool_open(struct tarn_call *call, void **out_pool)
{
    const struct tarn_pool_def *def = call->pool;
    const char *format = def->source->format != NULL ? def->source->format : "unknown";
    struct disk_pool *pool = calloc(1, sizeof(*pool));

    if (pool != NULL) {
        pool->device = strdup(device_of(def));
        pool->folder = strdup(def->target_path);
        pool->format = strdup(format);
        pool->label = label_find(format);
        pool->separator = def->source->devices[0]->part_separator == 1;
    }
    if (pool == NULL || pool->device == NULL || pool->folder == NULL || pool->format == NULL) {
        disk_pool_close(pool);
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a pool");
    }
    *out_pool = pool;
    return TARN_OK;
}

void disk_pool_close(void *handle)
{
    struct disk_pool *pool = handle;

    if (pool == NULL)
        return;
    free(pool->device);
    free(pool->folder);
    free(pool->format);
    free(pool);
}

/* --- its disk --------------------------------------------------------------------------------- */

int32_t disk_check(struct tarn_call *call, void *pool, uint32_t *out_active)
{
    struct disk disk;
    int32_t status = disk_open(call, pool, 0, &disk);

    if (status == TARN_OK)
        status = disk_look(call, &disk);
    disk_close(&disk);
    *out_active = status == TARN_OK;
    if (status != TARN_E_NOT_FOUND && status != TARN_E_STATE)
        return status;
    call->host->forget(call);
    return TARN_OK;
}

static int32_t refuse_lvm(struct tarn_call *call, const struct disk_pool *pool)
{
    if (strcmp(pool->format, "lvm2") != 0)
        return TARN_OK;
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                     "%s as an LVM physical volume has no partitions: use a pool of the type "
                     "logical", pool->device);
}

/* The kernel reads no tables of some kinds, and may have been told nothing by who was killed. */
int32_t disk_start(struct tarn_call *call, void *pool)
{
    struct disk disk;
    int32_t status = refuse_lvm(call, pool);

    if (status != TARN_OK)
        return status;
    status = disk_open(call, pool, 0, &disk);
    if (status == TARN_OK)
        status = disk_look(call, &disk);
    if (status == TARN_OK)
        status = kernel_let_go(call, &disk, &disk.table);
    if (status == TARN_OK)
        status = kernel_tell(call, &disk, &disk.table);
    disk_close(&disk);
    return status;
}

/* The partitions stay: there is nothing to let go of. */
int32_t disk_stop(struct tarn_call *call, void *pool, uint32_t flags)
{
    (void)call;
    (void)pool;
    (void)flags;
    return TARN_OK;
}
