/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * qcow2.h - what the files of this folder share. The format itself is described in the document
 * "qcow2.txt" of QEMU's interoperability documentation; names here follow it.
 *
 * Who uses whom, from the bottom up:
 *   header, extensions     decode the first cluster and refuse what makes no sense
 *   pages                  a bounded write-back cache of table pages, and the order of writes
 *   refcounts, reftable    which clusters are in use; allocate and release them
 *   guard                  what a write must never hit
 *   mapping, runs          guest offset -> where it lies
 *   read, compressed       guest bytes out
 *   write, zero            guest bytes in
 *   pack, packed, fill     guest bytes in, compressed
 *   resize, prealloc       the disk's size
 *   image                  the byte store of the guest's disk
 *   info, snapshots, bitmaps, check, repair, layout, create   operations of their own
 *
 * An image is used by one thread at a time. All offsets and lengths are in bytes unless a name
 * says "cluster" (an index) or "count". Every function that takes a call answers TARN_OK or a
 * TARN_E_… with the error recorded.
 */
#ifndef FORMAT_QCOW2_INTERNAL_H
#define FORMAT_QCOW2_INTERNAL_H

#include "head.h"

/* --- pages.c: the cache of table pages -------------------------------------------------------- */

/* What a page belongs to, in the order in which pages must reach the storage: a pointer never
 * before what it points to. */
enum qcow2_page_kind {
    QCOW2_PAGE_REFBLOCK,
    QCOW2_PAGE_REFTABLE,
    QCOW2_PAGE_L2,
    QCOW2_PAGE_L1,
    QCOW2_PAGE_KINDS
};

#define QCOW2_PAGE_SIZE 4096u
#define QCOW2_PAGE_SETS 64u
#define QCOW2_PAGE_WAYS 8u /* 64 * 8 pages of 4 KiB: 2 MiB at most, taken as they are used */

struct qcow2_page {
    uint64_t offset; /* in the container */
    uint64_t used;   /* when; 0 = the page is free */
    uint32_t kind;
    bool dirty;
    uint8_t *bytes;
};

struct qcow2_pages {
    struct qcow2_page page[QCOW2_PAGE_SETS][QCOW2_PAGE_WAYS];
    uint64_t clock;
    uint32_t dirty[QCOW2_PAGE_KINDS]; /* how many of each kind */
};

struct qcow2_image;

/* Reads or writes a big-endian entry of a table. `offset` is aligned to the entry. */
int32_t qcow2_load64(struct tarn_call *call, struct qcow2_image *image, enum qcow2_page_kind kind,
                     uint64_t offset, uint64_t *out);
int32_t qcow2_store64(struct tarn_call *call, struct qcow2_image *image,
                      enum qcow2_page_kind kind, uint64_t offset, uint64_t value);
/* The byte at `offset` in its cached page: valid up to the next use of the cache. With `write`
 * the page is going to be changed. */
int32_t qcow2_page_at(struct tarn_call *call, struct qcow2_image *image,
                      enum qcow2_page_kind kind, uint64_t offset, bool write, uint8_t **out);
/* Drops the pages of a range whose content was written around the cache or matters no more. */
void qcow2_pages_forget(struct qcow2_image *image, uint64_t offset, uint64_t length);
/* Is a page of the range cached, thus a table? */
bool qcow2_pages_hit(struct qcow2_image *image, uint64_t offset, uint64_t length);
void qcow2_pages_free(struct qcow2_image *image);

/* Writes everything that is dirty, in order, with a flush of the container wherever the order must
 * hold through a loss of power; then takes the released clusters back. Not durable by itself. */
int32_t qcow2_commit(struct tarn_call *call, struct qcow2_image *image);
/* Makes what was written so far durable, if anything was since the last time. */
int32_t qcow2_barrier(struct tarn_call *call, struct qcow2_image *image);

/* --- refcounts.c, reftable.c: clusters -------------------------------------------------------- */

struct qcow2_range {
    uint64_t cluster;
    uint64_t count;
};

struct qcow2_releases {
    struct qcow2_range *ranges;
    uint64_t count;
    uint64_t room;
};

/* Above so many waiting ranges the next operation of the guest commits first. */
#define QCOW2_RELEASES_MAX 4096u

