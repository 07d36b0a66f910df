/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-cow-fixture.h - a cow image in memory over a base in memory, for the tests of formats/cow;
 * and the headers of all its kinds, which no tool of today writes.
 */
#ifndef TEST_COW_FIXTURE_H
#define TEST_COW_FIXTURE_H

#include "tests/unit/fake-host.h"
#include "tests/unit/memory-io.h"
#include "tests/unit/unit.h"

#include "formats/cow/cow.h"
#include "formats/cow/format.h"

#define SECTOR    ((uint64_t)512)
#define BASE_NAME "/srv/base.raw"
#define BASE_TIME 1234567890

struct image {
    struct fake_host host;
    struct memory_io *file;
    struct memory_io *base;
    struct tarn_io *disk; /* NULL while it is closed */
};

/* Every byte of the base is 0xbb. */
void image_new(struct image *image, uint64_t base_size);
/* Makes an image of the base's size over it, of this subformat. */
void image_make(struct image *image, uint64_t size, const char *subformat);
/* One whose header is written by hand, as the structures of that time say. */
void image_by_hand(struct image *image, enum cow_kind kind, uint64_t size);
/* Another with copies of container and base. */
void image_copy(struct image *image, const struct image *from);
void image_free(struct image *image);
/* The base's time of modification, from now on. */
void image_base_time(int64_t seconds);

int32_t image_open(struct image *image, uint32_t flags);
int32_t image_opens(struct image *image);
void image_close(struct image *image);
void image_write(struct image *image, uint64_t offset, uint64_t length, uint8_t byte);
bool image_reads(struct image *image, uint64_t offset, uint64_t length, uint8_t byte);
void image_check(struct image *image);
bool image_sound(struct image *image);
int32_t image_probe(const struct image *image);
int32_t image_info(struct image *image);

#endif
