/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * bochs.h - what the files of this folder share.
 *
 * The layout, all numbers little-endian: a header of 512 bytes, the catalog, then extents, numbered
 * as they lie in the file. A catalog entry is the number of the extent that holds this part of the
 * disk. An extent is a bitmap and its data; a set bit, the lowest first, says that a sector is
 * there, and a sector that is not there is zero.
 *
 * Who uses whom, from the bottom up:
 *   header         decodes the head of an image and refuses what makes no sense
 *   tables         the catalog, a bounded write-back cache of bitmaps, and the order of writes
 *   disk           guest offset -> where it lies; the open image
 *   store, resize  what changes it
 *   info, create, check   operations of their own
 *
 * An image is used by one thread at a time. Offsets and lengths are in bytes unless a name says
 * otherwise. Every function that takes a call answers TARN_OK, or a status with the error recorded.
 */
#ifndef FORMAT_BOCHS_INTERNAL_H
#define FORMAT_BOCHS_INTERNAL_H

#include <stdbool.h>

#include <tarn/format.h>

#include "helpers/span-disk.h"

#define BOCHS_MAGIC "Bochs Virtual HD Image" /* and its NUL */

#define BOCHS_SECTOR 512u
#define BOCHS_HEADER_SIZE 512u
#define BOCHS_MAX_HEADER 65536u
/* What QEMU opens, and the largest that bximage makes: 8 TiB. */
#define BOCHS_MAX_CATALOG 0x100000u
#define BOCHS_MAX_EXTENT 0x800000u
#define BOCHS_MAX_BITMAP 65536u

#define BOCHS_ABSENT UINT32_MAX /* a catalog entry: nothing is stored */

static inline uint64_t bochs_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t bochs_round_up(uint64_t value, uint64_t to)
{
    return (value / to + (value % to != 0)) * to;
}

/* --- header.c --------------------------------------------------------------------------------- */

enum bochs_subtype { BOCHS_GROWING, BOCHS_UNDOABLE, BOCHS_VOLATILE };

struct bochs_header {
    uint32_t version; /* 1 or 2 */
    enum bochs_subtype subtype;
    uint32_t length;  /* of the header: there the catalog begins */
    uint32_t catalog; /* entries */
    uint32_t bitmap;  /* bytes of an extent's bitmap that mean something */
    uint32_t extent;  /* bytes of an extent's data */
    uint32_t timestamp; /* of the flat disk below an undoable or volatile one; not in version 1 */
    uint64_t size;    /* of the guest's disk */
};

extern const char *const bochs_subformats[]; /* as the command line has them, by bochs_subtype */

static inline uint64_t bochs_catalog_bytes(const struct bochs_header *header)
{
    return (uint64_t)header->catalog * 4;
}

/* Where the first extent begins. */
static inline uint64_t bochs_data_offset(const struct bochs_header *header)
{
    return header->length + bochs_catalog_bytes(header);
}

/* Bytes of an extent's bitmap in the file, and of all of it. */
static inline uint64_t bochs_bitmap_space(const struct bochs_header *header)
{
    return bochs_round_up(header->bitmap, BOCHS_SECTOR);
}

static inline uint64_t bochs_stride(const struct bochs_header *header)
{
    return bochs_bitmap_space(header) + header->extent;
}

/* Where the extent of this number begins. At most 2^32 * 2^23, and a little. */
static inline uint64_t bochs_extent_at(const struct bochs_header *header, uint32_t number)
{
    return bochs_data_offset(header) + number * bochs_stride(header);
}

/* The largest disk that the catalog has room for. */
static inline uint64_t bochs_most(const struct bochs_header *header)
{
    return (uint64_t)header->catalog * header->extent;
}

/* Reads and checks the header: one read. That the catalog lies within the file is not checked: it
 * is not needed to describe the image. */
int32_t bochs_header_read(struct tarn_call *call, struct tarn_io *file, struct bochs_header *out,
                          uint64_t *out_file_size);
