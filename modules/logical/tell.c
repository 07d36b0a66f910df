/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tell.c - the group and its volumes as the host sees them. Names, sizes and places are from the
 * report; what is active, how full it is and how large it really is, from the kernel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "dm.h"
#include "logical.h"
#include "node-io.h"

/* A volume's numbers while it is told. */
struct telling {
    struct tarn_call *call;
    const struct vg *vg;
    const struct lv *lv;
    struct dm_state state;
    char path[300];
    char origin[300];
    char status_text[300];
    struct tarn_permissions permissions;
    struct tarn_identity identity;
    struct node_io io;
    struct tarn_volume_info info;
};

/* A volume, not a part of one, and not what only holds others. */
static bool is_volume(const struct lv *lv)
{
    return lv->visible && !report_has_word(lv->layout, "pool") && !logical_is_hidden(lv->name);
}

static int64_t nanoseconds(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

/* Sixteen bytes of the UUID would be more, but the host compares eight: FNV-1a of all. */
static uint64_t hash(const char *text)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (; *text != '\0'; text++)
        sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return sum;
}

static void take_node(struct telling *telling)
{
    struct tarn_volume_info *info = &telling->info;
    char node[64];
    struct stat st;

    snprintf(node, sizeof(node), "/dev/dm-%u", minor(telling->state.device));
    if (stat(node, &st) < 0)
        return;
    telling->permissions = (struct tarn_permissions){ sizeof(telling->permissions),
                                                      st.st_mode & 0777, st.st_uid, st.st_gid,
                                                      NULL };
    info->permissions = &telling->permissions;
    info->atime = nanoseconds(&st.st_atim);
    info->mtime = nanoseconds(&st.st_mtim);
    info->ctime = nanoseconds(&st.st_ctim);
}

static void take_sizes(struct telling *telling)
{
    const struct lv *lv = telling->lv;
    struct tarn_volume_info *info = &telling->info;
    bool snapshot = lv->origin[0] != '\0' && !lv_is_thin(lv);

    info->capacity = snapshot ? lv->origin_size : lv->size;
    if (telling->state.active)
        info->capacity = telling->state.size;
    info->physical = info->capacity;
    info->allocation = lv_is_thin(lv) ? telling->state.used : lv->size;
}

static void say(struct telling *telling, const char *text)
{
    telling->info.status = TARN_VOLUME_UNREADABLE;
    snprintf(telling->status_text, sizeof(telling->status_text), "%s", text);
    telling->info.status_text = telling->status_text;
}

static void take_status(struct telling *telling)
{
    const struct vg *vg = telling->vg;
    const struct lv *lv = telling->lv;

    if (telling->state.failed)
        say(telling, telling->state.trouble);
    else if (vg->missing > 0 && logical_is_partial(vg, lv) && !logical_survives(vg, lv))
        say(telling, "a part of it lies on a device that is missing: bring the device back");
    else if (!telling->state.active && lv_is_ours(lv, LOGICAL_TAG))
        say(telling, "it is not active: start the pool again, or use lvchange -ay");
    else if (!telling->state.active)
        say(telling, "it is not active, and not tarn's to activate: use lvchange -ay, or have the "
                     "pool activate all volumes");
}

/* The origin of a snapshot is what it rests on; a clone needs none, whatever lvm remembers. */
static void take_origin(struct telling *telling)
{
    const struct lv *lv = telling->lv;
    const struct lv *origin = vg_find(telling->vg, lv->origin);

    if (origin == NULL || !origin->visible || lv_is_ours(lv, LOGICAL_TAG_CLONE))
        return;
    snprintf(telling->origin, sizeof(telling->origin), "/dev/%s/%s", telling->vg->name,
             lv->origin);
    telling->info.backing_path = telling->origin;
}

static int32_t emit(struct telling *telling)
{
    struct tarn_call *call = telling->call;
    const struct tarn_device_extent *const *extents =
        logical_extents(telling->vg, telling->lv);
    int32_t status;

    if (extents == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, 0, "no memory for a volume");
    telling->info.extents = extents;
    if (telling->info.status == TARN_VOLUME_OK) {
        node_io_begin(&telling->io, telling->vg, telling->lv, telling->info.capacity);
        telling->info.io = &telling->io.io;
    }
    status = call->host->emit_volume(call, &telling->info);
    if (telling->info.io != NULL)
        node_io_end(call, &telling->io);
    free((void *)(uintptr_t)extents);
    return status;
}

static int32_t tell(struct tarn_call *call, const struct vg *vg, const struct lv *lv)
{
    struct telling telling = { .call = call, .vg = vg, .lv = lv };
    int32_t status = dm_look(call, vg, lv, &telling.state);

    if (status != TARN_OK)
        return status;
    snprintf(telling.path, sizeof(telling.path), "/dev/%s/%s", vg->name, lv->name);
    telling.info = (struct tarn_volume_info){
        .struct_size = sizeof(telling.info),
        .name = lv->name,
        .key = lv->uuid,
        .path = telling.path,
        .type = "block",
        .identity = &telling.identity,
    };
    take_sizes(&telling);
    if (telling.state.active)
        take_node(&telling);
    take_status(&telling);
    take_origin(&telling);
    telling.identity = (struct tarn_identity){ sizeof(telling.identity), 0, telling.state.device,
                                               hash(lv->uuid), telling.info.capacity, 0, 0 };
    return emit(&telling);
}

