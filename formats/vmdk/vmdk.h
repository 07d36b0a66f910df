/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vmdk.h - what the files of this folder share. Names follow VMware's "Virtual Disk Format 1.1":
 * a disk is a row of *extents*, told by a text, the *descriptor*; a sparse extent holds the disk in
 * *grains*, which *grain tables* (GT) find, which a *grain directory* (GD) finds.
 *
 * Who uses whom, from the bottom up:
 *   text                   a growing text, strict numbers
 *   descriptor             the descriptor, line by line
 *   header, other-headers  the first sectors of sparse extents: KDMV; COWD and seSparse
 *   head                   what a container starts with: one of these, and its descriptor
 *   extent                 a header becomes an extent that can be read
 *   tables, commit         the cache of grain tables; their changes, in an order that survives
 *   grains                 where the bytes are, and how packed ones are unpacked
 *   edit                   changes of a descriptor, each in one sector
 *   write, guard           grains are stored; what a write must never hit
 *   image, aliases         the extents, opened; no file twice
 *   parent, disk           the parent's content ID; the byte store of the guest's disk
 *   resize, grow           the disk grows; a sparse extent does
 *   probe, info, create, stream, check…   operations of their own
 *
 * An image is used by one thread at a time. Offsets and lengths are in bytes unless a name says
 * "sectors" or "count". Every function that takes a call answers TARN_OK or a TARN_E_… with the
 * error recorded.
 */
#ifndef FORMAT_VMDK_INTERNAL_H
#define FORMAT_VMDK_INTERNAL_H

#include <tarn/format.h>

#include "head.h"
#include "helpers/span-disk.h"

/* --- extents ---------------------------------------------------------------------------------- */

enum vmdk_extent_kind {
    VMDK_EXTENT_FLAT,
    VMDK_EXTENT_ZERO,
    VMDK_EXTENT_HOSTED, /* KDMV */
    VMDK_EXTENT_STREAM, /* KDMV with packed grains */
    VMDK_EXTENT_COWD,
    VMDK_EXTENT_SESPARSE
};

struct vmdk_extent {
    enum vmdk_extent_kind kind;
    const struct vmdk_line *line; /* of the descriptor; never NULL */
    struct tarn_io *file;         /* NULL for VMDK_EXTENT_ZERO */
    bool own_file;                /* not the image's container: closed with the extent */
    uint64_t start;               /* in the disk */
    uint64_t length;
    uint64_t file_size;           /* as it was opened; sparse ones that are written keep it */
    uint64_t host;                /* FLAT: where it begins in the file */
    /* --- sparse ones --- */
    uint64_t index;               /* in the image */
    uint64_t capacity;            /* as its own header says */
    uint64_t grain;
    uint64_t grain_count;         /* of `length` */
    uint32_t entry_size;          /* of tables: 4, or 8 for SESPARSE */
    uint32_t table_entries;
    uint64_t directory;           /* in the file */
    uint64_t redundant;           /* the second directory, 0 = none */
    uint64_t directory_count;     /* entries */
    uint64_t tables_base;         /* SESPARSE: what its entries count from */
    uint64_t grains_base;
    uint64_t overhead;            /* grains lie behind it */
    uint64_t text;                /* the embedded descriptor */
    uint64_t text_length;         /* 0 = none */
    bool zero_entries;            /* an entry of 1 is a grain of zeros */
    uint32_t version;             /* of its header */
    bool unclean;                 /* the mark was there when it was opened */
    /* --- while it is written --- */
    bool marked;                  /* the mark of an unclean end was set by us */
    bool unsynced;                /* something was written that pointers wait for */
    uint64_t *guarded;            /* grain tables behind `overhead`, ascending */
    uint64_t guarded_count;
    uint64_t guarded_room;
};

static inline bool vmdk_extent_sparse(const struct vmdk_extent *extent)
{
    return extent->kind >= VMDK_EXTENT_HOSTED;
}

static inline uint64_t vmdk_table_bytes(const struct vmdk_extent *extent)
{
    return (uint64_t)extent->table_entries * extent->entry_size;
}

/* Fills in what a header tells, and checks that the tables lie in the file. The members above the
 * line, but `kind`, are there already. */
int32_t vmdk_extent_attach(struct tarn_call *call, struct vmdk_extent *extent,
                           const struct vmdk_head *head);

/* --- tables.c, commit.c: the cache of grain tables -------------------------------------------- */

enum vmdk_table_kind { VMDK_TABLE_GRAINS, VMDK_TABLE_DIRECTORY, VMDK_TABLE_REDUNDANT };

/* A piece of a directory is so long; grain tables are what they are: at most 32 KiB. */
#define VMDK_PIECE 4096u
#define VMDK_TABLE_SETS 32u
#define VMDK_TABLE_WAYS 4u

