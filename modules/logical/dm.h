/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * dm.h - what the kernel's device mapper knows of a logical volume, without a program, through
 * libdevmapper. That library keeps state in statics: each look is behind the lock domain of its
 * name, which no look holds for longer than an ioctl; programs run outside of it.
 */
#ifndef LOGICAL_DM_H
#define LOGICAL_DM_H

#include <sys/types.h>

#include "logical.h"

/* What a target says of itself; a member is 0 where it does not apply. */
struct dm_state {
    bool active;
    uint32_t opens;       /* by how many it is open */
    dev_t device;
    uint64_t size;        /* bytes */
    uint64_t used;        /* bytes: of a thin volume, a thin pool, a snapshot's store */
    uint64_t room;        /* of that many */
    uint64_t metadata_used; /* of a thin pool; blocks */
    uint64_t metadata_room;
    const char *trouble;  /* what is wrong with it, for people; NULL = nothing */
    bool failed;          /* so that it cannot be used */
};

/* Looks at a logical volume. TARN_OK also if it is not active. */
int32_t dm_look(struct tarn_call *call, const struct vg *vg, const struct lv *lv,
                struct dm_state *out);

#endif
