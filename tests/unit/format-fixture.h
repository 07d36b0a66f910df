/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * format-fixture.h - an image in memory, for the unit tests of a format. What a crash leaves of it
 * is in format-crash.h.
 */
#ifndef FORMAT_FIXTURE_H
#define FORMAT_FIXTURE_H

#include "tests/unit/fake-host.h"
#include "tests/unit/memory-io.h"
#include "tests/unit/unit.h"

struct image {
    const struct tarn_format *format;
    struct fake_host host;
    struct memory_io *file; /* the container */
    struct memory_io *base; /* NULL, or what the image rests on; freed with it */
    struct tarn_io *disk;   /* NULL while it is closed */
};

/* A spec with the capacity and nothing else. */
struct tarn_image_spec spec_of(uint64_t capacity);

/* Makes an image by `spec`; fatal if that fails. */
void image_make(struct image *image, const struct tarn_format *format,
                const struct tarn_image_spec *spec);
/* An image whose container holds these bytes; or is this one, which it then owns. */
void image_of(struct image *image, const struct tarn_format *format, const void *bytes,
              uint64_t length);
void image_around(struct image *image, const struct tarn_format *format, struct memory_io *file);
/* One with a copy of the other's container. */
void image_copy(struct image *image, const struct image *from);
/* Does a creation of this fail with this status, and leave the container empty? */
bool image_make_fails(const struct tarn_format *format, const struct tarn_image_spec *spec,
                      int32_t status);
/* Opens it; answers the status. */
int32_t image_open(struct image *image, uint32_t flags);
/* Opens it for reading and closes it; answers the status of opening. */
int32_t image_opens(struct image *image);
/* Closes it if it is open; fatal if that fails. */
void image_close(struct image *image);
void image_free(struct image *image);

/* What info answers; what it told is in image->host. */
int32_t image_info(struct image *image);
int32_t image_probe(const struct image *image);

void image_write(struct image *image, uint64_t offset, uint64_t length, uint8_t byte);
/* Are all bytes of the range `byte`? */
bool image_reads(struct image *image, uint64_t offset, uint64_t length, uint8_t byte);
/* The status of reading all of the open disk. */
int32_t image_read_all(struct image *image);
/* Runs the check with these flags; the result is in image->host.check. */
void image_check(struct image *image, uint32_t flags);
/* Checks: no corruption, no error; and so many leaks. */
bool image_sound(struct image *image, uint64_t leaks);
/* Checks: no corruption, no error; what there is of them is printed. */
bool image_leaks_only(struct image *image);
/* Info, map, read, write, check, each of which may fail: none may crash or hang. */
void image_try_all(struct image *image);

/* Big-endian numbers of the container. */
uint64_t image_get64(const struct image *image, uint64_t offset);
uint32_t image_get32(const struct image *image, uint64_t offset);
void image_put64(struct image *image, uint64_t offset, uint64_t value);
void image_put32(struct image *image, uint64_t offset, uint32_t value);
void image_put16(struct image *image, uint64_t offset, uint16_t value);

#endif
