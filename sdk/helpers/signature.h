/* SPDX-License-Identifier: BSD-2-Clause
 *
 * signature.h - what a device carries, through libblkid: filesystems, RAID and LVM members,
 * partition tables, swap, encrypted containers.
 */
#ifndef HELPERS_SIGNATURE_H
#define HELPERS_SIGNATURE_H

#include <tarn/call.h>

struct signature {
    char type[32];    /* libblkid's word: "ext4", "LVM2_member", "gpt"; or "amiga" */
    char usage[32];   /* "filesystem", "raid", "partition-table", "crypto", "other" */
    char label[256];  /* empty = none; as all that follow */
    char uuid[64];
    uint64_t offset;  /* bytes, of its magic */
};

/* Looks at the device or file `path`; stores up to `room` signatures and how many there are
 * altogether in *out_count. */
int32_t signature_find(struct tarn_call *call, const char *path, struct signature *out,
                       size_t room, size_t *out_count);
/* TARN_OK if it carries nothing at all; TARN_E_EXISTS tells what is there and where, and how to
 * overwrite it. */
int32_t signature_refuse(struct tarn_call *call, const char *path);
/* Removes every signature, copies included, and makes that durable. */
int32_t signature_wipe(struct tarn_call *call, const char *path);

#endif
