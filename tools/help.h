/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The help, printed from the table of commands.
 */
#ifndef TOOLS_HELP_H
#define TOOLS_HELP_H

#include "tools/tool.h"

/* Prints what there is to know of the command, or of all if it is NULL. With --quiet only names,
 * one a line; an option with its value, in brackets if it may stand without its name: what
 * completion reads. With --json the table itself. */
void help_print(struct tool *tool, const struct command *command);

/* "POOL", "SIZE": what the value of the option is called; NULL of a flag. */
const char *help_value(const struct option *option);

#endif
