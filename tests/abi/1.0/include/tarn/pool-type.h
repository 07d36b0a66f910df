/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tarn/pool-type.h - a pool type: how storage is made available, and which volumes are there.
 *
 * Every operation gets the call first; `pool` is what `open` stored. An operation that is NULL is
 * unsupported, and the host refuses it before anything is touched. Unless it says otherwise, an
 * operation that fails leaves things as they were. Out parameters count only with TARN_OK: what a
 * failed operation left in them is nobody's, so they are stored into last.
 */
#ifndef TARN_POOL_TYPE_H
#define TARN_POOL_TYPE_H

#include <tarn/call.h>
#include <tarn/param.h>

/* tarn_pool_type.source_parts and .source_required: what <source> may and must hold */
#define TARN_SOURCE_HOST      0x00000001u
#define TARN_SOURCE_DEVICE    0x00000002u
#define TARN_SOURCE_DIR       0x00000004u
#define TARN_SOURCE_NAME      0x00000008u
#define TARN_SOURCE_FORMAT    0x00000010u
#define TARN_SOURCE_INITIATOR 0x00000020u
#define TARN_SOURCE_AUTH      0x00000040u
#define TARN_SOURCE_PROTOCOL  0x00000080u

/* tarn_pool_type.flags */
#define TARN_POOL_TARGET_REQUIRED    0x00000001u /* <target><path> must be given */
#define TARN_POOL_NO_TARGET          0x00000002u /* has none; not printed */
#define TARN_POOL_NAME_FROM_SOURCE   0x00000004u /* pool and source name stand for each other */
#define TARN_POOL_IMAGES             0x00000008u /* volumes may hold any image format */
#define TARN_POOL_COW_FEATURE        0x00000010u /* <features><cow> makes sense */
#define TARN_POOL_MOUNT_OPTIONS      0x00000020u /* <fs:mount_opts> makes sense */
#define TARN_POOL_SIZED_CONTAINERS   0x00000040u /* a container's size is fixed at allocation
                                                    (partition, LV); a file's grows as written */
/* Each volume is the file target_path/NAME, which is its path and its key. The host reaches it there
 * for what images name; images in several files are made only so. */
#define TARN_POOL_VOLUME_IS_FILE     0x00000080u
/* With TARN_POOL_IMAGES: the bytes of a volume are its guest's, and nobody looks what they are. A
 * volume has the format that it was made with here; any other has the default_volume_format, which
 * is not told in XML. */
#define TARN_POOL_BYTES              0x00000100u
/* A volume with a backing store, of a format that has none itself, is a snapshot: volume_allocate
 * makes it of the volume at call->volume->backing_path, which may be another pool's. The store has
 * its bytes from the start, and an `allocate` that keeps them. */
#define TARN_POOL_SNAPSHOTS          0x00000200u
/* Volumes may be created without a name: volume_publish tells the one that the storage gave. */
#define TARN_POOL_NAMES_VOLUMES      0x00000400u

/* tarn_pool_type.build flags */
#define TARN_BUILD_OVERWRITE    0x00000001u /* wipe what is on the device */
#define TARN_BUILD_NO_OVERWRITE 0x00000002u /* refuse a device that carries anything */

/* tarn_pool_type.stop flags */
#define TARN_STOP_FORCE 0x00000001u /* let go even if it is in use or does not answer */

/* tarn_pool_type.volume_open flags */
#define TARN_OPEN_WRITE 0x00000001u

/* tarn_pool_type.volume_resize flags: TARN_TRUNCATE_SHRINK, TARN_TRUNCATE_ALLOCATE */

/* A container to be made: phase one of a volume's birth. */
struct tarn_container_spec {
    uint32_t struct_size;
    uint32_t nocow;           /* 1: switch copy-on-write off for it */
    const char *name;         /* the volume's name once it is published; empty: the storage gives
                                 one (TARN_POOL_NAMES_VOLUMES) */
    const char *format;       /* one of the type's own volume formats, or NULL: holds an image */
    uint64_t size;            /* bytes the container must hold (TARN_POOL_SIZED_CONTAINERS) */
    uint64_t capacity;        /* bytes the guest will see */
    uint64_t allocation;      /* bytes to reserve; below `size` asks for thin provisioning; of an
                                 image whose container grows the format reserves them */
    const struct tarn_permissions *permissions; /* applied before the name is visible */
    const char *clone_of;     /* for volume_clone: the volume whose bytes it shares */
};

struct tarn_pool_type {
    uint32_t struct_size;
    uint32_t flags;           /* TARN_POOL_TARGET_REQUIRED, … */
    const char *name;         /* <pool type=>: lower case, digits, hyphens */
    const char *summary;
    uint32_t source_parts;    /* TARN_SOURCE_… that are kept and printed */
    uint32_t source_required; /* those without which a definition is refused */
    const char *const *source_formats;  /* ends with NULL; NULL = any word */
    const char *default_source_format;  /* NULL = none */
    const char *const *volume_formats;  /* the type's own, besides images ("dir", "linux-swap") */
    const char *default_volume_format;  /* NULL = volumes have no format */
    /* The namespace of the type's own elements, and the prefix by which tarn_host.query knows it;
     * both or none. urn:tarn:NAME and urn:tarn:NAME:… belong to the module or the pool type of that
     * name, what libvirt uses to nobody, all others to whom comes first. */
    const char *xml_namespace;
    const char *xml_prefix;
    /* RELAX NG, or NULL: a <grammar> that defines what of xml_namespace may stand where: "pool.own"
     * in <pool>, "source.own" and "target.own" in its <source> and <target>, "volume.own" in
     * <volume>, "volume-target.own" in its <target>; other patterns of its own begin with "own.".
     * Elements are of xml_namespace alone. See tarn-schema(3). */
    const char *schema;
    /* <tarn:options> of each pool; ends with NULL; NULL = none */
    const struct tarn_param *const *params;

