/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vol-download: the bytes of a volume into a file, or to standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/auto.h"
#include "tools/file.h"
#include "tools/lookup.h"
#include "tools/vol.h"

struct sink {
    struct tool *tool;
    const char *path;
    int fd;
    bool is_regular; /* holes can be left in it */
    bool is_new;     /* made here, to be removed if the download fails */
};

static int open_stdout(struct sink *sink)
{
    if (isatty(STDOUT_FILENO))
        return tool_wrong(sink->tool, "the bytes of an image would spoil the terminal: send "
                          "standard output to a file or a program");
    sink->path = "standard output";
    sink->fd = STDOUT_FILENO;
    sink->tool->streamed = true;
    return TARN_OK;
}

static int open_sink(struct sink *sink, const char *path)
{
    struct stat about;

    if (strcmp(path, "-") == 0)
        return open_stdout(sink);
    sink->path = path;
    sink->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
    sink->is_new = sink->fd >= 0;
    if (sink->fd < 0 && errno == EEXIST)
        sink->fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
    if (sink->fd < 0)
        return tool_fail(sink->tool, tool_errno_status(errno), errno, "cannot open '%s' for "
                         "writing (%s): check the file", path, strerror(errno));
    sink->is_regular = fstat(sink->fd, &about) == 0 && S_ISREG(about.st_mode);
    return TARN_OK;
}

static int fail_write(const struct sink *sink)
{
    return tool_fail(sink->tool, tool_errno_status(errno), errno, "cannot write '%s' (%s): check "
                     "the file", sink->path, strerror(errno));
}

/* The file is longer by a hole then. */
static int skip(struct sink *sink, uint64_t length)
{
    off_t end = lseek(sink->fd, (off_t)length, SEEK_CUR);

    return end >= 0 && ftruncate(sink->fd, end) == 0 ? TARN_OK : fail_write(sink);
}

static int write_zeros(struct sink *sink, uint64_t length)
{
    static const char zeros[65536];
    int status = TARN_OK;

    while (length > 0 && status == TARN_OK) {
        size_t piece = length < sizeof(zeros) ? (size_t)length : sizeof(zeros);
        status = file_write(sink->tool, sink->path, sink->fd, zeros, piece);
        length -= piece;
    }
    return status;
}

/* As tarn_sink_fn. */
static int write_sink(void *arg, const void *data, uint64_t length)
{
    struct sink *sink = arg;

    if (data)
        return file_write(sink->tool, sink->path, sink->fd, data, length);
    return sink->is_regular ? skip(sink, length) : write_zeros(sink, length);
}

/* Some filesystems tell of a failed write only here. */
static int close_sink(struct sink *sink, int status)
{
    bool is_closed = sink->fd <= STDOUT_FILENO || close(sink->fd) == 0;

    if (status == TARN_OK && !is_closed)
        status = fail_write(sink);
    if (status != TARN_OK && sink->is_new)
        unlink(sink->path);
    return status;
}

int vol_download(struct tool *tool, const struct args *args)
{
    AUTO(volume) struct tarn_volume *volume = NULL;
    struct sink sink = { .tool = tool, .fd = -1 };
    const struct arg *length = args_get(args, "length");
    int status = lookup_named_volume(&volume, tool, args);

    if (status == TARN_OK)
        status = open_sink(&sink, args_text(args, "file"));
    if (status == TARN_OK)
        status = tarn_volume_download(volume, args_number(args, "offset", 0),
                                      length && !length->negative ? length->number : 0, write_sink,
                                      &sink, args_flag(args, "sparse", TARN_TRANSFER_SPARSE),
                                      tool->job, &tool->error);
    status = close_sink(&sink, status);
    if (status == TARN_OK && !tool->streamed)
        tool_say(tool, "volume", tarn_volume_name(volume), "downloaded", "Vol %s downloaded to %s",
                 tarn_volume_name(volume), sink.path);
    return status;
}
