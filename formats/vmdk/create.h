/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create.h - what a new image shall be; shared by the files that make one.
 */
#ifndef FORMAT_VMDK_CREATE_H
#define FORMAT_VMDK_CREATE_H

#include "vmdk.h"

struct vmdk_subformat {
    const char *name;
    const char *extent_type; /* in the descriptor */
    const char *suffix;      /* of further files, with a number if there may be several; or NULL */
    uint64_t most_sectors;   /* of an extent, 0 = no limit */
    bool sparse;
    bool compressed;
};

struct vmdk_plan {
    const struct vmdk_subformat *subformat;
    uint64_t sectors;
    uint64_t extent_count;
    uint64_t grain; /* sectors */
    const char *adapter;
    const char *hardware;
    bool zero_grains;
    uint32_t preallocation;
    uint64_t allocation;
    const char *parent;
    uint32_t cid;
    uint32_t parent_cid;
};

/* plan.c: decides everything, or refuses. */
int32_t vmdk_plan(struct tarn_call *call, const struct tarn_image_spec *spec,
                  struct vmdk_plan *out);
uint64_t vmdk_plan_extent_sectors(const struct vmdk_plan *plan, uint64_t number);

/* create-extent.c: sparse extents. */
#define VMDK_DESCRIPTOR_SECTORS 20u

/* The header of an extent of so many sectors; `descriptor` if there is one in it. */
struct vmdk_header vmdk_new_header(const struct vmdk_plan *plan, uint64_t sectors,
                                   bool descriptor);
/* Writes the directories and the header into a file of zeros that is as long as its metadata;
 * `text` goes between them. The header comes last. */
int32_t vmdk_write_extent(struct tarn_call *call, struct tarn_io *file,
                          const struct vmdk_header *header, const struct vmdk_text *text);

#endif
