/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What iscsi-ls -s does, as a program over the library: finds the targets of a host, and lists the
 * units of one with their sizes. iscsi.sh runs both.
 *
 *     iscsi SOURCE POOL        SOURCE: a <source> document; POOL: active, of the type iscsi-direct
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"

static struct tarn_context *open_context(void)
{
    struct tarn_context_options options = { .struct_size = sizeof(options) };
    struct tarn_error *error = NULL;
    struct tarn_context *context = NULL;

    options.root = getenv("TARN_ROOT");
    options.module_dir = getenv("TARN_MODULE_DIR");
    options.plugins_dir = getenv("TARN_PLUGINS_DIR");
    options.module_host = getenv("TARN_MODULE_HOST");
    bench_must(tarn_context_open(&context, &options, &error), error, "opening a context");
    return context;
}

static void find(struct tarn_context *context, const char *source)
{
    struct tarn_error *error = NULL;
    char *sources = NULL;

    bench_must(tarn_pool_find_sources(&sources, context, "iscsi-direct", source, NULL, &error),
               error, "finding targets");
    fputs(sources, stdout);
    free(sources);
}

static void list(struct tarn_context *context, const char *name)
{
    struct tarn_error *error = NULL;
    struct tarn_volume **volumes = NULL;
    struct tarn_pool *pool = NULL;
    size_t i;

    bench_must(tarn_pool_lookup(&pool, context, name, &error), error, "finding the pool");
    bench_must(tarn_volume_list(&volumes, pool, 0, NULL, &error), error, "listing");
    for (i = 0; volumes[i] != NULL; i++) {
        struct tarn_volume_record *record = NULL;

        bench_must(tarn_volume_read(&record, volumes[i], UINT32_MAX, &error), error, "reading");
        printf("%s %s %llu\n", record->name, record->path,
               (unsigned long long)record->capacity);
        tarn_volume_record_free(record);
    }
    tarn_volume_list_free(volumes);
    tarn_pool_unref(pool);
}

int main(int argc, char **argv)
{
    struct tarn_context *context;

    if (argc != 3) {
        fputs("usage: iscsi SOURCE POOL\n", stderr);
        return 2;
    }
    context = open_context();
    find(context, argv[1]);
    list(context, argv[2]);
    tarn_context_close(context);
    return 0;
}
