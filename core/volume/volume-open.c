/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening a volume: its container by the pool type, the image in it by the format.
 */
#include <string.h>

#include "core/image/io-guard.h"
#include "core/registry/registry.h"
#include "core/volume/volume.h"

static int open_container(struct tarn_io **out, struct pool_session *session,
                          struct operation *operation, const char *name, uint32_t flags,
                          struct tarn_error **error)
{
    const struct tarn_pool_type *type = session->type.type;
    struct tarn_io *io = NULL;
    struct call call;
    int status;

    if (type->volume_open == NULL)
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "the bytes of volumes in pools of the type %s cannot be reached",
                         type->name);
    pool_call_begin(&call, session, operation, NULL);
    status = pool_call_end(&call, session,
                           type->volume_open(&call.abi, session->handle, name, flags, &io), error);
    if (status != TARN_OK)
        return status;
    if (io == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "the module opened a volume and gave no bytes");
    status = io_guard(&io, session->type.module, error);
    if (status != TARN_OK) {
        call_begin(&call, operation, session->type.module);
        call_end(&call, tarn_io_close(&call.abi, io), NULL);
    }
    if (status == TARN_OK)
        *out = io;
    return status;
}

int volume_container(struct tarn_io **out, struct pool_session *session,
                     struct operation *operation, const char *name, enum container_use use,
                     struct tarn_error **error)
{
    struct tarn_io *io = NULL;
    int status = open_container(&io, session, operation, name,
                                use == CONTAINER_WRITE ? TARN_OPEN_WRITE : 0, error);

    if (status == TARN_OK)
        status = container_lock(io, operation, use, error);
    if (status == TARN_OK)
        *out = io;
    else
        container_close(io, operation, NULL);
    return status;
}

static bool is_own_format(const struct pool_session *session, const char *format)
{
    const char *const *own = session->type.type->volume_formats;

    for (; own != NULL && *own != NULL; own++)
        if (format != NULL && strcmp(*own, format) == 0)
            return true;
    return false;
}

int volume_format(struct format_ref *out, struct tarn_context *context,
                  const struct volume_entry *entry, struct tarn_error **error)
{
    if (entry->info.status != TARN_VOLUME_OK && entry->format == NULL)
        return error_set(error, TARN_E_IO, 0, "the volume \"%s\" cannot be used: %s",
                         entry->info.name, entry->info.status_text);
    if (entry->format == NULL || entry->info.format != NULL)
        return error_set(error, TARN_E_UNSUPPORTED, 0, "the volume \"%s\" holds no image",
                         entry->info.name);
    return registry_format(out, context->registry, entry->format, error);
}

int volume_place_find(struct volume_place *out, struct tarn_pool *pool,
                      struct pool_session *session, const struct volume_entry *entry,
                      struct tarn_error **error)
{
    bool files = (session->type.type->flags & TARN_POOL_VOLUME_IS_FILE) != 0;
    int status = record_read(&out->record, pool->context, pool->name, entry->info.name, error);

    record_hold_to(&out->record, entry->info.key);
    out->place = (struct image_place){
        .path = entry->info.path,
        .root = files ? session->def->abi.target_path : NULL,
        .pool = files ? pool->name : NULL,
        .approved = out->record.backing_path,
        .approved_format = out->record.backing_format,
        .recorded = entry->recorded,
    };
    return status;
}

int volume_image(struct image **out, struct tarn_pool *pool, struct pool_session *session,
                 struct operation *operation, const struct volume_entry *entry, uint32_t flags,
                 struct tarn_error **error)
{
    struct volume_place place = { .record = { 0 } };
    struct tarn_io *container = NULL;
    struct format_ref format;
    int status;

    if (is_own_format(session, entry->format))
        return error_set(error, TARN_E_UNSUPPORTED, 0, "a volume of the format %s has no content "
                         "to open", entry->format);
    status = volume_format(&format, pool->context, entry, error);
    if (status == TARN_OK)
        status = volume_place_find(&place, pool, session, entry, error);
    if (status == TARN_OK)
        status = volume_container(&container, session, operation, entry->info.name,
                                  flags & TARN_IMAGE_OPEN_WRITE ? CONTAINER_WRITE : CONTAINER_READ,
                                  error);
    if (status == TARN_OK)
        status = image_open(out, operation, &format, container, &place.place, flags, NULL, NULL,
                            error);
    record_clear(&place.record);
    return status;
}
