/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How failures are told: a line on stderr, or one JSON document there.
 */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <jansson.h>

#include "tools/tool.h"

/* Tells the failure that is in the tool, and forgets it; answers the exit status for it. */
int report_failure(struct tool *tool, int status);
/* The failure as the member "error" of a document, which is the caller's; nothing is told. */
json_t *report_json(const struct tool *tool, int status);
/* Tells that the command line is wrong; answers EXIT_WRONG. */
int report_wrong(struct tool *tool, const char *problem);
/* The library's log, as tarn_log_fn; `arg` is the tool. */
void report_log(void *arg, unsigned level, const char *text);

#endif
