/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-refresh.c - telling all entries of a pool's directory, or one.
 */
#include "helpers/file-volumes-entry.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "helpers/errno-status.h"

#define ENTRIES_PER_QUESTION 32 /* whether the call was cancelled */

static int32_t refresh_entries(struct entry_scan *scan, DIR *stream, const char *path)
{
    unsigned long count = 0;
    struct dirent *entry;
    int32_t status;

    /* readdir tells the end and a failure apart only by errno. */
    while (errno = 0, (entry = readdir(stream)) != NULL) {
        if (count++ % ENTRIES_PER_QUESTION == 0) {
            status = tarn_interrupted(scan->call);
            if (status != TARN_OK)
                return status;
        }
        if (!entry_name_is_safe(entry->d_name))
            continue;
        status = entry_emit(scan, entry->d_name, entry->d_type == DT_REG);
        if (status != TARN_OK && status != ENTRY_GONE)
            return status;
    }
    if (errno == ENOENT) /* it was removed while it was open */
        return target_fail(scan->call, path, errno);
    if (errno != 0)
        return tarn_fail(scan->call, status_from_errno(errno), errno,
                         "cannot list the pool's directory %s", path);
    return TARN_OK;
}

int32_t file_volumes_refresh(struct tarn_call *call, void *pool)
{
    struct file_volumes *volumes = pool;
    struct entry_scan scan;
    int directory;
    DIR *stream;
    int32_t status = target_open(call, volumes, &directory);

    if (status != TARN_OK)
        return status;
    stream = fdopendir(directory);
    if (stream == NULL) {
        status = tarn_fail(call, status_from_errno(errno), errno,
                           "cannot list the pool's directory %s", volumes->path);
        close(directory);
        return status;
    }
    status = entry_scan_init(&scan, call, volumes, directory);
    scan.refreshing = true;
    if (status == TARN_OK)
        status = refresh_entries(&scan, stream, volumes->path);
    if (status == TARN_OK)
        status = pool_info_emit(call, volumes, directory);
    entry_scan_fini(&scan);
    closedir(stream);
    return status;
}

int32_t file_volumes_volume_lookup(struct tarn_call *call, void *pool, const char *name)
{
    struct file_volumes *volumes = pool;
    char shown[SHOWN_NAME_SIZE];
    struct entry_scan scan;
    int directory;
    int32_t status = entry_name_require(call, name);

    if (status == TARN_OK)
        status = target_open(call, volumes, &directory);
    if (status != TARN_OK)
        return status;
    status = entry_scan_init(&scan, call, volumes, directory);
    if (status == TARN_OK)
        status = entry_emit(&scan, name, false);
    if (status == ENTRY_GONE)
        status = tarn_fail(call, TARN_E_NOT_FOUND, ENOENT, "there is no volume \"%s\" in %s",
                           entry_name_show(shown, name), volumes->path);
    entry_scan_fini(&scan);
    close(directory);
    return status;
}
