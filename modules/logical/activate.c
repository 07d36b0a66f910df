/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * activate.c - starting and stopping: each volume for itself, and no other than the pool's. Whose a
 * volume is, its tag says; the setting `activation` makes all of them the pool's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/calm-call.h"
#include "dm.h"
#include "lvm.h"

static bool is_mine(const struct logical *pool, const struct lv *lv)
{
    return lv->visible && !logical_is_hidden(lv->name) &&
           (pool->settings.activate_all || lv_is_ours(lv, LOGICAL_TAG));
}

/* A change of all volumes at once. */
struct change {
    struct tarn_call *call;
    const struct logical *pool;
    const struct vg *vg;
    struct lvm_line line;
    bool activate;
    bool force; /* what is in use stays as it is */
    size_t count;
};

static void add(struct change *change, const struct lv *lv)
{
    lvm_word(&change->line, "%s/%s", change->vg->name, lv->name);
    change->count++;
}

static int32_t add_volume(struct change *change, const struct lv *lv)
{
    struct dm_state state;
    int32_t status = dm_look(change->call, change->vg, lv, &state);

    if (status != TARN_OK || state.active == change->activate)
        return status;
    if (state.active && state.opens > 0 && change->force)
        return TARN_OK;
    if (state.active)
        status = logical_refuse_used(change->call, change->vg, lv);
    if (status == TARN_OK)
        add(change, lv);
    return status;
}

static int32_t add_volumes(struct change *change)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; status == TARN_OK && i < change->vg->lv_count; i++) {
        const struct lv *lv = &change->vg->lvs[i];

        if (is_mine(change->pool, lv) && !lv_is_thin_pool(lv))
            status = add_volume(change, lv);
    }
    return status;
}

/* A thin pool comes with the first of its volumes, and goes with the last; but as long as it has
 * none, it stays as it was made: active. Beneath volumes that are, lvm leaves it. */
static int32_t add_idle_pools(struct change *change)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; status == TARN_OK && !change->activate && i < change->vg->lv_count; i++) {
        const struct lv *lv = &change->vg->lvs[i];
        struct dm_state state;

        if (!is_mine(change->pool, lv) || !lv_is_thin_pool(lv))
            continue;
        status = dm_look(change->call, change->vg, lv, &state);
        if (status == TARN_OK && state.active)
            add(change, lv);
    }
    return status;
}

/* What cannot be activated, for want of a device, is listed with the reason: the others go on. */
static int32_t change_all(struct tarn_call *call, struct logical *pool, const struct vg *vg,
                          bool activate, bool force)
{
    struct change change = { .call = call, .pool = pool, .vg = vg, .activate = activate,
                             .force = force };
    bool partly = activate && vg->missing > 0;
    int32_t status;

    lvm_begin_change(&change.line, pool, "lvchange");
    lvm_word(&change.line, activate ? "-ay" : "-an");
    if (activate)
        lvm_word(&change.line, "-K");
    status = add_volumes(&change);
    if (status == TARN_OK)
        status = add_idle_pools(&change);
    if (status == TARN_OK && change.count > 0)
        return lvm_run(call, &change.line, partly ? UINT64_C(1) << LVM_FAILED : 0, NULL, NULL);
    lvm_end(&change.line);
    return status;
}

static void warn_of_strangers(struct tarn_call *call, const struct logical *pool,
                              const struct vg *vg)
{
    char text[512];
    size_t i, j;

    for (i = 0; pool->devices[i] != NULL; i++) {
        char *real = realpath(pool->devices[i], NULL);
        bool found = false;

        for (j = 0; !found && j < vg->pv_count; j++) {
            char *name = realpath(vg->pvs[j].name, NULL);

            found = strcmp(vg->pvs[j].name, pool->devices[i]) == 0 ||
                    (real != NULL && name != NULL && strcmp(real, name) == 0);
            free(name);
        }
        free(real);
        if (found)
            continue;
        snprintf(text, sizeof(text), "the device %s is not of the volume group %s: is it missing, "
                 "or wrong in the definition?", pool->devices[i], pool->group);
        call->host->log(call, TARN_LOG_WARNING, text);
    }
}

int32_t logical_start(struct tarn_call *call, void *handle)
{
    struct logical *pool = handle;
    struct vg *vg = NULL;
    int32_t status = logical_recognise(call, pool, 0, &vg);

    if (status == TARN_OK && vg->exported)
        status = tarn_fail(call, TARN_E_STATE, 0,
                           "the volume group %s is exported: import it with vgimport", vg->name);
    if (status == TARN_OK) {
        warn_of_strangers(call, pool, vg);
        status = change_all(call, pool, vg, true, false);
    }
    vg_unref(vg);
    return status;
}

/* Nothing is deactivated if anything is in use; with force, what is in use stays. A group that went
 * away has nothing to deactivate. */
int32_t logical_stop(struct tarn_call *call, void *handle, uint32_t flags)
{
    bool force = (flags & TARN_STOP_FORCE) != 0;
    struct logical *pool = handle;
    struct calm_call calm;
    struct vg *vg = NULL;
    int32_t status = logical_look(call, pool, &vg);

    if (status == TARN_E_NOT_FOUND || (status == TARN_E_REPLACED && force)) {
        call->host->forget(call);
        return TARN_OK;
    }
    if (status == TARN_OK)
        status = change_all(call, pool, vg, false, force);
    /* lvm that was given up may have done some of its work, or all. */
    if (vg != NULL && !force && (status == TARN_E_CANCELLED || status == TARN_E_TIMEOUT))
        change_all(calm_call_begin(&calm, call), pool, vg, true, false);
    vg_unref(vg);
    return status;
}

/* --- what a killed process left --------------------------------------------------------------- */

int32_t logical_recover(struct tarn_call *call, void *handle)
{
    struct logical *pool = handle;
    struct vg *vg = NULL;
    size_t i;
    int32_t status = logical_look(call, pool, &vg);

    for (i = 0; status == TARN_OK && i < vg->lv_count; i++) {
        const struct lv *lv = &vg->lvs[i];
        char text[256];

        if (!lv->visible || !logical_is_abandoned(lv->name))
            continue;
        status = logical_lvremove(call, pool, lv->name);
        snprintf(text, sizeof(text), "%s/%s was left half made, and is removed", vg->name,
                 lv->name);
        if (status == TARN_OK)
            call->host->notify(call, TARN_NOTICE_REPAIRED, NULL, text);
    }
    vg_unref(vg);
    return status;
}
