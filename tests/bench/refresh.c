/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Refreshing a pool of volumes, against the plain floor: the system calls that nobody can do
 * without, in a loop, and nothing else.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/mix.h"

#define VOLUMES 10000u
#define ROUNDS 15u

struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void look_inside(int folder, const char *name)
{
    char head[4096];
    struct stat known;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &known) < 0 || pread(fd, head, sizeof(head), 0) < 0)
        fail(name);
    close(fd);
}

static void look_at(int folder, const char *name)
{
    struct stat known;

    if (fstatat(folder, name, &known, 0) < 0)
        fail(name);
}

static double time_floor(const char *path, void (*look)(int folder, const char *name))
{
    static char buffer[32768];
    double start = bench_clock();
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long length;

    if (folder < 0)
        fail(path);
    while ((length = syscall(SYS_getdents64, folder, buffer, sizeof(buffer))) > 0) {
        long at = 0;

        while (at < length) {
            struct entry *entry = (struct entry *)(void *)(buffer + at);

            if (entry->name[0] != '.')
                look(folder, entry->name);
            at += entry->length;
        }
    }
    close(folder);
    return bench_clock() - start;
}

/* The middle one of the ratios of runs that stood side by side: the machine's speed may drift. */
static double median_ratio(const double *ours, const double *floor)
{
    double ratios[ROUNDS];
    unsigned round;

    for (round = 0; round < ROUNDS; round++)
        ratios[round] = ours[round] / floor[round];
    return bench_median(ratios, ROUNDS);
}

static double time_refresh(struct bench *bench)
{
    struct tarn_error *error = NULL;
    double start = bench_clock();

    bench_must(tarn_pool_refresh(bench->pool, NULL, &error), error, "refreshing");
    return bench_clock() - start;
}

/*   refresh            of qcow2 volumes that tarn made
 *   refresh SAMPLES    of a mixture of images, see mix.h */
int main(int argc, char **argv)
{
    const char *what = argc > 1 ? "mixed" : "qcow2";
    double floor_first[ROUNDS];
    double floor_second[ROUNDS];
    double first[ROUNDS];
    double second[ROUNDS];
    double ratio_first;
    double ratio_second;
    struct bench bench;
    unsigned round;

    bench_begin(&bench);
    if (argc > 1)
        mix_fill(bench.images, argv[1], VOLUMES);
    else
        bench_create(&bench, VOLUMES);
    time_floor(bench.images, look_inside); /* warm */
    for (round = 0; round < ROUNDS; round++) {
        bench_reopen(&bench);
        floor_first[round] = time_floor(bench.images, look_inside);
        first[round] = time_refresh(&bench);
        floor_second[round] = time_floor(bench.images, look_at);
        second[round] = time_refresh(&bench);
    }
    bench_end(&bench);
    ratio_first = median_ratio(first, floor_first);
    ratio_second = median_ratio(second, floor_second);
    printf("first refresh of %u %s   tarn %.1f ms   getdents+openat+fstat+pread+close %.1f ms   "
           "tarn/floor %.2f\n", VOLUMES, what, 1e3 * bench_median(first, ROUNDS),
           1e3 * bench_median(floor_first, ROUNDS), ratio_first);
    printf("second refresh of %u %s  tarn %.1f ms   getdents+fstatat %.1f ms   tarn/floor %.2f\n",
           VOLUMES, what, 1e3 * bench_median(second, ROUNDS),
           1e3 * bench_median(floor_second, ROUNDS), ratio_second);
    return 0;
}
