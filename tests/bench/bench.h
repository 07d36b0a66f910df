/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the benchmarks share: a context on a folder of its own with an active dir pool, a clock, and
 * the report of two figures side by side.
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdint.h>

#include <tarn/tarn.h>

struct bench {
    char folder[256]; /* of everything; removed at the end */
    char images[300]; /* of the pool */
    struct tarn_context *context;
    struct tarn_pool *pool;
};

/* Ends the program with the error's text if it cannot. The folder is made in $TMPDIR, or /tmp. */
void bench_begin(struct bench *bench);
void bench_end(struct bench *bench);
/* A new context on the same folder, as another process would have it. */
void bench_reopen(struct bench *bench);
/* Creates "volNNNNN.qcow2" of 1 GiB, `count` of them. */
void bench_create(struct bench *bench, unsigned count);

/* Ends the program unless `status` is TARN_OK. */
void bench_must(int status, struct tarn_error *error, const char *what);

/* Seconds, monotonic. */
double bench_clock(void);
/* The middle one of an odd number of values, which it sorts. */
double bench_median(double *values, unsigned count);

#endif
