/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files that are named on the command line; "-" is standard input or output.
 */
#ifndef TOOLS_FILE_H
#define TOOLS_FILE_H

#include "tools/tool.h"

/* The text of the file, of 16 MiB at most and without NUL bytes. Freed with free(). */
int file_read_text(char **out, struct tool *tool, const char *path);

/* Writes all of it, or fails with the status of what went wrong; `path` is for the message. */
int file_write(struct tool *tool, const char *path, int fd, const void *data, size_t length);

#endif
