/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The end of a volume's birth: it appears under its name, whole and recorded, or not at all.
 */
#include <stdlib.h>

#include "core/volume/volume-birth.h"

/* --- one container ---------------------------------------------------------------------------- */

/* The storage may give it another name than was asked for. */
static int take_name(void *arg, struct call *call, const struct tarn_volume_info *volume)
{
    struct birth *birth = arg;
    const char *name = arena_strdup(birth->def->arena, volume->name);

    if (name == NULL)
        return tarn_fail(&call->abi, TARN_E_INTERNAL, 0, "no memory for a volume");
    birth->def->abi.name = name;
    return TARN_OK;
}

static int publish_container(struct birth *birth, void **container, struct tarn_error **error)
{
    static const struct call_sink sink = { .volume = take_name };
    const struct pool_session *session = birth->visit.session;
    struct call call;
    int status;

    pool_call_begin(&call, birth->visit.session, &birth->visit.operation, NULL);
    if (container == &birth->container) {
        call.sink = &sink;
        call.sink_arg = birth;
    }
    status = session->type.type->volume_publish(&call.abi, session->handle, *container);
    *container = NULL; /* ended either way */
    return pool_call_end(&call, birth->visit.session, status, error);
}

static void abort_container(struct birth *birth, void **container)
{
    const struct pool_session *session = birth->visit.session;
    struct call call;

    if (*container == NULL)
        return;
    pool_call_begin(&call, birth->visit.session, &birth->visit.operation, NULL);
    session->type.type->volume_abort(&call.abi, session->handle, *container);
    pool_call_end(&call, birth->visit.session, TARN_OK, NULL);
    *container = NULL;
}

/* --- its further files ------------------------------------------------------------------------ */

static void delete_published(struct birth *birth, size_t count)
{
    const struct pool_session *session = birth->visit.session;
    struct call call;

    while (count > 0) {
        pool_call_begin(&call, birth->visit.session, &birth->visit.operation, NULL);
        pool_call_end(&call, birth->visit.session,
                      session->type.type->volume_delete(&call.abi, session->handle,
                                                        birth->family.members[--count].name),
                      NULL);
    }
}

static int publish_family(struct birth *birth, size_t *out_count, struct tarn_error **error)
{
    struct family *family = &birth->family;
    int status = TARN_OK;

    *out_count = 0;
    while (status == TARN_OK && *out_count < family->count) {
        status = publish_container(birth, &family->members[*out_count].container, error);
        *out_count += status == TARN_OK;
    }
    return status;
}

/* --- the record ------------------------------------------------------------------------------- */

/* A guest can write a header into a volume whose bytes are all its own, and an image that names
 * other files is followed only on our word: those are recorded; and all, where nobody looks what the
 * bytes are. */
static bool needs_record(const struct birth *birth)
{
    return birth->format.format != NULL &&
           ((birth->format.format->capabilities & TARN_FORMAT_TRANSPARENT) ||
            (birth->visit.session->type.type->flags & TARN_POOL_BYTES) ||
            birth->spec.backing_name != NULL || birth->family.count > 0);
}

static int write_record(struct birth *birth, bool pending, struct tarn_error **error)
{
    const struct tarn_volume_def *def = &birth->def->abi;
    struct volume_record record = {
        .format = (char *)(uintptr_t)birth->format.format->name,
        .key = (char *)(uintptr_t)birth->key,
        .backing_format = (char *)(uintptr_t)birth->spec.backing_format,
        .backing_path = (char *)(uintptr_t)birth->spec.backing_name,
        .pending = pending,
    };
    size_t i;
    int status;

    if (birth->family.count > 0)
        record.files = calloc(birth->family.count, sizeof(*record.files));
    if (birth->family.count > 0 && record.files == NULL)
        return error_set(error, TARN_E_INTERNAL, 0, "no memory for the record of a volume");
    for (i = 0; i < birth->family.count; i++)
        record.files[record.file_count++] = birth->family.members[i].name;
    status = record_write(birth->visit.pool->context, birth->visit.pool->name, def->name, &record,
                          error);
    free(record.files); /* the names are the family's */
    return status;
}

static int drop_record(struct birth *birth, struct tarn_error **error)
{
    return record_remove(birth->visit.pool->context, birth->visit.pool->name,
                         birth->def->abi.name, error);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* The record comes first: a volume is never seen without it, nor with one that a volume of the
 * same name left behind, which somebody else removed. One of several files says until the end that
 * it is pending: what a kill leaves of it is found and removed. */
int birth_publish(struct birth *birth, struct tarn_error **error)
{
    bool several = birth->family.count > 0;
    const char *asked = birth->def->abi.name;
    size_t published = 0;
    int status = needs_record(birth) ? write_record(birth, several, error)
                                     : drop_record(birth, error);

    if (status != TARN_OK)
        return status;
    status = publish_family(birth, &published, error);
    if (status == TARN_OK)
        status = publish_container(birth, &birth->container, error);
    if (status != TARN_OK) {
        delete_published(birth, published);
        drop_record(birth, NULL);
        return status;
    }
    if (birth->def->abi.name != asked)
        record_move(birth->visit.pool->context, birth->visit.pool->name, asked,
                    birth->def->abi.name, NULL);
    return several ? write_record(birth, false, error) : TARN_OK;
}

int birth_keep_key(struct birth *birth, const struct volume_entry *entry,
                   struct tarn_error **error)
{
    if (!(birth->visit.session->type.type->flags & TARN_POOL_BYTES) || !needs_record(birth))
        return TARN_OK;
    birth->key = entry->info.key;
    return write_record(birth, false, error);
}

void birth_abort(struct birth *birth)
{
    size_t i;

    family_close(&birth->family, false, NULL);
    for (i = 0; i < birth->family.count; i++)
        abort_container(birth, &birth->family.members[i].container);
    abort_container(birth, &birth->container);
}
