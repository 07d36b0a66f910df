/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disk.h - a pool of the type "disk", and the disk as one operation has it open.
 */
#ifndef DISK_DISK_H
#define DISK_DISK_H

#include <tarn/module.h>

#include "helpers/block-node.h"
#include "store.h"
#include "table.h"

#define SYSFS "/sys"

struct disk_pool {
    char *device; /* the disk, as the definition names it */
    char *folder; /* where its volumes' paths are: "/dev", "/dev/disk/by-path" */
    char *format; /* the table that it must have; "unknown" = any */
    const struct label *label; /* of that; NULL: any, or "lvm2" */
    bool separator;            /* part_separator='yes' */
};

/* --- device.c: the disk, open ----------------------------------------------------------------- */

/* How long the lock of the disk, and a node that udev makes, are waited for at most. */
#define DISK_PATIENCE 10000u /* milliseconds */

struct disk {
    const struct disk_pool *pool;
    struct block_disk node;
    int lock;   /* read from; has the lock of the disk */
    int fd;     /* written to; -1: for reading only */
    struct scratch scratch;
    struct table table;
    struct block_part *parts; /* what the kernel has */
    size_t part_count;
};

/* disk_open flags */
#define DISK_WRITE 0x00000001u /* nobody else changes the table until disk_close */

/* Opens it. Others that keep to the lock of whole disks (flock of the node: udev, sfdisk) wait
 * meanwhile. Closed with disk_close, also if a later step fails. */
int32_t disk_open(struct tarn_call *call, const struct disk_pool *pool, uint32_t flags,
                  struct disk *out);
/* The same with a descriptor for writing that is open already and that disk_close closes. */
int32_t disk_adopt(struct tarn_call *call, const struct disk_pool *pool, int fd, struct disk *out);
/* Reads the table and what the kernel has. TARN_E_NOT_FOUND no table; TARN_E_STATE another than the
 * pool's; TARN_E_REPLACED another disk's. */
int32_t disk_look(struct tarn_call *call, struct disk *disk);
/* The latter alone, anew. */
int32_t disk_look_at_kernel(struct tarn_call *call, struct disk *disk);
void disk_close(struct disk *disk);
/* Waits so many milliseconds, or until the call is cancelled or over. */
int32_t disk_pause(struct tarn_call *call, unsigned milliseconds);

/* --- settle.c: udev --------------------------------------------------------------------------- */

/* Closes a descriptor that the disk was written through, and waits until udev has noticed, while
 * the lock is held: else it would have the kernel forget and find all partitions. */
void settle_close(const struct block_disk *node, int fd);
/* A moment, in microseconds of CLOCK_MONOTONIC. */
uint64_t settle_now(void);
/* Has udev set the links and permissions of a partition that was made after `began`? Also where no
 * udev runs. */
bool settle_is_over(const struct block_part *part, uint64_t began);

/* --- kernel.c: the kernel's idea of the partitions -------------------------------------------- */

/* Makes it let go of those that `wanted` has not, or has elsewhere; NULL: of all. TARN_E_BUSY (one
 * is in use): then it has them all as before. */
int32_t kernel_let_go(struct tarn_call *call, struct disk *disk, const struct table *wanted);
/* Tells it those that it has not, and sizes that are others. */
int32_t kernel_tell(struct tarn_call *call, struct disk *disk, const struct table *wanted);

/* --- mapping.c: the same for partitions of a mapping (device-mapper) -------------------------- */

int32_t mapping_add(struct tarn_call *call, const struct disk *disk, const char *name,
                    unsigned number, uint64_t start, uint64_t length);
/* An errno; 0 = done. */
int mapping_remove(const char *name);
int32_t mapping_resize(struct tarn_call *call, const struct disk *disk, const char *name,
                       uint64_t start, uint64_t length);
/* Bytes; UINT64_MAX if it is no piece of the disk. */
uint64_t mapping_start(const struct disk *disk, const char *name);

/* --- change.c: a change of the table, from the scratch to the disk and the kernel ------------- */

/* The scratch holds the new table: brings it to the disk and to the kernel, or all back to what it
 * was. disk->table and disk->parts are the new ones then. */
int32_t change_commit(struct tarn_call *call, struct disk *disk);

/* --- list.c: what is there -------------------------------------------------------------------- */

/* A partition of disk->table as a volume. */
int32_t list_emit(struct tarn_call *call, const struct disk *disk, const struct part *part);
/* The partition whose node has that name, or NULL. */
const struct part *list_find(const struct disk *disk, const char *name);
/* What its node is called, or will be. */
void list_name(const struct disk *disk, unsigned number, char name[BLOCK_NAME_SIZE]);
/* Opens the disk, reads the table, and waits a little for what the kernel lacks. */
int32_t list_look(struct tarn_call *call, const struct disk_pool *pool, struct disk *disk);
/* Waits until the node of a partition that was made after `began` (settle_now) is there, as udev
 * makes it, and the link in the pool's folder. The lock is not held. */
int32_t list_await(struct tarn_call *call, const struct disk_pool *pool,
                   const struct block_part *part, uint64_t began);
int32_t list_not_found(struct tarn_call *call, const struct disk *disk, const char *name);

/* --- reserve.c: extents that are taken, but in no table yet ----------------------------------- */

/* The gaps of the table without those that somebody has reserved; freed with free(*out). */
int32_t reserve_gaps(struct tarn_call *call, const struct disk *disk, struct gap **out,
                     size_t *out_count);
/* Reserves sectors until the descriptor disk->fd is closed. */
int32_t reserve_take(struct tarn_call *call, const struct disk *disk, uint64_t start,
                     uint64_t end);

/* --- range-io.c ------------------------------------------------------------------------------- */

/* A byte store of that range of the disk, which `fd` is open for writing; a copy of it is used. */
int32_t range_io_open(struct tarn_call *call, int fd, uint64_t offset, uint64_t length,
                      struct tarn_io **out);

/* --- the operations of the pool type ---------------------------------------------------------- */

int32_t disk_define(struct tarn_call *call);
int32_t disk_claims(struct tarn_call *call);
int32_t disk_pool_open(struct tarn_call *call, void **out_pool);
void disk_pool_close(void *pool);
int32_t disk_check(struct tarn_call *call, void *pool, uint32_t *out_active);
int32_t disk_build(struct tarn_call *call, void *pool, uint32_t flags);
int32_t disk_start(struct tarn_call *call, void *pool);
int32_t disk_stop(struct tarn_call *call, void *pool, uint32_t flags);
int32_t disk_remove(struct tarn_call *call, void *pool);
int32_t disk_capabilities(struct tarn_call *call, void *pool);
int32_t disk_info(struct tarn_call *call, void *pool);
int32_t disk_refresh(struct tarn_call *call, void *pool);
int32_t disk_volume_lookup(struct tarn_call *call, void *pool, const char *name);
int32_t disk_volume_allocate(struct tarn_call *call, void *pool,
                             const struct tarn_container_spec *spec, void **out_container,
                             struct tarn_io **out_io);
int32_t disk_volume_publish(struct tarn_call *call, void *pool, void *container);
void disk_volume_abort(struct tarn_call *call, void *pool, void *container);
int32_t disk_volume_open(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                         struct tarn_io **out_io);
int32_t disk_volume_delete(struct tarn_call *call, void *pool, const char *name);
int32_t disk_volume_resize(struct tarn_call *call, void *pool, const char *name, uint64_t size,
                           uint32_t flags);

#endif
