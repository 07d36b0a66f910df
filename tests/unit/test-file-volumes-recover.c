/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of file-volumes-recover.c, and of the promise behind it: a process that is killed at any
 * step of making a volume leaves a whole volume or none, and nothing that recovery does not clear.
 *
 * This program's own openat, linkat, … stand before the C library's: they count, and at the step
 * that is asked for they kill the process instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test-file-volumes-fixture.h"
#include "tests/unit/unit.h"

static unsigned steps, kill_at; /* kill_at 0 = never */
static bool no_tmpfile, no_renameat2;

static void step(void)
{
    if (kill_at != 0 && ++steps == kill_at)
        kill(getpid(), SIGKILL);
}

int openat(int directory, const char *path, int flags, ...)
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    step();
    if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_openat, directory, path, flags, mode);
}

int mkdirat(int directory, const char *path, mode_t mode)
{
    step();
    return (int)syscall(SYS_mkdirat, directory, path, mode);
}

int flock(int fd, int operation)
{
    step();
    return (int)syscall(SYS_flock, fd, operation);
}

int fchmod(int fd, mode_t mode)
{
    step();
    return (int)syscall(SYS_fchmod, fd, mode);
}

int fdatasync(int fd)
{
    step();
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    step();
    return (int)syscall(SYS_fsync, fd);
}

int renameat2(int from_directory, const char *from, int to_directory, const char *to,
              unsigned flags)
{
    step();
    if (no_renameat2) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
    step();
    return (int)syscall(SYS_linkat, from_directory, from, to_directory, to, flags);
}

int unlinkat(int directory, const char *path, int flags)
{
    step();
    return (int)syscall(SYS_unlinkat, directory, path, flags);
}

static int32_t make_volume(struct fixture *f, const char *format)
{
    struct tarn_permissions permissions = { sizeof(permissions), 0640, TARN_OWNER_UNSET,
                                            TARN_OWNER_UNSET, NULL };
    struct tarn_container_spec spec = { .struct_size = sizeof(spec), .name = "new",
                                        .format = format, .permissions = &permissions };
    struct tarn_call *call = &f->host.call;
    struct tarn_io *io;
    void *container;
    int32_t status = file_volumes_volume_allocate(call, f->pool, &spec, &container, &io);

    if (status != TARN_OK)
        return status;
    if (io != NULL) {
        status = tarn_io_pwrite(call, io, "bytes", 5, 0);
        if (status == TARN_OK)
            status = tarn_io_flush(call, io);
        tarn_io_close(call, io);
    }
    if (status == TARN_OK)
        return file_volumes_volume_publish(call, f->pool, container);
    file_volumes_volume_abort(call, f->pool, container);
    return status;
}

/* Makes it in another process, which is killed at that step. True if it came to its end. */
static bool make_volume_killed(struct fixture *f, const char *format, unsigned at)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        kill_at = at;
        _exit(make_volume(f, format));
    }
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        CU_ASSERT_EQUAL(WEXITSTATUS(status), TARN_OK);
    return WIFEXITED(status);
}

/* After the recovery there is "old", and "new" whole or not at all. */
static void check_recovered(struct fixture *f, const char *format)
{
    struct stat st;
    bool made = lstat(fixture_path(f, "pool/new"), &st) == 0;

    CU_ASSERT_EQUAL(file_volumes_recover(&f->host.call, f->pool), TARN_OK);
    CU_ASSERT_EQUAL(f->host.warnings, 0);
    CU_ASSERT_EQUAL(fixture_entries(f), made ? 2 : 1);
    CU_ASSERT_EQUAL(access(fixture_path(f, "pool/old"), F_OK), 0);
    if (made) {
        CU_ASSERT_EQUAL(lstat(fixture_path(f, "pool/new"), &st), 0);
        CU_ASSERT_EQUAL(st.st_mode & 07777, 0640);
        CU_ASSERT_TRUE(format != NULL || (st.st_size == 5 && st.st_nlink == 1));
        CU_ASSERT_EQUAL(remove(f->path), 0);
    }
}

static void kill_at_every_step(const char *format)
{
    struct fixture f;
    unsigned at = 0;

    fixture_begin(&f);
    fixture_put(&f, "pool/old", "x");
    while (!make_volume_killed(&f, format, ++at) && at < 100)
        check_recovered(&f, format);
    CU_ASSERT_TRUE(at > 4 && at < 100);
    fixture_end(&f);
}

