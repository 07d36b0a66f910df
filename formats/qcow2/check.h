/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check.h - what the files of the check share: it counts every reference to every cluster, and
 * compares with the refcounts that the image stores.
 */
#ifndef FORMAT_QCOW2_CHECK_H
#define FORMAT_QCOW2_CHECK_H

#include "qcow2.h"
#include "tally.h"

#define CHECK_FINDINGS_TOLD 100u

struct checker {
    struct qcow2_image *image;
    struct tally tally;
    uint32_t chunks;    /* of counts that may be used */
    uint64_t file_size; /* before a repair makes the file longer: what passed its end still does */
    uint64_t clusters;  /* that are compared: those of the container, and one that passes its end */
    uint32_t repair;    /* TARN_CHECK_REPAIR_… */
    uint32_t told;
    bool silent;        /* findings are counted, not told */
    bool bare;          /* the refcount structure is left out of the count: it is built anew */
    bool rebuild;       /* the refcount structure itself is damaged: only a new one helps */
    bool uncounted;     /* a cluster is in use, and no block counts it: likewise */
    uint64_t reftable_entries; /* that can be read */
    uint64_t saturated; /* the first cluster found with more references than can be counted */
    bool saturation_told;
    uint64_t too_wide;  /* the first cluster with more references than its refcount has room for */
    uint64_t references; /* how many these are; 0 = there is no such cluster */
    struct qcow2_range leak; /* leaks side by side are one finding, also through a window's end */
    struct tarn_check_result result;
};

/* Tells a finding and counts it. `repaired` says that what is asked for repairs it; a second pass
 * sees whether it did. */
int32_t check_leak(struct tarn_call *call, struct checker *checker, uint64_t offset,
                   uint64_t length);
int32_t check_corruption(struct tarn_call *call, struct checker *checker, bool repaired,
                         uint64_t offset, uint64_t length, const char *format, ...)
    TARN_PRINTF(6, 7);
/* Tells a part that could not be checked. */
int32_t check_error(struct tarn_call *call, struct checker *checker, uint64_t offset,
                    const char *text);
/* A table could not be read: told as an error, and TARN_OK; other failures, as being cancelled,
 * come back as they are. */
int32_t check_unreadable(struct tarn_call *call, struct checker *checker, int32_t status,
                         const char *what, uint64_t offset);

/* --- check-count.c: how often each cluster of the window is referred to ----------------------- */

/* Counts a reference to every cluster of the range. */
int32_t check_count(struct tarn_call *call, struct checker *checker, uint64_t offset,
                    uint64_t length, const char *what);
/* Counts all but the refcount structure itself. */
int32_t check_count_all(struct tarn_call *call, struct checker *checker);
int32_t check_count_bitmaps(struct tarn_call *call, struct checker *checker);

/* --- check.c ---------------------------------------------------------------------------------- */

/* Counts for the window from `low` on, but for the refcount blocks. Only the first window of a pass
 * tells what is wrong with the tables, and how much is in them. */
int32_t check_count_window(struct tarn_call *call, struct checker *checker, uint64_t low,
                           bool first);

typedef int32_t (*check_window_fn)(struct tarn_call *call, struct checker *checker, void *arg);

/* Lets `visit` see the counts of each window, in ascending order, until all are seen. A count that
 * holds everything in one window is not made again. */
int32_t check_windows(struct tarn_call *call, struct checker *checker, check_window_fn visit,
                      void *arg);

/* The check with fewer chunks for its counts than it has memory for: for tests. */
int32_t qcow2_check_within(struct tarn_call *call, struct tarn_io *file, uint32_t flags,
                           uint32_t chunks);

/* --- check-refcounts.c: what the image says of its clusters ----------------------------------- */

/* Counts the refcount table, and looks where its blocks lie; sees to it that the window becomes no
 * smaller by counting these. */
int32_t check_structure(struct tarn_call *call, struct checker *checker);
/* Counts the blocks, and, to tell it, looks whether they are used for something else. */
int32_t check_blocks(struct tarn_call *call, struct checker *checker, bool tell);

/* A cluster, the refcount that the image stores, 0 where the structure is damaged, and its
 * references. */
typedef int32_t (*check_cluster_fn)(struct tarn_call *call, struct checker *checker,
                                    uint64_t cluster, uint64_t stored, uint64_t counted);

/* Visits every cluster of the window of which either is not 0. Refcounts that cannot be read are
 * told, and visited as 0, if `tell`; else they end it. */
int32_t check_clusters(struct tarn_call *call, struct checker *checker, bool tell,
                       check_cluster_fn visit);

/* The refcount block that counts the cluster; 0 if there is none, or none that makes sense. */
int32_t check_block_of(struct tarn_call *call, struct checker *checker, uint64_t cluster,
                       uint64_t *out);
/* The refcount that the image stores. */
int32_t check_stored(struct tarn_call *call, struct checker *checker, uint64_t cluster,
                     uint64_t *out);
/* Could a table of one cluster lie there? */
bool check_in_file(const struct qcow2_image *image, uint64_t offset);

/* --- check-compare.c, check-copied.c: the one against the other ------------------------------- */

/* Compares the refcounts of the window. */
int32_t check_compare(struct tarn_call *call, struct checker *checker);
/* Tells the leak with which the last window ended. */
int32_t check_compare_end(struct tarn_call *call, struct checker *checker);

/* Compares the COPIED flags of the active tables with the refcounts. */
int32_t check_copied(struct tarn_call *call, struct checker *checker);
/* Sets them right. */
int32_t check_copied_repair(struct tarn_call *call, struct checker *checker);

/* --- check-data.c, repair.c ------------------------------------------------------------------- */

/* Looks at the external data file, if the image has one; `repair` may make it as long as it must
 * be. After the passes: it is no table's business. */
int32_t check_data_file(struct tarn_call *call, struct checker *checker, const char *name,
                        uint32_t repair);

/* Makes the stored refcounts what was counted. */
int32_t check_repair(struct tarn_call *call, struct checker *checker);

#endif
