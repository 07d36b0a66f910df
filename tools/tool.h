/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a running command has at hand: settings, the context, the job, and where its failure goes.
 *
 * Command functions answer a TARN_… status. What the library refuses is left in `error`, what the
 * command itself refuses is said with tool_fail; both are printed in one place, after the command.
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <stdbool.h>
#include <stdint.h>

#include <tarn/tarn.h>

#include "tools/args.h"
#include "tools/command.h"

/* What the shell sees of a command. */
enum exit_status { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_WRONG = 2, EXIT_MISSING = 3 };

struct settings {
    const char *root; /* NULL = the system's folders */
    bool json;
    bool quiet;
    uint32_t follow;   /* TARN_FOLLOW_…, 0 = the library's default */
    uint32_t deadline; /* milliseconds, likewise */
};

/* What the command itself found wrong. */
struct failure {
    int status; /* TARN_OK = nothing */
    int error;  /* errno, or 0 */
    char *text;
};

struct secret;

struct tool {
    struct settings settings;
    struct settings at_start; /* what a line of the shell goes back to */
    bool in_shell;
    bool leave_shell;
    const char *command; /* the running one's name, NULL = none yet */
    struct tarn_context *context;
    struct tarn_job *job; /* NULL unless the command is a COMMAND_JOB */
    struct secret *secret;
    struct tarn_error *error;
    struct failure failure;
    bool is_wrong;     /* the failure is the command line's */
    bool is_missing;   /* it is that something which was named does not exist */
    bool found_faults; /* it did its work, and what it looked at is faulty: EXIT_FAILED */
    bool streamed;     /* stdout carries bytes: nothing is added to them */
};

/* Runs one command line; answers what the shell shall see. */
int tool_run(struct tool *tool, int count, char *const *words);
/* Opens the context if it is not; TARN_OK or the status of the failure. */
int tool_open(struct tool *tool);
void tool_close(struct tool *tool);

/* Notes a failure of the command's own, in one line: what happened, the cause in parentheses, what
 * to do next. `error` is an errno or 0. The first failure wins. Answers `status`. */
__attribute__((__format__(__printf__, 4, 5)))
int tool_fail(struct tool *tool, int status, int error, const char *format, ...);
/* The same for a command line that makes no sense: EXIT_WRONG. */
__attribute__((__format__(__printf__, 2, 3)))
int tool_wrong(struct tool *tool, const char *format, ...);
/* Passes `status` on; TARN_E_NOT_FOUND is that of something which was named: EXIT_MISSING. */
int tool_named(struct tool *tool, int status);
/* The status of a system call that failed with this errno. */
int tool_errno_status(int error);

/* Forgets a failure that turned out to be none. */
void tool_forgive(struct tool *tool);
/* The line that tells the failure that is in the tool. */
const char *tool_failure_text(const struct tool *tool);

/* Says that something was done: `format` for people, {"KIND": "NAME", "result": "RESULT"} in JSON.
 * The text is escaped as a whole. */
__attribute__((__format__(__printf__, 5, 6)))
void tool_say(struct tool *tool, const char *kind, const char *name, const char *result,
              const char *format, ...);
/* Prints one value in a line of its own: escaped on a terminal, as it is elsewhere; in JSON
 * {"KEY": "VALUE"}. NULL is shown as "-". */
void tool_print(struct tool *tool, const char *key, const char *value);
/* The same with a text of several lines. */
void tool_print_text(struct tool *tool, const char *key, const char *text);

#endif