static void killed_with_tmpfile(void)
{
    kill_at_every_step(NULL);
}

static void killed_with_temporary_name(void)
{
    no_tmpfile = true;
    kill_at_every_step(NULL);
    no_tmpfile = false;
}

static void killed_with_links(void)
{
    no_tmpfile = no_renameat2 = true;
    kill_at_every_step(NULL);
    no_tmpfile = no_renameat2 = false;
}

static void killed_with_directory(void)
{
    kill_at_every_step("dir");
}

/* A container in this process is alive: recovery, which opens the file anew, leaves it. */
static void living_container_stays(void)
{
    struct tarn_permissions permissions = { sizeof(permissions), TARN_MODE_UNSET, TARN_OWNER_UNSET,
                                            TARN_OWNER_UNSET, NULL };
    struct tarn_container_spec spec = { .struct_size = sizeof(spec), .name = "new",
                                        .permissions = &permissions };
    struct fixture f;
    struct tarn_io *io;
    void *file, *directory;

    fixture_begin(&f);
    no_tmpfile = true;
    CU_ASSERT_EQUAL_FATAL(file_volumes_volume_allocate(&f.host.call, f.pool, &spec, &file, &io),
                          TARN_OK);
    tarn_io_close(&f.host.call, io);
    spec.name = "new-directory";
    spec.format = "dir";
    CU_ASSERT_EQUAL_FATAL(file_volumes_volume_allocate(&f.host.call, f.pool, &spec, &directory,
                                                       &io), TARN_OK);
    no_tmpfile = false;
    CU_ASSERT_EQUAL(file_volumes_recover(&f.host.call, f.pool), TARN_OK);
    CU_ASSERT_EQUAL(fixture_entries(&f), 2);
    CU_ASSERT_EQUAL(file_volumes_volume_publish(&f.host.call, f.pool, file), TARN_OK);
    CU_ASSERT_EQUAL(file_volumes_volume_publish(&f.host.call, f.pool, directory), TARN_OK);
    CU_ASSERT_EQUAL(access(fixture_path(&f, "pool/new"), F_OK), 0);
    CU_ASSERT_EQUAL(access(fixture_path(&f, "pool/new-directory"), F_OK), 0);
    fixture_end(&f);
}

static void only_our_own_names(void)
{
    static const char *const others[] = {
        "pool/.tarn-x.part", "pool/.tarn-0123456789abcdeF.part", "pool/x.part",
        "pool/.tarn-0123456789abcdef.part~", "pool/.tarn-0123456789abcdef",
    };
    struct fixture f;
    size_t i;

    fixture_begin(&f);
    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        fixture_put(&f, others[i], "x");
    fixture_put(&f, "target", "x");
    fixture_put(&f, "pool/.tarn-0000000000000001.part", "x");
    mkdir(fixture_path(&f, "pool/.tarn-0000000000000002.part"), 0700);
    CU_ASSERT_EQUAL(symlink("../target", fixture_path(&f, "pool/.tarn-0000000000000003.part")), 0);
    mkfifo(fixture_path(&f, "pool/.tarn-0000000000000004.part"), 0600);
    mkdir(fixture_path(&f, "pool/.tarn-0000000000000005.part"), 0700);
    fixture_put(&f, "pool/.tarn-0000000000000005.part/inner", "x");
    CU_ASSERT_EQUAL(file_volumes_recover(&f.host.call, f.pool), TARN_OK);
    CU_ASSERT_EQUAL(fixture_entries(&f), i + 3); /* link, FIFO and the full directory stay */
    CU_ASSERT_EQUAL(access(fixture_path(&f, "target"), F_OK), 0);
    CU_ASSERT_EQUAL(access(fixture_path(&f, "pool/.tarn-0000000000000005.part/inner"), F_OK), 0);
    CU_ASSERT_EQUAL(f.host.warnings, 1);
    fixture_end(&f);
}

static const struct unit_test tests[] = {
    { "killed at any step, made without a name", killed_with_tmpfile },
    { "killed at any step, made under a temporary name", killed_with_temporary_name },
    { "killed at any step, published by a link", killed_with_links },
    { "killed at any step, a directory", killed_with_directory },
    { "what a living process is making stays", living_container_stays },
    { "nothing is removed but what we could have made", only_our_own_names },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("file-volumes-recover", tests);
}
