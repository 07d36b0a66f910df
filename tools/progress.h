/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The progress bar: on stderr, if that is a terminal, once a job takes longer than half a second.
 */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include "tools/tool.h"

/* Watches tool->job if somebody wants to see it. A rate is told of bytes only. */
void progress_begin(struct tool *tool, bool counts_bytes);
/* Wipes the bar. */
void progress_end(void);

#endif
