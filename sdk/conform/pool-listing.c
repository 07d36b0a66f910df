/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-listing.c - what a pool tells of itself and of its volumes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "conform/pool-checks.h"
#include "conform/pool.h"

/* --- refresh and lookup ----------------------------------------------------------------------- */

static bool is_kind(const char *type)
{
    static const char *const kinds[] = { "file", "block", "dir", "network", "netdir" };

    for (size_t index = 0; type != NULL && index < sizeof(kinds) / sizeof(kinds[0]); index++)
        if (strcmp(type, kinds[index]) == 0)
            return true;
    return false;
}

static void judge_volume(struct trial *trial, const struct tarn_volume_info *info)
{
    trial_require(trial, info->name != NULL && *info->name != '\0',
                  "refresh tells a volume without a name");
    trial_require(trial, info->path != NULL && *info->path != '\0',
                  "refresh tells the volume \"%s\" without a path", info->name);
    trial_require(trial, is_kind(info->type),
                  "refresh tells the volume \"%s\" with the type \"%s\": it is one of file, block, "
                  "dir, network, netdir", info->name, info->type != NULL ? info->type : "");
    trial_require(trial, info->status <= TARN_VOLUME_VANISHED,
                  "refresh tells the volume \"%s\" with the status %u, which is none", info->name,
                  info->status);
    trial_require(trial, info->status == TARN_VOLUME_OK || info->status_text != NULL,
                  "refresh tells the volume \"%s\" with the status %u and no status_text: say why",
                  info->name, info->status);
}

static void must_be_once(struct trial *trial, const struct results *list, size_t index)
{
    const struct tarn_volume_info *one = &list->volumes[index].info;

    for (size_t other = 0; other < index; other++) {
        const struct tarn_volume_info *earlier = &list->volumes[other].info;

        trial_require(trial, strcmp(one->name, earlier->name) != 0,
                      "one refresh tells the volume \"%s\" twice", one->name);
        trial_require(trial, strcmp(one->path, earlier->path) != 0,
                      "one refresh tells the path %s of two volumes, \"%s\" and \"%s\"", one->path,
                      earlier->name, one->name);
    }
}

static const char *key_of(const struct tarn_volume_info *info)
{
    return info->key != NULL ? info->key : info->path;
}

static void must_agree(struct trial *trial, const struct tarn_volume_info *refreshed,
                       const struct tarn_volume_info *looked)
{
    const char *name = refreshed->name;

    trial_require(trial, looked->path != NULL && strcmp(refreshed->path, looked->path) == 0,
                  "of the volume \"%s\" refresh tells the path %s and volume_lookup %s", name,
                  refreshed->path, looked->path != NULL ? looked->path : "none");
    trial_require(trial, strcmp(key_of(refreshed), key_of(looked)) == 0,
                  "of the volume \"%s\" refresh tells the key %s and volume_lookup %s", name,
                  key_of(refreshed), key_of(looked));
    trial_require(trial, refreshed->capacity == looked->capacity,
                  "of the volume \"%s\" refresh tells a capacity of %llu and volume_lookup %llu",
                  name, (unsigned long long)refreshed->capacity,
                  (unsigned long long)looked->capacity);
    trial_require(trial, refreshed->status == looked->status,
                  "of the volume \"%s\" refresh tells the status %u and volume_lookup %u", name,
                  refreshed->status, looked->status);
}

void pool_listing(struct trial *trial)
{
    struct pool *pool = pool_started(trial);
    const struct results *list;

    if (pool->type->volume_allocate != NULL) {
        pool_volume(pool, 1, 1);
        pool_volume(pool, 2, 2);
    }
    list = pool_list(pool);
    for (size_t index = 0; index < list->volume_count; index++) {
        judge_volume(trial, &list->volumes[index].info);
        must_be_once(trial, list, index);
        if (pool->type->volume_lookup != NULL)
            must_agree(trial, &list->volumes[index].info,
                       &pool_need(pool, list->volumes[index].info.name)->info);
    }
    pool_end(pool);
}

/* --- info ------------------------------------------------------------------------------------- */

