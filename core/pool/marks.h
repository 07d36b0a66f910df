/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Marks: what a pool's storage says it is, by what it bears itself (the UUID of a filesystem, the
 * serial number of a unit). They are recorded in state/pools/NAME, and compared before anything is
 * done to the storage: a device whose name was given to another disk is not the pool's any more.
 *
 * A record belongs to one pool (by its UUID) over one source: of another pool of that name, or of
 * one that was defined over something else since, it is no record.
 */
#ifndef CORE_MARKS_H
#define CORE_MARKS_H

#include <stdbool.h>
#include <stddef.h>

#include <uthash.h>

#include <tarn/define.h>

#include "core/context/context.h"

struct mark {
    char *kind; /* "filesystem", "unit:0:0:1" */
    char *id;
    UT_hash_handle hh;
};

struct marks {
    struct mark *table; /* one of a kind, in the order in which they were put */
    bool fresh;         /* of what an operation was told: storage that it made itself */
};

void marks_clear(struct marks *marks);
/* The same for those that calloc(3) made; NULL is legal. */
void marks_free(struct marks *marks);
/* The id of that kind, or NULL. */
const char *marks_find(const struct marks *marks, const char *kind);
/* Takes the place of one of the same kind. TARN_E_INVALID for what would not fit into a line;
 * TARN_E_INTERNAL without memory. */
int marks_put(struct marks *marks, const char *kind, const char *id, struct tarn_error **error);

/* The record of the pool that `def` defines: empty if there is none. TARN_E_CORRUPT. */
int marks_read(struct marks *out, struct tarn_context *context, const struct tarn_pool_def *def,
               struct tarn_error **error);
/* Puts these in its place: whole or not at all. */
int marks_write(struct tarn_context *context, const struct tarn_pool_def *def,
                const struct marks *marks, struct tarn_error **error);
/* Without a record all is well. */
int marks_forget(struct tarn_context *context, const char *pool, struct tarn_error **error);

#endif