/* The stored refcount of a cluster; 0 for one that no block counts. */
int32_t qcow2_refcount_get(struct tarn_call *call, struct qcow2_image *image, uint64_t cluster,
                           uint64_t *out);
/* Sets it; the refcount block exists. */
int32_t qcow2_refcount_set(struct tarn_call *call, struct qcow2_image *image, uint64_t cluster,
                           uint64_t value);
/* Takes 1 to `wanted` adjacent free clusters, gives them the refcount 1 and tells which. What they
 * hold is undefined. */
int32_t qcow2_clusters_take(struct tarn_call *call, struct qcow2_image *image, uint64_t wanted,
                            uint64_t *out_offset, uint64_t *out_count);
/* Takes exactly `count` adjacent free clusters. */
int32_t qcow2_clusters_take_all(struct tarn_call *call, struct qcow2_image *image, uint64_t count,
                                uint64_t *out_offset);
/* Undoes a take whose clusters nothing points to yet. */
void qcow2_clusters_untake(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                           uint64_t count);
/* The clusters that the range touches lose a reference, once no pointer to them is left on the
 * storage: with the next commit. Call it after the pointer is changed, never before. */
int32_t qcow2_clusters_release(struct tarn_call *call, struct qcow2_image *image,
                               uint64_t offset, uint64_t length);
/* For commit: takes the released clusters back now. */
int32_t qcow2_releases_apply(struct tarn_call *call, struct qcow2_image *image);
/* Where the last used cluster ends. */
int32_t qcow2_used_end(struct tarn_call *call, struct qcow2_image *image, uint64_t *out);

/* The lowest free cluster below `limit` that a block counts; `limit` if there is none. */
int32_t qcow2_cluster_find_free(struct tarn_call *call, struct qcow2_image *image, uint64_t limit,
                                uint64_t *out);

/* The refcount block that counts `cluster`, 0 if there is none. */
int32_t qcow2_refblock_find(struct tarn_call *call, struct qcow2_image *image, uint64_t cluster,
                            uint64_t *out);
/* Makes the block that counts `cluster`, in the free cluster `at`, which it may count itself; grows
 * the refcount table if it must. */
int32_t qcow2_refblock_make(struct tarn_call *call, struct qcow2_image *image, uint64_t cluster,
                            uint64_t at);
/* The refcount of `cluster` in the block at `block`, which counts it. */
int32_t qcow2_refblock_get(struct tarn_call *call, struct qcow2_image *image, uint64_t block,
                           uint64_t cluster, uint64_t *out);
int32_t qcow2_refblock_set(struct tarn_call *call, struct qcow2_image *image, uint64_t block,
                           uint64_t cluster, uint64_t value);
/* Points the header to another refcount table; the old one is not released. */
int32_t qcow2_reftable_switch(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                              uint32_t clusters);

/* Reads or writes refcount `index` of a block's bytes; widths below a byte count from its lowest
 * bit. */
uint64_t qcow2_refcount_decode(const uint8_t *block, uint32_t order, uint64_t index);
void qcow2_refcount_encode(uint8_t *block, uint32_t order, uint64_t index, uint64_t value);

/* --- guard.c: what a write must never hit ----------------------------------------------------- */

struct qcow2_guard {
    uint64_t offset;
    uint64_t length;
    const char *what;
};

struct qcow2_guards {
    struct qcow2_guard *entries; /* in order of offset, without overlap */
    uint64_t count;
    uint64_t room;
};

/* Finds out what lies where: header, L1, refcount table; and for an image that shall be written
 * also the snapshots' and bitmaps' tables. Overlaps fail with TARN_E_CORRUPT. */
int32_t qcow2_guards_build(struct tarn_call *call, struct qcow2_image *image);
/* The guarded area that the range hits, or NULL. */
const char *qcow2_guards_hit(const struct qcow2_image *image, uint64_t offset, uint64_t length);
/* May the container be written there? If not, the image is marked corrupt. `data` says that it is
 * guest data, which may not hit any table that is known. */
int32_t qcow2_guard_write(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                          uint64_t length, bool data);
/* Says of the image itself that it is corrupt, and refuses to write from now on. Answers
 * TARN_E_CORRUPT, with the error recorded. */
int32_t qcow2_mark_corrupt(struct tarn_call *call, struct qcow2_image *image, const char *format,
                           ...) TARN_PRINTF(3, 4);

