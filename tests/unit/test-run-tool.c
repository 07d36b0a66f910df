/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests of helpers/run-tool.h: what a program gets, and what becomes of it, with the programs that
 * every system has.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helpers/run-tool.h"
#include "tests/unit/fake-pool-host.h"
#include "tests/unit/unit.h"

static struct fake_pool_host host;

/* --- a host with a deadline and a way to cancel ----------------------------------------------- */

static int cancel_event = -1;
static int64_t deadline; /* 0 = none */

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int32_t answer_cancel_fd(struct tarn_call *call)
{
    (void)call;
    return cancel_event;
}

static int64_t answer_time_left(struct tarn_call *call)
{
    (void)call;
    return deadline == 0 ? -1 : deadline > now() ? deadline - now() : 0;
}

static int32_t answer_interrupted(struct tarn_call *call)
{
    struct pollfd event = { .fd = cancel_event, .events = POLLIN };

    if (deadline != 0 && deadline <= now())
        return tarn_fail(call, TARN_E_TIMEOUT, 0, "the deadline has passed");
    if (cancel_event >= 0 && poll(&event, 1, 0) > 0)
        return tarn_fail(call, TARN_E_CANCELLED, 0, "cancelled");
    return TARN_OK;
}

static void begin(void)
{
    fake_pool_host_init(&host, "/nowhere");
    host.host.cancel_fd = answer_cancel_fd;
    host.host.time_left = answer_time_left;
    host.host.interrupted = answer_interrupted;
    cancel_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    deadline = 0;
}

static void end(void)
{
    close(cancel_event);
    cancel_event = -1;
    fake_pool_host_fini(&host);
}

/* --- running ---------------------------------------------------------------------------------- */

/* A line of shell. Its stdout without the last line break, until the next call. */
static const char *shell_with(struct tool_run *run, const char *line, int32_t *out_status)
{
    const char *argv[] = { "sh", "-c", line, NULL };
    struct tool_output output = { .text = NULL };
    static char text[4096];

    fake_pool_host_forget(&host);
    run->argv = argv;
    *out_status = tool_run(&host.call, run, &output, NULL);
    snprintf(text, sizeof(text), "%s", output.text != NULL ? output.text : "(none)");
    if (text[0] != '\0' && text[strlen(text) - 1] == '\n')
        text[strlen(text) - 1] = '\0';
    free(output.text);
    return text;
}

static const char *shell(const char *line)
{
    struct tool_run run = { .argv = NULL };
    int32_t status;
    const char *text = shell_with(&run, line, &status);

    CU_ASSERT_EQUAL(status, TARN_OK);
    return text;
}

static int32_t shell_status(struct tool_run *run, const char *line)
{
    int32_t status;

    shell_with(run, line, &status);
    return status;
}

/* A killed process may stay for its new parent to notice. */
static int is_gone(pid_t pid)
{
    char path[64], line[512] = "";
    FILE *stream;
    char *state;

    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    stream = fopen(path, "r");
    if (stream == NULL)
        return 1;
    state = fgets(line, sizeof(line), stream) != NULL ? strrchr(line, ')') : NULL;
    fclose(stream);
    return state == NULL || state[2] == 'Z' || state[2] == 'X';
}

static int is_gone_soon(pid_t pid)
{
    int i;

    for (i = 0; i < 200 && !is_gone(pid); i++)
        poll(NULL, 0, 10);
    return is_gone(pid);
}

static void no_child_is_left(void)
{
    CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1);
    CU_ASSERT_EQUAL(errno, ECHILD);
}

/* --- what it gets ----------------------------------------------------------------------------- */

static void output_is_kept(void)
{
    const char *argv[] = { "printf", "a\\0b", NULL };
    struct tool_run run = { .argv = argv };
    struct tool_output output;
    int status = 7;

    CU_ASSERT_EQUAL_FATAL(tool_run(&host.call, &run, &output, &status), TARN_OK);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(output.length, 3);
    CU_ASSERT_EQUAL(memcmp(output.text, "a\0b", 4), 0);
    free(output.text);
    CU_ASSERT_STRING_EQUAL(shell("true"), "");
    CU_ASSERT_STRING_EQUAL(shell("echo '*' \"$(echo x)\""), "* x");
}

