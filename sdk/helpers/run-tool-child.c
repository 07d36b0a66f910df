/* SPDX-License-Identifier: BSD-2-Clause
 *
 * run-tool-child.c - starting a program from a host with threads, and getting rid of it.
 *
 * posix_spawn(3), because after fork(2) in such a host hardly anything is allowed, and because it
 * copies no page tables. The child has a process group of its own, so that a signal reaches what it
 * has started as well.
 */
#include "helpers/run-tool-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helpers/quiet-thread.h"

#define PATIENCE_TERM 1000 /* milliseconds, from SIGTERM to SIGKILL */
#define PATIENCE_KILL 1000 /* after SIGKILL a process ends at once, or waits for a device */

bool tool_locate(const char *program, char out[PATH_MAX])
{
    static const char *const folders[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
    struct stat st;
    size_t i;

    for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        int length = snprintf(out, PATH_MAX, "%s/%s", folders[i], program);

        if (length > 0 && length < PATH_MAX && stat(out, &st) == 0 && S_ISREG(st.st_mode) &&
            access(out, X_OK) == 0)
            return true;
    }
    return false;
}

bool tool_exists(const char *program)
{
    char path[PATH_MAX];

    return tool_locate(program, path);
}

/* --- descriptors ------------------------------------------------------------------------------ */

/* What the child gets, moved beyond 2: a host that has closed its stdout gets low ones, which would
 * be overwritten while they are put in their places. */
static int move_up(int fd)
{
    int moved;

    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return moved;
}

/* Not a pipe: nobody has to feed it, and there is no SIGPIPE for the host. It never reaches a
 * disk. */
static int make_input(const struct tool_run *run)
{
    size_t done = 0;
    int fd;

    if (run->input == NULL)
        return move_up(open("/dev/null", O_RDONLY | O_CLOEXEC));
    fd = move_up(memfd_create("input", MFD_CLOEXEC));
    while (fd >= 0 && done < run->input_length) {
        ssize_t written = pwrite(fd, run->input + done, run->input_length - done, (off_t)done);

        if (written > 0) {
            done += (size_t)written;
        } else if (errno != EINTR) {
            close(fd);
            return -1;
        }
    }
    return fd;
}

/* *out_ours does not block, the child's end does. */
static bool make_pipe(int *out_ours, int *out_child)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    *out_ours = ends[0];
    *out_child = move_up(ends[1]);
    return *out_child >= 0 && fcntl(*out_ours, F_SETFL, O_NONBLOCK) == 0;
}

/* --- start ------------------------------------------------------------------------------------ */

static int prepare_files(posix_spawn_file_actions_t *files, const int fds[3])
{
    int i, error = 0;

    for (i = 0; error == 0 && i < 3; i++)
        error = posix_spawn_file_actions_adddup2(files, fds[i], i);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
    /* It keeps no mount of the host's working folder busy. */
    if (error == 0)
        error = posix_spawn_file_actions_addchdir_np(files, "/");
    return error;
}

/* Whatever the host ignores or blocks, the child does not. */
static int prepare_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int error;

    sigemptyset(&none);
    sigfillset(&all);
    error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
                                                     POSIX_SPAWN_SETSIGDEF |
                                                     POSIX_SPAWN_SETPGROUP);
    return error;
}

static int spawn(pid_t *out_pid, const char *path, const char *const *argv, const int fds[3])
{
    static const char *const environment[] = { "LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                               NULL };
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&files);

    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = prepare_files(&files, fds);
        if (error == 0)
            error = prepare_signals(&attributes);
        /* posix_spawn leaves the strings alone: the type is older than const. */
        if (error == 0)
            error = posix_spawn(out_pid, path, &files, &attributes,
                                (char *const *)(uintptr_t)argv,
                                (char *const *)(uintptr_t)environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return error;
}

static void close_all(const int *fds, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

int tool_child_start(struct tool_child *child, const char *path, const struct tool_run *run)
{
    int fds[3] = { -1, -1, -1 };
    int error;

    *child = (struct tool_child){ .pid = -1, .pidfd = -1, .output = -1, .errors = -1 };
    fds[0] = make_input(run);
    if (fds[0] < 0 || !make_pipe(&child->output, &fds[1]) || !make_pipe(&child->errors, &fds[2]))
        error = errno;
    else
        error = spawn(&child->pid, path, run->argv, fds);
    close_all(fds, 3);
    if (error == 0) {
        /* The number is the child's until its status is taken, which only we do. */
        child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
        error = child->pidfd >= 0 ? 0 : errno;
        if (error != 0) {
            kill(-child->pid, SIGKILL);
            tool_child_abandon(child);
        }
    }
    if (error != 0)
        tool_child_close(child);
    return error;
}

/* --- end -------------------------------------------------------------------------------------- */

static bool ends_within(const struct tool_child *child, int milliseconds)
{
    struct pollfd poll_for = { .fd = child->pidfd, .events = POLLIN };
    int ready;

    do
        ready = poll(&poll_for, 1, milliseconds);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

bool tool_child_stop(const struct tool_child *child)
{
    kill(-child->pid, SIGTERM);
    kill(-child->pid, SIGCONT);
    if (ends_within(child, PATIENCE_TERM))
        return true;
    kill(-child->pid, SIGKILL);
    return ends_within(child, PATIENCE_KILL);
}

/* As long as the status is not taken the number of the group is not given to anybody else. */
int tool_child_collect(const struct tool_child *child, int *out_wait_status)
{
    pid_t got;

    kill(-child->pid, SIGKILL);
    do
        got = waitpid(child->pid, out_wait_status, 0);
    while (got < 0 && errno == EINTR);
    return got == child->pid ? 0 : errno;
}

static void *await(void *arg)
{
    while (waitpid((pid_t)(intptr_t)arg, NULL, 0) < 0 && errno == EINTR)
        ;
    return NULL;
}

/* A thread that does nothing but wait costs some pages; a zombie would stay as long as the host. */
void tool_child_abandon(const struct tool_child *child)
{
    pthread_t thread;

    quiet_thread_start(&thread, true, await, (void *)(intptr_t)child->pid);
}

void tool_child_close(struct tool_child *child)
{
    const int fds[] = { child->pidfd, child->output, child->errors };

    close_all(fds, sizeof(fds) / sizeof(fds[0]));
    child->pidfd = child->output = child->errors = -1;
}
