/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The handle of a pool whose type is in an isolated module: a seat of its own.
 */
#ifndef CORE_ISOLATE_PROXY_POOL_H
#define CORE_ISOLATE_PROXY_POOL_H

#include "core/isolate/isolate.h"

struct proxy_pool {
    struct seat seat; /* first */
    uint32_t type;    /* its number in the module */
};

/* Begins a request to the worker of the pool: the definitions and the pool's number are written. */
int32_t proxy_begin(struct exchange *exchange, struct tarn_call *call, void *pool, uint32_t op,
                    bool force);
/* The same to a certain worker, where something of the pool was left. */
int32_t proxy_begin_in(struct exchange *exchange, struct tarn_call *call, struct worker *worker,
                       uint32_t op);
int32_t proxy_finish(struct exchange *exchange);
/* A request without more. */
int32_t proxy_ask(struct tarn_call *call, void *pool, uint32_t op);

/* --- proxy-refresh.c -------------------------------------------------------------------------- */
int32_t proxy_refresh(struct tarn_call *call, void *pool);
int32_t proxy_lookup(struct tarn_call *call, void *pool, const char *name);

/* --- proxy-watch.c ---------------------------------------------------------------------------- */
int32_t proxy_watch_open(struct tarn_call *call, void *pool, void **out_watch, int32_t *out_fd);
int32_t proxy_watch_read(struct tarn_call *call, void *pool, void *watch);
void proxy_watch_close(void *pool, void *watch);

/* --- proxy-volume.c --------------------------------------------------------------------------- */
int32_t proxy_name_check(struct tarn_call *call, void *pool, const char *name);
int32_t proxy_allocate(struct tarn_call *call, void *pool, const struct tarn_container_spec *spec,
                       void **out_container, struct tarn_io **out_io);
int32_t proxy_clone(struct tarn_call *call, void *pool, const struct tarn_container_spec *spec,
                    void **out_container, struct tarn_io **out_io);
int32_t proxy_publish(struct tarn_call *call, void *pool, void *container);
void proxy_abort(struct tarn_call *call, void *pool, void *container);
int32_t proxy_volume_open(struct tarn_call *call, void *pool, const char *name, uint32_t flags,
                          struct tarn_io **out_io);
int32_t proxy_delete(struct tarn_call *call, void *pool, const char *name);
int32_t proxy_resize(struct tarn_call *call, void *pool, const char *name, uint64_t size,
                     uint32_t flags);

#endif