static void environment(void)
{
    setenv("TARN_TEST_WORD", "secret", 1);
    CU_ASSERT_STRING_EQUAL(shell("env -u PWD -u SHLVL -u _ | sort"),
                           "LC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin:/bin");
    unsetenv("TARN_TEST_WORD");
    CU_ASSERT_STRING_EQUAL(shell("pwd"), "/");
}

/* One that its maker forgot to close on exec. */
static void descriptors(void)
{
    int fd = dup2(STDOUT_FILENO, 77);

    CU_ASSERT_EQUAL(fd, 77);
    CU_ASSERT_STRING_EQUAL(shell("cd /proc/$$/fd; for fd in 0 1 2 3 4 5 6 7 8 9 77; do"
                                 " [ ! -e $fd ] || echo $fd; done; :"), "0\n1\n2");
    close(fd);
}

static void input(void)
{
    static char large[1 << 20];
    struct tool_run run = { .input = large, .input_length = sizeof(large) };
    int32_t status;

    memset(large, 'x', sizeof(large));
    CU_ASSERT_STRING_EQUAL(shell("wc -c"), "0");
    CU_ASSERT_STRING_EQUAL(shell_with(&run, "wc -c", &status), "1048576");
    CU_ASSERT_STRING_EQUAL(shell_with(&run, "true", &status), "");
    CU_ASSERT_EQUAL(status, TARN_OK);
}

static void group_of_its_own(void)
{
    CU_ASSERT_STRING_EQUAL(shell("awk '{ print $1 == $5 }' /proc/$$/stat"), "1");
}

/* Both would end it, if it were not for the host. */
static void signals_are_as_at_birth(void)
{
    struct tool_run run = { .argv = NULL };
    sigset_t blocked, before;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    signal(SIGUSR1, SIG_IGN);
    CU_ASSERT_EQUAL(shell_status(&run, "kill -USR1 $$"), TARN_E_IO);
    CU_ASSERT_EQUAL(shell_status(&run, "kill -TERM $$"), TARN_E_IO);
    signal(SIGUSR1, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* The pipes get the low numbers then. */
static void host_without_descriptors(void)
{
    int saved[3], i;

    for (i = 0; i < 3; i++) {
        saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 100);
        close(i);
    }
    const char *text = shell("cat; echo out; echo err >&2");
    for (i = 0; i < 3; i++) {
        dup2(saved[i], i);
        close(saved[i]);
    }
    CU_ASSERT_STRING_EQUAL(text, "out");
}

/* --- how it ends ------------------------------------------------------------------------------ */

static void failure_says_why(void)
{
    struct tool_run run = { .argv = NULL };

    CU_ASSERT_EQUAL(shell_status(&run, "echo first >&2; echo 'the last word.' >&2; exit 3"),
                    TARN_E_IO);
    CU_ASSERT_STRING_EQUAL(host.text, "sh failed with exit status 3: first; the last word");
    CU_ASSERT_EQUAL(shell_status(&run, "seq 100000 >&2; printf 'a\\tb\\033c' >&2; exit 1"),
                    TARN_E_IO);
    CU_ASSERT(strlen(host.text) < 1000);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "; 100000; a b c"));
    CU_ASSERT_EQUAL(shell_status(&run, "exit 1"), TARN_E_IO);
    CU_ASSERT_STRING_EQUAL(host.text, "sh failed with exit status 1 and said nothing");
    CU_ASSERT_EQUAL(shell_status(&run, "kill -SEGV $$"), TARN_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "ended by signal 11"));
    no_child_is_left();
}

static void accepted_statuses(void)
{
    const char *argv[] = { "sh", "-c", "exit 5", NULL };
    struct tool_run run = { .argv = argv, .accepted = UINT64_C(1) << 5 };
    int status = 0;

    CU_ASSERT_EQUAL(tool_run(&host.call, &run, NULL, &status), TARN_OK);
    CU_ASSERT_EQUAL(status, 5);
    CU_ASSERT_EQUAL(shell_status(&run, "exit 4"), TARN_E_IO);
    CU_ASSERT_EQUAL(shell_status(&run, "exit 69"), TARN_E_IO); /* no bit of that is 5 */
}

