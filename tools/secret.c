/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The secret that a command was given in a file.
 */
#include "tools/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/text.h"

enum { SECRET_ROOM = 4096 };

struct secret {
    char *name; /* the usage or UUID that it was given for; NULL = for none yet */
    size_t length;
    unsigned char bytes[SECRET_ROOM];
};

static int check(struct tool *tool, const char *path, const struct stat *status)
{
    if (!S_ISREG(status->st_mode))
        return tool_fail(tool, TARN_E_INVALID, 0, "'%s' is no regular file: put the secret into "
                         "one", path);
    if ((status->st_mode & 077) || (status->st_uid != geteuid() && status->st_uid != 0))
        return tool_fail(tool, TARN_E_ACCESS, 0, "others may read the secret in '%s' (mode %04o, "
                         "owner %u): make it yours, with mode 0600", path,
                         (unsigned)(status->st_mode & 07777), (unsigned)status->st_uid);
    if (status->st_size > SECRET_ROOM)
        return tool_fail(tool, TARN_E_INVALID, 0, "'%s' is too long for a secret (%lld bytes, %d "
                         "allowed): is it the right file?", path, (long long)status->st_size,
                         SECRET_ROOM);
    return TARN_OK;
}

static int read_all(struct tool *tool, const char *path, int fd)
{
    struct secret *secret = tool->secret;

    for (ssize_t got = 1; got != 0 && secret->length < SECRET_ROOM;) {
        got = read(fd, secret->bytes + secret->length, SECRET_ROOM - secret->length);
        if (got < 0 && errno != EINTR)
            return tool_fail(tool, tool_errno_status(errno), errno, "cannot read '%s' (%s): check "
                             "the file", path, strerror(errno));
        secret->length += got > 0 ? (size_t)got : 0;
    }
    if (secret->length > 0 && secret->bytes[secret->length - 1] == '\n')
        secret->length--;
    return TARN_OK;
}

int secret_load(struct tool *tool, const struct args *args)
{
    const char *path = args_text(args, "secret-file");
    struct stat about;

    if (!path)
        return TARN_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) != 0) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        return tool_fail(tool, tool_errno_status(error), error, "cannot open '%s' (%s): check "
                         "--secret-file", path, strerror(error));
    }
    int status = check(tool, path, &about);
    if (status == TARN_OK) {
        tool->secret = must_alloc(sizeof(*tool->secret));
        mlock(tool->secret, sizeof(*tool->secret)); /* a limit of 0 is no reason to fail */
        status = read_all(tool, path, fd);
    }
    close(fd);
    return status;
}

void secret_forget(struct tool *tool)
{
    if (!tool->secret)
        return;
    free(tool->secret->name);
    explicit_bzero(tool->secret, sizeof(*tool->secret));
    munlock(tool->secret, sizeof(*tool->secret));
    free(tool->secret);
    tool->secret = NULL;
}

/* It is what is asked for first, the source's own: others, as a target's of mutual CHAP, are kept
 * elsewhere. */
static bool is_for(struct secret *secret, const char *name)
{
    if (secret->name == NULL)
        secret->name = must_copy(name);
    return strcmp(secret->name, name) == 0;
}

int secret_give(void *arg, const char *usage, const char *uuid, void *buffer, size_t *length)
{
    struct secret *secret = ((const struct tool *)arg)->secret;

    if (!secret || secret->length > *length || !is_for(secret, usage ? usage : uuid))
        return TARN_E_NOT_FOUND;
    memcpy(buffer, secret->bytes, secret->length);
    *length = secret->length;
    return TARN_OK;
}
