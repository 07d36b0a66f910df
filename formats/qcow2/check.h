/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check.h - what the files of the check share: it counts every reference to every cluster, and
 * compares with the refcounts that the image stores.
 */
#ifndef FORMAT_QCOW2_CHECK_H
#define FORMAT_QCOW2_CHECK_H

#include "qcow2.h"

/* Two bytes for each cluster of the container. More references than fit are told as an error. */
#define CHECK_COUNT_MAX UINT16_MAX
#define CHECK_CLUSTERS_MAX ((uint64_t)1 << 29)

struct checker {
    struct qcow2_image *image;
    uint16_t *counts;
    uint64_t room;     /* of `counts` */
    uint64_t clusters; /* that are compared: those of the container, and one that passes its end */
    uint32_t repair;   /* TARN_CHECK_REPAIR_… */
    bool silent;       /* findings are counted, not told */
    bool saturated;
    bool rebuild;      /* the refcount structure itself is damaged: only a new one helps */
    bool wrong_counts; /* a refcount is too low, or a COPIED flag is wrong */
    struct tarn_check_result result;
};

/* Tells a finding and counts it. `repaired` says that what is asked for repairs it; a second pass
 * sees whether it did. */
int32_t check_leak(struct tarn_call *call, struct checker *checker, uint64_t offset,
                   uint64_t length);
int32_t check_corruption(struct tarn_call *call, struct checker *checker, bool repaired,
                         uint64_t offset, uint64_t length, const char *format, ...)
    TARN_PRINTF(6, 7);
/* A table could not be read: told as an error, and TARN_OK; other failures, as being cancelled,
 * come back as they are. */
int32_t check_unreadable(struct tarn_call *call, struct checker *checker, int32_t status,
                         const char *what, uint64_t offset);

/* Counts a reference to every cluster of the range. */
int32_t check_count(struct tarn_call *call, struct checker *checker, uint64_t offset,
                    uint64_t length, const char *what);
/* Counts all but the refcount structure itself. */
int32_t check_count_all(struct tarn_call *call, struct checker *checker);
int32_t check_count_bitmaps(struct tarn_call *call, struct checker *checker);

/* Counts the refcount table and its blocks, and looks whether they are sound. */
int32_t check_structure(struct tarn_call *call, struct checker *checker);
/* The refcount that the image stores; 0 where the structure is damaged. */
int32_t check_stored(struct tarn_call *call, struct checker *checker, uint64_t cluster,
                     uint64_t *out);
int32_t check_compare(struct tarn_call *call, struct checker *checker);
/* Compares the COPIED flags of the active tables with the refcounts; sets them right if `repair`
 * is not 0. */
int32_t check_copied(struct tarn_call *call, struct checker *checker, uint32_t repair);

/* repair.c: makes the stored refcounts what was counted. */
int32_t check_repair(struct tarn_call *call, struct checker *checker);

#endif