/* What is missing has a name, a package if it is known, and is not looked for in $PATH. */
static void missing(void)
{
    const char *argv[] = { "tarn-test-none", NULL };
    struct tool_run run = { .argv = argv };
    char folder[] = "/tmp/tarn-test-XXXXXX", path[64];
    char *before = strdup(getenv("PATH"));
    int fd;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/tarn-test-none", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    CU_ASSERT(fd >= 0 && write(fd, "#!/bin/sh\n", 10) == 10);
    close(fd);
    setenv("PATH", folder, 1);
    CU_ASSERT_FALSE(tool_exists("tarn-test-none"));
    fake_pool_host_forget(&host);
    CU_ASSERT_EQUAL(tool_run(&host.call, &run, NULL, NULL), TARN_E_UNSUPPORTED);
    CU_ASSERT_STRING_EQUAL(host.text, "the program tarn-test-none is not installed");
    setenv("PATH", before, 1);
    free(before);
    unlink(path);
    rmdir(folder);
    CU_ASSERT_TRUE(tool_exists("sh"));
    CU_ASSERT_EQUAL(tool_need(&host.call, "sh"), TARN_OK);
    if (!tool_exists("mkfs.hfsplus")) {
        fake_pool_host_forget(&host);
        CU_ASSERT_EQUAL(tool_need(&host.call, "mkfs.hfsplus"), TARN_E_UNSUPPORTED);
        CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "the package hfsprogs"));
    }
}

static void output_has_a_limit(void)
{
    struct tool_run run = { .output_limit = 1000 };

    CU_ASSERT_EQUAL(shell_status(&run, "seq 150"), TARN_OK);
    CU_ASSERT_EQUAL(shell_status(&run, "yes"), TARN_E_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "sh wrote more than was to be expected"));
    no_child_is_left();
}

/* --- what ends it ----------------------------------------------------------------------------- */

/* A program with a child of its own, whose number it leaves in the file. */
#define WITH_CHILD "sleep 1000 & echo $! >"

static pid_t number_in(const char *path)
{
    FILE *stream = fopen(path, "r");
    long number = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    CU_ASSERT_EQUAL(fscanf(stream, "%ld", &number), 1);
    fclose(stream);
    unlink(path);
    return (pid_t)number;
}

static void ended_with_children(struct tool_run *run, int32_t expected, const char *before)
{
    char path[] = "/tmp/tarn-test-XXXXXX", line[256];
    int64_t began = now();

    CU_ASSERT_EQUAL(close(mkstemp(path)), 0);
    snprintf(line, sizeof(line), "%s" WITH_CHILD "%s; wait; wait", before, path);
    CU_ASSERT_EQUAL(shell_status(run, line), expected);
    CU_ASSERT(now() - began < 8000);
    CU_ASSERT_TRUE(is_gone_soon(number_in(path)));
    no_child_is_left();
}

static void timeout_of_its_own(void)
{
    struct tool_run run = { .timeout = 300 };

    ended_with_children(&run, TARN_E_TIMEOUT, "");
    CU_ASSERT_STRING_EQUAL(host.text, "sh did not end within 0.3 seconds");
}

/* Neither it nor its child listens when it is asked. */
static void deaf_to_the_first_signal(void)
{
    struct tool_run run = { .timeout = 300 };

    ended_with_children(&run, TARN_E_TIMEOUT, "trap '' TERM; ");
}

static void stopped_program_is_ended(void)
{
    struct tool_run run = { .timeout = 300 };

    CU_ASSERT_EQUAL(shell_status(&run, "kill -STOP $$"), TARN_E_TIMEOUT);
    no_child_is_left();
}

static void deadline_of_the_call(void)
{
    struct tool_run run = { .timeout = 60000 };

    deadline = now() + 300;
    ended_with_children(&run, TARN_E_TIMEOUT, "");
    CU_ASSERT_STRING_EQUAL(host.text, "the deadline has passed");
    /* With none left nothing is begun. */
    CU_ASSERT_EQUAL(shell_status(&run, "kill -STOP $PPID"), TARN_E_TIMEOUT);
    deadline = 0;
}

