/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The further files of a volume that is born: containers of the same pool.
 */
#include "core/image/io-guard.h"
#include "core/volume/volume-birth.h"

static int note_volume(void *arg, struct call *call, const struct tarn_volume_info *volume)
{
    (void)call;
    (void)volume;
    *(bool *)arg = true;
    return TARN_OK;
}

/* The storage alone is asked: looking into what has that name would enter format modules, while the
 * one that makes the image is entered already. */
static int check_absent(struct birth *birth, const char *name, struct tarn_error **error)
{
    static const struct call_sink sink = { .volume = note_volume };
    struct pool_session *session = birth->visit.session;
    struct tarn_error *why = NULL;
    bool found = false;
    struct call call;
    int status;

    pool_call_begin(&call, session, &birth->visit.operation, NULL);
    call.sink = &sink;
    call.sink_arg = &found;
    status = session->type.type->volume_lookup(&call.abi, session->handle, name);
    status = pool_call_end(&call, session, status, &why);
    if (status == TARN_E_NOT_FOUND)
        status = TARN_OK;
    if (status != TARN_OK)
        return why != NULL ? error_pass(error, why) : status;
    tarn_error_free(why);
    if (!found)
        return TARN_OK;
    return error_set(error, TARN_E_EXISTS, 0,
                     "the pool %s has a volume \"%s\" already, which the image would need: choose "
                     "another name for it, or delete that one", birth->visit.pool->name, name);
}

static int check_name(struct birth *birth, const char *name, struct tarn_error **error)
{
    const struct tarn_pool_type *type = birth->visit.session->type.type;
    struct call call;

    if (!(type->flags & TARN_POOL_VOLUME_IS_FILE) || type->volume_delete == NULL ||
        type->volume_lookup == NULL)
        return error_set(error, TARN_E_UNSUPPORTED, 0,
                         "an image in several files cannot be made in a pool of the type %s",
                         type->name);
    if (type->volume_name_check == NULL)
        return TARN_OK;
    pool_call_begin(&call, birth->visit.session, &birth->visit.operation, NULL);
    return pool_call_end(&call, birth->visit.session,
                         type->volume_name_check(&call.abi, birth->visit.session->handle, name),
                         error);
}

static int allocate(struct birth *birth, const char *name, uint64_t size, void **out_container,
                    struct tarn_io **out_io, struct tarn_error **error)
{
    struct pool_session *session = birth->visit.session;
    const struct tarn_container_spec spec = {
        .struct_size = sizeof(spec),
        .name = name,
        .size = size,
        .capacity = size,
        .permissions = birth->def->abi.permissions,
        .nocow = birth->def->abi.nocow,
    };
    struct call call;
    int status;

    pool_call_begin(&call, session, &birth->visit.operation, NULL);
    status = session->type.type->volume_allocate(&call.abi, session->handle, &spec, out_container,
                                                 out_io);
    status = pool_call_end(&call, session, status, error);
    return status == TARN_OK ? io_guard(out_io, session->type.module, error) : status;
}

static int set_size(struct birth *birth, struct tarn_io *io, uint64_t size,
                    struct tarn_error **error)
{
    struct call call;

    call_begin(&call, &birth->visit.operation, NULL);
    return call_end(&call, tarn_io_truncate(&call.abi, io, size, 0), error);
}

static void take_back(struct birth *birth, void *container, struct tarn_io *io)
{
    const struct pool_session *session = birth->visit.session;
    struct call call;

    call_begin(&call, &birth->visit.operation, NULL);
    call_end(&call, tarn_io_close(&call.abi, io), NULL);
    pool_call_begin(&call, birth->visit.session, &birth->visit.operation, NULL);
    session->type.type->volume_abort(&call.abi, session->handle, container);
    pool_call_end(&call, birth->visit.session, TARN_OK, NULL);
}

static int make(void *arg, const char *name, uint64_t size, void **out_container,
                struct tarn_io **out_io, struct tarn_error **error)
{
    struct birth *birth = arg;
    int status = check_name(birth, name, error);

    if (status == TARN_OK)
        status = check_absent(birth, name, error);
    if (status == TARN_OK)
        status = allocate(birth, name, size, out_container, out_io, error);
    if (status != TARN_OK)
        return status;
    status = set_size(birth, *out_io, size, error);
    if (status != TARN_OK)
        take_back(birth, *out_container, *out_io);
    return status;
}

void birth_family_init(struct birth *birth)
{
    birth->family.make = make;
    birth->family.arg = birth;
    birth->family.operation = &birth->visit.operation;
}
