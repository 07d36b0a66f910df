/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes.c - the handle, what a definition must have, and the life of the pool's directory
 * between build and removal.
 */
#include "helpers/file-volumes-internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helpers/errno-status.h"

#define NAMES_TOLD 3 /* of what is in the way of a removal */

int32_t file_volumes_define(struct tarn_call *call)
{
    const char *path = call->pool->target_path;

    if (path == NULL || path[0] == '\0')
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the pool \"%s\" has no <target><path>: name the directory of its volumes",
                         call->pool->name);
    if (path[0] != '/')
        return tarn_fail(call, TARN_E_INVALID, 0,
                         "the target path \"%s\" is not absolute: begin it with \"/\"", path);
    return TARN_OK;
}

int32_t file_volumes_claims(struct tarn_call *call)
{
    const char *path = call->pool->target_path;
    int32_t status;
    char *claim;

    if (path == NULL)
        return TARN_OK;
    if (asprintf(&claim, "path:%s", path) < 0)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to claim %s", path);
    status = call->host->emit_claim(call, claim);
    free(claim);
    return status;
}

int32_t file_volumes_init(struct tarn_call *call, struct file_volumes *volumes)
{
    int32_t status = file_volumes_define(call);

    volumes->path = NULL;
    volumes->verify = NULL;
    volumes->open_denied = NULL;
    volumes->step_out = NULL;
    volumes->step_in = NULL;
    volumes->emit_pool = NULL;
    if (status != TARN_OK)
        return status;
    volumes->path = strdup(call->pool->target_path);
    if (volumes->path == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a pool");
    return TARN_OK;
}

void file_volumes_fini(struct file_volumes *volumes)
{
    free(volumes->path);
}

int32_t file_volumes_open(struct tarn_call *call, void **out_pool)
{
    struct file_volumes *volumes = malloc(sizeof(*volumes));
    int32_t status;

    if (volumes == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to open a pool");
    status = file_volumes_init(call, volumes);
    if (status == TARN_OK)
        *out_pool = volumes;
    else
        free(volumes);
    return status;
}

void file_volumes_close(void *pool)
{
    if (pool == NULL)
        return;
    file_volumes_fini(pool);
    free(pool);
}

/* A directory that is not the storage is no failure: the storage is not there, that is all. */
static int32_t check_storage(struct tarn_call *call, struct file_volumes *volumes,
                             uint32_t *out_active)
{
    int directory;
    int32_t status = target_open(call, volumes, &directory);

    *out_active = status == TARN_OK;
    if (status == TARN_OK)
        close(directory);
    if (status != TARN_E_STATE)
        return status;
    call->host->forget(call);
    return TARN_OK;
}

int32_t file_volumes_check(struct tarn_call *call, void *pool, uint32_t *out_active)
{
    struct file_volumes *volumes = pool;
    struct stat st;

    *out_active = 0;
    if (stat(volumes->path, &st) == 0)
        *out_active = S_ISDIR(st.st_mode);
    else if (errno != ENOENT && errno != ENOTDIR && errno != EACCES && errno != ELOOP)
        return tarn_fail(call, status_from_errno(errno), errno, "cannot look at %s", volumes->path);
    if (*out_active && volumes->verify != NULL)
        return check_storage(call, volumes, out_active);
    return TARN_OK;
}

int32_t file_volumes_start(struct tarn_call *call, void *pool)
{
    struct file_volumes *volumes = pool;
    int directory;
    int32_t status = target_open(call, volumes, &directory);

    if (status != TARN_OK)
        return status;
    /* A directory can be listed without being searched: the files would be names only. */
    if (faccessat(directory, ".", X_OK, AT_EACCESS) < 0)
        status = target_fail(call, volumes->path, errno);
    close(directory);
    return status;
}

/* Tells what is in the way, as far as it is short. */
static int32_t fail_not_empty(struct tarn_call *call, const char *path, DIR *stream)
{
    char names[NAMES_TOLD * (SHOWN_NAME_SIZE + 4)] = "";
    char shown[SHOWN_NAME_SIZE];
    unsigned long count = 0;
    struct dirent *entry;

    while ((entry = readdir(stream)) != NULL) {
        size_t length = strlen(names);

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (count++ < NAMES_TOLD)
            snprintf(names + length, sizeof(names) - length, "%s%s", length > 0 ? ", " : "",
                     entry_name_show(shown, entry->d_name));
    }
    return tarn_fail(call, TARN_E_STATE, ENOTEMPTY,
                     "%s is removed only when it is empty, and holds %lu entries (%s%s): delete or "
                     "move them first", path, count, names, count > NAMES_TOLD ? ", ..." : "");
}

/* rmdir, as often as leftovers of our own could be cleared away before. */
static int32_t remove_empty(struct tarn_call *call, const char *path, int directory)
{
    DIR *stream;
    int32_t status = parts_sweep(call, directory, path);

    if (status != TARN_OK)
        return status;
    if (rmdir(path) == 0)
        return TARN_OK;
    if (errno == ENOTDIR)
        return tarn_fail(call, TARN_E_STATE, errno,
                         "%s is a link to a directory that was not made by building the pool: "
                         "remove both by hand", path);
    if (errno != ENOTEMPTY && errno != EEXIST)
        return tarn_fail(call, status_from_errno(errno), errno, "%s cannot be removed", path);
    stream = opendir(path);
    if (stream == NULL)
        return target_fail(call, path, errno);
    status = fail_not_empty(call, path, stream);
    closedir(stream);
    return status;
}

int32_t file_volumes_remove(struct tarn_call *call, void *pool)
{
    const struct file_volumes *volumes = pool;
    int directory;
    int32_t status = target_open_any(call, volumes, &directory);

    if (status != TARN_OK)
        return status;
    status = remove_empty(call, volumes->path, directory);
    close(directory);
    return status;
}
