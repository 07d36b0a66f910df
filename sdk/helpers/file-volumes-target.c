/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-target.c - reaching the pool's directory, and saying why it cannot be reached.
 */
#include "helpers/file-volumes-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helpers/errno-status.h"

#define DESCRIPTION_SIZE (PATH_MAX + 256)

/* Why `prefix`, a directory on the way or the target itself, stands in the way; "" if it does
 * not. `needed` are the permissions that it must give, of access(2). */
static void describe_component(char text[DESCRIPTION_SIZE], const char *prefix, int needed)
{
    const char *lacking = needed & R_OK ? "listed and searched"
                          : needed & W_OK ? "written to" : "searched";
    struct stat st;

    text[0] = '\0';
    if (stat(prefix, &st) < 0) {
        const char *fault = errno != ENOENT ? "cannot be looked at"
                            : lstat(prefix, &st) == 0 ? "is a link that leads nowhere"
                                                      : "does not exist";

        snprintf(text, DESCRIPTION_SIZE, "%s %s", prefix, fault);
    } else if (!S_ISDIR(st.st_mode)) {
        snprintf(text, DESCRIPTION_SIZE, "%s is not a directory", prefix);
    } else if (faccessat(AT_FDCWD, prefix, needed, AT_EACCESS) < 0 && errno != EROFS) {
        snprintf(text, DESCRIPTION_SIZE,
                 "%s cannot be %s by uid %u (its mode is %04o, owner %u, group %u)", prefix,
                 lacking, (unsigned)geteuid(), (unsigned)st.st_mode & 07777, (unsigned)st.st_uid,
                 (unsigned)st.st_gid);
    }
}

/* Copies `path` up to the end of the component that begins at or after *end, which is moved there.
 * False if there is none, or the path is too long for any system call. */
static bool next_prefix(char prefix[PATH_MAX], const char *path, const char **end)
{
    size_t length;

    if (**end == '\0')
        return false;
    *end += strspn(*end, "/");
    *end += strcspn(*end, "/");
    length = (size_t)(*end - path);
    if (length >= PATH_MAX)
        return false;
    memcpy(prefix, path, length);
    prefix[length] = '\0';
    return true;
}

/* The first component of `path` that stands in the way, from the root on; "" if there is none. */
static void describe_path(char text[DESCRIPTION_SIZE], const char *path)
{
    char prefix[PATH_MAX];
    const char *end = path;

    text[0] = '\0';
    while (text[0] == '\0' && next_prefix(prefix, path, &end))
        describe_component(text, prefix, *end == '\0' ? R_OK | X_OK : X_OK);
}

int32_t target_fail(struct tarn_call *call, const char *path, int error)
{
    int32_t status = status_from_errno(error);
    char why[DESCRIPTION_SIZE];

    if (error == ESTALE)
        return tarn_fail(call, status, error,
                         "the server no longer has the directory that is mounted on %s: stop the "
                         "pool by force and start it again", path);
    describe_path(why, path);
    if (why[0] == '\0')
        return tarn_fail(call, status, error, "the pool's directory %s cannot be used", path);
    if (status == TARN_E_NOT_FOUND)
        return tarn_fail(call, status, error,
                         "the pool's directory %s is gone: %s; build the pool, or bring back what "
                         "belongs there", path, why);
    return tarn_fail(call, status, error, "the pool's directory %s cannot be used: %s", path, why);
}

int32_t target_fail_make(struct tarn_call *call, const char *path, int error)
{
    char why[DESCRIPTION_SIZE] = "";
    char prefix[PATH_MAX], upper[PATH_MAX] = "/";
    const char *end = path;
    struct stat st;

    if (error == ENOENT || error == ENOTDIR || error == ELOOP)
        return target_fail(call, path, error);
    while (next_prefix(prefix, path, &end) && stat(prefix, &st) == 0)
        memcpy(upper, prefix, sizeof(upper));
    describe_component(why, upper, W_OK | X_OK);
    return tarn_fail(call, status_from_errno(error), error,
                     "the pool's directory %s cannot be made%s%s", path, why[0] != '\0' ? ": " : "",
                     why);
}

int32_t target_open_any(struct tarn_call *call, const struct file_volumes *volumes,
                        int *out_directory)
{
    int directory = open(volumes->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *out_directory = directory;
    return directory >= 0 ? TARN_OK : target_fail(call, volumes->path, errno);
}

int32_t target_open(struct tarn_call *call, struct file_volumes *volumes, int *out_directory)
{
    int32_t status = target_open_any(call, volumes, out_directory);

    if (status != TARN_OK || volumes->verify == NULL)
        return status;
    status = volumes->verify(call, volumes, *out_directory);
    if (status != TARN_OK)
        close(*out_directory);
    return status;
}

/* Some filesystems in user space cannot sync a directory; then there is nothing to wait for. */
int target_sync(int directory)
{
    if (fsync(directory) == 0 || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)
        return 0;
    return errno;
}