/* --- mapping.c: one cluster of the guest ------------------------------------------------------ */

/* An L2 entry, the same for both kinds: an image without extended L2 has one subcluster, bit 0 of
 * the two masks. `host` may be set though no subcluster is allocated: the space is reserved. */
struct qcow2_mapping {
    uint64_t host;       /* of the cluster, or of the compressed bytes; 0 = none */
    uint64_t compressed; /* bytes from `host` on that hold it compressed; 0 = not compressed */
    uint32_t allocated;  /* subclusters whose bytes lie at `host` */
    uint32_t zero;       /* subclusters that read as zeros */
    bool placed;         /* `host` is valid; tells offset 0 of a data file from none */
    bool copied;         /* `host` is this image's alone: it may be written in place */
};

/* Where the guest's cluster at `guest` lies. *out_covered, if not NULL, is how many bytes from the
 * start of that cluster on have the same answer because they have no L2 table at all, at least a
 * cluster. */
int32_t qcow2_mapping_load(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                           struct qcow2_mapping *out, uint64_t *out_covered);
/* Changes it. qcow2_mapping_prepare() came first. Of `compressed` only the sectors count. */
int32_t qcow2_mapping_store(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                            const struct qcow2_mapping *mapping);
/* Sees to it that the L2 table exists and is this image's alone. */
int32_t qcow2_mapping_prepare(struct tarn_call *call, struct qcow2_image *image, uint64_t guest);
/* Makes the L2 table of which `guest` is the start, and which does not exist; its first clusters
 * read as zeros. Version 3 only. */
int32_t qcow2_mapping_mark_table(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                                 uint64_t clusters);
/* Decodes an entry; answers what is wrong with it, or NULL. The check uses it too. */
const char *qcow2_mapping_decode(const struct qcow2_image *image, uint64_t entry, uint64_t bitmap,
                                 struct qcow2_mapping *out);

/* --- runs.c: adjacent guest bytes of one kind ------------------------------------------------- */

enum qcow2_run_kind {
    QCOW2_RUN_DATA,
    QCOW2_RUN_ZERO,
    QCOW2_RUN_UNALLOCATED, /* reads come from the backing store, or are zeros */
    QCOW2_RUN_COMPRESSED   /* one cluster */
};

struct qcow2_run {
    enum qcow2_run_kind kind;
    bool placed; /* `host` is valid */
    uint64_t length;
    uint64_t host;
    uint64_t compressed; /* bytes, for QCOW2_RUN_COMPRESSED */
};

/* The longest run at `guest` of at most `limit` bytes. */
int32_t qcow2_run_at(struct tarn_call *call, struct qcow2_image *image, uint64_t guest,
                     uint64_t limit, struct qcow2_run *out);
/* tarn_io.extents of the guest's disk */
int32_t qcow2_extents(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                      uint64_t length, tarn_extent_fn emit, void *arg);

/* --- read.c, compressed.c --------------------------------------------------------------------- */

/* Reads guest bytes; the range may pass the end of the disk, up to the end of its last cluster. */
int32_t qcow2_read(struct tarn_call *call, struct qcow2_image *image, void *buffer,
                   uint64_t length, uint64_t offset);

struct qcow2_decoder; /* the state of zlib or zstd, kept between clusters */

/* A cluster's bytes, decompressed; valid until the next such call. */
int32_t qcow2_decompress(struct tarn_call *call, struct qcow2_image *image, uint64_t host,
                         uint64_t length, const uint8_t **out);
void qcow2_decoder_free(struct qcow2_decoder *decoder);

/* --- write.c, zero.c -------------------------------------------------------------------------- */

/* Writes guest bytes; the range may pass the end of the disk as far as the L1 table reaches. */
int32_t qcow2_write(struct tarn_call *call, struct qcow2_image *image, const void *buffer,
                    uint64_t length, uint64_t offset);
/* tarn_io.zero and tarn_io.discard of the guest's disk */
int32_t qcow2_zero(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                   uint64_t length, uint32_t flags);
int32_t qcow2_discard(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                      uint64_t length);
/* Unmaps every cluster from `offset`, aligned to a cluster, to the end of the L1 table. */
int32_t qcow2_drop_from(struct tarn_call *call, struct qcow2_image *image, uint64_t offset);
/* Before each change: refuses what must not be written, clears the autoclear features that the
 * change would make untrue, and commits if too much waits. */
