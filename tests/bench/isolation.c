/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What it costs to have a pool type, and a format, in a process of its own: the same calls on the
 * same volumes, in turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/bench/bench.h"

#define VOLUMES 10000u
#define ROUNDS 15u
#define CALLS 200u
#define MIB (1u << 20)

/* --- three ways to run dir and qcow2 ---------------------------------------------------------- */

enum way { IN_PROCESS, POOL_ISOLATED, ALL_ISOLATED, WAYS };

static const char *const way_names[WAYS] = { "plain", "pool", "all" };
static char folder[256];
static struct bench benches[WAYS];
static struct tarn_image *images[WAYS]; /* an open raw volume of each */

static void must(int good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(1);
}

static void plugin(const char *place, const char *module, const char *provides, int isolated)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s.conf", place, module);
    file = fopen(path, "we");
    must(file != NULL, path);
    fprintf(file, "[module]\nfile = %s.so\nabi = 1\nprovides = %s\nisolation = %s\n", module,
            provides, isolated ? "process" : "none");
    must(fclose(file) == 0 && chmod(path, 0644) == 0, path);
}

/* The benches' contexts read the folder from the environment. */
static void choose(enum way way)
{
    char place[300];

    snprintf(place, sizeof(place), "%s/%s", folder, way_names[way]);
    setenv("TARN_PLUGINS_DIR", place, 1);
}

static void begin(enum way way)
{
    char place[300];

    snprintf(place, sizeof(place), "%s/%s", folder, way_names[way]);
    must(mkdir(place, 0755) == 0, place);
    plugin(place, "dir", "pool:dir", way != IN_PROCESS);
    plugin(place, "qcow2", "format:qcow2", way == ALL_ISOLATED);
    plugin(place, "raw", "format:raw", way == ALL_ISOLATED);
    choose(way);
    bench_begin(&benches[way]);
}

/* --- the calls -------------------------------------------------------------------------------- */

static struct tarn_volume *find(struct bench *bench, const char *name)
{
    struct tarn_volume *volume = NULL;
    struct tarn_error *error = NULL;

    bench_must(tarn_volume_lookup(&volume, bench->pool, name, &error), error, name);
    return volume;
}

static void pool_info(enum way way)
{
    struct tarn_pool_record *record = NULL;
    struct tarn_error *error = NULL;

    bench_must(tarn_pool_read(&record, benches[way].pool, TARN_READ_SIZES, &error), error,
               "reading");
    tarn_pool_record_free(record);
}

static void lookup(enum way way)
{
    tarn_volume_unref(find(&benches[way], "vol00000.qcow2"));
}

static struct tarn_image *open_image(enum way way, const char *name)
{
    struct tarn_volume *volume = find(&benches[way], name);
    struct tarn_image *image = NULL;
    struct tarn_error *error = NULL;

    bench_must(tarn_volume_open(&image, volume, 0, NULL, &error), error, "opening");
    tarn_volume_unref(volume);
    return image;
}

static void open_and_read(enum way way)
{
    struct tarn_image *image = open_image(way, "vol00000.qcow2");
    struct tarn_error *error = NULL;
    char bytes[4096];

    bench_must(tarn_image_pread(image, bytes, sizeof(bytes), 0, &error), error, "reading");
    bench_must(tarn_image_close(image, &error), error, "closing");
}

static void read_mib(enum way way)
{
    static char bytes[MIB];
    struct tarn_error *error = NULL;

    bench_must(tarn_image_pread(images[way], bytes, MIB, 0, &error), error, "reading");
}

static void read_page(enum way way)
{
    char bytes[4096];
    struct tarn_error *error = NULL;

    bench_must(tarn_image_pread(images[way], bytes, sizeof(bytes), 0, &error), error, "reading");
}

static void refresh(enum way way)
{
    struct tarn_error *error = NULL;

    bench_must(tarn_pool_refresh(benches[way].pool, NULL, &error), error, "refreshing");
}

/* --- figures ---------------------------------------------------------------------------------- */

static const char *shown(char *room, size_t size, double seconds)
{
    if (seconds < 1e-3)
        snprintf(room, size, "%.1f us", seconds * 1e6);
    else
        snprintf(room, size, "%.1f ms", seconds * 1e3);
    return room;
}

