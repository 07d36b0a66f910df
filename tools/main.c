/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tarn: storage pools and volumes from the command line.
 */
#include <locale.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

#include "tools/tool.h"

static void ignore(int signal_number)
{
    (void)signal_number;
}

/* A reader that goes away shall end a write with EPIPE, not the command in the middle of its work.
 * A handler, not SIG_IGN, because programs that are started shall not inherit it. */
static void outlive_closed_pipes(void)
{
    struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART };

    sigemptyset(&action.sa_mask);
    sigaction(SIGPIPE, &action, NULL);
}

int main(int argc, char **argv)
{
    const char *root = getenv("TARN_ROOT");
    struct tool tool = { .at_start.root = root && *root ? root : NULL };

    setlocale(LC_CTYPE, ""); /* how wide characters are; readline's editing */
    outlive_closed_pipes();
    int outcome = argc > 0 ? tool_run(&tool, argc - 1, argv + 1) : EXIT_WRONG;
    tool_close(&tool);
    return outcome;
}