int32_t qcow2_begin_change(struct tarn_call *call, struct qcow2_image *image);

/* --- pack.c, packed.c, fill.c: compressed clusters, written ----------------------------------- */

struct qcow2_packer; /* encoders of zlib or zstd, which are taken by one thread at a time */

/* NULL = no memory. */
struct qcow2_packer *qcow2_packer_new(const struct qcow2_header *header);
void qcow2_packer_free(struct qcow2_packer *packer);
/* Compresses a cluster into at most a byte less; the length, or 0 if it does not become that small.
 * For several threads at once. */
uint64_t qcow2_pack(const struct qcow2_packer *packer, const void *cluster, void *out);

/* Takes the place of `length` compressed bytes, less than a cluster, where possible behind those
 * taken last: each host cluster that they touch has one reference more. */
int32_t qcow2_packed_take(struct tarn_call *call, struct qcow2_image *image, uint64_t length,
                          uint64_t *out_offset);
/* Undoes a take that nothing points to yet. */
void qcow2_packed_untake(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                         uint64_t length);

/* Makes a disk of an open image that is written once, in ascending order, compressed; see
 * helpers/fill-disk.h. On failure the image stays the caller's. */
int32_t qcow2_fill_open(struct tarn_call *call, struct qcow2_image *image, uint32_t flags,
                        struct tarn_io **out);

/* --- resize.c, prealloc.c --------------------------------------------------------------------- */

/* tarn_io.truncate of the guest's disk */
int32_t qcow2_resize(struct tarn_call *call, struct qcow2_image *image, uint64_t size,
                     uint32_t flags);
/* Maps every cluster of the range that is not, as `preallocation` (TARN_PREALLOC_…) asks for. Reads
 * do not change, if the range read as zeros, or from the backing store with extended L2. */
int32_t qcow2_preallocate(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                          uint64_t length, uint32_t preallocation);

/* --- image.c: an open image ------------------------------------------------------------------- */

struct qcow2_image {
    struct tarn_io io;       /* first: the guest's disk */
    struct tarn_io *file;    /* the container; the caller's */
    struct tarn_io *data;    /* where guest data lie: `file`, or the external data file (ours) */
    struct tarn_io *backing; /* or NULL; ours */
    struct qcow2_header header;
    uint64_t cluster_size;
    uint64_t subcluster_size;
    uint32_t subclusters; /* 1 or 32 */
    uint32_t page_size;
    uint64_t l1_offset; /* of the active table or of the opened snapshot's */
    uint64_t l1_size;
    uint64_t size;         /* of the guest's disk, now or in the snapshot */
    uint64_t file_size;    /* of the container */
    uint64_t backing_size;
    uint64_t bitmaps_offset; /* see struct qcow2_head */
    uint64_t bitmaps_length;
    uint32_t bitmap_count;
    uint64_t crypto_offset;
    uint64_t crypto_length;
    bool has_backing;
    bool writable;
    bool changed;      /* begin_change has done what is done once */
    bool broken;       /* marked corrupt while open: nothing is written any more */
    bool checking;     /* the check reads tables that may be wrong, and reports that itself */
    bool unordered;    /* being created: nobody needs it after a crash, so barriers do nothing */
    bool unsynced;     /* the container was written since the last barrier */
    bool data_unsynced;
    uint64_t free_hint; /* no free cluster lies below this one */
    uint64_t packed_end; /* where the next compressed bytes may go, within a cluster; 0 = none */
    struct qcow2_pages pages;
    struct qcow2_releases releases;
    struct qcow2_guards guards;
    struct qcow2_decoder *decoder;
    uint8_t *bounce; /* one cluster, made when needed */
};

static inline bool qcow2_external(const struct qcow2_image *image)
{
    return (image->header.incompatible & QCOW2_DATA_FILE) != 0;
}

/* The data file is by itself what the guest sees. */
static inline bool qcow2_raw_data(const struct qcow2_image *image)
{
    return qcow2_external(image) && (image->header.autoclear & QCOW2_RAW_DATA_FILE) != 0;
}