/* Writes the BOCHS_HEADER_SIZE bytes of a growing disk of version 2. */
void bochs_header_encode(const struct bochs_header *header, uint8_t *bytes);
/* Where the header holds the size of the disk. */
uint64_t bochs_size_at(const struct bochs_header *header);
/* tarn_format.probe */
int32_t bochs_probe(const struct tarn_probe *probe);

/* --- disk.c: an open image -------------------------------------------------------------------- */

struct bochs_bitmap {
    uint32_t number; /* of the extent */
    bool full;       /* holds something */
    bool dirty;
};

#define BOCHS_PAGE 1024u /* catalog entries that are written at once */

struct bochs_image {
    struct span_disk disk; /* first */
    struct bochs_header header;
    uint64_t file_size; /* the most that the container is known to have */
    uint32_t *catalog;
    bool dirty_pages[BOCHS_MAX_CATALOG / BOCHS_PAGE];
    uint32_t next; /* the number of the next extent: one more than the highest */
    uint32_t slots;
    struct bochs_bitmap *slot; /* the bitmap of extent n is in slot n % slots, if it is cached */
    uint8_t *bitmaps;          /* header.bitmap bytes for each slot */
    bool dirty;    /* is any page or bitmap? */
    bool unsynced; /* written since the last flush, apart from data that are overwritten */
};

static inline struct bochs_image *bochs_image_of(struct span_disk *disk)
{
    return (struct bochs_image *)(void *)disk;
}

/* An image with its catalog, which must lie within the file; for `check`, too. */
int32_t bochs_image_new(struct tarn_call *call, struct tarn_io *file,
                        const struct bochs_header *header, uint64_t file_size,
                        struct bochs_image **out);
void bochs_image_free(struct bochs_image *image);

/* --- tables.c ----------------------------------------------------------------------------------- */

/* Reads the catalog and makes room for bitmaps: at most 4 MiB and 8 MiB, taken as they are used. */
int32_t bochs_tables_load(struct tarn_call *call, struct bochs_image *image);
/* Fails if the catalog uses an extent twice, or one that it cannot have: nothing may be written
 * then. */
int32_t bochs_catalog_check(struct tarn_call *call, const struct bochs_image *image);
void bochs_catalog_set(struct bochs_image *image, uint32_t index, uint32_t number);
/* The bitmap of an extent; good until the next call. `change`: it will be changed. */
int32_t bochs_bitmap(struct tarn_call *call, struct bochs_image *image, uint32_t number,
                     bool change, uint8_t **out);
/* Writes all that was changed, in its order. Does not flush behind the last. */
int32_t bochs_commit(struct tarn_call *call, struct bochs_image *image);

static inline bool bochs_bit(const uint8_t *bitmap, uint64_t sector)
{
    return bitmap[sector / 8] >> (sector % 8) & 1;
}

/* Sets or clears `count` bits from `first` on; true if any of them changes. */
bool bochs_bits_set(uint8_t *bitmap, uint64_t first, uint64_t count, bool value);
/* How many bits from `first` on, of at most `count`, are like the first one. */
uint64_t bochs_bits_run(const uint8_t *bitmap, uint64_t first, uint64_t count);

/* --- store.c ------------------------------------------------------------------------------------ */

/* span_ops.store and erase */
int32_t bochs_store(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                    uint64_t length, const void *bytes, uint64_t *out_stored);
int32_t bochs_erase(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                    uint64_t length, bool keep_space);
/* Takes the space of [offset, offset + length), whose sectors stay zero. */
int32_t bochs_reserve(struct tarn_call *call, struct bochs_image *image, uint64_t offset,
                      uint64_t length);

/* --- operations --------------------------------------------------------------------------------- */

/* span_ops.resize */
int32_t bochs_resize(struct tarn_call *call, struct span_disk *disk, uint64_t size,
                     uint32_t flags);

int32_t bochs_info(struct tarn_call *call, struct tarn_io *file);
int32_t bochs_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out);
int32_t bochs_create(struct tarn_call *call, struct tarn_io *file,
                     const struct tarn_image_spec *spec);
int32_t bochs_open(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_open *how, struct tarn_io **out);
int32_t bochs_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags);

#endif
