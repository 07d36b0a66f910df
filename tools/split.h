/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line of the interactive shell, cut into words.
 */
#ifndef TOOLS_SPLIT_H
#define TOOLS_SPLIT_H

#include <stdbool.h>

struct words {
    char **list; /* ends with NULL */
    int count;
    char quote; /* the quote that was not closed, or 0 */
};

/* Words are parted by blanks; '...' holds everything, "..." too but for \ before " and \, and \
 * outside of quotes the next character. ';' outside of quotes ends a command: *rest = what follows
 * it, or NULL. */
void words_split(struct words *out, const char *line, const char **rest);
void words_clear(struct words *words);

#endif