/* Makes an image from its head, without backing store and data file: enough for all that has to
 * do with tables only. Reads nothing. */
int32_t qcow2_image_new(struct tarn_call *call, const struct qcow2_head *head, bool writable,
                        struct qcow2_image **out);
/* Writes what is dirty and takes back what was released, until nothing is left to do. */
int32_t qcow2_image_finish(struct tarn_call *call, struct qcow2_image *image);
/* Frees it; what is dirty is lost. */
void qcow2_image_free(struct qcow2_image *image);
/* Writes around the page cache into the container. */
int32_t qcow2_file_write(struct tarn_call *call, struct qcow2_image *image, const void *bytes,
                         uint64_t length, uint64_t offset);
/* Makes a range of the container, which must be free or new, read as zeros. */
int32_t qcow2_file_zero(struct tarn_call *call, struct qcow2_image *image, uint64_t offset,
                        uint64_t length);
/* Makes the container reach `end`; what is added reads as zeros only with TARN_IO_ZERO_NEW. */
int32_t qcow2_file_reach(struct tarn_call *call, struct qcow2_image *image, uint64_t end);
/* The buffer of one cluster. */
int32_t qcow2_bounce(struct tarn_call *call, struct qcow2_image *image, uint8_t **out);

/* tarn_format.open */
int32_t qcow2_open(struct tarn_call *call, struct tarn_io *file,
                   const struct tarn_image_open *how, struct tarn_io **out);

/* --- snapshots.c ------------------------------------------------------------------------------ */

struct qcow2_snapshot {
    const char *id;
    const char *name;
    uint64_t l1_offset;
    uint32_t l1_size;
    bool has_size; /* the entry records the size of the disk */
    uint64_t size;
    uint64_t state_size;
    int64_t created;
};

typedef int32_t (*qcow2_snapshot_fn)(struct tarn_call *call, const struct qcow2_snapshot *snapshot,
                                     void *arg);

/* Tells every snapshot, in order; `visit` ends it by another answer than TARN_OK. *out_length, if
 * not NULL, is the length of the table. Memory does not grow with the number of snapshots. */
int32_t qcow2_snapshots_each(struct tarn_call *call, struct tarn_io *file, uint64_t file_size,
                             const struct qcow2_header *header, qcow2_snapshot_fn visit,
                             void *arg, uint64_t *out_length);
/* Makes the image show the snapshot with this id, or else this name. */
int32_t qcow2_snapshot_select(struct tarn_call *call, struct qcow2_image *image,
                              const char *name);

/* --- bitmaps.c -------------------------------------------------------------------------------- */

struct qcow2_bitmap {
    const char *name;
    uint64_t table_offset;
    uint32_t table_entries;
    uint32_t flags;
    uint64_t granularity; /* bytes of the disk that one bit stands for */
};

#define QCOW2_BITMAP_IN_USE 1u /* not closed cleanly: its content cannot be trusted */
#define QCOW2_BITMAP_AUTO 2u   /* it records */

typedef int32_t (*qcow2_bitmap_fn)(struct tarn_call *call, const struct qcow2_bitmap *bitmap,
                                   void *arg);

/* The directory of the bitmaps, as the extension in the header tells it. */
struct qcow2_bitmaps {
    struct tarn_io *file;
    uint64_t file_size;
    uint64_t offset;
    uint64_t length;
    uint32_t count;
};

/* Tells the first `most` of them; `visit` ends it by another answer than TARN_OK. A directory that
 * makes no sense is TARN_E_CORRUPT. */
int32_t qcow2_bitmaps_each(struct tarn_call *call, const struct qcow2_bitmaps *bitmaps,
                           uint32_t most, qcow2_bitmap_fn visit, void *arg);

/* --- info.c, create.c, check.c ---------------------------------------------------------------- */

int32_t qcow2_info(struct tarn_call *call, struct tarn_io *file);
int32_t qcow2_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out);
int32_t qcow2_create(struct tarn_call *call, struct tarn_io *file,
                     const struct tarn_image_spec *spec);
int32_t qcow2_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags);
/* Sets right the refcounts of an image that was not closed cleanly, and says so in its header.
 * Tells nobody; fails with TARN_E_CORRUPT if something else is wrong too. */
int32_t qcow2_mend(struct tarn_call *call, struct tarn_io *file);

#endif
