/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text as people may see it: names come from disks and from strangers, so nothing that steers a
 * terminal or breaks a line is ever printed raw.
 */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The text with control characters, direction overrides and bytes that are no UTF-8 written as
 * \n, \x1b or \u202e. Freed with free(). */
char *text_shown(const char *text);

/* Columns that a terminal takes for `shown`, which has no control characters. */
size_t text_width(const char *shown);

/* Length in bytes of the UTF-8 character at `text`, whose code point goes to *out; 0 if there is
 * none. */
size_t text_decode(unsigned *out, const char *text);

/* True if the text is UTF-8 throughout. */
bool text_is_utf8(const char *text);

/* printf into memory. Freed with free(). */
__attribute__((__format__(__printf__, 1, 2))) char *text_format(const char *format, ...);

/* The word of the NULL-ended list that is most like `word`, or NULL if none is. */
const char *text_nearest(const char *word, const char *const *list);

/* malloc, strdup and realloc that end the command when memory ends: it has nothing else to do. */
void *must_alloc(size_t size);
void *must_grow(void *memory, size_t size);
char *must_copy(const char *text);

#endif
