/* SPDX-License-Identifier: BSD-2-Clause
 *
 * allocations.c - see allocations.h. The names are those of the C library, and stand before its own
 * for every module that this program opens; the work is done by glibc's __libc_ functions. Whose an
 * allocation is the return address tells.
 */
#include "conform/allocations.h"

#include "conform/sanitized.h"

#if SANITIZED

bool allocations_can_fail(void)
{
    return false;
}

void allocations_watch(const struct subject *subject, uint32_t fail_at)
{
    (void)subject;
    (void)fail_at;
}

uint32_t allocations_seen(void)
{
    return 0;
}

uint32_t allocations_left(void)
{
    return 0;
}

#else

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform/subject.h"

#define EXPORTED __attribute__((__visibility__("default")))
#define CALLER __builtin_return_address(0)

extern void *__libc_malloc(size_t size);               /* NOLINT: glibc's names */
extern void *__libc_calloc(size_t count, size_t size); /* NOLINT */
extern void *__libc_realloc(void *old, size_t size);   /* NOLINT */
extern void *__libc_memalign(size_t boundary, size_t size); /* NOLINT */
extern void __libc_free(void *memory);                 /* NOLINT */

static _Atomic(const struct subject *) watched;
static atomic_uint count;
static atomic_uint refuse_at;

/* Those of the module that were not freed: a table by address, open addressing. It never fills:
 * what does not fit any more is not followed. */
#define TABLE_SIZE 65536u
static _Atomic(void *) table[TABLE_SIZE];
static atomic_uint followed;

static size_t place_of(const void *memory)
{
    return (size_t)((uintptr_t)memory >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 48;
}

static void follow(void *memory)
{
    size_t place = place_of(memory);

    for (size_t step = 0; step < 256; step++) {
        void *none = NULL;

        if (atomic_compare_exchange_strong(&table[(place + step) % TABLE_SIZE], &none, memory)) {
            atomic_fetch_add(&followed, 1);
            return;
        }
    }
}

static void unfollow(void *memory)
{
    size_t place = place_of(memory);

    if (memory == NULL || atomic_load(&followed) == 0)
        return;
    for (size_t step = 0; step < 256; step++) {
        void *expected = memory;

        if (atomic_compare_exchange_strong(&table[(place + step) % TABLE_SIZE], &expected, NULL)) {
            atomic_fetch_sub(&followed, 1);
            return;
        }
    }
}

static bool is_watched(const void *caller)
{
    const struct subject *subject = atomic_load(&watched);

    return subject != NULL && subject_holds(subject, caller);
}

/* Is this one of the module's, and the one to be refused? */
static bool refused(const void *caller)
{
    unsigned number;

    if (!is_watched(caller))
        return false;
    number = atomic_fetch_add(&count, 1) + 1;
    if (number != atomic_load(&refuse_at))
        return false;
    errno = ENOMEM;
    return true;
}

static void *given(void *memory, const void *caller)
{
    if (memory != NULL && is_watched(caller))
        follow(memory);
    return memory;
}

/* --- the names -------------------------------------------------------------------------------- */

EXPORTED void *malloc(size_t size)
{
    return refused(CALLER) ? NULL : given(__libc_malloc(size), CALLER);
}

EXPORTED void *calloc(size_t number, size_t size)
{
    return refused(CALLER) ? NULL : given(__libc_calloc(number, size), CALLER);
}

static void *resize(void *old, size_t size, const void *caller)
{
    void *memory;

    if (refused(caller))
        return NULL;
    memory = __libc_realloc(old, size);
    if (memory != NULL || size == 0)
        unfollow(old);
    return given(memory, caller);
}

EXPORTED void *realloc(void *old, size_t size)
{
    return resize(old, size, CALLER);
}

EXPORTED void *reallocarray(void *old, size_t number, size_t size)
{
    size_t all;

    if (__builtin_mul_overflow(number, size, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    return resize(old, all, CALLER);
}

EXPORTED void free(void *memory)
{
    unfollow(memory);
    __libc_free(memory);
}

EXPORTED void *aligned_alloc(size_t boundary, size_t size)
{
    return refused(CALLER) ? NULL : given(__libc_memalign(boundary, size), CALLER);
}

EXPORTED void *memalign(size_t boundary, size_t size)
{
    return refused(CALLER) ? NULL : given(__libc_memalign(boundary, size), CALLER);
}

EXPORTED int posix_memalign(void **out, size_t boundary, size_t size)
{
    void *memory = refused(CALLER) ? NULL : given(__libc_memalign(boundary, size), CALLER);

    if (memory == NULL)
        return ENOMEM;
    *out = memory;
    return 0;
}

static char *copied(const char *text, size_t length, const void *caller)
{
    char *copy = refused(caller) ? NULL : given(__libc_malloc(length + 1), caller);

    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

EXPORTED char *strdup(const char *text)
{
    return copied(text, strlen(text), CALLER);
}

EXPORTED char *strndup(const char *text, size_t most)
{
    return copied(text, strnlen(text, most), CALLER);
}

static int printed(char **out, const char *format, va_list arguments, const void *caller)
    TARN_PRINTF(2, 0);

static int printed(char **out, const char *format, va_list arguments, const void *caller)
{
    va_list again;
    int length;

    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    *out = length < 0 || refused(caller) ? NULL : given(__libc_malloc((size_t)length + 1), caller);
    return *out != NULL ? vsnprintf(*out, (size_t)length + 1, format, arguments) : -1;
}

EXPORTED int vasprintf(char **out, const char *format, va_list arguments)
{
    return printed(out, format, arguments, CALLER);
}

EXPORTED int asprintf(char **out, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = printed(out, format, arguments, CALLER);
    va_end(arguments);
    return length;
}

/* What a module that is built with _FORTIFY_SOURCE calls in their place. */
int __vasprintf_chk(char **out, int flag, const char *format, va_list arguments) /* NOLINT */
    TARN_PRINTF(3, 0);
int __asprintf_chk(char **out, int flag, const char *format, ...) /* NOLINT */
    TARN_PRINTF(3, 4);

EXPORTED int __vasprintf_chk(char **out, int flag, const char *format, va_list arguments)
{
    (void)flag;
    return printed(out, format, arguments, CALLER);
}

EXPORTED int __asprintf_chk(char **out, int flag, const char *format, ...)
{
    va_list arguments;
    int length;

    (void)flag;
    va_start(arguments, format);
    length = printed(out, format, arguments, CALLER);
    va_end(arguments);
    return length;
}

/* --- for the kit ------------------------------------------------------------------------------ */

bool allocations_can_fail(void)
{
    return true;
}

void allocations_watch(const struct subject *subject, uint32_t fail_at)
{
    atomic_store(&watched, NULL);
    for (size_t place = 0; atomic_load(&followed) != 0 && place < TABLE_SIZE; place++)
        atomic_store(&table[place], NULL);
    atomic_store(&followed, 0);
    atomic_store(&count, 0);
    atomic_store(&refuse_at, fail_at);
    atomic_store(&watched, subject);
}

uint32_t allocations_seen(void)
{
    atomic_store(&watched, NULL);
    return atomic_load(&count);
}

uint32_t allocations_left(void)
{
    return atomic_load(&followed);
}

#endif
