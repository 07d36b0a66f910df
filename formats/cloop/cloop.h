/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cloop.h - what the parts of the cloop format share.
 *
 * An image is a header of 136 bytes (a shell script of 128, the size of a block, the number of
 * blocks), a table with the offset of each block and of the end of the last, and the blocks, each
 * packed by itself. Numbers are big-endian but for the tables of version 1.0, which are in the order
 * of the machine that made them. Versions 2.0 and 4.0 may have it the other way round: blocks, table,
 * header, so that they can be made in one go.
 */
#ifndef CLOOP_H
#define CLOOP_H

#include <stdbool.h>

#include <tarn/format.h>

#define CLOOP_PREAMBLE_SIZE ((uint64_t)128)
#define CLOOP_HEADER_SIZE   ((uint64_t)136)
#define CLOOP_HEAD_SIZE     ((uint64_t)144) /* with the first entry of the table behind it */

/* What QEMU takes too. */
#define CLOOP_MAX_BLOCK ((uint64_t)64 << 20)
#define CLOOP_MAX_TABLE ((uint64_t)512 << 20)

#define CLOOP_DEFAULT_BLOCK ((uint64_t)64 << 10)

/* --- header.c --------------------------------------------------------------------------------- */

enum cloop_version { CLOOP_V0, CLOOP_V1, CLOOP_V2, CLOOP_V4 };

struct cloop_header {
    enum cloop_version version;
    bool last;          /* it is at the end of the container */
    bool little_endian; /* the entries of the table */
    uint32_t entry;     /* bytes of one */
    uint64_t block;     /* bytes of the disk that are packed together */
    uint64_t blocks;
    uint64_t table;     /* where it is */
    uint64_t data;      /* the blocks lie in [data, data_end) */
    uint64_t data_end;
};

/* What a header is found to be. */
enum cloop_verdict {
    CLOOP_GOOD,
    CLOOP_OTHER,      /* no cloop header at all */
    CLOOP_UNFINISHED, /* one that cloop_create() wrote, and nobody completed */
    CLOOP_VERSION,    /* of a version that nobody knows */
    CLOOP_BAD_BLOCK,  /* the size of a block */
    CLOOP_BAD_BLOCKS, /* the number of blocks, or its product with their size */
    CLOOP_BAD_TABLE,  /* does not fit into the container */
    CLOOP_BAD_FIRST,  /* the table does not begin with the offset that a table must begin with */
};

/* Looks at the `length` bytes at the start of a container, CLOOP_HEAD_SIZE or all that it has; or,
 * with `last`, at the last CLOOP_HEADER_SIZE ones. Fills in what it understood. */
enum cloop_verdict cloop_header_parse(const uint8_t *bytes, uint64_t length, bool last,
                                      uint64_t file_size, struct cloop_header *out);
/* Finds the header of an image, first or last. */
int32_t cloop_header_read(struct tarn_call *call, struct tarn_io *file, struct cloop_header *out);
/* The bytes of a version 2.0 header, CLOOP_HEADER_SIZE. */
void cloop_header_write(const struct cloop_header *header, uint8_t *bytes);
/* The same as long as the image is not complete; remembers the level. */
void cloop_draft_write(const struct cloop_header *header, int level, uint8_t *bytes);
/* False if these bytes are no such thing. */
bool cloop_draft_parse(const uint8_t *bytes, struct cloop_header *out, int *out_level);

/* "2.0" */
const char *cloop_version_name(enum cloop_version version);

/* --- table.c ---------------------------------------------------------------------------------- */

enum cloop_codec { CLOOP_ZLIB, CLOOP_NONE, CLOOP_XZ, CLOOP_LZ4, CLOOP_LZO, CLOOP_CODECS };

/* A table is read a page at a time, whatever its size. */
struct cloop_table {
    struct tarn_io *file;
    struct cloop_header header;
    uint8_t *page; /* entries [first, first + count] */
    uint64_t first;
    uint64_t count; /* 0 = none read yet */
};

struct cloop_block {
    uint64_t offset; /* in the container */
    uint64_t length;
    uint32_t codec;  /* enum cloop_codec, or what the table says instead */
};

int32_t cloop_table_init(struct tarn_call *call, struct cloop_table *table, struct tarn_io *file,
                         const struct cloop_header *header);
void cloop_table_clear(struct cloop_table *table);
/* Where block `index` is. Unchecked: see cloop_block_fault(). */
int32_t cloop_table_look(struct tarn_call *call, struct cloop_table *table, uint64_t index,
                         struct cloop_block *out);
/* Where the last block ends. */
int32_t cloop_table_end(struct tarn_call *call, struct cloop_table *table, uint64_t *out);
/* What is wrong with the place or the size of a block, or NULL. */
const char *cloop_block_fault(const struct cloop_header *header, const struct cloop_block *block);
/* A name for people. */
const char *cloop_codec_name(uint32_t codec);

/* --- unpack.c --------------------------------------------------------------------------------- */

/* Unpacks a block to exactly `room` bytes; `*out_used` of the packed ones were needed. False: it is
 * damaged, or needs more memory than it may have. */
bool cloop_unpack(uint32_t codec, const uint8_t *packed, uint64_t length, uint8_t *out,
                  uint64_t room, uint64_t *out_used);

/* --- the operations --------------------------------------------------------------------------- */

int32_t cloop_probe(const struct tarn_probe *probe);
int32_t cloop_info(struct tarn_call *call, struct tarn_io *file);
int32_t cloop_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out);
int32_t cloop_create(struct tarn_call *call, struct tarn_io *file,
                     const struct tarn_image_spec *spec);
int32_t cloop_open(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_open *how, struct tarn_io **out);
/* cloop_open() with TARN_IMAGE_OPEN_WRITE. */
int32_t cloop_open_fill(struct tarn_call *call, struct tarn_io *file, struct tarn_io **out);
int32_t cloop_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags);

#endif
