/* SPDX-License-Identifier: BSD-2-Clause
 *
 * list: every pool (state, capacity, available) and its volumes (format, capacity, allocation), in
 * bytes. What is wrong with one is told in its place, and keeps nobody from seeing the others.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <tarn/tarn.h>

static int failures;

static void complain(const char *what, struct tarn_error *error)
{
    fprintf(stderr, "list: %s: %s\n", what, tarn_error_message(error));
    tarn_error_free(error);
    failures++;
}

/* A file may be called anything: nothing that a terminal would obey is written to it. */
static void put_text(const char *text)
{
    for (; *text != '\0'; text++)
        putchar(iscntrl((unsigned char)*text) ? '?' : *text);
}

static void put_line(const char *name, const char *word, uint64_t capacity, uint64_t second,
                     const char *trouble)
{
    put_text(name);
    printf(" %s %" PRIu64 " %" PRIu64, word, capacity, second);
    if (trouble != NULL) {
        printf(": ");
        put_text(trouble);
    }
    putchar('\n');
}

/* The listing has looked a moment ago: what it saw is asked for, however old. */
static void show_volume(struct tarn_volume *volume)
{
    struct tarn_volume_record *record;
    struct tarn_error *error = NULL;
    int status = tarn_volume_read(&record, volume, UINT32_MAX, &error);

    if (status == TARN_E_NOT_FOUND) { /* deleted meanwhile: no failure */
        tarn_error_free(error);
    } else if (status != TARN_OK) {
        complain(tarn_volume_name(volume), error);
    } else {
        printf("  ");
        put_line(record->name, record->format != NULL ? record->format : "-", record->capacity,
                 record->allocation, record->status_text);
        tarn_volume_record_free(record);
    }
}

static void show_volumes(struct tarn_pool *pool)
{
    struct tarn_volume **volumes;
    struct tarn_error *error = NULL;
    int status = tarn_volume_list(&volumes, pool, 0, NULL, &error);

    if (status == TARN_E_TIMEOUT) { /* what was seen last is better than nothing */
        complain(tarn_pool_name(pool), error);
        error = NULL;
        status = tarn_volume_list(&volumes, pool, UINT32_MAX, NULL, &error);
    }
    if (status != TARN_OK) {
        complain(tarn_pool_name(pool), error);
        return;
    }
    for (size_t i = 0; volumes[i] != NULL; i++)
        show_volume(volumes[i]);
    tarn_volume_list_free(volumes);
}

static void show_pool(struct tarn_pool *pool)
{
    struct tarn_pool_record *record;
    struct tarn_error *error = NULL;
    int status = tarn_pool_read(&record, pool, TARN_READ_SIZES, &error);

    if (status != TARN_OK) {
        complain(tarn_pool_name(pool), error);
        return;
    }
    switch (record->state) {
    case TARN_POOL_RUNNING:
    case TARN_POOL_IS_DEGRADED:
    case TARN_POOL_UNRESPONSIVE:
        put_line(record->name, "active", record->capacity, record->available, record->reason);
        show_volumes(pool);
        break;
    default: /* inactive, on its way, or unavailable: it says why */
        put_line(record->name, "inactive", 0, 0, record->reason);
    }
    tarn_pool_record_free(record);
}

int main(void)
{
    /* NULL: the system's own. The command tarn obeys the same variables. */
    const struct tarn_context_options options = {
        .struct_size = sizeof(options),
        .root = getenv("TARN_ROOT"),
        .module_dir = getenv("TARN_MODULE_DIR"),
        .plugins_dir = getenv("TARN_PLUGINS_DIR"),
        .module_host = getenv("TARN_MODULE_HOST"),
    };
    struct tarn_context *context = NULL;
    struct tarn_pool **pools;
    struct tarn_error *error = NULL;
    int status = tarn_context_open(&context, &options, &error);

    if (status == TARN_OK)
        status = tarn_pool_list(&pools, context, 0, &error);
    if (status == TARN_OK) {
        for (size_t i = 0; pools[i] != NULL; i++)
            show_pool(pools[i]);
        tarn_pool_list_free(pools);
    } else {
        complain("pools", error);
    }
    tarn_context_close(context);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
