/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create.c - which logical volume a request becomes, and the command that makes it:
 *
 *     a backing store, or a clone   a snapshot: thin if its origin is, else a classic one
 *     allocation below capacity     a thin volume; without a thin pool, a snapshot of nothing
 *     otherwise                     linear, or as <logical:layout> says
 */
#include <stdio.h>
#include <string.h>

#include "lvm.h"

#define SECTOR UINT64_C(512)

static uint64_t in_extents(const struct vg *vg, uint64_t size)
{
    return size / vg->extent + (size % vg->extent != 0);
}

/* --- what it will be -------------------------------------------------------------------------- */

static int32_t settle_origin(struct tarn_call *call, const struct vg *vg, struct logical_wish *wish)
{
    const struct lv *origin = vg_find(vg, wish->origin);

    if (origin == NULL || !origin->visible)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0,
                         "%s/%s is not there: the backing store of a volume is another one of the "
                         "same volume group", vg->name, wish->origin);
    wish->thin = lv_is_thin(origin);
    if (in_extents(vg, wish->size) == in_extents(vg, origin->size) ||
        (wish->thin && wish->size >= origin->size))
        return TARN_OK;
    return tarn_fail(call, TARN_E_INVALID, 0,
                     "a snapshot of %s/%s has its %llu bytes, not %llu: leave the capacity out%s",
                     vg->name, wish->origin, (unsigned long long)origin->size,
                     (unsigned long long)wish->size, wish->thin ? ", or ask for more" : "");
}

/* libvirt's sparse volume is lost when its store is full. */
static void warn_of_sparse(struct tarn_call *call, const struct logical *pool,
                           const struct logical_wish *wish)
{
    char text[512];

    snprintf(text, sizeof(text), "%s/%s is sparse without a thin pool: it will be lost when the "
             "%llu bytes that are reserved for it are full; give the pool a <logical:thin-pool>",
             pool->group, wish->name, (unsigned long long)wish->allocation);
    call->host->log(call, TARN_LOG_WARNING, text);
}

static int32_t settle_sparse(struct tarn_call *call, struct logical *pool,
                             struct logical_wish *wish)
{
    if (pool->settings.thin_pool != NULL) {
        wish->thin = true;
        return logical_thin_ensure(call, pool);
    }
    if (wish->allocation == 0)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "a volume with less than its capacity takes a thin pool: give the pool "
                         "\"%s\" a <logical:thin-pool>, or leave <allocation> out",
                         call->pool->name);
    warn_of_sparse(call, pool, wish);
    return TARN_OK;
}

/* What RAID takes besides is left to lvm to count. */
static int32_t check_space(struct tarn_call *call, const struct vg *vg, uint64_t bytes)
{
    uint64_t extents = in_extents(vg, bytes);

    if (extents <= vg->free / vg->extent)
        return TARN_OK;
    return tarn_fail(call, TARN_E_NO_SPACE, 0,
                     "the volume takes %llu bytes, and the volume group %s has %llu left: delete "
                     "volumes, or add a device with vgextend", (unsigned long long)bytes, vg->name,
                     (unsigned long long)vg->free);
}

static bool is_sparse(const struct logical_wish *wish)
{
    return wish->origin == NULL && wish->allocation < wish->size;
}

int32_t logical_wish_settle(struct tarn_call *call, struct logical *pool, struct logical_wish *wish)
{
    struct vg *vg = NULL;
    int32_t status = TARN_OK;

    if (wish->size == 0)
        status = tarn_fail(call, TARN_E_INVALID, 0,
                           "a logical volume has at least one byte: give a capacity");
    if (status == TARN_OK && is_sparse(wish))
        status = settle_sparse(call, pool, wish);
    if (status != TARN_OK ||
        (wish->thin && wish->origin == NULL && pool->settings.overcommit == 0))
        return status;
    status = logical_look(call, pool, &vg);
    if (status == TARN_OK && vg_find(vg, wish->name) != NULL)
        status = tarn_fail(call, TARN_E_EXISTS, 0, "there is a %s/%s already: choose another name",
                           vg->name, wish->name);
    if (status == TARN_OK && wish->origin != NULL)
        status = settle_origin(call, vg, wish);
    if (status == TARN_OK)
        status = wish->thin ? logical_thin_afford(call, pool, vg, wish->size)
                            : check_space(call, vg, wish->allocation);
    vg_unref(vg);
    return status;
}

/* --- the command ------------------------------------------------------------------------------ */

