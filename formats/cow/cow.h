/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cow.h - what the files of the cow format share.
 *
 * An image is a header, a bitmap with a bit for each sector, the first sector's being the lowest
 * bit of the first byte, and the sectors, each at its own place as in the disk. A sector whose bit
 * is 0 is the base's, which is a raw disk by definition.
 */
#ifndef FORMAT_COW_COW_H
#define FORMAT_COW_COW_H

#include <tarn/format.h>

#include "helpers/span-disk.h"

#define COW_SECTOR        512u
#define COW_MAX_SECTOR    65536u
#define COW_MAX_ALIGNMENT ((uint64_t)1 << 20)
#define COW_NAME_MAX      4096u /* bytes of a base's name, its end included */
#define COW_HEAD_SIZE     4136u /* the longest header */

/* The headers there have been; see layout.c. */
enum cow_kind {
    COW_UML_1_BIG,
    COW_UML_1_BIG_PADDED,
    COW_UML_1_LITTLE,
    COW_UML_1_LITTLE_PADDED,
    COW_UML_2,
    COW_UML_2_PADDED,
    COW_UML_3,
    COW_UML_3_PADDED,
    COW_QEMU_64,
    COW_QEMU_32,
};

struct cow_head {
    enum cow_kind kind;
    uint32_t version;
    uint32_t mtime; /* of the base, in seconds; 0 = not recorded */
    uint64_t size;  /* of the disk */
    uint32_t sector;
    uint32_t alignment;
    uint64_t bitmap_offset;
    uint64_t bitmap_length; /* in bytes */
    uint64_t data_offset;
    uint64_t sectors;  /* of the disk */
    uint64_t covered;  /* sectors that have a bit: the last ones of version 1 and 2 may have none */
    char name[COW_NAME_MAX]; /* of the base; "" = none */
};

/* The bitmap is held in pages; each has its slot. */
#define COW_PAGE  ((uint64_t)65536)
#define COW_SLOTS ((uint64_t)256)

struct cow_pages {
    uint8_t *bytes[COW_SLOTS]; /* COW_PAGE bytes each; NULL until one is needed */
    uint64_t owner[COW_SLOTS]; /* the number of the page and 1; 0 = empty */
    bool dirty[COW_SLOTS];
    bool any_dirty;
};

/* An open image. Bits are written only by cow_commit(), which makes the sectors durable first. */
struct cow_disk {
    struct span_disk span; /* first */
    struct cow_head head;
    uint64_t file_size;
    struct cow_pages pages;
};

/* --- the operations --------------------------------------------------------------------------- */

int32_t cow_probe(const struct tarn_probe *probe);
int32_t cow_info(struct tarn_call *call, struct tarn_io *file);
int32_t cow_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out);
int32_t cow_create(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_spec *spec);
int32_t cow_open(struct tarn_call *call, struct tarn_io *file, const struct tarn_image_open *how,
                 struct tarn_io **out);
int32_t cow_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags);

/* --- layout.c --------------------------------------------------------------------------------- */

bool cow_is_qemu(enum cow_kind kind);
/* Reads and checks the header. */
int32_t cow_head_read(struct tarn_call *call, struct tarn_io *file, struct cow_head *out,
                      uint64_t *out_file_size);
/* Fills in where bitmap and data are, from the rest of it; false if there is no such place. */
bool cow_lay_out(struct cow_head *head);
/* Writes the header into COW_HEAD_SIZE bytes, which are zero; answers its length. */
uint64_t cow_head_encode(const struct cow_head *head, uint8_t *bytes);

/* --- pages.c ---------------------------------------------------------------------------------- */

void cow_pages_free(struct cow_pages *pages);
/* How many sectors from `first` on, `count` at most, are alike; *out_set says whether they are in
 * the image. */
int32_t cow_run(struct tarn_call *call, struct cow_disk *disk, uint64_t first, uint64_t count,
                uint64_t *out_run, bool *out_set);
/* Sets the bits of sectors that lie in one page. */
int32_t cow_set(struct tarn_call *call, struct cow_disk *disk, uint64_t first, uint64_t count);
/* Makes the sectors durable, and writes the bits that are dirty. */
int32_t cow_commit(struct tarn_call *call, struct cow_disk *disk);

/* --- base.c ----------------------------------------------------------------------------------- */

/* What the base is now: its size, and its time in seconds as an image records it. */
int32_t cow_base_look(struct tarn_call *call, const char *name, uint64_t *out_size,
                      uint32_t *out_mtime);
#define COW_CHANGE_MAX 100

/* Is the base not as it was? Then `text` says what changed. */
bool cow_base_changed(const struct cow_head *head, uint64_t size, uint32_t mtime,
                      char text[COW_CHANGE_MAX]);
/* Opens the base's bytes, if it is as it was; NULL if the image has none. */
int32_t cow_base_open(struct tarn_call *call, const struct cow_head *head, struct tarn_io **out);

#endif
