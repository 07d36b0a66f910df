/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mount-internal.h - what the mount*.c files share among themselves.
 */
#ifndef HELPERS_MOUNT_INTERNAL_H
#define HELPERS_MOUNT_INTERNAL_H

#include <limits.h>
#include <stddef.h>

#include "helpers/mount.h"

/* --- the kernel's table (mount-table.c) ------------------------------------------------------- */

/* Tells `tell` where something is mounted on what has that id; until it says false. */
int32_t mount_each_beneath(struct tarn_call *call, uint64_t id,
                           bool (*tell)(void *arg, const char *path), void *arg);

/* --- who keeps it busy (mount-holders.c) ------------------------------------------------------ */

#define HOLDERS_SIZE 768

/* Writes who uses what is mounted at `path`, its name in the kernel's table: the first few, and how
 * many more there are. False if nobody is to be seen. */
bool mount_holders(struct tarn_call *call, const char *path, uint64_t id, char out[HOLDERS_SIZE]);

#endif
