/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The frame of the benchmarks.
 */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void bench_must(int status, struct tarn_error *error, const char *what)
{
    if (status == TARN_OK)
        return;
    fprintf(stderr, "%s: %s\n", what,
            error != NULL ? tarn_error_message(error) : tarn_status_word(status));
    exit(1);
}

double bench_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int by_value(const void *left, const void *right)
{
    const double *a = left;
    const double *b = right;

    return *a < *b ? -1 : *a > *b;
}

double bench_median(double *values, unsigned count)
{
    qsort(values, count, sizeof(*values), by_value);
    return values[count / 2];
}

static void open_context(struct bench *bench)
{
    struct tarn_context_options options = { .struct_size = sizeof(options) };
    struct tarn_error *error = NULL;

    options.root = bench->folder;
    options.module_dir = getenv("TARN_MODULE_DIR");
    options.plugins_dir = getenv("TARN_PLUGINS_DIR");
    options.module_host = getenv("TARN_MODULE_HOST");
    bench_must(tarn_context_open(&bench->context, &options, &error), error, "opening a context");
}

void bench_begin(struct bench *bench)
{
    const char *place = getenv("TMPDIR");
    struct tarn_error *error = NULL;
    char xml[512];

    memset(bench, 0, sizeof(*bench));
    snprintf(bench->folder, sizeof(bench->folder), "%s/tarn-bench.XXXXXX",
             place != NULL ? place : "/tmp");
    if (mkdtemp(bench->folder) == NULL) {
        perror(bench->folder);
        exit(1);
    }
    snprintf(bench->images, sizeof(bench->images), "%s/images", bench->folder);
    open_context(bench);
    snprintf(xml, sizeof(xml),
             "<pool type='dir'><name>bench</name><target><path>%s</path></target></pool>",
             bench->images);
    bench_must(tarn_pool_define(&bench->pool, bench->context, xml, 0, &error), error, "defining");
    bench_must(tarn_pool_start(bench->pool, TARN_POOL_BUILD, NULL, &error), error, "starting");
}

void bench_reopen(struct bench *bench)
{
    struct tarn_error *error = NULL;

    tarn_pool_unref(bench->pool);
    tarn_context_close(bench->context);
    open_context(bench);
    bench_must(tarn_pool_lookup(&bench->pool, bench->context, "bench", &error), error, "finding");
}

void bench_create(struct bench *bench, unsigned count)
{
    struct tarn_error *error = NULL;
    unsigned index;

    for (index = 0; index < count; index++) {
        struct tarn_volume *volume = NULL;
        char xml[256];

        snprintf(xml, sizeof(xml),
                 "<volume><name>vol%05u.qcow2</name><capacity unit='GiB'>1</capacity>"
                 "<target><format type='qcow2'/></target></volume>", index);
        bench_must(tarn_volume_create(&volume, bench->pool, xml, 0, NULL, &error), error,
                   "creating");
        tarn_volume_unref(volume);
    }
}

void bench_end(struct bench *bench)
{
    char command[300];

    tarn_pool_unref(bench->pool);
    tarn_context_close(bench->context);
    snprintf(command, sizeof(command), "rm -rf '%s'", bench->folder);
    if (system(command) != 0)
        fprintf(stderr, "%s is left\n", bench->folder);
}
