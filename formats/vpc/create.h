/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * create.h - an image that is going to be.
 */
#ifndef FORMAT_VPC_CREATE_H
#define FORMAT_VPC_CREATE_H

#include "vpc.h"

struct vpc_plan {
    enum vpc_type type;
    uint64_t capacity;
    uint32_t block_size;
    uint64_t entries;       /* of the BAT */
    uint64_t table_size;    /* bytes of the BAT */
    uint64_t footer_offset; /* of the one at the end */
    struct vpc_footer footer;
    /* --- differencing --- */
    uint32_t locator_code; /* VPC_LOCATOR_RELATIVE or VPC_LOCATOR_ABSOLUTE */
    uint64_t locator_length;
    uint8_t locator[VPC_LOCATOR_MAX];
    uint8_t name[VPC_PARENT_NAME_SIZE];
    uint8_t parent_id[VPC_ID_SIZE];
    uint32_t parent_timestamp;
};

/* --- create-parent.c -------------------------------------------------------------------------- */

/* Makes the locator of the parent's name. */
int32_t vpc_plan_locator(struct tarn_call *call, const char *name, struct vpc_plan *plan);
/* Asks the parent for its id, time and size. */
int32_t vpc_plan_parent(struct tarn_call *call, const char *name, struct vpc_plan *plan);

/* --- create-write.c --------------------------------------------------------------------------- */

int32_t vpc_plan_footer(struct tarn_call *call, struct vpc_plan *plan);
int32_t vpc_write_fixed(struct tarn_call *call, struct tarn_io *file,
                        const struct tarn_image_spec *spec, const struct vpc_plan *plan);
int32_t vpc_write_sparse(struct tarn_call *call, struct tarn_io *file,
                         const struct tarn_image_spec *spec, const struct vpc_plan *plan);

#endif
