/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tally.h - how often each cluster of a container is referred to, in a bounded amount of memory
 * whatever size the container claims: only clusters that are counted take any, and what does not
 * fit makes the window of clusters that are counted at a time smaller. Then everything is counted
 * once more, for the next window.
 */
#ifndef FORMAT_QCOW2_TALLY_H
#define FORMAT_QCOW2_TALLY_H

#include <stdbool.h>

#include <tarn/call.h>

#define TALLY_MOST UINT16_MAX /* where a count stops */
#define TALLY_CHUNK 256u      /* clusters whose counts are kept or left out together */
/* 32 MiB of counts: 16 million clusters in one window, as a file of 1 TiB has of 64 KiB. Their
 * directory takes 8 MiB at most. */
#define TALLY_CHUNKS_MAX 65535u
#define TALLY_SPAN_MAX ((uint64_t)TALLY_CHUNK << 22)
#define TALLY_NONE UINT64_MAX

struct tally {
    uint16_t *directory; /* for each chunk of the span its place in `counts` and 1; 0 = all are 0 */
    uint16_t *counts;    /* a chunk that is free begins with the place and 1 of the next free one */
    uint64_t span;       /* clusters that the directory has room for */
    uint32_t chunks;     /* that `counts` has room for */
    uint32_t used;       /* the first chunks, which were taken once */
    uint16_t free;       /* place and 1 of the first that is free again */
    uint64_t top;        /* behind the last chunk in use */
    uint64_t low;        /* the window is [low, high) */
    uint64_t high;
    uint64_t next;       /* the lowest cluster from `high` on that was met, or TALLY_NONE */
};

/* Takes the memory to count as many clusters; `chunks` is TALLY_CHUNKS_MAX, but for tests. */
int32_t tally_begin(struct tarn_call *call, struct tally *tally, uint64_t clusters,
                    uint32_t chunks);
void tally_end(struct tally *tally);

/* Forgets all counts and opens the largest window from `low`, a multiple of TALLY_CHUNK, on. */
void tally_start(struct tally *tally, uint64_t low);
/* The count of a cluster, to be changed; NULL for one outside of the window. Whatever lies in the
 * window keeps its count, unless the window becomes smaller. */
uint16_t *tally_at(struct tally *tally, uint64_t cluster);
/* The count of a cluster of the window, and of those that follow up to `next`, which is 0. */
uint64_t tally_get(const struct tally *tally, uint64_t cluster);
/* The first of the clusters [from, end) whose count may not be 0, or `end`. */
uint64_t tally_skip(const struct tally *tally, uint64_t from, uint64_t end);

/* Is the count of the cluster known by now? From the window's start up to what was met behind. */
static inline bool tally_knows(const struct tally *tally, uint64_t cluster)
{
    return cluster >= tally->low && cluster < tally->next;
}

#endif
