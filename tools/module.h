/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What modules provide, by name, without loading any.
 */
#ifndef TOOLS_MODULE_H
#define TOOLS_MODULE_H

#include "tools/tool.h"

/* Names of pool types (`kind` "pool:") or formats ("format:") that enabled modules provide, sorted,
 * each once; ends with NULL. To be freed with names_free. */
int module_provided(char ***out, struct tool *tool, const char *kind);
void names_free(char **names);

#endif
