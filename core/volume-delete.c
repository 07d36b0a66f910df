/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Deleting a volume, unless others rest on it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/record.h"
#include "core/volume.h"

/* How many dependents an error names. */
#define NAMED_DEPENDENTS 5u

/* --- who needs it -------------------------------------------------------------------------------------- */

struct dependents {
    const char *path;
    char *text;
    size_t size;
    size_t used;
    unsigned count;
};

static void add_name(struct dependents *dependents, const char *pool, const char *volume)
{
    int length;

    dependents->count++;
    if (dependents->count > NAMED_DEPENDENTS)
        return;
    length = snprintf(dependents->text + dependents->used, dependents->size - dependents->used,
                      "%s\"%s\" in %s", dependents->used > 0 ? ", " : "", volume, pool);
    if (length > 0 && (size_t)length < dependents->size - dependents->used)
        dependents->used += (size_t)length;
}

static void look_through(struct dependents *dependents, struct tarn_pool *pool)
{
    struct volume_entry **entries = inventory_all(pool->inventory);
    size_t index;

    for (index = 0; entries != NULL && entries[index] != NULL; index++)
        if (entries[index]->backing_path != NULL &&
            strcmp(entries[index]->backing_path, dependents->path) == 0)
            add_name(dependents, pool->name, entries[index]->info.name);
    volume_entry_list_free(entries);
}

unsigned volume_dependents(char *text, size_t size, struct tarn_context *context, const char *path)
{
    struct dependents dependents = { path, text, size, 0, 0 };
    struct tarn_pool **pools = NULL;
    size_t index;

    text[0] = '\0';
    if (tarn_pool_list(&pools, context, TARN_LIST_ACTIVE, NULL) != TARN_OK)
        return 0;
    for (index = 0; pools[index] != NULL; index++)
        look_through(&dependents, pools[index]);
    tarn_pool_list_free(pools);
    return dependents.count;
}

/* Whoever makes an overlay holds the lock of its backing store, and we hold it alone: what the look
 * at the pool does not find now will not be there later. */
static int check_dependents(struct volume_visit *visit, struct tarn_error **error)
{
    char names[1024];
    unsigned count;
    int status = pool_observe_all(visit->pool.pool, visit->pool.session, &visit->pool.operation,
                                  error);

    if (status != TARN_OK)
        return status;
    count = volume_dependents(names, sizeof(names), visit->pool.pool->context,
                              visit->entry->info.path);
    if (count == 0)
        return TARN_OK;
    return error_set(error, TARN_E_BUSY, 0,
                     "the volume \"%s\" is the backing store of %s%s: delete or rebase them first",
                     visit->entry->info.name, names, count > NAMED_DEPENDENTS ? " and more" : "");
}

/* --- deleting ---------------------------------------------------------------------------------------------- */

static int remove_it(struct volume_visit *visit, struct tarn_error **error)
{
    struct pool_session *session = visit->pool.session;
    struct tarn_pool *pool = visit->pool.pool;
    const char *name = visit->entry->info.name;
    struct call call;
    int status;

    pool_call_begin(&call, session, &visit->pool.operation, NULL);
    status = session->type.type->volume_delete(&call.abi, session->handle, name);
    status = pool_call_end(&call, session, status, error);
    if (status != TARN_OK)
        return status;
    if (inventory_remove(pool->inventory, name, 0))
        tell_volume(pool, TARN_EVENT_VOLUME_REMOVED, name);
    /* A record without its volume does no harm: the next start drops it. */
    record_remove(pool->context, pool->name, name, NULL);
    return TARN_OK;
}

int tarn_volume_delete(struct tarn_volume *volume, uint32_t flags, struct tarn_job *job,
                       struct tarn_error **error)
{
    struct volume_visit visit;
    int status = volume_enter(&visit, volume, "vol-delete", LOCK_EXCLUSIVE, job, error);

    if (status != TARN_OK)
        return status;
    if (visit.pool.session->type.type->volume_delete == NULL)
        status = error_set(error, TARN_E_UNSUPPORTED, 0,
                           "volumes in pools of the type %s cannot be deleted",
                           visit.pool.session->type.type->name);
    if (status == TARN_OK && !(flags & TARN_VOLUME_DELETE_FORCE))
        status = check_dependents(&visit, error);
    if (status == TARN_OK)
        status = remove_it(&visit, error);
    volume_leave(&visit);
    return status;
}
