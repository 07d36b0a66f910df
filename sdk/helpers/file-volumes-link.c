/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file-volumes-link.c - symbolic links in a pool's directory: followed to what they lead to, but
 * never on the word of somebody who could not have opened that himself.
 *
 * Whoever may write to the directory may put a link to /etc/shadow there, and a host that runs as
 * root would hand it out as a volume. So a link that leads out of the directory is followed only if
 * none but root and the caller may make entries; one that stays inside is harmless.
 */
#include "helpers/file-volumes-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc 2.36 has no wrapper of its own. */
static int open_path(int directory, const char *name, uint64_t resolve)
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC,
                            .resolve = resolve | RESOLVE_NO_MAGICLINKS };

    return (int)syscall(SYS_openat2, directory, name, &how, sizeof(how));
}

static void proc_path(char out[32], int fd)
{
    snprintf(out, 32, "/proc/self/fd/%d", fd);
}

int path_fd_reopen(int path_fd, int flags)
{
    char proc[32];

    proc_path(proc, path_fd);
    return open(proc, flags);
}

/* Where the kernel says that a descriptor lies; "" if it does not say. */
static void path_of(int fd, char out[PATH_MAX])
{
    char proc[32];
    ssize_t length;

    proc_path(proc, fd);
    length = readlink(proc, out, PATH_MAX - 1);
    out[length > 0 ? length : 0] = '\0';
}

static bool lies_beneath(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    if (length == 1 && directory[0] == '/')
        return true;
    return length > 0 && strncmp(path, directory, length) == 0 && path[length] == '/';
}

/* An absolute link, even one back into the pool, is not "beneath" in openat2's sense: then the
 * kernel's own names of the two places decide. */
int link_resolve(int directory, const char *name, struct link_target *out)
{
    char root[PATH_MAX];

    out->outside = false;
    out->fd = open_path(directory, name, RESOLVE_BENEATH);
    if (out->fd < 0 && (errno == EXDEV || errno == ENOSYS)) {
        out->outside = true;
        out->fd = open_path(directory, name, 0);
    }
    /* Kernels before 5.6, and sandboxes. An O_PATH descriptor of something that lies outside does
     * no harm: it is opened only if link_outside_allowed. */
    if (out->fd < 0 && errno == ENOSYS)
        out->fd = openat(directory, name, O_PATH | O_CLOEXEC);
    if (out->fd < 0)
        return errno;
    path_of(out->fd, out->path);
    if (out->outside) {
        path_of(directory, root);
        out->outside = !lies_beneath(out->path, root);
    }
    return 0;
}

bool link_outside_allowed(int directory)
{
    struct stat st;

    return fstat(directory, &st) == 0 && (st.st_uid == 0 || st.st_uid == geteuid()) &&
           (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}
