/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * layout.h - a new image on paper: what was asked for, checked, and where everything will lie.
 */
#ifndef FORMAT_QCOW2_LAYOUT_H
#define FORMAT_QCOW2_LAYOUT_H

#include "qcow2.h"

struct qcow2_layout {
    struct qcow2_header header;
    uint32_t preallocation;
    uint64_t blocks;          /* refcount blocks that are there at the start */
    uint64_t blocks_offset;
    uint64_t start_clusters;  /* what is there at the start, in clusters */
    uint64_t all_clusters;    /* the same with all that preallocation adds */
    uint64_t backing_length;
};

/* Refuses what makes no sense, before anything is written. */
int32_t qcow2_lay_out(struct tarn_call *call, const struct tarn_image_spec *spec,
                      struct qcow2_layout *out);

#endif
