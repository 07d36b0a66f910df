/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The interactive shell.
 */
#include "tools/shell.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "tools/auto.h"
#include "tools/complete.h"
#include "tools/report.h"
#include "tools/split.h"
#include "tools/text.h"

enum { HISTORY_LENGTH = 1000 };

/* Makes the folder and those above it; a failure shows when the file in it is written. */
static void make_folder(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
}

/* $XDG_STATE_HOME/tarn/history or ~/.local/state/tarn/history; NULL without a home. Freed with
 * free(). */
static char *history_path(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    AUTO(text) char *folder = NULL;

    if (state && *state == '/')
        folder = text_format("%s/tarn", state);
    else if (home && *home == '/')
        folder = text_format("%s/.local/state/tarn", home);
    if (!folder)
        return NULL;
    make_folder(folder);
    return text_format("%s/history", folder);
}

static void ignore(int signal_number)
{
    (void)signal_number;
}

/* As rl_hook_func_t: what was typed is thrown away. */
static int drop_line(void)
{
    rl_crlf();
    rl_replace_line("", 1);
    rl_on_new_line();
    rl_redisplay();
    return 0;
}

/* Ctrl-C throws away the line, but ends a command that is running. */
static char *read_line(void)
{
    struct sigaction action = { .sa_handler = ignore }, before;

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &before);
    char *line = readline("tarn # ");
    sigaction(SIGINT, &before, NULL);
    return line;
}

/* One line may hold several commands. */
static int run_line(struct tool *tool, const char *line)
{
    int outcome = EXIT_DONE;

    for (const char *rest = line; rest && !tool->leave_shell;) {
        struct words words;
        words_split(&words, rest, &rest);
        tool->command = NULL;
        if (words.quote) {
            outcome = report_wrong(tool, "a quote is not closed: close it");
            rest = NULL;
        } else if (words.count > 0) {
            outcome = tool_run(tool, words.count, words.list);
        }
        words_clear(&words);
    }
    return outcome;
}

int shell_run(struct tool *tool)
{
    AUTO(text) char *history = history_path();
    int outcome = EXIT_DONE;

    tool->at_start = tool->settings;
    tool->in_shell = true;
    complete_begin(tool);
    rl_signal_event_hook = drop_line;
    using_history();
    stifle_history(HISTORY_LENGTH);
    if (history)
        read_history(history); /* there is none the first time */
    if (!tool->settings.quiet)
        puts("Welcome to tarn.\n\nType:  'help' for help with commands\n       'quit' to quit\n");
    while (!tool->leave_shell) {
        char *line = read_line();
        if (!line) { /* Ctrl-D */
            putchar('\n');
            break;
        }
        if (*line)
            add_history(line);
        outcome = run_line(tool, line);
        free(line);
    }
    int error = history ? write_history(history) : 0;
    if (error && !tool->settings.quiet)
        fprintf(stderr, "tarn: cannot keep the history in '%s' (%s): set XDG_STATE_HOME\n", history,
                strerror(error));
    return outcome;
}
