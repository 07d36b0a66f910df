/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Running one command: the line, the context, the job, the outcome.
 */
#include "tools/tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/help.h"
#include "tools/job.h"
#include "tools/json.h"
#include "tools/report.h"
#include "tools/secret.h"
#include "tools/shell.h"
#include "tools/text.h"

static void note_failure(struct tool *tool, int status, int error, char *text)
{
    if (tool->failure.status != TARN_OK) {
        free(text);
        return;
    }
    tool->failure = (struct failure){ .status = status, .error = error, .text = text };
}

__attribute__((__format__(__printf__, 1, 0)))
static char *format_list(const char *format, va_list list)
{
    char *text = NULL;
    return vasprintf(&text, format, list) < 0 ? must_copy(format) : text;
}

int tool_fail(struct tool *tool, int status, int error, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    note_failure(tool, status, error, format_list(format, list));
    va_end(list);
    return status;
}

int tool_wrong(struct tool *tool, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    note_failure(tool, TARN_E_INVALID, 0, format_list(format, list));
    va_end(list);
    tool->is_wrong = true;
    return TARN_E_INVALID;
}

int tool_named(struct tool *tool, int status)
{
    tool->is_missing |= status == TARN_E_NOT_FOUND;
    return status;
}

int tool_errno_status(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return TARN_E_NOT_FOUND;
    case EEXIST:
        return TARN_E_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return TARN_E_ACCESS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return TARN_E_NO_SPACE;
    case EINVAL:
    case EISDIR:
    case ENAMETOOLONG:
        return TARN_E_INVALID;
    default:
        return TARN_E_IO;
    }
}

void tool_forgive(struct tool *tool)
{
    tarn_error_free(tool->error);
    tool->error = NULL;
    free(tool->failure.text);
    tool->failure = (struct failure){ 0 };
    tool->is_wrong = tool->is_missing = false;
}

const char *tool_failure_text(const struct tool *tool)
{
    if (tool->failure.status != TARN_OK)
        return tool->failure.text;
    return tool->error ? tarn_error_message(tool->error) : "failed without saying why";
}

void tool_say(struct tool *tool, const char *kind, const char *name, const char *result,
              const char *format, ...)
{
    if (tool->settings.json) {
        json_t *document = json_object();
        json_put_text(document, kind, name);
        json_put_text(document, "result", result);
        json_print(document);
    } else if (!tool->settings.quiet) {
        va_list list;
        va_start(list, format);
        char *text = format_list(format, list);
        va_end(list);
        char *shown = text_shown(text);
        puts(shown);
        free(shown);
        free(text);
    }
}

void tool_print(struct tool *tool, const char *key, const char *value)
{
    if (tool->settings.json) {
        json_t *document = json_object();
        json_put_text(document, key, value);
        json_print(document);
    } else if (value && isatty(STDOUT_FILENO)) {
        char *shown = text_shown(value);
        puts(shown);
        free(shown);
    } else {
        puts(value ? value : "-");
    }
}

void tool_print_text(struct tool *tool, const char *key, const char *text)
{
    if (tool->settings.json) {
        tool_print(tool, key, text);
        return;
    }
    while (*text) {
        size_t length = strcspn(text, "\n");
        char *line = text_format("%.*s", (int)length, text);
        tool_print(tool, key, line);
        free(line);
        text += length + (text[length] == '\n');
    }
}

int tool_open(struct tool *tool)
{
    if (tool->context)
        return TARN_OK;
    struct tarn_context_options options = {
        .struct_size = sizeof(options),
        .root = tool->settings.root,
        .module_dir = getenv("TARN_MODULE_DIR"),
        .plugins_dir = getenv("TARN_PLUGINS_DIR"),
        .module_host = getenv("TARN_MODULE_HOST"),
        .follow = tool->settings.follow,
        .deadline = tool->settings.deadline,
        .log = report_log,
        .log_arg = tool,
        .secret = secret_give,
        .secret_arg = tool,
    };
    return tarn_context_open(&tool->context, &options, &tool->error);
}

void tool_close(struct tool *tool)
{
    tarn_context_close(tool->context);
    tool->context = NULL;
}

