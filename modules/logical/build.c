/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * build.c - making a volume group of devices, and taking it back. All or nothing: what fails leaves
 * no device behind that bears a label of ours.
 */
#include <string.h>

#include "helpers/calm-call.h"
#include "helpers/signature.h"
#include "lvm.h"

static int32_t refuse_existing(struct tarn_call *call, const struct logical *pool)
{
    struct vg_list groups;
    size_t i;
    int32_t status;

    if (pool->devices[0] == NULL)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the pool \"%s\" names no device to make a volume group of: add <device "
                         "path='…'/> to its source", call->pool->name);
    /* Of all devices: a group of that name may lie on others. */
    status = report_run(call, NULL, &groups);
    for (i = 0; status == TARN_OK && i < groups.count; i++)
        if (strcmp(groups.list[i]->name, pool->group) == 0)
            status = tarn_fail(call, TARN_E_EXISTS, 0,
                               "there is a volume group %s already: start the pool as it is, or "
                               "delete it first", pool->group);
    vg_list_clear(&groups);
    return status;
}

static int32_t check_devices(struct tarn_call *call, const struct logical *pool, bool overwrite)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; status == TARN_OK && pool->devices[i] != NULL; i++) {
        struct signature found[1];
        size_t count;

        status = overwrite ? signature_find(call, pool->devices[i], found, 0, &count)
                           : signature_refuse(call, pool->devices[i]);
    }
    return status;
}

static int32_t wipe_devices(struct tarn_call *call, const struct logical *pool)
{
    int32_t status = TARN_OK;
    size_t i;

    for (i = 0; status == TARN_OK && pool->devices[i] != NULL; i++)
        status = signature_wipe(call, pool->devices[i]);
    return status;
}

static int32_t run_on_devices(struct tarn_call *call, const struct logical *pool,
                              const char *command, const char *name)
{
    struct lvm_line line;
    size_t i;

    lvm_begin_change(&line, pool, command);
    if (name != NULL)
        lvm_word(&line, "%s", name);
    for (i = 0; pool->devices[i] != NULL; i++)
        lvm_word(&line, "%s", pool->devices[i]);
    return lvm_run(call, &line, 0, NULL, NULL);
}

static int32_t remove_group(struct tarn_call *call, const struct logical *pool)
{
    struct lvm_line line;

    lvm_begin_change(&line, pool, "vgremove");
    lvm_word(&line, "--force");
    lvm_word(&line, "%s", pool->group);
    return lvm_run(call, &line, 0, NULL, NULL);
}

/* Before us the devices bore nothing, so what they bear is ours. What a device does not let go of
 * was not written to it. The failure that led here is what is told. */
static void undo(struct tarn_call *call, struct logical *pool, bool group)
{
    struct calm_call calm;
    size_t i;

    call = calm_call_begin(&calm, call);
    if (group)
        remove_group(call, pool);
    for (i = 0; pool->devices[i] != NULL; i++) {
        struct signature found = { .type = "" };
        size_t count = 0;

        if (signature_find(call, pool->devices[i], &found, 1, &count) == TARN_OK && count > 0 &&
            strcmp(found.type, "LVM2_member") == 0)
            signature_wipe(call, pool->devices[i]);
    }
}

static int32_t make(struct tarn_call *call, struct logical *pool)
{
    struct vg *vg = NULL;
    int32_t status = run_on_devices(call, pool, "vgcreate", pool->group);

    if (status != TARN_OK) {
        undo(call, pool, false);
        return status;
    }
    status = logical_recognise(call, pool, TARN_IDENTIFY_NEW, &vg);
    vg_unref(vg);
    if (status == TARN_OK)
        status = logical_thin_ensure(call, pool);
    if (status != TARN_OK)
        undo(call, pool, true);
    return status;
}

int32_t logical_build(struct tarn_call *call, void *handle, uint32_t flags)
{
    struct logical *pool = handle;
    bool overwrite = (flags & TARN_BUILD_OVERWRITE) != 0;
    int32_t status = tool_need(call, "lvm");

    if (status == TARN_OK)
        status = refuse_existing(call, pool);
    if (status == TARN_OK)
        status = check_devices(call, pool, overwrite);
    if (status == TARN_OK && overwrite)
        status = wipe_devices(call, pool);
    return status == TARN_OK ? make(call, pool) : status;
}

/* Volumes are never deleted along with a pool. A thin pool that we made holds none then. */
static int32_t refuse_volumes(struct tarn_call *call, const struct logical *pool,
                              const struct vg *vg)
{
    size_t i;

    for (i = 0; i < vg->lv_count; i++) {
        const struct lv *lv = &vg->lvs[i];

        if (!lv->visible || logical_is_abandoned(lv->name) ||
            (lv == logical_thin_pool(pool, vg) && lv_is_ours(lv, LOGICAL_TAG)))
            continue;
        return tarn_fail(call, TARN_E_STATE, 0,
                         "the volume group %s holds the volume %s: delete the volumes first",
                         vg->name, lv->name);
    }
    return TARN_OK;
}

int32_t logical_remove(struct tarn_call *call, void *handle)
{
    struct logical *pool = handle;
    struct lvm_line line;
    struct vg *vg = NULL;
    size_t i;
    int32_t status = logical_look(call, pool, &vg);

    if (status != TARN_OK)
        return status;
    status = refuse_volumes(call, pool, vg);
    if (status == TARN_OK && vg->missing > 0)
        status = tarn_fail(call, TARN_E_STATE, 0,
                           "%u of the devices of the volume group %s are missing: bring them back, "
                           "or use vgreduce --removemissing", vg->missing, vg->name);
    if (status == TARN_OK)
        status = remove_group(call, pool);
    if (status == TARN_OK) {
        /* All that the group had, named in the definition or not: their labels mean nothing now. */
        lvm_begin_change(&line, NULL, "pvremove");
        for (i = 0; i < vg->pv_count; i++)
            lvm_word(&line, "%s", vg->pvs[i].name);
        status = lvm_run(call, &line, 0, NULL, NULL);
    }
    vg_unref(vg);
    return status;
}