/* Ratios of what stood side by side: the machine's speed may drift. */
static void report(const char *what, double took[WAYS][ROUNDS])
{
    double ratios[WAYS][ROUNDS];
    double middle[WAYS];
    char text[WAYS][32];
    unsigned way;
    unsigned round;

    for (way = 0; way < WAYS; way++)
        for (round = 0; round < ROUNDS; round++)
            ratios[way][round] = took[way][round] / took[IN_PROCESS][round];
    for (way = 0; way < WAYS; way++)
        middle[way] = bench_median(took[way], ROUNDS);
    printf("%-32s %10s %10s %10s   %5.2f %5.2f\n", what,
           shown(text[0], sizeof(text[0]), middle[IN_PROCESS]),
           shown(text[1], sizeof(text[1]), middle[POOL_ISOLATED]),
           shown(text[2], sizeof(text[2]), middle[ALL_ISOLATED]),
           bench_median(ratios[POOL_ISOLATED], ROUNDS), bench_median(ratios[ALL_ISOLATED], ROUNDS));
}

static void time_call(const char *what, void (*call)(enum way way))
{
    double took[WAYS][ROUNDS];
    unsigned round;
    unsigned way;
    unsigned i;

    for (way = 0; way < WAYS; way++)
        call(way);
    for (round = 0; round < ROUNDS; round++) {
        for (way = 0; way < WAYS; way++) {
            double start = bench_clock();

            for (i = 0; i < CALLS; i++)
                call(way);
            took[way][round] = (bench_clock() - start) / CALLS;
        }
    }
    report(what, took);
}

/* The process is there before the first listing is timed; what it costs is in a line of its own. */
static void time_refresh(const char *first, const char *second, const char *begun)
{
    double took[3][WAYS][ROUNDS];
    unsigned round;
    unsigned way;

    for (round = 0; round < ROUNDS; round++) {
        for (way = 0; way < WAYS; way++) {
            double start;

            choose(way);
            bench_reopen(&benches[way]);
            start = bench_clock();
            pool_info(way);
            took[0][way][round] = bench_clock() - start;
            start = bench_clock();
            refresh(way);
            took[1][way][round] = bench_clock() - start;
            start = bench_clock();
            refresh(way);
            took[2][way][round] = bench_clock() - start;
        }
    }
    if (begun != NULL)
        report(begun, took[0]);
    report(first, took[1]);
    report(second, took[2]);
}

static void fill(enum way way, unsigned count)
{
    bench_create(&benches[way], count);
}

static void make_raw(enum way way)
{
    static const char xml[] = "<volume><name>raw</name><capacity unit='MiB'>4</capacity><target>"
                              "<format type='raw'/></target></volume>";
    struct tarn_volume *volume = NULL;
    struct tarn_error *error = NULL;

    bench_must(tarn_volume_create(&volume, benches[way].pool, xml, 0, NULL, &error), error, "raw");
    tarn_volume_unref(volume);
    images[way] = open_image(way, "raw");
}

static void close_raw(enum way way)
{
    struct tarn_volume *volume = find(&benches[way], "raw");
    struct tarn_error *error = NULL;

    bench_must(tarn_image_close(images[way], &error), error, "closing");
    bench_must(tarn_volume_delete(volume, 0, NULL, &error), error, "deleting");
    tarn_volume_unref(volume);
}

static void each(void (*deed)(enum way way))
{
    unsigned way;

    for (way = 0; way < WAYS; way++)
        deed(way);
}

static void fill_more(enum way way)
{
    struct tarn_volume *volume = find(&benches[way], "vol00000.qcow2");
    struct tarn_error *error = NULL;

    bench_must(tarn_volume_delete(volume, 0, NULL, &error), error, "deleting");
    tarn_volume_unref(volume);
    fill(way, VOLUMES);
}

static void fill_one(enum way way)
{
    fill(way, 1);
}

static void finish(enum way way)
{
    bench_end(&benches[way]);
}

int main(void)
{
    char command[300];
    const char *place = getenv("TMPDIR");

    snprintf(folder, sizeof(folder), "%s/tarn-bench-ways.XXXXXX", place != NULL ? place : "/tmp");
    must(mkdtemp(folder) != NULL, folder);
    must(chmod(folder, 0755) == 0, folder);
    each(begin);
    each(fill_one);
    printf("%-32s %10s %10s %10s   %s\n", "", "in-process", "pool", "pool+fmt", "ratios");
    each(make_raw);
    time_call("pool-info", pool_info);
    time_call("look up a qcow2 volume", lookup);
    time_call("open, read 4 KiB, close (qcow2)", open_and_read);
    time_call("read 4 KiB (raw)", read_page);
    time_call("read 1 MiB (raw)", read_mib);
    each(close_raw);
    time_refresh("first listing of 1 volume", "second", "first call of a new context");
    each(fill_more);
    time_refresh("first listing of 10,000 volumes", "second", NULL);
    each(finish);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command) == 0 ? 0 : 1;
}
