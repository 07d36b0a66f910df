/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * change.c - logical volumes that go, or get another name.
 */
#include "helpers/calm-call.h"
#include "lvm.h"

int32_t logical_lvremove(struct tarn_call *call, struct logical *pool, const char *name)
{
    struct lvm_line line;

    lvm_begin_change(&line, pool, "lvremove");
    lvm_word(&line, "%s/%s", pool->group, name);
    return lvm_run(call, &line, 0, NULL, NULL);
}

int32_t logical_lvrename(struct tarn_call *call, struct logical *pool, const char *from,
                         const char *to)
{
    struct lvm_line line;

    lvm_begin_change(&line, pool, "lvrename");
    lvm_word(&line, "%s", pool->group);
    lvm_word(&line, "%s", from);
    lvm_word(&line, "%s", to);
    return lvm_run(call, &line, 0, NULL, NULL);
}

void logical_clear(struct tarn_call *call, struct logical *pool, const char *name)
{
    struct calm_call calm;
    struct vg *vg = NULL;
    const struct lv *lv;

    call = calm_call_begin(&calm, call);
    if (logical_look(call, pool, &vg) != TARN_OK)
        return;
    lv = vg_find(vg, name);
    if (lv != NULL && (logical_is_hidden(name) || lv_is_ours(lv, LOGICAL_TAG)))
        logical_lvremove(call, pool, name);
    vg_unref(vg);
}
