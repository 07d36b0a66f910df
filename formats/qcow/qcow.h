/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * qcow.h - what the files of this folder share.
 *
 * The layout, all numbers big-endian: a header of 48 bytes, the backing store's name, the L1 table.
 * An L1 entry is the place of an L2 table, an L2 entry the place of a cluster of guest bytes, 0 if
 * there is none; everything that comes later is appended to the file, in any order. Nothing is ever
 * given back, for nothing counts references.
 *
 * Who uses whom, from the bottom up:
 *   header         decodes the head of an image and refuses what makes no sense
 *   pages          a bounded write-back cache of table pages, and the order of writes
 *   tables         the places of all L2 tables, which guest data must never hit
 *   disk           guest offset -> where it lies; the open image
 *   store          where new guest data go
 *   codec          compressed clusters
 *   fill           an image made of compressed clusters
 *   info, create, check (with claims)   operations of their own
 *
 * An image is used by one thread at a time. Offsets and lengths are in bytes unless a name says
 * otherwise. Every function that takes a call answers TARN_OK, or a status with the error recorded.
 */
#ifndef FORMAT_QCOW_INTERNAL_H
#define FORMAT_QCOW_INTERNAL_H

#include <stdbool.h>

#include <tarn/format.h>

#include "helpers/span-disk.h"

#define QCOW_MAGIC 0x514649fbu
#define QCOW_HEADER_SIZE 48u
#define QCOW_HEAD_SIZE 4096u /* read at once: QEMU puts the name right behind the header */

#define QCOW_SECTOR 512u
#define QCOW_MIN_CLUSTER_BITS 9u
#define QCOW_MAX_CLUSTER_BITS 16u
#define QCOW_MIN_L2_BITS 6u
#define QCOW_MAX_L2_BITS 13u
#define QCOW_MAX_L1_ENTRIES ((uint64_t)INT32_MAX / 8) /* what QEMU opens */
#define QCOW_MAX_NAME 1023u

#define QCOW_COMPRESSED ((uint64_t)1 << 63)

static inline uint64_t qcow_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t qcow_divide_up(uint64_t value, uint64_t by)
{
    return value / by + (value % by != 0);
}

static inline uint64_t qcow_round_up(uint64_t value, uint64_t to)
{
    return qcow_divide_up(value, to) * to;
}

/* --- header.c --------------------------------------------------------------------------------- */

struct qcow_header {
    uint64_t backing_offset; /* of the name; 0 = none */
    uint32_t backing_length;
    uint64_t size; /* of the guest's disk */
    uint32_t cluster_bits;
    uint32_t l2_bits;      /* an L2 table has 1 << l2_bits entries */
    uint32_t crypt_method; /* 0 none, 1 AES */
    uint64_t l1_offset;
};

struct qcow_head {
    struct qcow_header header;
    uint64_t file_size;
    char backing_name[QCOW_MAX_NAME + 1]; /* "" = none */
};

static inline uint64_t qcow_cluster_size(const struct qcow_header *header)
{
    return (uint64_t)1 << header->cluster_bits;
}

static inline uint64_t qcow_l2_bytes(const struct qcow_header *header)
{
    return (uint64_t)8 << header->l2_bits;
}

/* Guest bytes below one L1 entry: at most 2^29. */
static inline uint64_t qcow_l1_covers(const struct qcow_header *header)
{
    return (uint64_t)1 << (header->cluster_bits + header->l2_bits);
}

static inline uint64_t qcow_l1_bytes(const struct qcow_header *header)
{
    return qcow_divide_up(header->size, qcow_l1_covers(header)) * 8;
}

/* Reads and checks the head of an image: one read, two if the name lies far away. That the L1 table
 * lies within the file is not checked: it is not needed to describe the image. */
int32_t qcow_head_read(struct tarn_call *call, struct tarn_io *file, struct qcow_head *head);
/* Writes the header's QCOW_HEADER_SIZE bytes. */
void qcow_header_encode(const struct qcow_header *header, uint8_t *bytes);
/* tarn_format.probe */
int32_t qcow_probe(const struct tarn_probe *probe);

/* --- pages.c: the cache of table pages -------------------------------------------------------- */

/* In the order in which they must reach the storage: a pointer never before what it points to. */
enum qcow_table_kind { QCOW_L2, QCOW_L1, QCOW_TABLE_KINDS };

struct qcow_table {
    enum qcow_table_kind kind;
    uint64_t offset;
    uint64_t bytes;
};

#define QCOW_PAGE_SIZE 4096u
#define QCOW_PAGE_SETS 64u
#define QCOW_PAGE_WAYS 8u /* 64 * 8 pages of 4 KiB: 2 MiB at most, taken as they are used */

struct qcow_page {
    uint8_t *bytes;
    uint64_t offset; /* in the file */
    uint64_t length; /* 0 = empty */
    uint64_t used;   /* when, counted in uses */
    enum qcow_table_kind kind;
    bool dirty;
};

struct qcow_pages {
    struct qcow_page page[QCOW_PAGE_SETS][QCOW_PAGE_WAYS];
    uint64_t clock;
    uint32_t dirty[QCOW_TABLE_KINDS]; /* how many */
};

struct qcow_image;

/* The entries of `table` from `index` on, as many as its page has of them (at least one): good
 * until the next call. */
