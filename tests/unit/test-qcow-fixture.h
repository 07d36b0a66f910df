/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-qcow-fixture.h - an image in memory, for the tests of formats/qcow and formats/bochs.
 */
#ifndef TEST_QCOW_FIXTURE_H
#define TEST_QCOW_FIXTURE_H

#include "tests/unit/fake-host.h"
#include "tests/unit/memory-io.h"
#include "tests/unit/unit.h"

struct image {
    const struct tarn_format *format;
    struct fake_host host;
    struct memory_io *file;
    struct tarn_io *disk; /* NULL while it is closed */
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
/* Does a creation of this fail with this status, and leave the container empty? */
bool image_make_fails(const struct tarn_format *format, const struct tarn_image_spec *spec,
                      int32_t status);
/* Opens it; answers the status. */
int32_t image_open(struct image *image, uint32_t flags);
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
/* Info, map, read, write, check, each of which may fail: none may crash or hang. */
void image_try_all(struct image *image);

/* --- crashes ---------------------------------------------------------------------------------- */

/* Does an image that a crash left behind pass? It is closed. */
typedef bool (*image_judge)(struct image *image, const void *arg);

/* Looks at what a crash after each step of the journal would leave of `start`: of a process that
 * was killed, and of a machine that lost power and with it some of the writes since the last
 * flush. True if `judge` is satisfied with all of it. */
bool image_survives(const struct tarn_format *format, const struct memory_io *start,
                    const struct memory_io *journal, image_judge judge, const void *arg);

/* Random numbers, the same ones everywhere. */
void random_start(uint64_t seed);
uint64_t random_below(uint64_t limit);

#endif