struct vmdk_table {
    struct vmdk_extent *extent; /* NULL = free */
    enum vmdk_table_kind kind;
    bool fresh;          /* nothing on the storage points to it yet */
    uint64_t index;      /* of the directory's entry, or of the piece */
    uint64_t place;      /* in the file */
    uint64_t second;     /* its redundant twin, 0 = none */
    uint64_t used;       /* when */
    uint32_t dirty_from; /* entries; equal = clean */
    uint32_t dirty_to;
    uint8_t *bytes;
};

struct vmdk_tables {
    struct vmdk_table table[VMDK_TABLE_SETS][VMDK_TABLE_WAYS];
    uint64_t clock;
    uint32_t dirty; /* how many are */
};

struct vmdk_image;

/* The grain table behind the directory's entry `index`; *out NULL if there is none. Valid up to the
 * next call of these. */
int32_t vmdk_table_get(struct tarn_call *call, struct vmdk_image *image,
                       struct vmdk_extent *extent, uint64_t index, struct vmdk_table **out);
/* The same, and makes one that is missing. */
int32_t vmdk_table_make(struct tarn_call *call, struct vmdk_image *image,
                        struct vmdk_extent *extent, uint64_t index, struct vmdk_table **out);
/* Entry of a directory: 0 = no grain table, else where it is in the file. */
int32_t vmdk_directory_get(struct tarn_call *call, struct vmdk_image *image,
                           struct vmdk_extent *extent, enum vmdk_table_kind kind, uint64_t index,
                           uint64_t *out);
/* Sets an entry of a 4-byte table; reaches the storage with the next commit. */
void vmdk_table_set(struct vmdk_image *image, struct vmdk_table *table, uint32_t entry,
                    uint32_t value);
/* Forgets an extent's tables, which are clean. */
void vmdk_tables_forget(struct vmdk_image *image, const struct vmdk_extent *extent);
void vmdk_tables_free(struct vmdk_image *image);
/* Takes `length` bytes at the end of the extent's file, a multiple of a sector, at a multiple of
 * `align`; nothing is written yet. */
int32_t vmdk_take(struct tarn_call *call, struct vmdk_extent *extent, uint64_t length,
                  uint64_t align, uint64_t *out_offset);
/* Brings all changes of tables to the storage: data first, then tables, the redundant ones before
 * the others, then directories. Not durable by itself. */
int32_t vmdk_commit(struct tarn_call *call, struct vmdk_image *image);

/* --- grains.c --------------------------------------------------------------------------------- */

enum vmdk_grain_kind { VMDK_GRAIN_ABSENT, VMDK_GRAIN_ZERO, VMDK_GRAIN_STORED, VMDK_GRAIN_BAD };

struct vmdk_grain {
    enum vmdk_grain_kind kind;
    uint64_t host; /* STORED: in the file; BAD: the entry */
};

/* What an entry of a grain table means. */
struct vmdk_grain vmdk_grain_decode(const struct vmdk_extent *extent, const uint8_t *table,
                                    uint32_t entry);
/* How many bytes of the disk the grain holds: less than a grain at the end of the extent. */
uint64_t vmdk_grain_length(const struct vmdk_extent *extent, uint64_t index);
/* The extent that holds byte `offset` of the disk. */
struct vmdk_extent *vmdk_extent_at(struct vmdk_image *image, uint64_t offset);
int32_t vmdk_find(struct tarn_call *call, struct span_disk *disk, uint64_t offset, uint64_t length,
                  struct span *out);
int32_t vmdk_unpack(struct tarn_call *call, struct span_disk *disk, const struct span *span,
                    void *buffer);

/* A packed grain starts with its first sector in the extent and its length. */
#define VMDK_MARKER_SIZE 12u
/* zlib's worst case is far below it; 65562 bytes for 65536 have been seen. */
#define VMDK_PACKED_MAX(grain) ((grain) * 2)

/* --- write.c, guard.c ------------------------------------------------------------------------- */

int32_t vmdk_store(struct tarn_call *call, struct span_disk *disk, uint64_t offset, uint64_t length,
                   const void *bytes, uint64_t *out_stored);
int32_t vmdk_erase(struct tarn_call *call, struct span_disk *disk, uint64_t offset, uint64_t length,
                   bool keep_space);
/* Before the first change since the image was opened: gives it another content ID, so that images
 * that have it as their parent notice. */
int32_t vmdk_begin_write(struct tarn_call *call, struct vmdk_image *image);
/* Sets or clears a sparse extent's mark of an unclean end. */
int32_t vmdk_mark(struct tarn_call *call, struct vmdk_extent *extent, bool unclean);
/* Sets it, unless it is there. */
int32_t vmdk_mark_once(struct tarn_call *call, struct vmdk_extent *extent);
/* Remembers where grain tables lie among the grains. */
int32_t vmdk_guard_build(struct tarn_call *call, struct vmdk_image *image,
                         struct vmdk_extent *extent);