static void *cancel_soon(void *arg)
{
    const uint64_t one = 1;

    (void)arg;
    poll(NULL, 0, 300);
    CU_ASSERT_EQUAL(write(cancel_event, &one, sizeof(one)), sizeof(one));
    return NULL;
}

static void cancelled(void)
{
    struct tool_run run = { .timeout = 60000 };
    pthread_t thread;

    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
    ended_with_children(&run, TARN_E_CANCELLED, "");
    pthread_join(thread, NULL);
    end();
    begin();
}

/* A host that can only be asked. */
static void cancelled_by_question(void)
{
    struct fake_pool_host plain;

    fake_pool_host_init(&plain, "/nowhere");
    host.host.cancel_fd = NULL;
    host.host.time_left = NULL;
    host.host.interrupted = plain.host.interrupted;
    host.interrupt_after = 4;
    ended_with_children(&(struct tool_run){ .timeout = 60000 }, TARN_E_CANCELLED, "");
    fake_pool_host_fini(&plain);
    end();
    begin();
}

/* It has ended well, but what it left behind would hold the pipe open. */
static void left_behind(void)
{
    int64_t began = now();
    pid_t pid = (pid_t)atol(shell("sleep 1000 & echo $!"));

    CU_ASSERT(now() - began < 5000);
    CU_ASSERT(pid > 0 && is_gone_soon(pid));
}

/* Then the kernel keeps no exit status, and nobody can say how it ended. */
static void host_takes_all_children(void)
{
    struct tool_run run = { .argv = NULL };

    signal(SIGCHLD, SIG_IGN);
    CU_ASSERT_EQUAL(shell_status(&run, "true"), TARN_E_INTERNAL);
    signal(SIGCHLD, SIG_DFL);
    CU_ASSERT_PTR_NOT_NULL(strstr(host.text, "exit status"));
}

/* --- progress --------------------------------------------------------------------------------- */

static void hear(struct tarn_call *call, const char *piece, size_t length, void *arg)
{
    size_t at = strlen(arg);

    CU_ASSERT_PTR_EQUAL(call, &host.call);
    snprintf((char *)arg + at, 64 - at, "%.*s", (int)length, piece);
}

static void progress_is_heard(void)
{
    const char *argv[] = { "sh", "-c", "echo out; echo err >&2", NULL };
    char both[64] = "", errors[64] = "";
    struct tool_run run = { .argv = argv, .heard = hear, .arg = both };
    struct tool_output output;

    CU_ASSERT_EQUAL(tool_run(&host.call, &run, NULL, NULL), TARN_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(both, "out\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(both, "err\n"));
    run.arg = errors;
    CU_ASSERT_EQUAL(tool_run(&host.call, &run, &output, NULL), TARN_OK);
    CU_ASSERT_STRING_EQUAL(errors, "err\n");
    CU_ASSERT_STRING_EQUAL(output.text, "out\n");
    free(output.text);
}

static const struct unit_test tests[] = {
    { "what it writes is given back, and no shell is between", output_is_kept },
    { "it has the C locale, the system's folders and nothing of the host's", environment },
    { "it has three descriptors", descriptors },
    { "it reads what it is given, or nothing", input },
    { "it has a process group of its own", group_of_its_own },
    { "signals that the host blocks or ignores are as usual", signals_are_as_at_birth },
    { "a host without stdin, stdout and stderr can run one", host_without_descriptors },
    { "a failure ends with what it said last", failure_says_why },
    { "exit statuses can be no failure", accepted_statuses },
    { "one that is missing is told with its package", missing },
    { "one that writes without end is ended", output_has_a_limit },
    { "one that takes too long is ended with its children", timeout_of_its_own },
    { "one that does not listen is killed", deaf_to_the_first_signal },
    { "one that stands still is ended", stopped_program_is_ended },
    { "the deadline of the call ends it", deadline_of_the_call },
    { "a cancelled call ends it", cancelled },
    { "a host without a descriptor for that is asked", cancelled_by_question },
    { "what it leaves behind is ended", left_behind },
    { "a host that takes all exit statuses is told so", host_takes_all_children },
    { "what it says meanwhile is heard", progress_is_heard },
    { NULL, NULL },
};

int main(void)
{
    int failed;

    begin();
    failed = unit_main("run-tool", tests);
    end();
    return failed;
}
