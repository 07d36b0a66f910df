/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-dmg-fixture.h - dmg images in memory, for the tests of formats/dmg: a maker that puts them
 * together chunk by chunk, by rules or against them, and an image that is opened and read.
 */
#ifndef TEST_DMG_FIXTURE_H
#define TEST_DMG_FIXTURE_H

#include "tests/unit/fake-host.h"
#include "tests/unit/memory-io.h"
#include "tests/unit/unit.h"

#include "formats/dmg/dmg.h"
#include "formats/dmg/format.h"

/* --- making ----------------------------------------------------------------------------------- */

#define MAKER_TABLES 4
#define MAKER_CHUNKS 64

struct maker_chunk {
    uint32_t type;
    uint64_t sector; /* in its table */
    uint64_t count;
    uint64_t offset;
    uint64_t length;
};

struct maker_table {
    uint64_t sector;
    uint64_t count;
    uint32_t crc;
    uint32_t chunks;
    struct maker_chunk chunk[MAKER_CHUNKS];
    uint32_t told_chunks; /* what the header says; set by maker_end() if 0 */
    uint32_t version;
};

/* What a test sets between two calls is what the image will have. */
struct maker {
    struct maker_table table[MAKER_TABLES];
    uint32_t tables;
    uint64_t sectors; /* so far: the next chunk begins here */
    uint8_t *data;
    uint64_t length;
    uint8_t *disk; /* what the guest shall read */
    bool fork;     /* a resource fork, no property list */
    bool both;     /* both of them */
    struct dmg_koly koly; /* filled in by maker_end() */
};

void maker_init(struct maker *maker);
void maker_free(struct maker *maker);
/* From here on chunks belong to a further table. */
void maker_table(struct maker *maker);
/* The next sectors hold this, packed as `type` wants it. */
void maker_chunk(struct maker *maker, uint32_t type, const uint8_t *plain, uint64_t sectors);
/* The same, in a form that the test has packed itself. */
void maker_packed(struct maker *maker, uint32_t type, const uint8_t *plain, uint64_t sectors,
                  const uint8_t *packed, uint64_t length);
/* The next sectors are zeros: DMG_ZERO or DMG_IGNORE. */
void maker_zeros(struct maker *maker, uint32_t type, uint64_t sectors);
/* End marks, checksums, description and trailer: the bytes of the file, freed with free(). */
uint8_t *maker_end(struct maker *maker, uint64_t *out_length);

/* Text that packs, of so many bytes; the same for the same seed. */
void maker_text(uint8_t *out, uint64_t length, uint32_t seed);
/* Random sectors in every codec, zeros of both kinds and raw ones, in two tables. */
void maker_everything(struct maker *maker);

/* --- reading ---------------------------------------------------------------------------------- */

struct image {
    struct fake_host host;
    struct memory_io *file;
    struct tarn_io *disk; /* NULL while it is closed */
};

void image_of(struct image *image, const void *bytes, uint64_t length);
/* What the maker has made so far; the maker is used up. */
void image_made(struct image *image, struct maker *maker);
int32_t image_open(struct image *image, uint32_t flags);
void image_close(struct image *image);
void image_free(struct image *image);
/* Does the image open, and hold these bytes and no more? */
bool image_holds(struct image *image, const uint8_t *bytes, uint64_t length);
/* Checks it: the number of corruptions, or UINT64_MAX if the check failed. */
uint64_t image_faults(struct image *image);
/* Every operation on it, for images that may be refused but must do no harm. */
void image_survives(struct image *image);
/* Opening it fails with this status, and the text has this in it. */
bool image_refused(struct image *image, int32_t status, const char *text);

#endif
