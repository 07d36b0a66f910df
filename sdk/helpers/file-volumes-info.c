/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-info.c - the sizes of the filesystem that a pool's directory lies on, and the
 * permissions that the directory really has.
 */
#include "helpers/file-volumes-internal.h"

#include <errno.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "helpers/errno-status.h"

/* Some filesystems claim to be without bounds. */
static uint64_t bytes_of(uint64_t blocks, uint64_t block_size)
{
    uint64_t bytes;

    return __builtin_mul_overflow(blocks, block_size, &bytes) || bytes > INT64_MAX ? INT64_MAX
                                                                                   : bytes;
}

int32_t pool_info_emit(struct tarn_call *call, const struct file_volumes *volumes, int directory)
{
    struct tarn_permissions permissions = { .struct_size = sizeof(permissions) };
    struct tarn_pool_info info = { .struct_size = sizeof(info), .state = TARN_POOL_HEALTHY,
                                   .permissions = &permissions };
    char label[LABEL_SIZE];
    struct statvfs fs;
    struct stat st;

    if (fstatvfs(directory, &fs) < 0 || fstat(directory, &st) < 0)
        return tarn_fail(call, status_from_errno(errno), errno,
                         "cannot tell the size of the filesystem of %s", volumes->path);
    permissions.mode = st.st_mode & 0777;
    permissions.owner = st.st_uid;
    permissions.group = st.st_gid;
    permissions.label = label_read(directory, label);
    /* f_bavail, not f_bfree: guests do not write as root, so root's reserve is not available. */
    info.capacity = bytes_of(fs.f_blocks, fs.f_frsize);
    info.available = bytes_of(fs.f_bavail, fs.f_frsize);
    if (info.available > info.capacity)
        info.available = info.capacity;
    info.allocation = info.capacity - info.available;
    return volumes->emit_pool != NULL ? volumes->emit_pool(call, volumes, &info)
                                      : call->host->emit_pool(call, &info);
}

int32_t file_volumes_info(struct tarn_call *call, void *pool)
{
    struct file_volumes *volumes = pool;
    int directory;
    int32_t status = target_open(call, volumes, &directory);

    if (status != TARN_OK)
        return status;
    status = pool_info_emit(call, volumes, directory);
    close(directory);
    return status;
}
