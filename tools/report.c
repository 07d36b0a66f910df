/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How failures are told.
 */
#include "tools/report.h"

#include <stdio.h>
#include <stdlib.h>

#include "tools/json.h"
#include "tools/text.h"

struct report {
    int status;
    int error;
    const char *message;
    const char *module;
};

static void print_line(const struct tool *tool, const char *what, const char *message)
{
    char *shown = text_shown(message);
    const char *command = tool->command;

    fprintf(stderr, "tarn: %s%s%s%s\n", command ? command : "", command ? ": " : "", what, shown);
    free(shown);
}

static struct report report_of(const struct tool *tool, int status)
{
    struct report report = { .status = status, .message = tool_failure_text(tool) };

    if (tool->failure.status != TARN_OK) {
        report.error = tool->failure.error;
    } else if (tool->error) {
        report.error = tarn_error_errno(tool->error);
        report.module = tarn_error_module(tool->error);
    }
    return report;
}

static json_t *to_json(const struct report *report)
{
    json_t *error = json_object();

    json_put_text(error, "code", tarn_status_word(report->status));
    json_put_text(error, "message", report->message);
    json_put(error, "module", report->module ? json_text(report->module) : json_null());
    json_put_integer(error, "errno", report->error);
    return error;
}

static void print_report(const struct tool *tool, const struct report *report)
{
    if (!tool->settings.json) {
        print_line(tool, "", report->message);
        return;
    }
    json_t *document = json_object();
    json_put(document, "error", to_json(report));
    json_print_line(stderr, document);
}

/* A type or format without a module is as one that does not exist. */
static int exit_status(const struct tool *tool, int status)
{
    if (tool->is_wrong)
        return EXIT_WRONG;
    return tool->is_missing || status == TARN_E_NO_MODULE ? EXIT_MISSING : EXIT_FAILED;
}

int report_failure(struct tool *tool, int status)
{
    struct report report = report_of(tool, status);
    int outcome = exit_status(tool, status);

    print_report(tool, &report);
    tool_forgive(tool);
    return outcome;
}

json_t *report_json(const struct tool *tool, int status)
{
    struct report report = report_of(tool, status);
    return to_json(&report);
}

int report_wrong(struct tool *tool, const char *problem)
{
    print_report(tool, &(struct report){ .status = TARN_E_INVALID, .message = problem });
    return EXIT_WRONG;
}

void report_log(void *arg, unsigned level, const char *text)
{
    const struct tool *tool = arg;

    if (level > 2 || (level > 1 && tool->settings.quiet))
        return;
    const char *word = level > 1 ? "warning" : "error";
    if (tool->settings.json) {
        json_t *document = json_object();
        json_put_text(document, "level", word);
        json_put_text(document, "log", text);
        json_print_line(stderr, document);
        return;
    }
    char *label = text_format("%s: ", word);
    print_line(tool, label, text);
    free(label);
}
