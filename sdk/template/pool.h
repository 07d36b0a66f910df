/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool.h - what the files of the pool type know of each other.
 */
#ifndef SHELF_POOL_H
#define SHELF_POOL_H

#include <tarn/module.h>

/* The handle of a pool; it holds no storage. */
struct pool {
    const char *path; /* of the folder: the definition lives as long as the handle */
    char suffix[64];  /* that the names of volumes end with; "": any will do */
};

/* --- store.c ---------------------------------------------------------------------------------- */

/* A byte store of an open file, which it closes with itself, and also if it fails. */
int32_t shelf_store_new(struct tarn_call *call, int file, uint32_t writable, struct tarn_io **out);
/* Records the present errno as the failure to do `what` with `name`; returns the status for it. */
int32_t shelf_failed(struct tarn_call *call, const char *what, const char *name);

/* --- pool.c ----------------------------------------------------------------------------------- */

/* The folder, opened. For what needs an active pool: TARN_E_STATE if it is gone. */
int32_t shelf_folder_open(struct tarn_call *call, const struct pool *pool, int *out);

/* --- volume.c --------------------------------------------------------------------------------- */

/* Is it without control characters? */
int shelf_is_text(const char *name);
/* One rule for all: what is made, what is listed, what is found. */
int shelf_is_volume_name(const struct pool *pool, const char *name);

int32_t shelf_volume_name_check(struct tarn_call *call, void *handle, const char *name);
int32_t shelf_volume_allocate(struct tarn_call *call, void *handle,
                              const struct tarn_container_spec *spec, void **out_container,
                              struct tarn_io **out_io);
int32_t shelf_volume_publish(struct tarn_call *call, void *handle, void *container);
void shelf_volume_abort(struct tarn_call *call, void *handle, void *container);
int32_t shelf_volume_open(struct tarn_call *call, void *handle, const char *name, uint32_t flags,
                          struct tarn_io **out_io);
int32_t shelf_volume_delete(struct tarn_call *call, void *handle, const char *name);

#endif
