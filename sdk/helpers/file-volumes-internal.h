/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-internal.h - what the file-volumes-*.c files share among themselves.
 */
#ifndef HELPERS_FILE_VOLUMES_INTERNAL_H
#define HELPERS_FILE_VOLUMES_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include <tarn/call.h>

#include "helpers/file-volumes.h"

/* --- names (file-volumes-name.c) ------------------------------------------------------------- */

#define TEMPORARY_NAME_SIZE sizeof(".tarn-0123456789abcdef.part")
#define SHOWN_NAME_SIZE 320

/* Writes a random name for something half made. 0 or an errno. */
int temporary_name_make(char out[TEMPORARY_NAME_SIZE]);
/* Is this such a name? They are never listed, and never given to a volume. */
bool temporary_name_is(const char *name);
/* What may be looked for in the directory: one component of a path, and not a temporary name. */
bool entry_name_is_safe(const char *name);
/* TARN_E_NOT_FOUND, recorded, for a name that is not safe. */
int32_t entry_name_require(struct tarn_call *call, const char *name);
/* The name as it can stand in a line of text: control characters as \xNN, cut if it is long. */
const char *entry_name_show(char out[SHOWN_NAME_SIZE], const char *name);

/* --- the target directory (file-volumes-target.c) -------------------------------------------- */

/* Opens it for reading; TARN_E_NOT_FOUND if it is gone, what `verify` says if it is not the
 * storage. */
int32_t target_open(struct tarn_call *call, struct file_volumes *volumes, int *out_directory);
/* The same, whether it is the storage or the empty place where it should be. */
int32_t target_open_any(struct tarn_call *call, const struct file_volumes *volumes,
                        int *out_directory);
/* Records why `path` cannot be used, which failed with `error`: names the component of it that is
 * missing, no directory, or lacks a permission. Returns the status. */
int32_t target_fail(struct tarn_call *call, const char *path, int error);
/* The same for a directory that could not be made. */
int32_t target_fail_make(struct tarn_call *call, const char *path, int error);
/* Makes what was done to the names in the directory durable. 0 or an errno. */
int target_sync(int directory);

/* --- entries (file-volumes-access.c) ---------------------------------------------------------- */

/* openat(2), not through a link; where that is refused, as the type may. */
int entry_open(const struct file_volumes *volumes, int directory, const char *name, int flags);

/* --- permissions (file-volumes-permissions.c) ------------------------------------------------ */

#define LABEL_SIZE 256

/* Sets on `fd` what `wanted` asks for, and `default_mode` unless it is TARN_MODE_UNSET or a mode is
 * asked for. Set-id and sticky bits stay. `what` names it in errors. */
int32_t permissions_apply(struct tarn_call *call, int fd, const struct tarn_permissions *wanted,
                          uint32_t default_mode, const char *what);
/* The security label of `fd`, or NULL if it has none. */
const char *label_read(int fd, char out[LABEL_SIZE]);

/* Switches copy-on-write on or off for a directory or an empty file. 0 or an errno; where the
 * filesystem knows no such switch, EOPNOTSUPP. */
int copy_on_write_set(int fd, bool on);

/* --- sizes of the pool (file-volumes-info.c) ------------------------------------------------- */

/* emit_pool for an open directory. */
int32_t pool_info_emit(struct tarn_call *call, const struct file_volumes *volumes, int directory);

/* --- links (file-volumes-link.c) ------------------------------------------------------------- */

struct link_target {
    int fd;                /* O_PATH, to be closed by who asked */
    bool outside;          /* the pool's directory */
    char path[PATH_MAX];   /* where it leads, for people */
};

/* Follows the link `name`. 0 or an errno: ENOENT it is dangling, ELOOP it leads in circles or
 * through the links of /proc, EACCES. */
int link_resolve(int directory, const char *name, struct link_target *out);
/* May links be followed that lead out of the directory? Only where nobody but root and the caller
 * could have put them there. */
bool link_outside_allowed(int directory);
/* Opens what O_PATH descriptor stands for. A descriptor, or -1 with errno. */
int path_fd_reopen(int path_fd, int flags);

/* --- leftovers (file-volumes-recover.c) ------------------------------------------------------ */

/* Takes the lock that tells others that the thing half made is alive, as long as `fd` and its
 * duplicates are open. 0; EWOULDBLOCK if somebody else has it; EOPNOTSUPP if the filesystem has
 * no locks. */
int part_lock(int fd);
/* Does the name still lead to what `fd` has open? */
bool part_is(int directory, const char *name, int fd);
/* Removes the leftovers in the directory; only a directory that cannot be read is a failure. */
int32_t parts_sweep(struct tarn_call *call, int directory, const char *path);

#endif
