/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The process of a worker: how it begins and how it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/context/context.h"
#include "core/isolate/isolate.h"
#include "core/isolate/worker.h"

/* Where it finds its control socket; see host/main.c. */
#define CONTROL_FD 3

/* --- starting --------------------------------------------------------------------------------- */

struct plumbing {
    int control[2]; /* ours, its */
    int words[2];
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void plumbing_clear(struct plumbing *plumbing)
{
    close_fd(&plumbing->control[0]);
    close_fd(&plumbing->control[1]);
    close_fd(&plumbing->words[0]);
    close_fd(&plumbing->words[1]);
}

/* A host that closed its standard descriptors would get these numbers, which the new process needs
 * for its own. */
static bool move_up(int *fd)
{
    int higher;

    if (*fd > CONTROL_FD)
        return true;
    higher = fcntl(*fd, F_DUPFD_CLOEXEC, CONTROL_FD + 1);
    close_fd(fd);
    *fd = higher;
    return higher >= 0;
}

/* What it writes when nobody listens is dropped: it does not wait for that. */
static bool lay(struct plumbing *plumbing)
{
    *plumbing = (struct plumbing){ { -1, -1 }, { -1, -1 } };
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, plumbing->control) == 0 &&
           pipe2(plumbing->words, O_CLOEXEC | O_NONBLOCK) == 0 && move_up(&plumbing->control[0]) &&
           move_up(&plumbing->control[1]) && move_up(&plumbing->words[0]) &&
           move_up(&plumbing->words[1]);
}

static bool is_of(const char *setting, const char *name, size_t length)
{
    return strncmp(setting, name, length) == 0 && setting[length] == '=';
}

/* The program's environment, with what the module's .conf says instead or besides; the array is the
 * caller's to free, the texts are others'. NULL without memory. */
static char **make_environment(const char *const *more)
{
    size_t count = 0;
    size_t used = 0;
    size_t i;
    size_t k;
    char **list;

    while (environ[count] != NULL)
        count++;
    for (k = 0; more[k] != NULL; k++)
        count++;
    list = calloc(count + 1, sizeof(*list));
    for (i = 0; list != NULL && environ[i] != NULL; i++) {
        for (k = 0; more[k] != NULL; k++)
            if (is_of(environ[i], more[k], strcspn(more[k], "=")))
                break;
        if (more[k] == NULL)
            list[used++] = environ[i];
    }
    for (k = 0; list != NULL && more[k] != NULL; k++)
        list[used++] = (char *)(uintptr_t)more[k];
    return list;
}

/* Nothing of the host goes along but these descriptors: no signal that it handles or blocks, no
 * terminal, no file that it forgot to close. */
static int run(pid_t *out, const struct plumbing *plumbing, char *const *arguments,
               char *const *environment)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t all, none;
    int error;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&how);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, plumbing->words[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, plumbing->words[1], STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&files, plumbing->control[1], CONTROL_FD);
    posix_spawn_file_actions_addclosefrom_np(&files, CONTROL_FD + 1);
    posix_spawnattr_setsigdefault(&how, &all);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                       POSIX_SPAWN_SETSID);
    error = posix_spawn(out, arguments[0], &files, &how, arguments, environment);
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

