/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From what people type to pools and volumes.
 */
#ifndef TOOLS_LOOKUP_H
#define TOOLS_LOOKUP_H

#include "tools/tool.h"

/* The pool with this name or, failing that, UUID. */
int lookup_pool(struct tarn_pool **out, struct tool *tool, const char *name);
/* The pool of --pool. */
int lookup_named_pool(struct tarn_pool **out, struct tool *tool, const struct args *args);

/* The volume with this name in the pool, or with this key or path in any; if there's a pool, it
 * must be in that. `pool` NULL = none given. */
int lookup_volume(struct tarn_volume **out, struct tool *tool, const char *pool, const char *name);
/* The volume of --vol and, if given, --pool. */
int lookup_named_volume(struct tarn_volume **out, struct tool *tool, const struct args *args);

#endif
