/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The job of a command that may last.
 */
#include "tools/job.h"

#include <signal.h>
#include <stddef.h>

#include "tools/progress.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
enum { SIGNAL_COUNT = sizeof(signals) / sizeof(*signals) };

/* What the handler needs; set before it is installed, cleared after it is removed. */
static struct tarn_job *volatile running;
static volatile sig_atomic_t is_cancelled;
static struct sigaction before[SIGNAL_COUNT];

static void cancel(int signal_number)
{
    (void)signal_number;
    is_cancelled = 1;
    tarn_job_cancel(running);
}

bool job_is_cancelled(void)
{
    return is_cancelled;
}

int job_fail_cancelled(struct tool *tool)
{
    return tool_fail(tool, TARN_E_CANCELLED, 0, "cancelled: nothing of it remains, start it again "
                     "when you like");
}

/* Without SA_RESTART, so that a read of standard input that waits ends too. */
static void catch_signals(void)
{
    struct sigaction action = { .sa_handler = cancel };

    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        sigaction(signals[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

int job_begin(struct tool *tool, bool counts_bytes)
{
    int status = tarn_job_new(&tool->job, tool->context, &tool->error);

    if (status != TARN_OK)
        return status;
    running = tool->job;
    is_cancelled = 0;
    progress_begin(tool, counts_bytes);
    catch_signals();
    return TARN_OK;
}

void job_end(struct tool *tool)
{
    if (!tool->job)
        return;
    for (int i = 0; i < SIGNAL_COUNT; i++)
        sigaction(signals[i], &before[i], NULL);
    progress_end();
    running = NULL;
    tarn_job_unref(tool->job);
    tool->job = NULL;
}