int32_t worker_spawn(struct worker *worker, const char *pool, struct tarn_call *call)
{
    char *arguments[] = { worker->isolate->program, worker->isolate->name,
                          (char *)(uintptr_t)pool, NULL };
    struct plumbing plumbing;
    char **environment = make_environment(worker->isolate->environment);
    int error = lay(&plumbing) ? 0 : errno;

    if (environment == NULL)
        error = ENOMEM;
    if (error == 0)
        error = run(&worker->pid, &plumbing, arguments, environment);
    free(environment);
    if (error != 0) {
        plumbing_clear(&plumbing);
        return tarn_fail(call, TARN_E_INTERNAL, error,
                         "cannot start %s, in which the module %s is to run", arguments[0],
                         worker->isolate->name);
    }
    worker->control_fd = plumbing.control[0];
    worker->words_fd = plumbing.words[0];
    plumbing.control[0] = plumbing.words[0] = -1;
    plumbing_clear(&plumbing);
    /* Ours alone from now on, and not waited for: the number cannot be another's yet. */
    worker->pid_fd = (int)syscall(SYS_pidfd_open, worker->pid, 0);
    if (worker->pid_fd >= 0)
        return TARN_OK;
    error = errno;
    kill(worker->pid, SIGKILL);
    waitpid(worker->pid, NULL, 0);
    worker->ended = true;
    return tarn_fail(call, TARN_E_INTERNAL, error, "cannot watch the process of the module %s",
                     worker->isolate->name);
}

int worker_pass(struct worker *worker, int socket, int cancel_fd)
{
    const int passed[2] = { socket, cancel_fd };
    _Alignas(struct cmsghdr) unsigned char room[CMSG_SPACE(sizeof(passed))] = { 0 };
    char any = 0; /* a descriptor does not travel alone */
    struct iovec part = { .iov_base = &any, .iov_len = 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room,
                              .msg_controllen = sizeof(room) };
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);

    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(passed));
    memcpy(CMSG_DATA(control), passed, sizeof(passed));
    return sendmsg(worker->control_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 ? 0 : -1;
}

/* --- what it writes --------------------------------------------------------------------------- */

static void log_lines(struct worker *worker, const char *text, size_t length)
{
    while (length > 0) {
        const char *newline = memchr(text, '\n', length);
        size_t line = newline != NULL ? (size_t)(newline - text) : length;

        if (line > 0)
            context_log(worker->isolate->context, TARN_LOG_INFO, "%s wrote: %.*s",
                        worker->isolate->name, (int)line, text);
        line += newline != NULL;
        text += line;
        length -= line;
    }
}

/* Printable, and the last of it. */
static void keep_words(struct last_words *words, const char *text, size_t length)
{
    size_t most = sizeof(words->text);
    size_t i;

    if (length > most) {
        text += length - most;
        length = most;
    }
    if (words->used + length > most) {
        size_t surplus = words->used + length - most;

        memmove(words->text, words->text + surplus, words->used - surplus);
        words->used -= surplus;
    }
    memcpy(words->text + words->used, text, length);
    words->used += length;
    for (i = words->used - length; i < words->used; i++)
        if (words->text[i] != '\n' && (words->text[i] < ' ' || words->text[i] == '\x7f'))
            words->text[i] = '?';
}

void worker_listen(struct worker *worker)
{
    char text[1024];
    ssize_t got;
    int rounds = 16; /* who writes without end is not listened to without end */

    pthread_mutex_lock(&worker->mutex);
    while (rounds-- > 0 && (got = read(worker->words_fd, text, sizeof(text))) > 0) {
        keep_words(&worker->words, text, (size_t)got);
        log_lines(worker, text, (size_t)got);
    }
    pthread_mutex_unlock(&worker->mutex);
}

const char *worker_last_line(const struct worker *worker, char *room, size_t size)
{
    const struct last_words *words = &worker->words;
    size_t end = words->used;
    size_t from;

    while (end > 0 && words->text[end - 1] == '\n')
        end--;
    from = end;
    while (from > 0 && words->text[from - 1] != '\n' && end - from + 1 < size)
        from--;
    memcpy(room, words->text + from, end - from);
    room[end - from] = '\0';
    return room;
}

/* --- its end ---------------------------------------------------------------------------------- */

void worker_kill(struct worker *worker)
{
    if (!worker->ended && worker->pid_fd >= 0)
        syscall(SYS_pidfd_send_signal, worker->pid_fd, SIGKILL, NULL, 0);
}

