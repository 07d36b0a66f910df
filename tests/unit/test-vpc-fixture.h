/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-vpc-fixture.h - a VHD in memory, for the tests of formats/vpc.
 */
#ifndef TEST_VPC_FIXTURE_H
#define TEST_VPC_FIXTURE_H

#include "tests/unit/format-fixture.h"

#include "formats/vpc/format.h"

#define SECTOR ((uint64_t)512)

/* A dynamic image with blocks of this size. */
struct tarn_image_spec spec_blocks(uint64_t capacity, uint64_t block_size);

/* From now on `child` finds `parent` under `name`, as a container and as a backing store. */
void image_relate(struct image *child, struct image *parent, const char *name);
/* Makes a differencing image over `parent`, which is named "parent.vhd". */
void image_over(struct image *child, struct image *parent, uint64_t block_size);

/* Where the footer at the end is. */
uint64_t image_footer(const struct image *image);
/* Gives the footer at `offset`, or the header behind the one at the start, its right checksum. */
void image_seal_footer(struct image *image, uint64_t offset);
void image_seal_header(struct image *image);
/* Puts a number into both footers of a dynamic image, and seals them. */
void image_put_footers(struct image *image, uint64_t field, uint64_t value, uint32_t size);

#endif
