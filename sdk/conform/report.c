/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report.c - see report.h.
 */
#include "conform/report.h"

#include <errno.h>
#include <string.h>

bool report_begin(struct report *report, const struct options *options)
{
    memset(report, 0, sizeof(*report));
    if (options->junit == NULL)
        return true;
    report->junit = fopen(options->junit, "we");
    if (report->junit == NULL) {
        fprintf(stderr, "tarn-conform: %s cannot be written: %s\n", options->junit,
                strerror(errno));
        return false;
    }
    fprintf(report->junit, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
    fprintf(report->junit, "tarn-conform\">\n");
    return true;
}

/* --- TAP -------------------------------------------------------------------------------------- */

static void print_notes(const char *notes)
{
    for (const char *line = notes; line != NULL && *line != '\0';) {
        size_t length = strcspn(line, "\n");

        printf("#     %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static void print_tap(const struct report *report, const struct check *check, const char *part,
                      const struct verdict *verdict)
{
    unsigned number = report->passed + report->failed + report->skipped;
    const char *text = verdict->text != NULL ? verdict->text : "the kit could not try it";
    bool failed = verdict->outcome == OUTCOME_FAILED;

    printf("%s %u - %s%s%s", failed ? "not ok" : "ok", number, check->name, *part ? " " : "", part);
    if (verdict->outcome == OUTCOME_SKIPPED)
        printf(" # SKIP %s", text);
    printf("\n");
    if (failed) {
        printf("#   promise: %s\n#   broken: %s\n", check->promise, text);
        print_notes(verdict->notes);
    }
    fflush(stdout);
}

/* --- JUnit ------------------------------------------------------------------------------------ */

/* Text of an attribute; what XML cannot hold becomes a question mark. */
static void print_escaped(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<': fputs("&lt;", to); break;
        case '>': fputs("&gt;", to); break;
        case '&': fputs("&amp;", to); break;
        case '"': fputs("&quot;", to); break;
        default: fputc((unsigned char)*text < 0x20 ? '?' : *text, to);
        }
    }
}

static void print_junit(FILE *to, const struct check *check, const char *part,
                        const struct verdict *verdict)
{
    const char *slash = strchr(check->name, '/');

    fprintf(to, "  <testcase classname=\"%.*s\" name=\"", (int)(slash - check->name), check->name);
    print_escaped(to, slash + 1);
    print_escaped(to, *part ? " " : "");
    print_escaped(to, part);
    fprintf(to, "\" time=\"%.3f\"", verdict->seconds);
    if (verdict->outcome == OUTCOME_PASSED) {
        fprintf(to, "/>\n");
        return;
    }
    fprintf(to, ">\n    <%s message=\"",
            verdict->outcome == OUTCOME_FAILED ? "failure" : "skipped");
    print_escaped(to, verdict->text != NULL ? verdict->text : "");
    fprintf(to, "\"/>\n  </testcase>\n");
}

void report_add(struct report *report, const struct check *check, const char *part,
                const struct verdict *verdict)
{
    report->passed += verdict->outcome == OUTCOME_PASSED;
    report->failed += verdict->outcome == OUTCOME_FAILED;
    report->skipped += verdict->outcome == OUTCOME_SKIPPED;
    print_tap(report, check, part, verdict);
    if (report->junit != NULL)
        print_junit(report->junit, check, part, verdict);
}

int report_end(struct report *report)
{
    unsigned all = report->passed + report->failed + report->skipped;
    int status = report->failed != 0 ? 1 : 0;

    printf("1..%u\n# %u passed, %u failed, %u skipped\n", all, report->passed, report->failed,
           report->skipped);
    if (report->junit == NULL)
        return status;
    fprintf(report->junit, "</testsuite>\n");
    if (ferror(report->junit) | fclose(report->junit)) {
        fprintf(stderr, "tarn-conform: the file of --junit cannot be written\n");
        status = 2;
    }
    report->junit = NULL;
    return status;
}
