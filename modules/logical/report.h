/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * report.h - a volume group as lvm reports it: one run of one program, parsed into structures.
 */
#ifndef LOGICAL_REPORT_H
#define LOGICAL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tarn/call.h>

struct pv {
    const char *name; /* path of the device; "[unknown]" if it is missing */
    const char *uuid;
    bool missing;
    bool metadata; /* holds a copy of the group's metadata */
};

/* A piece of a logical volume that is made in one way. */
struct lv_segment {
    const char *lv_uuid;
    const char *type;   /* "linear", "striped", "raid1", "thin", … */
    const char *ranges; /* "/dev/sda:0-9 /dev/sdb:4-5", "home_rimage_0:0-1 …": extents */
    uint64_t start;     /* bytes */
    uint64_t size;
    bool zero;          /* of a thin pool: what is new reads as zeros */
};

struct lv {
    const char *name; /* without brackets */
    const char *uuid;
    const char *layout;
    const char *origin; /* without brackets, "" = none */
    const char *pool;   /* the thin pool that it lies in, "" = none */
    const char *tags;   /* separated by commas */
    bool visible;       /* not a part of another one */
    uint64_t size;        /* bytes */
    uint64_t origin_size; /* of a snapshot */
    uint64_t metadata_size;
    const struct lv_segment *segments;
    size_t segment_count;
};

struct vg {
    unsigned references; /* atomic */
    void *texts;         /* all that the above point to */
    const char *name;
    const char *uuid;
    bool exported;
    uint64_t seqno;
    uint64_t size; /* bytes */
    uint64_t free;
    uint64_t extent;
    unsigned missing; /* devices */
    struct pv *pvs;
    size_t pv_count;
    struct lv *lvs; /* by name */
    size_t lv_count;
    struct lv_segment *segments; /* by the UUID of their volume, then by their start */
    size_t segment_count;
};

struct vg_list {
    struct vg **list;
    size_t count;
};

struct logical;

/* Asks lvm for the pool's group, or (NULL) for all there are. */
int32_t report_run(struct tarn_call *call, const struct logical *pool, struct vg_list *out);
/* Reads what it answered. */
int32_t report_parse(struct tarn_call *call, const char *text, size_t length, struct vg_list *out);
void vg_list_clear(struct vg_list *list);

struct vg *vg_ref(struct vg *vg);
void vg_unref(struct vg *vg);

const struct lv *vg_find(const struct vg *vg, const char *name);
/* Is `word` one of those in a list with commas? */
bool report_has_word(const char *list, const char *word);

static inline bool lv_is_thin(const struct lv *lv)
{
    return lv->pool[0] != '\0';
}

static inline bool lv_is_thin_pool(const struct lv *lv)
{
    return report_has_word(lv->layout, "thin") && report_has_word(lv->layout, "pool");
}

static inline bool lv_is_ours(const struct lv *lv, const char *tag)
{
    return report_has_word(lv->tags, tag);
}

/* Are the metadata on the disks still those of the report? Reads a block or two of each device. */
bool vg_is_current(const struct vg *vg);
/* Is there surely no volume of that name now, whatever has changed? Reads all metadata once. */
bool vg_lacks(const struct vg *vg, const char *name);

#endif
