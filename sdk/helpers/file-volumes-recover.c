/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-recover.c - clearing what a killed process left half made.
 *
 * Files without a name vanish with the process that made them. Those with a temporary name carry a
 * flock(2) as long as their maker lives: it ends with the process, however that ends.
 */
#include "helpers/file-volumes-internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "helpers/errno-status.h"

int part_lock(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    return errno == EWOULDBLOCK ? EWOULDBLOCK : EOPNOTSUPP;
}

bool part_is(int directory, const char *name, int fd)
{
    struct stat by_name, by_fd;

    return fstatat(directory, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstat(fd, &by_fd) == 0 && by_name.st_dev == by_fd.st_dev &&
           by_name.st_ino == by_fd.st_ino;
}

static void warn(struct tarn_call *call, const char *path, const char *name, const char *why)
{
    char text[512];

    snprintf(text, sizeof(text), "the leftover %s in %s stays: %s", name, path, why);
    call->host->log(call, TARN_LOG_WARNING, text);
}

/* Only what we could have made: a file, or a directory with nothing in it. */
static void part_remove(struct tarn_call *call, int directory, const char *path, const char *name,
                        bool is_directory)
{
    /* Over NFS an exclusive flock(2) wants a file that is open for writing. */
    int fd = openat(directory, name, (is_directory ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_NOFOLLOW |
                                         O_NOCTTY | O_CLOEXEC);
    int error = fd >= 0 ? part_lock(fd) : errno;

    if (error == 0 && part_is(directory, name, fd) &&
        unlinkat(directory, name, is_directory ? AT_REMOVEDIR : 0) < 0)
        error = errno;
    if (error == EOPNOTSUPP)
        warn(call, path, name, "without file locks nobody knows whether its maker still lives");
    else if (error == ENOTEMPTY || error == EEXIST)
        warn(call, path, name, "something is in it");
    else if (error != 0 && error != EWOULDBLOCK && error != ENOENT)
        warn(call, path, name, "it cannot be locked and removed");
    if (fd >= 0)
        close(fd);
}

static void part_consider(struct tarn_call *call, int directory, const char *path,
                          const char *name)
{
    struct stat st;

    if (!temporary_name_is(name) || fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
        part_remove(call, directory, path, name, S_ISDIR(st.st_mode));
}

int32_t parts_sweep(struct tarn_call *call, int directory, const char *path)
{
    int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = own >= 0 ? fdopendir(own) : NULL;
    int32_t status = TARN_OK;
    struct dirent *entry;

    if (stream == NULL) {
        status = tarn_fail(call, status_from_errno(errno), errno,
                           "cannot look for leftovers in %s", path);
        if (own >= 0)
            close(own);
        return status;
    }
    while (status == TARN_OK && (errno = 0, (entry = readdir(stream)) != NULL)) {
        part_consider(call, directory, path, entry->d_name);
        status = tarn_interrupted(call);
    }
    if (status == TARN_OK && errno != 0)
        status = tarn_fail(call, status_from_errno(errno), errno,
                           "cannot look for leftovers in %s", path);
    closedir(stream);
    return status;
}

int32_t file_volumes_recover(struct tarn_call *call, void *pool)
{
    struct file_volumes *volumes = pool;
    int directory;
    int32_t status = target_open(call, volumes, &directory);

    if (status != TARN_OK)
        return status;
    status = parts_sweep(call, directory, volumes->path);
    close(directory);
    return status;
}
