/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The interactive shell: tarn without a command, on a terminal.
 */
#ifndef TOOLS_SHELL_H
#define TOOLS_SHELL_H

#include "tools/tool.h"

/* Until "quit" or the end of input; answers the exit status of the last command. */
int shell_run(struct tool *tool);

#endif
