/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * direct-pool.c - what the pool type "iscsi-direct" does at its target.
 */
#include "direct.h"

#include <stdlib.h>

/* --- what is there ----------------------------------------------------------------------------- */

static int32_t tell_all(struct tarn_call *call, const struct visit *visit, const struct lun *luns,
                        size_t count, bool volumes)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; volumes && status == TARN_OK && i < count; i++)
        status = unit_tell(call, visit, &luns[i]);
    return status == TARN_OK ? pool_tell(call, visit, luns, count) : status;
}

static int32_t look_around(struct tarn_call *call, const struct target *target, bool volumes)
{
    struct visit visit;
    struct lun *luns;
    size_t count;
    int32_t status = visit_begin(call, target, volumes ? lun_look_briefly : lun_look, &visit);

    if (status != TARN_OK)
        return status;
    status = visit_luns(call, &visit, &luns, &count);
    if (status == TARN_OK) {
        status = tell_all(call, &visit, luns, count, volumes);
        free(luns);
    }
    visit_end(&visit);
    return status;
}

int32_t direct_info(struct tarn_call *call, void *pool)
{
    return look_around(call, pool, false);
}

int32_t direct_refresh(struct tarn_call *call, void *pool)
{
    return look_around(call, pool, true);
}

/* --- one volume -------------------------------------------------------------------------------- */

static int32_t find(struct tarn_call *call, const struct target *target, const char *name,
                    visit_look_fn look, struct visit *visit, struct lun *out)
{
    uint32_t number;
    int32_t status;

    if (!unit_number(name, &number))
        return tarn_fail(call, TARN_E_NOT_FOUND, 0,
                         "there is no volume \"%s\": those of a target are called unit:0:0:0, "
                         "unit:0:0:1, …", name);
    status = visit_begin(call, target, look, visit);
    if (status != TARN_OK)
        return status;
    status = visit_lun(call, visit, number, out);
    if (status != TARN_OK)
        visit_end(visit);
    return status;
}

int32_t direct_volume_lookup(struct tarn_call *call, void *pool, const char *name)
{
    const struct target *target = pool;
    struct visit visit;
    struct lun lun;
    int32_t status = find(call, target, name, lun_look_briefly, &visit, &lun);

    if (status != TARN_OK)
        return status;
    status = unit_tell(call, &visit, &lun);
    visit_end(&visit);
    return status;
}

static int32_t may_open(struct tarn_call *call, const struct lun *lun, const char *name,
                        bool write)
{
    if (lun->status != TARN_OK)
        return tarn_fail(call, lun->status, 0, "%s cannot be opened: %s", name, lun->why);
    if (lun->no_medium)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "%s cannot be opened: there is no medium in it",
                         name);
    if (write && lun->read_only)
        return tarn_fail(call, TARN_E_ACCESS, 0, "%s cannot be written: the target lets it be read "
                         "only", name);
    return unit_identify(call, lun);
}

int32_t direct_volume_open(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                           struct tarn_io **out_io)
{
    bool write = (flags & TARN_OPEN_WRITE) != 0;
    const struct target *target = pool;
    struct session *session;
    struct visit visit;
    struct lun lun;
    int32_t status = find(call, target, name, lun_look, &visit, &lun);

    if (status != TARN_OK)
        return status;
    status = may_open(call, &lun, name, write);
    if (status == TARN_OK) {
        struct portals portals = visit.portals;

        session = visit.sessions[visit.first];
        visit.sessions[visit.first] = NULL;
        visit.portals = (struct portals){ .list = NULL };
        status = lun_io_open(call, target, &portals, visit.first, session, &lun, write, out_io);
    }
    visit_end(&visit);
    return status;
}
