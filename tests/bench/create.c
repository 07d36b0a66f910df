/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Creating qcow2 volumes: one host process through the API, against a run of `qemu-img create`
 * each.
 *
 * Durability of both sides: qemu-img makes the image's bytes durable (fdatasync) and not its name;
 * tarn makes both durable (fdatasync of the image, fsync of the folder).
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

#define VOLUMES 1000u
#define ROUNDS 3u

extern char **environ;

static double time_tarn(struct bench *bench)
{
    double start = bench_clock();

    bench_create(bench, VOLUMES);
    return bench_clock() - start;
}

static void run_qemu_img(const char *path)
{
    const char *const arguments[] = { "qemu-img", "create", "-q", "-f", "qcow2", path, "1G", NULL };
    int status = 1;
    pid_t child;

    if (posix_spawnp(&child, "qemu-img", NULL, NULL, (char *const *)(uintptr_t)arguments,
                     environ) != 0 ||
        waitpid(child, &status, 0) < 0 || status != 0) {
        fprintf(stderr, "qemu-img create failed\n");
        exit(1);
    }
}

static double time_qemu_img(const struct bench *bench)
{
    double start = bench_clock();
    unsigned index;

    for (index = 0; index < VOLUMES; index++) {
        char path[400];

        snprintf(path, sizeof(path), "%s/peer%05u.qcow2", bench->images, index);
        run_qemu_img(path);
    }
    return bench_clock() - start;
}

int main(void)
{
    double ours[ROUNDS];
    double peers[ROUNDS];
    unsigned round;

    for (round = 0; round < ROUNDS; round++) {
        struct bench bench;

        bench_begin(&bench);
        ours[round] = time_tarn(&bench);
        peers[round] = time_qemu_img(&bench);
        bench_end(&bench);
    }
    printf("create %u qcow2 volumes   tarn %.3f s   qemu-img %.3f s   qemu-img/tarn %.1f\n",
           VOLUMES, bench_median(ours, ROUNDS), bench_median(peers, ROUNDS),
           peers[ROUNDS / 2] / ours[ROUNDS / 2]);
    return 0;
}
