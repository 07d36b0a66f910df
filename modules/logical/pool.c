/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pool.c - the handle, and what it knows of its group.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dm.h"
#include "logical.h"

static char **copy_devices(const struct tarn_source_device *const *devices)
{
    size_t count = 0, i;
    char **copy;

    while (devices[count] != NULL)
        count++;
    copy = calloc(count + 1, sizeof(*copy));
    for (i = 0; copy != NULL && i < count; i++) {
        copy[i] = strdup(devices[i]->path);
        if (copy[i] == NULL) {
            while (i > 0)
                free(copy[--i]);
            free(copy);
            return NULL;
        }
    }
    return copy;
}

int32_t logical_open(struct tarn_call *call, void **out_pool)
{
    struct logical *pool = calloc(1, sizeof(*pool));
    int32_t status;

    *out_pool = NULL;
    if (pool == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open a pool");
    pthread_mutex_init(&pool->lock, NULL);
    pool->group = strdup(call->pool->source->name);
    pool->devices = copy_devices(call->pool->source->devices);
    if (pool->group == NULL || pool->devices == NULL)
        status = tarn_fail(call, TARN_E_INTERNAL, 0, "no memory to open a pool");
    else
        status = logical_settings_read(call, &pool->settings);
    if (status == TARN_OK)
        *out_pool = pool;
    else
        logical_close(pool);
    return status;
}

void logical_close(void *handle)
{
    struct logical *pool = handle;
    size_t i;

    if (pool == NULL)
        return;
    for (i = 0; pool->devices != NULL && pool->devices[i] != NULL; i++)
        free(pool->devices[i]);
    free(pool->devices);
    free(pool->group);
    logical_settings_clear(&pool->settings);
    vg_unref(pool->known);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* --- reports ---------------------------------------------------------------------------------- */

static struct vg *recall(struct logical *pool)
{
    struct vg *vg;

    pthread_mutex_lock(&pool->lock);
    vg = vg_ref(pool->known);
    pthread_mutex_unlock(&pool->lock);
    return vg;
}

static void remember(struct logical *pool, struct vg *vg)
{
    struct vg *old;

    pthread_mutex_lock(&pool->lock);
    old = pool->known;
    pool->known = vg_ref(vg);
    pthread_mutex_unlock(&pool->lock);
    vg_unref(old);
}

/* The one group of the pool, out of a report. */
static int32_t take(struct tarn_call *call, const struct logical *pool, struct vg_list *groups,
                    struct vg **out)
{
    if (groups->count == 0)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0,
                         "there is no volume group %s%s: attach its devices, or build the pool",
                         pool->group, pool->devices[0] != NULL ? " on the pool's devices" : "");
    if (groups->count > 1)
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "there are %zu volume groups called %s: rename one by its UUID with "
                         "vgrename", groups->count, pool->group);
    *out = vg_ref(groups->list[0]);
    return TARN_OK;
}

static int32_t report(struct tarn_call *call, const struct logical *pool, struct vg **out)
{
    struct vg_list groups;
    int32_t status = report_run(call, pool, &groups);

    if (status == TARN_OK)
        status = take(call, pool, &groups, out);
    vg_list_clear(&groups);
    return status;
}

/* A device that is missing among the pool's may be one that the definition does not name. */
static int32_t widen(struct tarn_call *call, struct logical *pool, struct vg **vg)
{
    struct vg *all = NULL;
    char text[512];
    int32_t status;

    if ((*vg)->missing == 0 || pool->devices[0] == NULL ||
        __atomic_exchange_n(&pool->whole, true, __ATOMIC_RELAXED))
        return TARN_OK;
    status = report(call, pool, &all);
    if (status == TARN_OK && all->missing < (*vg)->missing) {
        struct vg *narrow = *vg;

        *vg = all;
        all = narrow;
        snprintf(text, sizeof(text), "the volume group %s has more devices than the pool names: "
                 "all devices are looked at; add them to the definition", pool->group);
        call->host->log(call, TARN_LOG_WARNING, text);
    } else {
        __atomic_store_n(&pool->whole, false, __ATOMIC_RELAXED);
    }
    vg_unref(all);
    return status;
}

