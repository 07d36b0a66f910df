/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * writer.h - an image that is being written: its data fork grows, its one block table is kept in
 * memory as it will stand in the file, and at the end the description and the trailer follow.
 */
#ifndef DMG_WRITER_H
#define DMG_WRITER_H

#include "dmg.h"

/* So many chunks fit into a property list of DMG_DESCRIPTION_MAX bytes, which is also what others
 * read at most. */
#define DMG_CHUNKS_MAX 300000u

struct dmg_writer {
    struct tarn_io *file;
    uint64_t sectors;  /* of the disk */
    uint32_t unit;     /* sectors of a chunk */
    uint32_t type;     /* of packed chunks */
    uint64_t position; /* where the data fork ends */
    uint64_t sector;   /* the first that is in no chunk */
    uint32_t data_crc;
    uint32_t disk_crc;
    bool zeros;        /* the last chunk is of zeros: it can grow */
    uint8_t *table;
    uint64_t chunks;
    uint64_t room; /* bytes of `table` */
};

/* Starts with an empty data fork. */
void dmg_writer_init(struct dmg_writer *writer, struct tarn_io *file, uint64_t sectors,
                     uint32_t type, uint32_t unit);
/* The next sectors are zeros. */
int32_t dmg_writer_zeros(struct tarn_call *call, struct dmg_writer *writer, uint64_t sectors);
/* The next sectors are `plain`, and are stored as `bytes` in a chunk of `type`. */
int32_t dmg_writer_chunk(struct tarn_call *call, struct dmg_writer *writer, uint32_t type,
                         const uint8_t *plain, uint64_t plain_length, const uint8_t *bytes,
                         uint64_t length);
/* Writes the description and the trailer. A `fresh` image is still to be filled. */
int32_t dmg_writer_finish(struct tarn_call *call, struct dmg_writer *writer, bool fresh);
void dmg_writer_clear(struct dmg_writer *writer);

/* The bytes that an image needs besides its data fork. */
uint64_t dmg_writer_overhead(uint64_t chunks);

#endif
