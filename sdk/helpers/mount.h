/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mount.h - mounting and letting go, and what is mounted where, through libmount.
 *
 * These functions can wait for a server or a device as long as it pleases, in the kernel, where no
 * signal reaches: a module that mounts over a network asks for a process of its own (`isolation`
 * in its .conf).
 */
#ifndef HELPERS_MOUNT_H
#define HELPERS_MOUNT_H

#include <stdbool.h>

#include <tarn/call.h>

/* What lies on a directory. */
struct mount_entry {
    uint64_t id;     /* as STATX_MNT_ID tells it */
    uint64_t device; /* makedev(3) of the filesystem */
    char *source;    /* "/dev/sdb1", "server:/export"; of a loop device the file behind it */
    char *type;      /* "ext4", "nfs4" */
    char *options;   /* of the mount and of the filesystem */
    char *root;      /* which part of the filesystem, "/" for all of it */
    char *target;    /* where it lies, resolved */
};

/* The topmost mount at exactly `target`, which is resolved first; *out_found false if there is
 * none. Reads the kernel's table only: never waits for a server. */
int32_t mount_find(struct tarn_call *call, const char *target, struct mount_entry *out,
                   bool *out_found);
/* The mount with that id; the same otherwise. */
int32_t mount_find_id(struct tarn_call *call, uint64_t id, struct mount_entry *out,
                      bool *out_found);
/* Some mount of the block device with that number; the same otherwise. */
int32_t mount_find_device(struct tarn_call *call, uint64_t device, struct mount_entry *out,
                          bool *out_found);
void mount_entry_clear(struct mount_entry *entry);

/* TARN_OK if the kernel can mount that type, which may load a module of it; TARN_E_UNSUPPORTED. For
 * before something is destroyed. */
int32_t mount_need_type(struct tarn_call *call, const char *type);

struct mount_request {
    const char *source;  /* a device, a file (a loop device is set up), "server:/export" */
    const char *target;  /* an existing directory */
    const char *type;    /* the kernel's name; NULL = what libblkid finds */
    const char *options; /* comma-separated, or NULL */
};

/* Mounts, by the filesystem's helper (mount.nfs) where it has one; what a helper says on stderr
 * becomes part of the error. */
int32_t mount_attach(struct tarn_call *call, const struct mount_request *request);
/* Who mounts in a way of its own has a function like that one. */
typedef int32_t (*mount_attach_fn)(struct tarn_call *call, const struct mount_request *request);

/* mount_detach flags */
#define MOUNT_FORCE 0x00000001u /* let go even if it is in use or does not answer (umount -f -l) */

/* Unmounts what is topmost at `target`. TARN_E_BUSY tells who keeps it busy: processes with their
 * open files, working folders and mappings, and mounts beneath. */
int32_t mount_detach(struct tarn_call *call, const char *target, uint32_t flags);

#endif
