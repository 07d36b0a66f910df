/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files that are named on the command line.
 */
#include "tools/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/text.h"

enum { TEXT_LIMIT = 16 << 20 };

static int fail(struct tool *tool, const char *doing, const char *path, int error)
{
    return tool_fail(tool, tool_errno_status(error), error, "cannot %s '%s' (%s): check the file",
                     doing, path, strerror(error));
}

static int read_text(char **out, struct tool *tool, const char *path, int fd)
{
    size_t length = 0, room = 0;
    char *text = NULL;

    for (ssize_t got = 1; got != 0;) {
        if (length + 1 >= room)
            text = must_grow(text, room = room ? room * 2 : 8192);
        got = read(fd, text + length, room - length - 1);
        if (got < 0 && errno == EINTR)
            continue;
        int error = errno;
        length += got > 0 ? (size_t)got : 0;
        if (got < 0 || length > TEXT_LIMIT) {
            free(text);
            if (got < 0)
                return fail(tool, "read", path, error);
            return tool_fail(tool, TARN_E_INVALID, 0, "'%s' has more than %u bytes: is it the "
                             "right file?", path, (unsigned)TEXT_LIMIT);
        }
    }
    text[length] = '\0';
    if (strlen(text) != length) {
        free(text);
        return tool_fail(tool, TARN_E_INVALID, 0, "'%s' has a NUL byte, so it is no XML: is it the "
                         "right file?", path);
    }
    *out = text;
    return TARN_OK;
}

int file_read_text(char **out, struct tool *tool, const char *path)
{
    if (strcmp(path, "-") == 0)
        return read_text(out, tool, "standard input", STDIN_FILENO);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail(tool, "open", path, errno);
    int status = read_text(out, tool, path, fd);
    close(fd);
    return status;
}

int file_write(struct tool *tool, const char *path, int fd, const void *data, size_t length)
{
    const char *from = data;

    while (length > 0) {
        ssize_t put = write(fd, from, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fail(tool, "write", path, errno);
        from += put;
        length -= (size_t)put;
    }
    return TARN_OK;
}
