/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-cow-fixture.h - a cow image in memory over a base in memory, for the tests of formats/cow;
 * and the headers of all its kinds, which no tool of today writes.
 */
#ifndef TEST_COW_FIXTURE_H
#define TEST_COW_FIXTURE_H

#include "tests/unit/format-fixture.h"

#include "formats/cow/cow.h"
#include "formats/cow/format.h"

#define SECTOR    ((uint64_t)512)
#define BASE_NAME "/srv/base.raw"
#define BASE_TIME 1234567890

/* Every byte of the base is 0xbb. */
void image_new(struct image *image, uint64_t base_size);
/* Makes an image of the base's size over it, of this subformat. */
void cow_make(struct image *image, uint64_t size, const char *subformat);
/* One whose header is written by hand, as the structures of that time say. */
void image_by_hand(struct image *image, enum cow_kind kind, uint64_t size);
/* Another with copies of container and base. */
void cow_copy(struct image *image, const struct image *from);
/* From now on the image finds the base of another one. */
void cow_rest_on(struct image *image, struct memory_io *base);
/* The base's time of modification, from now on. */
void image_base_time(int64_t seconds);

#endif
