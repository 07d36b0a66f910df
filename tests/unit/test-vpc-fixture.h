/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-vpc-fixture.h - a VHD in memory, for the tests of formats/vpc.
 */
#ifndef TEST_VPC_FIXTURE_H
#define TEST_VPC_FIXTURE_H

#include "tests/unit/fake-host.h"
#include "tests/unit/memory-io.h"
#include "tests/unit/unit.h"

#include "formats/vpc/format.h"

#define SECTOR ((uint64_t)512)

struct image {
    struct fake_host host;
    struct memory_io *file;
    struct tarn_io *disk; /* NULL while it is closed */
};

/* A spec with the capacity and nothing else. */
struct tarn_image_spec spec_of(uint64_t capacity);
/* A dynamic image with blocks of this size. */
struct tarn_image_spec spec_blocks(uint64_t capacity, uint64_t block_size);

/* Makes an image by `spec`; fatal if that fails. */
void image_make(struct image *image, const struct tarn_image_spec *spec);
/* An image whose container holds these bytes. */
void image_of(struct image *image, const void *bytes, uint64_t length);
/* An image with a copy of the other's container. */
void image_copy(struct image *image, const struct image *from);
/* From now on `child` finds `parent` under `name`, as a container and as a backing store. */
void image_relate(struct image *child, struct image *parent, const char *name);
/* Makes a differencing image over `parent`, which is named "parent.vhd". */
void image_over(struct image *child, struct image *parent, uint64_t block_size);
void image_free(struct image *image);

/* Opens it; answers the status. */
int32_t image_open(struct image *image, uint32_t flags);
/* Opens it for reading and closes it; answers the status of opening. */
int32_t image_opens(struct image *image);
/* Closes it; fatal if that fails. */
void image_close(struct image *image);

void image_write(struct image *image, uint64_t offset, uint64_t length, uint8_t byte);
/* Are all bytes of the range `byte`? */
bool image_reads(struct image *image, uint64_t offset, uint64_t length, uint8_t byte);
/* Runs the check with these flags; the result is in image->host.check. */
void image_check(struct image *image, uint32_t flags);
/* Checks: no corruption, no error, no leak. */
bool image_sound(struct image *image);
int32_t image_probe(const struct image *image);

/* Big-endian numbers of the container. */
uint64_t image_get64(const struct image *image, uint64_t offset);
uint32_t image_get32(const struct image *image, uint64_t offset);
void image_put64(struct image *image, uint64_t offset, uint64_t value);
void image_put32(struct image *image, uint64_t offset, uint32_t value);

/* Where the footer at the end is. */
uint64_t image_footer(const struct image *image);
/* Gives the footer at `offset`, or the header behind the one at the start, its right checksum. */
void image_seal_footer(struct image *image, uint64_t offset);
void image_seal_header(struct image *image);
/* Puts a number into both footers of a dynamic image, and seals them. */
void image_put_footers(struct image *image, uint64_t field, uint64_t value, uint32_t size);

#endif
