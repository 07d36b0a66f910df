/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * thin.c - the pool's thin pool: made where it is missing, its limit kept, its fill watched.
 */
#include <stdio.h>
#include <string.h>

#include "dm.h"
#include "lvm.h"

const struct lv *logical_thin_pool(const struct logical *pool, const struct vg *vg)
{
    const struct lv *lv =
        pool->settings.thin_pool != NULL ? vg_find(vg, pool->settings.thin_pool) : NULL;

    return lv != NULL && lv_is_thin_pool(lv) ? lv : NULL;
}

/* --- making it -------------------------------------------------------------------------------- */

static int32_t lvcreate(struct tarn_call *call, const struct logical *pool, const char *name)
{
    const struct logical_settings *settings = &pool->settings;
    struct lvm_line line;

    lvm_begin_change(&line, pool, "lvcreate");
    lvm_word(&line, "--type");
    lvm_word(&line, "thin-pool");
    lvm_word(&line, "--addtag");
    lvm_word(&line, LOGICAL_TAG);
    lvm_word(&line, "--zero");
    lvm_word(&line, "y");
    lvm_word(&line, "--size");
    lvm_word(&line, "%llub", (unsigned long long)settings->thin_capacity);
    if (settings->thin_metadata > 0) {
        lvm_word(&line, "--poolmetadatasize");
        lvm_word(&line, "%llub", (unsigned long long)settings->thin_metadata);
    }
    lvm_word(&line, "--name");
    lvm_word(&line, "%s", name);
    lvm_word(&line, "%s", pool->group);
    return lvm_run(call, &line, 0, NULL, NULL);
}

/* lvm makes it in several steps. Until it is whole it has the name of a volume in the making, so that
 * what is left of it when somebody pulls the plug is known for what it is. */
static int32_t make(struct tarn_call *call, struct logical *pool)
{
    char hidden[LOGICAL_NAME_SIZE];
    int32_t status;

    logical_hidden_name(hidden);
    status = lvcreate(call, pool, hidden);
    if (status == TARN_OK)
        status = logical_lvrename(call, pool, hidden, pool->settings.thin_pool);
    if (status != TARN_OK)
        logical_clear(call, pool, hidden);
    return status;
}

int32_t logical_thin_ensure(struct tarn_call *call, struct logical *pool)
{
    const struct logical_settings *settings = &pool->settings;
    struct vg *vg = NULL;
    bool there, other;
    int32_t status;

    if (settings->thin_pool == NULL)
        return TARN_OK;
    status = logical_recall(call, pool, &vg);
    if (status == TARN_OK && logical_thin_pool(pool, vg) == NULL) {
        vg_unref(vg);
        status = logical_look(call, pool, &vg);
    }
    if (status != TARN_OK)
        return status;
    there = logical_thin_pool(pool, vg) != NULL;
    other = !there && vg_find(vg, settings->thin_pool) != NULL;
    vg_unref(vg);
    if (there)
        return TARN_OK;
    if (other)
        return tarn_fail(call, TARN_E_EXISTS, 0,
                         "%s/%s is no thin pool: name another one in <logical:thin-pool>",
                         pool->group, settings->thin_pool);
    if (settings->thin_capacity == 0)
        return tarn_fail(call, TARN_E_NOT_FOUND, 0,
                         "there is no thin pool %s/%s: make it with lvcreate --type thin-pool, or "
                         "give <logical:thin-pool> a capacity", pool->group, settings->thin_pool);
    return make(call, pool);
}

/* --- its limit -------------------------------------------------------------------------------- */

int32_t logical_thin_afford(struct tarn_call *call, const struct logical *pool,
                            const struct vg *vg, uint64_t more)
{
    const struct lv *thin = logical_thin_pool(pool, vg);
    uint64_t promised = more;
    size_t i;

    if (thin == NULL || pool->settings.overcommit == 0)
        return TARN_OK;
    for (i = 0; i < vg->lv_count; i++)
        if (strcmp(vg->lvs[i].pool, thin->name) == 0 &&
            __builtin_add_overflow(promised, vg->lvs[i].size, &promised))
            promised = UINT64_MAX;
    if (promised / 100 <= thin->size / 100 * pool->settings.overcommit / 100)
        return TARN_OK;
    return tarn_fail(call, TARN_E_NO_SPACE, 0,
                     "the thin volumes of %s/%s would promise %llu bytes, which is over %u percent "
                     "of its %llu: extend it, delete volumes, or raise the limit of the pool",
                     vg->name, thin->name, (unsigned long long)promised,
                     pool->settings.overcommit, (unsigned long long)thin->size);
}

/* --- its fill --------------------------------------------------------------------------------- */

/* The highest mark that is reached, 0 = none. */
static unsigned mark_of(const struct logical *pool, uint64_t used, uint64_t room)
{
    unsigned percent = room > 0 ? (unsigned)((double)used * 100 / (double)room) : 0, reached = 0, i;

    for (i = 0; pool->settings.marks[i] != 0 && pool->settings.marks[i] <= percent; i++)
        reached = pool->settings.marks[i];
    return reached;
}

/* Told once when it is passed, and anew when it was left in between. */
static bool is_news(struct logical *pool, unsigned *told, unsigned reached)
{
    bool news;

    pthread_mutex_lock(&pool->lock);
    news = reached > *told;
    *told = reached;
    pthread_mutex_unlock(&pool->lock);
    return news;
}

static void watch(struct tarn_call *call, struct logical *pool, const struct lv *thin,
                  unsigned *told, uint64_t used, uint64_t room, const char *what)
{
    unsigned reached = mark_of(pool, used, room);
    char text[256];

    if (!is_news(pool, told, reached))
        return;
    snprintf(text, sizeof(text), "the %s of the thin pool %s/%s are over %u percent full: extend "
             "it before writing fails", what, pool->group, thin->name, reached);
    call->host->notify(call, TARN_NOTICE_WATERMARK, NULL, text);
}

void logical_watermarks(struct tarn_call *call, struct logical *pool, const struct vg *vg)
{
    const struct lv *thin = logical_thin_pool(pool, vg);
    struct dm_state state;

    if (thin == NULL || dm_look(call, vg, thin, &state) != TARN_OK || !state.active)
        return;
    watch(call, pool, thin, &pool->told.data, state.used, state.room, "data");
    watch(call, pool, thin, &pool->told.metadata, state.metadata_used, state.metadata_room,
          "metadata");
}
