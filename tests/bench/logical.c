/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pools of type logical, in the test machine (logical.sh prepares it), each against the commands of
 * lvm that an administrator would give: creating and deleting thin volumes, and refreshing a group
 * of many volumes.
 *
 *     logical create COUNT      on the active pool p of the group vg with the thin pool thin
 *     logical refresh ROUNDS
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/bench/bench.h"

extern char **environ;

static struct tarn_context *context;
static struct tarn_pool *pool;

static void open_pool(void)
{
    struct tarn_context_options options = { .struct_size = sizeof(options) };
    struct tarn_error *error = NULL;

    options.root = getenv("TARN_ROOT");
    options.module_dir = getenv("TARN_MODULE_DIR");
    options.plugins_dir = getenv("TARN_PLUGINS_DIR");
    options.module_host = getenv("TARN_MODULE_HOST");
    bench_must(tarn_context_open(&context, &options, &error), error, "opening a context");
    bench_must(tarn_pool_lookup(&pool, context, "p", &error), error, "finding");
}

static void close_pool(void)
{
    tarn_pool_unref(pool);
    tarn_context_close(context);
}

static void run(const char *const *arguments)
{
    posix_spawn_file_actions_t files;
    int status = 1;
    pid_t child;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", 1, 0);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", 1, 0);
    if (posix_spawnp(&child, arguments[0], &files, NULL, (char *const *)(uintptr_t)arguments,
                     environ) != 0 ||
        waitpid(child, &status, 0) < 0 || status != 0) {
        fprintf(stderr, "%s failed\n", arguments[0]);
        exit(1);
    }
    posix_spawn_file_actions_destroy(&files);
}

#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })

static void tell(const char *what, double tarn, double peer, const char *whose)
{
    printf("%s: tarn %.2f s, %s %.2f s: %.2f times\n", what, tarn, whose, peer, tarn / peer);
}

/* --- creating and deleting -------------------------------------------------------------------- */

static void by_tarn(const char *name)
{
    struct tarn_volume *volume = NULL;
    struct tarn_error *error = NULL;
    char xml[256];

    snprintf(xml, sizeof(xml), "<volume><name>%s</name><capacity unit='MiB'>64</capacity>"
             "<allocation>0</allocation></volume>", name);
    bench_must(tarn_volume_create(&volume, pool, xml, 0, NULL, &error), error, "creating");
    bench_must(tarn_volume_delete(volume, 0, NULL, &error), error, "deleting");
    tarn_volume_unref(volume);
}

static void by_lvm(const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "vg/%s", name);
    RUN("lvcreate", "-q", "-y", "-n", name, "-V", "64M", "--thinpool", "vg/thin");
    RUN("lvremove", "-q", "-y", path);
}

/* In turns, so that what else the machine does is alike for both. */
static void create(unsigned count)
{
    double tarn = 0, peer = 0;
    unsigned index;

    for (index = 0; index < count; index++) {
        double start = bench_clock(), middle;
        char name[32];

        snprintf(name, sizeof(name), "bench%u", index);
        by_tarn(name);
        middle = bench_clock();
        by_lvm(name);
        tarn += middle - start;
        peer += bench_clock() - middle;
    }
    printf("%u thin volumes ", count);
    tell("created and deleted", tarn, peer, "lvcreate and lvremove");
}

/* --- refreshing ------------------------------------------------------------------------------- */

static double first_refresh(void)
{
    struct tarn_error *error = NULL;
    double start;

    open_pool();
    start = bench_clock();
    bench_must(tarn_pool_refresh(pool, NULL, &error), error, "refreshing");
    return bench_clock() - start;
}

static void refresh(unsigned rounds)
{
    double *values = calloc(rounds, 3 * sizeof(*values));
    double *again = values + rounds, *peer = values + 2 * rounds;
    unsigned round;

    for (round = 0; round < rounds; round++) {
        struct tarn_error *error = NULL;
        double start;

        values[round] = first_refresh();
        start = bench_clock();
        bench_must(tarn_pool_refresh(pool, NULL, &error), error, "refreshing");
        again[round] = bench_clock() - start;
        close_pool();
        start = bench_clock();
        RUN("lvs");
        RUN("vgs");
        RUN("pvs");
        peer[round] = bench_clock() - start;
    }
    tell("a refresh", bench_median(values, rounds), bench_median(peer, rounds), "lvs, vgs and pvs");
    printf("a refresh when nothing has changed: %.2f s\n", bench_median(again, rounds));
    free(values);
}

int main(int argc, char **argv)
{
    unsigned number = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;

    if (number == 0)
        return 2;
    if (strcmp(argv[1], "refresh") == 0) {
        refresh(number);
        return 0;
    }
    open_pool();
    create(number);
    close_pool();
    return 0;
}
