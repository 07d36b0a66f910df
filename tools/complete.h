/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Completion in the interactive shell: commands and options from the table, names from the library.
 */
#ifndef TOOLS_COMPLETE_H
#define TOOLS_COMPLETE_H

#include "tools/tool.h"

/* Tells readline how to complete, from here on. */
void complete_begin(struct tool *tool);

#endif