static uint32_t parse_follow(const char *word)
{
    static const struct {
        const char *word;
        uint32_t follow;
    } known[] = {
        { "none", TARN_FOLLOW_NONE },
        { "recorded", TARN_FOLLOW_RECORDED },
        { "pool", TARN_FOLLOW_POOL },
        { "anywhere", TARN_FOLLOW_ANYWHERE },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (strcmp(word, known[i].word) == 0)
            return known[i].follow;
    return 0;
}

static uint32_t milliseconds(uint64_t seconds)
{
    return seconds < UINT32_MAX / 1000 ? (uint32_t)seconds * 1000 : UINT32_MAX;
}

static void apply_settings(struct tool *tool, const struct args *args)
{
    const char *root = args_text(args, "root"), *follow = args_text(args, "follow");

    tool->settings.json |= args_has(args, "json");
    tool->settings.quiet |= args_has(args, "quiet");
    if (root)
        tool->settings.root = root;
    if (follow)
        tool->settings.follow = parse_follow(follow);
    if (args_has(args, "deadline"))
        tool->settings.deadline = milliseconds(args_number(args, "deadline", 0));
}

/* Errors in the line before --json shall be told in JSON too. */
static bool wants_json(int count, char *const *words)
{
    for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++)
        if (strcmp(words[i], "--json") == 0)
            return true;
    return false;
}

/* Text that cannot be written is a failure, whatever the command did. A closed pipe is the reader's
 * choice and told by the status alone. */
static int finish_output(struct tool *tool, int outcome)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return outcome;
    int error = errno ? errno : EIO;
    clearerr(stdout);
    if (error == EPIPE)
        return EXIT_FAILED;
    return report_failure(tool, tool_fail(tool, tool_errno_status(error), error, "cannot write to "
                                          "standard output (%s): make room there",
                                          strerror(error)));
}

static int run_command(struct tool *tool, const struct args *args)
{
    const struct command *command = args->command;
    int status = command->flags & COMMAND_OFFLINE ? TARN_OK : tool_open(tool);
    int outcome = EXIT_DONE;

    tool->found_faults = tool->streamed = false;
    if (status == TARN_OK && (command->flags & COMMAND_JOB))
        status = job_begin(tool, command->flags & COMMAND_BYTES);
    if (status == TARN_OK)
        status = command->run(tool, args);
    job_end(tool);
    secret_forget(tool);
    if (status != TARN_OK) {
        outcome = report_failure(tool, status);
    } else {
        tool_forgive(tool);
        outcome = tool->found_faults ? EXIT_FAILED : EXIT_DONE;
        if (!tool->settings.quiet && !tool->settings.json && !tool->streamed)
            putchar('\n'); /* as virsh ends its output */
    }
    return finish_output(tool, outcome);
}

static int run_line(struct tool *tool, struct args *args)
{
    if (args_has(args, "version"))
        return run_command(tool, &(struct args){ .command = command_find("version") });
    if (args_has(args, "help")) {
        help_print(tool, args->command);
        return finish_output(tool, EXIT_DONE);
    }
    if (!args->command && !tool->in_shell && isatty(STDIN_FILENO))
        return shell_run(tool);
    if (!args->command)
        return report_wrong(tool, "no command is given: see 'tarn help'");
    if (!args_check(args))
        return report_wrong(tool, args->problem);
    if (tool->in_shell &&
        (args_has(args, "root") || args_has(args, "follow") || args_has(args, "deadline")))
        return report_wrong(tool, "--root, --follow and --deadline are fixed in the shell: give "
                                  "them when starting it");
    return run_command(tool, args);
}

int tool_run(struct tool *tool, int count, char *const *words)
{
    struct args args;
    bool is_right = args_parse(&args, count, words);
    int outcome;

    tool->settings = tool->at_start;
    tool->settings.json |= wants_json(count, words);
    tool->command = args.command ? args.command->name : NULL;
    apply_settings(tool, &args);
    outcome = is_right ? run_line(tool, &args) : report_wrong(tool, args.problem);
    args_clear(&args);
    return outcome;
}
