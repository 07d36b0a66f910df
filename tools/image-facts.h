/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a file says of itself, gathered as the JSON document of image-info.
 */
#ifndef TOOLS_IMAGE_FACTS_H
#define TOOLS_IMAGE_FACTS_H

#include <jansson.h>

#include "tools/tool.h"

/* A new document with "path", what the file system knows, and all that the image tells; `format`
 * NULL = found out. *out is set only on success, and to be freed with json_decref. */
int image_facts(json_t **out, struct tool *tool, const char *path, const char *format);

#endif
