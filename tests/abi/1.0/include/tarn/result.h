/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tarn/result.h - what modules push to the host, and the host passes on to its callers.
 */
#ifndef TARN_RESULT_H
#define TARN_RESULT_H

#include <tarn/abi.h>
#include <tarn/define.h>

struct tarn_io;

/* tarn_extent.kind */
#define TARN_EXTENT_DATA    1u /* bytes are stored here */
#define TARN_EXTENT_ZERO    2u /* reads as zeros by an explicit mark; space may be reserved */
#define TARN_EXTENT_HOLE    3u /* nothing is stored and nothing lies below; reads as zeros */
#define TARN_EXTENT_BACKING 4u /* nothing is stored here; reads come from the backing store */

/* tarn_extent.flags */
#define TARN_EXTENT_COMPRESSED 0x00000001u /* stored compressed; host_offset means nothing */
#define TARN_EXTENT_HOST       0x00000002u /* host_offset is valid: the place in the container */

struct tarn_extent {
    uint32_t struct_size;
    uint32_t kind;        /* TARN_EXTENT_DATA, … */
    uint32_t flags;       /* TARN_EXTENT_COMPRESSED, … */
    uint32_t depth;       /* 0 from modules; the core counts the backing stores it went down */
    uint64_t offset;      /* bytes from the start of this store */
    uint64_t length;      /* bytes, never 0 */
    uint64_t host_offset; /* bytes from the start of the container, with TARN_EXTENT_HOST */
};

/* What tells a volume's content from an earlier one's without reading it: five numbers of stat(2),
 * or whatever of them the storage has, of all files that the volume consists of; equal numbers mean
 * unchanged, in all that emit_volume would tell. All zero = unknown. Lent to be filled
 * (tarn_io.identity), and so the one structure that never grows. */
struct tarn_identity {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    int64_t mtime; /* nanoseconds */
    int64_t ctime; /* nanoseconds */
};

/* A piece of a device: where a volume lies, or what is free. `end` is exclusive. */
struct tarn_device_extent {
    uint32_t struct_size;
    uint32_t reserved;
    const char *device; /* path */
    const char *kind;   /* of free space: "normal", "logical"; NULL elsewhere */
    uint64_t start;
    uint64_t end;
};

/* tarn_volume_info.status, and what the host itself finds */
#define TARN_VOLUME_OK             0u
#define TARN_VOLUME_UNREADABLE     1u /* exists, cannot be opened or read */
#define TARN_VOLUME_UNKNOWN_FORMAT 2u /* not a volume: a socket, a FIFO, a dangling link, … */
#define TARN_VOLUME_CORRUPT        3u /* its format's metadata is broken */
#define TARN_VOLUME_BROKEN_BACKING 4u /* its backing store is missing */
#define TARN_VOLUME_VANISHED       5u /* was listed, is gone */

/* A volume as the pool type sees it: the container. What is inside is the format's to say. */
struct tarn_volume_info {
    uint32_t struct_size;
    uint32_t status; /* TARN_VOLUME_OK, … */
    const char *name;
    const char *key;  /* NULL = the path */
    const char *path;
    const char *type; /* "file", "block", "dir", "network", "netdir": only told on; never NULL */
    const char *status_text; /* why, if not OK */
    /* A volume format of the pool type's own (tarn_pool_type.volume_formats), or NULL: an image,
     * whose format the host finds out from its bytes. */
    const char *format;
    /* The mark that this very unit bears wherever it is (a WWN, a serial number), or NULL. Where
     * another one bears the volume's name than before, the host lists it as unreadable until the
     * pool is started to adopt it: see tarn_host.identify, which volume_open asks with the volume's
     * name as the kind. */
    const char *mark;
    uint64_t capacity;   /* bytes; the host replaces it by what the image says */
    uint64_t allocation; /* bytes really taken on the storage */
    uint64_t physical;   /* bytes of the container from end to end */
    const struct tarn_permissions *permissions;
    int64_t atime; /* nanoseconds; 0 = unknown, as for the next three */
    int64_t mtime;
    int64_t ctime;
    int64_t btime;
    const struct tarn_identity *identity;
    const struct tarn_device_extent *const *extents; /* ends with NULL; NULL = none to tell */
    const char *backing_path; /* known to the storage itself (the origin of a snapshot) */
    const char *backing_format;
    /* The first bytes of the container, as many as the module read anyway, so that most images are
     * recognised without another system call; and the open container for the others, which lives
     * only until emit_volume returns. Without both there is nothing to look at: the volume counts as
     * one of bytes. */
    const void *head;
    uint64_t head_length;
    struct tarn_io *io;
};

/* One more fact about a pool or an image, for people: "refcount-bits" = "16". */
struct tarn_property {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name;
    const char *value;
};

/* tarn_pool_info.state */
#define TARN_POOL_HEALTHY  0u
#define TARN_POOL_DEGRADED 1u