static int32_t look(struct tarn_call *call, struct logical *pool, struct vg **known,
                    struct vg **out)
{
    int32_t status = TARN_OK;

    *out = NULL;
    *known = recall(pool);
    if (*known != NULL && vg_is_current(*known))
        *out = vg_ref(*known);
    else
        status = report(call, pool, out);
    if (status == TARN_OK)
        status = widen(call, pool, out);
    return status;
}

int32_t logical_recognise(struct tarn_call *call, struct logical *pool, uint32_t flags,
                          struct vg **out)
{
    struct vg *known;
    int32_t status = look(call, pool, &known, out);

    if (status == TARN_OK)
        status = call->host->identify(call, "volume-group", (*out)->uuid, flags);
    if (status == TARN_OK && known != *out)
        remember(pool, *out);
    vg_unref(known);
    if (status != TARN_OK) {
        vg_unref(*out);
        *out = NULL;
    }
    return status;
}

int32_t logical_look(struct tarn_call *call, struct logical *pool, struct vg **out)
{
    struct vg *known;
    int32_t status = look(call, pool, &known, out);

    if (status == TARN_OK && known != NULL && strcmp(known->uuid, (*out)->uuid) != 0)
        status = tarn_fail(call, TARN_E_REPLACED, 0,
                           "the volume group %s has another UUID than before, %s instead of %s: it "
                           "was replaced, and is not touched", pool->group, (*out)->uuid,
                           known->uuid);
    if (status == TARN_OK && known != *out)
        remember(pool, *out);
    vg_unref(known);
    if (status != TARN_OK) {
        vg_unref(*out);
        *out = NULL;
    }
    return status;
}

int32_t logical_recall(struct tarn_call *call, struct logical *pool, struct vg **out)
{
    *out = recall(pool);
    return *out != NULL ? TARN_OK : logical_look(call, pool, out);
}

/* Whoever makes a volume asks first whether it is there. */
static bool is_surely_absent(struct logical *pool, const char *name)
{
    struct vg *known = recall(pool);
    bool absent = known != NULL && vg_lacks(known, name);

    vg_unref(known);
    return absent;
}

int32_t logical_look_at(struct tarn_call *call, struct logical *pool, const char *name,
                        struct vg **out, const struct lv **out_lv)
{
    int32_t status;

    *out = NULL;
    if (is_surely_absent(pool, name))
        return tarn_fail(call, TARN_E_NOT_FOUND, 0, "the volume group %s has no volume \"%s\"",
                         pool->group, name);
    status = logical_look(call, pool, out);
    if (status != TARN_OK)
        return status;
    *out_lv = vg_find(*out, name);
    if (*out_lv != NULL && (*out_lv)->visible && !logical_is_hidden(name))
        return TARN_OK;
    vg_unref(*out);
    *out = NULL;
    return tarn_fail(call, TARN_E_NOT_FOUND, 0, "the volume group %s has no volume \"%s\"",
                     pool->group, name);
}

/* Available = the group is there, and not all that would be active is inactive, as it is after the
 * machine was started anew. */
int32_t logical_check(struct tarn_call *call, void *handle, uint32_t *out_active)
{
    struct logical *pool = handle;
    bool any = false, active = false;
    struct vg *vg = NULL;
    size_t i;
    int32_t status = logical_recognise(call, pool, 0, &vg);

    *out_active = 0;
    if (status == TARN_E_NOT_FOUND) {
        call->host->forget(call);
        return TARN_OK;
    }
    for (i = 0; status == TARN_OK && !active && i < vg->lv_count; i++) {
        const struct lv *lv = &vg->lvs[i];
        struct dm_state state;

        if (!lv->visible || lv_is_thin_pool(lv) || !lv_is_ours(lv, LOGICAL_TAG))
            continue;
        any = true;
        status = dm_look(call, vg, lv, &state);
        active = status == TARN_OK && state.active;
    }
    if (status == TARN_OK)
        *out_active = active || !any;
    vg_unref(vg);
    return status;
}
