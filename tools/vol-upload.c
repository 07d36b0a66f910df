/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vol-upload: the bytes of a file, or of standard input, into a volume.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/auto.h"
#include "tools/job.h"
#include "tools/lookup.h"
#include "tools/vol.h"

struct source {
    struct tool *tool;
    const char *path;
    int fd;
};

static int open_source(struct source *source, const char *path)
{
    source->path = path;
    if (strcmp(path, "-") == 0) {
        source->path = "standard input";
        source->fd = STDIN_FILENO;
        return TARN_OK;
    }
    source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (source->fd < 0)
        return tool_fail(source->tool, tool_errno_status(errno), errno, "cannot open '%s' (%s): "
                         "check the file", path, strerror(errno));
    return TARN_OK;
}

static void close_source(const struct source *source)
{
    if (source->fd > STDIN_FILENO)
        close(source->fd);
}

/* As tarn_source_fn. */
static int read_source(void *arg, void *buffer, size_t *length)
{
    struct source *source = arg;

    for (;;) {
        if (job_is_cancelled())
            return job_fail_cancelled(source->tool);
        ssize_t got = read(source->fd, buffer, *length);
        if (got >= 0) {
            *length = (size_t)got;
            return TARN_OK;
        }
        if (errno != EINTR)
            return tool_fail(source->tool, tool_errno_status(errno), errno, "cannot read '%s' "
                             "(%s): check the file", source->path, strerror(errno));
    }
}

/* What is asked for; of a regular file its size, so that progress has an end to show. */
static uint64_t length_of(const struct source *source, const struct args *args)
{
    const struct arg *length = args_get(args, "length");
    struct stat about;

    if (length && !length->negative)
        return length->number;
    if (fstat(source->fd, &about) != 0 || !S_ISREG(about.st_mode))
        return 0;
    off_t position = lseek(source->fd, 0, SEEK_CUR);
    return position >= 0 && position < about.st_size ? (uint64_t)(about.st_size - position) : 0;
}

int vol_upload(struct tool *tool, const struct args *args)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    struct source source = { .tool = tool, .fd = -1 };
    int status = lookup_named_volume(&volume, tool, args);

    if (status == TARN_OK)
        status = open_source(&source, args_text(args, "file"));
    if (status == TARN_OK)
        status = tarn_volume_upload(volume, args_number(args, "offset", 0),
                                    length_of(&source, args), read_source, &source,
                                    args_flag(args, "sparse", TARN_TRANSFER_SPARSE), tool->job,
                                    &tool->error);
    close_source(&source);
    if (status == TARN_OK && args_text(args, "format"))
        status = tarn_volume_set_format(volume, args_text(args, "format"), NULL, &tool->error);
    if (status == TARN_OK)
        tool_say(tool, "volume", tarn_volume_name(volume), "uploaded", "Vol %s uploaded from %s",
                 tarn_volume_name(volume), source.path);
    return status;
}
