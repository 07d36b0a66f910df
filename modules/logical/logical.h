/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * logical.h - what the files of the pool type "logical" share: a volume group of LVM, whose logical
 * volumes are the volumes.
 *
 * LVM's metadata are read and changed by the program lvm; what the kernel knows of active volumes
 * comes from libdevmapper. A handle remembers the last report for as long as the metadata on the
 * disks are the ones that it was made of.
 */
#ifndef LOGICAL_H
#define LOGICAL_H

#include <pthread.h>
#include <stdbool.h>

#include <tarn/call.h>
#include <tarn/pool-type.h>

#include "report.h"

/* Every logical volume that we make bears it: those, and no others, are started and stopped. */
#define LOGICAL_TAG "tarn"
/* And one that shares its first bytes with another, which it does not need. */
#define LOGICAL_TAG_CLONE "tarn_clone"

/* --- what the pool's XML says besides libvirt's (settings.c) ---------------------------------- */

#define LOGICAL_MARKS 8

/* How a new volume lies on the devices. */
struct logical_layout {
    const char *type;     /* lvm's word: "linear", "striped", "raid1", …; NULL = "linear" */
    unsigned stripes;     /* 0 = lvm's default */
    unsigned mirrors;     /* copies besides the first; 0 = lvm's default */
    uint64_t stripe_size; /* bytes; 0 = lvm's default */
};

struct logical_settings {
    char *thin_pool;        /* its name; NULL = no volume is thin */
    uint64_t thin_capacity; /* bytes; 0 = it must be there */
    uint64_t thin_metadata; /* bytes; 0 = lvm's default */
    unsigned overcommit;    /* percent of its size that thin volumes may promise; 0 = no limit */
    unsigned marks[LOGICAL_MARKS + 1]; /* percents, ascending; ends with 0 */
    bool activate_all;      /* also volumes that are not ours */
    struct logical_layout layout;
};

/* From call->pool. Not TARN_OK: recorded, and nothing to free. */
int32_t logical_settings_read(struct tarn_call *call, struct logical_settings *out);
void logical_settings_clear(struct logical_settings *settings);
/* What the volume's own XML says; *layout stays as it is where it says nothing. */
int32_t logical_layout_of_volume(struct tarn_call *call, struct logical_layout *layout);

/* --- the definition (define.c, names.c, find-sources.c) --------------------------------------- */

int32_t logical_define(struct tarn_call *call);
int32_t logical_claims(struct tarn_call *call);
int32_t logical_find_sources(struct tarn_call *call);

/* Why lvm would refuse it as the name of a volume group, or of a logical volume in that group; NULL
 * if it would not. */
const char *logical_group_name_fault(const char *name);
const char *logical_volume_name_fault(const char *group, const char *name);
int32_t logical_volume_name_check(struct tarn_call *call, void *pool, const char *name);

/* --- the pool --------------------------------------------------------------------------------- */

/* Levels of fill that were told already, in percent. */
struct logical_told {
    unsigned data;
    unsigned metadata;
};

/* The handle. It outlives the call that made it, so the definition is copied. */
struct logical {
    char *group;
    char **devices; /* ends with NULL */
    struct logical_settings settings;
    bool whole; /* atomic: the group has further devices than the definition */
    pthread_mutex_t lock; /* of what follows */
    struct vg *known;     /* the last report, or NULL */
    struct logical_told told;
};

int32_t logical_open(struct tarn_call *call, void **out_pool);
void logical_close(void *pool);
/* A report that is true now, from lvm or still known; given back by vg_unref. TARN_E_NOT_FOUND if
 * there is no such group, TARN_E_REPLACED if it is not the one that this handle knew. */
int32_t logical_look(struct tarn_call *call, struct logical *pool, struct vg **out);
/* The same, and the host is asked whether it is the one that the pool had: for check, start, info
 * and refresh. With TARN_IDENTIFY_NEW: that was made just now. */
int32_t logical_recognise(struct tarn_call *call, struct logical *pool, uint32_t flags,
                          struct vg **out);
/* The last report, however old; the first one if there is none. For what does not change, and for
 * what lvm would refuse anyway. */
int32_t logical_recall(struct tarn_call *call, struct logical *pool, struct vg **out);
/* Looks for one visible volume; TARN_E_NOT_FOUND. */
int32_t logical_look_at(struct tarn_call *call, struct logical *pool, const char *name,
                        struct vg **out, const struct lv **out_lv);

int32_t logical_check(struct tarn_call *call, void *pool, uint32_t *out_active);
int32_t logical_build(struct tarn_call *call, void *pool, uint32_t flags);
int32_t logical_remove(struct tarn_call *call, void *pool);
int32_t logical_start(struct tarn_call *call, void *pool);
int32_t logical_stop(struct tarn_call *call, void *pool, uint32_t flags);
int32_t logical_recover(struct tarn_call *call, void *pool);