struct tarn_pool_info {
    uint32_t struct_size;
    uint32_t state;          /* TARN_POOL_HEALTHY, … */
    const char *state_text;  /* why it is degraded */
    uint64_t capacity;       /* bytes */
    uint64_t allocation;
    uint64_t available;
    const struct tarn_permissions *permissions; /* of the target, NULL = leave as defined */
    const struct tarn_property *const *properties; /* ends with NULL; NULL = none */
};

/* tarn_capability.support; the gaps are for later */
#define TARN_SUPPORT_NONE     10u /* refused with TARN_E_UNSUPPORTED before anything is touched */
#define TARN_SUPPORT_EMULATED 20u /* done by other means than the storage's: bytes are copied, a
                                     format keeps the difference */
#define TARN_SUPPORT_NATIVE   30u /* the storage does it */

/* tarn_capability.operation: of a pool, then of the volumes in it */
#define TARN_OPERATION_BUILD    "build"        /* making the storage: a folder, a label, … */
#define TARN_OPERATION_DELETE   "delete"       /* removing what build made */
#define TARN_OPERATION_WATCH    "watch"        /* noticing what others change in it */
#define TARN_OPERATION_CREATE   "vol-create"   /* a new volume; limits are of its capacity */
#define TARN_OPERATION_THIN     "vol-thin"     /* one that takes less than its capacity */
#define TARN_OPERATION_SNAPSHOT "vol-snapshot" /* one that stores what differs from another */
#define TARN_OPERATION_CLONE    "vol-clone"    /* one with another's bytes; native: shares them */
#define TARN_OPERATION_GROW     "vol-grow"     /* vol-resize; limits are of the new capacity */
#define TARN_OPERATION_SHRINK   "vol-shrink"
#define TARN_OPERATION_WIPE     "vol-wipe"
#define TARN_OPERATION_UPLOAD   "vol-upload"   /* any writing */
#define TARN_OPERATION_DOWNLOAD "vol-download" /* any reading */
#define TARN_OPERATION_REMOVE   "vol-delete"

/* What a pool can do, and how far. */
struct tarn_capability {
    uint32_t struct_size;
    uint32_t support;      /* TARN_SUPPORT_… */
    const char *operation; /* TARN_OPERATION_… */
    const char *reason;    /* why it is none, or only that; NULL = nothing to say */
    uint64_t minimum;      /* of a size, in bytes; 0 = no limit, as for the next */
    uint64_t maximum;
    uint64_t granularity;  /* bytes; sizes are rounded up to a multiple; 0 = any size */
};

/* Another file that an image needs, besides its backing store. */
struct tarn_image_file {
    uint32_t struct_size;
    uint32_t reserved;
    const char *role; /* "data-file", "extent" */
    const char *name; /* as it stands in the image */
};

/* tarn_image_info.flags */
#define TARN_IMAGE_DIRTY          0x00000001u /* not closed cleanly */
#define TARN_IMAGE_MARKED_CORRUPT 0x00000002u /* says of itself that it is corrupt */

/* What an image says of itself. Text is NULL where the format has nothing to say. */
struct tarn_image_info {
    uint32_t struct_size;
    uint32_t flags;
    uint64_t capacity;     /* bytes the guest sees */
    uint64_t cluster_size; /* bytes, 0 = none */
    const char *subformat; /* "streamOptimized", "dynamic", … */
    const char *compat;    /* "0.10", "1.1" */
    const char *const *features; /* libvirt's element names, ends with NULL; NULL = none to tell */
    const char *backing_name;    /* as it stands in the image */
    const char *backing_format;
    const char *encryption; /* "aes", "luks": the guest's bytes are not readable without a key */
    const char *compression;
    const char *creator;
    const struct tarn_image_file *const *files;    /* ends with NULL; NULL = none */
    const struct tarn_property *const *properties; /* ends with NULL; NULL = none */
};

struct tarn_snapshot {
    uint32_t struct_size;
    uint32_t reserved;
    const char *id;
    const char *name;
    const char *parent;  /* the snapshot below it, NULL = none or unknown */
    uint64_t capacity;   /* bytes */
    uint64_t state_size; /* bytes of saved machine state */
    int64_t created;     /* nanoseconds */
};

/* tarn_finding.kind */
#define TARN_FINDING_LEAK       1u /* space that nothing uses: harmless */
#define TARN_FINDING_CORRUPTION 2u /* data are or will be lost */
#define TARN_FINDING_ERROR      3u /* a part that could not be checked */

struct tarn_finding {
    uint32_t struct_size;
    uint32_t kind;
    uint32_t repaired; /* 1: it was there, and is mended */
    uint32_t reserved;
    uint64_t offset; /* bytes into the container */
    uint64_t length; /* bytes, 0 = unknown */
    const char *text;
};

struct tarn_check_result {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t leaks;       /* remaining, in clusters */
    uint64_t corruptions; /* remaining */
    uint64_t errors;      /* parts that could not be checked */
    uint64_t leaks_fixed;
    uint64_t corruptions_fixed;
    uint64_t total_clusters;
    uint64_t allocated_clusters;
    uint64_t compressed_clusters;
    uint64_t fragmented_clusters;
    uint64_t image_end; /* bytes: where the used part of the container ends */
};

#endif
