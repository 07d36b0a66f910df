/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Saying what a container holds: bytes that came from elsewhere into a volume which nobody looks
 * into, or whose record says otherwise.
 */
#include <string.h>

#include "core/registry/registry.h"
#include "core/volume/record.h"
#include "core/volume/volume.h"

static int check_request(struct volume_visit *visit, const char *format, struct tarn_error **error)
{
    const struct tarn_pool_type *type = visit->pool.session->type.type;
    struct format_ref found;

    if (!(type->flags & TARN_POOL_IMAGES))
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "volumes in pools of the type %s hold no images", type->name);
    if (visit->entry->files != NULL)
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "the bytes of the volume \"%s\" lie in other files, such as %s: its "
                         "format cannot be another", visit->entry->info.name,
                         visit->entry->files[0]);
    return registry_format(&found, visit->pool.pool->context->registry, format, error);
}

/* The record that says it; none, where a volume without one is just that. */
static int put_record(struct volume_visit *visit, const struct volume_record *record,
                      struct tarn_error **error)
{
    struct tarn_pool *pool = visit->pool.pool;
    const char *name = visit->entry->info.name;

    return record->format != NULL
               ? record_write(pool->context, pool->name, name, record, error)
               : record_remove(pool->context, pool->name, name, error);
}

/* Is it what the record says now? */
static int look(struct volume_visit *visit, struct tarn_error **error)
{
    struct volume_entry *seen = NULL;
    int status = pool_observe_one(&seen, visit->pool.pool, visit->pool.session,
                                  &visit->pool.operation, visit->entry->info.name, error);

    if (status == TARN_OK && seen->info.status != TARN_VOLUME_OK)
        status = error_set(error, TARN_E_INVALID, 0, "the volume \"%s\" holds no such image: %s",
                           seen->info.name, seen->info.status_text);
    volume_entry_unref(seen);
    return status;
}

static int set_format(struct volume_visit *visit, const char *format, struct tarn_error **error)
{
    struct tarn_pool *pool = visit->pool.pool;
    const struct tarn_pool_type *type = visit->pool.session->type.type;
    bool bytes = (type->flags & TARN_POOL_BYTES) != 0;
    bool is_default = bytes && strcmp(format, type->default_volume_format) == 0;
    const struct volume_record record = {
        .format = is_default ? NULL : (char *)(uintptr_t)format,
        .key = bytes ? (char *)(uintptr_t)visit->entry->info.key : NULL,
    };
    struct volume_record before;
    int status = record_read(&before, pool->context, pool->name, visit->entry->info.name, error);

    if (status != TARN_OK)
        return status;
    status = put_record(visit, &record, error);
    if (status == TARN_OK) {
        status = look(visit, error);
        if (status != TARN_OK)
            put_record(visit, &before, NULL);
    }
    record_clear(&before);
    return status;
}

int tarn_volume_set_format(struct tarn_volume *volume, const char *format, struct tarn_job *job,
                           struct tarn_error **error)
{
    struct volume_visit visit;
    int status = volume_enter(&visit, volume, "vol-format", LOCK_EXCLUSIVE, job, error);

    if (status != TARN_OK)
        return status;
    status = check_request(&visit, format, error);
    if (status == TARN_OK)
        status = set_format(&visit, format, error);
    volume_changed(&visit);
    volume_leave(&visit);
    return status;
}
