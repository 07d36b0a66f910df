/* SPDX-License-Identifier: BSD-2-Clause
 *
 * span-disk.h - a guest's disk for formats that keep it in pieces: the format says where the bytes
 * at an offset are, and how a piece that is not there yet is stored; this makes a byte store of it,
 * with reads through the backing store, partial writes, zeros, and the map.
 *
 * A format embeds `struct span_disk` as the first member of its own open image, fills in the
 * members above the line, and calls span_disk_init(). Not for parallel use: one call at a time.
 */
#ifndef SPAN_DISK_H
#define SPAN_DISK_H

#include <stdbool.h>

#include <tarn/call.h>

enum span_kind {
    SPAN_ABSENT, /* nothing is stored: the backing store's bytes, or zeros without one */
    SPAN_ZERO,   /* zeros, whatever lies below */
    SPAN_DATA,   /* the bytes themselves are at `host` in `file` */
    SPAN_PACKED, /* a form that span_ops.unpack understands */
};

/* Where the bytes from an offset on are. */
struct span {
    enum span_kind kind;
    uint64_t length;      /* bytes from the offset that was asked for; at least 1 */
    struct tarn_io *file; /* SPAN_DATA: the store that holds them; others NULL */
    uint64_t host;        /* SPAN_DATA: bytes from the start of `file` */
    uint64_t unit_offset; /* SPAN_PACKED: the whole that is unpacked at once, in bytes of the disk; */
    uint64_t unit_length; /* the span ends no later than it. At most span_disk.unpacked_max. */
    uint64_t cookie;      /* the format's own, for `unpack` */
};

struct span_disk;

struct span_ops {
    /* Says where the bytes from `offset` on are; `length` (at least 1, within the disk) is how many
     * are wanted: looking further than that is wasted. Merges what lies in a row. Checks what it
     * takes from the image: an `offset` of data beyond its file is TARN_E_CORRUPT. */
    int32_t (*find)(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                    uint64_t length, struct span *out);
    /* Fills `buffer` with span->unit_length bytes. NULL if nothing is ever SPAN_PACKED. */
    int32_t (*unpack)(struct tarn_call *call, struct span_disk *disk, const struct span *span,
                      void *buffer);
    /* Stores whole units that are not SPAN_DATA now, all within one span: `offset` is a multiple of
     * span_disk.unit, `length` too unless it ends with the disk. May do only the first units:
     * *out_stored says how many bytes, at least one unit (or the rest). The order of its writes
     * leaves no pointer to bytes that are not written, wherever a crash comes. NULL = read-only. */
    int32_t (*store)(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                     uint64_t length, const void *bytes, uint64_t *out_stored);
    /* Makes whole units read as zeros without writing them: a mark, or, if nothing lies below,
     * SPAN_ABSENT. `keep_space`: not given back. TARN_E_UNSUPPORTED, with no error recorded, where
     * the format cannot: zeros are written then. NULL = it never can. */
    int32_t (*erase)(struct tarn_call *call, struct span_disk *disk, uint64_t offset,
                     uint64_t length, bool keep_space);
    /* Changes `disk->size` and the image with it. NULL = refused with `fixed_size`. */
    int32_t (*resize)(struct tarn_call *call, struct span_disk *disk, uint64_t size,
                      uint32_t flags);
    /* What is still to be written; called before the container is flushed. NULL = nothing. */
    int32_t (*flush)(struct tarn_call *call, struct span_disk *disk);
    /* Frees the format's own part, `disk` itself included, whatever it returns; the backing store
     * is closed already. Writes what flush would have. */
    int32_t (*close)(struct tarn_call *call, struct span_disk *disk);
};

#define SPAN_DISK_CACHED 4

struct span_disk {
    struct tarn_io io; /* first; span_disk_init() fills it in */
    const struct span_ops *ops;
    const char *format;      /* for messages: "qcow" */
    const char *fixed_size;  /* why the size cannot change; only without ops->resize */
    struct tarn_io *container;
    struct tarn_io *backing; /* or NULL; closed with the disk */
    bool no_backing;         /* there is one, which was not opened (TARN_IMAGE_OPEN_NO_BACKING): the
                                map tells it, reads of it fail */
    uint64_t size;           /* of the disk, in bytes */
    uint64_t unit;           /* what can be absent by itself, in bytes: a sector, a cluster */
    uint64_t unpacked_max;   /* 0 if nothing is packed */
    /* --- span-disk.c's own --- */
    uint64_t backing_size;
    uint8_t *bounce; /* one unit, for partial writes */
    struct {
        uint8_t *bytes; /* of one unit, unpacked */
        uint64_t offset;
        uint64_t length; /* 0 = empty */
        uint64_t used;   /* when, counted in uses */
    } cache[SPAN_DISK_CACHED];
    uint64_t uses;
};

/* Makes disk->io ready; `writable` as the image was opened. On failure the caller frees what it
 * has, the backing store included. */
int32_t span_disk_init(struct tarn_call *call, struct span_disk *disk, bool writable);
/* Forgets what is cached of [offset, offset + length): for formats that change units behind the
 * back of the byte store. */
void span_disk_forget(struct span_disk *disk, uint64_t offset, uint64_t length);

#endif
