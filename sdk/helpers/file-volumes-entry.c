/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-entry.c - what one entry of a pool's directory is, told to the host. Everything is
 * told: what cannot be read, or is no volume at all, with a status that says so.
 *
 * A refresh goes through here for every file, so nothing is allocated, and a file costs one system
 * call (statx) if the host knows it, else openat, statx, pread and close, and a statx before only
 * as long as the host may know it.
 */
#include "helpers/file-volumes-entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helpers/errno-status.h"
#include "helpers/file-volumes-lazy-io.h"

/* O_NONBLOCK: a FIFO that took a file's place meanwhile must not hang us. */
#define LOOK_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define STATX_WANTED (STATX_BASIC_STATS | STATX_BTIME)

/* After so many regular files in a row that the host did not know it is taken not to know the next
 * either: that is opened before it is asked, and not looked at twice. */
#define STRANGERS_IN_A_ROW 16

static const char *kind_name(const struct statx *st)
{
    switch (st->stx_mode & S_IFMT) {
    case S_IFIFO:
        return "a FIFO";
    case S_IFSOCK:
        return "a socket";
    case S_IFCHR:
        return "a character device";
    default:
        return "of an unknown kind";
    }
}

static int32_t emit_directory(struct entry_scan *scan, const char *name, const struct statx *st,
                              const char *remark)
{
    struct entry entry;

    if (entry_is_known(scan, name, st))
        return TARN_OK;
    entry_fill(&entry, scan, name, st);
    entry.volume.format = "dir";
    entry.volume.status_text = remark;
    return entry_emit_volume(scan, &entry);
}

