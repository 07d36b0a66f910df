/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A chain of blocks; each new one is larger than the last.
 */
#include "core/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK 1024u
#define LARGEST_BLOCK (64u * 1024u)

struct block {
    struct block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct block *newest;
    int failed;
};

struct arena *arena_new(void)
{
    return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->newest != NULL) {
        struct block *block = arena->newest;

        arena->newest = block->next;
        free(block);
    }
    free(arena);
}

void arena_wipe(struct arena *arena)
{
    struct block *block;

    for (block = arena != NULL ? arena->newest : NULL; block != NULL; block = block->next)
        explicit_bzero(block->bytes, block->used);
}

static struct block *block_add(struct arena *arena, size_t wanted)
{
    size_t size = arena->newest != NULL ? arena->newest->size * 2 : FIRST_BLOCK;
    struct block *block;

    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < wanted)
        size = wanted;
    block = calloc(1, sizeof(*block) + size);
    if (block == NULL)
        return NULL;
    block->size = size;
    block->next = arena->newest;
    arena->newest = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t alignment = alignof(max_align_t);
    struct block *block = arena->newest;
    void *result;

    if (size > SIZE_MAX / 4) {
        arena->failed = 1;
        return NULL;
    }
    size = (size + alignment - 1) / alignment * alignment;
    if (block == NULL || block->size - block->used < size)
        block = block_add(arena, size);
    if (block == NULL) {
        arena->failed = 1;
        return NULL;
    }
    result = block->bytes + block->used;
    block->used += size;
    return result;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);

    if (copy != NULL)
        memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    char *text;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
    if (text == NULL)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

const char *const *arena_words(struct arena *arena, const char *const *words)
{
    const char **copy;
    size_t count = 0;
    size_t index;

    if (words == NULL)
        return NULL;
    while (words[count] != NULL)
        count++;
    copy = arena_alloc(arena, (count + 1) * sizeof(*copy));
    for (index = 0; copy != NULL && index < count; index++)
        copy[index] = arena_strdup(arena, words[index]);
    return copy;
}

int arena_failed(const struct arena *arena)
{
    return arena->failed;
}
