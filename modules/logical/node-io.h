/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * node-io.h - an active volume as a byte store for reading, opened only when it is read: of most
 * volumes nobody wants the bytes when they are told of.
 */
#ifndef LOGICAL_NODE_IO_H
#define LOGICAL_NODE_IO_H

#include "logical.h"

struct node_io {
    struct tarn_io io; /* first: the two have the same address */
    const struct vg *vg;
    const struct lv *lv;
    uint64_t size;
    struct tarn_io *real;
};

void node_io_begin(struct node_io *node, const struct vg *vg, const struct lv *lv, uint64_t size);
void node_io_end(struct tarn_call *call, struct node_io *node);

#endif