static ssize_t read_head(int fd, uint8_t head[HEAD_SIZE])
{
    ssize_t got;

    do
        got = pread(fd, head, HEAD_SIZE, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

/* stat tells no size of a block device. Its identity says nothing of its content either. */
static void take_device_size(struct entry *entry, int fd)
{
    off_t end = lseek(fd, 0, SEEK_END);
    uint64_t size = end > 0 ? (uint64_t)end : 0;

    entry->volume.capacity = entry->volume.allocation = entry->volume.physical = size;
    entry->volume.identity = NULL;
}

/* A file or a block device that is open as `fd`, which is closed. */
static int32_t emit_opened(struct entry_scan *scan, const char *name, int fd,
                           const struct statx *st, const char *remark)
{
    struct lazy_io lazy;
    struct entry entry;
    int32_t status;
    ssize_t got;

    entry_fill(&entry, scan, name, st);
    if (S_ISBLK(st->stx_mode))
        take_device_size(&entry, fd);
    lazy_io_begin(&lazy, fd, entry.volume.physical);
    got = entry.volume.physical > 0 ? read_head(fd, scan->head) : 0;
    if (got < 0) {
        status = entry_emit_unreadable(scan, name, st, errno, "cannot be read");
    } else {
        if (scan->labels)
            entry.permissions.label = label_read(fd, scan->label);
        entry.volume.status_text = remark;
        entry.volume.head = scan->head;
        entry.volume.head_length = (uint64_t)got;
        entry.volume.io = &lazy.io;
        status = entry_emit_volume(scan, &entry);
    }
    lazy_io_end(scan->call, &lazy);
    return status;
}

/* What was opened as `fd` under the name, or -1 with errno. What stat said before the open may
 * have been of another file. */
static int32_t emit_looked_at(struct entry_scan *scan, const char *name, int fd,
                              const struct statx *before, const char *remark)
{
    struct statx st;
    int32_t status;

    if (fd < 0)
        return entry_emit_unreadable(scan, name, before, errno, "cannot be opened");
    if (statx(fd, "", AT_EMPTY_PATH, STATX_WANTED, &st) < 0)
        status = entry_emit_unreadable(scan, name, before, errno, "cannot be looked at");
    else if (S_ISREG(st.stx_mode) || S_ISBLK(st.stx_mode))
        return emit_opened(scan, name, fd, &st, remark);
    else
        status = entry_emit_faulty(scan, name, &st, TARN_VOLUME_UNKNOWN_FORMAT,
                                   "was replaced while it was being looked at");
    close(fd);
    return status;
}

/* Opens what readdir called a regular file. False if that does not lead to one: then it is gone
 * about in the usual way. */
static bool emit_guessed(struct entry_scan *scan, const char *name, int32_t *out_status)
{
    int fd = entry_open(scan->volumes, scan->directory, name, LOOK_FLAGS);
    struct statx st;
    bool guessed;

    if (fd < 0)
        return false;
    guessed = statx(fd, "", AT_EMPTY_PATH, STATX_WANTED, &st) == 0 && S_ISREG(st.stx_mode);
    if (guessed && !entry_is_known(scan, name, &st)) {
        *out_status = emit_opened(scan, name, fd, &st, NULL);
        return true;
    }
    close(fd);
    scan->strangers = 0;
    *out_status = TARN_OK;
    return guessed;
}

static int32_t emit_broken_link(struct entry_scan *scan, const char *name, const struct statx *st,
                                int error)
{
    char shown[SHOWN_NAME_SIZE];
    char text[PATH_MAX];
    ssize_t length = readlinkat(scan->directory, name, text, sizeof(text) - 1);

    if (length < 0)
        return entry_emit_unreadable(scan, name, st, errno, "the link cannot be read");
    text[length] = '\0';
    entry_name_show(shown, text);
    if (error == ENOENT || error == ENOTDIR)
        return entry_emit_faulty(scan, name, st, TARN_VOLUME_UNKNOWN_FORMAT,
                                 "a dangling link: %s does not exist", shown);
    if (error == ELOOP)
        return entry_emit_faulty(scan, name, st, TARN_VOLUME_UNKNOWN_FORMAT,
                                 "a link to %s that leads in circles, or through /proc", shown);
    return entry_emit_unreadable(scan, name, st, error, "the link cannot be followed");
}

static int32_t emit_link_target(struct entry_scan *scan, const char *name,
                                const struct statx *link, const struct link_target *target)
{
    char remark[SHOWN_NAME_SIZE + 64] = "";
    char shown[SHOWN_NAME_SIZE];
    struct statx st;
    int fd;

    entry_name_show(shown, target->path);
    if (target->outside && !scan->outside_allowed)
        return entry_emit_faulty(scan, name, link, TARN_VOLUME_UNREADABLE,
                                 "a link out of the pool, to %s: not followed, because others "
                                 "than root and the caller may write to the pool's directory",
                                 shown);
    if (statx(target->fd, "", AT_EMPTY_PATH, STATX_WANTED, &st) < 0)
        return entry_emit_unreadable(scan, name, link, errno, "the link cannot be followed");
    if (target->outside)
        snprintf(remark, sizeof(remark), "a link out of the pool, to %s", shown);
    if (S_ISDIR(st.stx_mode))
        return emit_directory(scan, name, &st, target->outside ? remark : NULL);
    if (!S_ISREG(st.stx_mode) && !S_ISBLK(st.stx_mode))
        return entry_emit_faulty(scan, name, &st, TARN_VOLUME_UNKNOWN_FORMAT,
                                 "a link to %s, which is %s", shown, kind_name(&st));
    if (S_ISREG(st.stx_mode) && entry_is_known(scan, name, &st))
        return TARN_OK;
    fd = path_fd_reopen(target->fd, LOOK_FLAGS);
    if (fd < 0 && errno == ENOENT) /* not the link is gone */
        return entry_emit_faulty(scan, name, &st, TARN_VOLUME_UNREADABLE,
                                 "a link to %s, which cannot be opened: is /proc mounted?", shown);
    return emit_looked_at(scan, name, fd, &st, target->outside ? remark : NULL);
}

static int32_t emit_link(struct entry_scan *scan, const char *name, const struct statx *st)
{
    struct link_target target;
    int error = link_resolve(scan->directory, name, &target);
    int32_t status;

    if (error != 0)
        return emit_broken_link(scan, name, st, error);
    status = emit_link_target(scan, name, st, &target);
    close(target.fd);
    return status;
}

/* Whether there is such an entry at all is not known then. */
static int32_t fail_lookup(struct entry_scan *scan, const char *name, int error)
{
    char shown[SHOWN_NAME_SIZE];

    return tarn_fail(scan->call, status_from_errno(error), error,
                     "the volume \"%s\" cannot be looked for", entry_name_show(shown, name));
}

int32_t entry_emit(struct entry_scan *scan, const char *name, bool maybe_regular)
{
    struct statx st = { .stx_mode = 0 };
    int32_t status;

    if (maybe_regular && scan->strangers >= STRANGERS_IN_A_ROW &&
        emit_guessed(scan, name, &status))
        return status;
    if (statx(scan->directory, name, AT_SYMLINK_NOFOLLOW, STATX_WANTED, &st) < 0)
        return scan->refreshing || errno == ENOENT
                   ? entry_emit_unreadable(scan, name, &st, errno, "cannot be looked at")
                   : fail_lookup(scan, name, errno);
    if (S_ISREG(st.stx_mode)) {
        if (entry_is_known(scan, name, &st)) {
            scan->strangers = 0;
            return TARN_OK;
        }
        scan->strangers++;
    }
    if (S_ISREG(st.stx_mode) || S_ISBLK(st.stx_mode))
        return emit_looked_at(scan, name,
                              entry_open(scan->volumes, scan->directory, name, LOOK_FLAGS), &st,
                              NULL);
    if (S_ISDIR(st.stx_mode))
        return emit_directory(scan, name, &st, NULL);
    if (S_ISLNK(st.stx_mode))
        return emit_link(scan, name, &st);
    return entry_emit_faulty(scan, name, &st, TARN_VOLUME_UNKNOWN_FORMAT, "%s, not a volume",
                             kind_name(&st));
}
