/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tarn/abi.h - the rules that every structure of the module ABI keeps.
 *
 *  - `struct_size` is the first member. Whoever fills a structure writes the size that *it* was
 *    compiled with; whoever reads one looks at no member beyond that size, and takes what is
 *    missing as zero. Members are appended, never moved, reused or retyped.
 *  - Only fixed-width integers, pointers and NUL-terminated UTF-8 text cross the boundary. (Names of
 *    files that the storage has already are the bytes that it gives; new names are UTF-8.)
 *  - Nothing allocated on one side is freed on the other. Text and arrays that a structure points
 *    to belong to whoever filled it and need to live only for the duration of the call, except
 *    for descriptors (struct tarn_module and what it points to), which are const and live as long
 *    as the process.
 *  - Arrays are arrays of pointers that end with NULL, so that their elements can grow.
 *  - Every size, offset and length is in bytes. Every time is in nanoseconds since the epoch.
 */
#ifndef TARN_ABI_H
#define TARN_ABI_H

#include <stddef.h>
#include <stdint.h>

#include <tarn/status.h>

/* A module and a host work together if their majors are equal. The minor counts additions. */
#define TARN_ABI_MAJOR 1
#define TARN_ABI_MINOR 0
#define TARN_ABI_VERSION ((uint32_t)((TARN_ABI_MAJOR << 16) | TARN_ABI_MINOR))
#define TARN_ABI_MAJOR_OF(version) ((uint32_t)(version) >> 16)

/* Does the structure at `ptr` reach as far as `member`? True for members of its writer's time. */
#define TARN_REACHES(ptr, type, member) \
    ((ptr)->struct_size >= offsetof(type, member) + sizeof((ptr)->member))

/* The same, and the member (a pointer) is set: the operation exists. */
#define TARN_HAS(ptr, type, member) (TARN_REACHES(ptr, type, member) && (ptr)->member != NULL)

#if defined(__GNUC__)
#define TARN_PRINTF(format_index, first_argument) \
    __attribute__((__format__(__printf__, format_index, first_argument)))
#define TARN_EXPORT __attribute__((__visibility__("default")))
#else
#define TARN_PRINTF(format_index, first_argument)
#define TARN_EXPORT
#endif

#endif
