/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vpc.h - what the files of the vpc format share: an open image, and what is done with one.
 *
 * A block is its bitmap, one bit for each sector, the first sector's being the highest bit of the
 * first byte, and then its data. A sector whose bit is 0 was never written: it is the parent's, or
 * zeros. QEMU ignores the bitmaps of dynamic images, so there a sector whose bit is 0 always holds
 * zeros as well.
 */
#ifndef FORMAT_VPC_VPC_H
#define FORMAT_VPC_VPC_H

#include <tarn/format.h>

#include "head.h"
#include "helpers/span-disk.h"

/* Bitmaps that are held in memory; each block has its slot. */
struct vpc_bitmaps {
    uint8_t *bytes;  /* slots * head.bitmap_size */
    uint64_t *owner; /* by slot: the number of the block and 1; 0 = empty */
    bool *dirty;     /* by slot */
    uint64_t slots;
};

/* An open image. What points to bytes (BAT and bitmaps) is written only by vpc_commit(), which
 * makes the bytes durable first. */
struct vpc_disk {
    struct span_disk span; /* first */
    struct vpc_head head;
    bool writable;
    /* --- dynamic and differencing --- */
    uint32_t *bat;   /* head.entries of them */
    bool *bat_dirty; /* by sector of the table */
    bool dirty;      /* anything is */
    uint64_t free;   /* where the next block may go: behind everything that is in use */
    struct vpc_bitmaps bitmaps;
};

/* --- head.c, info.c, create.c, open.c, check.c: the operations -------------------------------- */

int32_t vpc_probe(const struct tarn_probe *probe);
int32_t vpc_info(struct tarn_call *call, struct tarn_io *file);
int32_t vpc_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out);
int32_t vpc_create(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_spec *spec);
int32_t vpc_open(struct tarn_call *call, struct tarn_io *file, const struct tarn_image_open *how,
                 struct tarn_io **out);
int32_t vpc_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags);

/* --- open.c ----------------------------------------------------------------------------------- */

/* An open image without what lies below it. */
int32_t vpc_disk_new(struct tarn_call *call, const struct vpc_head *head, bool writable,
                     struct vpc_disk **out);
void vpc_disk_free(struct vpc_disk *disk);
/* Makes both footers what the image goes by. After vpc_table_survey(). */
int32_t vpc_footers_mend(struct tarn_call *call, struct vpc_disk *disk);

/* --- spans.c: what span-disk asks ------------------------------------------------------------- */

extern const struct span_ops vpc_fixed_ops;
extern const struct span_ops vpc_dynamic_ops;
extern const struct span_ops vpc_differencing_ops;

/* --- resize.c --------------------------------------------------------------------------------- */

int32_t vpc_fixed_resize(struct tarn_call *call, struct span_disk *span, uint64_t size,
                         uint32_t flags);
int32_t vpc_dynamic_resize(struct tarn_call *call, struct span_disk *span, uint64_t size,
                           uint32_t flags);
/* Gives every block of [offset, offset + length) its place, and takes the space as the
 * TARN_PREALLOC_… says. */
int32_t vpc_preallocate(struct tarn_call *call, struct vpc_disk *disk, uint64_t offset,
                    uint64_t length, uint32_t preallocation);

/* --- blocks.c --------------------------------------------------------------------------------- */

/* Where the block begins in the file, its bitmap first; 0 if nothing is stored. TARN_E_CORRUPT if
 * it cannot lie there. */
int32_t vpc_block_find(struct tarn_call *call, const struct vpc_disk *disk, uint64_t block,
                       uint64_t *out);
/* The bytes of the file that a further block takes, with what aligns it. */
uint64_t vpc_block_room(uint64_t block_size);
/* Gives the block a place, with all sectors absent. */
int32_t vpc_block_allocate(struct tarn_call *call, struct vpc_disk *disk, uint64_t block,
                           uint64_t *out);
/* Makes room for `length` bytes at `offset`, behind all that is in use: they read as zeros, and the
 * footer is behind them. */
int32_t vpc_room(struct tarn_call *call, struct vpc_disk *disk, uint64_t offset, uint64_t length);
/* Writes what is dirty: the bytes are made durable, then what points to them is written. */
int32_t vpc_commit(struct tarn_call *call, struct vpc_disk *disk);

/* --- table.c ---------------------------------------------------------------------------------- */

