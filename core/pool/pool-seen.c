/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was last seen of a pool whose storage may not answer, kept for processes that come when it
 * does not: run/seen/NAME, written after a complete look that found something changed.
 *
 *     sizes 1000 300 700 1763850000000000000
 *     volume ⇥ name ⇥ key ⇥ path ⇥ type ⇥ format ⇥ … (see put_volume)
 *
 * The fourth number says when these were the sizes. When the volumes were seen is the time of the
 * file: a look that finds nothing changed only touches it. All is good for being shown, and for
 * nothing else.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/field-text.h"
#include "core/base/persist.h"
#include "core/pool/inventory.h"
#include "core/pool/pool.h"

#define SEEN_LIMIT (256u << 20)
/* Sizes change all the time: for them alone it is not written more often. */
#define SIZES_PAUSE INT64_C(5000000000) /* nanoseconds */

enum { NAME, KEY, PATH, TYPE, FORMAT, STATUS_TEXT, BACKING, BACKING_FORMAT, RECORDED, STATUS,
       CAPACITY, ALLOCATION, PHYSICAL, FIELDS };

static bool file_path(char path[4096], const struct tarn_pool *pool)
{
    int length = snprintf(path, 4096, "%s/%s", pool->context->folders.seen, pool->name);

    return length > 0 && length < 4096;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void put_volume(struct field_text *to, const struct volume_entry *entry)
{
    const struct tarn_volume_info *info = &entry->info;
    char numbers[128];
    int length = snprintf(numbers, sizeof(numbers),
                          "\t%d\t%" PRIu32 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
                          entry->recorded, info->status, info->capacity, info->allocation,
                          info->physical);

    field_text_put(to, "volume", 6);
    field_text_field(to, info->name);
    field_text_field(to, info->key);
    field_text_field(to, info->path);
    field_text_field(to, info->type);
    field_text_field(to, entry->format);
    field_text_field(to, info->status_text);
    field_text_field(to, entry->backing_path);
    field_text_field(to, entry->backing_format);
    field_text_put(to, numbers, (size_t)length);
}

static void write_seen(struct tarn_pool *pool, const struct tarn_pool_info *sizes,
                       int64_t sizes_observed)
{
    struct volume_entry **entries = inventory_all(pool->inventory);
    struct tarn_error *why = NULL;
    struct field_text text = { 0 };
    char line[128];
    int length = snprintf(line, sizeof(line),
                          "sizes %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 "\n",
                          sizes->capacity, sizes->allocation, sizes->available, sizes_observed);
    size_t index;

    field_text_put(&text, line, (size_t)length);
    for (index = 0; entries != NULL && entries[index] != NULL; index++)
        put_volume(&text, entries[index]);
    if (entries != NULL && !text.failed)
        persist_write_fleeting(pool->context->folders.seen, pool->name, text.bytes, text.length,
                               &why);
    if (why != NULL)
        context_log(pool->context, TARN_LOG_DEBUG, "what is in pool %s is not kept: %s", pool->name,
                    tarn_error_message(why));
    tarn_error_free(why);
    free(text.bytes);
    volume_entry_list_free(entries);
}

static void take_sizes(struct tarn_pool *pool, const char *line)
{
    struct tarn_pool_info sizes = { .struct_size = sizeof(sizes) };
    int64_t observed = 0;

    if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64, &sizes.capacity,
               &sizes.allocation, &sizes.available, &observed) != 4)
        return;
    pthread_mutex_lock(&pool->mutex);
    if (pool->sizes_observed == 0 && observed != 0) {
        pool->sizes = sizes;
        pool->sizes_observed = observed;
    }
    pthread_mutex_unlock(&pool->mutex);
}

/* Those of an earlier process, where this one has looked at volumes alone: not to lose them. */
static void recall_sizes(struct tarn_pool *pool)
{
    char path[4096];
    char line[128];
    FILE *file = file_path(path, pool) ? fopen(path, "re") : NULL;

    if (file == NULL)
        return;
    if (fgets(line, sizeof(line), file) != NULL && strncmp(line, "sizes ", 6) == 0)
        take_sizes(pool, line + 6);
    fclose(file);
}

