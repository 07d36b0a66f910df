/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * test-cloop-fixture.h - cloop images in memory, of every version: what no packaged program makes any
 * more, or does not make yet, is laid out here by hand.
 */
#ifndef TEST_CLOOP_FIXTURE_H
#define TEST_CLOOP_FIXTURE_H

#include "fake-host.h"
#include "formats/cloop/cloop.h"
#include "formats/cloop/format.h"
#include "memory-io.h"

#define BLOCK 1024u

struct recipe {
    enum cloop_version version;
    bool last;
    bool little_endian;
    uint32_t blocks;
    const uint32_t *codecs; /* of the blocks, by turns; ends with UINT32_MAX; NULL = zlib */
    uint32_t garbage;       /* bytes behind each block */
};

extern struct fake_host cloop_host;

/* Byte `at` of the disk in all of these images. */
uint8_t cloop_content(uint64_t at);
/* The image; memory_io_free(). */
struct memory_io *cloop_build(const struct recipe *recipe);
/* Opens it for reading: the status, and on success the disk in *out. */
int32_t cloop_try_open(struct memory_io *image, struct tarn_io **out);
/* Opens and reads all of it: TARN_OK, and then the content is right, or the first failure. Forgets
 * the error unless `keep`. */
int32_t cloop_read_all(struct memory_io *image, bool keep);
int32_t cloop_probe_of(const struct memory_io *image);

#endif
