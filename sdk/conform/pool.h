/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool.h - a pool of the type that is tried, driven as the core drives one: define, open, check,
 * build, start, recover, refresh, the volumes, stop, close. What has to succeed for a check to
 * begin at all ends the trial as failed where it does not, with the words of the module.
 */
#ifndef CONFORM_POOL_H
#define CONFORM_POOL_H

#include "conform/definition.h"
#include "conform/host.h"
#include "conform/pool-settings.h"

struct pool {
    struct trial *trial;
    struct host *host;
    const struct tarn_pool_type *type; /* once started, without what it says that it cannot do */
    const struct results *told; /* by capabilities, once started; before, NULL */
    void *handle;
    uint64_t size; /* that its volumes are made with */
};

/* With a handle a module may ask in every operation whether its storage is what it was: the core
 * answers always, and records only in few. */

/* --- its life: pool.c ------------------------------------------------------------------------- */

/* Without a handle. */
struct pool *pool_defined(struct trial *trial);
/* And a handle opened. */
struct pool *pool_opened(struct trial *trial);
/* And built, where the type builds and the configuration lets it. */
struct pool *pool_built(struct trial *trial);
/* And started, recovered and narrowed. */
struct pool *pool_started(struct trial *trial);
/* And one that makes volumes; otherwise the trial ends as skipped. */
struct pool *pool_of_births(struct trial *trial);
/* Another handle of the same definition, in the same host. */
struct pool *pool_again(const struct pool *pool);
/* Stops, closes and unloads. */
void pool_end(struct pool *pool);

/* One step each; a member that is NULL is TARN_OK, as to the core. */
int32_t pool_define(struct host *host);
int32_t pool_open(struct pool *pool);
void pool_close(struct pool *pool);
int32_t pool_check(struct pool *pool, bool *out_active);
int32_t pool_build(struct pool *pool);
int32_t pool_build_so(struct pool *pool, uint32_t flags);
int32_t pool_start(struct pool *pool);
int32_t pool_recover(struct pool *pool);
int32_t pool_stop(struct pool *pool);
int32_t pool_remove(struct pool *pool);
/* Fails the trial unless `status`, which one of these answered, is TARN_OK. */
void pool_must(struct pool *pool, int32_t status, const char *step);

/* --- what it cannot do: pool-narrow.c --------------------------------------------------------- */

/* Asks what a started pool can do. From now on its type lacks what it says that it cannot. */
void pool_narrow(struct pool *pool);
/* Has it said that it cannot do this (TARN_OPERATION_…), or, of what makes volumes, that it makes
 * none? */
bool pool_cannot(const struct pool *pool, const char *operation);

/* --- what is there: pool-look.c --------------------------------------------------------------- */

int32_t pool_info(struct pool *pool);
int32_t pool_refresh(struct pool *pool);
/* By refresh, where the type cannot look at one alone. The volume is in host->results. */
int32_t pool_lookup(struct pool *pool, const char *name);
/* What a refresh tells, which must succeed; it lives as long as the trial. */
const struct results *pool_list(struct pool *pool);
/* The volume of that name, which must be there. */
const struct result_volume *pool_need(struct pool *pool, const char *name);
bool pool_has(struct pool *pool, const char *name);
/* How two listings differ, in words; NULL: not in names, kinds and sizes. */
const char *listing_difference(struct trial *trial, const struct results *before,
                               const struct results *after);

/* --- volumes: pool-birth.c -------------------------------------------------------------------- */

/* One volume from request to publication. */
struct birth {
    struct pool *pool;
    struct tarn_container_spec spec; /* may be changed before birth_allocate */
    struct tarn_volume_def def;
    struct tarn_permissions permissions;
    void *container;
    struct tarn_io *io; /* NULL: the volume has no bytes, or the store was closed */
};

/* A request of pool->size bytes; a name of "" is the storage's to choose. */
void birth_init(struct birth *out, struct pool *pool, const char *name);
/* Its capacity, and all of it reserved. */
void birth_resize(struct birth *birth, uint64_t size);
int32_t birth_allocate(struct birth *birth);
int32_t birth_clone(struct birth *birth, const char *of);
/* Writes the pattern of `seed` over all of it. */
int32_t birth_fill(struct birth *birth, unsigned seed);
/* Flushes and closes the store. */
int32_t birth_close(struct birth *birth);
/* On success spec.name is the name that it got. */
int32_t birth_publish(struct birth *birth);
/* Closes the store, if need be, and takes it back. */
void birth_abort(struct birth *birth);
/* TARN_OK if the type has nothing against the name. */
int32_t pool_name_check(struct pool *pool, const char *name);

/* The name of a volume with the pattern of `seed`: made, or where the type makes none the
 * `number`-th that is there (from 1), overwritten. Ends the trial as skipped if there is none. */
const char *pool_volume(struct pool *pool, unsigned number, unsigned seed);
/* The first of them, for who does not ask for its bytes: nothing is written to one that is there. */
const char *pool_any_volume(struct pool *pool);
/* Of one that reserves nothing, and is written in its first quarter alone; skipped where there are
 * none. pool-reserve.c */
const char *pool_thin_volume(struct pool *pool, unsigned number);
/* Ends the trial as skipped if its volumes do not outlive the pool's start: the key `volatile`. */
void pool_needs_lasting(struct trial *trial);
int32_t pool_delete(struct pool *pool, const char *name);
int32_t pool_resize(struct pool *pool, const char *name, uint64_t size, uint32_t flags);

/* --- containers that grow as they are written: pool-growing.c --------------------------------- */

bool pool_grows_by_itself(const struct tarn_pool_type *type);
int32_t store_cut(struct pool *pool, struct tarn_io *io, uint64_t size, uint32_t flags);
/* The same of a volume, which is opened for it. */
int32_t pool_cut(struct pool *pool, const char *name, uint64_t size, uint32_t flags);
/* What pool/grow and pool/shrink try with them. */
void pool_grow_by_itself(struct pool *pool);
void pool_shrink_by_itself(struct pool *pool);

/* --- bytes: pool-bytes.c ---------------------------------------------------------------------- */

int32_t pool_volume_open(struct pool *pool, const char *name, uint32_t flags,
                         struct tarn_io **out_io);
/* Opened, or the trial fails; skipped where the pool's volumes cannot be opened so. */
struct tarn_io *pool_bytes(struct pool *pool, const char *name, uint32_t flags);
void pool_bytes_close(struct pool *pool, struct tarn_io *io);
/* The size that a store tells, which must succeed. */
uint64_t store_size(struct pool *pool, struct tarn_io *io);

/* One use of a store each, as `operation` of the module's. */
int32_t store_read(struct pool *pool, struct tarn_io *io, void *buffer, uint64_t length,
                   uint64_t offset);
int32_t store_write(struct pool *pool, struct tarn_io *io, const void *buffer, uint64_t length,
                    uint64_t offset);
int32_t store_flush(struct pool *pool, struct tarn_io *io);
int32_t store_close(struct pool *pool, struct tarn_io *io);
/* Writes the pattern over [0, length). */
int32_t store_fill(struct pool *pool, struct tarn_io *io, uint64_t length, unsigned seed);

/* The byte of a pattern. */
uint8_t pattern_at(uint64_t offset, unsigned seed);
void pattern_put(void *buffer, uint64_t length, uint64_t offset, unsigned seed);
/* Fails the trial unless [0, length) of the volume is the pattern: `when` completes "… is not there
 * any more …". */
void pool_must_hold(struct pool *pool, const char *name, uint64_t length, unsigned seed,
                    const char *when);

#endif
