/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The job of a command that may last: a progress bar for who watches, Ctrl-C to cancel.
 */
#ifndef TOOLS_JOB_H
#define TOOLS_JOB_H

#include <stdbool.h>

#include "tools/tool.h"

/* Makes tool->job, whose progress counts bytes or something else. From here to job_end SIGINT,
 * SIGTERM and SIGHUP cancel it, unless they were ignored before. */
int job_begin(struct tool *tool, bool counts_bytes);
/* Without a job, nothing happens. */
void job_end(struct tool *tool);
/* True once the job was cancelled by a signal: for loops of the command's own. */
bool job_is_cancelled(void);
/* TARN_E_CANCELLED, told. */
int job_fail_cancelled(struct tool *tool);

#endif
