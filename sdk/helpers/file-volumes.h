/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes.h - files as volumes: what every pool type whose volumes are the entries of one
 * directory has in common. Making that directory available (nothing, a mount) is the type's part.
 *
 * The functions bear the names of the operations of tarn/pool-type.h, keep their contracts and can
 * stand in a descriptor as they are. `pool` points to a struct file_volumes, or to a handle of the
 * type's own that begins with one. Any number of threads may use one handle at once.
 *
 * A handle knows nothing but the path: each operation opens the directory itself. So a directory
 * that was removed and made anew is simply used, and one that is gone is TARN_E_NOT_FOUND.
 *
 * Which entries are volumes, and what becomes of links: see tarn-dir(7).
 */
#ifndef HELPERS_FILE_VOLUMES_H
#define HELPERS_FILE_VOLUMES_H

#include <tarn/call.h>
#include <tarn/pool-type.h>

struct file_volumes {
    char *path; /* of the directory: absolute */
    /* Is the open directory really the storage, and not the empty place where it should be? Called
     * once in each operation, before anything is done beneath `directory`; TARN_OK, or the failure
     * recorded: TARN_E_STATE if it is not. NULL: any directory will do. */
    int32_t (*verify)(struct tarn_call *call, struct file_volumes *volumes, int directory);
    /* Opens an entry whose opening was refused (EACCES), as somebody who may: a descriptor, or -1
     * with errno. NULL: refused is refused. */
    int (*open_denied)(const struct file_volumes *volumes, int directory, const char *name,
                       int flags);
    /* For a type that acts as somebody else (setfsuid(2)): while volumes are told to the host, which
     * may then touch files of its own, it is itself. step_out answers what step_in gets. NULL. */
    uint64_t (*step_out)(void);
    void (*step_in)(uint64_t who);
    /* Stands for tarn_host.emit_pool, for a type that has more to say; NULL. */
    int32_t (*emit_pool)(struct tarn_call *call, const struct file_volumes *volumes,
                         struct tarn_pool_info *info);
};

/* Takes the target path from call->pool and copies it; touches no storage. For types whose handle
 * is more than this one. */
int32_t file_volumes_init(struct tarn_call *call, struct file_volumes *volumes);
void file_volumes_fini(struct file_volumes *volumes);

/* --- the definition ----------------------------------------------------------------------- */

/* TARN_E_INVALID without an absolute target path. */
int32_t file_volumes_define(struct tarn_call *call);
/* "path:<target>" */
int32_t file_volumes_claims(struct tarn_call *call);

/* --- the directory ------------------------------------------------------------------------ */

int32_t file_volumes_open(struct tarn_call *call, void **out_pool);
void file_volumes_close(void *pool);
/* Active = the target exists, is a directory, and `verify` has nothing against it. */
int32_t file_volumes_check(struct tarn_call *call, void *pool, uint32_t *out_active);
/* Makes the directory and its missing parents, with the permissions of call->pool (mode 0711 if it
 * asks for none); of a directory that is there only what was asked for is changed. What a failure
 * has made is removed again. Knows no flags: TARN_E_UNSUPPORTED. */
int32_t file_volumes_build(struct tarn_call *call, void *pool, uint32_t flags);
/* Makes nothing available; refuses a directory that is missing or cannot be listed and searched,
 * and names the component of the path that is to blame. */
int32_t file_volumes_start(struct tarn_call *call, void *pool);
/* Removes the directory, storage or not, if nothing is in it but what a killed process left half
 * made; TARN_E_STATE, telling what is in there, otherwise. */
int32_t file_volumes_remove(struct tarn_call *call, void *pool);
/* Removes what a killed process left half made; what a living one is making stays. */
int32_t file_volumes_recover(struct tarn_call *call, void *pool);

/* --- what is there ------------------------------------------------------------------------ */

/* Tells whether volume_clone is more than a copy here; it is tried. */
int32_t file_volumes_capabilities(struct tarn_call *call, void *pool);
/* Available = what anybody may fill: blocks that the filesystem keeps for root count as taken. */
int32_t file_volumes_info(struct tarn_call *call, void *pool);
int32_t file_volumes_refresh(struct tarn_call *call, void *pool);
int32_t file_volumes_volume_lookup(struct tarn_call *call, void *pool, const char *name);
/* Tells what is done through this machine's kernel: other clients of a network filesystem are
 * not seen. Writing is told when the writer closes the file. */
int32_t file_volumes_watch_open(struct tarn_call *call, void *pool, void **out_watch,
                                int32_t *out_fd);
int32_t file_volumes_watch_read(struct tarn_call *call, void *pool, void *watch);
void file_volumes_watch_close(void *pool, void *watch);

/* --- volumes ------------------------------------------------------------------------------ */

int32_t file_volumes_volume_name_check(struct tarn_call *call, void *pool, const char *name);
/* Formats: "dir" makes a directory (mode 0700 if none is asked for), all others a file (0600). */
int32_t file_volumes_volume_allocate(struct tarn_call *call, void *pool,
                                     const struct tarn_container_spec *spec,
                                     void **out_container, struct tarn_io **out_io);
/* A reflink; TARN_E_UNSUPPORTED where the filesystem has none. */
int32_t file_volumes_volume_clone(struct tarn_call *call, void *pool,
                                  const struct tarn_container_spec *spec, void **out_container,
                                  struct tarn_io **out_io);
int32_t file_volumes_volume_publish(struct tarn_call *call, void *pool, void *container);
void file_volumes_volume_abort(struct tarn_call *call, void *pool, void *container);
int32_t file_volumes_volume_open(struct tarn_call *call, void *pool, const char *name,
                                 uint32_t flags, struct tarn_io **out_io);
/* Removes a file, an empty directory, or a link, never what a link leads to. */
int32_t file_volumes_volume_delete(struct tarn_call *call, void *pool, const char *name);

#endif
