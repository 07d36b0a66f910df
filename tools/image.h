/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The commands on image files that are in no pool.
 */
#ifndef TOOLS_IMAGE_H
#define TOOLS_IMAGE_H

#include "tools/tool.h"

/* image-info.c */
int image_info(struct tool *tool, const struct args *args);
/* image.c */
int image_map(struct tool *tool, const struct args *args);
int image_check(struct tool *tool, const struct args *args);
int image_convert(struct tool *tool, const struct args *args);

#endif
