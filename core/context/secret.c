/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The host is asked first: it may have a keyring, or a person before it.
 */
#include "core/context/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/helpers/errno-status.h"

/* One that others could read is no secret any more. */
static int check_file(int fd, const char *path, size_t room, struct tarn_error **error)
{
    struct stat about;

    if (fstat(fd, &about) < 0)
        return error_set(error, status_from_errno(errno), errno,
                         "cannot look at the secret in %s", path);
    if (!S_ISREG(about.st_mode))
        return error_set(error, TARN_E_INVALID, 0,
                         "%s is no regular file: put the secret into one", path);
    if ((about.st_mode & 077) != 0 || (about.st_uid != geteuid() && about.st_uid != 0))
        return error_set(error, TARN_E_ACCESS, 0,
                         "others may read the secret in %s (mode %04o, owner %u): make it yours, "
                         "with mode 0600", path, (unsigned)(about.st_mode & 07777),
                         (unsigned)about.st_uid);
    if ((uint64_t)about.st_size > room)
        return error_set(error, TARN_E_INVALID, 0,
                         "the secret in %s is too long (%lld bytes, %zu allowed)", path,
                         (long long)about.st_size, room);
    return TARN_OK;
}

static int read_file(int fd, const char *path, unsigned char *buffer, size_t *length,
                     struct tarn_error **error)
{
    size_t done = 0;
    ssize_t got = 1;

    while (got != 0 && done < *length) {
        got = read(fd, buffer + done, *length - done);
        if (got < 0 && errno != EINTR)
            return error_set(error, status_from_errno(errno), errno,
                             "cannot read the secret in %s", path);
        done += got > 0 ? (size_t)got : 0;
    }
    if (done > 0 && buffer[done - 1] == '\n')
        done--;
    *length = done;
    return TARN_OK;
}

static bool is_file_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

static int from_folder(struct tarn_context *context, const char *name, void *buffer,
                       size_t *length, struct tarn_error **error)
{
    char path[4096];
    int needed = snprintf(path, sizeof(path), "%s/%s", context->folders.secrets, name);
    int status;
    int fd;

    if (!is_file_name(name) || needed < 0 || (size_t)needed >= sizeof(path))
        return error_set(error, TARN_E_NOT_FOUND, 0, "the host has no secret \"%s\"", name);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        return error_set(error, TARN_E_NOT_FOUND, 0,
                         "there is no secret \"%s\": put it into %s, with mode 0600", name, path);
    if (fd < 0 && errno == ELOOP)
        return error_set(error, TARN_E_INVALID, ELOOP,
                         "%s is a symbolic link: put the secret there itself", path);
    if (fd < 0)
        return error_set(error, status_from_errno(errno), errno,
                         "cannot open the secret in %s", path);
    status = check_file(fd, path, *length, error);
    if (status == TARN_OK)
        status = read_file(fd, path, buffer, length, error);
    close(fd);
    return status;
}

int secret_find(struct tarn_context *context, const char *usage, const char *uuid, void *buffer,
                size_t *length, struct tarn_error **error)
{
    const char *name = usage != NULL ? usage : uuid;
    size_t room = *length;
    int status = TARN_E_NOT_FOUND;

    if (name == NULL)
        return error_set(error, TARN_E_INVALID, 0, "a secret is asked for, and none is named");
    if (context->secret != NULL)
        status = context->secret(context->secret_arg, usage, uuid, buffer, length);
    if (status == TARN_OK)
        return TARN_OK;
    if (status != TARN_E_NOT_FOUND)
        return error_set(error, status, 0, "the host does not give the secret \"%s\"", name);
    *length = room;
    return from_folder(context, name, buffer, length, error);
}
