/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records: what was decided about a volume when tarn made it, and what its own bytes must not be
 * asked, because a guest may have written them: its format, and the backing store it was given. A
 * record is one small file, state/volumes/POOL/NAME. Volumes whose bytes tell the truth anyway have
 * none.
 */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <stdbool.h>

#include "core/context/context.h"
#include "core/base/error.h"

struct volume_record {
    char *format;         /* NULL: there is no record */
    char *backing_format; /* NULL: no backing store */
    char *backing_path;
};

/* Reads it; one that is not there leaves all members NULL. Cleared with record_clear. */
int record_read(struct volume_record *out, struct tarn_context *context, const char *pool,
                const char *volume, struct tarn_error **error);
void record_clear(struct volume_record *record);
int record_write(struct tarn_context *context, const char *pool, const char *volume,
                 const struct volume_record *record, struct tarn_error **error);
/* None to remove is a success. */
int record_remove(struct tarn_context *context, const char *pool, const char *volume,
                  struct tarn_error **error);
/* Has the pool any records? Saves looking for each. */
bool record_any(struct tarn_context *context, const char *pool);
/* Removes records of volumes that `exists` does not know, and what killed processes left. Nobody
 * else works in the pool. */
int record_prune(struct tarn_context *context, const char *pool,
                 bool (*exists)(void *arg, const char *volume), void *arg,
                 struct tarn_error **error);

#endif
