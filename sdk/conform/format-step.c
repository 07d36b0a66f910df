/* SPDX-License-Identifier: BSD-2-Clause
 *
 * format-step.c - see format-step.h. The handlers write a line that is ready, and let the signal do
 * what it does.
 */
#include "conform/format-step.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct trial *watched;
static char text[400];

static void tell(int signal)
{
    trial_note(watched, "it happened during: %s", text);
    raise(signal); /* SA_RESETHAND: it ends the process now */
}

static unsigned patience(void)
{
    return (unsigned)(STEP_SECONDS * watched->options->patience) + 1;
}

static void tell_late(int signal)
{
    (void)signal;
    trial_fail(watched, "%s was not over after %u seconds", text, patience());
}

void step_watch(struct trial *trial)
{
    static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    static char stack[65536]; /* a recursion without end has no room on its own */
    stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };
    struct sigaction action = { .sa_handler = tell,
                                .sa_flags = SA_RESETHAND | SA_NODEFER | SA_ONSTACK };

    watched = trial;
    sigaltstack(&other, NULL);
    for (size_t index = 0; index < sizeof(crashes) / sizeof(crashes[0]); index++)
        sigaction(crashes[index], &action, NULL);
    action.sa_handler = tell_late;
    sigaction(SIGALRM, &action, NULL);
}

void step_of(const char *format, va_list arguments)
{
    vsnprintf(text, sizeof(text), format, arguments);
    if (watched != NULL)
        alarm(patience());
}

void step(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    step_of(format, arguments);
    va_end(arguments);
}

const char *step_text(void)
{
    return text;
}
