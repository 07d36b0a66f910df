/* SPDX-License-Identifier: BSD-2-Clause
 *
 * image-lock.c - see image-lock.h. QEMU (since 2.10) tells what it does with an image by read locks
 * on single bytes, with open file description locks: on byte 100 + N that it does N itself, on byte
 * 200 + N that nobody else may do N. Read locks never exclude each other: after taking its own, who
 * opens an image asks (F_OFD_GETLK, for a write lock that it does not take) whether anybody holds
 * one that is against it. The bytes need not exist.
 */
#include "helpers/image-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "helpers/errno-status.h"
#include "helpers/lock-holder.h"

#define DONE_BASE   100
#define DENIED_BASE 200

/* What is done with an image: N. */
enum use {
    READ_CONSISTENT, /* what a guest would see, at one moment */
    WRITE,
    WRITE_UNCHANGED, /* the same bytes that it reads: copying up from a backing store */
    RESIZE,
    USES,
};

#define BIT(use) (1u << (use))

static const unsigned reader_does = BIT(READ_CONSISTENT);
static const unsigned writer_does = BIT(READ_CONSISTENT) | BIT(WRITE) | BIT(RESIZE);
static const unsigned denied = BIT(WRITE) | BIT(RESIZE); /* to others, by readers and writers */

static const char *const does[USES] = {
    [READ_CONSISTENT] = "reads it",
    [WRITE] = "writes to it",
    [WRITE_UNCHANGED] = "writes to it",
    [RESIZE] = "may change its size",
};

static const char *const denies[USES] = {
    [READ_CONSISTENT] = "lets nobody else read it",
    [WRITE] = "lets nobody else write to it",
    [WRITE_UNCHANGED] = "lets nobody else write to it",
    [RESIZE] = "lets nobody else change its size",
};

static struct flock lock_on(short type, off_t byte)
{
    return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
}

/* What kernels and filesystems say that have no such locks; NFS without its lock manager, too. */
static bool lacks_locks(int error)
{
    return error == EINVAL || error == ENOLCK || error == ENOSYS || error == EOPNOTSUPP;
}

static int32_t fail_lock(struct tarn_call *call, int error)
{
    return tarn_fail(call, status_from_errno(error), error,
                     "cannot find out whether the image is in use elsewhere");
}

static void unmark(int fd)
{
    struct flock lock = lock_on(F_UNLCK, DONE_BASE);

    lock.l_len = DENIED_BASE + USES - DONE_BASE;
    fcntl(fd, F_OFD_SETLK, &lock);
}

/* Gives up the own marks first, or the search for the holder would find them. */
static int32_t fail_busy(struct tarn_call *call, int fd, off_t byte)
{
    const char *what = byte >= DENIED_BASE ? denies[byte - DENIED_BASE] : does[byte - DONE_BASE];
    char self[64], path[512], holder[128];
    ssize_t length;

    unmark(fd);
    lock_holder_name(holder, sizeof(holder), fd, (uint64_t)byte);
    snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
    length = readlink(self, path, sizeof(path) - 1);
    path[length > 0 ? length : 0] = '\0';
    return tarn_fail(call, TARN_E_BUSY, 0, "%s is in use by %s, which %s: stop that program first",
                     length > 0 ? path : "the image", holder, what);
}

/* A write lock there (nobody of those who know the rules takes one) excludes the mark itself. */
static int32_t mark(struct tarn_call *call, int fd, off_t base, unsigned uses)
{
    unsigned use;

    for (use = 0; use < USES; use++) {
        struct flock lock = lock_on(F_RDLCK, base + use);

        if (!(uses & BIT(use)) || fcntl(fd, F_OFD_SETLK, &lock) == 0)
            continue;
        if (lacks_locks(errno))
            return TARN_E_UNSUPPORTED;
        return errno == EAGAIN || errno == EACCES ? fail_busy(call, fd, base + use)
                                                  : fail_lock(call, errno);
    }
    return TARN_OK;
}

static int32_t look_for_mark(struct tarn_call *call, int fd, off_t base, unsigned uses)
{
    unsigned use;

    for (use = 0; use < USES; use++) {
        struct flock lock = lock_on(F_WRLCK, base + use);

        if (!(uses & BIT(use)))
            continue;
        if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
            return fail_lock(call, errno);
        if (lock.l_type != F_UNLCK)
            return fail_busy(call, fd, base + use);
    }
    return TARN_OK;
}

int32_t image_lock(struct tarn_call *call, int fd, bool write)
{
    unsigned done = write ? writer_does : reader_does;
    int32_t status = mark(call, fd, DONE_BASE, done);

    if (status == TARN_OK)
        status = mark(call, fd, DENIED_BASE, denied);
    if (status == TARN_OK)
        status = look_for_mark(call, fd, DENIED_BASE, done);
    if (status == TARN_OK)
        status = look_for_mark(call, fd, DONE_BASE, denied);
    if (status == TARN_OK)
        return TARN_OK;
    unmark(fd);
    return status == TARN_E_UNSUPPORTED ? TARN_OK : status;
}
