/* SPDX-License-Identifier: BSD-2-Clause
 *
 * faults-pool.h - the operations of a pool in which something is made to fail: each is run, and
 * what it did is undone, as often as it takes until it succeeds in spite of the fault.
 */
#ifndef CONFORM_FAULTS_POOL_H
#define CONFORM_FAULTS_POOL_H

#include "conform/pool-traces.h"

/* A started pool with a volume. */
struct ground {
    struct pool *pool;
    const char *name;   /* of the volume */
    uint8_t *buffer;    /* 4096 bytes */
    struct birth birth; /* of a second volume */
    const char *born;   /* its name, once it is published */
};

struct step {
    const char *name; /* as a failure calls it: "volume_allocate" */
    bool (*can)(const struct pool *pool); /* NULL: every pool */
    /* Does it. All that it began it ends; only what `undo` knows is left if it succeeds. */
    int32_t (*run)(struct ground *ground);
    void (*undo)(struct ground *ground); /* NULL: nothing */
    bool stopped; /* the pool is stopped before, and started after */
};

/* Ends with one without a name. */
extern const struct step fault_steps[];

#endif
