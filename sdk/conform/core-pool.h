/* SPDX-License-Identifier: BSD-2-Clause
 *
 * core-pool.h - a pool of the type that is tried, in the real core: what a host application does
 * with it. Every failure ends the trial with the error's text.
 */
#ifndef CONFORM_CORE_POOL_H
#define CONFORM_CORE_POOL_H

#include "conform/core-frame.h"
#include "conform/definition.h"

struct core_pool {
    struct trial *trial;
    struct tarn_context *context;
    struct tarn_pool *pool;
    struct definition *definition;
    uint64_t size; /* of its volumes */
    bool isolated;
};

/* A context in which it is defined; the flags are core_open's. */
struct core_pool *core_pool_defined(struct trial *trial, uint32_t flags);
/* And built, as the configuration says, and started. */
struct core_pool *core_pool_started(struct trial *trial, uint32_t flags);
/* Another context, in which it is found by its name. */
struct core_pool *core_pool_again(const struct core_pool *pool);
/* Stops it, forgets its definition, and closes the context. */
void core_pool_end(struct core_pool *pool);
/* Closes the context alone. */
void core_pool_leave(struct core_pool *pool);

void core_pool_start(struct core_pool *pool);
void core_pool_stop(struct core_pool *pool);
/* The XML of the definition. */
char *core_pool_xml(struct core_pool *pool);
bool core_pool_is_active(struct core_pool *pool);
/* Is this (TARN_OPERATION_…) natively or otherwise there? */
bool core_pool_can(struct core_pool *pool, const char *operation);

/* Asks for the `number`-th volume of that size; the status, and the volume on success. */
int core_volume_ask(struct tarn_volume **out, struct core_pool *pool, unsigned number,
                    uint64_t size, uint32_t flags, struct tarn_error **error);
/* The `number`-th volume: made, or where the pool makes none that which is there. Skips the trial
 * where there is none. */
struct tarn_volume *core_volume(struct core_pool *pool, unsigned number);
/* Is it in the list, and found by its name? */
bool core_volume_seen(struct core_pool *pool, const char *name);
void core_volume_upload(struct core_pool *pool, struct tarn_volume *volume, unsigned seed);
/* Fails unless its first bytes are the pattern. */
void core_volume_compare(struct core_pool *pool, struct tarn_volume *volume, unsigned seed,
                         const char *when);
uint64_t core_volume_capacity(struct core_pool *pool, struct tarn_volume *volume);

#endif
