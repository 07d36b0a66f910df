/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool-absence.c - what is not there any more: the storage itself, or volumes that vanish while the
 * pool looks at them. Both are tried only in the trial's own folder.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conform/pool-checks.h"
#include "conform/pool.h"

static bool is_own(const struct trial *trial, const char *path)
{
    size_t length = strlen(trial->folder);

    return path != NULL && strncmp(path, trial->folder, length) == 0 && path[length] == '/';
}

/* --- the storage ------------------------------------------------------------------------------ */

/* Is the target folder all that the pool has, and was it built? */
static bool is_its_folder(const struct pool *pool)
{
    const struct definition *definition = pool->host->definition;
    const struct tarn_source *source = &definition->source;
    struct stat st;

    return definition->own && pool_builds(pool->trial) && source->devices[0] == NULL &&
           source->hosts[0] == NULL && source->dir == NULL &&
           is_own(pool->trial, definition->abi.target_path) &&
           lstat(definition->abi.target_path, &st) == 0 && S_ISDIR(st.st_mode);
}

void pool_absent(struct trial *trial)
{
    struct pool *pool;
    const char *path;
    int32_t status;

    if (trial->type->start == NULL)
        trial_skip(trial, "it has no start: its storage is always available");
    pool = pool_built(trial);
    path = pool->host->definition->abi.target_path;
    if (!is_its_folder(pool))
        trial_skip(trial, "its storage is no folder that the kit could take away");
    trial_require(trial, rename(path, trial_text(trial, "%s/taken-away", trial->folder)) == 0,
                  "the kit cannot rename %s", path);
    status = pool_start(pool);
    trial_require(trial, status != TARN_OK,
                  "start answered ok, and the pool's folder %s, which build had made, is not there",
                  path);
    trial_require(trial, status == TARN_E_NOT_FOUND || status == TARN_E_REPLACED,
                  "start of a pool whose folder is not there answered %s (%s): not-found is right",
                  status_word(status), pool->host->text);
    pool_close(pool);
    host_unload(pool->host);
}

/* --- volumes ---------------------------------------------------------------------------------- */

struct vanishing {
    const struct results *list;
    const char *kept; /* the one that was told first; NULL: none yet */
};

static void remove_all(struct trial *trial, const char *path)
{
    DIR *entries = opendir(path);
    const struct dirent *entry;

    while (entries != NULL && (entry = readdir(entries)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_all(trial, trial_text(trial, "%s/%s", path, entry->d_name));
    if (entries != NULL)
        closedir(entries);
    remove(path);
}

/* In the middle of refresh somebody deletes all volumes but the one that it tells. */
static void let_vanish(struct trial *trial, const char *name)
{
    struct vanishing *vanishing = trial->during_arg;

    if (name == NULL || vanishing->kept != NULL)
        return;
    vanishing->kept = trial_text(trial, "%s", name);
    for (size_t index = 0; index < vanishing->list->volume_count; index++) {
        const struct tarn_volume_info *info = &vanishing->list->volumes[index].info;

        if (strcmp(info->name, name) != 0)
            remove_all(trial, info->path);
    }
}

static const struct results *removable(struct pool *pool)
{
    const struct results *list = pool_list(pool);

    for (size_t index = 0; index < list->volume_count; index++)
        if (!is_own(pool->trial, list->volumes[index].info.path) ||
            access(list->volumes[index].info.path, F_OK) < 0)
            return NULL;
    return list;
}

void pool_vanished(struct trial *trial)
{
    struct vanishing vanishing = { NULL, NULL };
    struct pool *pool;
    int32_t status;

    pool = pool_of_births(trial);
    pool_volume(pool, 1, 1);
    pool_volume(pool, 2, 2);
    pool_volume(pool, 4, 3);
    vanishing.list = removable(pool);
    if (vanishing.list == NULL)
        trial_skip(trial, "its volumes are no files that the kit could delete");
    trial->during_arg = &vanishing;
    trial->during = let_vanish;
    status = pool_refresh(pool);
    trial->during = NULL;
    trial_require(trial, status == TARN_OK,
                  "while refresh was told the volume \"%s\" others were deleted by somebody, and it "
                  "answered %s: %s; leave out what vanishes, and go on",
                  vanishing.kept != NULL ? vanishing.kept : "", status_word(status),
                  pool->host->text);
    trial_require(trial, vanishing.kept == NULL ||
                             results_volume(&pool->host->results, vanishing.kept) != NULL,
                  "refresh does not tell the volume \"%s\", after others vanished while it looked",
                  vanishing.kept);
    pool_end(pool);
}