/* --- what is there (tell.c, health.c, extents.c) ---------------------------------------------- */

int32_t logical_capabilities(struct tarn_call *call, void *pool); /* capabilities.c */
int32_t logical_info(struct tarn_call *call, void *pool);
int32_t logical_refresh(struct tarn_call *call, void *pool);
int32_t logical_volume_lookup(struct tarn_call *call, void *pool, const char *name);

/* Where it lies, through all that it is made of. Freed with free() in one piece; NULL without
 * memory. */
const struct tarn_device_extent *const *logical_extents(const struct vg *vg, const struct lv *lv);
/* Does a part of it lie on a device that is missing? */
bool logical_is_partial(const struct vg *vg, const struct lv *lv);
/* And can it be used without that part, as redundant as it is? */
bool logical_survives(const struct vg *vg, const struct lv *lv);
/* Why the group is degraded, freed with free(); NULL if it is not. *out_failed: no memory. */
char *logical_health(struct tarn_call *call, const struct vg *vg, bool *out_failed);

/* --- volumes ---------------------------------------------------------------------------------- */

/* birth.c */
int32_t logical_volume_allocate(struct tarn_call *call, void *pool,
                                const struct tarn_container_spec *spec, void **out_container,
                                struct tarn_io **out_io);
int32_t logical_volume_clone(struct tarn_call *call, void *pool,
                             const struct tarn_container_spec *spec, void **out_container,
                             struct tarn_io **out_io);
int32_t logical_volume_publish(struct tarn_call *call, void *pool, void *container);
void logical_volume_abort(struct tarn_call *call, void *pool, void *container);

/* open.c, delete.c, resize.c */
int32_t logical_volume_open(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                            struct tarn_io **out_io);
int32_t logical_volume_delete(struct tarn_call *call, void *pool, const char *name);
int32_t logical_volume_resize(struct tarn_call *call, void *pool, const char *name, uint64_t size,
                              uint32_t flags);

/* Opens the node of an active volume as a descriptor, whether udev has made its links or not. */
int32_t logical_open_node(struct tarn_call *call, const struct vg *vg, const struct lv *lv,
                          int flags, int *out_fd);

/* TARN_E_BUSY, telling by what, if the volume is open. */
int32_t logical_refuse_used(struct tarn_call *call, const struct vg *vg, const struct lv *lv);

/* --- making and removing (create.c, thin.c, leftover.c) --------------------------------------- */

/* What is to be made. */
struct logical_wish {
    char *name;              /* once it is published */
    uint64_t size;           /* bytes the container must hold */
    uint64_t allocation;     /* bytes to reserve now */
    char *origin;            /* the volume whose bytes it begins with, or NULL */
    bool clone;              /* and which it does not need afterwards */
    bool thin;               /* settled by logical_wish_settle */
    struct logical_layout layout;
    struct tarn_permissions permissions; /* without label */
};

/* Refuses what cannot be made, before anything is touched, and decides what it will be. What lvm
 * itself will refuse is left to it where asking would take a program. */
int32_t logical_wish_settle(struct tarn_call *call, struct logical *pool,
                            struct logical_wish *wish);
/* Makes it under that name, active. */
int32_t logical_wish_fulfil(struct tarn_call *call, struct logical *pool,
                            const struct logical_wish *wish, const char *name);
int32_t logical_lvremove(struct tarn_call *call, struct logical *pool, const char *name);
int32_t logical_lvrename(struct tarn_call *call, struct logical *pool, const char *from,
                         const char *to);
/* What a failure, or an end in the middle, has made of ours under that name goes away. */
void logical_clear(struct tarn_call *call, struct logical *pool, const char *name);

/* The thin pool of the settings, or NULL: none is named, or it is not there. */
const struct lv *logical_thin_pool(const struct logical *pool, const struct vg *vg);
/* Makes it if it is not there and may be made. */
int32_t logical_thin_ensure(struct tarn_call *call, struct logical *pool);
/* TARN_E_NO_SPACE if thin volumes of `more` bytes would pass the limit. */
int32_t logical_thin_afford(struct tarn_call *call, const struct logical *pool,
                            const struct vg *vg, uint64_t more);
/* Tells who listens that a mark was passed. */
void logical_watermarks(struct tarn_call *call, struct logical *pool, const struct vg *vg);

#define LOGICAL_NEW "tarn_new."
#define LOGICAL_NAME_SIZE 64

/* A name that no list shows, for a volume of this process. */
void logical_hidden_name(char out[LOGICAL_NAME_SIZE]);
/* Is it the name of such a volume? And does the process live that makes it? */
bool logical_is_hidden(const char *name);
bool logical_is_abandoned(const char *name);

#endif
