/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-ends.c - volumes are deleted.
 */
#include <stdlib.h>

#include "conform/pool-checks.h"
#include "conform/pool.h"

static struct pool *deletable(struct trial *trial)
{
    struct pool *pool;

    pool = pool_of_births(trial);
    if (pool->type->volume_delete == NULL)
        trial_skip(trial, "it deletes no volumes");
    return pool;
}

void pool_deletion(struct trial *trial)
{
    struct pool *pool = deletable(trial);
    const char *other = pool_volume(pool, 2, 2);
    const char *name = pool_volume(pool, 1, 1);

    pool_must(pool, pool_delete(pool, name), "volume_delete");
    trial_require(trial, results_volume(pool_list(pool), name) == NULL,
                  "refresh tells the volume \"%s\", which was deleted", name);
    trial_require(trial, !pool_has(pool, name),
                  "volume_lookup finds the volume \"%s\", which was deleted", name);
    pool_must_hold(pool, other, pool->size, 2, "after another volume was deleted");
    pool_volume(pool, 1, 3);
    pool_end(pool);
}

/* Whoever holds it open may read what it was, or fail; nothing more. */
void pool_deleted_open(struct trial *trial)
{
    struct pool *pool = deletable(trial);
    const char *name = pool_volume(pool, 1, 1);
    struct tarn_io *io = pool_bytes(pool, name, TARN_OPEN_WRITE);
    uint8_t *buffer = trial_alloc(trial, 4096);
    int32_t status = pool_delete(pool, name);

    trial_require(trial, status == TARN_OK || status == TARN_E_BUSY,
                  "volume_delete of a volume that is open answered %s (%s): ok or busy is right",
                  status_word(status), pool->host->text);
    store_read(pool, io, buffer, 4096, 0);
    store_write(pool, io, buffer, 4096, 0);
    store_close(pool, io);
    trial_require(trial, pool_has(pool, name) == (status != TARN_OK),
                  "volume_delete of a volume that was open answered %s, and after it is closed the "
                  "volume is%s there", status_word(status), status != TARN_OK ? " not" : "");
    free(buffer);
    pool_end(pool);
}
