/* SPDX-License-Identifier: BSD-2-Clause
 *
 * run-tool.c - a program from its start to its end, and what its end means.
 */
#include "helpers/run-tool-internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A host without a descriptor for cancellation is asked so often, in milliseconds. */
#define ASK_AFTER 50

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* --- while it runs ---------------------------------------------------------------------------- */

/* Of two spans where negative means for ever. */
static int64_t sooner(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int32_t fail_overflow(struct tarn_call *call, const struct tool_ear *ear)
{
    return tarn_fail(call, TARN_E_INVALID, 0, "%s wrote more than was to be expected, %zu bytes: "
                     "it was ended", ear->run->argv[0], ear->length);
}

static int32_t fail_timeout(struct tarn_call *call, const struct tool_run *run)
{
    return tarn_fail(call, TARN_E_TIMEOUT, 0, "%s did not end within %u.%u seconds", run->argv[0],
                     (unsigned)(run->timeout / 1000), (unsigned)(run->timeout % 1000 / 100));
}

/* Waits for something to happen, at most until `end` (negative = for ever) or the deadline of the
 * call. */
static void wait_for_event(struct tarn_call *call, const struct tool_child *child, int64_t end,
                           bool *out_ended)
{
    int cancel = call->host->cancel_fd != NULL ? call->host->cancel_fd(call) : -1;
    int64_t span = call->host->time_left != NULL ? call->host->time_left(call) : -1;
    struct pollfd fds[] = {
        { .fd = child->pidfd, .events = POLLIN }, { .fd = child->output, .events = POLLIN },
        { .fd = child->errors, .events = POLLIN }, { .fd = cancel, .events = POLLIN },
    };

    if (end >= 0)
        span = sooner(span, end > now() ? end - now() : 0);
    if (cancel < 0)
        span = sooner(span, ASK_AFTER);
    poll(fds, sizeof(fds) / sizeof(fds[0]), span > INT_MAX ? INT_MAX : (int)span);
    *out_ended = fds[0].revents != 0;
}

/* Until it has ended by itself (TARN_OK), or may not go on. */
static int32_t follow(struct tool_ear *ear, struct tool_child *child)
{
    struct tarn_call *call = ear->call;
    int64_t end = ear->run->timeout > 0 ? now() + ear->run->timeout : -1;
    bool ended = false;
    int32_t status = TARN_OK;

    while (!ended) {
        wait_for_event(call, child, end, &ended);
        tool_listen_output(ear, &child->output);
        tool_listen_errors(ear, &child->errors);
        if (ear->overflow)
            return fail_overflow(call, ear);
        if (ended)
            break;
        status = tarn_interrupted(call);
        if (status != TARN_OK)
            return tarn_fail(call, status, 0, "while %s was running", ear->run->argv[0]);
        if (end >= 0 && now() >= end)
            return fail_timeout(call, ear->run);
    }
    return TARN_OK;
}

/* --- its end ---------------------------------------------------------------------------------- */

static int32_t fail_exit(struct tool_ear *ear, const char *how, int number)
{
    const char *said = tool_last_words(ear);
    bool silent = said[0] == '\0';

    return tarn_fail(ear->call, TARN_E_IO, 0, "%s %s %d%s%s", ear->run->argv[0], how, number,
                     silent ? " and said nothing" : ": ", said);
}

static int32_t judge(struct tool_ear *ear, int wait_status, int *out_status)
{
    int status = WEXITSTATUS(wait_status);

    if (WIFSIGNALED(wait_status))
        return fail_exit(ear, "was ended by signal", WTERMSIG(wait_status));
    if (status != 0 && (status >= 64 || !(ear->run->accepted >> status & 1)))
        return fail_exit(ear, "failed with exit status", status);
    if (out_status != NULL)
        *out_status = status;
    return TARN_OK;
}

/* Happens where the host ignores SIGCHLD, or waits for whatever child there is. */
static int32_t fail_lost(struct tarn_call *call, const char *program, int error)
{
    return tarn_fail(call, TARN_E_INTERNAL, error,
                     "how %s ended is not known: this program must not take the exit status of "
                     "children that are not its own", program);
}

static int32_t collect(struct tool_ear *ear, const struct tool_child *child, int *out_status)
{
    int wait_status;
    int error = tool_child_collect(child, &wait_status);

    return error == 0 ? judge(ear, wait_status, out_status)
                      : fail_lost(ear->call, ear->run->argv[0], error);
}

/* For one that may not go on; the failure is recorded. */
static void stop(struct tool_ear *ear, struct tool_child *child)
{
    int wait_status;

    if (tool_child_stop(child)) {
        tool_child_collect(child, &wait_status);
        return;
    }
    tarn_fail(ear->call, TARN_E_TIMEOUT, 0,
              "%s (process %ld) hangs in the kernel and is left to itself", ear->run->argv[0],
              (long)child->pid);
    tool_child_abandon(child);
}

static int32_t give_output(struct tool_ear *ear, struct tool_output *out)
{
    if (out == NULL)
        return TARN_OK;
    if (ear->text == NULL)
        ear->text = strdup("");
    if (ear->text == NULL)
        return tarn_fail(ear->call, TARN_E_INTERNAL, ENOMEM, "no memory for what %s wrote",
                         ear->run->argv[0]);
    *out = (struct tool_output){ .text = ear->text, .length = ear->length };
    ear->text = NULL;
    return TARN_OK;
}

/* TARN_OK, and where it is. */
static int32_t locate(struct tarn_call *call, const char *program, char path[PATH_MAX])
{
    const char *package = tool_package(program);

    if (tool_locate(program, path))
        return TARN_OK;
    if (package == NULL)
        return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                         "the program %s is not installed", program);
    return tarn_fail(call, TARN_E_UNSUPPORTED, 0,
                     "the program %s is not installed: it is in the package %s", program, package);
}

int32_t tool_need(struct tarn_call *call, const char *program)
{
    char path[PATH_MAX];

    return locate(call, program, path);
}

int32_t tool_run(struct tarn_call *call, const struct tool_run *run, struct tool_output *out,
                 int *out_status)
{
    struct tool_ear ear = { .call = call, .run = run, .keep = out != NULL };
    struct tool_child child;
    char path[PATH_MAX];
    int32_t status = tarn_interrupted(call);
    int error;

    if (status == TARN_OK)
        status = locate(call, run->argv[0], path);
    if (status != TARN_OK)
        return status;
    error = tool_child_start(&child, path, run);
    if (error == ESRCH) /* it has ended already, and is gone */
        return fail_lost(call, run->argv[0], error);
    if (error != 0)
        return tarn_fail(call, TARN_E_INTERNAL, error, "%s cannot be started", path);
    status = follow(&ear, &child);
    if (status == TARN_OK)
        status = collect(&ear, &child, out_status);
    else
        stop(&ear, &child);
    tool_child_close(&child);
    if (status == TARN_OK)
        status = give_output(&ear, out);
    free(ear.text);
    return status;
}