void pool_sizes_told(struct trial *trial)
{
    struct pool *pool;
    const struct tarn_pool_info *info;

    if (trial->type->info == NULL)
        trial_skip(trial, "it has no info");
    pool = pool_started(trial);
    info = &pool->host->results.pool;
    if (pool->type->volume_allocate != NULL)
        pool_volume(pool, 1, 1);
    for (unsigned round = 0; round < 2; round++) {
        pool_must(pool, pool_info(pool), "info");
        trial_require(trial, pool->host->results.pools == 1,
                      "info called emit_pool %zu times: once is right", pool->host->results.pools);
        trial_require(trial, info->allocation <= info->capacity &&
                                 info->available <= info->capacity - info->allocation,
                      "info tells a capacity of %llu, of which %llu are taken and %llu available: "
                      "that is more than all", (unsigned long long)info->capacity,
                      (unsigned long long)info->allocation, (unsigned long long)info->available);
        trial_require(trial, info->state == TARN_POOL_HEALTHY || info->state_text != NULL,
                      "info tells the state %u and no state_text: say why", info->state);
    }
    pool_end(pool);
}

/* --- identities ------------------------------------------------------------------------------- */

static bool same_identity(const struct tarn_identity *one, const struct tarn_identity *other)
{
    return one->device == other->device && one->inode == other->inode &&
           one->size == other->size && one->mtime == other->mtime && one->ctime == other->ctime;
}

/* Who does not ask volume_known may tell what he likes. */
static void must_be_known(struct pool *pool, const char *name)
{
    const struct results *list = pool_list(pool);
    const struct result_volume *first = results_volume(&pool->host->known, name);
    const struct result_volume *second = results_volume(list, name);

    trial_require(pool->trial, second != NULL,
                  "a second refresh does not tell the volume \"%s\"", name);
    trial_require(pool->trial, same_identity(&first->identity, &second->identity),
                  "in a second refresh the volume \"%s\" has another identity, and nothing was "
                  "changed: tell what stays equal as long as the content", name);
    if (list->known_hits == 0)
        trial_skip(pool->trial, "it does not ask for known volumes: the host looks at each again");
}

static void must_be_told_anew(struct pool *pool, const char *name)
{
    struct tarn_io *io = pool_bytes(pool, name, TARN_OPEN_WRITE);
    const struct results *list;
    size_t hits;

    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL); /* a tick of the kernel's clock */
    pool_must(pool, store_fill(pool, io, 4096, 9), "pwrite");
    pool_bytes_close(pool, io);
    hits = pool->host->known.volume_count;
    list = pool_list(pool);
    trial_require(pool->trial, list->known_hits < hits,
                  "the volume \"%s\" was written, and its identity is the one before: it would not "
                  "be looked at again", name);
}

void pool_identities(struct trial *trial)
{
    struct pool *pool = pool_started(trial);
    const char *name = pool_volume(pool, 1, 1);
    const struct result_volume *volume;

    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    pool_must(pool, pool_refresh(pool), "refresh");
    volume = results_volume(&pool->host->results, name);
    if (volume == NULL || !volume->has_identity)
        trial_skip(trial, "its volumes have no identity: the host looks at them each time");
    host_learn(pool->host);
    must_be_known(pool, name);
    must_be_told_anew(pool, name);
    pool_end(pool);
}

/* --- what is no volume ------------------------------------------------------------------------ */

/* Some file systems have no names that are no UTF-8, or with a line's end. */
static void touch(const char *path)
{
    FILE *file = fopen(path, "we");

    if (file != NULL)
        fclose(file);
}

static void spoil(struct trial *trial, const char *folder)
{
    bool made = symlink("/nowhere/at/all", trial_text(trial, "%s/kit-dangling", folder)) == 0;

    made = mkfifo(trial_text(trial, "%s/kit-fifo", folder), 0600) == 0 && made;
    made = symlink("kit-loop", trial_text(trial, "%s/kit-loop", folder)) == 0 && made;
    if (!made)
        trial_skip(trial, "links and FIFOs cannot be made in %s", folder);
    touch(trial_text(trial, "%s/kit-\xff\xfe", folder));
    touch(trial_text(trial, "%s/kit\n", folder));
}

