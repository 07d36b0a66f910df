/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Deleting a volume, unless others rest on it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/flags.h"
#include "core/volume/record.h"
#include "core/volume/volume.h"

/* How many dependents an error names. */
#define NAMED_DEPENDENTS 5u

/* --- who needs it ----------------------------------------------------------------------------- */

struct dependents {
    const char *path; /* plain */
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

/* The path without "//", "." and "..", by its letters: what stands in an image is somebody else's
 * word, and the file system is not asked about it. NULL without memory. */
static char *plain_path(const char *path)
{
    char *plain = malloc(strlen(path) + 2);
    size_t length = 0;

    while (plain != NULL && *path != '\0') {
        size_t part = strcspn(path, "/");

        if (part == 2 && memcmp(path, "..", 2) == 0) {
            while (length > 0 && plain[--length] != '/')
                ;
        } else if (part > 0 && !(part == 1 && *path == '.')) {
            plain[length++] = '/';
            memcpy(plain + length, path, part);
            length += part;
        }
        path += part + (path[part] == '/');
    }
    if (plain != NULL)
        plain[length] = '\0';
    return plain;
}

static bool means(const char *name, const char *path)
{
    char *plain = plain_path(name);
    bool same = plain != NULL && strcmp(plain, path) == 0;

    free(plain);
    return same;
}

static bool rests_on(const struct volume_entry *entry, const char *path)
{
    const char *const *file = entry->files;

    if (entry->backing_path != NULL && means(entry->backing_path, path))
        return true;
    while (file != NULL && *file != NULL && !means(*file, path))
        file++;
    return file != NULL && *file != NULL;
}

static void look_through(struct dependents *dependents, struct tarn_pool *pool)
{
    struct volume_entry **entries = inventory_all(pool->inventory);
    size_t index;

    for (index = 0; entries != NULL && entries[index] != NULL; index++)
        if (rests_on(entries[index], dependents->path))
            add_name(dependents, pool->name, entries[index]->info.name);
    volume_entry_list_free(entries);
}

unsigned volume_dependents(char *text, size_t size, struct tarn_context *context, const char *path)
{
    char *plain = plain_path(path);
    struct dependents dependents = { plain, text, size, 0, 0 };
    struct tarn_pool **pools = NULL;
    size_t index;

    text[0] = '\0';
    if (plain != NULL && tarn_pool_list(&pools, context, TARN_LIST_ACTIVE, NULL) == TARN_OK)
        for (index = 0; pools[index] != NULL; index++)
            look_through(&dependents, pools[index]);
    tarn_pool_list_free(pools);
    free(plain);
    return dependents.count;
}

/* Overlays in other pools: what was last seen there may be long ago, or nothing. Their states are
 * not locked (entering a second pool here could wait for who waits for us); one that cannot be
 * looked at counts as it was seen last. */
static int look_at_others(struct volume_visit *visit, struct tarn_error **error)
{
    struct operation *operation = &visit->pool.operation;
    struct tarn_pool **pools = NULL;
    size_t index;
    int status = tarn_pool_list(&pools, operation->context, TARN_LIST_ACTIVE, error);

    for (index = 0; status == TARN_OK && pools[index] != NULL; index++) {
        struct pool_session *session = NULL;

        if (pools[index] != visit->pool.pool && !pool_hangs(pools[index]) &&
            pool_session_get(&session, pools[index], operation, NULL) == TARN_OK)
            pool_observe_all(pools[index], session, operation, NULL);
        pool_session_unref(session);
        status = operation_interrupted(operation, error);
    }
    tarn_pool_list_free(pools);
    return status;
}

/* Whoever makes an overlay holds the lock of its backing store, and we hold it alone: what the look
 * at the pools does not find now will not be there later. */
static int check_dependents(struct volume_visit *visit, struct tarn_error **error)
{
    char names[1024];
    unsigned count;
    int status = pool_observe_all(visit->pool.pool, visit->pool.session, &visit->pool.operation,
                                  error);

    if (status == TARN_OK)
        status = look_at_others(visit, error);
    if (status != TARN_OK)
        return status;
    count = volume_dependents(names, sizeof(names), visit->pool.pool->context,
                              visit->entry->info.path);
    if (count == 0)
        return TARN_OK;
    return error_set(error, TARN_E_BUSY, 0,
                     "the volume \"%s\" is needed by %s%s: delete or rebase them first",
                     visit->entry->info.name, names, count > NAMED_DEPENDENTS ? " and more" : "");
}

/* A program that has it open would go on with a file that has no name, and lose it at its end. What
 * cannot be opened can be deleted. */
static int check_unused(struct volume_visit *visit, struct tarn_error **error)
{
    struct operation *operation = &visit->pool.operation;
    struct tarn_io *io = NULL;
    int status;

    if (volume_container(&io, visit->pool.session, operation, visit->entry->info.name,
                         CONTAINER_LOOK, NULL) != TARN_OK)
        return TARN_OK;
    status = container_lock(io, operation, CONTAINER_WRITE, error);
    container_close(io, operation, NULL);
    return status;
}

/* --- deleting --------------------------------------------------------------------------------- */

static int remove_one(struct volume_visit *visit, const char *name, struct tarn_error **error)
{
    struct pool_session *session = visit->pool.session;
    struct tarn_pool *pool = visit->pool.pool;
    struct call call;
    int status;

    pool_call_begin(&call, session, &visit->pool.operation, NULL);
    status = session->type.type->volume_delete(&call.abi, session->handle, name);
    /* Before the call ends: then another one may bear its name. */
    if (status == TARN_OK && inventory_remove(pool->inventory, name, 0))
        tell_volume(pool, TARN_EVENT_VOLUME_REMOVED, name);
    if (status == TARN_OK)
        pool_news_tell(pool, session, TARN_EVENT_VOLUME_REMOVED, name, NULL);
    return pool_call_end(&call, session, status, error);
}

/* The files that were made with it go with it. One that somebody else removed is gone. */
static int remove_files(struct volume_visit *visit, const struct volume_record *record,
                        struct tarn_error **error)
{
    int status = TARN_OK;
    size_t i;

