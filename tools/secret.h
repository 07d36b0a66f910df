/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The secret that a command was given in a file: read from there, never from the command line, and
 * served to the library when a pool asks for it.
 */
#ifndef TOOLS_SECRET_H
#define TOOLS_SECRET_H

#include <stddef.h>

#include "tools/tool.h"

#define OPTION_SECRET_FILE \
    { "secret-file", VALUE_FILE, OPTION_NAMED, "file of mode 0600 with the secret of the source", \
      NULL }

/* Reads the file of --secret-file, if given. The file must belong to the caller or root and be
 * closed to others; one newline at its end is not part of the secret. */
int secret_load(struct tool *tool, const struct args *args);
/* Wipes it. */
void secret_forget(struct tool *tool);
/* As tarn_secret_fn; `arg` is the tool. The only secret there is answers every name. */
int secret_give(void *arg, const char *usage, const char *uuid, void *buffer, size_t *length);

#endif
