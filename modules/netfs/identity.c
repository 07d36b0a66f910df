/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * identity.c - being somebody else towards a server that takes root for nobody (root_squash).
 *
 * setfsuid(2) and setfsgid(2) are of the calling thread alone, and other threads of the process
 * stay what they are; with them go the capabilities that override permissions, and come back. An
 * open file keeps for its reads, writes and truncations the identity that it was opened with: the
 * byte stores that leave here need nothing of this.
 */
#include "netfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

struct netfs_identity netfs_identity_of(uint32_t owner, uint32_t group)
{
    const struct netfs_identity none = { .other = false };
    const struct netfs_identity other = { .other = true, .owner = owner, .group = group };

    return geteuid() == 0 && owner != 0 && owner != TARN_OWNER_UNSET ? other : none;
}

/* Asks the server (NFS ACCESS), which knows best whom it squashes. */
struct netfs_identity netfs_identity_for(const char *directory, int needed)
{
    const struct netfs_identity none = { .other = false };
    struct stat st;

    if (geteuid() != 0 || faccessat(AT_FDCWD, directory, needed, AT_EACCESS) == 0 ||
        errno != EACCES || stat(directory, &st) < 0)
        return none;
    return netfs_identity_of(st.st_uid, st.st_gid);
}

/* Both calls tell what was before, and say nothing when they fail: then the server says no. */
struct netfs_identity netfs_identity_assume(const struct netfs_identity *identity)
{
    struct netfs_identity before = { .other = true };

    before.group = (uint32_t)setfsgid(identity->other ? identity->group : getegid());
    before.owner = (uint32_t)setfsuid(identity->other ? identity->owner : geteuid());
    return before;
}

uint64_t netfs_step_out(void)
{
    const struct netfs_identity none = { .other = false };
    struct netfs_identity before = netfs_identity_assume(&none);

    return (uint64_t)before.owner << 32 | before.group;
}

void netfs_step_in(uint64_t who)
{
    const struct netfs_identity identity = { .other = true, .owner = (uint32_t)(who >> 32),
                                             .group = (uint32_t)who };

    netfs_identity_assume(&identity);
}

/* Through /proc, since the owner of a file need not be able to reach it through the directory. */
static int reopen_as(const struct netfs_identity *identity, int path_fd, int flags)
{
    struct netfs_identity before;
    char proc[32];
    int fd, error;

    snprintf(proc, sizeof(proc), "/proc/self/fd/%d", path_fd);
    before = netfs_identity_assume(identity);
    fd = open(proc, flags & ~O_NOFOLLOW);
    error = errno;
    netfs_identity_assume(&before);
    errno = error;
    return fd;
}

int netfs_open_as_owner(const struct file_volumes *volumes, int directory, const char *name,
                        int flags)
{
    struct netfs_identity owner = { .other = false };
    struct stat st;
    int path_fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int fd = -1, error = EACCES;

    (void)volumes;
    if (path_fd >= 0 && fstat(path_fd, &st) == 0 && !S_ISLNK(st.st_mode))
        owner = netfs_identity_of(st.st_uid, st.st_gid);
    if (owner.other) {
        fd = reopen_as(&owner, path_fd, flags);
        error = errno;
    }
    if (path_fd >= 0)
        close(path_fd);
    errno = error;
    return fd;
}