    for (i = 0; i < record->file_count && status == TARN_OK; i++) {
        struct tarn_error *why = NULL;

        status = remove_one(visit, record->files[i], &why);
        if (status != TARN_OK && status != TARN_E_NOT_FOUND && why != NULL)
            return error_pass(error, why);
        tarn_error_free(why);
        status = TARN_OK;
    }
    return status;
}

/* Unless another volume bears the name by now, with a record of its own. A record without its volume
 * does no harm: the next start drops it. */
static void drop_record(struct volume_visit *visit)
{
    struct tarn_pool *pool = visit->pool.pool;
    const char *name = visit->entry->info.name;
    struct volume_record record;

    if (record_read(&record, pool->context, pool->name, name, NULL) != TARN_OK)
        return;
    record_hold_to(&record, visit->entry->info.key);
    if (record.format != NULL)
        record_remove(pool->context, pool->name, name, NULL);
    record_clear(&record);
}

/* Before the volume goes its record says so: whoever finds the record without it removes the
 * files. */
static int remove_it(struct volume_visit *visit, struct tarn_error **error)
{
    struct tarn_pool *pool = visit->pool.pool;
    const char *name = visit->entry->info.name;
    struct volume_record record;
    int status = record_read(&record, pool->context, pool->name, name, error);

    if (status == TARN_OK && record.file_count > 0) {
        record.pending = true;
        status = record_write(pool->context, pool->name, name, &record, error);
    }
    if (status == TARN_OK)
        status = remove_one(visit, name, error);
    if (status == TARN_OK)
        status = remove_files(visit, &record, error);
    record_clear(&record);
    if (status == TARN_OK)
        drop_record(visit);
    return status;
}

/* In case it stays: then all that it held is gone. */
static int wipe(struct volume_visit *visit, struct tarn_error **error)
{
    int status = volume_wipe(visit, "zero", error);

    volume_changed(visit);
    return status;
}

int tarn_volume_delete(struct tarn_volume *volume, uint32_t flags, struct tarn_job *job,
                       struct tarn_error **error)
{
    if (flags_unknown(flags, TARN_VOLUME_DELETE_FORCE | TARN_VOLUME_DELETE_WIPE, error))
        return TARN_E_INVALID;

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
    if (status == TARN_OK && !(flags & TARN_VOLUME_DELETE_FORCE))
        status = check_unused(&visit, error);
    if (status == TARN_OK && (flags & TARN_VOLUME_DELETE_WIPE))
        status = wipe(&visit, error);
    if (status == TARN_OK)
        status = remove_it(&visit, error);
    volume_leave(&visit);
    return status;
}
