/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Arenas.
 */
#include "core/base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static void zeroed_and_aligned(void)
{
    struct arena *arena = arena_new();
    size_t size;

    for (size = 1; size < 5000; size += 7) {
        unsigned char *bytes = arena_alloc(arena, size);
        size_t index;

        CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
        CU_ASSERT_EQUAL((uintptr_t)bytes % _Alignof(max_align_t), 0);
        for (index = 0; index < size && bytes[index] == 0; index++)
            ;
        CU_ASSERT_EQUAL(index, size);
        memset(bytes, 0xff, size);
    }
    CU_ASSERT_FALSE(arena_failed(arena));
    arena_free(arena);
}

static void larger_than_a_block(void)
{
    struct arena *arena = arena_new();
    char *large = arena_alloc(arena, 1000000);
    char *small = arena_strdup(arena, "small");

    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    large[999999] = 'x';
    CU_ASSERT_STRING_EQUAL(small, "small");
    arena_free(arena);
}

static void texts(void)
{
    struct arena *arena = arena_new();
    char *long_text = malloc(70000);

    memset(long_text, 'a', 69999);
    long_text[69999] = '\0';
    CU_ASSERT_PTR_NULL(arena_strdup(arena, NULL));
    CU_ASSERT_STRING_EQUAL(arena_strdup(arena, ""), "");
    CU_ASSERT_STRING_EQUAL(arena_strndup(arena, "abcdef", 3), "abc");
    CU_ASSERT_STRING_EQUAL(arena_printf(arena, "%s-%d", "x", 12), "x-12");
    CU_ASSERT_STRING_EQUAL(arena_printf(arena, "%s", long_text), long_text);
    CU_ASSERT_FALSE(arena_failed(arena));
    free(long_text);
    arena_free(arena);
}

static void failure_is_remembered(void)
{
    struct arena *arena = arena_new();

    CU_ASSERT_PTR_NULL(arena_alloc(arena, SIZE_MAX));
    CU_ASSERT_PTR_NULL(arena_alloc(arena, SIZE_MAX - 8));
    CU_ASSERT_TRUE(arena_failed(arena));
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(arena, 16));
    CU_ASSERT_TRUE(arena_failed(arena));
    arena_free(arena);
    arena_free(NULL);
}

static void words(void)
{
    char first[] = "one";
    const char *const list[] = { first, "two", NULL };
    struct arena *arena = arena_new();
    const char *const *copy = arena_words(arena, list);

    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    first[0] = 'x';
    CU_ASSERT_STRING_EQUAL(copy[0], "one");
    CU_ASSERT_STRING_EQUAL(copy[1], "two");
    CU_ASSERT_PTR_NULL(copy[2]);
    CU_ASSERT_PTR_NULL(arena_words(arena, NULL));
    arena_free(arena);
}

static void wiped(void)
{
    struct arena *arena = arena_new();
    const char *secret = arena_strdup(arena, "open sesame");
    const char *large = arena_alloc(arena, 100000);
    const char *last = arena_strdup(arena, "swordfish");

    CU_ASSERT_PTR_NOT_NULL_FATAL(secret);
    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    CU_ASSERT_PTR_NOT_NULL_FATAL(last);
    arena_wipe(arena);
    CU_ASSERT_EQUAL(memcmp(secret, "\0\0\0\0\0\0\0\0\0\0\0", 11), 0);
    CU_ASSERT_EQUAL(memcmp(last, "\0\0\0\0\0\0\0\0\0", 9), 0);
    arena_free(arena);
    arena_wipe(NULL);
}

static const struct unit_test tests[] = {
    { "memory is zeroed and aligned for anything", zeroed_and_aligned },
    { "what is larger than a block gets one of its own", larger_than_a_block },
    { "texts are copied whole", texts },
    { "a failure is remembered for ever", failure_is_remembered },
    { "lists of texts are copied whole", words },
    { "what held secrets is overwritten", wiped },
    { NULL, NULL },
};

int main(void)
{
    return unit_main("arena", tests);
}
