/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is asked for when a volume is created: the definition, its format, and the volumes that it
 * is copied from or rests on.
 */
#include <string.h>

#include "core/registry/registry.h"
#include "core/schema/schema.h"
#include "core/volume/volume-birth.h"

/* --- the request ------------------------------------------------------------------------------ */

static void warn(void *arg, const char *text)
{
    const struct birth *birth = arg;

    context_log(birth->visit.pool->context, TARN_LOG_WARNING, "%s", text);
}

static int validate(struct birth *birth, const char *xml, struct tarn_error **error)
{
    struct schema *schema = NULL;
    int status = schema_for_volume(&schema, birth->visit.session->type.type, error);

    if (status == TARN_OK)
        status = schema_validate(schema, xml, strlen(xml), error);
    schema_free(schema);
    return status;
}

static int read_definition(struct birth *birth, const char *xml, struct tarn_error **error)
{
    const struct tarn_pool_type *type = birth->visit.session->type.type;
    uint32_t how = birth->source != NULL ? VOLUME_DEF_NO_CAPACITY : 0;
    struct call call;
    int status = volume_def_parse(&birth->def, type, xml, strlen(xml), how, warn, birth, error);

    if (status == TARN_OK && (birth->flags & TARN_DEFINE_VALIDATE))
        status = validate(birth, xml, error);
    if (status == TARN_OK && type->volume_name_check != NULL) {
        pool_call_begin(&call, birth->visit.session, &birth->visit.operation, NULL);
        status = pool_call_end(&call, birth->visit.session,
                               type->volume_name_check(&call.abi, birth->visit.session->handle,
                                                       birth->def->abi.name),
                               error);
    }
    if (status == TARN_OK && type->volume_allocate == NULL)
        status = error_set(error, TARN_E_UNSUPPORTED, 0,
                           "volumes cannot be created in pools of the type %s", type->name);
    return status;
}

static int check_promises(const struct tarn_format *format, bool from_source,
                          struct tarn_error **error)
{
    if (format->create == NULL)
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s cannot be created", format->name);
    if (!from_source && !(format->capabilities & TARN_FORMAT_CREATE))
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "images of the format %s are made by converting another image into them",
                         format->name);
    if (from_source && !(format->capabilities & (TARN_FORMAT_WRITE | TARN_FORMAT_FILL)))
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "nothing can be converted into the format %s", format->name);
    return TARN_OK;
}

static int find_format(struct birth *birth, struct tarn_error **error)
{
    struct tarn_context *context = birth->visit.pool->context;
    const char *name = birth->def->abi.format;
    int status;

    if (!birth->def->format_is_image || name == NULL)
        return TARN_OK;
    status = registry_format(&birth->format, context->registry, name, error);
    if (status == TARN_OK)
        status = check_promises(birth->format.format, birth->source != NULL, error);
    birth->is_snapshot = status == TARN_OK && birth->def->abi.backing_path != NULL &&
                         !(birth->format.format->capabilities & TARN_FORMAT_BACKING) &&
                         (birth->format.format->capabilities & TARN_FORMAT_TRANSPARENT) &&
                         (birth->visit.session->type.type->flags & TARN_POOL_SNAPSHOTS);
    if (status == TARN_OK && birth->def->abi.backing_path != NULL && !birth->is_snapshot &&
        !(birth->format.format->capabilities & TARN_FORMAT_BACKING))
        status = error_set(error, TARN_E_UNSUPPORTED, 0,
                           "images of the format %s have no backing store", name);
    return status;
}

int birth_request(struct birth *birth, const char *xml, struct tarn_error **error)
{
    int status = read_definition(birth, xml, error);

    return status == TARN_OK ? find_format(birth, error) : status;
}

/* --- what it rests on ------------------------------------------------------------------------- */

/* The backing store must be a volume of an active pool, unless the policy follows any path: a name
 * that goes into an image will be opened by whoever reads it. */
int birth_find_backing(struct birth *birth, struct tarn_error **error)
{
    const char *path = birth->def->abi.backing_path;
    struct tarn_context *context = birth->visit.pool->context;
    struct tarn_error *why = NULL;
    int status;

    if (path == NULL)
        return TARN_OK;
    if (name_has_scheme(path))
        return error_set(error, TARN_E_INVALID, 0,
                         "the backing store \"%s\" is no local path", path);
    status = tarn_volume_find(&birth->backing, context, path, &why);
    if (status == TARN_E_NOT_FOUND && context->follow != TARN_FOLLOW_ANYWHERE)
        status = error_set(error, TARN_E_ACCESS, 0,
                           "the backing store %s is no volume of an active pool: put it into one, "
                           "or use the policy \"anywhere\"", path);
    else if (status != TARN_OK && why != NULL && context->follow != TARN_FOLLOW_ANYWHERE)
        return error_pass(error, why);
    tarn_error_free(why);
    return context->follow == TARN_FOLLOW_ANYWHERE ? TARN_OK : status;
}