int32_t vpc_table_load(struct tarn_call *call, struct vpc_disk *disk);
void vpc_table_set(struct vpc_disk *disk, uint64_t block, uint32_t sector);
int32_t vpc_table_write(struct tarn_call *call, struct vpc_disk *disk);
/* Looks at the places of all blocks: two that overlap, or one that cannot lie where it does, are
 * TARN_E_CORRUPT. Finds out disk->free. */
int32_t vpc_table_survey(struct tarn_call *call, struct vpc_disk *disk);
/* The places of all blocks, as the BAT has them, in the order of the file; freed by the caller. */
int32_t vpc_table_sorted(struct tarn_call *call, const struct vpc_disk *disk, uint32_t **out,
                         uint64_t *out_count);
/* Is nothing that the image needs besides blocks within the range? */
bool vpc_place_is_free(const struct vpc_head *head, uint64_t offset, uint64_t length);
/* The end of all that the image needs at fixed places, the footer at the end left out. */
uint64_t vpc_tables_end(const struct vpc_head *head);

/* --- bitmaps.c -------------------------------------------------------------------------------- */

int32_t vpc_bitmaps_new(struct tarn_call *call, struct vpc_disk *disk);
/* The bitmap of a block that is stored at `start`; valid until the next call. */
int32_t vpc_bitmap_load(struct tarn_call *call, struct vpc_disk *disk, uint64_t block,
                        uint64_t start, uint8_t **out);
/* How many sectors from `first` on, `count` at most, are alike; *out_set says what they are. */
uint64_t vpc_bitmap_run(const uint8_t *bitmap, uint64_t first, uint64_t count, bool *out_set);
/* Changes bits of the bitmap that was loaded last. */
void vpc_bitmap_change(struct vpc_disk *disk, uint64_t block, uint8_t *bitmap, uint64_t first,
                       uint64_t count, bool set);
int32_t vpc_bitmaps_write(struct tarn_call *call, struct vpc_disk *disk);

/* --- parent.c, names.c ------------------------------------------------------------------------ */

#define VPC_NAME_MAX    4096u /* bytes of a name, its end included */
#define VPC_LOCATORS    8u
#define VPC_LOCATOR_MAX 4096u /* bytes of a locator's text */
#define VPC_PARENT_NAME_AT    64u /* in the header: 512 bytes, big end first */
#define VPC_PARENT_NAME_SIZE  512u
#define VPC_LOCATOR_AT(i)     (576u + (i) * 24u) /* in the header: an entry of the list */
#define VPC_LOCATOR_RELATIVE  0x57327275u /* "W2ru": ".\\x.vhd", little end first */
#define VPC_LOCATOR_ABSOLUTE  0x57326b75u /* "W2ku": "C:\\y\\x.vhd", little end first */
#define VPC_LOCATOR_URL       0x4d616358u /* "MacX": "file://localhost/y/x.vhd", UTF-8 */

/* The name of the parent: of the locators the first that means something here, else the name in the
 * header. Names of Windows get slashes, except those with a drive or a server, which mean nothing
 * here and stay as they are. */
int32_t vpc_parent_name(struct tarn_call *call, const struct vpc_head *head,
                        char name[VPC_NAME_MAX]);
/* Opens the container of `name` and reads what it says of itself. */
int32_t vpc_parent_head(struct tarn_call *call, const char *name, struct vpc_head *out,
                        struct tarn_identity *out_identity);
/* Opens the guest's bytes of the parent, if it is the one that the image was made over. */
int32_t vpc_parent_open(struct tarn_call *call, const struct vpc_head *head,
                        struct tarn_io **out);
/* Is `parent` the one that the image was made over? */
bool vpc_parent_matches(const struct vpc_head *head, const struct vpc_head *parent);

/* Text as VHD holds it: pairs of bytes, `big` or little end first. `length` counts bytes and is
 * even; what follows a zero pair is not text. False if it is no text, or has no room. */
bool vpc_utf16_decode(const uint8_t *from, uint64_t length, bool big, char *to, uint64_t room);
/* Answers the bytes written, or 0 if `from` is no UTF-8 or has no room. */
uint64_t vpc_utf16_encode(const char *from, bool big, uint8_t *to, uint64_t room);
/* A name of this system as Windows writes it, and back; false if it cannot be. */
bool vpc_name_to_windows(const char *from, char *to, uint64_t room);
bool vpc_name_from_windows(const char *from, char *to, uint64_t room);
bool vpc_name_from_url(const char *from, char *to, uint64_t room);

#endif
