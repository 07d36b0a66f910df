/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-traces.h - what may be left behind by something that should have left nothing: files, open
 * descriptors, volumes, space. Taken before and after, and compared.
 */
#ifndef CONFORM_POOL_TRACES_H
#define CONFORM_POOL_TRACES_H

#include "conform/pool.h"

struct traces {
    char *files;                 /* beneath the trial's folder, a line each */
    char *descriptors;           /* a line each */
    const struct results *list;  /* NULL: the pool was not asked */
    uint64_t available;          /* of storage whose space is the pool's alone; else 0 */
};

/* The files and descriptors alone. */
void traces_take(struct traces *out, struct trial *trial);
/* And what the running pool tells. */
void traces_take_all(struct traces *out, struct pool *pool);
/* Fails the trial if something came or went between the two; `what` begins the sentence: "a
 * volume_allocate that was cancelled". */
void traces_must_equal(struct trial *trial, const struct traces *before,
                       const struct traces *after, const char *what);

#endif
