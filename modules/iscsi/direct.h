/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * direct.h - what the files of the pool type "iscsi-direct" share. Its handle is a struct target.
 */
#ifndef ISCSI_DIRECT_H
#define ISCSI_DIRECT_H

#include "iscsi.h"

/* --- being there (direct-visit.c) -------------------------------------------------------------- */

/* lun_look, or lun_look_briefly where volumes are told and nothing more is wanted of them. */
typedef int32_t (*visit_look_fn)(struct tarn_call *call, struct session *session,
                                 struct lun *luns, size_t count, char *why);

/* Sessions with the target for the time of one operation. */
struct visit {
    const struct target *target;
    visit_look_fn look;
    struct portals portals;
    struct session **sessions; /* of each portal; NULL = none */
    size_t session_count;
    size_t first;              /* the portal of the session that is asked */
};

/* Through the first portal that lets us in, or, if the definition wants it, through all. */
int32_t visit_begin(struct tarn_call *call, const struct target *target, visit_look_fn look,
                    struct visit *out);
void visit_end(struct visit *visit);
/* All that are disks or CDs: *out is freed with free(). */
int32_t visit_luns(struct tarn_call *call, struct visit *visit, struct lun **out,
                   size_t *out_count);
/* One; TARN_E_NOT_FOUND. */
int32_t visit_lun(struct tarn_call *call, struct visit *visit, uint32_t number, struct lun *out);
/* Why the pool is degraded, or an empty text: which portals are gone. */
void visit_trouble(const struct visit *visit, char *out, size_t size);

/* --- telling (direct-tell.c) ------------------------------------------------------------------- */

/* "unit:0:0:3" */
#define UNIT_NAME_SIZE 32
void unit_name(uint32_t number, char out[UNIT_NAME_SIZE]);
bool unit_number(const char *name, uint32_t *out);

/* Is it the disk that the pool had there? TARN_E_REPLACED, recorded. */
int32_t unit_identify(struct tarn_call *call, const struct lun *lun);
int32_t unit_tell(struct tarn_call *call, const struct visit *visit, const struct lun *lun);
/* Sizes and state, and after a look that was not brief what each unit is. */
int32_t pool_tell(struct tarn_call *call, const struct visit *visit, const struct lun *luns,
                  size_t count);

/* --- tarn_pool_type (direct-pool.c) ------------------------------------------------------------ */

int32_t direct_info(struct tarn_call *call, void *pool);
int32_t direct_refresh(struct tarn_call *call, void *pool);
int32_t direct_volume_lookup(struct tarn_call *call, void *pool, const char *name);
int32_t direct_volume_open(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                           struct tarn_io **out_io);

#endif
