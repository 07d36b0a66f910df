/* SPDX-License-Identifier: BSD-2-Clause
 *
 * results.h - what a module pushed in one operation, copied.
 */
#ifndef CONFORM_RESULTS_H
#define CONFORM_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

#include <tarn/result.h>

/* Texts are copies; pointers to what is not listed here are NULL. */
struct result_volume {
    struct tarn_volume_info info; /* complete; name, key, path, type, format, status_text, mark, and
                                     backing_* are copies, permissions, extents, head and io NULL */
    bool has_identity;
    struct tarn_identity identity;
    bool has_permissions;
    struct tarn_permissions permissions; /* complete; the label NULL */
};

struct results {
    struct result_volume *volumes;
    size_t volume_count;
    size_t known_hits; /* volume_known that answered yes */
    struct tarn_pool_info pool; /* complete; state_text is a copy, the pointers are NULL */
    size_t pools;
    size_t free_extents;
    struct tarn_source *sources; /* complete, without what they point to but name and format */
    size_t source_count;
    struct tarn_capability *capabilities; /* complete; texts are copies */
    size_t capability_count;
    char **claims;
    size_t claim_count;
    char **changes; /* an element is NULL for "anything" */
    size_t change_count;
    struct tarn_image_info image; /* complete; subformat, compat, backing_*, encryption, compression
                                     and creator are copies, the lists NULL */
    size_t images;
    size_t image_files;
    size_t snapshots;
    size_t findings;
    size_t corruptions; /* findings of this kind that were not repaired */
    struct tarn_check_result check;
    size_t checks;
};

/* Frees what was pushed, and forgets it. */
void results_clear(struct results *results);
/* The volume of that name, or NULL. */
const struct result_volume *results_volume(const struct results *results, const char *name);
/* What was told of an operation (TARN_OPERATION_…), or NULL. */
const struct tarn_capability *results_capability(const struct results *results,
                                                 const char *operation);

#endif
