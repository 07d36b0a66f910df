/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tarn/format.h - a volume format: what lies between a container's bytes and the guest's.
 *
 * A format sees only byte stores. It opens no path that an image names: what else an image needs it
 * asks for with tarn_host.open_related and create_related, and `probe` and `info` ask for nothing.
 */
#ifndef TARN_FORMAT_H
#define TARN_FORMAT_H

#include <tarn/call.h>
#include <tarn/param.h>

/* Bytes that an image of the format holds at a fixed place. */
struct tarn_magic {
    uint32_t struct_size;
    uint32_t length;      /* of `bytes` */
    int64_t offset;       /* from the start; if negative, from the end */
    const uint8_t *bytes;
};

/* tarn_format.probe answers how sure it is */
#define TARN_PROBE_NO    0
#define TARN_PROBE_WEAK  30 /* could be chance */
#define TARN_PROBE_MAGIC 60 /* the magic is there */
#define TARN_PROBE_SURE  90 /* the magic, and the fields around it make sense */

struct tarn_probe {
    uint32_t struct_size;
    uint32_t reserved;
    const void *head;     /* the first bytes of the container */
    uint64_t head_length;
    const void *tail;     /* the last bytes; may overlap the head */
    uint64_t tail_length;
    uint64_t size;        /* of the container, in bytes */
};

/* tarn_format.capabilities: what is promised, each with its operation */
#define TARN_FORMAT_PROBE    0x00000001u /* recognised by content */
#define TARN_FORMAT_READ     0x00000002u
#define TARN_FORMAT_WRITE    0x00000004u
#define TARN_FORMAT_CREATE   0x00000008u
#define TARN_FORMAT_GROW     0x00000010u
#define TARN_FORMAT_SHRINK   0x00000020u
#define TARN_FORMAT_CHECK    0x00000040u
#define TARN_FORMAT_REPAIR   0x00000080u
#define TARN_FORMAT_MAP      0x00000100u
#define TARN_FORMAT_BACKING  0x00000200u
#define TARN_FORMAT_COMPRESS 0x00000400u /* TARN_IMAGE_OPEN_COMPRESS */
/* The guest's bytes are the container's bytes, so a guest can write any header there: such an
 * image, once known, stays what it is, and it is never recognised by content if guests write it
 * (TARN_FORMAT_PROBE then excludes TARN_FORMAT_WRITE). */
#define TARN_FORMAT_TRANSPARENT 0x00000800u
/* An image can be made by converting another one into it: `create`, then `open` with
 * TARN_IMAGE_OPEN_FILL. Formats with TARN_FORMAT_CREATE and TARN_FORMAT_WRITE can that anyway;
 * this is for those whose images are written once and read ever after. */
#define TARN_FORMAT_FILL 0x00001000u

/* tarn_image_spec.preallocation; the gaps are for later */
#define TARN_PREALLOC_OFF      0u  /* sparse */
#define TARN_PREALLOC_METADATA 10u /* tables are made, data are not */
#define TARN_PREALLOC_FALLOC   20u /* and the space is reserved */
#define TARN_PREALLOC_FULL     30u /* and written with zeros */

/* An image to be made. */
struct tarn_image_spec {
    uint32_t struct_size;
    uint32_t preallocation;
    uint64_t capacity;     /* bytes the guest sees */
    uint64_t allocation;   /* bytes to reserve at the start, for formats without tables */
    const char *backing_name;
    const char *backing_format;
    const char *subformat; /* NULL = the format's default */
    const char *compat;
    uint64_t cluster_size; /* bytes, 0 = the format's default */
    const char *const *features;               /* ends with NULL; NULL = none asked for */
    const struct tarn_property *const *options; /* by tarn_format.params; ends with NULL */
};

/* tarn_image_open.flags */
#define TARN_IMAGE_OPEN_WRITE      0x00000001u
#define TARN_IMAGE_OPEN_NO_BACKING 0x00000002u /* the backing store is not opened: reads of what it
                                                  would give fail, the map still tells it */
#define TARN_IMAGE_OPEN_COMPRESS   0x00000004u /* whole clusters are stored compressed */
/* With TARN_IMAGE_OPEN_WRITE, on an image that `create` has just made: it is written once, in
 * ascending order, nothing twice; what is skipped or given to tarn_io.zero reads as zeros (or as
 * the backing store). `flush` completes it: only then is it an image. Formats with
 * TARN_FORMAT_WRITE may take it as a hint. */
#define TARN_IMAGE_OPEN_FILL       0x00000008u

struct tarn_image_open {
    uint32_t struct_size;
    uint32_t flags;
    const char *snapshot; /* open this one's content, read only; NULL = the current */
};

/* tarn_format.check flags */
#define TARN_CHECK_REPAIR_LEAKS 0x00000001u
#define TARN_CHECK_REPAIR_ALL   0x00000002u /* corruptions too */

struct tarn_format {
    uint32_t struct_size;
    uint32_t capabilities; /* TARN_FORMAT_… */
    const char *name;      /* <format type=>: lower case, digits, hyphens */
    const char *summary;
    const struct tarn_magic *const *magics; /* one of them is there; ends with NULL; NULL = none */
    uint64_t head_needed;  /* bytes that probe and info want to see at the start; 0 = 4096 */
    uint64_t tail_needed;  /* and at the end */
    const struct tarn_param *const *params; /* for create; ends with NULL; NULL = none */

    /* How sure it is that these bytes are an image of this format. Pure: no state, no call. */
    int32_t (*probe)(const struct tarn_probe *probe);
    /* emit_image once, and emit_snapshot for each. Reads only `io`, and little of it. */
    int32_t (*info)(struct tarn_call *call, struct tarn_io *io);
    /* Stores in *out the bytes that a container for this image must have, at least. */
    int32_t (*measure)(struct tarn_call *call, const struct tarn_image_spec *spec, uint64_t *out);
    /* Writes an empty image into a new container, whose bytes are zeros if it has TARN_IO_ZERO_NEW,
     * and else anything. Does not flush. */
    int32_t (*create)(struct tarn_call *call, struct tarn_io *io,
                      const struct tarn_image_spec *spec);
    /* Opens the guest's disk. `io` stays the caller's, who closes it after *out. */
    int32_t (*open)(struct tarn_call *call, struct tarn_io *io, const struct tarn_image_open *how,
                    struct tarn_io **out);
    /* emit_finding for each fault, and emit_check once. `io` is writable if asked to repair.
     * Further files of the image are checked with it where it has them. */
    int32_t (*check)(struct tarn_call *call, struct tarn_io *io, uint32_t flags);
};

#endif
