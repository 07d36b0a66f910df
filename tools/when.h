/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Times for people, and telling that something was seen some time ago.
 */
#ifndef TOOLS_WHEN_H
#define TOOLS_WHEN_H

#include "tools/tool.h"

/* Room for any time in words. */
#define WHEN_TEXT 48

/* Writes "2026-11-22 20:15:00.123+0000" into `text` (WHEN_TEXT bytes), and returns it; "never" for
 * 0. `when` is in nanoseconds since the epoch. */
const char *when_shown(char *text, int64_t when);
/* Warns that what is printed was seen then, and cannot be looked at now. */
void when_warn(struct tool *tool, int64_t observed);

#endif