/* --- the group -------------------------------------------------------------------------------- */

struct facts {
    struct tarn_property list[5];
    const struct tarn_property *pointers[6];
    char texts[5][96];
    unsigned count;
};

static void fact(struct facts *facts, const char *name, const char *format, ...) TARN_PRINTF(3, 4);

static void fact(struct facts *facts, const char *name, const char *format, ...)
{
    unsigned i = facts->count++;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(facts->texts[i], sizeof(facts->texts[i]), format, arguments);
    va_end(arguments);
    facts->list[i] = (struct tarn_property){ sizeof(facts->list[i]), 0, name, facts->texts[i] };
    facts->pointers[i] = &facts->list[i];
    facts->pointers[i + 1] = NULL;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole > 0 ? (double)part * 100 / (double)whole : 0;
}

static int32_t thin_facts(struct tarn_call *call, const struct logical *pool, const struct vg *vg,
                          struct facts *facts)
{
    const struct lv *thin = logical_thin_pool(pool, vg);
    struct dm_state state;
    uint64_t promised = 0;
    size_t i;
    int32_t status;

    if (thin == NULL)
        return TARN_OK;
    status = dm_look(call, vg, thin, &state);
    if (status != TARN_OK)
        return status;
    for (i = 0; i < vg->lv_count; i++)
        if (strcmp(vg->lvs[i].pool, thin->name) == 0)
            promised += vg->lvs[i].size;
    fact(facts, "thin-pool", "%s", thin->name);
    fact(facts, "thin-promised", "%.1f%% of %llu bytes", percent(promised, thin->size),
         (unsigned long long)thin->size);
    if (!state.active)
        return TARN_OK;
    fact(facts, "thin-data", "%.1f%% of %llu bytes", percent(state.used, state.room),
         (unsigned long long)thin->size);
    fact(facts, "thin-metadata", "%.1f%% of %llu bytes",
         percent(state.metadata_used, state.metadata_room),
         (unsigned long long)thin->metadata_size);
    return TARN_OK;
}

static int32_t tell_group(struct tarn_call *call, struct logical *pool, const struct vg *vg)
{
    struct facts facts = { .count = 0 };
    bool failed;
    char *trouble = logical_health(call, vg, &failed);
    int32_t status = TARN_OK;

    if (failed)
        return TARN_E_IO; /* recorded */
    fact(&facts, "volume-group", "%s", vg->uuid);
    status = thin_facts(call, pool, vg, &facts);
    if (status == TARN_OK) {
        const struct tarn_pool_info info = {
            .struct_size = sizeof(info),
            .state = trouble != NULL ? TARN_POOL_DEGRADED : TARN_POOL_HEALTHY,
            .state_text = trouble,
            .capacity = vg->size,
            .allocation = vg->size - vg->free,
            .available = vg->free,
            .properties = facts.pointers,
        };

        status = call->host->emit_pool(call, &info);
    }
    free(trouble);
    if (status == TARN_OK)
        logical_watermarks(call, pool, vg);
    return status;
}

/* --- operations ------------------------------------------------------------------------------- */

int32_t logical_info(struct tarn_call *call, void *pool)
{
    struct vg *vg = NULL;
    int32_t status = logical_recognise(call, pool, 0, &vg);

    if (status == TARN_OK)
        status = tell_group(call, pool, vg);
    vg_unref(vg);
    return status;
}

int32_t logical_refresh(struct tarn_call *call, void *pool)
{
    struct vg *vg = NULL;
    int32_t status = logical_recognise(call, pool, 0, &vg);
    size_t i;

    for (i = 0; status == TARN_OK && i < vg->lv_count; i++) {
        if (!is_volume(&vg->lvs[i]))
            continue;
        status = tarn_interrupted(call);
        if (status == TARN_OK)
            status = tell(call, vg, &vg->lvs[i]);
    }
    if (status == TARN_OK)
        logical_watermarks(call, pool, vg);
    vg_unref(vg);
    return status;
}

int32_t logical_volume_lookup(struct tarn_call *call, void *pool, const char *name)
{
    const struct lv *lv = NULL;
    struct vg *vg = NULL;
    int32_t status = logical_look_at(call, pool, name, &vg, &lv);

    if (status == TARN_OK && !is_volume(lv))
        status = tarn_fail(call, TARN_E_NOT_FOUND, 0, "%s/%s is no volume, but holds others",
                           vg->name, name);
    if (status == TARN_OK)
        status = tell(call, vg, lv);
    vg_unref(vg);
    return status;
}