    /* --- definition: no storage is touched ---------------------------------------------------- */

    /* Checks what the schema cannot, and completes it with tarn_host.amend. */
    int32_t (*define)(struct tarn_call *call);
    /* Tells with emit_claim what no second pool may use: "device:/dev/sdb", "path:/srv/images". */
    int32_t (*claims)(struct tarn_call *call);
    /* Tells the sources that exist, with emit_source; call->pool holds only what narrows it. */
    int32_t (*find_sources)(struct tarn_call *call);

    /* --- the pool ----------------------------------------------------------------------------- */

    /* Makes the handle that the following get; cheap, touches no storage. */
    int32_t (*open)(struct tarn_call *call, void **out_pool);
    void (*close)(void *pool);
    /* Stores 1 in *out_active if the storage is available already, else 0. */
    int32_t (*check)(struct tarn_call *call, void *pool, uint32_t *out_active);
    int32_t (*build)(struct tarn_call *call, void *pool, uint32_t flags);
    /* Makes the storage available (mounts, activates, logs in). */
    int32_t (*start)(struct tarn_call *call, void *pool);
    int32_t (*stop)(struct tarn_call *call, void *pool, uint32_t flags);
    /* Removes what build made. Refused when anything else is in there. */
    int32_t (*remove)(struct tarn_call *call, void *pool);
    /* Clears what a killed process left half made. Called on an active pool while nobody else in
     * any process works in it. */
    int32_t (*recover)(struct tarn_call *call, void *pool);

    /* --- what is there ------------------------------------------------------------------------ */

    /* Tells with emit_capability what this very pool can do otherwise than its descriptor promises:
     * an operation that its storage lacks, a clone that is no copy, limits of sizes. What is not
     * told the host derives; of a pool that is not active, all of it. An operation that is told as
     * TARN_SUPPORT_NONE refuses with TARN_E_UNSUPPORTED before anything is touched. Fast; reads no
     * volume. */
    int32_t (*capabilities)(struct tarn_call *call, void *pool);
    /* emit_pool once: sizes and state; and emit_free for each free extent, where the type has
     * such. Fast; reads no volume. */
    int32_t (*info)(struct tarn_call *call, void *pool);
    /* emit_volume for everything in the pool, or volume_known where nothing changed; one entry that
     * cannot be read is emitted with its status and never ends the refresh. All that info tells as
     * well, where it comes for nothing. */
    int32_t (*refresh)(struct tarn_call *call, void *pool);
    /* emit_volume for one, without looking at others; TARN_E_NOT_FOUND. */
    int32_t (*volume_lookup)(struct tarn_call *call, void *pool, const char *name);
    /* A descriptor that polls readable when something in the pool may have changed; the module's,
     * until watch_close. */
    int32_t (*watch_open)(struct tarn_call *call, void *pool, void **out_watch, int32_t *out_fd);
    /* Reads what is pending and tells it with emit_changed (NULL name = anything); the host may ask
     * volume_lookup for that volume before emit_changed returns. */
    int32_t (*watch_read)(struct tarn_call *call, void *pool, void *watch);
    void (*watch_close)(void *pool, void *watch);

    /* --- volumes ------------------------------------------------------------------------------ */

    /* TARN_OK if a volume may bear this name; told before anything is made. A type that makes no
     * volumes tells here where they come from (TARN_E_UNSUPPORTED). */
    int32_t (*volume_name_check)(struct tarn_call *call, void *pool, const char *name);
    /* Phase one: a container that nobody sees, with its permissions, open for writing in *out_io
     * (NULL for formats without bytes, such as "dir"). What it does not reserve, the format of the
     * image does through the store; of the type's own formats and sized containers it has all. */
    int32_t (*volume_allocate)(struct tarn_call *call, void *pool,
                               const struct tarn_container_spec *spec, void **out_container,
                               struct tarn_io **out_io);
    /* Phase one, sharing the bytes of an existing volume (reflink, snapshot): fails with
     * TARN_E_UNSUPPORTED where the storage cannot. */
    int32_t (*volume_clone)(struct tarn_call *call, void *pool,
                            const struct tarn_container_spec *spec, void **out_container,
                            struct tarn_io **out_io);
    /* Phase two: makes it visible under its name, at once and durably; TARN_E_EXISTS if the name
     * is taken. A type whose storage gives the names itself (a partition is what the kernel calls
     * it) tells with emit_volume under which name it is there. The host has closed the byte store.
     * Ends the container either way. */
    int32_t (*volume_publish)(struct tarn_call *call, void *pool, void *container);
    /* Or takes it back. Ends the container. */
    void (*volume_abort)(struct tarn_call *call, void *pool, void *container);
    /* Opens the container of a volume. */
    int32_t (*volume_open)(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                           struct tarn_io **out_io);
    int32_t (*volume_delete)(struct tarn_call *call, void *pool, const char *name);
    /* Changes the size of a container; for types with TARN_POOL_SIZED_CONTAINERS. */
    int32_t (*volume_resize)(struct tarn_call *call, void *pool, const char *name, uint64_t size,
                             uint32_t flags);
};

#endif