/* lvm wants whole sectors, and makes whole extents of them. */
static void add_size(struct lvm_line *line, const char *option, uint64_t bytes)
{
    if (bytes % SECTOR != 0 && bytes < UINT64_MAX - SECTOR)
        bytes += SECTOR - bytes % SECTOR;
    lvm_word(line, "%s", option);
    lvm_word(line, "%llub", (unsigned long long)bytes);
}

static void add_snapshot(struct lvm_line *line, const struct logical *pool,
                         const struct logical_wish *wish)
{
    lvm_word(line, "--snapshot");
    if (wish->thin) {
        lvm_word(line, "--setactivationskip");
        lvm_word(line, "n");
    } else {
        add_size(line, "--size", wish->allocation);
    }
    if (wish->clone) {
        lvm_word(line, "--addtag");
        lvm_word(line, LOGICAL_TAG_CLONE);
    }
    lvm_word(line, "%s/%s", pool->group, wish->origin);
}

static void add_thin(struct lvm_line *line, const struct logical *pool,
                     const struct logical_wish *wish)
{
    lvm_word(line, "--type");
    lvm_word(line, "thin");
    add_size(line, "--virtualsize", wish->size);
    lvm_word(line, "--thinpool");
    lvm_word(line, "%s/%s", pool->group, pool->settings.thin_pool);
}

static void add_sparse(struct lvm_line *line, const struct logical *pool,
                       const struct logical_wish *wish)
{
    lvm_word(line, "--type");
    lvm_word(line, "snapshot");
    add_size(line, "--virtualsize", wish->size);
    add_size(line, "--size", wish->allocation);
    lvm_word(line, "%s", pool->group);
}

static void add_number(struct lvm_line *line, const char *option, uint64_t number)
{
    if (number == 0)
        return;
    lvm_word(line, "%s", option);
    lvm_word(line, "%llu", (unsigned long long)number);
}

/* A signature that the space still bears from before is not to be found in a new volume. */
static void add_whole(struct lvm_line *line, const struct logical *pool,
                      const struct logical_wish *wish)
{
    const struct logical_layout *layout = &wish->layout;

    lvm_word(line, "--type");
    lvm_word(line, "%s", layout->type != NULL ? layout->type : "linear");
    add_number(line, "--stripes", layout->stripes);
    add_number(line, "--mirrors", layout->mirrors);
    if (layout->stripe_size > 0)
        add_size(line, "--stripesize", layout->stripe_size);
    add_size(line, "--size", wish->size);
    lvm_word(line, "--zero");
    lvm_word(line, "y");
    lvm_word(line, "--wipesignatures");
    lvm_word(line, "y");
    lvm_word(line, "%s", pool->group);
}

/* A thin snapshot begins with its origin's size. */
static int32_t grow_snapshot(struct tarn_call *call, struct logical *pool,
                             const struct logical_wish *wish, const char *name)
{
    const struct lv *lv = NULL;
    struct lvm_line line;
    struct vg *vg = NULL;
    bool grows;
    int32_t status = logical_look(call, pool, &vg);

    if (status != TARN_OK)
        return status;
    lv = vg_find(vg, name);
    grows = lv != NULL && lv->size < wish->size;
    vg_unref(vg);
    if (!grows)
        return TARN_OK;
    lvm_begin_change(&line, pool, "lvextend");
    add_size(&line, "--size", wish->size);
    lvm_word(&line, "%s/%s", pool->group, name);
    status = lvm_run(call, &line, 0, NULL, NULL);
    if (status != TARN_OK)
        logical_lvremove(call, pool, name);
    return status;
}

int32_t logical_wish_fulfil(struct tarn_call *call, struct logical *pool,
                            const struct logical_wish *wish, const char *name)
{
    struct lvm_line line;
    int32_t status;

    lvm_begin_change(&line, pool, "lvcreate");
    lvm_word(&line, "--name");
    lvm_word(&line, "%s", name);
    lvm_word(&line, "--addtag");
    lvm_word(&line, LOGICAL_TAG);
    if (wish->origin != NULL)
        add_snapshot(&line, pool, wish);
    else if (wish->thin)
        add_thin(&line, pool, wish);
    else if (is_sparse(wish))
        add_sparse(&line, pool, wish);
    else
        add_whole(&line, pool, wish);
    status = lvm_run(call, &line, 0, NULL, NULL);
    if (status == TARN_OK && wish->origin != NULL && wish->thin)
        status = grow_snapshot(call, pool, wish, name);
    return status;
}
