/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An arena: memory that is handed out bit by bit and given back all at once. Definitions and
 * records live in one each. Not for use by two threads at a time.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include <tarn/abi.h>

struct arena;

/* NULL without memory. */
struct arena *arena_new(void);
void arena_free(struct arena *arena);
/* Overwrites all that was handed out, before it is given back: it held secrets. */
void arena_wipe(struct arena *arena);

/* Zeroed and aligned for anything; NULL without memory, and then arena_failed tells it for ever: a
 * builder may go on and ask once at the end. */
void *arena_alloc(struct arena *arena, size_t size);
/* NULL for NULL. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) TARN_PRINTF(2, 3);
/* A list of texts that ends with NULL, and the texts. NULL stays NULL. */
const char *const *arena_words(struct arena *arena, const char *const *words);
int arena_failed(const struct arena *arena);

#endif