static void describe_end(const siginfo_t *info, char *how, size_t room)
{
    const char *name;

    if (info->si_code == CLD_EXITED) {
        snprintf(how, room, "it ended with status %d", info->si_status);
        return;
    }
    name = sigdescr_np(info->si_status);
    snprintf(how, room, "signal %d: %s", info->si_status, name != NULL ? name : "unknown");
}

bool worker_await(struct worker *worker, int milliseconds, char *how, size_t room)
{
    struct pollfd ended = { .fd = worker->pid_fd, .events = POLLIN };
    siginfo_t info;

    snprintf(how, room, "nobody knows how");
    if (worker->ended || worker->pid_fd < 0)
        return worker->ended;
    while (poll(&ended, 1, milliseconds) < 0 && errno == EINTR)
        ;
    if (!(ended.revents & POLLIN)) {
        snprintf(how, room, "it is still there and says nothing more");
        return false;
    }
    memset(&info, 0, sizeof(info));
    /* A host that waits for all its children took it away from us. */
    if (waitid(P_PIDFD, (id_t)worker->pid_fd, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0)
        describe_end(&info, how, room);
    worker->ended = true;
    return true;
}

/* --- names ------------------------------------------------------------------------------------ */

const char *frame_name(uint32_t op)
{
    static const char *const names[] = {
        [FRAME_IO_PREAD] = "reading a volume",
        [FRAME_IO_PWRITE] = "writing a volume",
        [FRAME_IO_FLUSH] = "flushing a volume",
        [FRAME_IO_SIZE] = "asking a volume's size",
        [FRAME_IO_TRUNCATE] = "changing a volume's size",
        [FRAME_IO_EXTENTS] = "mapping a volume",
        [FRAME_IO_ZERO] = "zeroing a volume",
        [FRAME_IO_DISCARD] = "discarding a volume's bytes",
        [FRAME_IO_ALLOCATE] = "reserving a volume's space",
        [FRAME_IO_IDENTITY] = "identifying a volume",
        [FRAME_IO_LOCK] = "locking a volume",
        [FRAME_IO_CLOSE] = "closing a volume",
        [FRAME_DESCRIBE] = "its description",
        [FRAME_LOAD] = "load",
        [FRAME_DEFINE] = "define",
        [FRAME_CLAIMS] = "claims",
        [FRAME_FIND_SOURCES] = "find_sources",
        [FRAME_OPEN] = "open",
        [FRAME_CLOSE] = "close",
        [FRAME_CHECK] = "check",
        [FRAME_BUILD] = "build",
        [FRAME_START] = "start",
        [FRAME_STOP] = "stop",
        [FRAME_REMOVE] = "remove",
        [FRAME_RECOVER] = "recover",
        [FRAME_CAPABILITIES] = "capabilities",
        [FRAME_INFO] = "info",
        [FRAME_REFRESH] = "refresh",
        [FRAME_LOOKUP] = "volume_lookup",
        [FRAME_WATCH_OPEN] = "watch_open",
        [FRAME_WATCH_READ] = "watch_read",
        [FRAME_WATCH_CLOSE] = "watch_close",
        [FRAME_NAME_CHECK] = "volume_name_check",
        [FRAME_ALLOCATE] = "volume_allocate",
        [FRAME_CLONE] = "volume_clone",
        [FRAME_PUBLISH] = "volume_publish",
        [FRAME_ABORT] = "volume_abort",
        [FRAME_VOLUME_OPEN] = "volume_open",
        [FRAME_DELETE] = "volume_delete",
        [FRAME_RESIZE] = "volume_resize",
        [FRAME_PROBE] = "probe",
        [FRAME_IMAGE_INFO] = "info",
        [FRAME_IMAGE_MEASURE] = "measure",
        [FRAME_IMAGE_CREATE] = "create",
        [FRAME_IMAGE_OPEN] = "open",
        [FRAME_IMAGE_CHECK] = "check",
    };

    return op < sizeof(names) / sizeof(names[0]) && names[op] != NULL ? names[op] : "a call";
}
