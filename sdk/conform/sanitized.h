/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sanitized.h - is this a build with a sanitizer that has memory of its own? gcc defines a macro for
 * each, clang answers a question.
 */
#ifndef CONFORM_SANITIZED_H
#define CONFORM_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED 0
#endif

#endif
