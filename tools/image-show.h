/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is told of an image: its facts, its map, its faults; the same for a volume and for a file
 * that is in no pool.
 */
#ifndef TOOLS_IMAGE_SHOW_H
#define TOOLS_IMAGE_SHOW_H

#include <jansson.h>

#include "tools/tool.h"

/* Prints the extents of the whole image. */
int image_show_map(struct tool *tool, struct tarn_image *image);

/* What a check found, collected by image_check_listen's listener. */
struct image_check {
    const struct tool *tool;
    const char *name;
    json_t *findings;
    struct tarn_check_result result;
};

/* The listener to check with; faults are printed as they are found, but in JSON at the end. */
struct tarn_image_listener image_check_listen(struct image_check *check, const struct tool *tool,
                                              const char *name);
/* Prints what the check came to, if `status` is TARN_OK, and notes whether faults remain. Answers
 * `status`. */
int image_check_end(struct image_check *check, struct tool *tool, int status);

/* TARN_IMAGE_REPAIR_… of --repair. */
uint32_t image_repair_flags(const struct args *args);

#endif
