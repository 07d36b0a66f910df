/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-vmdk-fixture.h - a VMDK image in memory, with all its files, for the tests of formats/vmdk.
 */
#ifndef TEST_VMDK_FIXTURE_H
#define TEST_VMDK_FIXTURE_H

#include "tests/unit/fake-host.h"
#include "tests/unit/memory-io.h"
#include "tests/unit/unit.h"

#include "formats/vmdk/format.h"

#define MOST_FILES 8u

struct named_file {
    char name[64];
    struct memory_io *file;
};

struct image {
    struct fake_host host;
    struct memory_io *file; /* the container */
    struct named_file more[MOST_FILES]; /* what open_related and create_related know */
    uint32_t more_count;
    struct tarn_io *disk; /* NULL while it is closed */
};

struct tarn_image_spec spec_of(uint64_t capacity, const char *subformat);

/* An image whose container holds these bytes. */
void image_of(struct image *image, const void *bytes, uint64_t length);
/* One whose container is this text. */
void image_of_text(struct image *image, const char *text);
/* Makes an image by `spec`; fatal if that fails. */
void image_make(struct image *image, const struct tarn_image_spec *spec);
/* A further file, which the image may name. */
struct memory_io *image_add_file(struct image *image, const char *name, const void *bytes,
                                 uint64_t length);
struct memory_io *image_find_file(struct image *image, const char *name);
/* Another one with the same files: bytes, not journals. */
void image_copy(struct image *to, const struct image *from);
void image_free(struct image *image);

int32_t image_open(struct image *image, uint32_t flags);
/* Closes it if it is open; fatal if that fails. */
void image_close(struct image *image);
/* Closes it whatever that answers. */
void image_drop(struct image *image);
void image_write(struct image *image, uint64_t offset, uint64_t length, uint8_t byte);
/* Are all bytes of the range `byte`? */
bool image_reads(struct image *image, uint64_t offset, uint64_t length, uint8_t byte);
/* Runs the check; the result is in image->host.check. */
void image_check(struct image *image, uint32_t flags);
/* Checks: no corruption, no error; and so many leaks. */
bool image_sound(struct image *image, uint64_t leaks);

/* An empty vmfsSparse image of `sectors`, in grains of `grain` sectors: a text and "delta.vmdk". */
void image_make_cowd(struct image *image, uint32_t sectors, uint32_t grain);

#endif
