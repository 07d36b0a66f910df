/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a layout.h asserts of the headers that are included before it. LOCKED_MINOR is the minor
 * number of the layout.h. Types and numbers hold on every machine; sizes and offsets where pointers
 * and longs have 64 bits (LP64), whatever the order of bytes.
 */
#ifndef TESTS_ABI_LOCKS_H
#define TESTS_ABI_LOCKS_H

#define LOCK(holds, text) _Static_assert(holds, text);

/* Until a later minor begins, nothing may be added either. */
#define LATER (TARN_ABI_MINOR > LOCKED_MINOR)

#ifdef __LP64__
#define LOCK_PLACE(holds, text) LOCK(holds, text)
#else
#define LOCK_PLACE(holds, text)
#endif

#define RELEASE(major, minor) \
    LOCK(TARN_ABI_MAJOR == (major), "this major is over: see tarn-abi(7), RELEASING") \
    LOCK(TARN_ABI_MINOR >= (minor), "TARN_ABI_MINOR went back") \
    LOCK(LOCKED_MINOR == (minor), "another release's layout")

#define SAME_TYPE(expression, ...) _Generic((expression), __VA_ARGS__: 1, default: 0)

#define AT_LEAST(name, value) \
    LOCK((name) == (value) || (LATER && (name) >= (value)), #name " changed within a minor") \
    LOCK(SAME_TYPE(name, __typeof__(value)), #name " is of another type")

#define CONSTANT(name, value) \
    LOCK((name) == (value), #name " is another number") \
    LOCK(SAME_TYPE(name, __typeof__(value)), #name " is of another type")

#define TEXT(name, text) LOCK(__builtin_strcmp(name, text) == 0, #name " is another text")

#define STRUCT(name, size) \
    LOCK_PLACE(sizeof(struct name) == (size) || (LATER && sizeof(struct name) > (size)), \
               "struct " #name " has another size")

#define SEALED(name, size) \
    LOCK_PLACE(sizeof(struct name) == (size), "struct " #name " is sealed, and grew")

#define MEMBER(structure, name, offset, ...) \
    LOCK_PLACE(offsetof(struct structure, name) == (offset), #structure "." #name " moved") \
    LOCK(SAME_TYPE(((struct structure *)NULL)->name, __VA_ARGS__), \
         #structure "." #name " is of another type")

#define TYPE(name, ...) LOCK(SAME_TYPE((name)NULL, __VA_ARGS__), #name " is another type")

#define FUNCTION(name, ...) LOCK(SAME_TYPE(&(name), __VA_ARGS__), #name " has another signature")

#endif
