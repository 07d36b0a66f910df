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
#include <stddef.h>

#include "core/context/context.h"
#include "core/base/error.h"

struct volume_record {
    char *format;         /* NULL: there is no record */
    char *key;            /* the volume's: where another may come to bear its name; NULL = any */
    char *backing_format; /* NULL: no backing store */
    char *backing_path;
    char **files;         /* made with it and going with it, by name; file_count of them */
    size_t file_count;
    bool pending;         /* its files are there, it itself may not be: it is being made, or
                             deleted */
};

/* Reads it; one that is not there leaves all members NULL. Cleared with record_clear. */
int record_read(struct volume_record *out, struct tarn_context *context, const char *pool,
                const char *volume, struct tarn_error **error);
void record_clear(struct volume_record *record);
/* Clears it, too, if it is of another volume than the one with this key. */
void record_hold_to(struct volume_record *record, const char *key);
int record_write(struct tarn_context *context, const char *pool, const char *volume,
                 const struct volume_record *record, struct tarn_error **error);
/* The volume bears another name now. None to move is a success. */
int record_move(struct tarn_context *context, const char *pool, const char *from, const char *to,
                struct tarn_error **error);
/* None to remove is a success. */
int record_remove(struct tarn_context *context, const char *pool, const char *volume,
                  struct tarn_error **error);
/* Has the pool any records? Saves looking for each. */
bool record_any(struct tarn_context *context, const char *pool);
/* What record_prune asks, and tells. */
struct record_prune_plan {
    bool (*exists)(void *arg, const char *volume);
    /* A volume that was not made, or not deleted, to its end left this file. */
    int (*left)(void *arg, const char *file, struct tarn_error **error);
    void *arg;
};
/* Removes records of volumes that do not exist, and what killed processes left; ends what is
 * pending of those that do. Nobody else works in the pool. */
int record_prune(struct tarn_context *context, const char *pool,
                 const struct record_prune_plan *plan, struct tarn_error **error);

#endif