int32_t vmdk_guard_add(struct tarn_call *call, struct vmdk_extent *extent, uint64_t table);
/* Refuses a grain that lies in metadata. */
int32_t vmdk_guard_check(struct tarn_call *call, const struct vmdk_extent *extent, uint64_t host);

/* --- edit.c ----------------------------------------------------------------------------------- */

/* A change of a descriptor that happens in one sector: a crash leaves the old or the new. */
struct vmdk_edit {
    uint64_t at; /* in the container */
    uint32_t length;
    char bytes[VMDK_SECTOR];
};

/* Another size of an extent. TARN_E_UNSUPPORTED if that takes more than one sector. */
int32_t vmdk_edit_sectors(struct tarn_call *call, const struct vmdk_head *head,
                          const struct vmdk_line *line, uint64_t sectors, struct vmdk_edit *out);
/* Another content ID, as many digits as the old one. */
int32_t vmdk_edit_cid(struct tarn_call *call, struct vmdk_head *head, struct vmdk_edit *out);
int32_t vmdk_edit_apply(struct tarn_call *call, const struct vmdk_head *head,
                        const struct vmdk_edit *edit);
uint32_t vmdk_random(struct tarn_call *call);

/* --- image.c, aliases.c, parent.c ------------------------------------------------------------- */

struct vmdk_image {
    struct span_disk disk; /* first */
    struct vmdk_head head;
    struct vmdk_extent *extents;
    uint64_t count;
    bool written; /* since it was opened */
    int32_t (*span_write)(struct tarn_call *call, struct tarn_io *io, const void *buffer,
                          uint64_t length, uint64_t offset); /* until then replaced */
    struct vmdk_tables tables;
    uint8_t *packed; /* VMDK_PACKED_MAX and the marker */
};

/* Opens all extents; the parent is not looked at. For `check`, faults of single extents are told to
 * `on_fault`, which forgets the error and answers TARN_OK to go on without: their file is NULL. */
typedef int32_t (*vmdk_fault_fn)(struct tarn_call *call, const struct vmdk_line *line,
                                 int32_t status, void *arg);
int32_t vmdk_image_load(struct tarn_call *call, struct tarn_io *file, bool writable,
                        vmdk_fault_fn on_fault, void *arg, struct vmdk_image **out);
void vmdk_image_free(struct tarn_call *call, struct vmdk_image *image);
/* Flushes the files of all extents that are not the container. */
int32_t vmdk_image_flush_extents(struct tarn_call *call, struct vmdk_image *image);
/* Refuses two extents that share bytes of a file, and ones in the file of the descriptor; `grown`
 * (or NULL) as if it were `grown_length` long. */
int32_t vmdk_check_aliases(struct tarn_call *call, const struct vmdk_image *image,
                           const struct vmdk_extent *grown, uint64_t grown_length);
/* Opens the parent's container and compares the content IDs. */
int32_t vmdk_parent_check(struct tarn_call *call, const struct vmdk_descriptor *descriptor);
/* The parent's content ID as it is now. */
int32_t vmdk_parent_cid(struct tarn_call *call, const char *name, uint32_t *out);

/* --- the operations --------------------------------------------------------------------------- */

int32_t vmdk_resize(struct tarn_call *call, struct span_disk *disk, uint64_t size, uint32_t flags);
/* grow.c: makes a sparse extent ready for so many bytes, up to its own header. */
int32_t vmdk_extent_grow(struct tarn_call *call, struct vmdk_image *image,
                         struct vmdk_extent *extent, uint64_t length);
int32_t vmdk_open(struct tarn_call *call, struct tarn_io *file, const struct tarn_image_open *how,
                  struct tarn_io **out);
int32_t vmdk_probe(const struct tarn_probe *probe);
int32_t vmdk_info(struct tarn_call *call, struct tarn_io *file);
int32_t vmdk_check(struct tarn_call *call, struct tarn_io *file, uint32_t flags);
int32_t vmdk_measure(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out);
int32_t vmdk_create(struct tarn_call *call, struct tarn_io *file,
                    const struct tarn_image_spec *spec);

/* stream.c: how many bytes stand behind the grains; what an empty streamOptimized image has behind
 * its descriptor; and filling one. On failure the image stays the caller's. */
uint64_t vmdk_stream_end(const struct vmdk_header *header);
int32_t vmdk_stream_finish_empty(struct tarn_call *call, struct tarn_io *file,
                                 const struct vmdk_header *header);
int32_t vmdk_stream_open(struct tarn_call *call, struct vmdk_image *image, struct tarn_io **out);

#endif