/* --- what is known of them, once they are locked ---------------------------------------------- */

static int look_at_source(struct birth *birth, struct tarn_error **error)
{
    struct pool_visit *visit = birth->two_pools ? &birth->source_visit : &birth->visit;

    if (birth->source == NULL)
        return TARN_OK;
    return pool_observe_one(&birth->source_entry, birth->source->pool, visit->session,
                            &birth->visit.operation, birth->source->name, error);
}

/* The storage's snapshot has the origin's bytes as they are, so what they are is no choice. */
static int check_origin(const struct birth *birth, struct tarn_error **error)
{
    const char *format = birth->format.format->name;
    const char *told = birth->def->abi.backing_format;
    const char *origin = birth->backing_entry->format;

    if (origin == NULL)
        origin = told;
    if ((told == NULL || strcmp(told, format) == 0) &&
        (origin == NULL || strcmp(origin, format) == 0))
        return TARN_OK;
    return error_set(error, TARN_E_INVALID, 0,
                     "the volume would be a snapshot of %s, which is of the format %s, not %s: make "
                     "an image over it in a format that has backing stores",
                     birth->def->abi.backing_path, told != NULL && strcmp(told, format) != 0
                                                       ? told : origin, format);
}

/* It was found before it was locked, and may have been deleted in between. Its pool's state is not
 * locked: entering a third pool here could wait for who waits for us. */
static int look_at_backing(struct birth *birth, struct tarn_error **error)
{
    struct tarn_volume *backing = birth->backing;
    struct operation *operation = &birth->visit.operation;
    struct pool_session *session = NULL;
    int status;

    if (backing == NULL)
        return TARN_OK;
    status = pool_session_get(&session, backing->pool, operation, error);
    if (status == TARN_OK)
        status = pool_observe_one(&birth->backing_entry, backing->pool, session, operation,
                                  backing->name, error);
    pool_session_unref(session);
    if (status == TARN_OK && birth->backing_entry->info.format != NULL)
        status = error_set(error, TARN_E_INVALID, 0,
                           "the backing store %s is of the format %s, which holds no bytes",
                           birth->def->abi.backing_path, birth->backing_entry->info.format);
    else if (status == TARN_OK && birth->is_snapshot)
        status = check_origin(birth, error);
    return status;
}

/* What the image says of its size counts only if its format is what the definition says. */
static int backing_capacity(uint64_t *out, const struct birth *birth, struct tarn_error **error)
{
    const struct volume_entry *entry = birth->backing_entry;
    const char *format = birth->def->abi.backing_format;

    if (entry == NULL)
        return error_set(error, TARN_E_INVALID, 0,
                         "the capacity must be given: the backing store is in no pool");
    if (birth->is_snapshot)
        *out = entry->info.physical;
    else if (entry->format != NULL && format != NULL && strcmp(entry->format, format) == 0)
        *out = entry->info.capacity;
    else
        *out = entry->info.physical;
    return TARN_OK;
}

/* The copy of a snapshot has all that it shows, and needs no origin. */
static bool rests_on_same(const struct birth *birth)
{
    const char *backing = birth->source_entry != NULL ? birth->source_entry->backing_path : NULL;

    return backing != NULL && strcmp(backing, birth->def->abi.backing_path) == 0;
}

static void stand_alone(struct birth *birth)
{
    birth->is_snapshot = false;
    birth->def->abi.backing_path = NULL;
    birth->def->abi.backing_format = NULL;
    tarn_volume_unref(birth->backing);
    birth->backing = NULL;
}

int birth_settle(struct birth *birth, struct tarn_error **error)
{
    struct tarn_volume_def *def = &birth->def->abi;
    int status = look_at_source(birth, error);

    if (status == TARN_OK && birth->is_snapshot && rests_on_same(birth))
        stand_alone(birth);
    if (status == TARN_OK)
        status = look_at_backing(birth, error);
    if (status != TARN_OK)
        return status;
    if (birth->source_entry != NULL && def->capacity < birth->source_entry->info.capacity)
        def->capacity = birth->source_entry->info.capacity;
    else if (birth->source_entry == NULL && !birth->def->capacity_given)
        status = backing_capacity(&def->capacity, birth, error);
    if (!birth->def->allocation_given)
        def->allocation = def->capacity;
    return status;
}
