/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delete.c - removing a volume, unless it is in use or takes others with it.
 */
#include <stdio.h>
#include <string.h>

#include "helpers/calm-call.h"
#include "lvm.h"

/* How many snapshots an error names. */
#define NAMED 5

/* Classic snapshots hold only what differs from their origin: lvm removes them with it. Thin ones
 * stay whole. */
static int32_t refuse_origin(struct tarn_call *call, const struct vg *vg, const struct lv *lv)
{
    char names[512] = "";
    size_t length = 0, count = 0, i;

    for (i = 0; i < vg->lv_count; i++) {
        const struct lv *other = &vg->lvs[i];

        if (!other->visible || lv_is_thin(other) || strcmp(other->origin, lv->name) != 0 ||
            ++count > NAMED)
            continue;
        length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s",
                                   length > 0 ? ", " : "", other->name);
        if (length >= sizeof(names))
            length = sizeof(names) - 1;
    }
    if (count == 0)
        return TARN_OK;
    return tarn_fail(call, TARN_E_BUSY, 0,
                     "the volume %s/%s is the origin of %s%s, which would be lost: delete the "
                     "snapshots first", vg->name, lv->name, names,
                     count > NAMED ? " and more" : "");
}

static bool is_gone(struct tarn_call *call, struct logical *pool, const char *name)
{
    struct calm_call calm;
    struct vg *vg = NULL;
    bool gone = logical_look(calm_call_begin(&calm, call), pool, &vg) == TARN_OK &&
                vg_find(vg, name) == NULL;

    vg_unref(vg);
    return gone;
}

/* lvm that was given up may have done its work before. */
static int32_t remove_it(struct tarn_call *call, struct logical *pool, const char *name)
{
    int32_t status = logical_lvremove(call, pool, name);

    if ((status != TARN_E_CANCELLED && status != TARN_E_TIMEOUT) || !is_gone(call, pool, name))
        return status;
    call->host->forget(call);
    return TARN_OK;
}

int32_t logical_volume_delete(struct tarn_call *call, void *handle, const char *name)
{
    struct logical *pool = handle;
    const struct lv *lv = NULL;
    struct vg *vg = NULL;
    int32_t status = logical_look_at(call, pool, name, &vg, &lv);

    if (status == TARN_OK && report_has_word(lv->layout, "pool"))
        status = tarn_fail(call, TARN_E_UNSUPPORTED, 0, "%s/%s is no volume, but holds others",
                           vg->name, name);
    if (status == TARN_OK)
        status = refuse_origin(call, vg, lv);
    if (status == TARN_OK)
        status = logical_refuse_used(call, vg, lv);
    if (status == TARN_OK)
        status = remove_it(call, pool, name);
    vg_unref(vg);
    return status;
}
