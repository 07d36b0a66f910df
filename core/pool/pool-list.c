/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding pools: by name, by UUID, all of them.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/flags.h"
#include "core/base/uuid-text.h"
#include "core/pool/pool.h"

static bool wanted(struct tarn_pool *pool, uint32_t filter)
{
    uint32_t is = 0;

    pthread_mutex_lock(&pool->mutex);
    is |= pool->active != NULL ? TARN_LIST_ACTIVE : TARN_LIST_INACTIVE;
    is |= pool->defined != NULL ? TARN_LIST_PERSISTENT : TARN_LIST_TRANSIENT;
    is |= pool->autostart ? TARN_LIST_AUTOSTART : TARN_LIST_NO_AUTOSTART;
    pthread_mutex_unlock(&pool->mutex);
    for (uint32_t group = 3; group <= 3u << 4; group <<= 2) /* the bits come in pairs */
        if ((filter & group) != 0 && (filter & group & is) == 0)
            return false;
    return true;
}

int tarn_pool_list(struct tarn_pool ***out, struct tarn_context *context, uint32_t filter,
                   struct tarn_error **error)
{
    if (flags_unknown(filter, TARN_LIST_ACTIVE | TARN_LIST_INACTIVE | TARN_LIST_PERSISTENT |
                      TARN_LIST_TRANSIENT | TARN_LIST_AUTOSTART | TARN_LIST_NO_AUTOSTART, error))
        return TARN_E_INVALID;

    struct tarn_pool **list = NULL;
    size_t from;
    size_t to = 0;
    int status = pools_all(&list, context, error);

    if (status != TARN_OK)
        return status;
    for (from = 0; list[from] != NULL; from++) {
        if (wanted(list[from], filter))
            list[to++] = list[from];
        else
            tarn_pool_unref(list[from]);
    }
    list[to] = NULL;
    *out = list;
    return TARN_OK;
}

int tarn_pool_lookup(struct tarn_pool **out, struct tarn_context *context, const char *name,
                     struct tarn_error **error)
{
    return pools_find(out, context, name, error);
}

static bool has_uuid(struct tarn_pool *pool, const char *uuid)
{
    struct pool_text *text = pool_current_text(pool, false);
    bool equal = text != NULL && text->head.uuid != NULL && strcmp(text->head.uuid, uuid) == 0;

    pool_text_unref(text);
    return equal;
}

int tarn_pool_lookup_by_uuid(struct tarn_pool **out, struct tarn_context *context,
                             const char *uuid, struct tarn_error **error)
{
    char wanted_uuid[UUID_TEXT_SIZE];
    struct tarn_pool **list = NULL;
    struct tarn_pool *found = NULL;
    size_t index;
    int status;

    if (uuid_text_read(wanted_uuid, uuid) < 0)
        return error_set(error, TARN_E_INVALID, 0, "\"%s\" is no UUID", uuid);
    status = pools_all(&list, context, error);
    if (status != TARN_OK)
        return status;
    for (index = 0; found == NULL && list[index] != NULL; index++)
        if (has_uuid(list[index], wanted_uuid))
            found = tarn_pool_ref(list[index]);
    tarn_pool_list_free(list);
    if (found == NULL)
        return error_set(error, TARN_E_NOT_FOUND, 0, "there is no pool with the UUID %s",
                         wanted_uuid);
    *out = found;
    return TARN_OK;
}
