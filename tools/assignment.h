/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * NAME=VALUE, the value of --option and its like.
 */
#ifndef TOOLS_ASSIGNMENT_H
#define TOOLS_ASSIGNMENT_H

#include "tools/tool.h"

/* TARN_OK if every value of the command's option is one; a mistake of the caller's otherwise. */
int assignments_check(struct tool *tool, const struct args *args, const char *option);
/* What is before the first "=", to be freed with free(); and what is behind. */
char *assignment_name(const char *text);
const char *assignment_value(const char *text);

#endif
