/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * extents.c - where a volume lies: the ranges of extents of its segments, those that are of other
 * volumes (the legs of a mirror, the data of a pool) followed down to devices. A stripe is told
 * with what it has of its own, not with the size of all of them. As libvirt does, bytes are counted
 * from the first extent of a device on, not from the label before it.
 */
#include "logical.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* How deep volumes are made of others: a snapshot's store on a cache on a RAID of thin pools is
 * five. */
#define DEPTH 8

/* "PLACE:FIRST-LAST": a range of extents, both ends in it. */
struct range {
    const char *place; /* not NUL-terminated */
    size_t place_length;
    uint64_t first;
    uint64_t last;
};

/* Reads the first of a list, separated by blanks. A path may have a colon in it: the last one
 * counts. What follows it, or NULL at the end or if it makes no sense. */
static const char *read_range(const char *text, struct range *out)
{
    size_t length = strcspn(text, " ");
    const char *colon = memrchr(text, ':', length);
    char *end;

    if (length == 0 || colon == NULL)
        return NULL;
    out->place = text;
    out->place_length = (size_t)(colon - text);
    out->first = strtoull(colon + 1, &end, 10);
    if (*end != '-')
        return NULL;
    out->last = strtoull(end + 1, &end, 10);
    if (end != text + length || out->last < out->first || out->last >= UINT32_MAX)
        return NULL;
    return text[length] == ' ' ? text + length + 1 : text + length;
}

static const struct pv *find_pv(const struct vg *vg, const struct range *range)
{
    size_t i;

    for (i = 0; i < vg->pv_count; i++)
        if (strlen(vg->pvs[i].name) == range->place_length &&
            memcmp(vg->pvs[i].name, range->place, range->place_length) == 0)
            return &vg->pvs[i];
    return NULL;
}

static const struct lv *find_part(const struct vg *vg, const struct range *range)
{
    char name[256];

    if (range->place_length >= sizeof(name))
        return NULL;
    memcpy(name, range->place, range->place_length);
    name[range->place_length] = '\0';
    return vg_find(vg, name);
}

/* --- walking ---------------------------------------------------------------------------------- */

/* A walk over all that a volume is made of. Ends when `take` answers false. */
struct walk {
    const struct vg *vg;
    bool (*take)(void *arg, const struct pv *pv, const struct range *range);
    void *arg;
};

static bool walk_volume(const struct walk *walk, const struct lv *lv, unsigned depth)
{
    struct range range;
    size_t i;

    for (i = 0; i < lv->segment_count; i++) {
        const char *text = lv->segments[i].ranges;

        while ((text = read_range(text, &range)) != NULL) {
            const struct pv *pv = find_pv(walk->vg, &range);
            const struct lv *part = pv == NULL ? find_part(walk->vg, &range) : NULL;

            if (pv != NULL && !walk->take(walk->arg, pv, &range))
                return false;
            /* A part belongs to one whole, so all of it is of this one. */
            if (part != NULL && depth < DEPTH && !walk_volume(walk, part, depth + 1))
                return false;
        }
    }
    return true;
}

/* --- extents ---------------------------------------------------------------------------------- */

struct list {
    const struct vg *vg;
    struct tarn_device_extent *extents; /* NULL: they are only counted */
    size_t count;
};

static bool take_extent(void *arg, const struct pv *pv, const struct range *range)
{
    struct list *list = arg;
    uint64_t extent = list->vg->extent, start, end;

    if (__builtin_mul_overflow(range->first, extent, &start) ||
        __builtin_mul_overflow(range->last + 1, extent, &end))
        return true;
    if (list->extents != NULL)
        list->extents[list->count] = (struct tarn_device_extent){
            sizeof(list->extents[0]), 0, pv->name, NULL, start, end,
        };
    list->count++;
    return true;
}

const struct tarn_device_extent *const *logical_extents(const struct vg *vg, const struct lv *lv)
{
    struct list list = { .vg = vg };
    const struct walk walk = { vg, take_extent, &list };
    const struct tarn_device_extent **pointers;
    size_t count, i;

    walk_volume(&walk, lv, 0);
    count = list.count;
    pointers = calloc(1, (count + 1) * sizeof(*pointers) + count * sizeof(list.extents[0]));
    if (pointers == NULL)
        return NULL;
    list.extents = (struct tarn_device_extent *)(void *)(pointers + count + 1);
    list.count = 0;
    walk_volume(&walk, lv, 0);
    for (i = 0; i < count; i++)
        pointers[i] = &list.extents[i];
    return pointers;
}

/* --- what is missing -------------------------------------------------------------------------- */

static bool is_there(void *arg, const struct pv *pv, const struct range *range)
{
    (void)arg;
    (void)range;
    return !pv->missing;
}

bool logical_is_partial(const struct vg *vg, const struct lv *lv)
{
    const struct walk walk = { vg, is_there, NULL };
    const struct lv *below = lv_is_thin(lv) ? vg_find(vg, lv->pool) : NULL;

    return !walk_volume(&walk, below != NULL ? below : lv, 0);
}

/* How many of its legs a segment of that type can do without; of raid10 and mirrors not which. */
static unsigned spare_legs(const char *type, unsigned legs)
{
    if (strncmp(type, "raid10", 6) == 0)
        return 1;
    if (strncmp(type, "raid1", 5) == 0 || strcmp(type, "mirror") == 0)
        return legs > 0 ? legs - 1 : 0;
    if (strncmp(type, "raid4", 5) == 0 || strncmp(type, "raid5", 5) == 0)
        return 1;
    return strncmp(type, "raid6", 5) == 0 ? 2 : 0;
}

static bool survives(const struct vg *vg, const struct lv *lv, unsigned depth);

static bool segment_survives(const struct vg *vg, const struct lv_segment *segment,
                             unsigned depth)
{
    const char *text = segment->ranges;
    unsigned legs = 0, lost = 0;
    struct range range;

    while ((text = read_range(text, &range)) != NULL) {
        const struct pv *pv = find_pv(vg, &range);
        const struct lv *part = pv == NULL ? find_part(vg, &range) : NULL;

        legs++;
        lost += (pv != NULL && pv->missing) || (part != NULL && !survives(vg, part, depth + 1));
    }
    return lost <= spare_legs(segment->type, legs);
}

static bool survives(const struct vg *vg, const struct lv *lv, unsigned depth)
{
    size_t i;

    if (depth > DEPTH)
        return true;
    for (i = 0; i < lv->segment_count; i++)
        if (!segment_survives(vg, &lv->segments[i], depth))
            return false;
    return true;
}

bool logical_survives(const struct vg *vg, const struct lv *lv)
{
    const struct lv *below = lv_is_thin(lv) ? vg_find(vg, lv->pool) : NULL;

    return survives(vg, below != NULL ? below : lv, 0);
}
