/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-watch.c - telling what happens in a pool's directory, by inotify(7).
 *
 * IN_MODIFY is left out: a running guest writes all the time. The close after the last write is
 * told.
 */
#include "helpers/file-volumes-internal.h"

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "helpers/errno-status.h"

#define ENTRY_EVENTS \
    (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB)

struct watch {
    int fd;
};

/* inotify watches the directory, not the path. When that directory is removed or moved away, its
 * watch ends, and what has the path by then is watched. */
static int watch_arm(struct watch *watch, const char *path)
{
    int wd = inotify_add_watch(watch->fd, path, ENTRY_EVENTS | IN_MOVE_SELF | IN_ONLYDIR);

    return wd >= 0 ? 0 : errno;
}

int32_t file_volumes_watch_open(struct tarn_call *call, void *pool, void **out_watch,
                                int32_t *out_fd)
{
    struct file_volumes *volumes = pool;
    struct watch *watch;
    int directory, error;
    int32_t status = target_open(call, volumes, &directory);

    if (status != TARN_OK)
        return status;
    close(directory);
    watch = malloc(sizeof(*watch));
    if (watch == NULL)
        return tarn_fail(call, TARN_E_INTERNAL, ENOMEM, "no memory to watch %s", volumes->path);
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    error = watch->fd >= 0 ? watch_arm(watch, volumes->path) : errno;
    if (error != 0) {
        file_volumes_watch_close(pool, watch);
        if (error == EMFILE || error == ENOSPC)
            return tarn_fail(call, TARN_E_INTERNAL, error,
                             "%s cannot be watched: raise fs.inotify.max_user_instances or "
                             "max_user_watches", volumes->path);
        return target_fail(call, volumes->path, error);
    }
    *out_watch = watch;
    *out_fd = watch->fd;
    return TARN_OK;
}

void file_volumes_watch_close(void *pool, void *opaque)
{
    struct watch *watch = opaque;

    (void)pool;
    if (watch == NULL)
        return;
    if (watch->fd >= 0)
        close(watch->fd);
    free(watch);
}

/* A file that has no name yet (O_TMPFILE) is told all the same, as "#" and its inode number. */
static bool is_unnamed(const char *path, const struct inotify_event *event)
{
    char entry[PATH_MAX];
    struct stat st;
    int length;

    if ((event->mask & ~(uint32_t)(IN_CLOSE_WRITE | IN_ATTRIB)) != 0 || event->len == 0 ||
        event->name[0] != '#' || strspn(event->name + 1, "0123456789") != strlen(event->name + 1))
        return false;
    length = snprintf(entry, sizeof(entry), "%s/%s", path, event->name);
    return length > 0 && (size_t)length < sizeof(entry) && lstat(entry, &st) < 0 &&
           errno == ENOENT;
}

/* One event; `last` is the name told before, since one deed often makes several events. */
static int32_t tell(struct tarn_call *call, struct watch *watch, const char *path,
                    const struct inotify_event *event, char last[NAME_MAX + 1])
{
    const char *name = event->len > 0 ? event->name : "";

    if (event->mask & IN_MOVE_SELF)
        inotify_rm_watch(watch->fd, event->wd); /* is followed by IN_IGNORED, as a removal is */
    if (event->mask & IN_IGNORED)
        watch_arm(watch, path);
    if (event->mask & (IN_Q_OVERFLOW | IN_IGNORED)) {
        last[0] = '\0';
        return call->host->emit_changed(call, NULL);
    }
    if (!entry_name_is_safe(name) || strcmp(name, last) == 0 || is_unnamed(path, event))
        return TARN_OK;
    strcpy(last, name);
    return call->host->emit_changed(call, name);
}

int32_t file_volumes_watch_read(struct tarn_call *call, void *pool, void *opaque)
{
    alignas(struct inotify_event) char buffer[16384];
    const struct file_volumes *volumes = pool;
    struct watch *watch = opaque;
    char last[NAME_MAX + 1] = "";
    int32_t status = TARN_OK;
    ssize_t length = 0;

    while (status == TARN_OK && (length = read(watch->fd, buffer, sizeof(buffer))) > 0) {
        const char *at = buffer;

        while (status == TARN_OK && at < buffer + length) {
            const struct inotify_event *event = (const void *)at;

            status = tell(call, watch, volumes->path, event, last);
            at += sizeof(*event) + event->len;
        }
        if (status == TARN_OK)
            status = tarn_interrupted(call);
    }
    if (status == TARN_OK && length < 0 && errno != EAGAIN && errno != EINTR)
        status = tarn_fail(call, status_from_errno(errno), errno, "cannot watch %s", volumes->path);
    return status;
}