int32_t qcow_entries(struct tarn_call *call, struct qcow_image *image,
                     const struct qcow_table *table, uint64_t index, const uint8_t **out,
                     uint64_t *out_count);
/* Changes one; it reaches the storage with the next commit, or when its page is needed. */
int32_t qcow_entry_set(struct tarn_call *call, struct qcow_image *image,
                       const struct qcow_table *table, uint64_t index, uint64_t value);
/* Writes all that was changed, in its order. Does not flush behind the last. */
int32_t qcow_commit(struct tarn_call *call, struct qcow_image *image);
void qcow_pages_free(struct qcow_image *image);

/* --- tables.c: where the tables are ----------------------------------------------------------- */

/* 16 MiB of places: with the usual geometry the L2 tables of 4 TiB of guest data. */
#define QCOW_MAX_TABLES ((uint64_t)2 << 20)

struct qcow_tables {
    uint64_t *offset; /* of the L2 tables; ascending once they are sorted */
    uint64_t count;
    uint64_t room;
};

int32_t qcow_tables_add(struct tarn_call *call, struct qcow_tables *tables, uint64_t offset);
void qcow_tables_sort(struct qcow_tables *tables);
void qcow_tables_free(struct qcow_tables *tables);

typedef int32_t (*qcow_l1_visit)(struct tarn_call *call, void *arg, uint64_t index,
                                 uint64_t entry);
/* Visits the L1 entries that are not 0. Holes of the file are not even read. */
int32_t qcow_l1_each(struct tarn_call *call, const struct qcow_image *image, qcow_l1_visit visit,
                     void *arg);
/* Finds all L2 tables of an image that shall be written, into image->tables; fails if one of them
 * is where it must not be. */
int32_t qcow_tables_collect(struct tarn_call *call, struct qcow_image *image);

/* What of the head or, once they are collected, of the tables the range hits; NULL = nothing. */
const char *qcow_hits_head(const struct qcow_image *image, uint64_t offset, uint64_t length);
const char *qcow_hits(const struct qcow_image *image, uint64_t offset, uint64_t length);
/* Does the range lie within the file? */
bool qcow_within(const struct qcow_image *image, uint64_t offset, uint64_t length);

/* --- disk.c: an open image -------------------------------------------------------------------- */

struct qcow_image {
    struct span_disk disk; /* first */
    struct qcow_header header;
    uint64_t file_size; /* the most that the container is known to have */
    uint64_t cluster_size;
    struct qcow_table l1;
    struct qcow_pages pages;
    struct qcow_tables tables;
    bool unsynced; /* written since the last flush, apart from data that are overwritten */
    struct qcow_codec *codec;
};

static inline struct qcow_image *qcow_image_of(struct span_disk *disk)
{
    return (struct qcow_image *)(void *)disk;
}

/* An image without the guest's disk: for `check`, too. */
int32_t qcow_image_new(struct tarn_call *call, struct tarn_io *file, const struct qcow_head *head,
                       struct qcow_image **out);
void qcow_image_free(struct qcow_image *image);
/* The table that holds the cluster at `offset` of the disk; its offset is 0 if there is none. */
int32_t qcow_l2_find(struct tarn_call *call, struct qcow_image *image, uint64_t offset,
                     struct qcow_table *out);

/* --- store.c ---------------------------------------------------------------------------------- */

/* span_ops.store */
int32_t qcow_store(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                   uint64_t length, const void *bytes, uint64_t *out_stored);
/* Stores the cluster at `offset` of the disk in its packed form. */
int32_t qcow_store_packed(struct tarn_call *call, struct qcow_image *image, uint64_t offset,
                          const void *packed, uint64_t length);
/* Makes the container reach `end`; what that adds is zero. */
int32_t qcow_file_reach(struct tarn_call *call, struct tarn_io *file, uint64_t size, uint64_t end);

/* --- codec.c: compressed clusters ------------------------------------------------------------- */

static inline uint64_t qcow_packed_offset(const struct qcow_header *header, uint64_t entry)
{
    return entry & (((uint64_t)1 << (63 - header->cluster_bits)) - 1);
}

static inline uint64_t qcow_packed_length(const struct qcow_header *header, uint64_t entry)
{
    return entry >> (63 - header->cluster_bits) & (qcow_cluster_size(header) - 1);
}

/* span_ops.unpack; the cookie is the L2 entry */
int32_t qcow_unpack(struct tarn_call *call, struct span_disk *disk, const struct span *span,
                    void *buffer);
void qcow_codec_free(struct qcow_codec *codec);
/* Packs a cluster of `length` bytes into less, at `out` with room for as many; 0 if that fails. */
uint64_t qcow_pack(const void *bytes, uint64_t length, void *out);

/* --- operations ------------------------------------------------------------------------------- */

/* Makes of an open image a disk that is written once, in compressed clusters. On failure the image
 * stays the caller's. */
int32_t qcow_fill_open(struct tarn_call *call, struct qcow_image *image, struct tarn_io **out);

int32_t qcow_info(struct tarn_call *call, struct tarn_io *file);
int32_t qcow_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out);
int32_t qcow_create(struct tarn_call *call, struct tarn_io *file,
                    const struct tarn_image_spec *spec);
int32_t qcow_open(struct tarn_call *call, struct tarn_io *file, const struct tarn_image_open *how,
                  struct tarn_io **out);
int32_t qcow_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags);

#endif
