/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What 1,000 images of all formats are: `tarn image-info` of all in one process, against a process
 * of `qemu-img info` for each. Both are whole processes, with everything that they print.
 *
 *   info TARN SAMPLES
 */
#include <fcntl.h>
#include <glob.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/mix.h"

#define IMAGES 1000u
#define ROUNDS 3u

extern char **environ;

/* What it prints goes nowhere; what qemu-img says of modules that it has not, neither. */
static void run(const char *const *arguments, int streams)
{
    posix_spawn_file_actions_t actions;
    int status = 1;
    pid_t child;

    posix_spawn_file_actions_init(&actions);
    for (int stream = STDOUT_FILENO; stream < STDOUT_FILENO + streams; stream++)
        posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&child, arguments[0], &actions, NULL, (char *const *)(uintptr_t)arguments,
                     environ) != 0 ||
        waitpid(child, &status, 0) < 0 || status != 0) {
        fprintf(stderr, "%s failed\n", arguments[0]);
        exit(1);
    }
    posix_spawn_file_actions_destroy(&actions);
}

static double time_tarn(const char *tarn, char *const *paths)
{
    const char *arguments[IMAGES + 4] = { tarn, "--json", "image-info" };
    double start = bench_clock();

    memcpy(arguments + 3, paths, IMAGES * sizeof(*paths));
    run(arguments, 1);
    return bench_clock() - start;
}

static double time_qemu_img(char *const *paths)
{
    double start = bench_clock();

    for (unsigned index = 0; index < IMAGES; index++) {
        const char *const arguments[] = { "qemu-img", "info", "--output=json", paths[index], NULL };

        run(arguments, 2);
    }
    return bench_clock() - start;
}

int main(int argc, char **argv)
{
    double ours[ROUNDS];
    double peers[ROUNDS];
    double ratios[ROUNDS];
    struct bench bench;
    glob_t paths;
    char pattern[320];

    if (argc != 3)
        return 2;
    bench_begin(&bench);
    mix_fill(bench.images, argv[2], IMAGES);
    snprintf(pattern, sizeof(pattern), "%s/*", bench.images);
    if (glob(pattern, 0, NULL, &paths) != 0 || paths.gl_pathc != IMAGES)
        return 1;
    time_tarn(argv[1], paths.gl_pathv); /* warm */
    for (unsigned round = 0; round < ROUNDS; round++) {
        ours[round] = time_tarn(argv[1], paths.gl_pathv);
        peers[round] = time_qemu_img(paths.gl_pathv);
        ratios[round] = peers[round] / ours[round];
    }
    globfree(&paths);
    bench_end(&bench);
    printf("info of %u mixed images   tarn %.3f s   qemu-img %.3f s   qemu-img/tarn %.1f\n", IMAGES,
           bench_median(ours, ROUNDS), bench_median(peers, ROUNDS), bench_median(ratios, ROUNDS));
    return 0;
}