static bool touch(const struct tarn_pool *pool)
{
    char path[4096];

    return file_path(path, pool) && utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Over a network, or so slippery that its module was put into a process of its own. */
static bool may_not_answer(const struct pool_session *session)
{
    return (session->type.type->source_parts & TARN_SOURCE_HOST) != 0 ||
           module_isolate(session->type.module) != NULL;
}

void pool_seen_keep(struct tarn_pool *pool, struct pool_session *session, bool changed)
{
    struct tarn_pool_info sizes;
    int64_t now = clock_monotonic();
    int64_t observed;
    bool due;

    if (session->pool == NULL || !may_not_answer(session))
        return;
    if (pool->seen_kept == 0)
        recall_sizes(pool);
    pthread_mutex_lock(&pool->mutex);
    sizes = pool->sizes;
    observed = pool->sizes_observed;
    due = changed || pool->seen_kept == 0 ||
          (now - pool->seen_kept >= SIZES_PAUSE &&
           (sizes.capacity != pool->seen_sizes.capacity ||
            sizes.allocation != pool->seen_sizes.allocation ||
            sizes.available != pool->seen_sizes.available));
    if (due) {
        pool->seen_kept = now;
        pool->seen_sizes = sizes;
    }
    pthread_mutex_unlock(&pool->mutex);
    if (due || !touch(pool))
        write_seen(pool, &sizes, observed);
}

void pool_seen_drop(struct tarn_pool *pool)
{
    char path[4096];

    if (file_path(path, pool))
        remove(path); /* mostly there is none */
}

/* --- reading ---------------------------------------------------------------------------------- */

static void fill(struct volume_entry *entry, char *const fields[FIELDS], int64_t observed)
{
    struct tarn_volume_info *info = &entry->info;
    struct arena *arena = entry->arena;

    info->struct_size = sizeof(*info);
    info->name = arena_strdup(arena, field_text_read(fields[NAME]));
    info->key = arena_strdup(arena, field_text_read(fields[KEY]));
    info->path = arena_strdup(arena, field_text_read(fields[PATH]));
    info->type = arena_strdup(arena, field_text_read(fields[TYPE]));
    info->status_text = arena_strdup(arena, field_text_read(fields[STATUS_TEXT]));
    info->status = (uint32_t)strtoul(fields[STATUS], NULL, 10);
    info->capacity = strtoull(fields[CAPACITY], NULL, 10);
    info->allocation = strtoull(fields[ALLOCATION], NULL, 10);
    info->physical = strtoull(fields[PHYSICAL], NULL, 10);
    info->identity = &entry->identity;
    entry->format = arena_strdup(arena, field_text_read(fields[FORMAT]));
    entry->backing_path = arena_strdup(arena, field_text_read(fields[BACKING]));
    entry->backing_format = arena_strdup(arena, field_text_read(fields[BACKING_FORMAT]));
    entry->recorded = strcmp(fields[RECORDED], "1") == 0;
    entry->recalled = true;
    entry->observed = observed;
}

static void take_volume(struct tarn_pool *pool, char *line, int64_t observed)
{
    char *fields[FIELDS];
    size_t count = 0;
    struct volume_entry *entry;

    while (count < FIELDS && (fields[count] = strsep(&line, "\t")) != NULL)
        count++;
    entry = count == FIELDS ? volume_entry_new() : NULL;
    if (entry == NULL)
        return;
    fill(entry, fields, observed);
    if (arena_failed(entry->arena) || entry->info.name == NULL || entry->info.path == NULL ||
        entry->info.key == NULL || entry->info.type == NULL)
        volume_entry_unref(entry);
    else
        inventory_recall(pool->inventory, entry);
}

static int64_t time_of(const struct tarn_pool *pool)
{
    char path[4096];
    struct stat known;

    if (!file_path(path, pool) || stat(path, &known) < 0)
        return 0;
    return known.st_mtim.tv_sec * INT64_C(1000000000) + known.st_mtim.tv_nsec;
}

bool pool_seen_recall(struct tarn_pool *pool)
{
    int64_t observed = time_of(pool);
    char *text = NULL;
    char *rest;
    char *line;
    size_t length;

    if (pool->recalled || inventory_complete_since(pool->inventory) != 0)
        return true;
    if (observed == 0 || persist_read(&text, &length, pool->context->folders.seen, pool->name,
                                      SEEN_LIMIT, NULL) != TARN_OK)
        return false;
    rest = text;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (strncmp(line, "volume\t", 7) == 0)
            take_volume(pool, line + 7, observed);
        else if (strncmp(line, "sizes ", 6) == 0)
            take_sizes(pool, line + 6);
    }
    free(text);
    pool->recalled = true;
    return true;
}
