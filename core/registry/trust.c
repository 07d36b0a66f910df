/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The checks are made on descriptors. A folder above the one that holds the file is refused only if
 * everybody may rename things in it: its owner and group are the machine's layout (the Debian
 * group "staff" on /usr/local, an unmapped owner of / in a user namespace).
 */
#include "core/registry/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "sdk/helpers/errno-status.h"

static int cannot(struct tarn_error **error, int system_errno, const char *verb, const char *path)
{
    return error_set(error, status_from_errno(system_errno), system_errno, "cannot %s %s", verb,
                     path);
}

static int check(int fd, const char *what, const char *path, struct tarn_error **error)
{
    struct stat known;

    if (fstat(fd, &known) < 0)
        return cannot(error, errno, "look at", path);
    if (known.st_uid != 0 && known.st_uid != geteuid())
        return error_set(error, TARN_E_ACCESS, 0,
                         "the %s %s belongs to uid %lu, neither to root nor to the caller: chown "
                         "it", what, path, (unsigned long)known.st_uid);
    if (known.st_mode & (S_IWGRP | S_IWOTH))
        return error_set(error, TARN_E_ACCESS, 0, "the %s %s can be written by %s: chmod go-w it",
                         what, path, known.st_mode & S_IWOTH ? "everybody" : "its group");
    return TARN_OK;
}

/* `path` is absolute and real; it is cut to each folder above in turn and made whole again. */
static int check_above(char *path, struct tarn_error **error)
{
    char *slash;

    for (slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        struct stat known;
        int status = TARN_OK;

        *slash = '\0';
        if (stat(path, &known) < 0)
            status = cannot(error, errno, "look at", path);
        else if ((known.st_mode & S_IWOTH) && !(known.st_mode & S_ISVTX))
            status = error_set(error, TARN_E_ACCESS, 0,
                               "the folder %s can be written by everybody: chmod o-w it", path);
        *slash = '/';
        if (status != TARN_OK)
            return status;
    }
    return TARN_OK;
}

static int open_real_folder(int *out_fd, char *real, struct tarn_error **error)
{
    int fd = open(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int status;

    if (fd < 0)
        return cannot(error, errno, "open", real);
    status = check(fd, "folder", real, error);
    if (status == TARN_OK)
        status = check_above(real, error);
    if (status != TARN_OK)
        close(fd);
    else
        *out_fd = fd;
    return status;
}

int trust_open_folder(int *out_fd, const char *path, struct tarn_error **error)
{
    char *real = realpath(path, NULL);
    int status;

    if (real == NULL)
        return cannot(error, errno, "open", path);
    status = open_real_folder(out_fd, real, error);
    free(real);
    return status;
}

/* O_NONBLOCK: a FIFO in the place of the file must not hold up the caller. */
static int open_regular(int *out_fd, int folder, const char *name, const char *path,
                        struct tarn_error **error)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat known;
    int status;

    if (fd < 0)
        return cannot(error, errno, "open", path);
    if (fstat(fd, &known) == 0 && !S_ISREG(known.st_mode))
        status = error_set(error, TARN_E_INVALID, 0, "%s is no regular file", path);
    else
        status = check(fd, "file", path, error);
    if (status != TARN_OK)
        close(fd);
    else
        *out_fd = fd;
    return status;
}

int trust_open_file(int *out_fd, char **out_path, const char *path, struct tarn_error **error)
{
    char *real = realpath(path, NULL);
    char *slash;
    int folder;
    int status;

    if (real == NULL)
        return cannot(error, errno, "open", path);
    slash = strrchr(real, '/');
    *slash = '\0';
    status = open_real_folder(&folder, slash == real ? (char[]){ "/" } : real, error);
    *slash = '/';
    if (status == TARN_OK) {
        status = open_regular(out_fd, folder, slash + 1, real, error);
        close(folder);
    }
    if (status != TARN_OK)
        free(real);
    else
        *out_path = real;
    return status;
}
