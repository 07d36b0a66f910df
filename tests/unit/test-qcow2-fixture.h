/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-qcow2-fixture.h - a qcow2 image in memory, for the tests of formats/qcow2.
 */
#ifndef TEST_QCOW2_FIXTURE_H
#define TEST_QCOW2_FIXTURE_H

#include "tests/unit/fake-host.h"
#include "tests/unit/memory-io.h"
#include "tests/unit/unit.h"

#include "formats/qcow2/format.h"

struct image {
    struct fake_host host;
    struct memory_io *file;
    struct tarn_io *disk; /* NULL while it is closed */
};

/* A spec with the capacity and nothing else. */
struct tarn_image_spec spec_of(uint64_t capacity);

/* Makes an image by `spec`; fatal if that fails. */
void image_make(struct image *image, const struct tarn_image_spec *spec);
/* An image whose container holds these bytes. */
void image_of(struct image *image, const void *bytes, uint64_t length);
/* Opens it; answers the status. */
int32_t image_open(struct image *image, uint32_t flags);
/* Closes it if it is open; fatal if that fails. */
void image_close(struct image *image);
void image_free(struct image *image);

void image_write(struct image *image, uint64_t offset, uint64_t length, uint8_t byte);
/* Are all bytes of the range `byte`? */
bool image_reads(struct image *image, uint64_t offset, uint64_t length, uint8_t byte);
/* Runs the check with these flags; the result is in image->host.check. */
void image_check(struct image *image, uint32_t flags);
/* Checks: no corruption, no error; and so many leaks. */
bool image_sound(struct image *image, uint64_t leaks);

/* Big-endian numbers of the container. */
uint64_t image_get64(const struct image *image, uint64_t offset);
uint32_t image_get32(const struct image *image, uint64_t offset);
void image_put64(struct image *image, uint64_t offset, uint64_t value);
void image_put32(struct image *image, uint64_t offset, uint32_t value);
void image_put16(struct image *image, uint64_t offset, uint16_t value);

/* Makes everything that the active L1 table refers to shared with a snapshot of the given name, as
 * a program that knows snapshots would: the image has no snapshot yet, one L1 cluster, 16-bit
 * refcounts and clusters of 64 KiB. */
void image_snapshot(struct image *image, const char *id, const char *name);

#endif