static void clean(struct trial *trial, const char *folder)
{
    static const char *const names[] = { "kit-dangling", "kit-fifo", "kit-loop", "kit-\xff\xfe",
                                         "kit\n" };

    for (size_t index = 0; index < sizeof(names) / sizeof(names[0]); index++)
        unlink(trial_text(trial, "%s/%s", folder, names[index]));
}

void pool_bad_entries(struct trial *trial)
{
    struct pool *pool = pool_started(trial);
    const char *folder = pool->host->definition->abi.target_path;
    const char *name;
    int32_t status;

    if (!(pool->type->flags & TARN_POOL_VOLUME_IS_FILE) || folder == NULL)
        trial_skip(trial, "its volumes are no files");
    name = pool_any_volume(pool);
    spoil(trial, folder);
    status = pool_refresh(pool);
    clean(trial, folder);
    trial_require(trial, status == TARN_OK,
                  "refresh of a folder with a dangling link, a FIFO and an odd name answered %s: "
                  "%s; emit what cannot be used with its status, and go on", status_word(status),
                  pool->host->text);
    trial_require(trial, results_volume(&pool->host->results, name) != NULL,
                  "refresh of a folder with a dangling link, a FIFO and an odd name does not tell "
                  "the volume \"%s\" any more", name);
    pool_end(pool);
}

/* --- what others do --------------------------------------------------------------------------- */

static void run(struct pool *pool, const char *key, const char *name)
{
    const char *command = trial_setting(pool->trial, key);
    char *printed = NULL;

    setenv("TARN_CONFORM_VOLUME", name, 1);
    setenv("TARN_CONFORM_SIZE",
           trial_text(pool->trial, "%llu", (unsigned long long)pool->size), 1);
    if (!trial_command(&printed, pool->trial, command))
        trial_fail(pool->trial, "the command of %s in [%s] failed: %s", key, pool->trial->part,
                   printed != NULL ? printed : "");
    free(printed);
}

static void by_commands(struct pool *pool)
{
    struct trial *trial = pool->trial;
    const char *name = pool_volume_name(pool->trial, 3);
    const struct results *before = pool_list(pool);
    const struct results *after;

    run(pool, "add", name);
    after = pool_list(pool);
    trial_require(trial, after->volume_count > before->volume_count,
                  "the volume that the command of add has made is not told by the next refresh");
    trial_require(trial, *name == '\0' || results_volume(after, name) != NULL,
                  "the volume \"%s\", which the command of add has made, is not told by the next "
                  "refresh", name);
    if (trial_setting(trial, "drop") == NULL)
        return;
    run(pool, "drop", name);
    trial_require(trial, pool_list(pool)->volume_count < after->volume_count,
                  "the volume \"%s\", which the command of drop has removed, is told by the next "
                  "refresh", name);
}

/* To a handle everybody else is an outsider, even another handle. */
static void by_handle(struct pool *pool)
{
    struct trial *trial = pool->trial;
    struct pool *other = pool_again(pool);
    const char *name;

    pool_list(other);
    name = pool_volume(pool, 1, 1);
    trial_require(trial, results_volume(pool_list(other), name) != NULL,
                  "the volume \"%s\" was made by one handle, and a refresh by another one does not "
                  "tell it", name);
    pool_must(pool, pool_delete(pool, name), "volume_delete");
    trial_require(trial, results_volume(pool_list(other), name) == NULL,
                  "the volume \"%s\" was deleted by one handle, and a refresh by another one tells "
                  "it", name);
    pool_close(other);
}

void pool_outside(struct trial *trial)
{
    struct pool *pool = pool_started(trial);
    bool commands = trial_setting(trial, "add") != NULL;
    bool handles = pool->type->volume_allocate != NULL && pool->type->volume_delete != NULL &&
                   trial_setting(trial, "volatile") == NULL;

    if (!commands && !handles)
        trial_skip(trial, "nobody can change it: give commands add and drop in a configuration");
    if (handles)
        by_handle(pool);
    if (commands)
        by_commands(pool);
    pool_end(pool);
}
