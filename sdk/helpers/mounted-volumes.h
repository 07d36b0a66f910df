/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mounted-volumes.h - files as volumes on a filesystem that the pool mounts: what the types fs and
 * netfs, and any other that mounts, have in common. A type says what to mount; that it is mounted,
 * and that nothing is ever written beneath the empty place where it should be, is seen to here.
 *
 * A handle begins with a struct mounted_volumes, so that the functions of helpers/file-volumes.h
 * take it as well. Their `verify` is ours: the directory that an operation has opened must be the
 * root of a mount of `source`, whoever unmounted or mounted what behind our back.
 */
#ifndef HELPERS_MOUNTED_VOLUMES_H
#define HELPERS_MOUNTED_VOLUMES_H

#include <pthread.h>

#include "helpers/file-volumes.h"
#include "helpers/mount.h"

struct mounted_volumes {
    struct file_volumes files; /* first */
    /* Is `entry` a mount of this pool's source? The type's own: devices have several names, servers
     * too. */
    bool (*is_ours)(const struct mounted_volumes *volumes, const struct mount_entry *entry);
    /* What verify has found out holds until the kernel's table of mounts changes. */
    pthread_mutex_t lock; /* of the two that follow */
    int changes;          /* a descriptor that tells of changes, or -1 */
    uint64_t known;       /* id of the mount that was found to be ours, 0 = none yet */
};

int32_t mounted_volumes_init(struct tarn_call *call, struct mounted_volumes *volumes,
                             bool (*is_ours)(const struct mounted_volumes *,
                                             const struct mount_entry *));
void mounted_volumes_fini(struct mounted_volumes *volumes);

/* For tarn_pool_type.check: active = our source is what is topmost at the target. */
int32_t mounted_volumes_check(struct tarn_call *call, void *pool, uint32_t *out_active);
/* For start: mounts unless it is ours already; refuses (TARN_E_BUSY) a target on which something
 * else is mounted, and one that is not there. Every member of the request but the target is the
 * type's; defaults nodev, nosuid, noexec and the definition's mount options are added here. */
int32_t mounted_volumes_start(struct tarn_call *call, struct mounted_volumes *volumes,
                              const struct mount_request *request);
/* The same for a type that mounts in a way of its own: `attach` stands for mount_attach. */
int32_t mounted_volumes_start_by(struct tarn_call *call, struct mounted_volumes *volumes,
                                 const struct mount_request *request,
                                 mount_attach_fn attach);
/* For tarn_pool_type.stop: unmounts if it is ours. */
int32_t mounted_volumes_stop(struct tarn_call *call, void *pool, uint32_t flags);
/* For build and remove, which are for the empty mount point: TARN_E_STATE if anything is mounted on
 * it. */
int32_t mounted_volumes_need_unmounted(struct tarn_call *call,
                                       const struct mounted_volumes *volumes);
/* For tarn_pool_type.remove: removes the empty mount point. */
int32_t mounted_volumes_remove(struct tarn_call *call, void *pool);

#endif
